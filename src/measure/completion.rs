//! When the work was done, for populations whose work is known at the start.
//!
//! The last completion is a noisy maximum, so ratios use the time at which
//! 99 % of the calls were served.
//!
//! That time is an order statistic over all parts of a run. Of each part only
//! the calls that are served late can be it: those after which at most 1 % of
//! all calls are left. So the instants of that many are kept, and no others.

use crate::rng::Key;
use crate::scenario::{Model, Part};
use crate::time::Instant;
use crate::workload::{Arrivals, Population, Work};

/// When 99 % and all of the work was served.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Whether a population's work is known at the start.
    finite: Vec<bool>,
    /// How many calls there are to serve; 0 where no population's work is known.
    calls: u64,
    /// At least 1 % of the calls of all parts.
    spared: u64,
    served: u64,
    /// When those of the calls were served, in order, after which at most
    /// `spared` are left.
    late: Vec<Instant>,
    last: Option<Instant>,
}

impl Completion {
    /// Nothing served yet of what a part has to do in the run `run`.
    #[must_use]
    pub fn new(model: &Model, part: Part<'_>, run: Key) -> Completion {
        let calls = |population: &Population| -> Option<u64> {
            let key = run.named(&population.name);
            let own = |client| u64::from(client - population.first_client);
            part.clients_of(population).map(|c| population.calls_of(key.member(own(c)))).sum()
        };
        let calls: Vec<Option<u64>> = model.populations.iter().map(calls).collect();
        Completion {
            finite: calls.iter().map(Option::is_some).collect(),
            calls: calls.iter().flatten().sum(),
            spared: spared(model),
            served: 0,
            late: vec![],
            last: None,
        }
    }

    /// Nothing to do yet; parts are added to it.
    #[must_use]
    pub(super) fn of_nobody(model: &Model) -> Completion {
        let spared = spared(model);
        Completion { finite: vec![], calls: 0, spared, served: 0, late: vec![], last: None }
    }

    /// A call of a population was served.
    pub fn served(&mut self, now: Instant, population: usize) {
        self.last = Some(now);
        if self.calls == 0 || !self.finite[population] {
            return;
        }
        self.served += 1;
        if self.served + self.spared >= self.calls {
            self.late.push(now);
        }
    }

    /// Adds what another part of the run did.
    pub(super) fn merge(&mut self, other: &Completion) {
        self.calls += other.calls;
        self.served += other.served;
        self.last = self.last.max(other.last);
        self.late.extend(&other.late);
        self.late.sort();
        // More may have been late in its part than is late in both.
        let first = self.served - self.late.len() as u64 + 1;
        let early = self.calls.saturating_sub(self.spared).saturating_sub(first);
        let early = usize::try_from(early).unwrap_or(usize::MAX).min(self.late.len());
        self.late.drain(..early);
    }

    /// When call number `number` of those served was, if it was late.
    fn late(&self, number: u64) -> Option<Instant> {
        let from_the_end = usize::try_from(self.served.checked_sub(number)?).ok()?;
        self.late.iter().rev().nth(from_the_end).copied()
    }

    /// Whether a run of a model may have work whose end is known.
    #[must_use]
    pub fn may_be_finite(model: &Model) -> bool {
        model.populations.iter().any(|population| most_calls(population) > 0)
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
        self.late(most_of(self.calls))
    }

    /// When all of them were served.
    #[must_use]
    pub fn all(&self) -> Option<Instant> {
        self.late(self.calls)
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

/// At least 1 % of the calls of a model whose calls are known.
fn spared(model: &Model) -> u64 {
    model.populations.iter().map(most_calls).sum::<u64>() / 100
}

/// The most calls that a population can have to make, where that is known at
/// the start; else none.
fn most_calls(population: &Population) -> u64 {
    let each = match population.work {
        Work::Backlog { most, .. } => u64::from(most),
        Work::Open(Arrivals::Burst { calls, .. }) => {
            u64::from(calls) * population.steps.len() as u64
        }
        Work::Open(_) | Work::Closed { .. } => 0,
    };
    each * u64::from(population.clients)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn completion(calls: u64, spared: u64, served: &[u64]) -> Completion {
        let mut it =
            Completion { finite: vec![true], calls, spared, served: 0, late: vec![], last: None };
        for at in served {
            it.served(Instant(*at), 0);
        }
        it
    }

    proptest! {
        /// Parts of which some calls are never served, against a plain count.
        #[test]
        fn the_order_over_all_parts_is_exact(
            parts in prop::collection::vec(
                (prop::collection::vec(0_u64..500, 0..300), 0_u64..3), 1..6),
            more in 0_u64..3,
        ) {
            let calls = |part: &(Vec<u64>, u64)| part.0.len() as u64 + part.1;
            let all_calls: u64 = parts.iter().map(calls).sum();
            let spared = all_calls / 100 + more;
            let mut sum = completion(0, spared, &[]);
            for part in &parts {
                let mut served = part.0.clone();
                served.sort_unstable();
                sum.merge(&completion(calls(part), spared, &served));
                prop_assert!(sum.late.len() as u64 <= spared + 1);
            }
            let mut all: Vec<u64> = parts.iter().flat_map(|part| part.0.clone()).collect();
            all.sort_unstable();
            let nth = |n: u64| n.checked_sub(1).and_then(|n| all.get(usize::try_from(n).unwrap()));
            prop_assert_eq!(sum.most(), nth(most_of(all_calls)).map(|at| Instant(*at)));
            prop_assert_eq!(sum.all(), nth(all_calls).map(|at| Instant(*at)));
            prop_assert_eq!(sum.last(), all.last().map(|at| Instant(*at)));
        }
    }
}
