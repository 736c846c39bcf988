//! Envoy's circuit breaker for retries: at most so many at the same time.
//!
//! Source: Envoy, `retry_state_impl.cc` and `resource_manager_impl.h`
//! (`max_retries`, 3). A retry counts from the moment at which it is decided
//! on, its back-off included, until its own answer is there or its call ends.

use super::rule::Rule;
use crate::client::Heard;
use crate::time::Instant;

/// At most so many retries at the same time, waiting or in flight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParallelRetries(pub u32);

impl Rule for ParallelRetries {
    type Slot = u32;

    fn fresh(&self, _start: Instant) -> u32 {
        0
    }

    fn heard(&self, own: &mut u32, _heard: &Heard<'_>, paid: Option<u32>) {
        *own = own.saturating_sub(u32::from(paid.is_some()));
    }

    fn affords(&self, own: &mut u32, _heard: &Heard<'_>) -> bool {
        *own < self.0
    }

    fn debit(&self, own: &mut u32, _heard: &Heard<'_>) -> u32 {
        *own += 1;
        0
    }

    fn lost(&self, own: &mut u32, retry: bool, _sent: bool) {
        *own = own.saturating_sub(u32::from(retry));
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::status;
    use super::*;

    const NOW: Instant = Instant(0);

    #[test]
    fn a_retry_holds_its_place_from_the_decision_to_its_answer() {
        let rule = ParallelRetries(3);
        let mut own = rule.fresh(NOW);
        for _ in 0..3 {
            assert_eq!(rule.spend(&mut own, &status(503)), Some(0));
        }
        assert_eq!(rule.spend(&mut own, &status(503)), None);
        // The answer to a first attempt frees nothing, that to a retry does.
        rule.heard(&mut own, &status(503), None);
        assert!(!rule.affords(&mut own, &status(503)));
        rule.heard(&mut own, &status(503), Some(1));
        assert!(rule.affords(&mut own, &status(503)));
    }

    #[test]
    fn a_call_that_ends_meanwhile_gives_its_place_back() {
        let rule = ParallelRetries(1);
        let mut own = rule.fresh(NOW);
        for sent in [true, false] {
            assert!(rule.spend(&mut own, &status(503)).is_some());
            rule.lost(&mut own, false, true);
            assert!(!rule.affords(&mut own, &status(503)));
            rule.lost(&mut own, true, sent);
            assert!(rule.affords(&mut own, &status(503)));
        }
    }
}
