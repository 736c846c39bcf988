//! The Rust crate `leaky-bucket`: permits come back in steps, and who finds too
//! few waits in line.
//!
//! One of those who wait sleeps for the next step and hands its permits out in
//! the order of arrival, in parts: a request keeps what it has got so far, so
//! that nothing is refused, not even what costs more than `max`. Steps follow a
//! grid from the creation on; where nobody waits, the next request counts the
//! whole intervals since then in milliseconds and moves the grid by the rest.
//!
//! # Formula
//!
//! A request with `late = ms(now - deadline) >= 0` finds `late / ms(interval) + 1`
//! steps of `refill` more, up to `max` in all, and the next deadline is at
//! `now + interval - late mod ms(interval)`. While requests wait, a step brings
//! `min(refill, max)` at `ceil_ms(deadline)`, and the next is due an interval
//! after that. A request goes on with the step that brings its last permit; one
//! for 0 permits goes on at once.
//!
//! # Source
//!
//! leaky-bucket 1.1.2, `src/lib.rs`, with `fair(true)`, its default; recorded
//! under tokio's paused clock, whose timer rounds up to milliseconds since the
//! runtime started: here since the limiter was made. In the very instant of a
//! step the crate's outcome hangs on which task runs first: here it is the one
//! that hands the step out. A request that comes between a deadline and its tick,
//! where the grid is off the millisecond, moves the steps of those who wait: here
//! they keep the delay that they were told, and only those who come later see it.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{LeakyBucketRs, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let rule = "initial = 3\nrefill = 2\ninterval = '100ms'\nmax = 4";
//! let mut limit = Table::<LeakyBucketRs>::read(rule)?;
//! assert_eq!(limit.ask(30_000_000, 3).0, Verdict::Admit);
//! // Five permits are three steps: 100, 200 and 300 ms. One is left over.
//! assert_eq!(limit.ask(30_000_000, 5).0, Verdict::Delay(Span::millis(270)));
//! assert_eq!(limit.ask(30_000_000, 1).0, Verdict::Delay(Span::millis(270)));
//! assert_eq!(limit.ask(30_000_000, 1).0, Verdict::Delay(Span::millis(370)));
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::tokio_timer;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Length, Rate, Span};

/// What a `leaky_bucket::Builder` is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct LeakyBucketRs {
    initial: u64,
    refill: u64,
    interval: Span,
    max: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    #[serde(default)]
    initial: u64,
    refill: Option<NonZeroU64>,
    interval: Option<Length>,
    max: Option<NonZeroU64>,
}

/// The crate counts in an `isize` less one bit.
const MAX_BALANCE: u64 = i64::MAX.unsigned_abs();

const MILLI: u64 = 1_000_000;

impl TryFrom<Parameters> for LeakyBucketRs {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { initial, refill, interval, max } = parameters;
        let refill = refill.map_or(1, NonZeroU64::get);
        let interval = interval.map_or(Span::millis(100), Length::span);
        if interval.0 < MILLI {
            return Err(
                "an interval is at least a millisecond: write one like \"100ms\"".to_owned()
            );
        }
        let max = match max {
            Some(max) => max.get(),
            None => refill.max(initial).saturating_mul(10),
        };
        let (refill, max) = (refill.min(MAX_BALANCE), max.min(MAX_BALANCE));
        Ok(LeakyBucketRs { initial: initial.min(max), refill, interval, max })
    }
}

/// The balance of one key, and the line before it.
#[derive(Clone, Copy, Debug)]
pub struct Balance {
    created: Instant,
    /// When the next step is due.
    deadline: Instant,
    /// Permits that are there; none while somebody waits.
    permits: u64,
    /// Permits that those who wait still need.
    owed: u64,
    /// Whether somebody sleeps for the next step: as long as somebody waits, and
    /// until the step also if meanwhile another's request has brought the rest.
    sleeps: bool,
}

impl LeakyBucketRs {
    /// What a step brings while somebody waits.
    fn step(&self) -> u64 {
        self.refill.min(self.max)
    }

    /// From one step to the next while somebody waits.
    fn stride(&self) -> Span {
        tokio_timer::rounded(self.interval)
    }

    /// The balance when a request comes now, the steps until then taken.
    fn at(&self, balance: &Balance, now: Instant) -> Balance {
        let mut next = *balance;
        let first = tokio_timer::fires(next.deadline, next.created);
        if next.sleeps && first <= now {
            let due = now.since(first).0 / self.stride().0 + 1;
            let steps = due.min(next.owed.div_ceil(self.step()).max(1));
            next.deadline = first.after(self.stride().times(steps - 1)).after(self.interval);
            self.bring(&mut next, steps.saturating_mul(self.step()));
            next.sleeps = next.owed > 0;
        }
        if now >= next.deadline {
            let (late, interval) = (now.since(next.deadline).0 / MILLI, self.interval.0 / MILLI);
            let steps = late / interval + 1;
            next.deadline = now.after(Span(self.interval.0 - late % interval * MILLI));
            let room = self.max.saturating_sub(next.permits);
            self.bring(&mut next, steps.saturating_mul(self.refill).min(room));
        }
        next
    }

    /// Hands out permits, first to those who wait.
    fn bring(&self, balance: &mut Balance, permits: u64) {
        let paid = permits.min(balance.owed);
        balance.owed -= paid;
        balance.permits = balance.permits.saturating_add(permits - paid).min(self.max);
    }

    /// The balance after a request that comes now has taken its place in line,
    /// and when it goes on.
    fn taken(&self, balance: &Balance, now: Instant, cost: u32) -> (Balance, Instant) {
        let cost = u64::from(cost);
        if cost == 0 {
            return (*balance, now);
        }
        let mut next = self.at(balance, now);
        let missing = cost.saturating_sub(next.permits);
        next.permits = next.permits.saturating_sub(cost);
        if missing == 0 {
            return (next, now);
        }
        next.owed = next.owed.saturating_add(missing);
        next.sleeps = true;
        let steps = next.owed.div_ceil(self.step());
        let first = tokio_timer::fires(next.deadline, next.created);
        (next, first.after(self.stride().times(steps - 1)))
    }
}

impl Algorithm for LeakyBucketRs {
    type State = Balance;

    const CARD: Card = Card {
        implementation: Some("leaky-bucket 1.1.2 (Rust)"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("initial", "how many permits there are at first [0]"),
            ("refill", "how many come back in a step [1]"),
            ("interval", "from step to step [100ms]"),
            ("max", "how many there can be [ten times the greater of refill and initial]"),
        ],
        example: "leaky-bucket-rs = { initial = 10, refill = 2, interval = \"100ms\", max = 10 }",
        peculiar: "refuses nothing, not even a cost above max: who finds too few waits in line",
    };

    const DELAYS: bool = true;

    fn fresh(&self, created: Instant) -> Balance {
        let deadline = created.after(self.interval);
        Balance { created, deadline, permits: self.initial, owed: 0, sleeps: false }
    }

    fn test(&self, state: &Balance, now: Instant, cost: u32) -> Verdict {
        Verdict::after(self.taken(state, now, cost).1.since(now))
    }

    fn admit(&self, state: &mut Balance, now: Instant, cost: u32) -> Mark {
        *state = self.taken(state, now, cost).0;
        Mark::NONE
    }

    fn view(&self, _state: &Balance, _asked: &Asked) -> View {
        View { limit: self.max, remaining: None, reset: None }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let max = NonZeroU64::new(quota)?.get().min(MAX_BALANCE);
        Some(LeakyBucketRs { max, ..self.clone() })
    }

    /// As many permits as there were, as far as the new bucket holds them.
    fn carry(&self, state: &mut Balance, _old: &Self, _now: Instant) {
        state.permits = state.permits.min(self.max);
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            per_second: Rate { count: self.step(), period: self.interval }.per_second(),
            at_once: self.max,
        }
    }

    fn rule(&self) -> String {
        format!("leaky-bucket-rs {} max {}", self.pace(), self.max)
    }

    fn pace(&self) -> String {
        Rate { count: self.refill, period: self.interval }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;

    fn limiter(initial: u64, refill: u64, interval: &str, max: u64) -> Table<LeakyBucketRs> {
        let rule =
            format!("initial = {initial}\nrefill = {refill}\ninterval = '{interval}'\nmax = {max}");
        Table::read(&rule).unwrap()
    }

    /// When one that comes now goes on.
    fn goes(limit: &mut Table<LeakyBucketRs>, at: u64, cost: u32) -> u64 {
        match limit.ask(at, cost).0 {
            Verdict::Admit => at,
            Verdict::Delay(delay) => at + delay.0,
            Verdict::Reject { .. } => panic!("nothing is refused"),
        }
    }

    const MS: u64 = MILLI;

    #[test]
    fn a_step_is_there_at_its_nanosecond() {
        let mut limit = limiter(1, 1, "10ms", 3);
        assert_eq!(goes(&mut limit, 0, 1), 0);
        assert_eq!(goes(&mut limit, 10 * MS, 1), 10 * MS);
        assert_eq!(goes(&mut limit, 20 * MS - 1, 1), 20 * MS);
        // It has been taken by the one who waited for it.
        assert_eq!(goes(&mut limit, 20 * MS, 1), 30 * MS);
        assert_eq!(goes(&mut limit, 39 * MS, 1), 40 * MS);
    }

    #[test]
    fn nobody_overtakes_and_what_is_over_is_kept() {
        let mut limit = limiter(0, 3, "10ms", 5);
        assert_eq!(goes(&mut limit, 0, 4), 20 * MS);
        assert_eq!(goes(&mut limit, 0, 1), 20 * MS);
        assert_eq!(goes(&mut limit, 20 * MS, 1), 20 * MS);
        assert_eq!(goes(&mut limit, 20 * MS, 1), 30 * MS);
        // 2 are over at 30 ms; at 40 and 50 ms it is full, with 5.
        assert_eq!(goes(&mut limit, 55 * MS, 6), 60 * MS);
    }

    #[test]
    fn a_cost_above_the_maximum_comes_in_parts_and_none_comes_at_once() {
        let mut limit = limiter(9, 4, "10ms", 3);
        assert_eq!(goes(&mut limit, 0, 8), 20 * MS);
        assert_eq!(goes(&mut limit, 0, 0), 0);
        // The step of 20 ms had one over.
        assert_eq!(goes(&mut limit, 21 * MS, 1), 21 * MS);
        assert_eq!(goes(&mut limit, 21 * MS, 1), 30 * MS);
    }

    #[test]
    fn whole_milliseconds_late_keep_the_grid_and_the_rest_moves_it() {
        let mut limit = limiter(0, 1, "10ms", 9);
        // 25.4 ms late is one step and 5 ms: 15.4 ms from the next, not 5.
        assert_eq!(goes(&mut limit, 25_400_000, 2), 25_400_000);
        assert_eq!(goes(&mut limit, 25_400_000, 1), 31 * MS);
        assert_eq!(goes(&mut limit, 31 * MS, 1), 41 * MS);
        // A request for nothing leaves the grid as it is.
        let mut limit = limiter(0, 1, "10ms", 9);
        assert_eq!(goes(&mut limit, 25_400_000, 0), 25_400_000);
        assert_eq!(goes(&mut limit, 30 * MS, 3), 30 * MS);
        // Of an interval that is no whole number of milliseconds only these count.
        let mut limit = limiter(0, 1, "10.9ms", 99);
        assert_eq!(goes(&mut limit, 110_900_000, 11), 110_900_000);
        assert_eq!(goes(&mut limit, 110_900_000, 1), 122 * MS);
        assert_eq!(goes(&mut limit, 111 * MS, 1), 133 * MS);
    }

    /// Decided so by the crate as well, stepped to the nanosecond.
    #[test]
    fn a_request_between_a_deadline_and_its_tick_moves_the_grid() {
        let mut limit = limiter(0, 3, "6.001ms", 1);
        assert_eq!(goes(&mut limit, 11_854_000, 1), 11_854_000);
        assert_eq!(goes(&mut limit, 23_855_000, 4), 39 * MS);
        assert_eq!(goes(&mut limit, 41_586_000, 1), 46 * MS);
        assert_eq!(goes(&mut limit, 55_926_000, 3), 66 * MS);
        // Due at 65.001 ms: it is told 72 and not 73, after a step of `max` and no more.
        assert_eq!(goes(&mut limit, 65_001_000, 1), 72 * MS);
        let mut limit = limiter(0, 2, "10.5ms", 9);
        assert_eq!(goes(&mut limit, 0, 2), 11 * MS);
        // At 10.7 ms all that was owed has come; the one who sleeps learns it at 22 ms,
        // and takes the step there, from where the next is due at 32.5 ms.
        assert_eq!(goes(&mut limit, 10_700_000, 0), 10_700_000);
        assert_eq!(goes(&mut limit, 10_700_000, 1), 22 * MS);
        assert_eq!(goes(&mut limit, 22 * MS, 2), 33 * MS);
        // It takes that step also where nobody waits any more.
        let mut limit = limiter(0, 2, "10.5ms", 9);
        assert_eq!(goes(&mut limit, 0, 1), 11 * MS);
        assert_eq!(goes(&mut limit, 10_700_000, 1), 10_700_000);
        assert_eq!(goes(&mut limit, 31_400_000, 3), 33 * MS);
        // Of 1 and 3 more the maximum of 3 stays.
        let mut limit = limiter(0, 3, "10.5ms", 3);
        assert_eq!(goes(&mut limit, 0, 1), 11 * MS);
        assert_eq!(goes(&mut limit, 10_700_000, 1), 10_700_000);
        assert_eq!(goes(&mut limit, 22 * MS, 4), 33 * MS);
        // It sleeps on as long as something is owed: a step at 33 ms, none at 32.2.
        let mut limit = limiter(0, 2, "10.5ms", 9);
        assert_eq!(goes(&mut limit, 0, 3), 22 * MS);
        assert_eq!(goes(&mut limit, 21_700_000, 1), 21_700_000);
        assert_eq!(goes(&mut limit, 42_400_000, 3), 44 * MS);
        // And no longer: none at 22 ms, so that two are found at 32.4.
        let mut limit = limiter(0, 3, "10.5ms", 9);
        assert_eq!(goes(&mut limit, 0, 2), 11 * MS);
        assert_eq!(goes(&mut limit, 12 * MS, 1), 12 * MS);
        assert_eq!(goes(&mut limit, 32_400_000, 5), 32_400_000);
    }

    #[test]
    fn defaults_are_those_of_the_builder() {
        let bucket = Table::<LeakyBucketRs>::read("").unwrap().algorithm().clone();
        assert_eq!((bucket.initial, bucket.refill, bucket.max), (0, 1, 10));
        assert_eq!(bucket.interval, Span::millis(100));
        let bucket = Table::<LeakyBucketRs>::read("initial = 7\nrefill = 2").unwrap();
        assert_eq!(bucket.algorithm().max, 70);
        assert_eq!(bucket.algorithm().rule(), "leaky-bucket-rs 2/100ms max 70");
        assert_eq!(limiter(9, 1, "1s", 4).algorithm().initial, 4);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (parameters, why) in [
            ("refill = 0", "nonzero"),
            ("max = 0", "nonzero"),
            ("interval = '999us'", "at least a millisecond"),
            ("fair = false", "unknown field"),
        ] {
            let error = Table::<LeakyBucketRs>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }

    #[test]
    fn a_smaller_maximum_keeps_what_fits() {
        let mut limit = limiter(5, 1, "1s", 5);
        limit.resize(2, Instant(0));
        assert_eq!(goes(&mut limit, 0, 2), 0);
        assert_eq!(goes(&mut limit, 0, 1), 1_000 * MS);
    }
}
