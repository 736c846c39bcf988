//! APISIX's `limit-count` with its sliding window, counted in nginx's memory.
//!
//! The window before weighs with the part of it that lies in the last period,
//! but never as more than the limit. The estimate is compared as a float,
//! without the cost of the request: whatever it costs it passes while any room
//! is left, and what remains may be told as -1. Refused requests count nothing.
//!
//! # Formula
//!
//! In float64 seconds of whole milliseconds, W the time window:
//! `rest = W - now % W`, windows numbered `floor(now / W)`;
//! `estimate = min(previous, limit) / W * rest + current`, in this order; refused
//! iff `estimate >= limit`. Left: `floor(limit - current - previous / W *
//! rest)`. Reset: `rest`, or on refusal when the estimate will have sunk to the
//! limit, `rest - (limit - current) / (previous / W)`; rounded up to hundredths
//! and then down again, in floats.
//!
//! # Source
//!
//! APISIX 3.18.0 (git f519a0f), `limit-count/sliding-window/sliding-window.lua`,
//! `store/shared-dict.lua`, `init.lua`. Read in the source, not recorded. That
//! several workers may pass between each other's check and count is not here.
//! What remains may be told as negative there; here that is 0. A refusal tells
//! no retry-after; the reset goes with it.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{ApisixLimitCountSliding, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let parameters = "count = 10\ntime-window = '1min'";
//! let mut limit = Table::<ApisixLimitCountSliding>::read(parameters)?;
//! // A cost of 15 passes, but weighs in the next window as 10 only.
//! assert_eq!(limit.ask(90 * SECOND, 15).0, Verdict::Admit);
//! let (verdict, view) = limit.ask(135 * SECOND, 1);
//! assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(1)));
//! assert_eq!(view.reset, Some(Span::seconds(45)));
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

/// So many in a window and the weighed part of the one before.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ApisixLimitCountSliding {
    count: NonZeroU64,
    time_window: WholeSeconds,
}

/// One key's counters of its last window and the one before that. In the
/// program they expire two windows after their first request, unseen.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    window: u64,
    current: u64,
    previous: u64,
}

/// What the program knows of a key at an instant; numbers are floats in Lua.
struct Moment {
    rest: f64,
    /// Of the window before, a second.
    rate: f64,
    current: f64,
}

impl ApisixLimitCountSliding {
    fn limit(&self) -> f64 {
        self.count.get() as f64
    }

    /// The counters as they stand in the window that `now` falls into.
    fn counters(&self, state: &Counters, now: NgxTime) -> Counters {
        let window = whole(libm::floor(now.seconds() / self.time_window.as_f64()));
        match window.saturating_sub(state.window) {
            0 => *state,
            1 => Counters { window, current: 0, previous: state.current },
            _ => Counters { window, current: 0, previous: 0 },
        }
    }

    fn moment(&self, state: &Counters, now: Instant) -> Moment {
        let (now, window) = (NgxTime::at(now), self.time_window.as_f64());
        let counters = self.counters(state, now);
        let previous = counters.previous.min(self.count.get()) as f64;
        let rest = window - now.seconds() % window;
        Moment { rest, rate: previous / window, current: counters.current as f64 }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // of what is whole and not negative
fn whole(number: f64) -> u64 {
    number as u64
}

fn hundredths_up(seconds: f64) -> f64 {
    libm::ceil(seconds * 100.0) / 100.0
}

impl Algorithm for ApisixLimitCountSliding {
    type State = Counters;

    const CARD: Card = Card {
        implementation: Some("APISIX 3.18.0, limit-count, window_type sliding, policy local"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("count", "how many in a window and the weighed part of the one before"),
            ("time-window", "how long it is, in whole seconds: \"1min\""),
        ],
        example: "apisix-limit-count-sliding = { count = 100, time-window = \"1min\" }",
        peculiar: "a request passes while any room is left, whatever it costs",
    };

    fn fresh(&self, _created: Instant) -> Counters {
        Counters { window: 0, current: 0, previous: 0 }
    }

    fn test(&self, state: &Counters, now: Instant, _cost: u32) -> Verdict {
        let Moment { rest, rate, current } = self.moment(state, now);
        let estimate = rate * rest + current;
        if estimate >= self.limit() { Verdict::NEVER } else { Verdict::Admit }
    }

    fn admit(&self, state: &mut Counters, now: Instant, cost: u32) -> Mark {
        *state = self.counters(state, NgxTime::at(now));
        state.current = state.current.saturating_add(u64::from(cost));
        Mark::NONE
    }

    fn view(&self, state: &Counters, asked: &Asked) -> View {
        let Moment { rest, rate, current } = self.moment(state, asked.now);
        let limit = self.limit();
        let (remaining, reset) = if !asked.verdict.is_reject() {
            (limit - current - rate * rest, rest)
        } else if current >= limit || rate == 0.0 {
            (0.0, rest)
        } else {
            (0.0, (rest - (limit - current) / rate).max(0.0))
        };
        View {
            limit: self.count.get(),
            remaining: Some(whole(libm::floor(remaining))),
            reset: Some(Span::from_secs_f64(hundredths_down(hundredths_up(reset)))),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(ApisixLimitCountSliding { count: NonZeroU64::new(quota)?, ..self.clone() })
    }

    /// The configuration's version is part of the key: another one begins anew.
    fn carry(&self, state: &mut Counters, old: &Self, now: Instant) {
        if self != old {
            *state = self.fresh(now);
        }
    }

    fn capacity(&self) -> Capacity {
        let count = self.count.get();
        Capacity { per_second: count as f64 / self.time_window.as_f64(), at_once: count }
    }

    fn rule(&self) -> String {
        format!("apisix-limit-count-sliding {}", self.pace())
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

    fn window(parameters: &str) -> Table<ApisixLimitCountSliding> {
        Table::read(parameters).unwrap()
    }

    fn told(view: View) -> (u64, u64) {
        (view.remaining.unwrap(), view.reset.unwrap().0)
    }

    #[test]
    fn the_window_before_weighs_with_its_part() {
        let mut limit = window("count = 8\ntime-window = '4s'");
        assert_eq!(told(limit.ask(6 * SECOND, 8).1), (0, 2 * SECOND));
        assert_eq!(told(limit.ask(7 * SECOND, 1).1), (0, SECOND));
        // 8 weigh 8 at the edge; a millisecond later there is room for one.
        let (verdict, view) = limit.ask(8 * SECOND, 1);
        assert_eq!((verdict, told(view)), (Verdict::NEVER, (0, 0)));
        assert_eq!(limit.ask(8 * SECOND + MS, 1).0, Verdict::Admit);
        // Half of 8 and 1 are 5, so 3 are left, and 2 when this one is counted.
        assert_eq!(told(limit.ask(10 * SECOND, 1).1), (2, 2 * SECOND));
        assert_eq!(limit.ask(16 * SECOND, 8).0, Verdict::Admit);
        assert_eq!(limit.ask(24 * SECOND, 8).0, Verdict::Admit);
    }

    #[test]
    fn a_refusal_tells_when_the_estimate_has_sunk() {
        let mut limit = window("count = 4\ntime-window = '4s'");
        limit.ask(7 * SECOND, 4);
        assert_eq!(limit.ask(9 * SECOND, 1).0, Verdict::Admit);
        // 3 and 1: it must sink from 3 s of weight to (4 - 1) / 1 = 3 s: now.
        assert_eq!(told(limit.ask(9 * SECOND, 1).1), (0, 0));
        assert_eq!(limit.ask(9 * SECOND + MS, 2).0, Verdict::Admit);
        // 2.999 s of weight, and room for 1 s: 1.999 s, told in hundredths.
        assert_eq!(told(limit.ask(9 * SECOND + MS, 1).1), (0, 2 * SECOND));
    }

    #[test]
    fn the_cost_is_not_looked_at() {
        let mut limit = window("count = 2\ntime-window = '4s'");
        let (verdict, view) = limit.ask(4 * SECOND, 9);
        assert_eq!((verdict, told(view)), (Verdict::Admit, (0, 4 * SECOND)));
        assert_eq!(limit.ask(5 * SECOND, 0).0, Verdict::NEVER);
        // 9 weigh as 2: half of that leaves room for one, and for one of no cost.
        assert_eq!(told(limit.ask(10 * SECOND, 0).1), (1, 2 * SECOND));
    }

    /// 15 weigh 12 at 8.4 s, but the division comes first: it is below 12.
    #[test]
    fn the_order_of_the_floats_decides() {
        let mut limit = window("count = 15\ntime-window = '7s'");
        limit.ask(6 * SECOND, 15);
        limit.ask(8_400 * MS, 3);
        assert_eq!(told(limit.ask(8_400 * MS, 0).1), (0, 5_600 * MS));
        assert_eq!(limit.ask(8_400 * MS, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(8_400 * MS, 1).0, Verdict::NEVER);
    }

    /// 0.285 s are up to 0.29, but 0.29 * 100 is a float below 29.
    #[test]
    fn hundredths_are_cut_twice() {
        let mut limit = window("count = 2\ntime-window = '1s'");
        assert_eq!(told(limit.ask(715 * MS, 1).1).1, 280 * MS);
    }

    #[test]
    fn another_count_is_another_key() {
        let mut limit = window("count = 2\ntime-window = '10s'");
        limit.ask(SECOND, 2);
        limit.resize(2, Instant(SECOND));
        assert_eq!(limit.ask(SECOND, 1).0, Verdict::NEVER);
        limit.resize(3, Instant(SECOND));
        assert_eq!(limit.ask(SECOND, 3).0, Verdict::Admit);
        let error = Table::<ApisixLimitCountSliding>::read("count = 1\ntime-window = '1ms'");
        assert!(error.unwrap_err().contains("whole seconds: write a period like \"1s\""));
    }
}
