//! Token bucket: tokens come back at a rate, up to a burst; a request takes some.
//!
//! # Formula
//!
//! `level = min(burst, level + rate * elapsed)`; admitted iff `cost <= level`.
//! Exact: the level is kept in units so small that both a token and a
//! nanosecond's refill are whole numbers of them, so no fraction is ever lost.
//! With rate n/p (reduced) and burst u/v, a token is p*v units, a nanosecond
//! brings n*v and the bucket holds u*p.
//!
//! # Source
//!
//! The definition. It decides as GCRA with T = p/n and tau = (burst - 1) T does
//! (ITU-T I.371), which the tests hold it to.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Table, TokenBucket, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<TokenBucket>::read("rate = '3/s'\nburst = 1")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! // A third of a second is 333,333,333 1/3 ns: one ns early it is refused.
//! assert_eq!(limit.ask(333_333_333, 1).0, Verdict::Reject { wait: Span(1) });
//! assert_eq!(limit.ask(333_333_334, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::hint::select_unpredictable;

use serde::Deserialize;

use super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Kind, Mark, Verdict, View,
};
use super::burst::{Burst, Initial, TooFine};
use super::tat::Units;
use crate::time::{Instant, Rate, Span};

/// Tokens that come back at a rate.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct TokenBucket {
    units: Units,
    /// As the model has them; decisions are made on the units above.
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    rate: Rate,
    burst: Burst,
    #[serde(default)]
    initial: Initial,
}

impl TryFrom<Parameters> for TokenBucket {
    type Error = TooFine;

    fn try_from(written: Parameters) -> Result<Self, TooFine> {
        Ok(TokenBucket { units: Units::new(written.rate, written.burst)?, written })
    }
}

impl TokenBucket {
    fn level(&self, bucket: &Bucket, now: Instant) -> u64 {
        let gained = now.since(bucket.at).0.saturating_mul(self.units.gain);
        bucket.level.saturating_add(gained).min(self.units.full)
    }

    fn price(&self, cost: u32) -> u64 {
        self.units.token.saturating_mul(u64::from(cost))
    }

    /// What a price comes to at a level.
    fn verdict(&self, price: u64, level: u64) -> Verdict {
        if price <= level {
            Verdict::Admit
        } else if price > self.units.full {
            Verdict::NEVER
        } else {
            Verdict::Reject { wait: Span((price - level).div_ceil(self.units.gain)) }
        }
    }

    fn initial_level(&self) -> u64 {
        if self.written.initial == Initial::Full { self.units.full } else { 0 }
    }
}

/// What is in one key's bucket, in units, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    level: u64,
    at: Instant,
}

impl Algorithm for TokenBucket {
    type State = Bucket;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("rate", "how fast tokens come back: \"10/s\", \"1000/h\""),
            ("burst", "how many there can be: 10, or a ratio such as \"5/2\""),
            ("initial", "\"full\" (default) or \"empty\""),
        ],
        example: "token-bucket = { rate = \"10/s\", burst = 20 }",
        peculiar: "exact: no fraction of a token is ever lost, whatever the rate",
    };

    fn fresh(&self, created: Instant) -> Bucket {
        Bucket { level: self.initial_level(), at: created }
    }

    fn test(&self, state: &Bucket, now: Instant, cost: u32) -> Verdict {
        self.verdict(self.price(cost), self.level(state, now))
    }

    fn admit(&self, state: &mut Bucket, now: Instant, cost: u32) -> Mark {
        let level = self.level(state, now).saturating_sub(self.price(cost));
        *state = Bucket { level, at: now };
        Mark::NONE
    }

    /// As `test` and `admit` do one after the other, in one look at the level.
    fn decide(&self, state: &mut Bucket, now: Instant, cost: u32) -> Verdict {
        let (price, level) = (self.price(cost), self.level(state, now));
        let verdict = self.verdict(price, level);
        if verdict == Verdict::Admit {
            *state = Bucket { level: level - price, at: now };
        }
        verdict
    }

    #[inline]
    fn answer(&self, state: &mut Bucket, now: Instant, cost: u32) -> Kind {
        let (price, level) = (self.price(cost), self.level(state, now));
        let admits = price <= level;
        let taken = Bucket { level: level.wrapping_sub(price), at: now };
        *state = select_unpredictable(admits, taken, *state);
        if admits { Kind::Admit } else { Kind::Reject }
    }

    fn view(&self, state: &Bucket, asked: &Asked) -> View {
        let used = self.units.full - self.level(state, asked.now);
        self.units.view(u128::from(used))
    }

    fn give_back(&self, state: &mut Bucket, now: Instant, cost: u32, _mark: Mark) -> bool {
        let level = self.level(state, now).saturating_add(self.price(cost)).min(self.units.full);
        *state = Bucket { level, at: now };
        true
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let burst = Burst(quota, 1);
        TokenBucket::try_from(Parameters { burst, ..self.written }).ok()
    }

    fn times(&self, factor: u64) -> Option<Self> {
        let Parameters { rate, burst, initial } = self.written;
        let (rate, burst) = (rate.times(factor)?, burst.times(factor)?);
        TokenBucket::try_from(Parameters { rate, burst, initial }).ok()
    }

    /// As many tokens as there were, as far as the new bucket holds them.
    fn carry(&self, state: &mut Bucket, old: &Self, now: Instant) {
        let units = u128::from(old.level(state, now)) * u128::from(self.units.token);
        let level = u64::try_from(units / u128::from(old.units.token)).unwrap_or(u64::MAX);
        *state = Bucket { level: level.min(self.units.full), at: now };
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            per_second: self.units.gain as f64 * 1e9 / self.units.token as f64,
            at_once: self.units.full / self.units.token,
        }
    }

    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        let units =
            u128::from(self.initial_level()) + u128::from(span.0) * u128::from(self.units.gain);
        u64::try_from(units / u128::from(self.units.token)).unwrap_or(u64::MAX)
    }

    fn rule(&self) -> String {
        format!("token-bucket {} burst {}", self.pace(), self.written.burst)
    }

    fn pace(&self) -> String {
        self.written.rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;
    use crate::time::SECOND;
    use proptest::prelude::*;

    fn bucket(parameters: &str) -> Table<TokenBucket> {
        Table::read(parameters).unwrap()
    }

    /// Lazy refill must not lose fractions: from a full bucket, a saturating
    /// source gets exactly floor(B + r t) in the long run.
    #[test]
    fn no_fraction_is_lost() {
        let mut limiter = bucket("rate = '7/3s'\nburst = 4");
        let step = 300_000_001;
        let admitted =
            (0..10_000_u64).filter(|k| limiter.ask(k * step, 1).0 == Verdict::Admit).count();
        let last = u128::from(9_999 * step);
        assert_eq!(admitted as u128, 4 + last * 7 / (3 * u128::from(SECOND)));
    }

    #[test]
    fn an_empty_start_earns_its_first_token() {
        let mut limiter = bucket("rate = '1/s'\nburst = 5\ninitial = 'empty'");
        let (verdict, view) = limiter.ask(0, 1);
        assert_eq!(verdict, Verdict::Reject { wait: Span::seconds(1) });
        assert_eq!(view.reset, Some(Span::seconds(5)));
        assert_eq!(limiter.ask(2 * SECOND, 0).1.remaining, Some(2));
    }

    #[test]
    fn another_rate_keeps_the_tokens() {
        let mut limiter = bucket("rate = '1/s'\nburst = 10");
        limiter.ask(0, 10);
        let faster = bucket("rate = '7/s'\nburst = 4").algorithm().clone();
        limiter.replace(faster, Instant(2 * SECOND));
        assert_eq!(limiter.ask(2 * SECOND, 0).1.remaining, Some(2));
        assert_eq!(limiter.ask(3 * SECOND, 0).1.remaining, Some(4));
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        let burst = i64::MAX;
        let read = Table::<TokenBucket>::read(&format!("rate = '7/365d'\nburst = {burst}"));
        assert!(read.unwrap_err().contains("write a smaller burst"));
    }

    proptest! {
        /// The law of DESIGN: a bucket and its GCRA decide identically, always.
        /// GCRA here is exact in rationals: times are multiplied by the rate's
        /// count and the burst's denominator, so T and tau are whole numbers.
        #[test]
        fn a_bucket_is_its_gcra(
            count in 1_u64..50, period in 1_u64..5_000, extra in 0_u64..40, den in 1_u64..6,
            gaps in prop::collection::vec(0_u64..400, 1..400),
        ) {
            let top = den + extra;
            let mut limiter =
                bucket(&format!("rate = '{count}/{period}ns'\nburst = '{top}/{den}'"));
            let (t, tau) = (u128::from(period * den), u128::from(extra * period));
            let (mut now, mut tat) = (0_u64, 0_u128);
            for gap in gaps {
                now += gap;
                let time = u128::from(now) * u128::from(count * den);
                let admit = time + tau >= tat;
                prop_assert_eq!(limiter.ask(now, 1).0 == Verdict::Admit, admit, "at {}", now);
                if admit {
                    tat = tat.max(time) + t;
                }
            }
        }

        /// Refused at every instant before the promised one, admitted at it.
        #[test]
        fn the_promised_wait_is_exact(count in 1_u64..1_000, cost in 1_u32..5, now in 0_u64..SECOND) {
            let limiter =
                bucket(&format!("rate = '{count}/s'\nburst = 5\ninitial = 'empty'"));
            if let Verdict::Reject { wait } = limiter.test(0, Instant(now), cost) {
                let then = Instant(now).after(wait);
                prop_assert_eq!(limiter.test(0, then, cost), Verdict::Admit);
                prop_assert_ne!(limiter.test(0, Instant(then.0 - 1), cost), Verdict::Admit);
            }
        }
    }
}
