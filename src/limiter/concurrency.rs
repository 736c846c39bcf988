//! Concurrency: so many requests in progress at once, and perhaps a queue for more.
//!
//! A request holds its place from the decision until the server is done with
//! it, whatever its client believes by then.
//!
//! # Formula
//!
//! Admitted iff `in progress + cost <= max` and nobody waits; else it waits, if
//! fewer than `queue` do, until a place is free or its `patience` ends. The line
//! itself is kept by `api`.
//!
//! # Source
//!
//! The definition: A. K. Erlang's loss system, and M/M/c/K with a queue.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Concurrency, Table, Verdict};
//!
//! let mut limit = Table::<Concurrency>::read("max = 1")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(5, 1).0, Verdict::NEVER);
//! limit.release(0, 1);
//! assert_eq!(limit.ask(5, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Queue, Verdict, View,
};
use crate::time::{Instant, Length, Span};

/// So many at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Concurrency {
    max: NonZeroU64,
    #[serde(default)]
    queue: u64,
    #[serde(default)]
    patience: Option<Length>,
}

/// How many of a key are in progress.
#[derive(Clone, Copy, Debug)]
pub struct InProgress(u64);

impl Concurrency {
    /// At most `max` in progress for each key.
    #[must_use]
    pub const fn new(max: NonZeroU64) -> Self {
        Concurrency { max, queue: 0, patience: None }
    }
}

impl Algorithm for Concurrency {
    type State = InProgress;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("max", "how many in progress"),
            ("queue", "how many may wait for a place [0]"),
            ("patience", "how long one waits before it is refused [without end]"),
        ],
        example: "concurrency = { max = 5, queue = 10, patience = \"2s\" }",
        peculiar: "time does not bound it: it admits as fast as the service answers",
    };

    const HOLDS: bool = true;

    fn fresh(&self, _created: Instant) -> InProgress {
        InProgress(0)
    }

    fn test(&self, state: &InProgress, _now: Instant, cost: u32) -> Verdict {
        if state.0 + u64::from(cost) <= self.max.get() {
            Verdict::Admit
        } else {
            // When a place becomes free is the service's affair.
            Verdict::NEVER
        }
    }

    fn admit(&self, state: &mut InProgress, _now: Instant, cost: u32) -> Mark {
        state.0 += u64::from(cost);
        Mark::NONE
    }

    fn view(&self, state: &InProgress, _asked: &Asked) -> View {
        let remaining = self.max.get().saturating_sub(state.0);
        // Nobody knows when those in progress are done.
        let reset = (state.0 == 0).then_some(Span::ZERO);
        View { limit: self.max.get(), remaining: Some(remaining), reset }
    }

    fn queue(&self) -> Option<Queue> {
        let patience = self.patience.map_or(Span::NEVER, Length::span);
        (self.queue > 0).then_some(Queue { places: self.queue, patience })
    }

    fn release(&self, state: &mut InProgress, cost: u32) {
        let held = state.0.checked_sub(u64::from(cost));
        state.0 = held.expect("only what was charged is released");
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(Concurrency { max: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn times(&self, factor: u64) -> Option<Self> {
        let max = NonZeroU64::new(self.max.get().checked_mul(factor)?)?;
        Some(Concurrency { max, queue: self.queue.checked_mul(factor)?, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: f64::INFINITY, at_once: self.max.get() }
    }

    fn rule(&self) -> String {
        format!("{} at-once", self.max)
    }

    fn pace(&self) -> String {
        format!("{} at once", self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;

    #[test]
    fn the_sixth_of_five_is_refused_until_one_is_over() {
        let mut limiter = Table::<Concurrency>::read("max = 5").unwrap();
        limiter.grow(2, Instant(0));
        for _ in 0..5 {
            assert_eq!(limiter.decide(1, Instant(0), 1), Verdict::Admit);
        }
        assert_eq!(limiter.decide(1, Instant(9), 1), Verdict::NEVER);
        assert_eq!(limiter.test(0, Instant(9), 1), Verdict::Admit);
        limiter.release(1, 1);
        assert_eq!(limiter.test(1, Instant(9), 1), Verdict::Admit);
    }

    #[test]
    fn a_smaller_limit_lets_those_in_progress_finish() {
        let mut limiter = Table::<Concurrency>::read("max = 2").unwrap();
        limiter.ask(0, 1);
        limiter.ask(0, 1);
        limiter.resize(1, Instant(0));
        limiter.release(0, 1);
        let (verdict, view) = limiter.ask(0, 1);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(0)));
    }
}
