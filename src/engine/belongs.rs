//! What belongs to a call: its population and policy, whom it is for, how far it
//! has come.

use super::call::Call;
use super::lane::Lane;
use super::{Engine, Fact, Observer, RunError};
use crate::api::EndpointId;
use crate::attribute::Principal;
use crate::client::{Account, Policy, Progress};
use crate::rng::Key;
use crate::time::Instant;
use crate::workload::Population;

impl<'m, O: Observer> Engine<'m, O> {
    /// The way of a call.
    pub(super) fn lane(&self, call: u32) -> &'m Lane<'m> {
        &self.lanes[usize::from(self.calls[call].population)]
    }

    pub(super) fn population(&self, call: u32) -> &'m Population {
        self.lane(call).population
    }

    pub(super) fn policy(&self, call: u32) -> &'m Policy {
        self.lane(call).policy
    }

    /// Whom a call's next attempt is made for.
    pub(super) fn principal(&self, call: u32) -> Principal {
        let ties = self.ties.get(call as usize);
        ties.map_or_else(|| self.own_principal(call), |ties| ties.principal)
    }

    /// Whom a call is made for, if identities are not spread.
    pub(super) fn own_principal(&self, call: u32) -> Principal {
        self.population(call).principal_of(self.calls[call].client)
    }

    /// What a call's attempts ask.
    pub(super) fn asks(&self, call: u32) -> EndpointId {
        self.ties.get(call as usize).map_or(self.calls[call].endpoint, |ties| ties.asks)
    }

    /// Whether a call is over, but still linked.
    pub(super) fn has_ended(&self, call: u32) -> bool {
        self.ties.get(call as usize).is_some_and(|ties| ties.ended)
    }

    /// How far a call has come in each retry loop of its policy.
    pub(super) fn progress(&mut self, call: u32) -> &mut [Progress] {
        let first = call as usize * self.layers;
        &mut self.progress[first..first + self.layers]
    }

    /// The first attempt of a call left at `since`: its retry loops begin.
    pub(super) fn begin_progress(&mut self, call: u32, since: Instant) {
        if self.progress.len() <= call as usize * self.layers {
            self.progress.resize(self.calls.rows() * self.layers, Progress::NEW);
        }
        self.progress(call).fill(Progress::since(since));
    }

    /// The key of a call's draws: its own, or its client's where calls replay them.
    #[inline]
    pub(super) fn draws_of(&self, row: &Call, way: &Lane<'_>) -> Key {
        if !way.policy.replays {
            return row.key;
        }
        let source = &self.sources[usize::from(row.population)];
        source.client_key(row.client - way.population.first_client)
    }

    /// Whether an attempt is one too many at this instant: then the run stops.
    #[inline]
    pub(super) fn stands_still(&mut self, call: u32, first: bool, way: &Lane<'_>) -> bool {
        let stands = self.standstill.launches(self.now, call, first);
        if stands {
            let (population, policy) = (way.population.name.clone(), way.policy.name.clone());
            self.stopped = Some(RunError::Standstill { population, policy });
        }
        stands
    }

    /// The budgets of a call's policy, and how far it has come.
    pub(super) fn account(&mut self, call: u32) -> (&mut Account, &mut [Progress]) {
        let policy = self.lane(call).of;
        let first = call as usize * self.layers;
        let progress = &mut self.progress[first..first + self.layers];
        (&mut self.accounts[policy], progress)
    }

    #[inline]
    pub(super) fn note(&mut self, call: u32, fact: &Fact) {
        self.observer.note(self.now, self.calls[call].caller(), fact);
    }
}
