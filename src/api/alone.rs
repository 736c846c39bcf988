//! A limit that decides alone: there is no other to ask, nothing to undo and
//! nobody to tell. Most are like that, and their decisions come to the same as
//! those of the general way, in a few instructions.

use super::decide::{Api, Request};
use super::{ApiModel, ClockView, Decision, Endpoint, EndpointId, LimitId, LimitModel};
use crate::attribute::{Place, SlotMap};
use crate::limiter::Verdict;
use crate::time::Instant;

/// A limit that decides alone, and what of it a decision needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone<'m> {
    limit: LimitId,
    slots: &'m SlotMap,
    /// What they hold for everybody, where that is the same.
    shared: Option<Place>,
    clock: ClockView,
    cost: u32,
    takes_cost: bool,
}

impl<'m> Alone<'m> {
    pub(super) fn of(model: &'m ApiModel, id: EndpointId, endpoint: &Endpoint) -> Option<Self> {
        let limit = model.alone(endpoint)?;
        let LimitModel { clock, takes_cost, ref costs, .. } = *model.limit(limit);
        let slots = &model.slots[usize::from(limit.0)];
        let (shared, cost) = (slots.shared(), costs[usize::from(id)].reserved);
        Some(Alone { limit, slots, shared, clock, cost, takes_cost })
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
    #[inline(always)]
    #[allow(clippy::inline_always)] // the request and the decision lie in registers
    pub fn decide_plain(&mut self, now: Instant, request: Request) -> Decision {
        self.decide_alone(now, request).unwrap_or(Decision::Admit)
    }

    /// The decision of a limit that decides alone, if the endpoint has one, as
    /// most do: there is no other to ask, nothing to undo and nobody to tell.
    #[inline(always)]
    #[allow(clippy::inline_always)] // the same
    pub(super) fn decide_alone(&mut self, now: Instant, request: Request) -> Option<Decision> {
        let alone = self.alone[usize::from(request.endpoint)].as_ref()?;
        let (limit, index) = (alone.limit, usize::from(alone.limit.0));
        let cost = request.cost.filter(|_| alone.takes_cost).unwrap_or(alone.cost);
        let place = || alone.slots.place(request.principal, request.endpoint);
        let verdict = match alone.shared.unwrap_or_else(place) {
            Place::Skip => return Some(Decision::Admit),
            Place::Refuse => Verdict::NEVER,
            Place::At(slot) => self.limiters[index].decide(slot, alone.clock.at(now), cost),
        };
        let counts = &mut self.counts[index];
        Some(if let Verdict::Reject { wait } = verdict {
            counts.rejected += 1;
            Decision::Reject { limit, wait }
        } else {
            counts.charged += u64::from(cost);
            Decision::Admit
        })
    }
}
