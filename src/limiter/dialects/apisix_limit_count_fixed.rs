//! APISIX's `limit-count` with its fixed window, counted in nginx's memory.
//!
//! A window begins with the first request of a key; refused requests count with
//! their whole cost. When the window ends is told from a second entry, which is
//! written by each request that finds itself the only cost in its window: so a
//! window opened by a refused request, or by one of cost 0, tells another time.
//!
//! # Formula
//!
//! The counter in whole milliseconds: gone where `expires <= now`, else `count +=
//! cost`; a new one expires at `now + 1000 time_window`. Refused iff `count >
//! limit`. Reset in float64 seconds: `time_window` where `count == cost`, else
//! `max(end - now, 0)`, cut to hundredths by `floor(reset * 100) / 100`.
//!
//! # Source
//!
//! APISIX 3.18.0 (git f519a0f), `limit-count/init.lua`, `limit-count-local.lua`;
//! lua-resty-limit-traffic 1.2.0 of api7 (git 094d4f0), `count.lua`; expiry in
//! lua-nginx-module's `ngx_http_lua_shdict.c`. Read in the source, not recorded.
//! Before that library's 1.1.0 the counter counted down. With Redis the window
//! begins with the first request too, but the server ends it. A refusal tells
//! no retry-after; the reset goes with it.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{ApisixLimitCountFixed, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let parameters = "count = 2\ntime-window = '1min'";
//! let mut limit = Table::<ApisixLimitCountFixed>::read(parameters)?;
//! limit.ask(10 * SECOND, 1);
//! limit.ask(20 * SECOND, 1);
//! let (verdict, view) = limit.ask(30 * SECOND + 123_000_000, 1);
//! assert_eq!(verdict, Verdict::NEVER);
//! // 39.877 s are left, told in hundredths.
//! assert_eq!(view.reset, Some(Span(39_870_000_000)));
//! assert_eq!(limit.ask(70 * SECOND, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::ngx_time::{NgxTime, hundredths_down};
use super::whole_seconds::WholeSeconds;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// So many in a window that begins with its first request.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ApisixLimitCountFixed {
    count: NonZeroU64,
    time_window: WholeSeconds,
}

/// One key's two entries in the shared memory.
#[derive(Clone, Copy, Debug)]
pub struct Entries {
    count: u64,
    /// In milliseconds.
    expires: u64,
    /// When the window ends, in seconds, as the reset header's entry has it. It
    /// expires then too, and tells 0 either way.
    end: f64,
}

impl ApisixLimitCountFixed {
    fn hit(&self, state: &mut Entries, now: Instant, cost: u32) {
        let (now, cost) = (NgxTime::at(now), u64::from(cost));
        if state.expires <= now.millis() {
            state.count = 0;
            state.expires = now.millis() + self.time_window.count() * 1_000;
        }
        state.count = state.count.saturating_add(cost);
        // Where it is refused the library tells the word "rejected", not a number.
        if state.count == cost && cost <= self.count.get() {
            state.end = now.seconds() + self.time_window.as_f64();
        }
    }
}

impl Algorithm for ApisixLimitCountFixed {
    type State = Entries;

    const CARD: Card = Card {
        implementation: Some("APISIX 3.18.0, limit-count, window_type fixed, policy local"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("count", "how many in a window"),
            ("time-window", "how long it is, in whole seconds: \"1min\""),
        ],
        example: "apisix-limit-count-fixed = { count = 100, time-window = \"1min\" }",
        peculiar: "a window begins with its first request; refused requests count as well",
    };

    fn fresh(&self, _created: Instant) -> Entries {
        Entries { count: 0, expires: 0, end: 0.0 }
    }

    fn test(&self, state: &Entries, now: Instant, cost: u32) -> Verdict {
        let mut then = *state;
        self.hit(&mut then, now, cost);
        if then.count > self.count.get() { Verdict::NEVER } else { Verdict::Admit }
    }

    fn admit(&self, state: &mut Entries, now: Instant, cost: u32) -> Mark {
        self.hit(state, now, cost);
        Mark::NONE
    }

    fn refuse(&self, state: &mut Entries, now: Instant, cost: u32) {
        self.hit(state, now, cost);
    }

    fn view(&self, state: &Entries, asked: &Asked) -> View {
        let now = NgxTime::at(asked.now);
        let count = if state.expires <= now.millis() { 0 } else { state.count };
        let reset = if !asked.verdict.is_reject() && count == u64::from(asked.cost) {
            self.time_window.as_f64()
        } else {
            hundredths_down((state.end - now.seconds()).max(0.0))
        };
        View {
            limit: self.count.get(),
            remaining: Some(self.count.get().saturating_sub(count)),
            reset: Some(Span::from_secs_f64(reset)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(ApisixLimitCountFixed { count: NonZeroU64::new(quota)?, ..self.clone() })
    }

    /// The configuration's version is part of the key: another one begins anew.
    fn carry(&self, state: &mut Entries, old: &Self, now: Instant) {
        if self != old {
            *state = self.fresh(now);
        }
    }

    fn capacity(&self) -> Capacity {
        let count = self.count.get();
        Capacity { per_second: count as f64 / self.time_window.as_f64(), at_once: count }
    }

    fn rule(&self) -> String {
        format!("apisix-limit-count-fixed {}", self.pace())
    }

    fn pace(&self) -> String {
        Rate { count: self.count.get(), period: self.time_window.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::SECOND;

    const MS: u64 = 1_000_000;

    fn window(parameters: &str) -> Table<ApisixLimitCountFixed> {
        Table::read(parameters).unwrap()
    }

    fn told(view: View) -> (u64, u64) {
        (view.remaining.unwrap(), view.reset.unwrap().0)
    }

    #[test]
    fn a_window_ends_on_a_millisecond() {
        let mut limit = window("count = 1\ntime-window = '1s'");
        assert_eq!(told(limit.ask(1_999_999, 1).1), (0, SECOND));
        assert_eq!(limit.ask(SECOND + MS - 1, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(SECOND + MS, 1).0, Verdict::Admit);
    }

    #[test]
    fn refused_requests_count_whole() {
        let mut limit = window("count = 5\ntime-window = '10s'");
        assert_eq!(told(limit.ask(SECOND, 4).1), (1, 10 * SECOND));
        assert_eq!(limit.ask(2 * SECOND, 2).0, Verdict::NEVER);
        assert_eq!(told(limit.ask(3 * SECOND, 1).1), (0, 8 * SECOND));
        assert_eq!(limit.ask(11 * SECOND, 5).0, Verdict::Admit);
    }

    #[test]
    fn a_window_that_a_refused_request_opens_tells_no_reset() {
        let mut limit = window("count = 5\ntime-window = '10s'");
        let (verdict, view) = limit.ask(SECOND, 6);
        assert_eq!((verdict, told(view)), (Verdict::NEVER, (0, 0)));
        assert_eq!(told(limit.ask(2 * SECOND, 1).1), (0, 0));
    }

    #[test]
    fn a_window_that_a_request_of_no_cost_opens_tells_a_later_reset() {
        let mut limit = window("count = 1\ntime-window = '10s'");
        assert_eq!(told(limit.ask(SECOND, 0).1), (1, 10 * SECOND));
        assert_eq!(told(limit.ask(4 * SECOND, 1).1), (0, 10 * SECOND));
        // The counter expires at 11 s all the same.
        assert_eq!(told(limit.ask(10 * SECOND, 1).1), (0, 4 * SECOND));
        assert_eq!(limit.ask(11 * SECOND, 1).0, Verdict::Admit);
    }

    /// 0.34 s later 0.66 are left, but the float is below that: 65 hundredths are told.
    #[test]
    fn the_reset_is_cut_to_hundredths_of_a_float() {
        let mut limit = window("count = 2\ntime-window = '1s'");
        limit.ask(0, 1);
        assert_eq!(told(limit.ask(340 * MS, 1).1).1, 650 * MS);
    }

    #[test]
    fn another_count_is_another_key() {
        let mut limit = window("count = 2\ntime-window = '10s'");
        limit.ask(SECOND, 2);
        limit.resize(3, Instant(SECOND));
        assert_eq!(limit.ask(SECOND, 3).0, Verdict::Admit);
        let error = Table::<ApisixLimitCountFixed>::read("count = 1\ntime-window = '1ms'");
        assert!(error.unwrap_err().contains("whole seconds: write a period like \"1s\""));
    }
}
