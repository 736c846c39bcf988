//! What ties clients to each other: everything in a run that is not one
//! client's own. What is added to the engine and shared must be added here.

use super::forest::Forest;
use crate::api::EndpointId;
use crate::attribute::{Place, SlotMap};
use crate::client::{Policy, Whose};
use crate::scenario::Model;
use crate::workload::{Population, Workers};

/// Whether something is there that whoever comes may change for all others: a
/// service that is not endless, or stalls, or remembers what it was asked.
pub(super) fn ties_all(model: &Model) -> bool {
    let service = &model.service;
    service.places != u32::MAX
        || service.slowdown > 0.0
        || service.cache.is_some()
        || service.optimistic
        || !service.stalls.is_empty()
}

/// Ties those who share something.
pub(super) fn tie(model: &Model, forest: &mut Forest) {
    for population in model.populations.iter().filter(|p| shares_a_line(p)) {
        let first = population.first_client;
        (first..first + population.clients).for_each(|client| forest.tie(first, client));
    }
    for (index, map) in model.api.slots.iter().enumerate() {
        let applies = |endpoint: EndpointId| {
            let limits = &model.api.endpoints[usize::from(endpoint)].limits;
            limits.iter().any(|limit| usize::from(limit.0) == index)
        };
        let penalty = model.api.penalty_slots[index].as_ref();
        for map in [Some(map), penalty].into_iter().flatten() {
            tie_by(map, model, |_| true, applies, forest);
        }
    }
    for (index, policy) in model.policies.iter().enumerate() {
        let follows = |population: &Population| usize::from(population.policy) == index;
        for whose in memories(policy) {
            // What is each client's own ties nobody.
            if let Whose::Scope(_, map) = whose {
                tie_by(map, model, follows, |_| true, forest);
            }
        }
    }
}

/// Whether all clients of a population stand in one line: for a pool of
/// workers, or for their identities.
fn shares_a_line(population: &Population) -> bool {
    matches!(population.workers, Workers::Pool(_)) || population.levers.spreads
}

/// Ties those who meet at a slot of `map`, which is for some populations and
/// some of the endpoints that they ask.
fn tie_by(
    map: &SlotMap,
    model: &Model,
    takes: impl Fn(&Population) -> bool,
    applies: impl Fn(EndpointId) -> bool,
    forest: &mut Forest,
) {
    let mut first: Vec<Option<u32>> = vec![None; map.len()];
    for population in model.populations.iter().filter(|population| takes(population)) {
        for endpoint in asked(population).into_iter().filter(|endpoint| applies(*endpoint)) {
            for own in 0..population.clients {
                let client = population.first_client + own;
                if let Place::At(slot) = map.place(population.first_principal + own, endpoint) {
                    forest.tie(*first[slot as usize].get_or_insert(client), client);
                }
            }
        }
    }
}

/// The endpoints that a population may ask.
fn asked(population: &Population) -> Vec<EndpointId> {
    let steps = population.steps.iter().flat_map(|step| step.endpoint.shares());
    let batch = population.levers.batch.iter().map(|batch| batch.endpoint);
    let mut all: Vec<EndpointId> = steps.map(|(endpoint, _)| endpoint).chain(batch).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whose each part of a policy's memory is.
fn memories(policy: &Policy) -> impl Iterator<Item = &Whose> {
    let pauses = policy.pauses.iter().map(|part| &part.of);
    let paces = policy.paces.iter().map(|part| &part.of);
    let in_flight = policy.in_flight.iter().map(|part| &part.of);
    let budgets = policy.budgets.iter().map(|part| &part.of);
    let pace = policy.header_pace.iter().map(|part| &part.of);
    let gate = policy.header_gate.iter().map(|part| &part.of);
    pauses.chain(paces).chain(in_flight).chain(budgets).chain(pace).chain(gate)
}
