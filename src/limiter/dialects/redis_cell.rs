//! redis-cell: GCRA as a Redis command, `CL.THROTTLE key max-burst count period [cost]`.
//!
//! Time is in nanoseconds, but the key lives in Redis for whole milliseconds: up
//! to one too short, after which it is as if never used, or up to one too long.
//! With more than a thousand a second that decides. Waits are told in whole
//! seconds, rounded up from the millisecond: less than one is told as 0.
//!
//! # Formula
//!
//! `emission = int(period / count)` through a double, `tolerance = emission *
//! (max-burst + 1)`. With `tat = max(tat, now) + emission * cost`: blocked iff
//! `now - (tat - tolerance) < 0`, which writes nothing; else `tat` is written,
//! and the key is gone once Redis shows more than `ms(now) + ms(tat - now)`.
//! Remaining: `int(us(tolerance - (tat - now)) / us(emission))` in doubles.
//!
//! # Source
//!
//! redis-cell 0.5.0 (commit 4d423387): `src/cell/mod.rs`, `src/lib.rs`,
//! `src/redis/mod.rs`; recorded in Redis 7.0.15, where a key is gone when `now >
//! expiry`. Retry-after is -1, here never, for a cost that can never fit. The
//! parameters come with every call, so that changing them keeps the time stored.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{RedisCell, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let rule = "max-burst = 1\ncount-per-period = 2\nperiod = 3";
//! let mut limit = Table::<RedisCell>::read(rule)?;
//! // A burst of 1 is a limit of 2, each of which takes 1.5 s to come back.
//! assert_eq!(limit.ask(0, 2).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Reject { wait: Span::seconds(2) });
//! // Half a millisecond too early it is told to wait 0 s.
//! assert_eq!(limit.ask(1_499_500_000, 1).0, Verdict::Reject { wait: Span::ZERO });
//! // A cost of 0 asks without taking anything.
//! let (verdict, view) = limit.ask(3 * SECOND, 0);
//! assert_eq!((verdict, view.remaining, view.reset), (Verdict::Admit, Some(2), Some(Span::ZERO)));
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, SECOND, Span};

/// What `CL.THROTTLE` is called with.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct RedisCell {
    /// Nanoseconds that one request takes to come back.
    emission: i64,
    /// The same of as many as there can be.
    tolerance: i64,
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    max_burst: u32,
    count_per_period: u64,
    /// In seconds.
    period: u32,
}

impl TryFrom<Parameters> for RedisCell {
    type Error = String;

    fn try_from(written: Parameters) -> Result<Self, String> {
        let Parameters { max_burst, count_per_period, period } = written;
        let period = u64::from(period) * SECOND;
        if count_per_period == 0 || count_per_period > period {
            return Err(
                "this is less than a nanosecond for one, or none at all: write a count and \
                        a period in seconds, like count-per-period = 30 and period = 60"
                    .to_owned(),
            );
        }
        // The quotient is below 2^62, as its period of 32 bits of seconds is.
        #[allow(clippy::cast_possible_truncation)]
        let emission = (period as f64 / count_per_period as f64) as i64;
        let tolerance = emission.checked_mul(i64::from(max_burst) + 1);
        let tolerance = tolerance.filter(|ns| *ns < i64::MAX / 2).ok_or(
            "the burst takes more than 146 years to come back: write a smaller burst or a \
             shorter period",
        )?;
        Ok(RedisCell { emission, tolerance, written })
    }
}

impl RedisCell {
    fn increment(&self, cost: u32) -> i128 {
        i128::from(self.emission) * i128::from(cost)
    }

    /// The theoretical arrival time with `cost` charged to it.
    fn charged(&self, state: &Key, now: Instant, cost: u32) -> i128 {
        state.tat(now).max(i128::from(now.0)) + self.increment(cost)
    }
}

/// Whole seconds as the reply has them: a rest below a millisecond is lost, a
/// greater one counts as a second.
#[allow(clippy::cast_possible_truncation)] // `as` is what the module does
fn reply_seconds(ns: i128) -> Span {
    const SECOND_NS: i128 = SECOND as i128;
    let rest = ns % SECOND_NS;
    let whole = ((ns / SECOND_NS) as f64 + rest as f64 / SECOND as f64) as i64;
    let seconds = if rest / 1_000_000 > 0 { whole + 1 } else { whole };
    // Below zero by less than a millisecond is told as 0.
    Span::seconds(u64::try_from(seconds).unwrap_or(0))
}

/// What Redis stores for a key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The theoretical arrival time, and what Redis shows when the key was last
    /// there; `None` until the first use.
    stored: Option<(i128, u64)>,
}

impl Key {
    /// The time stored, or now if the key is gone.
    fn tat(&self, now: Instant) -> i128 {
        match self.stored {
            Some((tat, expires)) if now.epoch_millis() <= expires => tat,
            _ => i128::from(now.0),
        }
    }
}

impl Algorithm for RedisCell {
    type State = Key;

    const CARD: Card = Card {
        implementation: Some("redis-cell 0.5.0 in Redis 7.0"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("max-burst", "how many at once, less one"),
            ("count-per-period", "how many come back in a period"),
            ("period", "how long it is, in whole seconds: 60"),
        ],
        example: "redis-cell = { max-burst = 15, count-per-period = 30, period = 60 }",
        peculiar: "the limit is max-burst + 1; waits are whole seconds, and 0 below a millisecond",
    };

    fn fresh(&self, _created: Instant) -> Key {
        Key { stored: None }
    }

    fn test(&self, state: &Key, now: Instant, cost: u32) -> Verdict {
        let allow_at = self.charged(state, now, cost) - i128::from(self.tolerance);
        let ahead = allow_at - i128::from(now.0);
        if ahead <= 0 {
            Verdict::Admit
        } else if self.increment(cost) > i128::from(self.tolerance) {
            Verdict::NEVER
        } else {
            Verdict::Reject { wait: reply_seconds(ahead) }
        }
    }

    fn admit(&self, state: &mut Key, now: Instant, cost: u32) -> Mark {
        let tat = self.charged(state, now, cost);
        let life = u64::try_from((tat - i128::from(now.0)) / 1_000_000).unwrap_or(u64::MAX);
        state.stored = Some((tat, now.epoch_millis().saturating_add(life)));
        Mark::NONE
    }

    fn view(&self, state: &Key, asked: &Asked) -> View {
        let ahead = state.tat(asked.now) - i128::from(asked.now.0);
        let next = i128::from(self.tolerance) - ahead;
        let remaining = if next > -i128::from(self.emission) {
            // Infinite, which is cut to the greatest, where one takes less than a microsecond.
            #[allow(clippy::cast_possible_truncation)] // `as` is what the module does
            let whole = ((next / 1_000) as f64 / (self.emission / 1_000) as f64) as i64;
            u64::try_from(whole).unwrap_or(0)
        } else {
            0
        };
        View {
            limit: u64::from(self.written.max_burst) + 1,
            remaining: Some(remaining),
            reset: Some(reply_seconds(ahead)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let max_burst = u32::try_from(quota.checked_sub(1)?).ok()?;
        RedisCell::try_from(Parameters { max_burst, ..self.written }).ok()
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            per_second: SECOND as f64 / self.emission as f64,
            at_once: u64::from(self.written.max_burst) + 1,
        }
    }

    fn rule(&self) -> String {
        format!("redis-cell {} burst {}+1", self.pace(), self.written.max_burst)
    }

    fn pace(&self) -> String {
        let period = Span::seconds(u64::from(self.written.period));
        Rate { count: self.written.count_per_period, period }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;

    const START: u64 = 1_800_000_000 * SECOND;

    fn limiter(max_burst: u32, count: u64, period: u32) -> Table<RedisCell> {
        let rule =
            format!("max-burst = {max_burst}\ncount-per-period = {count}\nperiod = {period}");
        Table::read(&rule).unwrap()
    }

    /// The reply as Redis gives it, without the limit; -1 where there is no wait.
    fn reply(limit: &mut Table<RedisCell>, at: u64, cost: u32) -> (u64, u64, i64, u64) {
        let (verdict, view) = limit.ask(START + at, cost);
        let (blocked, retry) = match verdict {
            Verdict::Reject { wait: Span::NEVER } => (1, -1),
            Verdict::Reject { wait } => (1, i64::try_from(wait.0 / SECOND).unwrap()),
            _ => (0, -1),
        };
        (blocked, view.remaining.unwrap(), retry, view.reset.unwrap().0 / SECOND)
    }

    #[test]
    fn the_limit_is_one_more_than_the_burst() {
        let mut limit = limiter(4, 1, 1);
        assert_eq!(limit.ask(START, 0).1.limit, 5);
        for (remaining, reset) in [(4, 1), (3, 2), (2, 3), (1, 4), (0, 5)] {
            assert_eq!(reply(&mut limit, 0, 1), (0, remaining, -1, reset));
        }
        assert_eq!(reply(&mut limit, 0, 1), (1, 0, 1, 5));
        // Equality admits; a nanosecond before, the wait of less than 1 ms is told as 0.
        assert_eq!(reply(&mut limit, SECOND - 1, 1), (1, 0, 0, 4));
        assert_eq!(reply(&mut limit, SECOND, 1), (0, 0, -1, 5));
    }

    #[test]
    fn a_cost_of_zero_asks_and_a_cost_above_the_limit_never_passes() {
        let mut limit = limiter(4, 1, 1);
        assert_eq!(reply(&mut limit, 0, 0), (0, 5, -1, 0));
        assert_eq!(reply(&mut limit, 0, 6), (1, 5, -1, 0));
        assert_eq!(reply(&mut limit, 0, 5), (0, 0, -1, 5));
        assert_eq!(reply(&mut limit, 0, 0), (0, 0, -1, 5));
        assert_eq!(reply(&mut limit, 1_999_000_000, 5), (1, 1, 4, 4));
        assert_eq!(reply(&mut limit, 2 * SECOND, u32::MAX), (1, 2, -1, 3));
    }

    #[test]
    fn the_interval_is_cut_off_after_a_division_of_doubles() {
        let emission = |count, period| limiter(0, count, period).algorithm().emission;
        assert_eq!(emission(7, 1), 142_857_142);
        assert_eq!(emission(3, 4_000_000_000), 1_333_333_333_333_333_248);
        assert_eq!(emission(2_000_000_000, 2), 1);
    }

    #[test]
    fn a_key_is_gone_up_to_a_millisecond_before_its_time() {
        // 7 a second from 0.9 ms on: TAT at 143.757 ms, but 0 + 142 ms of life.
        let mut limit = limiter(0, 7, 1);
        assert_eq!(reply(&mut limit, 900_000, 1).0, 0);
        assert_eq!(reply(&mut limit, 142_999_999, 1), (1, 0, 0, 0));
        assert_eq!(reply(&mut limit, 143_000_000, 1).0, 0);
    }

    #[test]
    fn above_a_thousand_a_second_a_burst_is_for_each_millisecond() {
        let mut limit = limiter(1, 4_000, 1);
        assert_eq!(reply(&mut limit, 0, 2), (0, 0, -1, 0));
        assert_eq!(reply(&mut limit, 249_999, 1), (1, 0, 0, 0));
        assert_eq!(reply(&mut limit, 250_000, 1), (0, 0, -1, 0));
        // Its time is in 0.5 ms, but the key does not live to the next millisecond.
        assert_eq!(reply(&mut limit, 1_000_000, 2), (0, 0, -1, 0));
    }

    #[test]
    fn what_is_left_is_divided_in_microseconds() {
        // 300 ns each: 0 us, and what is left over is infinite.
        let mut limit = limiter(10_000, 3_333_333, 1);
        assert_eq!(limit.ask(START, 1).1.remaining, Some(i64::MAX.unsigned_abs()));
        // 1 999 ns each are 1 us: it tells twice as many as there are.
        let mut limit = limiter(999, 500_001, 1);
        assert_eq!(limit.algorithm().emission, 1_999);
        assert_eq!(limit.ask(START, 0).1.remaining, Some(1_999));
    }

    #[test]
    fn a_count_or_period_of_nothing_is_refused() {
        for (rule, why) in [
            ("max-burst = 0\ncount-per-period = 0\nperiod = 1", "none at all"),
            ("max-burst = 0\ncount-per-period = 1\nperiod = 0", "none at all"),
            ("max-burst = 0\ncount-per-period = 1000000001\nperiod = 1", "less than a nanosecond"),
            ("max-burst = 4294967295\ncount-per-period = 1\nperiod = 60", "146 years"),
            ("max-burst = -1\ncount-per-period = 1\nperiod = 60", "invalid value"),
            ("max-burst = 1\ncount-per-period = 1\nperiod = '60s'", "invalid type"),
        ] {
            let error = Table::<RedisCell>::read(rule).unwrap_err();
            assert!(error.contains(why), "{rule}: {error}");
        }
    }

    #[test]
    fn another_burst_keeps_the_time_that_is_stored() {
        let mut limit = limiter(4, 1, 1);
        reply(&mut limit, 0, 5);
        limit.resize(3, Instant(START));
        assert_eq!(reply(&mut limit, 0, 1), (1, 0, 3, 5));
        assert_eq!(limit.algorithm().rule(), "redis-cell 1/s burst 2+1");
    }
}
