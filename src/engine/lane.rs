//! What calls of a population may meet on their way, known before the run, so
//! that what a model does not have costs a call one look.

use crate::client::{Cache, Policy};
use crate::scenario::Model;
use crate::workload::{Population, Workers};

/// The way of one population's calls.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a part that may be missing
pub(super) struct Lane<'m> {
    pub(super) population: &'m Population,
    pub(super) policy: &'m Policy,
    /// The policy's index.
    pub(super) of: usize,
    /// A lever may take a call before any attempt, or move its identity.
    pub(super) has_levers: bool,
    /// Calls stand in lines for workers.
    pub(super) has_workers: bool,
    /// The policy limits what is in flight.
    pub(super) has_places: bool,
    /// The policy remembers answers, and attempts ask for its leave.
    pub(super) has_memory: bool,
    /// The policy's retries are paid for.
    pub(super) has_budgets: bool,
    /// Several attempts of a call may be in flight.
    pub(super) hedges: bool,
    /// Which of the places in flight are doors of paces, a bit for each.
    pub(super) doors: u32,
}

impl<'m> Lane<'m> {
    /// The lanes of all populations.
    pub(super) fn all(model: &'m Model) -> Vec<Lane<'m>> {
        model.populations.iter().map(|population| Lane::new(model, population)).collect()
    }

    fn new(model: &'m Model, population: &'m Population) -> Lane<'m> {
        let of = usize::from(population.policy);
        let (policy, levers) = (&model.policies[of], &population.levers);
        Lane {
            population,
            policy,
            of,
            has_levers: !levers.screens.is_empty()
                || !levers.avoids.is_empty()
                || !levers.caches.is_empty()
                || levers.batch.is_some()
                || levers.spreads,
            has_workers: population.workers != Workers::Unbounded,
            has_places: !policy.in_flight.is_empty(),
            has_memory: !policy.pauses.is_empty()
                || !policy.paces.is_empty()
                || policy.header_pace.is_some()
                || policy.header_gate.is_some(),
            has_budgets: !policy.budgets.is_empty(),
            hedges: policy.hedge.is_some(),
            doors: policy.doors(),
        }
    }

    /// Whether its calls can be tied to others.
    pub(super) fn ties(&self) -> bool {
        let levers = &self.population.levers;
        let by_session = levers.caches.iter().any(|(cache, _)| *cache == Cache::Session);
        by_session || levers.batch.is_some() || self.has_workers || self.has_places || self.hedges
    }
}
