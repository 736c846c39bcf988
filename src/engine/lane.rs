//! What calls of a population may meet on their way, known before the run, so
//! that what a model does not have costs a call one look.

use crate::client::{Cache, Exceed, Policy, Waits};
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
    /// Its calls go the direct way.
    pub(super) is_direct: bool,
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
    /// The policy's waits, where they hang on the number of the attempt alone.
    pub(super) waits: Option<Waits<'m>>,
    /// Which of the places in flight are doors of paces, a bit for each.
    pub(super) doors: u32,
}

impl<'m> Lane<'m> {
    /// The lanes of all populations.
    pub(super) fn all(model: &'m Model) -> Vec<Lane<'m>> {
        let plain = is_plain(model);
        let new = |population| {
            let mut way = Lane::new(model, population);
            way.is_direct = plain && way.meets_nothing();
            way
        };
        model.populations.iter().map(new).collect()
    }

    fn new(model: &'m Model, population: &'m Population) -> Lane<'m> {
        let of = usize::from(population.policy);
        let (policy, levers) = (&model.policies[of], &population.levers);
        Lane {
            population,
            policy,
            of,
            is_direct: false,
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
            waits: policy.waits(),
            doors: policy.doors(),
        }
    }

    /// Whether nothing stands between its calls and the API.
    fn meets_nothing(&self) -> bool {
        let loop_only = match &self.policy.layers[..] {
            [layer] => !layer.deadline.is_some_and(|d| d.exceed == Exceed::Kill),
            _ => false,
        };
        let timeless = self.population.patience.is_none() && self.policy.timeout.is_none();
        let held = self.has_levers || self.has_workers || self.has_places || self.has_memory;
        loop_only && timeless && !held && !self.has_budgets && !self.hedges
    }

    /// Whether its calls can be tied to others.
    pub(super) fn ties(&self) -> bool {
        let levers = &self.population.levers;
        let by_session = levers.caches.iter().any(|(cache, _)| *cache == Cache::Session);
        let by_lever = by_session || levers.batch.is_some() || levers.spreads;
        by_lever || self.has_workers || self.has_places || self.hedges
    }
}

/// Whether the API and the service have nothing to keep of an attempt.
fn is_plain(model: &Model) -> bool {
    let (api, service) = (&model.api, &model.service);
    let untold = api.header_names.is_empty() && api.is_plain();
    let endless = service.places == u32::MAX && !service.reject_takes_place;
    let sound = service.disturbances().next().is_none();
    untold && endless && sound && !service.optimistic
}
