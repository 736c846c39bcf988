//! Envoy's HTTP filter `local_ratelimit`: a token bucket in double seconds.
//!
//! Peculiar: tokens come back all the time, not `tokens-per-fill` every
//! `fill-interval`, and everything is a float: after the first of 20 `remaining`
//! may be 18. Level 1 passes. A refusal writes nothing.
//!
//! # Formula
//!
//! `rate = tokens-per-fill / (fill-interval in ms / 1000)`, at least one a year;
//! the state is one time, `t0 = created - max / rate`. Now in seconds is
//! `ns / 1e9`, `level = min(max, (now - t0) * rate)`, refused iff
//! `level < cost`, else `t0 = now - (level - cost) / rate`, all in f64 and in
//! this order. `remaining = floor(level)` afterwards; `reset` is 0 with a token
//! there, else the whole ms until there is one, rounded up to seconds. Envoy
//! sends no Retry-After.
//!
//! The cost is a descriptor's `hits_addend`; Envoy takes one of 0 for "nothing
//! could be taken" and refuses.
//!
//! # Source
//!
//! Envoy 1.40.0, run and recorded with cost 1 (`source/common/common/
//! token_bucket_impl.h`, `.../common/local_ratelimit/local_ratelimit_impl.cc`);
//! it is so since 1.32, before that a timer filled whole tokens. Costs were
//! read in the source, the rounding of `reset` was found from the recordings.
//! Not here: shares of a cluster; several descriptors, which are several limits
//! in the order of their rates with `commit = "in-order"`.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{EnvoyLocalRateLimit, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let mut limit = Table::<EnvoyLocalRateLimit>::read(
//!     "max-tokens = 2\ntokens-per-fill = 2\nfill-interval = '10s'",
//! )?;
//! limit.ask(0, 1);
//! limit.ask(0, 1);
//! let (verdict, view) = limit.ask(2 * SECOND, 1);
//! assert_eq!((verdict, view.remaining, view.reset), (Verdict::NEVER, Some(0), Some(Span::seconds(3))));
//! // Half an interval brings one of the two tokens.
//! assert_eq!(limit.ask(5 * SECOND, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU32;

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Length, Rate, Span};

/// A `token_bucket` of the filter.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct EnvoyLocalRateLimit {
    max: f64,
    /// Tokens a second.
    rate: f64,
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    max_tokens: NonZeroU32,
    #[serde(default = "one")]
    tokens_per_fill: NonZeroU32,
    fill_interval: Length,
}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// Envoy fills no slower than one token a year.
const SLOWEST: f64 = 1.0 / 31_536_000.0;

impl TryFrom<Parameters> for EnvoyLocalRateLimit {
    type Error = String;

    fn try_from(written: Parameters) -> Result<Self, String> {
        let Parameters { max_tokens, tokens_per_fill, fill_interval } = written;
        // What is finer than a millisecond is cut off, as Envoy does.
        let millis = fill_interval.ns() / 1_000_000;
        if millis < 50 {
            return Err(format!(
                "Envoy takes no fill-interval of {fill_interval}: write at least \"50ms\""
            ));
        }
        let rate = f64::from(tokens_per_fill.get()) / (millis as f64 / 1000.0);
        Ok(EnvoyLocalRateLimit {
            max: f64::from(max_tokens.get()),
            rate: rate.max(SLOWEST),
            written,
        })
    }
}

/// When the bucket was last empty, so to say: in double seconds.
#[derive(Clone, Copy, Debug)]
pub struct Empty(f64);

impl EnvoyLocalRateLimit {
    fn level(&self, state: Empty, now: f64) -> f64 {
        self.max.min((now - state.0) * self.rate)
    }

    /// Until there is a token, in seconds rounded up from whole milliseconds.
    fn reset(&self, level: f64) -> Span {
        if level >= 1.0 {
            return Span::ZERO;
        }
        let millis = whole((1.0 - level) / self.rate * 1000.0);
        Span::seconds(millis.div_ceil(1000))
    }
}

/// As a cast in C++ cuts off.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // cutting off is what is meant
const fn whole(number: f64) -> u64 {
    number as u64
}

impl Algorithm for EnvoyLocalRateLimit {
    type State = Empty;

    const CARD: Card = Card {
        implementation: Some("Envoy 1.40.0 local_ratelimit"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("max-tokens", "how many there can be; a bucket begins full"),
            ("tokens-per-fill", "how many come back in an interval [1]"),
            ("fill-interval", "how long that is, at least \"50ms\""),
        ],
        example: "envoy-local-rate-limit = { max-tokens = 20, tokens-per-fill = 10, fill-interval = \"1s\" }",
        peculiar: "in float seconds: refilled all the time, and a token may seem missing",
    };

    fn fresh(&self, created: Instant) -> Empty {
        Empty(created.as_secs_f64() - self.max / self.rate)
    }

    fn test(&self, state: &Empty, now: Instant, cost: u32) -> Verdict {
        if cost == 0 || self.level(*state, now.as_secs_f64()) < f64::from(cost) {
            Verdict::NEVER
        } else {
            Verdict::Admit
        }
    }

    fn admit(&self, state: &mut Empty, now: Instant, cost: u32) -> Mark {
        let now = now.as_secs_f64();
        let left = self.level(*state, now) - f64::from(cost);
        *state = Empty(now - left / self.rate);
        Mark::NONE
    }

    fn view(&self, state: &Empty, asked: &Asked) -> View {
        let level = self.level(*state, asked.now.as_secs_f64());
        View {
            limit: u64::from(self.written.max_tokens.get()),
            remaining: Some(whole(level)),
            reset: Some(self.reset(level)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let max_tokens = NonZeroU32::new(u32::try_from(quota).ok()?)?;
        EnvoyLocalRateLimit::try_from(Parameters { max_tokens, ..self.written }).ok()
    }

    /// As many tokens as there were, as far as the new bucket holds them.
    fn carry(&self, state: &mut Empty, old: &Self, now: Instant) {
        let now = now.as_secs_f64();
        *state = Empty(now - self.max.min(old.level(*state, now)) / self.rate);
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate, at_once: u64::from(self.written.max_tokens.get()) }
    }

    fn rule(&self) -> String {
        format!("envoy-local-rate-limit {} max {}", self.pace(), self.written.max_tokens)
    }

    fn pace(&self) -> String {
        let Parameters { tokens_per_fill, fill_interval, .. } = self.written;
        Rate { count: u64::from(tokens_per_fill.get()), period: fill_interval.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn bucket(parameters: &str) -> Table<EnvoyLocalRateLimit> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn a_whole_token_passes_and_a_little_less_does_not() {
        let mut limit = bucket("max-tokens = 1\nfill-interval = '4s'");
        assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(4 * SECOND - 1, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(4 * SECOND, 1).0, Verdict::Admit);
        // The refusals before did not move it.
        assert_eq!(limit.ask(8 * SECOND - 1, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(8 * SECOND, 1).0, Verdict::Admit);
    }

    /// Each of these is another number if a step is rounded otherwise.
    #[test]
    fn floats_are_rounded_as_envoy_rounds_them() {
        for (max, interval, created, step, told) in [
            (20, 100, 1_000_000, 1_000, &[Some(18), Some(18)][..]),
            (2, 700, 1_000_000, 700, &[Some(0), Some(0)]),
            (5, 700, 0, 350, &[Some(4), Some(3), Some(3)]),
            (1, 700, 1_000_000, 700, &[Some(0), Some(0)]),
            (2, 3_000, 0, 1_000, &[Some(1), Some(0), None, Some(0)]),
        ] {
            let parameters = format!("max-tokens = {max}\nfill-interval = '{interval}ms'");
            let mut limit = Table::new(*bucket(&parameters).algorithm());
            let at = |step: u64| (created + step) * 1_000_000;
            limit.grow(1, Instant(at(0)));
            for (count, told) in (0..).zip(told) {
                let (verdict, view) = limit.ask(at(count * step), 1);
                let remaining = view.remaining.filter(|_| !verdict.is_reject());
                assert_eq!(remaining, *told, "{parameters} {count}");
            }
        }
    }

    #[test]
    fn no_cost_is_refused_and_so_is_more_than_the_bucket_holds() {
        let mut limit = bucket("max-tokens = 3\nfill-interval = '1s'");
        assert_eq!(limit.ask(0, 0).0, Verdict::NEVER);
        assert_eq!(limit.ask(0, 4).0, Verdict::NEVER);
        assert_eq!(limit.ask(9 * SECOND, 3).0, Verdict::Admit);
        assert_eq!(limit.ask(9 * SECOND, 1).0, Verdict::NEVER);
    }

    #[test]
    fn reset_is_whole_milliseconds_rounded_up_to_seconds() {
        let mut limit = bucket("max-tokens = 1\nfill-interval = '4s'");
        let mut reset = |at| limit.ask(at, 1).1.reset;
        assert_eq!(reset(0), Some(Span::seconds(4)));
        assert_eq!(reset(SECOND - 999_999), Some(Span::seconds(3)));
        assert_eq!(reset(SECOND - 1_000_001), Some(Span::seconds(4)));
        // With less than a millisecond to go it says 0 and refuses.
        assert_eq!(reset(4 * SECOND - 999_000), Some(Span::ZERO));
        assert_eq!(limit.ask(4 * SECOND - 999_000, 1).0, Verdict::NEVER);
    }

    #[test]
    fn another_maximum_keeps_the_tokens() {
        let mut limit = bucket("max-tokens = 8\nfill-interval = '1s'");
        limit.ask(0, 5);
        limit.resize(4, Instant(0));
        assert_eq!(limit.ask(0, 4).0, Verdict::NEVER);
        assert_eq!(limit.ask(0, 3).0, Verdict::Admit);
        assert_eq!(limit.algorithm().rule(), "envoy-local-rate-limit 1/s max 4");
    }

    #[test]
    fn it_fills_no_slower_than_a_token_a_year() {
        let slow = bucket("max-tokens = 1\nfill-interval = '1000d'");
        let year = 365 * 86_400;
        assert!((slow.algorithm().capacity().per_second * f64::from(year) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_envoy_would_not_start_with_is_refused() {
        for (parameters, why) in [
            ("max-tokens = 1\nfill-interval = '49999us'", "write at least \"50ms\""),
            ("max-tokens = 0\nfill-interval = '1s'", "nonzero"),
            ("max-tokens = 1\ntokens-per-fill = 0\nfill-interval = '1s'", "nonzero"),
            ("max-tokens = 4294967296\nfill-interval = '1s'", "u32"),
            ("max-tokens = 1", "fill-interval"),
        ] {
            let error = Table::<EnvoyLocalRateLimit>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
