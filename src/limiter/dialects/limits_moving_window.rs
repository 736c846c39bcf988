//! The moving window of the Python library `limits`, in its memory storage.
//!
//! A log of every unit that was acquired. A unit exactly one period old still
//! blocks, but no longer shows in what remains: a refusal may tell that the
//! whole amount is left. Refused hits write nothing.
//!
//! # Formula
//!
//! In float64 seconds, `now = ns / 1e9`; entries are counted from the newest, 0:
//! refused iff `cost > amount`, or entry `amount - cost` exists and is
//! `>= now - period`. Left: `amount` less the entries `> now - period`.
//!
//! # Source
//!
//! `limits` 5.8.0, `limits/storage/memory.py` (`acquire_entry`,
//! `get_moving_window`) and `limits/strategies.py` (`MovingWindowRateLimiter`).
//! What is told is `get_window_stats` right after `hit`; the library tells no
//! retry-after. Recorded without the thread that drops expired entries every
//! 10 ms after a hit: with it, a unit exactly one period old blocks or not as
//! the threads happen to run. Where entries are kept but none is in the window,
//! the library takes the list's element -1, the oldest it kept, and tells a
//! reset that is past; here that is a reset of zero.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{LimitsMovingWindow, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let mut limit = Table::<LimitsMovingWindow>::read("amount = 2\nperiod = '10s'")?;
//! limit.ask(3 * SECOND, 1);
//! let (verdict, view) = limit.ask(5 * SECOND, 1);
//! assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(0)));
//! assert_eq!(view.reset, Some(Span::seconds(8)));
//! // At exactly ten seconds the first still blocks, though one is told to be left.
//! let (verdict, view) = limit.ask(13 * SECOND, 1);
//! assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(1)));
//! assert_eq!(limit.ask(13 * SECOND + 1_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::collections::VecDeque;

use serde::Deserialize;

use super::whole_seconds::WholeSeconds;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// So much in any period.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LimitsMovingWindow {
    /// 0 is legal in the library and refuses everything that costs.
    amount: u64,
    period: WholeSeconds,
}

/// Units that one hit acquired, or several at the same instant.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// In seconds of the clock.
    at: f64,
    /// How many the key had acquired with this run.
    total: u64,
}

/// One key's log, oldest first; once a unit was acquired it is never empty again.
#[derive(Clone, Debug)]
pub struct Log {
    runs: VecDeque<Run>,
    /// How many units are no longer kept, because they are too old to matter.
    gone: u64,
}

impl Log {
    fn total(&self) -> u64 {
        self.runs.back().map_or(0, |run| run.total)
    }

    /// When the unit was acquired after which `newer` more were.
    fn entry(&self, newer: u64) -> Option<f64> {
        let ordinal = self.total().checked_sub(newer).filter(|ordinal| *ordinal > self.gone)?;
        Some(self.runs[self.runs.partition_point(|run| run.total < ordinal)].at)
    }
}

impl LimitsMovingWindow {
    /// When the window that ends now began.
    fn start(&self, now: f64) -> f64 {
        now - self.period.as_f64()
    }
}

impl Algorithm for LimitsMovingWindow {
    type State = Log;

    const CARD: Card = Card {
        implementation: Some("Python limits 5.8.0, MovingWindowRateLimiter, MemoryStorage"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("amount", "how much in any period"),
            ("period", "in whole seconds: \"1min\"; the library's month is 30 days, its year 360"),
        ],
        example: "limits-moving-window = { amount = 10, period = \"1min\" }",
        peculiar: "a unit exactly one period old still blocks, but is told to be free",
    };

    fn fresh(&self, _created: Instant) -> Log {
        Log { runs: VecDeque::new(), gone: 0 }
    }

    fn test(&self, state: &Log, now: Instant, cost: u32) -> Verdict {
        let Some(newer) = self.amount.checked_sub(u64::from(cost)) else {
            return Verdict::NEVER;
        };
        match state.entry(newer) {
            Some(at) if at >= self.start(now.as_secs_f64()) => Verdict::NEVER,
            _ => Verdict::Admit,
        }
    }

    fn admit(&self, state: &mut Log, now: Instant, cost: u32) -> Mark {
        if cost == 0 {
            return Mark::NONE;
        }
        let (now, total) = (now.as_secs_f64(), state.total() + u64::from(cost));
        // The clock does not go back, so what cannot block now never will.
        while let Some(run) = state.runs.front().filter(|run| run.at < self.start(now)) {
            state.gone = run.total;
            state.runs.pop_front();
        }
        match state.runs.back_mut() {
            Some(run) if run.at >= now => run.total = total,
            _ => state.runs.push_back(Run { at: now, total }),
        }
        Mark::NONE
    }

    fn view(&self, state: &Log, asked: &Asked) -> View {
        let now = asked.now.as_secs_f64();
        let outside = state.runs.partition_point(|run| run.at <= self.start(now));
        let before = outside.checked_sub(1).map_or(state.gone, |last| state.runs[last].total);
        let left = match state.runs.get(outside) {
            Some(oldest) => oldest.at + self.period.as_f64() - now,
            None if state.runs.is_empty() => now + self.period.as_f64() - now,
            None => 0.0,
        };
        View {
            limit: self.amount,
            remaining: Some(self.amount.saturating_sub(state.total() - before)),
            reset: Some(Span::from_secs_f64(left)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(LimitsMovingWindow { amount: quota, ..self.clone() })
    }

    /// The amount and the period are part of the storage's key: another limit begins anew.
    fn carry(&self, state: &mut Log, old: &Self, now: Instant) {
        if self != old {
            *state = self.fresh(now);
        }
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.amount as f64 / self.period.as_f64(), at_once: self.amount }
    }

    fn rule(&self) -> String {
        format!("limits-moving-window {}", self.pace())
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

    fn window(parameters: &str) -> Table<LimitsMovingWindow> {
        Table::read(parameters).unwrap()
    }

    fn told(view: View) -> (u64, u64) {
        (view.remaining.unwrap(), view.reset.unwrap().0)
    }

    #[test]
    fn a_unit_exactly_one_period_old_blocks_and_is_told_to_be_free() {
        let mut limit = window("amount = 2\nperiod = '1s'");
        limit.ask(SECOND, 2);
        let (verdict, view) = limit.ask(2 * SECOND - 1, 1);
        assert_eq!((verdict, told(view)), (Verdict::NEVER, (0, 1)));
        // Nothing is in the window: the reset that the library tells is past.
        let (verdict, view) = limit.ask(2 * SECOND, 1);
        assert_eq!((verdict, told(view)), (Verdict::NEVER, (2, 0)));
        let (verdict, view) = limit.ask(2 * SECOND + 1, 1);
        assert_eq!((verdict, told(view)), (Verdict::Admit, (1, SECOND)));
    }

    #[test]
    fn a_unit_exactly_one_period_old_blocks_after_others_pass() {
        let mut limit = window("amount = 2\nperiod = '1s'");
        limit.ask(SECOND, 1);
        assert_eq!(limit.ask(2 * SECOND, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(2 * SECOND, 1).0, Verdict::NEVER);
    }

    #[test]
    fn a_cost_looks_at_the_entry_that_it_would_push_out() {
        let mut limit = window("amount = 5\nperiod = '10s'");
        limit.ask(SECOND, 2);
        limit.ask(2 * SECOND, 2);
        assert_eq!(limit.ask(3 * SECOND, 2).0, Verdict::NEVER);
        // Refused hits write nothing: one unit is still free.
        assert_eq!(told(limit.ask(3 * SECOND, 1).1), (0, 8 * SECOND));
        // Two units are free again after 11 s; the next two only after 12 s.
        assert_eq!(limit.ask(11 * SECOND + 1, 3).0, Verdict::NEVER);
        assert_eq!(told(limit.ask(11 * SECOND + 1, 2).1), (0, SECOND - 1));
        assert_eq!(limit.ask(12 * SECOND, 2).0, Verdict::NEVER);
        assert_eq!(limit.ask(12 * SECOND + 1, 2).0, Verdict::Admit);
    }

    #[test]
    fn costs_of_nothing_and_of_too_much_write_nothing() {
        let mut limit = window("amount = 2\nperiod = '10s'");
        let (verdict, view) = limit.ask(SECOND, 0);
        assert_eq!((verdict, told(view)), (Verdict::Admit, (2, 10 * SECOND)));
        let (verdict, view) = limit.ask(2 * SECOND, 3);
        assert_eq!((verdict, told(view)), (Verdict::NEVER, (2, 10 * SECOND)));
        limit.ask(2 * SECOND, 2);
        assert_eq!(limit.ask(3 * SECOND, 0).0, Verdict::Admit);
        // All have left the window, but the list still has them.
        assert_eq!(told(limit.ask(30 * SECOND, 3).1), (2, 0));
    }

    /// Today a second has room for steps of 2^-22 only: 238 ns.
    #[test]
    fn the_clock_is_as_coarse_as_its_float() {
        let today = 1_800_000_000 * SECOND;
        let mut limit = window("amount = 1\nperiod = '1s'");
        limit.ask(today, 1);
        assert_eq!(limit.ask(today + SECOND + 128, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(today + SECOND + 129, 1).0, Verdict::Admit);
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
        let error = Table::<LimitsMovingWindow>::read("amount = 1\nperiod = '500ms'").unwrap_err();
        assert!(error.contains("whole seconds: write a period like \"1s\""), "{error}");
    }
}
