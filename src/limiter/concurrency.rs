//! Concurrency: so many requests in progress at once.
//!
//! A request holds its place from the decision until the server is done with
//! it, whatever its client believes by then.

use super::{Limit, Mark, Slot, Verdict, View};
use crate::time::{Instant, Span};

/// So many at once.
#[derive(Clone, Debug)]
pub struct Concurrency {
    max: u64,
    in_progress: Vec<u64>,
}

impl Concurrency {
    /// At most `max` in progress for each key.
    #[must_use]
    pub fn new(max: u64) -> Self {
        Concurrency { max, in_progress: Vec::new() }
    }

    /// The most in progress at once.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }
}

impl Limit for Concurrency {
    fn grow(&mut self, slots: usize) {
        self.in_progress.resize(slots, 0);
    }

    fn test(&self, slot: Slot, _now: Instant, cost: u32) -> Verdict {
        if self.in_progress[slot as usize] + u64::from(cost) <= self.max {
            Verdict::Admit
        } else {
            // When a place becomes free is the service's affair.
            Verdict::Reject { wait: Span::NEVER }
        }
    }

    fn charge(&mut self, slot: Slot, _now: Instant, cost: u32) -> Mark {
        self.in_progress[slot as usize] += u64::from(cost);
        Mark(0)
    }

    fn release(&mut self, slot: Slot, cost: u32) {
        let held = &mut self.in_progress[slot as usize];
        *held = held.checked_sub(u64::from(cost)).expect("only what was charged is released");
    }

    /// A place that was held was used, whatever came of it.
    fn give_back(&mut self, _slot: Slot, _now: Instant, _cost: u32, _mark: Mark) -> bool {
        false
    }

    fn view(&self, slot: Slot, now: Instant) -> View {
        let remaining = self.max.saturating_sub(self.in_progress[slot as usize]);
        View { limit: self.max, remaining, reset: now }
    }

    fn resize(&mut self, quota: u64) {
        self.max = quota;
    }

    fn admits_within(&self, _start: Instant, _span: Span) -> u64 {
        u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_of_five_is_refused_until_one_is_over() {
        let mut limiter = Concurrency::new(5);
        limiter.grow(2);
        for _ in 0..5 {
            assert_eq!(limiter.test(1, Instant(0), 1), Verdict::Admit);
            limiter.charge(1, Instant(0), 1);
        }
        assert_eq!(limiter.test(1, Instant(9), 1), Verdict::Reject { wait: Span::NEVER });
        assert_eq!(limiter.test(0, Instant(9), 1), Verdict::Admit);
        limiter.release(1, 1);
        assert_eq!(limiter.test(1, Instant(9), 1), Verdict::Admit);
    }

    #[test]
    fn a_smaller_limit_lets_those_in_progress_finish() {
        let mut limiter = Concurrency::new(2);
        limiter.grow(1);
        limiter.charge(0, Instant(0), 1);
        limiter.charge(0, Instant(0), 1);
        limiter.resize(1);
        limiter.release(0, 1);
        assert_eq!(limiter.view(0, Instant(0)).remaining, 0);
        assert_ne!(limiter.test(0, Instant(0), 1), Verdict::Admit);
    }
}
