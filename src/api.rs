//! API: limits over scopes, what counts against them, and what clients are told.
//!
//! A model of an API is data that never changes during a run; `Api` is the
//! state of one run beside it. A decision has two steps: every limit that
//! applies is tested, then those that the commit rule names are charged. What
//! was charged and must be undone later (a slot held, a count given back)
//! stays with the attempt as receipts.

mod header;
mod penalty;

pub use header::{Form, HeaderRule, Told};
pub use penalty::{Locks, Penalty};

use crate::attribute::{Place, Principal, Scope, SlotMap};
use crate::http::{HEADERS_MAX, Headers, Status};
use crate::limiter::{Limit, Limiter, Mark, Slot, Verdict};
use crate::time::{Instant, Span};

/// The index of an endpoint in its API.
pub type EndpointId = u32;

/// The index of a limit in its API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LimitId(pub u16);

/// Which limits are charged when the verdict is in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Commit {
    /// All, if all admit; none, if one refuses (nginx).
    #[default]
    AllOrNothing,
    /// Each as it admits, none after the first that refuses, no rollback (Envoy local).
    InOrder,
    /// All, whatever they say (Envoy global, Kong on Redis).
    Always,
}

/// One limit of an API.
#[derive(Clone, Debug)]
pub struct LimitModel {
    /// As the model file names it.
    pub name: String,
    /// The algorithm with its parameters, without slots.
    pub limiter: Limiter,
    /// Whose state it is.
    pub scope: Scope,
    /// Whether a refused attempt counts too.
    pub counts_rejects: bool,
    /// Statuses whose attempts must not have counted: 5 for 5xx.
    pub gives_back: Option<u16>,
    /// Decides and counts, but refuses nobody.
    pub shadow: bool,
    /// Somebody is told each time a window's limit is reached.
    pub notifies: bool,
    /// The status of its refusals.
    pub status: Status,
    /// What it tells of itself.
    pub headers: Vec<HeaderRule>,
    /// What a refusal costs, and whose key is locked.
    pub penalty: Option<(Penalty, Scope)>,
}

/// An endpoint of an API.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// As the model file names it.
    pub name: String,
    /// What a request takes from each limit.
    pub cost: u32,
}

/// An API as a model: all of this stays as it is during a run.
#[derive(Clone, Debug)]
pub struct ApiModel {
    /// As the model file names it.
    pub name: String,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Its limits, in the order in which they are asked.
    pub limits: Vec<LimitModel>,
    /// Which limits apply to each endpoint.
    pub by_endpoint: Vec<Vec<LimitId>>,
    /// Which limits are charged.
    pub commit: Commit,
    /// The names of the headers that the limits send.
    pub header_names: Vec<String>,
    /// The slots of each limit.
    pub slots: Vec<SlotMap>,
    /// The slots of each limit's penalty; empty without one.
    pub penalty_slots: Vec<Option<SlotMap>>,
}

impl ApiModel {
    /// The limits that apply to an endpoint, each with the place of its state.
    pub fn places(
        &self,
        endpoint: EndpointId,
        principal: Principal,
    ) -> impl Iterator<Item = (LimitId, Place)> + '_ {
        self.by_endpoint[endpoint as usize]
            .iter()
            .map(move |&id| (id, self.slots[usize::from(id.0)].place(principal, endpoint)))
            .filter(|(_, place)| *place != Place::Skip)
    }

    /// A limit of this API.
    #[must_use]
    pub fn limit(&self, id: LimitId) -> &LimitModel {
        &self.limits[usize::from(id.0)]
    }

    /// How many receipts an attempt may hold: the most limits that apply to
    /// one endpoint and have something to undo.
    #[must_use]
    pub fn receipts_max(&self) -> usize {
        let undone = |id: &&LimitId| self.limit(**id).keeps_receipt();
        self.by_endpoint.iter().map(|ids| ids.iter().filter(undone).count()).max().unwrap_or(0)
    }
}

impl LimitModel {
    fn keeps_receipt(&self) -> bool {
        self.limiter.holds() || self.gives_back.is_some()
    }
}

/// What was charged to a limit for an attempt, and how to undo it.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    limit: LimitId,
    slot: Slot,
    cost: u32,
    mark: Mark,
}

impl Receipt {
    /// Nothing was charged.
    pub const NONE: Receipt = Receipt { limit: LimitId(0), slot: 0, cost: 0, mark: Mark(0) };
}

/// What the limits say of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It goes on to the service.
    Admit,
    /// It is refused.
    Reject {
        /// The first limit that refused it.
        limit: LimitId,
        /// What that limit would tell: how long to wait from now.
        wait: Span,
    },
}

/// What happened at one limit during a run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LimitCounts {
    /// Cost charged, less what was given back.
    pub charged: u64,
    /// Attempts that this limit refused, or would have as a shadow.
    pub rejected: u64,
    /// Windows in which somebody was told that the limit was reached.
    pub notices: u64,
}

/// The state of an API in one run.
#[derive(Debug)]
pub struct Api<'m> {
    model: &'m ApiModel,
    limiters: Vec<Limiter>,
    locks: Vec<Option<Locks>>,
    /// The end of the window that was last told of, by limit and slot.
    noticed: Vec<Vec<Instant>>,
    counts: Vec<LimitCounts>,
}

impl<'m> Api<'m> {
    /// Every limit in its first state.
    #[must_use]
    pub fn new(model: &'m ApiModel) -> Self {
        let grown = |(limit, map): (&LimitModel, &SlotMap)| {
            let mut limiter = limit.limiter.clone();
            limiter.grow(map.len());
            limiter
        };
        let locks = model.limits.iter().zip(&model.penalty_slots).map(|(limit, map)| {
            let (penalty, _) = limit.penalty.as_ref()?;
            Some(Locks::new(*penalty, map.as_ref()?.len()))
        });
        let noticed = model
            .limits
            .iter()
            .zip(&model.slots)
            .map(|(limit, map)| vec![Instant(0); if limit.notifies { map.len() } else { 0 }]);
        Api {
            model,
            limiters: model.limits.iter().zip(&model.slots).map(grown).collect(),
            locks: locks.collect(),
            noticed: noticed.collect(),
            counts: vec![LimitCounts::default(); model.limits.len()],
        }
    }

    /// What happened at each limit so far.
    #[must_use]
    pub fn counts(&self) -> &[LimitCounts] {
        &self.counts
    }

    /// Decides on an attempt, charges what the commit rule names and writes
    /// the receipts (as many as `receipts_max`, all `NONE` before).
    pub fn decide(
        &mut self,
        now: Instant,
        endpoint: EndpointId,
        principal: Principal,
        receipts: &mut [Receipt],
    ) -> Decision {
        let model = self.model;
        let cost = model.endpoints[endpoint as usize].cost;
        let in_order = model.commit == Commit::InOrder;
        let mut decision = Decision::Admit;
        let mut kept = 0;
        for (id, place) in model.places(endpoint, principal) {
            let verdict = self.ask(id, place, now, principal, endpoint, cost);
            let limit = model.limit(id);
            let counts = verdict == Verdict::Admit || limit.counts_rejects;
            if in_order && counts && !limit.limiter.holds() {
                self.charge(id, place, now, cost, receipts, &mut kept);
            }
            if let Verdict::Reject { wait } = verdict {
                self.counts[usize::from(id.0)].rejected += 1;
                if !limit.shadow {
                    decision = Decision::Reject { limit: id, wait };
                    break;
                }
            }
        }
        let admitted = decision == Decision::Admit;
        for (id, place) in model.places(endpoint, principal) {
            let limit = model.limit(id);
            let holds = limit.limiter.holds();
            let due = match (admitted, model.commit) {
                (true, Commit::InOrder) => holds,
                (true, _) => true,
                // Charged as it was asked, or not asked at all.
                (false, Commit::InOrder) => false,
                (false, Commit::Always) => !holds,
                (false, _) => limit.counts_rejects && !holds,
            };
            if due {
                self.charge(id, place, now, cost, receipts, &mut kept);
            }
        }
        decision
    }

    /// The attempt is over at the server, with this status: slots become free,
    /// and what must not count is given back.
    pub fn settle(&mut self, now: Instant, status: Status, receipts: &mut [Receipt]) {
        for receipt in receipts.iter_mut().filter(|r| r.cost > 0) {
            let index = usize::from(receipt.limit.0);
            let limiter = &mut self.limiters[index];
            limiter.release(receipt.slot, receipt.cost);
            let not_counted = self.model.limits[index].gives_back;
            if not_counted.is_some_and(|class| status.is_class(class))
                && limiter.give_back(receipt.slot, now, receipt.cost, receipt.mark)
            {
                self.counts[index].charged -= u64::from(receipt.cost);
            }
            *receipt = Receipt::NONE;
        }
    }

    /// Puts a new quota in place of a limit's old one.
    pub fn resize(&mut self, limit: LimitId, quota: u64) {
        self.limiters[usize::from(limit.0)].resize(quota);
    }

    /// The headers of the response to an attempt on which this was decided:
    /// after an admission those of every limit that applies, the tightest
    /// first where two send the same name; after a refusal those of the limit
    /// that refused.
    #[must_use]
    pub fn headers(
        &self,
        now: Instant,
        endpoint: EndpointId,
        principal: Principal,
        decision: Decision,
    ) -> Headers {
        let mut headers = Headers::NONE;
        let mut tightest = [u64::MAX; HEADERS_MAX];
        for (id, place) in self.model.places(endpoint, principal) {
            let Place::At(slot) = place else { continue };
            let (refuses, wait) = match decision {
                Decision::Reject { limit, wait } => (limit == id, wait),
                Decision::Admit => (false, Span::ZERO),
            };
            if decision != Decision::Admit && !refuses {
                continue;
            }
            let view = self.limiters[usize::from(id.0)].view(slot, now);
            for rule in self.model.limit(id).headers.iter().filter(|r| refuses || !r.rejects_only) {
                let least = &mut tightest[usize::from(rule.name.0)];
                let tighter = headers.get(rule.name).is_none() || view.remaining < *least;
                if let Some(value) = rule.value(&view, wait, now).filter(|_| tighter) {
                    headers.set(rule.name, value);
                    *least = view.remaining;
                }
            }
        }
        headers
    }

    /// Asks one limit, its lock first.
    fn ask(
        &mut self,
        id: LimitId,
        place: Place,
        now: Instant,
        principal: Principal,
        endpoint: EndpointId,
        cost: u32,
    ) -> Verdict {
        let index = usize::from(id.0);
        let Place::At(slot) = place else {
            return Verdict::Reject { wait: Span::NEVER };
        };
        let lock = self.locks[index].as_mut().zip(self.model.penalty_slots[index].as_ref());
        let lock = lock.and_then(|(locks, map)| match map.place(principal, endpoint) {
            Place::At(slot) => Some((locks, slot)),
            _ => None,
        });
        let locked = lock.as_ref().is_some_and(|(locks, slot)| locks.locked(*slot, now));
        let mut verdict = self.limiters[index].test(slot, now, cost);
        if verdict == Verdict::Admit && !locked {
            return Verdict::Admit;
        }
        if let Some((locks, slot)) = lock {
            verdict = Verdict::Reject { wait: locks.refuse(slot, now) };
        }
        self.notice(index, slot, now);
        verdict
    }

    /// Counts a notice, once a window.
    fn notice(&mut self, index: usize, slot: Slot, now: Instant) {
        if let Some(told) = self.noticed[index].get_mut(slot as usize) {
            let reset = self.limiters[index].view(slot, now).reset;
            if *told != reset {
                *told = reset;
                self.counts[index].notices += 1;
            }
        }
    }

    fn charge(
        &mut self,
        id: LimitId,
        place: Place,
        now: Instant,
        cost: u32,
        receipts: &mut [Receipt],
        kept: &mut usize,
    ) {
        let Place::At(slot) = place else { return };
        let index = usize::from(id.0);
        let mark = self.limiters[index].charge(slot, now, cost);
        self.counts[index].charged += u64::from(cost);
        if self.model.limits[index].keeps_receipt() {
            receipts[*kept] = Receipt { limit: id, slot, cost, mark };
            *kept += 1;
        }
    }
}
