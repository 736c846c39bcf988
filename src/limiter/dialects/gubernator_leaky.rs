//! Gubernator's leaky bucket.
//!
//! A token bucket in a float, of which the whole tokens count. What has leaked
//! since the last time is added only once it is a whole token, fraction and
//! all, by refused hits too; asking for exactly the whole tokens that are left
//! throws their fraction away. A bucket that no hit comes to for longer than a
//! duration is forgotten, and full again.
//!
//! # Formula
//!
//! In whole milliseconds, `rate = duration / limit` in float64:
//! `leak = (now - updated) / rate; if int(leak) > 0 { left += leak; updated =
//! now }; if int(left) > burst { left = burst }`; refused iff `hits > int(left)`;
//! then `left = 0` where `int(left) == hits`, else `left -= hits`. Reset is
//! `now + (limit - int(left)) * int(rate)`, an epoch in milliseconds.
//!
//! # Source
//!
//! gubernator 2.19.1 (git 3182244), `algorithms.go` (`leakyBucket`), `cache.go`
//! (`IsExpired`). Read in the source, not recorded. Not here: behaviours
//! `DURATION_IS_GREGORIAN` and `RESET_REMAINING`, negative hits, a persistent
//! store, and what peers do with each other. It tells no retry-after. Where the
//! burst is above the limit its reset may be past; here that is zero.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{GubernatorLeaky, Table, Verdict};
//!
//! let mut limit = Table::<GubernatorLeaky>::read("limit = 10\nduration = '1s'")?;
//! assert_eq!(limit.ask(0, 10).0, Verdict::Admit);
//! // A token leaks every 100 ms. After 199 ms there are 1.99: one is taken, and
//! // because it is all the whole ones, the rest is gone too.
//! assert_eq!(limit.ask(199_000_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(298_000_000, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(299_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::whole_millis::WholeMillis;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate};

/// So many hits leak out in a duration, and a burst of them fits in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GubernatorLeaky {
    limit: NonZeroU64,
    duration: WholeMillis,
    /// 0 is the limit, as there.
    #[serde(default)]
    burst: u64,
    #[serde(default)]
    drain_over_limit: bool,
}

/// One key's bucket; none before its first hit, or when it is forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    bucket: Option<Bucket>,
}

/// In milliseconds of the clock, with the burst of the last hit.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    remaining: f64,
    burst: u64,
    updated: u64,
    expires: u64,
    /// What the last hit drained by asking for more: its answer's reset ignores that.
    drained: u64,
}

impl GubernatorLeaky {
    fn burst(&self) -> u64 {
        if self.burst == 0 { self.limit.get() } else { self.burst }
    }

    /// Milliseconds for a token.
    fn rate(&self) -> f64 {
        self.duration.count() as f64 / self.limit.get() as f64
    }

    /// The bucket after what has leaked by now, and whether it was there before.
    fn leaked(&self, state: &Item, now: u64) -> (Bucket, bool) {
        let burst = self.burst();
        let Some(mut bucket) = state.bucket.filter(|bucket| bucket.expires >= now) else {
            let expires = now + self.duration.count();
            let remaining = burst as f64;
            return (Bucket { remaining, burst, updated: now, expires, drained: 0 }, false);
        };
        if bucket.burst != burst {
            // A burst above what is left fills the bucket, wherever it came from.
            if burst > whole(bucket.remaining) {
                bucket.remaining = burst as f64;
            }
            bucket.burst = burst;
        }
        let leak = now.saturating_sub(bucket.updated) as f64 / self.rate();
        if whole(leak) > 0 {
            bucket.remaining += leak;
            bucket.updated = now;
        }
        if whole(bucket.remaining) > burst {
            bucket.remaining = burst as f64;
        }
        (bucket, true)
    }

    fn hit(&self, state: &mut Item, now: Instant, cost: u32) {
        let (now, cost) = (now.epoch_millis(), u64::from(cost));
        let (mut bucket, stood) = self.leaked(state, now);
        let left = whole(bucket.remaining);
        if stood && cost > 0 {
            bucket.expires = now + self.duration.count();
        }
        bucket.drained = if stood && left < cost && self.drain_over_limit { left } else { 0 };
        if left > cost {
            bucket.remaining -= cost as f64;
        } else if left == cost || !stood || self.drain_over_limit {
            // Over-asking drains always where it is the first hit.
            bucket.remaining = 0.0;
        }
        state.bucket = Some(bucket);
    }
}

/// Go's `int64`: towards zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // of what is never negative
fn whole(number: f64) -> u64 {
    number as u64
}

impl Algorithm for GubernatorLeaky {
    type State = Item;

    const CARD: Card = Card {
        implementation: Some("gubernator 2.19.1, LEAKY_BUCKET"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("limit", "how many hits leak out in a duration"),
            ("duration", "how long it is, in whole milliseconds: \"1s\""),
            ("burst", "how many fit in [the limit]"),
            ("drain-over-limit", "whether asking for more than is left takes what is left [false]"),
        ],
        example: "gubernator-leaky = { limit = 100, duration = \"10s\" }",
        peculiar: "nothing leaks until a whole hit would; taking the last whole hit drops the fraction",
    };

    fn fresh(&self, _created: Instant) -> Item {
        Item { bucket: None }
    }

    fn test(&self, state: &Item, now: Instant, cost: u32) -> Verdict {
        let (bucket, _) = self.leaked(state, now.epoch_millis());
        if u64::from(cost) > whole(bucket.remaining) { Verdict::NEVER } else { Verdict::Admit }
    }

    fn admit(&self, state: &mut Item, now: Instant, cost: u32) -> Mark {
        self.hit(state, now, cost);
        Mark::NONE
    }

    fn refuse(&self, state: &mut Item, now: Instant, cost: u32) {
        self.hit(state, now, cost);
    }

    fn view(&self, state: &Item, asked: &Asked) -> View {
        let now = asked.now.epoch_millis();
        let (bucket, _) = self.leaked(state, now);
        let remaining = whole(bucket.remaining);
        let missing = self.limit.get().saturating_sub(remaining.max(bucket.drained));
        let reset = now.saturating_add(missing.saturating_mul(whole(self.rate())));
        View {
            limit: self.limit.get(),
            remaining: Some(remaining),
            reset: Some(Instant(reset.saturating_mul(1_000_000)).since(asked.now)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(GubernatorLeaky { limit: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: 1e3 / self.rate(), at_once: self.burst() }
    }

    fn rule(&self) -> String {
        format!("gubernator-leaky {} burst {}", self.pace(), self.burst())
    }

    fn pace(&self) -> String {
        Rate { count: self.limit.get(), period: self.duration.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::{SECOND, Span};

    const MS: u64 = 1_000_000;

    fn bucket(parameters: &str) -> Table<GubernatorLeaky> {
        Table::read(parameters).unwrap()
    }

    fn told(view: View) -> (u64, u64) {
        (view.remaining.unwrap(), view.reset.unwrap().0 / MS)
    }

    #[test]
    fn nothing_leaks_until_a_whole_hit_would() {
        let mut limit = bucket("limit = 10\nduration = '1s'");
        assert_eq!(told(limit.ask(0, 9).1), (1, 900));
        // 99 ms are 0.99: not added, and not forgotten either.
        assert_eq!(limit.ask(99 * MS, 2).0, Verdict::NEVER);
        assert_eq!(limit.ask(100 * MS, 2).0, Verdict::Admit);
        assert_eq!(limit.ask(200 * MS - 1, 1).0, Verdict::NEVER);
        assert_eq!(told(limit.ask(200 * MS, 0).1), (1, 900));
    }

    #[test]
    fn a_refusal_writes_what_leaked() {
        let mut limit = bucket("limit = 10\nduration = '1s'");
        limit.ask(0, 9);
        // 2.5 at 150 ms. Had nobody asked then, there would be 3 at 200 ms.
        assert_eq!(limit.ask(150 * MS, 3).0, Verdict::NEVER);
        assert_eq!(limit.ask(200 * MS, 3).0, Verdict::NEVER);
        assert_eq!(told(limit.ask(250 * MS, 3).1), (0, 1_000));
    }

    #[test]
    fn taking_all_whole_hits_drops_the_fraction() {
        let mut limit = bucket("limit = 10\nduration = '1s'");
        limit.ask(0, 9);
        // 2.5 less 1 is 1.5, but that less 1 is 0.
        limit.ask(150 * MS, 1);
        limit.ask(150 * MS, 1);
        assert_eq!(limit.ask(300 * MS, 2).0, Verdict::NEVER);
        assert_eq!(limit.ask(300 * MS, 1).0, Verdict::Admit);
    }

    /// 4.5 are not cut to a burst of 4, because as a whole number they are 4.
    #[test]
    fn a_fraction_above_the_burst_stays() {
        let mut limit = bucket("limit = 10\nduration = '1s'\nburst = 4");
        limit.ask(0, 1);
        assert_eq!(told(limit.ask(150 * MS, 3).1), (1, 900));
        assert_eq!(limit.ask(300 * MS, 3).0, Verdict::Admit);
    }

    #[test]
    fn a_first_hit_above_the_burst_empties_the_bucket() {
        let mut limit = bucket("limit = 10\nduration = '1s'\nburst = 4");
        let (verdict, view) = limit.ask(0, 5);
        assert_eq!((verdict, told(view)), (Verdict::NEVER, (0, 1_000)));
        assert_eq!(limit.ask(0, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(100 * MS, 1).0, Verdict::Admit);
        // Later ones are free.
        assert_eq!(told(limit.ask(400 * MS, 5).1), (3, 700));
    }

    #[test]
    fn over_asking_may_drain() {
        let mut limit = bucket("limit = 10\nduration = '1s'\ndrain-over-limit = true");
        limit.ask(0, 5);
        // That answer's reset is still of the five; the next one knows.
        assert_eq!(told(limit.ask(0, 6).1), (0, 500));
        assert_eq!(told(limit.ask(0, 1).1), (0, 1_000));
    }

    #[test]
    fn a_bucket_is_forgotten_when_no_hit_comes_for_a_duration() {
        let mut limit = bucket("limit = 1\nduration = '1s'\nburst = 100");
        limit.ask(0, 100);
        // One has leaked by the end; a millisecond later all hundred are there.
        assert_eq!(told(limit.ask(SECOND, 0).1), (1, 0));
        assert_eq!(told(limit.ask(SECOND + MS, 0).1), (100, 0));
    }

    #[test]
    fn another_burst_above_what_is_left_fills_the_bucket() {
        let mut limit = bucket("limit = 10\nduration = '1s'\nburst = 4");
        limit.ask(0, 4);
        let other = bucket("limit = 10\nduration = '1s'\nburst = 5").algorithm().clone();
        limit.replace(other, Instant(0));
        assert_eq!(told(limit.ask(0, 0).1), (5, 500));
    }

    #[test]
    fn a_rate_is_whole_milliseconds_in_the_reset_only() {
        let mut limit = bucket("limit = 3\nduration = '1s'");
        assert_eq!(told(limit.ask(0, 3).1), (0, 999));
        assert_eq!(limit.ask(333 * MS, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(334 * MS, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(334 * MS, 0).1.reset, Some(Span::millis(999)));
        let error = Table::<GubernatorLeaky>::read("limit = 1\nduration = '1us'").unwrap_err();
        assert!(error.contains("whole milliseconds: write a time like \"1ms\""), "{error}");
    }
}
