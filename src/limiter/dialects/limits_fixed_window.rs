//! The fixed window of the Python library `limits`, in its memory storage.
//!
//! A window begins with the first hit of a key, not on the clock's grid, and
//! the hit that comes exactly at its end begins the next. Every hit counts with
//! its whole cost, also one that is refused, so a single hit above the amount
//! closes the window for everybody. slowapi and flask-limiter use it by default.
//!
//! # Formula
//!
//! In float64 seconds, `now = ns / 1e9`:
//! `if expiry <= now { count = 0 }; count += cost; if count == cost { expiry =
//! now + period }`; admitted iff `count <= amount`. So hits of cost 0 alone do
//! not hold a window: the first that counts begins it anew.
//!
//! # Source
//!
//! `limits` 5.8.0, `limits/storage/memory.py` (`incr`, `get`) and
//! `limits/strategies.py` (`FixedWindowRateLimiter`). What is told is
//! `get_window_stats` right after `hit`; the library tells no retry-after. The
//! Redis storage lets the server expire the key, and may differ at the end.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{LimitsFixedWindow, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let mut limit = Table::<LimitsFixedWindow>::read("amount = 10\nperiod = '1min'")?;
//! let (verdict, view) = limit.ask(7 * SECOND, 4);
//! assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(6)));
//! assert_eq!(view.reset, Some(Span::seconds(60)));
//! // Seven do not fit into six, but count: not even one passes any more.
//! assert_eq!(limit.ask(8 * SECOND, 7).0, Verdict::NEVER);
//! assert_eq!(limit.ask(9 * SECOND, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(67 * SECOND, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::whole_seconds::WholeSeconds;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// So much in a window that begins with its first hit.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LimitsFixedWindow {
    /// 0 is legal in the library and refuses everything that costs.
    amount: u64,
    period: WholeSeconds,
}

/// One key's counter, and when it expires in seconds of the clock; 0 before its first hit.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    count: u64,
    expires: f64,
}

impl Counter {
    /// What is counted; what has expired is gone.
    fn at(self, now: f64) -> u64 {
        if self.expires <= now { 0 } else { self.count }
    }
}

impl LimitsFixedWindow {
    fn hit(&self, state: &mut Counter, now: Instant, cost: u32) {
        let (now, cost) = (now.as_secs_f64(), u64::from(cost));
        state.count = state.at(now).saturating_add(cost);
        if state.count == cost {
            state.expires = now + self.period.as_f64();
        }
    }
}

impl Algorithm for LimitsFixedWindow {
    type State = Counter;

    const CARD: Card = Card {
        implementation: Some("Python limits 5.8.0, FixedWindowRateLimiter, MemoryStorage"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("amount", "how much in a window"),
            ("period", "in whole seconds: \"1min\"; the library's month is 30 days, its year 360"),
        ],
        example: "limits-fixed-window = { amount = 10, period = \"1min\" }",
        peculiar: "a window begins with its first hit; refused hits count with their whole cost",
    };

    fn fresh(&self, _created: Instant) -> Counter {
        Counter { count: 0, expires: 0.0 }
    }

    fn test(&self, state: &Counter, now: Instant, cost: u32) -> Verdict {
        let count = state.at(now.as_secs_f64()).saturating_add(u64::from(cost));
        if count <= self.amount { Verdict::Admit } else { Verdict::NEVER }
    }

    fn admit(&self, state: &mut Counter, now: Instant, cost: u32) -> Mark {
        self.hit(state, now, cost);
        Mark::NONE
    }

    fn refuse(&self, state: &mut Counter, now: Instant, cost: u32) {
        self.hit(state, now, cost);
    }

    fn view(&self, state: &Counter, asked: &Asked) -> View {
        let now = asked.now.as_secs_f64();
        let left = if state.expires <= now { 0.0 } else { state.expires - now };
        View {
            limit: self.amount,
            remaining: Some(self.amount.saturating_sub(state.at(now))),
            reset: Some(Span::from_secs_f64(left)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(LimitsFixedWindow { amount: quota, ..self.clone() })
    }

    /// The amount and the period are part of the storage's key: another limit begins anew.
    fn carry(&self, state: &mut Counter, old: &Self, now: Instant) {
        if self != old {
            *state = self.fresh(now);
        }
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.amount as f64 / self.period.as_f64(), at_once: self.amount }
    }

    fn rule(&self) -> String {
        format!("limits-fixed-window {}", self.pace())
    }

    fn pace(&self) -> String {
        Rate { count: self.amount, period: self.period.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::SECOND;

    fn window(parameters: &str) -> Table<LimitsFixedWindow> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn a_hit_at_the_end_is_in_the_next_window() {
        let mut limit = window("amount = 1\nperiod = '2s'");
        assert_eq!(limit.ask(SECOND / 2, 1).0, Verdict::Admit);
        let (verdict, view) = limit.ask(2_499_999_999, 1);
        assert_eq!(verdict, Verdict::NEVER);
        assert_eq!((view.remaining, view.reset), (Some(0), Some(Span(1))));
        let (verdict, view) = limit.ask(2_500_000_000, 1);
        assert_eq!(verdict, Verdict::Admit);
        assert_eq!((view.remaining, view.reset), (Some(0), Some(Span::seconds(2))));
    }

    /// Today a second has room for steps of 2^-22 only: 238 ns.
    #[test]
    fn the_clock_is_as_coarse_as_its_float() {
        let today = 1_800_000_000 * SECOND;
        let mut limit = window("amount = 1\nperiod = '1s'");
        assert_eq!(limit.ask(today, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(today + SECOND - 129, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(today + SECOND - 128, 1).0, Verdict::Admit);
    }

    #[test]
    fn refused_hits_count_and_stay_until_the_window_ends() {
        let mut limit = window("amount = 5\nperiod = '10s'");
        let (verdict, view) = limit.ask(SECOND, 6);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(0)));
        assert_eq!(view.reset, Some(Span::seconds(10)));
        // Six are counted: even a hit of cost 0 is refused now.
        assert_eq!(limit.ask(2 * SECOND, 0).0, Verdict::NEVER);
        assert_eq!(limit.ask(11 * SECOND, 5).0, Verdict::Admit);
        assert_eq!(limit.ask(12 * SECOND, 0).0, Verdict::Admit);
    }

    #[test]
    fn hits_of_no_cost_do_not_hold_a_window() {
        let mut limit = window("amount = 2\nperiod = '10s'");
        assert_eq!(limit.ask(SECOND, 0).1.reset, Some(Span::seconds(10)));
        assert_eq!(limit.ask(4 * SECOND, 0).1.reset, Some(Span::seconds(10)));
        assert_eq!(limit.ask(6 * SECOND, 1).1.reset, Some(Span::seconds(10)));
        assert_eq!(limit.ask(7 * SECOND, 0).1.reset, Some(Span::seconds(9)));
    }

    #[test]
    fn another_amount_is_another_key() {
        let mut limit = window("amount = 2\nperiod = '10s'");
        limit.ask(SECOND, 2);
        limit.resize(2, Instant(2 * SECOND));
        assert_eq!(limit.ask(2 * SECOND, 1).0, Verdict::NEVER);
        limit.resize(3, Instant(3 * SECOND));
        assert_eq!(limit.ask(3 * SECOND, 3).0, Verdict::Admit);
    }

    #[test]
    fn an_amount_of_zero_refuses_all_that_costs() {
        let mut limit = window("amount = 0\nperiod = '1s'");
        assert_eq!(limit.ask(0, 0).0, Verdict::Admit);
        assert_eq!(limit.ask(0, 1).0, Verdict::NEVER);
    }

    #[test]
    fn a_period_is_whole_seconds() {
        for (parameters, why) in [
            ("amount = 1\nperiod = '1500ms'", "whole seconds: write a period like \"2s\""),
            ("amount = 1\nperiod = '0s'", "longer than zero"),
            ("amount = -1\nperiod = '1s'", "-1"),
            ("amount = 1\nperiod = '1s'\nmultiples = 2", "multiples"),
        ] {
            let error = Table::<LimitsFixedWindow>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
