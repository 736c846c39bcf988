//! Token bucket: tokens come back at a rate, up to a burst; a request takes some.
//!
//! Exact: the level is kept in units so small that both a token and a
//! nanosecond's refill are whole numbers of them, so no fraction is ever lost.
//! With rate n/p (reduced) and burst b = u/v, a token is p*v units, a
//! nanosecond brings n*v and the bucket holds u*p. It decides as GCRA with
//! T = p/n and tau = (b - 1) T does (ITU-T I.371), which the tests hold it to.

use std::fmt;

use super::{Limit, Mark, Slot, Verdict, View};
use crate::time::{Instant, Rate, Span};

/// What is in a bucket when the run starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Initial {
    /// The whole burst.
    Full,
    /// Nothing.
    Empty,
}

/// A rate and a burst whose exact units do not fit in 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooFine;

impl fmt::Display for TooFine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this rate and burst cannot be kept exactly in 64 bits: write a smaller burst or a shorter period")
    }
}

/// Tokens that come back at a rate.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    /// Units that come back in a nanosecond.
    gain: u64,
    /// Units in a token.
    token: u64,
    /// Units in a full bucket.
    full: u64,
    /// As the model has them; decisions are made on the units above.
    rate: Rate,
    burst: (u64, u64),
    initial: Initial,
    start: Instant,
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: u64,
    at: Instant,
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl TokenBucket {
    /// A bucket of `burst.0 / burst.1` tokens refilled at `rate`, in its
    /// initial state at `start`. The burst is at least one token.
    pub fn new(
        rate: Rate,
        burst: (u64, u64),
        initial: Initial,
        start: Instant,
    ) -> Result<Self, TooFine> {
        assert!(burst.1 > 0 && burst.0 >= burst.1, "a bucket holds at least one token");
        let common = gcd(rate.count, rate.period.0);
        let (count, period) = (rate.count / common, rate.period.0 / common);
        let product =
            |a: u64, b: u64| a.checked_mul(b).filter(|p| *p < u64::MAX / 2).ok_or(TooFine);
        Ok(TokenBucket {
            gain: product(count, burst.1)?,
            token: product(period, burst.1)?,
            full: product(burst.0, period)?,
            rate,
            burst,
            initial,
            start,
            buckets: Vec::new(),
        })
    }

    /// Per second in the long run, and at once.
    #[must_use]
    pub fn capacity(&self) -> (f64, u64) {
        (self.gain as f64 * 1e9 / self.token as f64, self.full / self.token)
    }

    /// How fast tokens come back, as the model has it.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// How many there can be, as a ratio, as the model has it.
    #[must_use]
    pub fn burst(&self) -> (u64, u64) {
        self.burst
    }

    fn level(&self, slot: Slot, now: Instant) -> u64 {
        let bucket = self.buckets[slot as usize];
        let gained = now.since(bucket.at).0.saturating_mul(self.gain);
        bucket.level.saturating_add(gained).min(self.full)
    }

    fn price(&self, cost: u32) -> u64 {
        self.token.saturating_mul(u64::from(cost))
    }
}

impl Limit for TokenBucket {
    fn grow(&mut self, slots: usize) {
        let level = if self.initial == Initial::Full { self.full } else { 0 };
        self.buckets.resize(slots, Bucket { level, at: self.start });
    }

    fn test(&self, slot: Slot, now: Instant, cost: u32) -> Verdict {
        let (price, level) = (self.price(cost), self.level(slot, now));
        if price <= level {
            Verdict::Admit
        } else if price > self.full {
            Verdict::Reject { wait: Span::NEVER }
        } else {
            Verdict::Reject { wait: Span((price - level).div_ceil(self.gain)) }
        }
    }

    fn charge(&mut self, slot: Slot, now: Instant, cost: u32) -> Mark {
        let level = self.level(slot, now).saturating_sub(self.price(cost));
        self.buckets[slot as usize] = Bucket { level, at: now };
        Mark(0)
    }

    fn release(&mut self, _slot: Slot, _cost: u32) {}

    fn give_back(&mut self, slot: Slot, now: Instant, cost: u32, _mark: Mark) -> bool {
        let level = self.level(slot, now).saturating_add(self.price(cost)).min(self.full);
        self.buckets[slot as usize] = Bucket { level, at: now };
        true
    }

    fn view(&self, slot: Slot, now: Instant) -> View {
        let level = self.level(slot, now);
        View {
            limit: self.full / self.token,
            remaining: level / self.token,
            reset: now.after(Span((self.full - level).div_ceil(self.gain))),
        }
    }

    fn resize(&mut self, quota: u64) {
        self.full = self.token.saturating_mul(quota.max(1));
        self.burst = (quota.max(1), 1);
    }

    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        let level = if self.initial == Initial::Full { self.full } else { 0 };
        let units = u128::from(level) + u128::from(span.0) * u128::from(self.gain);
        u64::try_from(units / u128::from(self.token)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;
    use proptest::prelude::*;

    fn bucket(rate: &str, burst: (u64, u64), initial: Initial) -> TokenBucket {
        let rate = rate.parse().unwrap();
        let mut limiter = TokenBucket::new(rate, burst, initial, Instant(0)).unwrap();
        limiter.grow(1);
        limiter
    }

    #[test]
    fn the_token_that_completes_now_is_there_now() {
        let mut limiter = bucket("3/s", (1, 1), Initial::Full);
        limiter.charge(0, Instant(0), 1);
        // A third of a second is 333,333,333 1/3 ns: one ns early it is refused.
        assert_eq!(limiter.test(0, Instant(333_333_333), 1), Verdict::Reject { wait: Span(1) });
        assert_eq!(limiter.test(0, Instant(333_333_334), 1), Verdict::Admit);
    }

    /// Lazy refill must not lose fractions: from a full bucket, a saturating
    /// source gets exactly floor(B + r t) in the long run.
    #[test]
    fn no_fraction_is_lost() {
        let mut limiter = bucket("7/3s", (4, 1), Initial::Full);
        let step = 300_000_001;
        let admitted = (0..10_000_u64)
            .filter(|k| {
                let now = Instant(k * step);
                let admit = limiter.test(0, now, 1) == Verdict::Admit;
                if admit {
                    limiter.charge(0, now, 1);
                }
                admit
            })
            .count();
        let last = u128::from(9_999 * step);
        assert_eq!(admitted as u128, 4 + last * 7 / (3 * u128::from(SECOND)));
    }

    #[test]
    fn an_empty_start_earns_its_first_token() {
        let limiter = bucket("1/s", (5, 1), Initial::Empty);
        assert_eq!(limiter.test(0, Instant(0), 1), Verdict::Reject { wait: Span::seconds(1) });
        assert_eq!(limiter.view(0, Instant(2 * SECOND)).remaining, 2);
        assert_eq!(limiter.view(0, Instant(0)).reset, Instant(5 * SECOND));
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        let rate = Rate { count: 7, period: Span::seconds(86_400 * 365) };
        assert_eq!(
            TokenBucket::new(rate, (u64::MAX / 2, 1), Initial::Full, Instant(0)).err(),
            Some(TooFine)
        );
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
            let rate = Rate { count, period: Span(period) };
            let burst = (den + extra, den);
            let mut limiter = TokenBucket::new(rate, burst, Initial::Full, Instant(0)).unwrap();
            limiter.grow(1);
            let (t, tau) = (u128::from(period * den), u128::from(extra * period));
            let (mut now, mut tat) = (0_u64, 0_u128);
            for gap in gaps {
                now += gap;
                let time = u128::from(now) * u128::from(count * den);
                let admit = time + tau >= tat;
                prop_assert_eq!(limiter.test(0, Instant(now), 1) == Verdict::Admit, admit, "at {}", now);
                if admit {
                    tat = tat.max(time) + t;
                    limiter.charge(0, Instant(now), 1);
                }
            }
        }

        /// Refused at every instant before the promised one, admitted at it.
        #[test]
        fn the_promised_wait_is_exact(count in 1_u64..1_000, cost in 1_u32..5, now in 0_u64..SECOND) {
            let rate = Rate { count, period: Span::seconds(1) };
            let mut limiter = TokenBucket::new(rate, (5, 1), Initial::Empty, Instant(0)).unwrap();
            limiter.grow(1);
            if let Verdict::Reject { wait } = limiter.test(0, Instant(now), cost) {
                let then = Instant(now).after(wait);
                prop_assert_eq!(limiter.test(0, then, cost), Verdict::Admit);
                prop_assert_ne!(limiter.test(0, Instant(then.0 - 1), cost), Verdict::Admit);
            }
        }
    }
}
