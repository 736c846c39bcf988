//! When the work was done, for populations whose work is known at the start.
//!
//! The last completion is a noisy maximum, so ratios use the time at which
//! 99 % of the calls were served.

use crate::rng::Key;
use crate::scenario::Model;
use crate::time::Instant;

/// When 99 % and all of the work was served.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Whether a population's work is known at the start.
    finite: Vec<bool>,
    /// How many calls there are to serve; 0 where no population's work is known.
    calls: u64,
    served: u64,
    most: Option<Instant>,
    all: Option<Instant>,
    last: Option<Instant>,
}

impl Completion {
    /// Nothing served yet in the run `run`.
    #[must_use]
    pub fn new(model: &Model, run: Key) -> Completion {
        let calls: Vec<Option<u64>> =
            model.populations.iter().map(|p| model.calls_of(p, run)).collect();
        Completion {
            finite: calls.iter().map(Option::is_some).collect(),
            calls: calls.iter().flatten().sum(),
            served: 0,
            most: None,
            all: None,
            last: None,
        }
    }

    /// A call of a population was served.
    pub fn served(&mut self, now: Instant, population: usize) {
        self.last = Some(now);
        if !self.finite[population] {
            return;
        }
        self.served += 1;
        if self.served == most_of(self.calls) {
            self.most = Some(now);
        }
        if self.served == self.calls {
            self.all = Some(now);
        }
    }

    /// Whether there is work whose end is known.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.calls > 0
    }

    /// How many calls there are to serve, where that is known.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// When 99 % of them were served.
    #[must_use]
    pub fn most(&self) -> Option<Instant> {
        self.most
    }

    /// When all of them were served.
    #[must_use]
    pub fn all(&self) -> Option<Instant> {
        self.all
    }

    /// When any call was last served.
    #[must_use]
    pub fn last(&self) -> Option<Instant> {
        self.last
    }
}

/// 99 % of `calls`, rounded up.
fn most_of(calls: u64) -> u64 {
    calls - calls / 100
}
