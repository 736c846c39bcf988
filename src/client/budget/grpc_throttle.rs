//! gRPC's retry throttling: every failure takes a token, every success gives a
//! part of one, and below half the tokens nobody retries.
//!
//! Source: gRPC A6 "Client Retries" (section "Throttling Retry Attempts and
//! Hedged RPCs") and gRPC core's `retry_throttle.cc`, whose thousandths of a
//! token and whose integer half these are. What counts as a failure is what
//! the policy retries; other errors count neither way. Every failure counts,
//! also that of a call which has no attempts left.

use super::rule::{Failures, Rule, serves};
use crate::client::Heard;
use crate::time::Instant;

/// Thousandths in a token.
const TOKEN: u32 = 1_000;

/// A count of tokens that falls with failures and rises with successes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrpcThrottle {
    /// `maxTokens`, in thousandths: what there is at most, and in the beginning.
    pub most: u32,
    /// `tokenRatio`, in thousandths: what a success gives.
    pub ratio: u32,
    /// What takes a token.
    pub failures: Failures,
}

impl Rule for GrpcThrottle {
    type Slot = u32;

    fn fresh(&self, _start: Instant) -> u32 {
        self.most
    }

    fn heard(&self, own: &mut u32, heard: &Heard<'_>, _paid: Option<u32>) {
        if serves(heard) {
            *own = own.saturating_add(self.ratio).min(self.most);
        } else if self.failures.contain(heard) {
            *own = own.saturating_sub(TOKEN);
        }
    }

    fn affords(&self, own: &mut u32, _heard: &Heard<'_>) -> bool {
        *own > self.most / 2
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{came, failures, status};
    use super::*;
    use crate::http::Answer;

    const NOW: Instant = Instant(0);

    fn throttle(tokens: u32) -> GrpcThrottle {
        GrpcThrottle { most: tokens * TOKEN, ratio: 100, failures: failures() }
    }

    /// A call that may make four attempts and fails for ever.
    fn attempts(throttle: &GrpcThrottle, own: &mut u32) -> u32 {
        for attempt in 1..=4 {
            throttle.heard(own, &status(503), None);
            if !throttle.affords(own, &status(503)) {
                return attempt;
            }
        }
        4
    }

    /// Recorded of grpcio 1.85.1 with maxTokens 10 and tokenRatio 0.1.
    #[test]
    fn one_failing_call_stops_the_retries_of_the_next_ones() {
        let throttle = throttle(10);
        let mut own = throttle.fresh(NOW);
        let calls: Vec<u32> = (0..8).map(|_| attempts(&throttle, &mut own)).collect();
        assert_eq!(calls, [4, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(own, 0, "4 + 7 failures take all, and no more than all");
    }

    #[test]
    fn exactly_half_is_too_few() {
        let throttle = throttle(10);
        let mut own = 5_000;
        assert!(!throttle.affords(&mut own, &status(503)));
        throttle.heard(&mut own, &status(200), None);
        assert_eq!(own, 5_100);
        assert!(throttle.affords(&mut own, &status(503)));
    }

    #[test]
    fn errors_that_are_not_retried_count_neither_way() {
        let throttle = throttle(10);
        let mut own = 7_000;
        throttle.heard(&mut own, &status(400), None);
        throttle.heard(&mut own, &status(501), None);
        assert_eq!(own, 7_000);
        throttle.heard(&mut own, &came(Answer::TimedOut), None);
        assert_eq!(own, 6_000);
    }

    /// A6: ten successes pay for one failure, so 1 failure in 11 is the most
    /// that keeps the count where it is.
    #[test]
    fn the_count_holds_at_one_failure_in_eleven() {
        let throttle = throttle(10);
        let mut own = 8_000;
        for n in 0..1_100 {
            throttle.heard(&mut own, &status(if n % 11 == 0 { 503 } else { 200 }), None);
        }
        assert_eq!(own, 8_000);
        for n in 0..1_100 {
            throttle.heard(&mut own, &status(if n % 10 == 0 { 503 } else { 200 }), None);
        }
        assert!(own < 8_000);
        (0..100).for_each(|_| throttle.heard(&mut own, &status(200), None));
        assert_eq!(own, 10_000, "there are never more than at first");
    }
}
