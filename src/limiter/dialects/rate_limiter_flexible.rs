//! rate-limiter-flexible's `RateLimiterMemory`: so many points in a window that
//! begins with a key's first use.
//!
//! Every cost counts, refused or not, also one of 0, which can open a window.
//! At the very millisecond where a window ends the next one begins. With a block
//! the cost that first goes above the points moves the end to `block-duration`
//! from now; those refused after it do not. `exec-evenly` spreads what is
//! admitted over what is left of the window.
//!
//! # Formula
//!
//! `consumed += cost`; refused iff `consumed > points`, and blocked iff it was
//! not before. Evenly, unless it opened the window: `delay = ceil(ms_left /
//! (remaining + 2))`, or `consumed * min-delay` if that is less than
//! `min-delay`. Wait and reset: `msBeforeNext`, after the block or delay.
//!
//! # Source
//!
//! rate-limiter-flexible 11.4.0: `lib/RateLimiterMemory.js`,
//! `lib/component/MemoryStorage`; recorded with fake timers. The stores in Redis
//! and others expire and round otherwise. `give_back` is its `reward`, held to
//! the window it is of: read in the source, not recorded.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{RateLimiterFlexible, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let rule = "points = 2\nduration = 1\nblock-duration = 10";
//! let mut limit = Table::<RateLimiterFlexible>::read(rule)?;
//! assert_eq!(limit.ask(0, 1).1.remaining, Some(1));
//! // Two do not fit: it is blocked for ten seconds from now.
//! let blocked = Verdict::Reject { wait: Span::seconds(10) };
//! assert_eq!(limit.ask(SECOND / 2, 2).0, blocked);
//! // That is not made longer.
//! assert_eq!(limit.ask(10 * SECOND, 1).0, Verdict::Reject { wait: Span::millis(500) });
//! assert_eq!(limit.ask(10 * SECOND + SECOND / 2, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// What a `RateLimiterMemory` is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RateLimiterFlexible {
    points: u64,
    duration: Seconds,
    #[serde(default)]
    block_duration: Seconds,
    #[serde(default)]
    exec_evenly: bool,
    #[serde(default)]
    exec_evenly_min_delay_ms: Option<u64>,
}

/// A number of seconds, kept in whole milliseconds.
#[derive(Clone, Copy, PartialEq, Default, Debug, Deserialize)]
#[serde(try_from = "f64")]
struct Seconds(u64);

impl TryFrom<f64> for Seconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, String> {
        // Node's timers hold no more; above that the store forgets a key at once.
        const LONGEST: f64 = 2_147_483.0;
        let millis = seconds * 1000.0;
        if !(0.0..=LONGEST).contains(&seconds) || libm::trunc(millis) < millis {
            return Err(format!(
                "the library keeps no time of {seconds} s: write seconds, whole in milliseconds, \
                 from 0 to {LONGEST}"
            ));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // whole, and just checked
        Ok(Seconds(millis as u64))
    }
}

/// What the storage has of a key.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    consumed: u64,
    /// When the window or the block ends, in milliseconds; never with a duration of 0.
    expires: u64,
}

/// A record that does not expire.
const NEVER: u64 = u64::MAX;

impl Record {
    /// What the library calls `msBeforeNext`; `None` where it is -1.
    fn millis_left(&self, now: Instant) -> Option<u64> {
        (self.expires != NEVER).then(|| self.expires.saturating_sub(now.epoch_millis()))
    }
}

impl RateLimiterFlexible {
    /// The record after a request, and whether it opened the window.
    fn consumed(&self, state: Option<Record>, now: Instant, cost: u32) -> (Record, bool) {
        let live = state.filter(|record| record.expires > now.epoch_millis());
        let mut record = live.unwrap_or(Record { consumed: 0, expires: NEVER });
        if live.is_none() && self.duration.0 > 0 {
            record.expires = now.epoch_millis().saturating_add(self.duration.0);
        }
        let overflows = record.consumed <= self.points;
        record.consumed = record.consumed.saturating_add(u64::from(cost));
        if record.consumed > self.points && overflows && self.block_duration.0 > 0 {
            record.expires = now.epoch_millis().saturating_add(self.block_duration.0);
        }
        (record, live.is_none())
    }

    fn left(&self, record: &Record) -> u64 {
        self.points.saturating_sub(record.consumed)
    }

    /// How long what is admitted is held back, in milliseconds.
    fn delay(&self, record: &Record, now: Instant) -> u64 {
        let Some(left @ 1..) = record.millis_left(now) else { return 0 };
        if !self.exec_evenly || self.points == 0 {
            return 0;
        }
        let least = match self.exec_evenly_min_delay_ms {
            Some(millis) => millis,
            None => self.duration.0.div_ceil(self.points),
        };
        let even = left.div_ceil(self.left(record) + 2);
        if even < least { record.consumed.saturating_mul(least) } else { even }
    }

    fn rate(&self) -> Rate {
        Rate { count: self.points, period: Span::millis(self.duration.0) }
    }
}

impl Algorithm for RateLimiterFlexible {
    type State = Option<Record>;

    const CARD: Card = Card {
        implementation: Some("rate-limiter-flexible 11.4.0 RateLimiterMemory"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("points", "how many in a window"),
            ("duration", "how long it is, in seconds: 1; without end if 0"),
            ("block-duration", "how long a key is blocked that goes above, in seconds [0]"),
            ("exec-evenly", "whether what is admitted is spread over the window [false]"),
            ("exec-evenly-min-delay-ms", "by at least so much [duration / points]"),
        ],
        example: "rate-limiter-flexible = { points = 6, duration = 1, block-duration = 60 }",
        peculiar: "the window begins with a key's first use; what is refused counts in full",
    };

    const DELAYS: bool = true;

    fn fresh(&self, _created: Instant) -> Option<Record> {
        None
    }

    fn test(&self, state: &Option<Record>, now: Instant, cost: u32) -> Verdict {
        let (record, first) = self.consumed(*state, now, cost);
        if record.consumed > self.points {
            let wait = record.millis_left(now).map_or(Span::NEVER, Span::millis);
            Verdict::Reject { wait }
        } else if first {
            Verdict::Admit
        } else {
            Verdict::after(Span::millis(self.delay(&record, now)))
        }
    }

    fn admit(&self, state: &mut Option<Record>, now: Instant, cost: u32) -> Mark {
        let record = self.consumed(*state, now, cost).0;
        *state = Some(record);
        Mark(record.expires)
    }

    fn refuse(&self, state: &mut Option<Record>, now: Instant, cost: u32) {
        *state = Some(self.consumed(*state, now, cost).0);
    }

    fn view(&self, state: &Option<Record>, asked: &Asked) -> View {
        let left = state.map_or(self.points, |record| self.left(&record));
        let reset = state.and_then(|record| record.millis_left(asked.now)).map(Span::millis);
        let delay = match asked.verdict {
            Verdict::Delay(delay) => delay.0,
            _ => 0,
        };
        View {
            limit: self.points,
            remaining: Some(left),
            reset: reset.map(|reset| Span(reset.0.saturating_sub(delay))),
        }
    }

    fn give_back(&self, state: &mut Option<Record>, now: Instant, cost: u32, mark: Mark) -> bool {
        let stands =
            |record: &&mut Record| record.expires == mark.0 && record.expires > now.epoch_millis();
        match state.as_mut().filter(stands) {
            Some(record) => {
                record.consumed = record.consumed.saturating_sub(u64::from(cost));
                true
            }
            None => false,
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(RateLimiterFlexible { points: quota, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        let per_second = match self.duration.0 {
            0 => 0.0,
            _ => self.rate().per_second(),
        };
        Capacity { per_second, at_once: self.points }
    }

    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let passed = start.after(span).epoch_millis() - start.epoch_millis();
        let windows = passed.checked_div(self.duration.0).unwrap_or(0) + 1;
        windows.saturating_mul(self.points)
    }

    fn rule(&self) -> String {
        format!("rate-limiter-flexible {}", self.pace())
    }

    fn pace(&self) -> String {
        match self.duration.0 {
            0 => format!("{} in all", self.points),
            _ => self.rate().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;

    const MS: u64 = 1_000_000;

    fn limiter(rule: &str) -> Table<RateLimiterFlexible> {
        Table::read(rule).unwrap()
    }

    /// Success, remaining, and `msBeforeNext`; -1 where there is no end.
    fn consume(
        limit: &mut Table<RateLimiterFlexible>,
        at: u64,
        cost: u32,
    ) -> (bool, Option<u64>, i64) {
        let (verdict, view) = limit.ask(at, cost);
        let millis = view.reset.map_or(-1, |reset| i64::try_from(reset.0 / MS).unwrap());
        if let Verdict::Reject { wait } = verdict {
            assert_eq!(wait, view.reset.unwrap_or(Span::NEVER));
        }
        (!verdict.is_reject(), view.remaining, millis)
    }

    #[test]
    fn a_window_begins_with_a_use_and_ends_at_its_millisecond() {
        let mut limit = limiter("points = 3\nduration = 2");
        assert_eq!(consume(&mut limit, 500_999_999, 2), (true, Some(1), 2_000));
        // Refusals count in full, so that the one that is left is gone.
        assert_eq!(consume(&mut limit, 600 * MS, 2), (false, Some(0), 1_900));
        assert_eq!(consume(&mut limit, 2_499_999_999, 1), (false, Some(0), 1));
        assert_eq!(consume(&mut limit, 2_500 * MS, 3), (true, Some(0), 2_000));
        assert_eq!(consume(&mut limit, 4_500 * MS, 4), (false, Some(0), 2_000));
    }

    #[test]
    fn a_cost_of_zero_opens_a_window_and_is_refused_above_the_points() {
        let mut limit = limiter("points = 1\nduration = 2");
        assert_eq!(consume(&mut limit, 0, 0), (true, Some(1), 2_000));
        assert_eq!(consume(&mut limit, 1_500 * MS, 1), (true, Some(0), 500));
        assert_eq!(consume(&mut limit, 1_500 * MS, 0), (true, Some(0), 500));
        assert_eq!(consume(&mut limit, 1_500 * MS, 1), (false, Some(0), 500));
        assert_eq!(consume(&mut limit, 1_500 * MS, 0), (false, Some(0), 500));
    }

    #[test]
    fn only_the_first_overflow_blocks_also_when_the_block_is_shorter() {
        let mut limit = limiter("points = 2\nduration = 10\nblock-duration = 0.75");
        consume(&mut limit, 0, 2);
        assert_eq!(consume(&mut limit, MS, 1), (false, Some(0), 750));
        assert_eq!(consume(&mut limit, 11 * MS, 1), (false, Some(0), 740));
        assert_eq!(consume(&mut limit, 751 * MS, 1), (true, Some(1), 10_000));
        // A first use that does not fit blocks as well.
        let mut limit = limiter("points = 2\nduration = 1\nblock-duration = 9");
        assert_eq!(consume(&mut limit, 0, 3), (false, Some(0), 9_000));
        assert_eq!(consume(&mut limit, 0, 0), (false, Some(0), 9_000));
    }

    #[test]
    fn without_a_duration_there_is_no_end_but_that_of_a_block() {
        let mut limit = limiter("points = 1\nduration = 0\nblock-duration = 1");
        assert_eq!(consume(&mut limit, 5, 1), (true, Some(0), -1));
        assert_eq!(consume(&mut limit, 5, 1), (false, Some(0), 1_000));
        assert_eq!(consume(&mut limit, 1_000 * MS, 1), (true, Some(0), -1));
        let mut limit = limiter("points = 1\nduration = 0");
        consume(&mut limit, 0, 1);
        assert_eq!(consume(&mut limit, u64::MAX, 1), (false, Some(0), -1));
        assert_eq!(limit.algorithm().pace(), "1 in all");
    }

    #[test]
    fn evenly_it_holds_back_all_but_the_first() {
        let mut limit = limiter("points = 4\nduration = 2\nexec-evenly = true");
        assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
        // 2000 / (2 + 2) is as long as the least, 2000 / 4.
        assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span::millis(500)));
        // 1999 / (1 + 2) is 667; what it tells is what is left by then.
        let (verdict, view) = limit.ask(MS, 1);
        assert_eq!(verdict, Verdict::Delay(Span::millis(667)));
        assert_eq!(view.reset, Some(Span::millis(1_332)));
        // 400 / (0 + 2) is less than the least: four times that.
        assert_eq!(limit.ask(1_600 * MS, 1).0, Verdict::Delay(Span::millis(2_000)));
        assert_eq!(limit.ask(1_600 * MS, 1).0, Verdict::Reject { wait: Span::millis(400) });
        let rule = "points = 4\nduration = 2\nexec-evenly = true\nexec-evenly-min-delay-ms = 7";
        let mut limit = limiter(rule);
        limit.ask(0, 3);
        assert_eq!(limit.ask(1_990 * MS, 0).0, Verdict::Delay(Span::millis(21)));
    }

    #[test]
    fn a_reward_stands_in_its_window() {
        let mut limit = limiter("points = 2\nduration = 1");
        let mark = limit.admit(0, Instant(0), 2);
        assert!(limit.give_back(0, Instant(0), 1, mark));
        assert_eq!(consume(&mut limit, 0, 1), (true, Some(0), 1_000));
        assert!(!limit.give_back(0, Instant(1_000 * MS), 1, mark));
        consume(&mut limit, 1_000 * MS, 1);
        assert!(!limit.give_back(0, Instant(1_000 * MS), 1, mark));
        assert_eq!(consume(&mut limit, 1_000 * MS, 0), (true, Some(1), 1_000));
    }

    #[test]
    fn what_it_admits_at_the_best_moments_is_known() {
        let limit = limiter("points = 3\nduration = 2");
        let within = |ms| limit.admits_within(Instant(900_000), Span(ms * MS + 99_999));
        assert_eq!((within(1_999), within(2_000)), (3, 6));
        assert_eq!(limit.algorithm().rule(), "rate-limiter-flexible 3/2s");
    }

    #[test]
    fn times_that_the_library_cannot_keep_are_refused() {
        for (parameters, why) in [
            ("points = 1\nduration = -1", "from 0 to"),
            ("points = 1\nduration = 2147484", "from 0 to 2147483"),
            ("points = 1\nduration = nan", "from 0 to"),
            ("points = 1\nduration = 0.0001", "whole in milliseconds"),
            ("points = 1\nduration = '1s'", "invalid type"),
            ("points = 1\nduration = 1\nblock = 1", "unknown field"),
        ] {
            let error = Table::<RateLimiterFlexible>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
