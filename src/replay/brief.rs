//! Decisions without a queue of events: limits that owe nothing to a request
//! once they have decided need no more than one pass over the columns.
//!
//! Such is an API of one limit that neither holds a place nor takes anything
//! back, locks nobody and tells nobody. Then keys never meet, so that any part
//! of them can be decided on apart from the rest, and in the order of the file,
//! if only each key's requests stand in that of time. The general way agrees.

use super::decide::{Outcome, Said};
use super::rows::{Rows, short};
use crate::api::{ApiModel, LimitId, LimitModel};
use crate::attribute::Place;
use crate::limiter::{Ask, Asked, Kind, Limiter, Verdict};
use crate::time::Span;

/// The limit of an API that has one.
const ONLY: LimitId = LimitId(0);

/// How many rows are decided on together: while they are, the states of the
/// next ones come from memory.
const BLOCK: usize = 64;

/// What a request was told beside the decision.
#[derive(Clone, Copy, Default, Debug)]
struct Told {
    delay: Option<Span>,
    remaining: Option<u64>,
    retry_after: Option<Span>,
    reset: Option<Span>,
}

/// What became of all requests, in the order of the file.
#[derive(Clone, Debug)]
pub struct Brief {
    kinds: Vec<Kind>,
    /// Empty where it was not asked for.
    told: Vec<Told>,
}

impl Brief {
    /// What became of a request, as far as it was asked for.
    pub(super) fn outcome(&self, row: usize) -> Outcome {
        let told = self.told.get(row).copied().unwrap_or_default();
        let (said, limit) = match self.kinds[row] {
            Kind::Admit => (Said::Admit, None),
            Kind::Delay => (Said::Delay(told.delay.unwrap_or(Span::ZERO)), Some(ONLY)),
            Kind::Reject => (Said::Reject, Some(ONLY)),
        };
        let Told { remaining, retry_after, reset, .. } = told;
        Outcome { said, limit, remaining, retry_after, reset }
    }

    /// Puts the decisions of parts together: each row is decided on in one.
    pub(super) fn merge(parts: Vec<Part>, rows: usize) -> Brief {
        let wants = parts.iter().any(|part| part.tells);
        let mut told = vec![Told::default(); if wants { rows } else { 0 }];
        let mut all: Option<Vec<Kind>> = None;
        for part in parts {
            part.told.iter().for_each(|(row, one)| told[*row as usize] = *one);
            match &mut all {
                None => all = Some(part.kinds),
                Some(all) => {
                    for (all, one) in all.iter_mut().zip(part.kinds) {
                        *all = if one == Kind::Admit { *all } else { one };
                    }
                }
            }
        }
        Brief { kinds: all.unwrap_or_default(), told }
    }
}

/// The only limit of an API, if it can be decided on in this way.
pub(super) fn only_limit(model: &ApiModel) -> Option<&LimitModel> {
    let [limit] = &model.limits[..] else { return None };
    limit.owes_nothing().then_some(limit)
}

/// Which keys are decided on: those whose slot has these lower bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) number: u32,
    /// There are two to the power of this.
    pub(super) bits: u32,
}

impl Share {
    fn has(self, slot: u32) -> bool {
        slot & ((1 << self.bits) - 1) == self.number
    }

    /// How many of so many slots are in it.
    fn of(self, slots: usize) -> usize {
        (slots + (1 << self.bits) - 1 - self.number as usize) >> self.bits
    }
}

/// The decisions of a share; the other rows are as if admitted.
#[derive(Debug)]
pub(super) struct Part {
    kinds: Vec<Kind>,
    tells: bool,
    told: Vec<(u32, Told)>,
}

impl Part {
    /// Decides on requests one by one: what is told of a key is what is true
    /// between two of them.
    fn tell(&mut self, limiter: &mut Limiter, block: &Block) {
        for (ask, row) in block.asks.iter().zip(block.rows).take(block.count) {
            let Ask { slot, cost, now } = *ask;
            let verdict = limiter.test(slot, now, cost);
            let mut told = Told::default();
            match verdict {
                Verdict::Reject { wait } => {
                    limiter.refuse(slot, now, cost);
                    told.retry_after = (wait != Span::NEVER).then_some(wait);
                }
                Verdict::Delay(by) => {
                    limiter.admit(slot, now, cost);
                    told.delay = Some(by);
                }
                Verdict::Admit => {
                    limiter.admit(slot, now, cost);
                }
            }
            let view = limiter.view(slot, &Asked { now, cost, verdict });
            (told.remaining, told.reset) = (view.remaining, view.reset);
            self.kinds[row as usize] = verdict.into();
            self.told.push((row, told));
        }
    }
}

/// Requests that are decided on together.
struct Block {
    count: usize,
    asks: [Ask; BLOCK],
    rows: [u32; BLOCK],
}

impl Block {
    const EMPTY: Block = Block { count: 0, asks: [Ask::NONE; BLOCK], rows: [0; BLOCK] };

    #[inline]
    fn push(&mut self, ask: Ask, row: usize, is_ours: bool) {
        // Written in any case: no branch can be foreseen here.
        self.asks[self.count] = ask;
        self.rows[self.count] = short(row);
        self.count += usize::from(is_ours);
    }
}

/// Decides on the requests of a share of the keys.
pub(super) fn decide_part(model: &ApiModel, rows: &Rows, share: Share, tells: bool) -> Part {
    let (limit, slots) = (model.limit(ONLY), &model.slots[0]);
    let mut limiter = limit.limiter.clone();
    limiter.grow(share.of(slots.len()), limit.clock.created());
    let mut part = Part { kinds: vec![Kind::Admit; rows.len()], tells, told: vec![] };
    let (mut one, mut other) = (Block::EMPTY, Block::EMPTY);
    let (mut block, mut next) = (&mut one, &mut other);
    let mut answers = [Kind::Admit; BLOCK];
    let mut from = 0;
    while from < rows.len() || block.count > 0 {
        let to = rows.len().min(from + BLOCK);
        gather(model, rows, from..to, share, next, &mut part);
        from = to;
        if tells {
            part.tell(&mut limiter, block);
        } else {
            let asks = &block.asks[..block.count];
            limiter.answer_all(asks, &next.asks[..next.count], &mut answers);
            for (row, answer) in block.rows.iter().zip(&answers[..block.count]) {
                part.kinds[*row as usize] = *answer;
            }
        }
        std::mem::swap(&mut block, &mut next);
    }
    part
}

/// The requests of some rows that are in the share.
fn gather(
    model: &ApiModel,
    rows: &Rows,
    some: std::ops::Range<usize>,
    share: Share,
    block: &mut Block,
    part: &mut Part,
) {
    let (limit, slots) = (model.limit(ONLY), &model.slots[0]);
    block.count = 0;
    if slots.each_its_own() && !rows.says_more() {
        let Some(endpoint) = model.endpoints.first() else { return };
        if endpoint.limits.is_empty() {
            return;
        }
        let cost = limit.costs[0].reserved;
        let (times, principals) = (rows.times(), rows.principals());
        let mut count = 0;
        for (slot, row) in principals[some.clone()].iter().zip(some) {
            // Written in any case: no branch can be foreseen here.
            block.rows[count % BLOCK] = short(row);
            count += usize::from(share.has(*slot));
        }
        block.count = count;
        for (ask, row) in block.asks.iter_mut().zip(block.rows).take(count) {
            let (at, slot) = (times[row as usize], principals[row as usize]);
            *ask = Ask { slot: slot >> share.bits, cost, now: limit.clock.at(at) };
        }
        return;
    }
    let asked = rows.times()[some.clone()].iter().zip(&rows.principals()[some.clone()]);
    for ((at, principal), row) in asked.zip(some) {
        let endpoint = rows.endpoint(row);
        if model.endpoints[endpoint as usize].limits.is_empty() {
            continue;
        }
        let own = rows.cost(row).filter(|_| limit.takes_cost);
        let cost = own.unwrap_or(limit.costs[endpoint as usize].reserved);
        match slots.place(*principal, endpoint) {
            Place::At(slot) => {
                let ask = Ask { slot: slot >> share.bits, cost, now: limit.clock.at(*at) };
                block.push(ask, row, share.has(slot));
            }
            Place::Skip => {}
            Place::Refuse => part.kinds[row] = Kind::Reject,
        }
    }
}
