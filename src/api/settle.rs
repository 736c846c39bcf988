//! What happens to a request's charges when it is over: places become free for
//! those who wait, and what must not count is given back.

use super::decide::{Api, Request};
use super::line::{Ticket, Waiting};
use super::{Decision, EndpointId, LimitId, Receipt};
use crate::attribute::Place;
use crate::http::Status;
use crate::limiter::Slot;
use crate::time::{Instant, Span};

/// How a request ended at the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response {
    /// Its status.
    pub status: Status,
    /// What was asked.
    pub endpoint: EndpointId,
    /// What it turned out to cost, where that is not the endpoint's.
    pub used: Option<u32>,
}

impl Api<'_> {
    /// The request is over at the server: places become free, what must not
    /// count is given back, and what it turned out to cost is settled.
    pub fn settle(&mut self, now: Instant, response: Response, receipts: &mut [Receipt]) {
        for receipt in receipts.iter_mut().filter(|receipt| receipt.is_some()) {
            self.settle_one(now, response, *receipt);
            *receipt = Receipt::NONE;
        }
    }

    fn settle_one(&mut self, now: Instant, response: Response, receipt: Receipt) {
        let Receipt { limit: id, slot, taken, mark } = receipt;
        let (index, limit) = (usize::from(id.0), self.model.limit(id));
        let seen = limit.clock.at(now);
        let limiter = &mut self.limiters[index];
        if limit.limiter.holds() {
            limiter.release(slot, taken);
            self.grant(now, id, slot);
            return;
        }
        let own = response.used.filter(|_| limit.takes_cost);
        let used = own.unwrap_or(limit.costs[response.endpoint as usize].used);
        let used = if limit.gives_back.contains(response.status) { 0 } else { used };
        let counts = &mut self.counts[index];
        if used > taken {
            limiter.admit(slot, seen, used - taken);
            counts.charged += u64::from(used - taken);
        } else if used < taken && limiter.give_back(slot, seen, taken - used, mark) {
            counts.charged -= u64::from(taken - used);
        }
    }

    /// There may be room now for those who wait for a place of a limit.
    pub(super) fn grant_all(&mut self, now: Instant, id: LimitId) {
        if self.lines[usize::from(id.0)].is_some() {
            let slots = self.model.slots[usize::from(id.0)].len();
            (0..).take(slots).for_each(|slot| self.grant(now, id, slot));
        }
    }

    /// Those who wait take the places that are free, in their order.
    fn grant(&mut self, now: Instant, id: LimitId, slot: Slot) {
        let index = usize::from(id.0);
        let Some(lines) = self.lines[index].as_mut() else { return };
        let seen = self.model.limit(id).clock.at(now);
        while let Some(Waiting { ticket, cost }) = lines.first(slot)
            && !self.limiters[index].test(slot, seen, cost).is_reject()
        {
            lines.pop(slot);
            let mark = self.limiters[index].admit(slot, seen, cost);
            self.counts[index].charged += u64::from(cost);
            self.granted.push_back((ticket, Receipt { limit: id, slot, taken: cost, mark }));
        }
    }

    /// Who was given a place by a release, each once: it has passed its stage.
    #[inline]
    pub fn granted(&mut self) -> Option<(Ticket, Receipt)> {
        self.granted.pop_front()
    }

    /// Somebody's patience in the line of a stage is over: refused, unless a
    /// place was granted before.
    pub fn lose_patience(&mut self, request: Request, stage: usize) -> Option<Decision> {
        let mut places = self.model.stage(stage, request.endpoint, request.principal);
        let (limit, Place::At(slot)) = places.next()? else { return None };
        let index = usize::from(limit.0);
        let left = self.lines[index].as_mut()?.leave(slot, request.ticket);
        left.then(|| {
            self.counts[index].rejected += 1;
            Decision::Reject { limit, wait: Span::NEVER }
        })
    }
}
