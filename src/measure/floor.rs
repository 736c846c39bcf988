//! The floor: how soon any client could be served, and which limit sets that.
//!
//! For each limit alone: in a span T its slots admit at most so much, each no
//! more than it is asked for. The smallest T that covers 99 % of the work is a
//! bound for every client that makes an attempt for each call; a cache or a
//! batch can do better. Limits on what is in progress are left out, because
//! their pace is the service's.

use crate::api::{EndpointId, LimitId};
use crate::attribute::{Place, Principal};
use crate::engine::{Caller, Fact, Observer};
use crate::limiter::Slot;
use crate::scenario::Model;
use crate::time::{Instant, Span};

/// What calls ask of each slot of each limit.
#[derive(Debug)]
pub struct Demand<'m> {
    model: &'m Model,
    /// Cost asked, by limit and slot.
    asked: Vec<Vec<u64>>,
    calls: u64,
}

/// The bound, and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Floor {
    /// No client is done sooner.
    pub span: Span,
    /// Because of this limit.
    pub limit: LimitId,
    /// Whose key is asked the most of those that bind.
    pub population: Option<usize>,
}

impl<'m> Demand<'m> {
    /// Nothing asked yet.
    #[must_use]
    pub fn new(model: &'m Model) -> Self {
        Demand {
            model,
            asked: model.api.slots.iter().map(|slots| vec![0; slots.len()]).collect(),
            calls: 0,
        }
    }

    /// The floor for all but `spared` of the calls; `None` when no limit bounds it.
    #[must_use]
    pub fn floor(&self, spared: u64) -> Option<Floor> {
        let most = self.model.horizon.after(self.model.drain).since(self.model.start).times(1_000);
        let bound = |(id, asked): (u16, &Vec<u64>)| {
            let limit = &self.model.api.limits[usize::from(id)];
            let needed = asked.iter().sum::<u64>().saturating_sub(spared);
            let covers = |span: Span| {
                let each = limit.admits_within(self.model.start, span);
                asked.iter().map(|n| (*n).min(each)).sum::<u64>() >= needed
            };
            if limit.shadow || limit.limiter.holds() || covers(Span::ZERO) || !covers(most) {
                return None;
            }
            let (mut short, mut enough) = (0, most.0);
            while enough - short > 1 {
                let middle = short + (enough - short) / 2;
                if covers(Span(middle)) {
                    enough = middle;
                } else {
                    short = middle;
                }
            }
            Some((Span(enough), LimitId(id)))
        };
        let bounds = (0..).zip(&self.asked).filter_map(bound);
        let (span, limit) =
            bounds.max_by_key(|(span, limit)| (*span, std::cmp::Reverse(*limit)))?;
        Some(Floor { span, limit, population: self.most_asked(limit) })
    }

    /// Adds what another part of the same run asks.
    pub fn merge(&mut self, other: &Demand<'_>) {
        for (sums, more) in self.asked.iter_mut().zip(&other.asked) {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        self.calls += other.calls;
    }

    /// How many calls were offered.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// The population that has the slot that is asked the most; `None` when
    /// several share it.
    fn most_asked(&self, limit: LimitId) -> Option<usize> {
        let asked = &self.asked[usize::from(limit.0)];
        let slot = (0..asked.len()).max_by_key(|slot| (asked[*slot], std::cmp::Reverse(*slot)))?;
        let map = &self.model.api.slots[usize::from(limit.0)];
        let has = |principal: Principal, endpoint: EndpointId| {
            map.place(principal, endpoint) == Place::At(Slot::try_from(slot).unwrap_or(Slot::MAX))
        };
        let endpoints = EndpointId::try_from(self.model.api.endpoints.len()).ok()?;
        let mut owners = self.model.populations.iter().enumerate().filter(|(_, p)| {
            (0..p.clients).any(|client| (0..endpoints).any(|e| has(p.first_principal + client, e)))
        });
        let (owner, _) = owners.next()?;
        if owners.next().is_some() { None } else { Some(owner) }
    }
}

impl Observer for Demand<'_> {
    fn note(&mut self, _now: Instant, caller: Caller, fact: &Fact) {
        if let Fact::Offered { principal, .. } = *fact {
            self.calls += 1;
            let api = &self.model.api;
            for (id, place) in api.places(caller.endpoint, principal) {
                let cost = u64::from(api.limit(id).costs[caller.endpoint as usize].used);
                if let Place::At(slot) = place {
                    self.asked[usize::from(id.0)][slot as usize] += cost;
                }
            }
        }
    }
}
