//! The sliding window counter of the Python library `limits`, in its memory storage.
//!
//! The window before weighs with the part of it that lies in the last period.
//! The weight is a float of which the floor counts, so a request may pass a
//! moment before its whole unit has slid out. Refused hits count nothing.
//!
//! # Formula
//!
//! In float64 seconds, `now = ns / 1e9`, W the period:
//! `ttl = (1 - ((now - W) / W) % 1) * W`, 0 where the window before has no hits;
//! `weight(current) = previous * ttl / W + current`, in this order; refused iff
//! `floor(weight(current + cost)) > amount`. (The library looks also before it
//! counts, at `floor(weight(current)) + cost`; that is never more.) Windows are
//! numbered `int(now / W)` and `int((now - W) / W)`. Left: `amount -
//! floor(weight(current))`.
//!
//! # Source
//!
//! `limits` 5.8.0, `limits/storage/memory.py` (`acquire_sliding_window_entry`),
//! `limits/storage/base.py` (`TimestampedSlidingWindow`) and
//! `limits/strategies.py` (`SlidingWindowCounterRateLimiter`). What is told is
//! `get_window_stats` right after `hit`: the reset is when the weight next falls
//! by one, or the window's end. The library tells no retry-after. The Redis
//! storage is another algorithm: its window begins with the first hit.
//!
//! In the first period after 1970 `int` rounds towards zero, so that the window
//! is its own predecessor and hits weigh up to twice. The library does that: a
//! run whose clock starts at 0 shows it.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{LimitsSlidingWindowCounter, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let parameters = "amount = 10\nperiod = '1min'";
//! let mut limit = Table::<LimitsSlidingWindowCounter>::read(parameters)?;
//! assert_eq!(limit.ask(110 * SECOND, 9).0, Verdict::Admit);
//! // 20 s into the next window, 9 weigh 9 * 40/60 = 6.
//! let (verdict, view) = limit.ask(140 * SECOND, 4);
//! assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(0)));
//! // A millisecond on the weight is 5.99985 + 4, and its floor is 9.
//! assert_eq!(limit.ask(140_001_000_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(140_002_000_000, 1).0, Verdict::NEVER);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::whole_seconds::WholeSeconds;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// So much in a window and the weighed part of the one before.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LimitsSlidingWindowCounter {
    /// 0 is legal in the library and refuses everything that costs.
    amount: u64,
    period: WholeSeconds,
}

/// The counter of one window.
#[derive(Clone, Copy, Debug)]
struct Counter {
    window: i64,
    count: u64,
}

/// One key's counters: of its last two windows. In the library they expire two
/// periods after their first hit, which is never before they cease to weigh.
#[derive(Clone, Copy, Debug)]
pub struct Counters([Counter; 2]);

impl Counters {
    fn count(&self, window: i64) -> u64 {
        self.0.iter().find(|counter| counter.window == window).map_or(0, |counter| counter.count)
    }
}

/// What the library knows of a key at an instant.
struct Moment {
    now: f64,
    previous: u64,
    /// For how many seconds more the window before weighs.
    ttl: f64,
    /// The number of the window that now falls into.
    window: i64,
    current: u64,
}

impl Moment {
    /// Counts and period are numbers in Python's sense; the order is the library's.
    fn weight(&self, current: u64, period: f64) -> f64 {
        self.previous as f64 * self.ttl / period + current as f64
    }
}

impl LimitsSlidingWindowCounter {
    fn moment(&self, state: &Counters, now: Instant) -> Moment {
        let (now, period) = (now.as_secs_f64(), self.period.as_f64());
        let window = whole(now / period);
        let previous = state.count(whole((now - period) / period));
        let ttl = match previous {
            0 => 0.0,
            _ => (1.0 - ((now - period) / period).rem_euclid(1.0)) * period,
        };
        Moment { now, previous, ttl, window, current: state.count(window) }
    }

    fn used(&self, moment: &Moment, current: u64) -> u64 {
        floor(moment.weight(current, self.period.as_f64()))
    }
}

/// Python's `int`: towards zero.
#[allow(clippy::cast_possible_truncation)] // which is what `int` does
fn whole(number: f64) -> i64 {
    number as i64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // weights are not negative
fn floor(weight: f64) -> u64 {
    libm::floor(weight) as u64
}

impl Algorithm for LimitsSlidingWindowCounter {
    type State = Counters;

    const CARD: Card = Card {
        implementation: Some("Python limits 5.8.0, SlidingWindowCounterRateLimiter, MemoryStorage"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("amount", "how much in a window and the weighed part of the one before"),
            ("period", "in whole seconds: \"1min\"; the library's month is 30 days, its year 360"),
        ],
        example: "limits-sliding-window-counter = { amount = 10, period = \"1min\" }",
        peculiar: "the floor of a float weight counts: a request passes a moment early",
    };

    fn fresh(&self, _created: Instant) -> Counters {
        Counters([Counter { window: i64::MIN, count: 0 }; 2])
    }

    fn test(&self, state: &Counters, now: Instant, cost: u32) -> Verdict {
        let moment = self.moment(state, now);
        let counted = self.used(&moment, moment.current.saturating_add(u64::from(cost)));
        if counted > self.amount { Verdict::NEVER } else { Verdict::Admit }
    }

    fn admit(&self, state: &mut Counters, now: Instant, cost: u32) -> Mark {
        let Moment { window, current, .. } = self.moment(state, now);
        let [old, new] = &mut state.0;
        if new.window != window {
            *old = *new;
        }
        *new = Counter { window, count: current.saturating_add(u64::from(cost)) };
        Mark::NONE
    }

    fn view(&self, state: &Counters, asked: &Asked) -> View {
        let moment = self.moment(state, asked.now);
        let (now, period) = (moment.now, self.period.as_f64());
        let mut left = f64::INFINITY;
        if moment.previous > 0 {
            left = moment.ttl % (period / moment.previous as f64);
        }
        if moment.current > 0 {
            let ttl = (1.0 - (now / period).rem_euclid(1.0)) * period + period;
            left = left.min(ttl % period);
        }
        let reset = if left.is_finite() { now + left - now } else { 0.0 };
        View {
            limit: self.amount,
            remaining: Some(self.amount.saturating_sub(self.used(&moment, moment.current))),
            reset: Some(Span::from_secs_f64(reset)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(LimitsSlidingWindowCounter { amount: quota, ..self.clone() })
    }

    /// The amount and the period are part of the storage's key: another limit begins anew.
    fn carry(&self, state: &mut Counters, old: &Self, now: Instant) {
        if self != old {
            *state = self.fresh(now);
        }
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.amount as f64 / self.period.as_f64(), at_once: self.amount }
    }

    fn rule(&self) -> String {
        format!("limits-sliding-window-counter {}", self.pace())
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

    const MS: u64 = 1_000_000;

    fn window(parameters: &str) -> Table<LimitsSlidingWindowCounter> {
        Table::read(parameters).unwrap()
    }

    fn told(view: View) -> (u64, u64) {
        (view.remaining.unwrap(), view.reset.unwrap().0)
    }

    #[test]
    fn the_window_before_weighs_with_its_part() {
        let mut limit = window("amount = 8\nperiod = '4s'");
        assert_eq!(told(limit.ask(10 * SECOND, 8).1), (0, 2 * SECOND));
        // 8 weigh 8 at the edge, and half of it in the middle.
        assert_eq!(limit.ask(12 * SECOND, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(14 * SECOND, 5).0, Verdict::NEVER);
        // The next unit slides out after half a second: it is told to be gone at once.
        assert_eq!(told(limit.ask(14 * SECOND, 4).1), (0, 0));
        assert_eq!(told(limit.ask(14 * SECOND + 100 * MS, 0).1), (1, 400 * MS));
        // Two windows on nothing weighs; an idle key tells its reset as now.
        assert_eq!(told(limit.ask(20 * SECOND, 9).1), (8, 0));
    }

    #[test]
    fn the_floor_of_the_weight_lets_a_request_pass_early() {
        let mut limit = window("amount = 1\nperiod = '10s'");
        assert_eq!(limit.ask(19 * SECOND, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(20 * SECOND, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(20 * SECOND + 10, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(20 * SECOND + 20, 1).0, Verdict::NEVER);
    }

    /// 5 weigh 4 - 1e-15 at 3.2 s: the floor of it plus 2 is 5, and 8 would fit.
    /// But with 10 the sum is rounded to 14: the library takes them back.
    #[test]
    fn what_was_counted_is_looked_at_again() {
        let mut limit = window("amount = 13\nperiod = '1s'");
        assert_eq!(limit.ask(2_500 * MS, 5).0, Verdict::Admit);
        assert_eq!(told(limit.ask(3_200 * MS, 2).1).0, 8);
        assert_eq!(limit.ask(3_200 * MS, 8).0, Verdict::NEVER);
        assert_eq!(told(limit.ask(3_200 * MS, 7).1).0, 0);
    }

    #[test]
    fn the_order_of_the_floats_decides() {
        // 10 weigh 9 at 9.3 s, but the product comes first: it is below 9.
        let mut limit = window("amount = 20\nperiod = '3s'");
        limit.ask(8 * SECOND, 10);
        assert_eq!(told(limit.ask(9_300 * MS, 1).1).0, 11);
        // 3 weigh 1 at 8 s, but a third of now - W is above a third: below 1.
        let mut limit = window("amount = 10\nperiod = '3s'");
        limit.ask(5 * SECOND, 3);
        assert_eq!(told(limit.ask(8 * SECOND, 1).1).0, 9);
    }

    #[test]
    fn costs_of_nothing_and_of_too_much_write_nothing() {
        let mut limit = window("amount = 2\nperiod = '10s'");
        assert_eq!(limit.ask(25 * SECOND, 3).0, Verdict::NEVER);
        let (verdict, view) = limit.ask(25 * SECOND, 0);
        assert_eq!((verdict, told(view)), (Verdict::Admit, (2, 0)));
        assert_eq!(told(limit.ask(25 * SECOND, 2).1), (0, 5 * SECOND));
        let (verdict, view) = limit.ask(25 * SECOND, 0);
        assert_eq!((verdict, told(view)), (Verdict::Admit, (0, 5 * SECOND)));
    }

    #[test]
    fn the_first_window_after_1970_is_its_own_predecessor() {
        let mut limit = window("amount = 4\nperiod = '10s'");
        assert_eq!(told(limit.ask(5 * SECOND, 2).1).0, 1);
        // 2 + 2 * 5/10 = 3, and one more would weigh 1.5.
        assert_eq!(limit.ask(5 * SECOND, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(5 * SECOND, 1).0, Verdict::NEVER);
        assert_eq!(told(limit.ask(10 * SECOND, 1).1), (0, 0));
    }

    #[test]
    fn another_amount_is_another_key() {
        let mut limit = window("amount = 2\nperiod = '10s'");
        limit.ask(21 * SECOND, 2);
        limit.resize(2, Instant(22 * SECOND));
        assert_eq!(limit.ask(22 * SECOND, 1).0, Verdict::NEVER);
        limit.resize(3, Instant(23 * SECOND));
        assert_eq!(limit.ask(23 * SECOND, 3).0, Verdict::Admit);
    }

    #[test]
    fn a_period_is_whole_seconds() {
        let read = Table::<LimitsSlidingWindowCounter>::read("amount = 1\nperiod = '1.5s'");
        assert!(read.unwrap_err().contains("whole seconds: write a period like \"2s\""));
    }
}
