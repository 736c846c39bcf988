//! Bucket4j: buckets in whole tokens, one or several at once, all or nothing.
//!
//! A greedy bandwidth brings tokens back one by one and remembers the part of a
//! token that is left over; an interval one brings all of them at the end of a
//! period. The wait that it tells is cut off to whole nanoseconds: after it a
//! request can still be one nanosecond too early, and is told to wait 0. A
//! refusal writes nothing, not even the refill, but makes the bucket.
//!
//! # Formula
//!
//! Greedy, over `d` nanoseconds less its whole periods, which bring whole
//! refills: `size += (tokens * d + error) / period`, `error = (tokens * d +
//! error) mod period`; a full bucket forgets the error. Wait: `(period * missing -
//! error) / tokens`. With intervals only whole periods count, from the bucket's
//! first use or from `time-of-first-refill`. All in int64; what does not fit
//! is computed in doubles. Several: remaining is the least, the wait the most.
//!
//! # Source
//!
//! Bucket4j (commit 731354a7, 2026-05-21): `BucketState64BitsInteger`,
//! `LockFreeBucket`'s `tryConsumeAndReturnRemaining`. Greedy and interval ones
//! are recorded; several at once, the aligned and the adaptive ones were only
//! compared with the running library. Nanoseconds are what the bucket is given:
//! its own default clock shows whole milliseconds. It takes no cost of 0: here
//! that passes and changes nothing. A wait for more than the capacity is the
//! largest int64.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Bucket4j, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<Bucket4j>::read(
//!     "bandwidths = [{ capacity = 1, refill-greedy = { tokens = 7, period = '3s' } }]",
//! )?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! // A seventh of 3 s is 428,571,428 4/7 ns, and the 4/7 are cut off.
//! assert_eq!(limit.ask(0, 1).0, Verdict::Reject { wait: Span(428_571_428) });
//! assert_eq!(limit.ask(428_571_428, 1).0, Verdict::Reject { wait: Span(0) });
//! assert_eq!(limit.ask(428_571_429, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use super::bucket4j_bandwidth::{Bandwidth, INFINITY_DURATION, Level};
use crate::time::{Instant, Rate, Span};

/// So many bandwidths a bucket has at most.
const MOST: usize = 8;

/// One or several bandwidths.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct Bucket4j {
    bandwidths: Vec<Bandwidth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    bandwidths: Vec<Bandwidth>,
}

impl TryFrom<Parameters> for Bucket4j {
    type Error = String;

    fn try_from(Parameters { bandwidths }: Parameters) -> Result<Self, String> {
        match bandwidths.len() {
            1..=MOST => Ok(Bucket4j { bandwidths }),
            0 => Err("there is no bandwidth: write bandwidths = [{ capacity = 10, refill-greedy \
                      = { tokens = 10, period = \"1s\" } }]"
                .to_owned()),
            count => Err(format!("there are {count} bandwidths: write at most {MOST}")),
        }
    }
}

fn clock(now: Instant) -> i64 {
    i64::try_from(now.0).unwrap_or(i64::MAX)
}

/// One key's bucket; none until its first use.
#[derive(Clone, Copy, Default, Debug)]
pub struct Bucket(Option<[Level; MOST]>);

impl Bucket4j {
    /// The bucket as it is now, refilled; made if there is none.
    fn levels(&self, bucket: &Bucket, now: i64) -> [Level; MOST] {
        let mut levels = bucket.0.unwrap_or_else(|| self.made_at(now));
        for (bandwidth, level) in self.bandwidths.iter().zip(&mut levels) {
            bandwidth.refill(level, now);
        }
        levels
    }

    fn made_at(&self, now: i64) -> [Level; MOST] {
        let mut levels = [Level::default(); MOST];
        for (bandwidth, level) in self.bandwidths.iter().zip(&mut levels) {
            *level = bandwidth.made_at(now);
        }
        levels
    }

    /// The least that any bandwidth has.
    fn available(&self, levels: &[Level; MOST]) -> i64 {
        let sizes = self.bandwidths.iter().zip(levels).map(|(_, level)| level.size);
        sizes.min().unwrap_or(0)
    }

    /// The longest that any bandwidth takes; `missing` says how many it lacks.
    fn longest(
        &self,
        levels: &[Level; MOST],
        now: i64,
        missing: impl Fn(&Bandwidth, &Level) -> Option<i64>,
    ) -> Span {
        let waits = self.bandwidths.iter().zip(levels).map(|(bandwidth, level)| {
            missing(bandwidth, level)
                .map_or(INFINITY_DURATION, |missing| bandwidth.wait_for(level, missing, now))
        });
        Span(u64::try_from(waits.max().unwrap_or(0)).unwrap_or(0))
    }
}

impl Algorithm for Bucket4j {
    type State = Bucket;

    const CARD: Card = Card {
        implementation: Some("Bucket4j (commit 731354a7)"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("bandwidths", "a list of one or several, each a capacity and one refill"),
            (".capacity", "the most tokens"),
            (".initial-tokens", "how many at the first use [the capacity]"),
            (".refill-greedy", "{ tokens = 7, period = \"3s\" }: one by one"),
            (".refill-intervally", "{ tokens, period }: all at each period's end"),
            (".refill-intervally-aligned", "with time-of-first-refill = \"2026-01-05T09:00:00Z\""),
            (
                ".refill-intervally-aligned-with-adaptive-initial-tokens",
                "the same; it begins with the part that is left of the period",
            ),
        ],
        example: "bucket4j = { bandwidths = [{ capacity = 10, refill-greedy = { tokens = 7, period = \"3s\" } }] }",
        peculiar: "the told wait is cut off: one nanosecond too early it says 0",
    };

    fn fresh(&self, _created: Instant) -> Bucket {
        Bucket(None)
    }

    fn test(&self, state: &Bucket, now: Instant, cost: u32) -> Verdict {
        let (now, cost) = (clock(now), i64::from(cost));
        let levels = self.levels(state, now);
        if cost <= self.available(&levels) {
            return Verdict::Admit;
        }
        let wait = self.longest(&levels, now, |bandwidth, level| {
            (cost <= bandwidth.capacity).then_some(cost)?.checked_sub(level.size)
        });
        Verdict::Reject { wait }
    }

    fn admit(&self, state: &mut Bucket, now: Instant, cost: u32) -> Mark {
        if cost > 0 {
            let mut levels = self.levels(state, clock(now));
            for level in &mut levels[..self.bandwidths.len()] {
                level.size = level.size.wrapping_sub(i64::from(cost));
            }
            state.0 = Some(levels);
        }
        Mark::NONE
    }

    fn refuse(&self, state: &mut Bucket, now: Instant, _cost: u32) {
        state.0.get_or_insert_with(|| self.made_at(clock(now)));
    }

    fn view(&self, state: &Bucket, asked: &Asked) -> View {
        let now = clock(asked.now);
        let levels = self.levels(state, now);
        let full =
            |bandwidth: &Bandwidth, level: &Level| bandwidth.capacity.checked_sub(level.size);
        View {
            limit: self.capacity().at_once,
            remaining: Some(u64::try_from(self.available(&levels)).unwrap_or(0)),
            reset: Some(self.longest(&levels, now, full)),
        }
    }

    /// The capacity of the only bandwidth.
    fn resized(&self, quota: u64) -> Option<Self> {
        let [only] = self.bandwidths.as_slice() else { return None };
        let capacity = i64::try_from(quota).ok().filter(|capacity| *capacity > 0)?;
        Some(Bucket4j { bandwidths: vec![only.with_capacity(capacity)] })
    }

    /// `replaceConfiguration` with `AS_IS`. Of several bandwidths without
    /// identifiers it cannot tell which is which, and begins anew.
    fn carry(&self, state: &mut Bucket, old: &Self, now: Instant) {
        if state.0.is_none() {
            return;
        }
        let now = clock(now);
        let mut levels = self.made_at(now);
        if let ([new], [only]) = (self.bandwidths.as_slice(), old.bandwidths.as_slice()) {
            levels[0] = new.inherit(only, old.levels(state, now)[0]);
        }
        state.0 = Some(levels);
    }

    fn capacity(&self) -> Capacity {
        let rates = self.bandwidths.iter().map(|b| b.tokens as f64 * 1e9 / b.period as f64);
        let capacity = self.bandwidths.iter().map(|b| b.capacity).min().unwrap_or(0);
        Capacity {
            per_second: rates.fold(f64::INFINITY, f64::min),
            at_once: capacity.unsigned_abs(),
        }
    }

    fn rule(&self) -> String {
        let capacities: Vec<_> = self.bandwidths.iter().map(|b| b.capacity.to_string()).collect();
        format!("bucket4j {} capacity {}", self.pace(), capacities.join(" and "))
    }

    fn pace(&self) -> String {
        let rates: Vec<_> = self
            .bandwidths
            .iter()
            .map(|b| {
                let period = Span(b.period.unsigned_abs());
                Rate { count: b.tokens.unsigned_abs(), period }.to_string()
            })
            .collect();
        rates.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn bucket(bandwidths: &str) -> Table<Bucket4j> {
        Table::read(&format!("bandwidths = [{bandwidths}]")).unwrap()
    }

    fn wait(ns: u64) -> Verdict {
        Verdict::Reject { wait: Span(ns) }
    }

    const NEVER: Verdict = Verdict::Reject { wait: Span(9_223_372_036_854_775_807) };

    #[test]
    fn a_greedy_one_keeps_the_part_of_a_token() {
        let mut bucket = bucket("{ capacity = 3, refill-greedy = { tokens = 7, period = '3s' } }");
        bucket.ask(0, 3);
        // The tokens come at 3/7, 6/7 and 9/7 of a second, each a whole nanosecond up.
        for due in [428_571_429, 857_142_858, 1_285_714_286] {
            assert_eq!(bucket.ask(due - 1, 1).0, wait(0));
            assert_eq!(bucket.ask(due, 1).0, Verdict::Admit);
        }
    }

    #[test]
    fn intervals_begin_at_the_first_use_also_where_that_is_refused() {
        let mut bucket =
            bucket("{ capacity = 5, refill-intervally = { tokens = 2, period = '1s' } }");
        let (verdict, view) = bucket.ask(300, 6);
        assert_eq!((verdict, view.remaining), (NEVER, Some(5)));
        bucket.ask(SECOND, 5);
        assert_eq!(bucket.ask(SECOND + 299, 1).0, wait(1));
        // Three come with the second period, five with the third.
        assert_eq!(bucket.ask(SECOND + 299, 2).0, wait(1));
        assert_eq!(bucket.ask(SECOND + 299, 3).0, wait(SECOND + 1));
        assert_eq!(bucket.ask(SECOND + 299, 4).0, wait(SECOND + 1));
        assert_eq!(bucket.ask(SECOND + 299, 5).0, wait(2 * SECOND + 1));
        let (verdict, view) = bucket.ask(SECOND + 300, 1);
        assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(1)));
        assert_eq!(view.reset, Some(Span::seconds(2)));
    }

    #[test]
    fn several_are_all_or_nothing() {
        let mut bucket = bucket(
            "{ capacity = 3, refill-greedy = { tokens = 3, period = '1s' } },
             { capacity = 4, refill-intervally = { tokens = 4, period = '1min' } }",
        );
        let (_, view) = bucket.ask(0, 3);
        assert_eq!((view.remaining, view.limit), (Some(0), 3));
        assert_eq!(view.reset, Some(Span::seconds(60)));
        // The first lacks two thirds of a second, the second a minute.
        assert_eq!(bucket.ask(0, 1).0, wait(333_333_333));
        assert_eq!(bucket.ask(0, 2).0, wait(60 * SECOND));
        assert_eq!(bucket.ask(0, 4).0, NEVER);
        let (verdict, view) = bucket.ask(SECOND, 1);
        assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(0)));
    }

    #[test]
    fn a_cost_of_zero_does_not_even_make_the_bucket() {
        let mut bucket =
            bucket("{ capacity = 1, refill-intervally = { tokens = 1, period = '1s' } }");
        assert_eq!(bucket.ask(0, 0).0, Verdict::Admit);
        bucket.ask(SECOND / 2, 1);
        assert_eq!(bucket.ask(SECOND, 0).0, Verdict::Admit);
        assert_eq!(bucket.ask(SECOND, 1).0, wait(SECOND / 2));
    }

    #[test]
    fn a_refusal_does_not_refill() {
        let mut bucket = bucket(
            "{ capacity = 4000000000, refill-greedy = { tokens = 3999999999, period = '4s' } }",
        );
        bucket.ask(0, 4_000_000_000);
        // From 0 to 3 s is too much for int64, and doubles keep no part of a
        // token; from 0 to 1 s, and from there, one would be kept.
        assert!(bucket.ask(SECOND, 4_000_000_000).0.is_reject());
        assert_eq!(bucket.ask(3 * SECOND, 2_999_999_999).0, Verdict::Admit);
        assert_eq!(bucket.ask(3 * SECOND + 1, 1).0, wait(0));
    }

    #[test]
    fn another_configuration_keeps_the_tokens_of_one_bandwidth() {
        let one = "{ capacity = 9, refill-greedy = { tokens = 2, period = '3ns' } }";
        let mut table = bucket(one);
        table.ask(0, 9);
        // At 1 ns there are 2/3 of a token; of 7 ns the ratio is cut off to 2.
        let other = bucket("{ capacity = 9, refill-greedy = { tokens = 2, period = '7ns' } }");
        table.replace(other.algorithm().clone(), Instant(1));
        assert_eq!(table.ask(2, 1).0, wait(0));
        assert_eq!(table.ask(3, 1).0, Verdict::Admit);
        // At 11 ns there are two tokens and 3/7, which a full bucket forgets.
        table.resize(2, Instant(11));
        assert_eq!(table.algorithm().rule(), "bucket4j 2/7ns capacity 2");
        assert_eq!(table.ask(11, 2).0, Verdict::Admit);
        assert_eq!(table.ask(11, 1).0, wait(3));
        // Of two bandwidths it cannot tell which is which.
        table.replace(bucket(&format!("{one}, {one}")).algorithm().clone(), Instant(11));
        assert_eq!(table.ask(11, 9).0, Verdict::Admit);
        // A bucket that was never used is still made at its first use.
        let minutely =
            bucket("{ capacity = 9, refill-intervally = { tokens = 9, period = '1min' } }");
        let mut unused = bucket(one);
        unused.replace(minutely.algorithm().clone(), Instant(0));
        unused.ask(SECOND, 9);
        assert_eq!(unused.ask(SECOND, 1).0, wait(60 * SECOND));
    }
}
