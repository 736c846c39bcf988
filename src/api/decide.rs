//! The state of an API in one run: what it decides, charges and tells.

use std::collections::VecDeque;

use super::LimitCounts;
use super::alone::Alone;
use super::line::{Lines, Ticket, Waiting};
use super::{
    ApiModel, Commit, Counted, Decision, EndpointId, LimitId, LimitModel, Locks, Receipt, Ruling,
};
use crate::attribute::{Place, Principal, SlotMap};
use crate::limiter::{Asked, Limiter, Slot, Verdict, View};
use crate::time::{Instant, Span};

/// A request that asks for a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// What is asked.
    pub endpoint: EndpointId,
    /// For whom.
    pub principal: Principal,
    /// What it costs, where that is not the endpoint's cost.
    pub cost: Option<u32>,
    /// Who it is, should it have to wait.
    pub ticket: Ticket,
}

/// What one limit said to the request in hand.
#[derive(Clone, Copy, Debug)]
struct Said {
    id: LimitId,
    /// Where its state lies; `None` where it refused for want of an attribute.
    slot: Option<Slot>,
    cost: u32,
    verdict: Verdict,
    /// A penalty refused, and the limiter was not asked.
    locked: bool,
}

/// The state of an API in one run.
#[derive(Debug)]
pub struct Api<'m> {
    pub(super) model: &'m ApiModel,
    pub(super) limiters: Vec<Limiter>,
    locks: Vec<Option<Locks>>,
    pub(super) lines: Vec<Option<Lines>>,
    /// The end of the window that was last told of, by limit and slot.
    noticed: Vec<Vec<Instant>>,
    pub(super) counts: Vec<LimitCounts>,
    /// What the limits said to the request in hand; kept for its room.
    said: Vec<Said>,
    /// Who was given a place by a release and was not fetched yet.
    pub(super) granted: VecDeque<(Ticket, Receipt)>,
    /// By endpoint: the limit that decides alone and leaves nothing to undo.
    pub(super) alone: Vec<Option<Alone<'m>>>,
}

impl<'m> Api<'m> {
    /// Every limit in its first state.
    #[must_use]
    pub fn new(model: &'m ApiModel) -> Self {
        let limits = || model.limits.iter().zip(&model.slots);
        let grown = |(limit, map): (&LimitModel, &SlotMap)| {
            let mut limiter = limit.limiter.clone();
            limiter.grow(map.len(), limit.clock.created);
            limiter
        };
        let line = |(limit, map): (&LimitModel, &SlotMap)| {
            limit.limiter.queue().map(|_| Lines::new(map.len()))
        };
        let locks = model.limits.iter().zip(&model.penalty_slots).map(|(limit, map)| {
            let (penalty, _) = limit.penalty.as_ref()?;
            Some(Locks::new(*penalty, map.as_ref()?.len()))
        });
        let noticed =
            |(limit, map): (&LimitModel, &SlotMap)| if limit.notifies { map.len() } else { 0 };
        Api {
            model,
            limiters: limits().map(grown).collect(),
            locks: locks.collect(),
            lines: limits().map(line).collect(),
            noticed: limits().map(|limit| vec![Instant(0); noticed(limit)]).collect(),
            counts: vec![LimitCounts::default(); model.limits.len()],
            said: Vec::new(),
            granted: VecDeque::new(),
            alone: (0..).zip(&model.endpoints).map(|(n, e)| Alone::of(model, n, e)).collect(),
        }
    }

    /// What happened at each limit so far.
    #[must_use]
    pub fn counts(&self) -> &[LimitCounts] {
        &self.counts
    }

    /// Decides on a request at a stage of its limits, charges what the commit
    /// rule names and writes the receipts (as many as `receipts_max`, all
    /// `NONE` before the first stage).
    pub fn decide(
        &mut self,
        now: Instant,
        request: Request,
        stage: usize,
        receipts: &mut [Receipt],
    ) -> Ruling {
        if let Some(decision) = self.decide_alone(now, request) {
            return Ruling::Decided(decision);
        }
        let mut said = std::mem::take(&mut self.said);
        said.clear();
        let refused = self.hear(now, request, stage, &mut said);
        let ruling = match refused {
            Some((limit, wait)) => match self.line_up(request, &said) {
                Some(ruling) => ruling,
                None => Ruling::Decided(Decision::Reject { limit, wait }),
            },
            None => delay(self.model, &said),
        };
        if !matches!(ruling, Ruling::Queue { .. }) {
            for one in &said {
                self.write(now, one, refused.is_some(), receipts);
            }
            if refused.is_some() && self.model.commit == Commit::AllOrNothing {
                self.count_unasked(now, request, stage, said.len(), receipts);
            }
        }
        if let Ruling::Decided(Decision::Reject { limit, .. }) = ruling {
            // In one name, whoever else would have refused it.
            self.counts[usize::from(limit.0)].rejected += 1;
        }
        self.said = said;
        ruling
    }

    /// Asks the limits of a stage, as many as its commit rule asks; who refused
    /// in the end, and for how long.
    fn hear(
        &mut self,
        now: Instant,
        request: Request,
        stage: usize,
        said: &mut Vec<Said>,
    ) -> Option<(LimitId, Span)> {
        let (model, commit) = (self.model, self.model.commit);
        let mut refused: Option<(LimitId, Span)> = None;
        for (id, place) in model.stage(stage, request.endpoint, request.principal) {
            let one = self.ask(id, place, now, request);
            said.push(one);
            match one.verdict {
                Verdict::Reject { wait } if !model.limit(id).shadow => {
                    let first = *refused.get_or_insert((id, wait));
                    match commit {
                        Commit::Always => refused = Some((first.0, first.1.max(wait))),
                        Commit::Any if wait < first.1 => refused = Some((id, wait)),
                        Commit::Any => {}
                        Commit::AllOrNothing | Commit::InOrder | Commit::Rollback => break,
                    }
                }
                _ if commit == Commit::Any && !model.limit(id).shadow => return None,
                _ => {}
            }
        }
        refused
    }

    /// Asks one limit, its lock first.
    fn ask(&mut self, id: LimitId, place: Place, now: Instant, request: Request) -> Said {
        let (index, limit) = (usize::from(id.0), self.model.limit(id));
        let cost = reserved(limit, request);
        let mut said = Said { id, slot: None, cost, verdict: Verdict::NEVER, locked: false };
        let Place::At(slot) = place else { return said };
        said.slot = Some(slot);
        let may_wait = self.has_room_in_line(index, &said);
        let lock = self.locks[index].as_mut().zip(self.model.penalty_slots[index].as_ref());
        let lock =
            lock.and_then(|(locks, map)| match map.place(request.principal, request.endpoint) {
                Place::At(slot) => Some((locks, slot)),
                _ => None,
            });
        said.locked = lock.as_ref().is_some_and(|(locks, slot)| locks.locked(*slot, now));
        said.verdict = self.limiters[index].test(slot, limit.clock.at(now), cost);
        if let Some(lines) = &self.lines[index]
            && lines.first(slot).is_some()
        {
            // The next place belongs to those who wait.
            said.verdict = Verdict::NEVER;
        }
        if !said.locked && (!said.verdict.is_reject() || may_wait) {
            return said;
        }
        if let Some((locks, slot)) = lock
            && let Some(wait) = locks.refuse(slot, now)
        {
            said.verdict = Verdict::Reject { wait };
        }
        self.notice(index, slot, now, &said);
        said
    }

    /// Who was refused for want of a place joins the line, if there is one and
    /// it has room. A limit with a line is a stage of its own.
    fn line_up(&mut self, request: Request, said: &[Said]) -> Option<Ruling> {
        let [one] = said else { return None };
        let index = usize::from(one.id.0);
        if one.locked || !self.has_room_in_line(index, one) {
            return None;
        }
        let (lines, queue) = (self.lines[index].as_mut()?, self.limiters[index].queue()?);
        lines.join(one.slot?, Waiting { ticket: request.ticket, cost: one.cost });
        Some(Ruling::Queue { limit: one.id, patience: queue.patience })
    }

    /// Whether a request for which a limit has no place may wait for one: that
    /// is no refusal.
    fn has_room_in_line(&self, index: usize, said: &Said) -> bool {
        let (Some(lines), Some(queue)) = (&self.lines[index], self.limiters[index].queue()) else {
            return false;
        };
        let fits = u64::from(said.cost) <= self.limiters[index].capacity().at_once;
        fits && !self.model.limits[index].shadow
            && said.slot.is_some_and(|slot| lines.len(slot) < queue.places)
    }

    /// Writes what one limit's verdict comes to, given what became of the request.
    fn write(&mut self, now: Instant, said: &Said, refused: bool, receipts: &mut [Receipt]) {
        let limit = self.model.limit(said.id);
        let Some(slot) = said.slot else { return };
        // A place is held only by those who come in.
        let holds = limit.limiter.holds();
        let counts = limit.counts_rejects && !holds;
        let due = if said.verdict.is_reject() {
            counts
        } else {
            match self.model.commit {
                _ if !refused => true,
                Commit::AllOrNothing | Commit::Any => counts,
                Commit::InOrder | Commit::Always | Commit::Rollback => !holds,
            }
        };
        if due {
            let undo = refused && self.model.commit == Commit::Rollback && !counts;
            self.charge(now, said.id, slot, said.cost, receipts, undo);
        } else if said.verdict.is_reject() && !said.locked {
            let index = usize::from(said.id.0);
            self.limiters[index].refuse(slot, limit.clock.at(now), said.cost);
        }
        if limit.shadow && said.verdict.is_reject() {
            self.counts[usize::from(said.id.0)].rejected += 1;
        }
    }

    /// A request that one limit refused counts also at those that were not
    /// asked any more, where they count refusals.
    fn count_unasked(
        &mut self,
        now: Instant,
        request: Request,
        stage: usize,
        asked: usize,
        receipts: &mut [Receipt],
    ) {
        let model = self.model;
        for (id, place) in model.stage(stage, request.endpoint, request.principal).skip(asked) {
            let limit = model.limit(id);
            if let Place::At(slot) = place
                && limit.counts_rejects
                && !limit.limiter.holds()
            {
                self.charge(now, id, slot, reserved(limit, request), receipts, false);
            }
        }
    }

    /// Takes a cost from a limit; `undo` gives it back at once, which leaves
    /// the traces that the limiter leaves.
    fn charge(
        &mut self,
        now: Instant,
        id: LimitId,
        slot: Slot,
        cost: u32,
        receipts: &mut [Receipt],
        undo: bool,
    ) {
        let (index, limit) = (usize::from(id.0), self.model.limit(id));
        let seen = limit.clock.at(now);
        let taken = if limit.counted == Counted::AtResponse { 0 } else { cost };
        let mut receipt = Receipt { limit: id, slot, taken, ..Receipt::NONE };
        if limit.counted == Counted::AtArrival {
            receipt.mark = self.limiters[index].admit(slot, seen, cost);
            self.counts[index].charged += u64::from(cost);
        }
        if undo && self.limiters[index].give_back(slot, seen, taken, receipt.mark) {
            self.counts[index].charged -= u64::from(taken);
        } else if limit.keeps_receipt() {
            receipt.keep(receipts);
        }
    }

    /// A limit's quota, burst or number of slots becomes another.
    pub fn resize(&mut self, now: Instant, limit: LimitId, quota: u64) {
        let seen = self.model.limit(limit).clock.at(now);
        self.limiters[usize::from(limit.0)].resize(quota, seen);
        self.grant_all(now, limit);
    }

    /// A limit's parameters become those of another of the same kind.
    pub fn replace(&mut self, now: Instant, limit: LimitId, other: &Limiter) {
        let index = usize::from(limit.0);
        let (slots, seen) = (self.model.slots[index].len(), self.model.limit(limit).clock.at(now));
        self.limiters[index].replace(other, slots, seen);
        self.grant_all(now, limit);
    }

    /// What one limit tells of the key of a request that was decided on now.
    #[must_use]
    pub fn view(
        &self,
        now: Instant,
        request: Request,
        id: LimitId,
        verdict: Verdict,
    ) -> Option<View> {
        let (index, limit) = (usize::from(id.0), self.model.limit(id));
        let place = self.model.slots[index].place(request.principal, request.endpoint);
        let Place::At(slot) = place else { return None };
        let asked = Asked { now: limit.clock.at(now), cost: reserved(limit, request), verdict };
        Some(self.limiters[index].view(slot, &asked))
    }

    /// Counts a notice, once a window.
    fn notice(&mut self, index: usize, slot: Slot, now: Instant, said: &Said) {
        let Some(told) = self.noticed[index].get_mut(slot as usize) else { return };
        let seen = self.model.limits[index].clock.at(now);
        let asked = Asked { now: seen, cost: said.cost, verdict: said.verdict };
        let reset = self.limiters[index].view(slot, &asked).reset.unwrap_or(Span::ZERO);
        if *told != now.after(reset) {
            *told = now.after(reset);
            self.counts[index].notices += 1;
        }
    }
}

/// What a request takes from a limit when it is decided on.
fn reserved(limit: &LimitModel, request: Request) -> u32 {
    let own = request.cost.filter(|_| limit.takes_cost);
    own.unwrap_or(limit.costs[request.endpoint as usize].reserved)
}

/// What follows for a request that no limit of its stage refused.
fn delay(model: &ApiModel, said: &[Said]) -> Ruling {
    let mut longest = Ruling::Decided(Decision::Admit);
    let mut most = Span::ZERO;
    for one in said {
        if let Verdict::Delay(by) = one.verdict
            && by > most
            && !model.limit(one.id).shadow
        {
            (most, longest) = (by, Ruling::Delay { limit: one.id, by });
        }
    }
    longest
}
