//! A bucket of tokens that calls pay into and retries take from.
//!
//! Source: M. Brooker, "Fixing retries with token buckets and circuit breakers"
//! (2022), and the program behind its figures: 5 tokens, full at first, 0.1 for
//! every call at its start, 1 for a retry, which is made only while there is
//! *more* than one token (`strict`). The text pays in on success instead. The
//! ratio budgets of the SRE book, ch. 21 ("retries below 10 % of requests"), are
//! the same without `strict`. The program counts in floats; these are exact.

use super::rule::{Deposit, Rule, serves};
use crate::client::Heard;
use crate::time::Instant;

/// Tokens that starts or successes pay in and retries take out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenBucket {
    /// What there is at most, in millionths of a token.
    pub size: u64,
    /// What there is at first, in millionths.
    pub initial: u64,
    /// What each start or success pays in, in millionths.
    pub deposit: u64,
    /// Which of them pays.
    pub on: Deposit,
    /// A retry needs more than the token that it takes.
    pub strict: bool,
}

impl TokenBucket {
    /// Millionths in a token.
    pub const TOKEN: u64 = 1_000_000;

    fn pay(&self, own: &mut u64) {
        *own = own.saturating_add(self.deposit).min(self.size);
    }
}

impl Rule for TokenBucket {
    type Slot = u64;

    fn fresh(&self, _start: Instant) -> u64 {
        self.initial.min(self.size)
    }

    fn left(&self, own: &mut u64, _now: Instant, first: bool) {
        if first && self.on == Deposit::Start {
            self.pay(own);
        }
    }

    fn heard(&self, own: &mut u64, heard: &Heard<'_>, _paid: Option<u32>) {
        if self.on == Deposit::Success && serves(heard) {
            self.pay(own);
        }
    }

    fn affords(&self, own: &mut u64, _heard: &Heard<'_>) -> bool {
        if self.strict { *own > Self::TOKEN } else { *own >= Self::TOKEN }
    }

    fn debit(&self, own: &mut u64, _heard: &Heard<'_>) -> u32 {
        *own -= Self::TOKEN;
        0
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{came, status};
    use super::*;
    use crate::http::Answer;

    const NOW: Instant = Instant(0);
    const TOKEN: u64 = TokenBucket::TOKEN;

    fn brooker() -> TokenBucket {
        let (size, deposit) = (5 * TOKEN, TOKEN / 10);
        TokenBucket { size, initial: size, deposit, on: Deposit::Start, strict: true }
    }

    /// Retries before the first refusal, where every call fails.
    fn granted(bucket: &TokenBucket, own: &mut u64) -> usize {
        (0..100).map_while(|_| bucket.spend(own, &status(503))).count()
    }

    #[test]
    fn a_full_bucket_of_five_that_needs_more_than_one_gives_four() {
        let mut own = brooker().fresh(NOW);
        assert_eq!(granted(&brooker(), &mut own), 4);
        let lenient = TokenBucket { strict: false, ..brooker() };
        assert_eq!(granted(&lenient, &mut lenient.fresh(NOW)), 5);
    }

    #[test]
    fn in_the_long_run_a_tenth_of_the_calls_is_retried() {
        let bucket = TokenBucket { initial: 0, strict: false, ..brooker() };
        let mut own = bucket.fresh(NOW);
        let mut retries = 0;
        for _ in 0..1_000 {
            bucket.left(&mut own, NOW, true);
            retries += granted(&bucket, &mut own);
            bucket.left(&mut own, NOW, false);
        }
        assert_eq!(retries, 100, "a retry pays nothing in");
    }

    #[test]
    fn a_bucket_fed_by_successes_takes_nothing_from_starts_or_failures() {
        let bucket = TokenBucket { on: Deposit::Success, initial: 0, ..brooker() };
        let mut own = bucket.fresh(NOW);
        bucket.left(&mut own, NOW, true);
        bucket.heard(&mut own, &status(429), None);
        bucket.heard(&mut own, &came(Answer::TimedOut), None);
        assert_eq!(own, 0);
        bucket.heard(&mut own, &status(204), None);
        assert_eq!(own, TOKEN / 10);
        for _ in 0..100 {
            bucket.heard(&mut own, &status(200), None);
        }
        assert_eq!(own, 5 * TOKEN, "it overflows at its size");
    }
}
