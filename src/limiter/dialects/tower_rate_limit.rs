//! tower's `RateLimit` behind its `Buffer`: so many calls in a window, the rest wait.
//!
//! A window is opened by the first call after the last one has ended, and not at
//! its end, unless calls wait for it. Those who wait stand in one line and go on
//! together, `num` at a time, when tokio's timer has reached the end of the
//! window, which it does at the next whole millisecond. Nothing is refused.
//!
//! # Formula
//!
//! The window that ends at `until` has room for `num` calls. A call that finds
//! room goes on at once; if `now >= until` it opens a window first. After the
//! last one the next waits for `max(now, ceil_ms(until))` and opens a window
//! there. Nobody overtakes.
//!
//! # Source
//!
//! tower 0.5.3: `limit/rate/service.rs`, `buffer/worker.rs`; recorded under
//! tokio's paused clock, whose timer rounds up to milliseconds since the runtime
//! started: here since the limiter was made. Calls have no cost: whatever it is,
//! a request is one call.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Table, TowerRateLimit, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<TowerRateLimit>::read("num = 2\nper = '1s'")?;
//! // The window begins with the first call, 0.4 ms after a whole millisecond.
//! assert_eq!(limit.ask(700_400_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(700_400_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(700_400_000, 1).0, Verdict::Delay(Span(1_000_600_000)));
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::tokio_timer;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Length, Rate};

/// A `tower::limit::rate::Rate`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TowerRateLimit {
    num: NonZeroU64,
    per: Length,
}

/// The window of one key's service, and the line before it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    created: Instant,
    /// When the window ends.
    until: Instant,
    /// How many calls it has let go on.
    calls: u64,
    /// When the last one of those who came goes on.
    last: Instant,
}

impl TowerRateLimit {
    /// The service after a call that comes now has gone on, as its last.
    fn called(&self, service: &Service, now: Instant) -> Service {
        let mut next = *service;
        next.last = now.max(service.last);
        if service.calls >= self.num.get() {
            next.last = next.last.max(tokio_timer::fires(service.until, service.created));
        }
        // Who has waited for the end of a window opens the next one in any case.
        if next.last >= service.until {
            next.until = next.last.after(self.per.span());
            next.calls = 0;
        }
        next.calls += 1;
        next
    }

    fn rate(&self) -> Rate {
        Rate { count: self.num.get(), period: self.per.span() }
    }
}

impl Algorithm for TowerRateLimit {
    type State = Service;

    const CARD: Card = Card {
        implementation: Some("tower 0.5.3"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("num", "how many calls in a window; each request is one, whatever its cost"),
            ("per", "how long a window is: \"1s\""),
        ],
        example: "tower-rate-limit = { num = 10, per = \"1s\" }",
        peculiar: "refuses nothing: who finds no room waits in line for the window's end",
    };

    const DELAYS: bool = true;

    fn fresh(&self, created: Instant) -> Service {
        Service { created, until: created, calls: 0, last: created }
    }

    fn test(&self, state: &Service, now: Instant, _cost: u32) -> Verdict {
        Verdict::after(self.called(state, now).last.since(now))
    }

    fn admit(&self, state: &mut Service, now: Instant, _cost: u32) -> Mark {
        *state = self.called(state, now);
        Mark::NONE
    }

    fn view(&self, _state: &Service, _asked: &Asked) -> View {
        View { limit: self.num.get(), remaining: None, reset: None }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(TowerRateLimit { num: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate().per_second(), at_once: self.num.get() }
    }

    fn rule(&self) -> String {
        format!("tower {}", self.rate())
    }

    fn pace(&self) -> String {
        self.rate().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::Span;

    fn limiter(num: u64, per: &str) -> Table<TowerRateLimit> {
        Table::read(&format!("num = {num}\nper = '{per}'")).unwrap()
    }

    /// When one that comes now goes on.
    fn goes(limit: &mut Table<TowerRateLimit>, at: u64) -> u64 {
        match limit.ask(at, 1).0 {
            Verdict::Admit => at,
            Verdict::Delay(delay) => at + delay.0,
            Verdict::Reject { .. } => panic!("nothing is refused"),
        }
    }

    #[test]
    fn a_window_begins_with_a_call_and_ends_before_the_nanosecond_of_its_end() {
        let mut limit = limiter(3, "10ms");
        assert_eq!(goes(&mut limit, 4_000_000), 4_000_000);
        // The window ends at 14 ms: then the count begins anew, and from there on.
        assert_eq!(goes(&mut limit, 13_999_999), 13_999_999);
        assert_eq!(goes(&mut limit, 14_000_000), 14_000_000);
        assert_eq!(goes(&mut limit, 23_999_999), 23_999_999);
        assert_eq!(goes(&mut limit, 23_999_999), 23_999_999);
        assert_eq!(goes(&mut limit, 23_999_999), 24_000_000);
    }

    #[test]
    fn who_waits_goes_on_at_a_whole_millisecond_and_opens_the_window_there() {
        let mut limit = limiter(2, "10ms");
        for _ in 0..2 {
            assert_eq!(goes(&mut limit, 300_000), 300_000);
        }
        // The end at 10.3 ms is seen at 11 ms, and the next at 21 ms.
        assert_eq!(goes(&mut limit, 10_299_999), 11_000_000);
        assert_eq!(goes(&mut limit, 10_299_999), 11_000_000);
        assert_eq!(goes(&mut limit, 10_299_999), 21_000_000);
        // A call at 30.5 ms is still in the window that began at 21 ms.
        assert_eq!(goes(&mut limit, 30_500_000), 30_500_000);
        assert_eq!(goes(&mut limit, 30_500_000), 31_000_000);
        // Also after the end, while the timer has not seen it.
        let mut limit = limiter(1, "10ms");
        assert_eq!(goes(&mut limit, 300_000), 300_000);
        assert_eq!(goes(&mut limit, 10_300_001), 11_000_000);
    }

    #[test]
    fn nobody_overtakes_who_waits() {
        let mut limit = limiter(1, "1s");
        let second = Span::seconds(1).0;
        assert_eq!(goes(&mut limit, 0), 0);
        assert_eq!(goes(&mut limit, 1), second);
        assert_eq!(goes(&mut limit, 2), 2 * second);
        assert_eq!(goes(&mut limit, second), 3 * second);
        // A window that nobody waited for has not begun.
        assert_eq!(goes(&mut limit, 9 * second + 1), 9 * second + 1);
        assert_eq!(goes(&mut limit, 9 * second + 1), 10 * second + 1_000_000);
    }

    #[test]
    fn whatever_the_cost_a_request_is_one_call() {
        let mut limit = limiter(2, "1s");
        let view = View { limit: 2, remaining: None, reset: None };
        assert_eq!(limit.ask(0, 0), (Verdict::Admit, view));
        assert_eq!(limit.ask(0, 9), (Verdict::Admit, view));
        assert_eq!(limit.ask(0, 0), (Verdict::Delay(Span::seconds(1)), view));
    }

    #[test]
    fn milliseconds_count_from_when_it_was_made() {
        let mut limit = limiter(1, "1s");
        limit.grow(2, Instant(0));
        limit.grow(3, Instant(500_000));
        let call = |limit: &mut Table<TowerRateLimit>, at| limit.decide(2, Instant(at), 1);
        assert_eq!(call(&mut limit, 700_000), Verdict::Admit);
        assert_eq!(call(&mut limit, 700_000), Verdict::Delay(Span(1_000_800_000)));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (parameters, why) in [
            ("num = 0\nper = '1s'", "nonzero"),
            ("num = 1\nper = '0s'", "longer than zero"),
            ("num = 1", "missing field `per`"),
        ] {
            let error = Table::<TowerRateLimit>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
        assert_eq!(limiter(5, "1s").algorithm().rule(), "tower 5/s");
    }
}
