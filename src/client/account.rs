//! The budgets of one policy in one run: who pays for which retry.
//!
//! A budget belongs to one retry loop. What an outer loop calls an attempt is
//! all that the loops within it make of it: its budgets are asked when the first
//! of these attempts leaves, and hear of the last answer.

use super::budget::BudgetState;
use super::{BudgetOf, Heard, Policy, Progress, Who};
use crate::rng::Purpose;
use crate::time::Instant;

/// What keeps the budgets of a call's retry loops, as `Policy::next` asks it.
pub trait Purse {
    /// A loop, counted from the innermost, hears an answer; `paid` is what its
    /// last retry cost.
    fn hears(&mut self, layer: usize, heard: &Heard<'_>, paid: Option<u32>);

    /// The loop wants a retry: what of its price a success gives back, `None`
    /// where it may not be made.
    fn pays(&mut self, layer: usize, heard: &Heard<'_>) -> Option<u32>;
}

/// Pays for everything.
impl Purse for () {
    fn hears(&mut self, _layer: usize, _heard: &Heard<'_>, _paid: Option<u32>) {}

    fn pays(&mut self, _layer: usize, _heard: &Heard<'_>) -> Option<u32> {
        Some(0)
    }
}

/// The states of all budgets of one policy, in the policy's order.
#[derive(Clone, Debug)]
pub struct Account(Vec<BudgetState>);

/// The account as one call sees it after an answer.
#[derive(Debug)]
pub struct Paying<'a> {
    account: &'a mut Account,
    policy: &'a Policy,
    /// Who made the attempt that was answered.
    who: &'a Who,
    /// Who would make the retry: it pays.
    next: &'a Who,
}

impl Account {
    /// Nothing has happened, in a run with so many clients.
    #[must_use]
    pub fn new(policy: &Policy, clients: u32, start: Instant) -> Account {
        let state = |b: &BudgetOf| BudgetState::new(&b.budget, b.of.len(clients), start);
        Account(policy.budgets.iter().map(state).collect())
    }

    /// Whether the policy has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the next attempt of a call may leave; if so, it does. What a
    /// budget draws is the call's own, by the attempts that it has made.
    pub fn admits(
        &mut self,
        policy: &Policy,
        who: &Who,
        progress: &[Progress],
        now: Instant,
    ) -> bool {
        let first_draw = u64::from(who.attempts) * policy.budgets.len() as u64;
        for (n, (part, place)) in policy.budgets.iter().zip(0..).enumerate() {
            let layer = usize::from(part.layer);
            if let (true, Some(slot)) = (begins(progress, layer), part.of.slot(who)) {
                let first = progress[layer].paid().is_none();
                let bits = who.key.draw(Purpose::Throttle, first_draw + place);
                if !self.0[n].admit(&part.budget, slot, now, first, bits) {
                    self.recall(policy, who, progress, n);
                    return false;
                }
            }
        }
        for (part, state) in policy.budgets.iter().zip(&mut self.0) {
            let layer = usize::from(part.layer);
            if let (true, Some(slot)) = (begins(progress, layer), part.of.slot(who)) {
                state.left(&part.budget, slot, now, progress[layer].paid().is_none());
            }
        }
        true
    }

    /// What the first `admitted` budgets admitted does not leave after all.
    fn recall(&mut self, policy: &Policy, who: &Who, progress: &[Progress], admitted: usize) {
        for (part, state) in policy.budgets.iter().zip(&mut self.0).take(admitted) {
            if let (true, Some(slot)) =
                (begins(progress, usize::from(part.layer)), part.of.slot(who))
            {
                state.recalled(&part.budget, slot);
            }
        }
    }

    /// A call ends while an attempt of its is in flight (`sent`), or before its
    /// retry has left; the budgets get back what it holds of them.
    pub fn lose(&mut self, policy: &Policy, who: &Who, progress: &[Progress], sent: bool) {
        for (part, state) in policy.budgets.iter().zip(&mut self.0) {
            let layer = usize::from(part.layer);
            if let Some(slot) = part.of.slot(who) {
                let retry = progress[layer].paid().is_some();
                state.lost(&part.budget, slot, retry, sent || !begins(progress, layer));
            }
        }
    }

    /// The account for a call whose attempt was answered; `next` is who would
    /// make its retry.
    pub fn paying<'a>(&'a mut self, policy: &'a Policy, who: &'a Who, next: &'a Who) -> Paying<'a> {
        Paying { account: self, policy, who, next }
    }
}

/// Whether the attempt that leaves next is the first that the loops within this
/// one make.
fn begins(progress: &[Progress], layer: usize) -> bool {
    progress[..layer].iter().all(|within| within.paid().is_none())
}

impl Purse for Paying<'_> {
    fn hears(&mut self, layer: usize, heard: &Heard<'_>, paid: Option<u32>) {
        for (part, state) in self.policy.budgets.iter().zip(&mut self.account.0) {
            if let (true, Some(slot)) = (usize::from(part.layer) == layer, part.of.slot(self.who)) {
                state.heard(&part.budget, slot, heard, paid);
            }
        }
    }

    fn pays(&mut self, layer: usize, heard: &Heard<'_>) -> Option<u32> {
        let slot = |part: &BudgetOf| {
            if usize::from(part.layer) == layer { part.of.slot(self.next) } else { None }
        };
        let states = &mut self.account.0;
        // None is debited unless all can be.
        for (part, state) in self.policy.budgets.iter().zip(&mut *states) {
            if slot(part).is_some_and(|slot| !state.affords(&part.budget, slot, heard)) {
                return None;
            }
        }
        let mut price = 0_u32;
        for (part, state) in self.policy.budgets.iter().zip(states) {
            if let Some(slot) = slot(part) {
                price = price.saturating_add(state.spend(&part.budget, slot, heard)?);
            }
        }
        Some(price)
    }
}
