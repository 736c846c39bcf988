//! A limit that decides alone: there is no other to ask, nothing to undo and
//! nobody to tell. Most are like that, and their decisions come to the same as
//! those of the general way, in a few instructions.

use super::decide::{Api, Request};
use super::{ApiModel, ClockView, Decision, Endpoint, EndpointId, LimitId, LimitModel};
use crate::attribute::Place;
use crate::limiter::Verdict;
use crate::time::Instant;

/// A limit that decides alone, and what of it a decision needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    limit: LimitId,
    clock: ClockView,
    cost: u32,
    takes_cost: bool,
}

impl Alone {
    pub(super) fn of(model: &ApiModel, id: EndpointId, endpoint: &Endpoint) -> Option<Alone> {
        let limit = model.alone(endpoint)?;
        let LimitModel { clock, takes_cost, ref costs, .. } = *model.limit(limit);
        Some(Alone { limit, clock, cost: costs[usize::from(id)].reserved, takes_cost })
    }
}

impl ApiModel {
    /// Whether no endpoint has more than one limit, and that a plain one.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let plain = |e: &Endpoint| e.limits.is_empty() || self.alone(e).is_some();
        self.endpoints.iter().all(plain)
    }

    /// The only limit of an endpoint, where it is a plain one: it counts what it
    /// admits when it admits it, for good.
    fn alone(&self, endpoint: &Endpoint) -> Option<LimitId> {
        let [id] = endpoint.limits[..] else { return None };
        let limit = self.limit(id);
        (limit.owes_nothing() && !limit.limiter.delays()).then_some(id)
    }
}

impl LimitModel {
    /// Whether nothing is left to do once it has decided: nobody waits in its
    /// line or is told or locked, and what it counted is for good.
    #[must_use]
    pub fn owes_nothing(&self) -> bool {
        let told = self.shadow || self.notifies || self.penalty.is_some();
        let waits = self.limiter.queue().is_some();
        !waits && !told && !self.counts_rejects && !self.keeps_receipt()
    }
}

impl Api<'_> {
    /// Decides on a request of a plain API: one that [`ApiModel::is_plain`].
    #[inline]
    pub fn decide_plain(&mut self, now: Instant, request: Request) -> Decision {
        match self.alone[usize::from(request.endpoint)] {
            Some(alone) => self.decide_alone(now, request, alone),
            None => Decision::Admit,
        }
    }

    /// The same for a limit that decides alone, as most do: there is no other
    /// to ask, nothing to undo and nobody to tell.
    #[inline]
    pub(super) fn decide_alone(
        &mut self,
        now: Instant,
        request: Request,
        alone: Alone,
    ) -> Decision {
        let Alone { limit, clock, takes_cost, .. } = alone;
        let index = usize::from(limit.0);
        let verdict = match self.model.slots[index].place(request.principal, request.endpoint) {
            Place::Skip => return Decision::Admit,
            Place::Refuse => Verdict::NEVER,
            Place::At(slot) => {
                let cost = request.cost.filter(|_| takes_cost).unwrap_or(alone.cost);
                let verdict = self.limiters[index].decide(slot, clock.at(now), cost);
                self.counts[index].charged += if verdict.is_reject() { 0 } else { cost.into() };
                verdict
            }
        };
        let Verdict::Reject { wait } = verdict else { return Decision::Admit };
        self.counts[index].rejected += 1;
        Decision::Reject { limit, wait }
    }
}
