//! A limiter's parameters once, and the states of its keys in a row.
//!
//! Parameters lie apart from states, so that they can change during a run.

use serde::de::DeserializeOwned;

use super::algorithm::{Algorithm, Ask, Asked, Kind, Mark, Verdict, View};
use crate::prefetch::prefetch;
use crate::time::{Instant, Span};

/// The index of one key's state in a limiter.
pub type Slot = u32;

/// An algorithm with the states of its keys, by slot.
#[derive(Clone, Debug)]
pub struct Table<A: Algorithm> {
    algorithm: A,
    created: Instant,
    states: Vec<A::State>,
}

impl<A: Algorithm> Table<A> {
    /// No key yet.
    #[must_use]
    pub const fn new(algorithm: A) -> Self {
        Table { algorithm, created: Instant(0), states: Vec::new() }
    }

    /// One key of a limiter made at time 0, its parameters as they stand in a
    /// model's file: for examples and tests.
    pub fn read(parameters: &str) -> Result<Self, String>
    where
        A: DeserializeOwned,
    {
        let algorithm = toml::from_str(parameters).map_err(|error| error.to_string())?;
        let mut table = Table::new(algorithm);
        table.grow(1, Instant(0));
        Ok(table)
    }

    /// The parameters.
    pub const fn algorithm(&self) -> &A {
        &self.algorithm
    }

    /// Makes room for `slots` keys of a limiter made at `created`.
    pub fn grow(&mut self, slots: usize, created: Instant) {
        self.created = created;
        self.states.resize(slots, self.algorithm.fresh(created));
    }

    /// Whether `cost` is admitted now; reads only.
    #[inline]
    pub fn test(&self, slot: Slot, now: Instant, cost: u32) -> Verdict {
        self.algorithm.test(&self.states[slot as usize], now, cost)
    }

    /// Writes that `cost` was admitted.
    #[inline]
    pub fn admit(&mut self, slot: Slot, now: Instant, cost: u32) -> Mark {
        self.algorithm.admit(&mut self.states[slot as usize], now, cost)
    }

    /// Writes what a refusal writes.
    #[inline]
    pub fn refuse(&mut self, slot: Slot, now: Instant, cost: u32) {
        self.algorithm.refuse(&mut self.states[slot as usize], now, cost);
    }

    /// Decides on a request against this limit alone. Out of line, so that the way
    /// to one algorithm among all does not pay for what the largest needs.
    #[inline(never)]
    pub fn decide(&mut self, slot: Slot, now: Instant, cost: u32) -> Verdict {
        self.algorithm.decide(&mut self.states[slot as usize], now, cost)
    }

    /// Answers many requests, one after the other, each in its place. The
    /// states of those that come next are asked for meanwhile.
    pub(super) fn answer_all(&mut self, asks: &[Ask], next: &[Ask], answers: &mut [Kind]) {
        let states = &mut self.states[..];
        for (index, (ask, answer)) in asks.iter().zip(answers).enumerate() {
            if let Some(next) = next.get(index) {
                prefetch(&states[next.slot as usize]);
            }
            *answer = self.algorithm.answer(&mut states[ask.slot as usize], ask.now, ask.cost);
        }
    }

    /// What is told of the key after a decision.
    pub fn view(&self, slot: Slot, asked: &Asked) -> View {
        self.algorithm.view(&self.states[slot as usize], asked)
    }

    /// Decides on a request of the first key that comes `at` nanoseconds, and
    /// gives the verdict with what is told: for examples and tests.
    pub fn ask(&mut self, at: u64, cost: u32) -> (Verdict, View) {
        let now = Instant(at);
        let verdict = self.decide(0, now, cost);
        (verdict, self.view(0, &Asked { now, cost, verdict }))
    }

    /// A request is over.
    pub fn release(&mut self, slot: Slot, cost: u32) {
        self.algorithm.release(&mut self.states[slot as usize], cost);
    }

    /// A request must not have counted; says whether that could be undone.
    pub fn give_back(&mut self, slot: Slot, now: Instant, cost: u32, mark: Mark) -> bool {
        self.algorithm.give_back(&mut self.states[slot as usize], now, cost, mark)
    }

    /// Puts other parameters in place; what is used stays used.
    pub fn replace(&mut self, algorithm: A, now: Instant) {
        let old = std::mem::replace(&mut self.algorithm, algorithm);
        for state in &mut self.states {
            self.algorithm.carry(state, &old, now);
        }
    }

    /// Puts another quota, burst or number of slots in place, where there is one.
    pub fn resize(&mut self, quota: u64, now: Instant) {
        if let Some(resized) = self.algorithm.resized(quota) {
            self.replace(resized, now);
        }
    }

    /// As the algorithm has it.
    pub fn admits_within(&self, start: Instant, span: Span) -> u64 {
        self.algorithm.admits_within(start, span)
    }
}
