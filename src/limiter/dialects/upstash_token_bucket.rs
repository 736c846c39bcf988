//! `@upstash/ratelimit`, `Ratelimit.tokenBucket`: tokens that come back in steps, in Redis.
//!
//! Steps are counted from the key's first use. The key goes when its bucket is
//! full again at the latest, and the next use begins another grid. A refusal
//! writes nothing, and tells that 0 remain whatever is left. A cost of 0 takes
//! nothing, but writes: where it finds no key it makes one that never goes.
//!
//! # Formula
//!
//! With `n = floor((now_ms - refilled_at) / interval)` steps: `tokens =
//! min(max-tokens, tokens + n * refill-rate)`, `refilled_at += n * interval`.
//! Refused iff `cost > 0` and `tokens < cost`; else `tokens -= cost` is written,
//! to live `ceil((max-tokens - tokens) / refill-rate) * interval` from now, if
//! that is not 0. Reset: `refilled_at + interval`, when the next step is due.
//!
//! # Source
//!
//! @upstash/ratelimit 2.2.0, `src/single.ts`, `src/lua-scripts/single.ts`;
//! recorded with Redis 7.0.15, where a key is gone when `now > expiry`. Earlier
//! versions refuse only where no token is left at all. It tells `reset`, an
//! epoch in milliseconds, and no time to wait. The ephemeral cache is off here
//! unless it is asked for; the library has it unless it is told
//! `ephemeralCache: false`. `give_back` is its refund, a negative `rate`: read
//! in the source, not recorded.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Table, UpstashTokenBucket, Verdict};
//! use tollgate::time::Span;
//!
//! let rule = "refill-rate = 3\ninterval = '2s'\nmax-tokens = 10";
//! let mut limit = Table::<UpstashTokenBucket>::read(rule)?;
//! assert_eq!(limit.ask(700_000_000, 6).1.remaining, Some(4));
//! // Four are left, but a refusal tells 0; the step is due at 2.7 s.
//! let (verdict, view) = limit.ask(700_000_000, 6);
//! assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(0)));
//! assert_eq!(view.reset, Some(Span::seconds(2)));
//! assert_eq!(limit.ask(2_699_000_000, 5).0, Verdict::NEVER);
//! assert_eq!(limit.ask(2_700_000_000, 5).1.remaining, Some(2));
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::upstash::Blocked;
use super::{millis_clock, whole_millis::WholeMillis};
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate};

/// What `Ratelimit.tokenBucket` is called with.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UpstashTokenBucket {
    refill_rate: NonZeroU64,
    interval: WholeMillis,
    max_tokens: NonZeroU64,
    #[serde(default)]
    ephemeral_cache: bool,
}

/// What Redis stores for one key.
#[derive(Clone, Copy, Debug)]
struct Stored {
    tokens: u64,
    /// In milliseconds, as is the next.
    refilled_at: u64,
    /// What Redis shows when the key was last there.
    expires: u64,
}

/// One key, if it was ever used.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    stored: Option<Stored>,
    blocked: Blocked,
}

/// A key that has no expiry.
const FOREVER: u64 = u64::MAX;

impl UpstashTokenBucket {
    /// The bucket as the script finds it, its steps taken.
    fn at(&self, state: &Bucket, now: Instant) -> Stored {
        let now = now.epoch_millis();
        let Some(stored) = state.stored.filter(|stored| now <= stored.expires) else {
            return Stored { tokens: self.max_tokens.get(), refilled_at: now, expires: FOREVER };
        };
        let steps = now.saturating_sub(stored.refilled_at) / self.interval.count();
        if steps == 0 {
            return stored;
        }
        let more = stored.tokens.saturating_add(steps.saturating_mul(self.refill_rate.get()));
        Stored {
            tokens: more.min(self.max_tokens.get()),
            refilled_at: stored.refilled_at + steps * self.interval.count(),
            ..stored
        }
    }

    /// Writes a bucket that has `tokens` now.
    fn write(&self, state: &mut Bucket, now: Instant, tokens: u64) {
        let mut stored = self.at(state, now);
        stored.tokens = tokens;
        let steps = self.max_tokens.get().saturating_sub(tokens).div_ceil(self.refill_rate.get());
        // Where nothing is missing the script leaves the expiry as it is.
        if steps > 0 {
            let life = steps.saturating_mul(self.interval.count());
            stored.expires = now.epoch_millis().saturating_add(life);
        }
        state.stored = Some(stored);
    }

    /// When the next step is due, in milliseconds.
    fn reset(&self, state: &Bucket, now: Instant) -> u64 {
        self.at(state, now).refilled_at.saturating_add(self.interval.count())
    }
}

impl Algorithm for UpstashTokenBucket {
    type State = Bucket;

    const CARD: Card = Card {
        implementation: Some("@upstash/ratelimit 2.2.0 tokenBucket"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("refill-rate", "how many tokens come back in a step"),
            ("interval", "from step to step, in whole milliseconds: \"10s\""),
            ("max-tokens", "how many there can be; a new key has them"),
            (
                "ephemeral-cache",
                "whether a refused key is refused unasked until its reset [false; the library's \
                 own default is true]",
            ),
        ],
        example: "upstash-token-bucket = { refill-rate = 5, interval = \"10s\", max-tokens = 10 }",
        peculiar: "steps count from the key's first use; a refusal tells 0 left whatever is",
    };

    fn fresh(&self, _created: Instant) -> Bucket {
        Bucket { stored: None, blocked: Blocked::default() }
    }

    fn test(&self, state: &Bucket, now: Instant, cost: u32) -> Verdict {
        let fits = u64::from(cost) <= self.at(state, now).tokens;
        if fits && state.blocked.until(now, cost).is_none() {
            Verdict::Admit
        } else {
            Verdict::NEVER
        }
    }

    fn admit(&self, state: &mut Bucket, now: Instant, cost: u32) -> Mark {
        let tokens = self.at(state, now).tokens.saturating_sub(u64::from(cost));
        self.write(state, now, tokens);
        Mark::NONE
    }

    fn refuse(&self, state: &mut Bucket, now: Instant, cost: u32) {
        if state.blocked.until(now, cost).is_none() {
            let reset = self.reset(state, now);
            state.blocked.remember(self.ephemeral_cache, reset);
        }
    }

    fn view(&self, state: &Bucket, asked: &Asked) -> View {
        let blocked = state.blocked.until(asked.now, asked.cost);
        let reset = blocked.unwrap_or_else(|| self.reset(state, asked.now));
        View {
            limit: self.max_tokens.get(),
            remaining: Some(match asked.verdict {
                Verdict::Reject { .. } => 0,
                _ => self.at(state, asked.now).tokens,
            }),
            reset: Some(millis_clock::until(reset, asked.now)),
        }
    }

    /// The script does not hold a refund to the maximum; the next step does.
    fn give_back(&self, state: &mut Bucket, now: Instant, cost: u32, _mark: Mark) -> bool {
        let tokens = self.at(state, now).tokens.saturating_add(u64::from(cost));
        self.write(state, now, tokens);
        state.blocked.forget();
        true
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(UpstashTokenBucket { max_tokens: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        let rate = Rate { count: self.refill_rate.get(), period: self.interval.span() };
        Capacity { per_second: rate.per_second(), at_once: self.max_tokens.get() }
    }

    fn rule(&self) -> String {
        format!("upstash-token-bucket {} max {}", self.pace(), self.max_tokens)
    }

    fn pace(&self) -> String {
        Rate { count: self.refill_rate.get(), period: self.interval.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;

    const MS: u64 = 1_000_000;
    const START: u64 = 1_800_000_000_700 * MS;

    fn limiter(cache: bool) -> Table<UpstashTokenBucket> {
        let rule =
            format!("refill-rate = 3\ninterval = '2s'\nmax-tokens = 10\nephemeral-cache = {cache}");
        Table::read(&rule).unwrap()
    }

    /// Success, remaining, and reset from `START` in milliseconds.
    fn limit(table: &mut Table<UpstashTokenBucket>, ms: u64, cost: u32) -> (bool, u64, u64) {
        let (verdict, view) = table.ask(START + ms * MS, cost);
        (!verdict.is_reject(), view.remaining.unwrap(), ms + view.reset.unwrap().0 / MS)
    }

    #[test]
    fn steps_count_from_the_first_use() {
        let mut table = limiter(false);
        assert_eq!(limit(&mut table, 0, 10), (true, 0, 2_000));
        assert_eq!(limit(&mut table, 1_999, 1), (false, 0, 2_000));
        assert_eq!(limit(&mut table, 2_000, 1), (true, 2, 4_000));
        assert_eq!(limit(&mut table, 5_999, 5), (true, 0, 6_000));
        assert_eq!(limit(&mut table, 5_999, 0), (true, 0, 6_000));
    }

    #[test]
    fn a_refusal_writes_nothing_and_tells_that_nothing_is_left() {
        let mut table = limiter(false);
        assert_eq!(limit(&mut table, 0, 11), (false, 0, 2_000));
        assert_eq!(limit(&mut table, 500, 7), (true, 3, 2_500));
        assert_eq!(limit(&mut table, 500, 4), (false, 0, 2_500));
        assert_eq!(limit(&mut table, 500, 3), (true, 0, 2_500));
    }

    #[test]
    fn the_key_goes_when_it_would_be_full_and_the_grid_with_it() {
        let mut table = limiter(false);
        // 4 are missing, which are two steps: 4 s, and that millisecond too.
        limit(&mut table, 0, 4);
        assert_eq!(limit(&mut table, 4_000, 0), (true, 10, 6_000));
        let mut table = limiter(false);
        limit(&mut table, 0, 4);
        assert_eq!(limit(&mut table, 4_001, 1), (true, 9, 6_001));
        // The life is counted from the last use, not from the last step.
        let mut table = limiter(false);
        limit(&mut table, 0, 1);
        limit(&mut table, 1_999, 1);
        assert_eq!(limit(&mut table, 3_999, 1), (true, 9, 4_000));
    }

    #[test]
    fn a_cost_of_zero_makes_a_key_that_never_goes() {
        let mut table = limiter(false);
        assert_eq!(limit(&mut table, 0, 0), (true, 10, 2_000));
        assert_eq!(limit(&mut table, 900_001, 0), (true, 10, 902_000));
        // It lives on with an expiry from its first cost on; that of a later 0 leaves it.
        assert_eq!(limit(&mut table, 900_001, 1), (true, 9, 902_000));
        assert_eq!(limit(&mut table, 902_001, 0), (true, 10, 904_000));
        assert_eq!(limit(&mut table, 902_002, 0), (true, 10, 904_002));
    }

    #[test]
    fn the_cache_refuses_unasked_what_would_fit() {
        let mut table = limiter(true);
        limit(&mut table, 0, 5);
        assert_eq!(limit(&mut table, 0, 6), (false, 0, 2_000));
        assert_eq!(limit(&mut table, 0, 0), (true, 5, 2_000));
        assert_eq!(limit(&mut table, 2_000, 1), (false, 0, 2_000));
        assert_eq!(limit(&mut table, 2_001, 1), (true, 7, 4_000));
    }

    #[test]
    fn a_refund_can_lie_above_the_maximum_until_the_next_step() {
        let mut table = limiter(false);
        limit(&mut table, 0, 1);
        assert!(table.give_back(0, Instant(START + MS), 5, Mark::NONE));
        assert_eq!(limit(&mut table, 2, 0), (true, 14, 2_000));
        assert_eq!(limit(&mut table, 2_000, 0), (true, 10, 4_000));
        assert_eq!(table.algorithm().rule(), "upstash-token-bucket 3/2s max 10");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (parameters, why) in [
            ("refill-rate = 0\ninterval = '1s'\nmax-tokens = 1", "nonzero"),
            ("refill-rate = 1\ninterval = '0s'\nmax-tokens = 1", "longer than zero"),
            ("refill-rate = 1\ninterval = '1s'\nmax-tokens = 0", "nonzero"),
            ("refill-rate = 1\ninterval = '10us'\nmax-tokens = 1", "whole milliseconds"),
        ] {
            let error = Table::<UpstashTokenBucket>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
