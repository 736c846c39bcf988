//! Hedging: copies of an attempt that leave before its answer is there.
//!
//! As gRPC's `hedgingPolicy` does (gRFC A6): the next copy leaves a while after
//! the last, or as soon as an answer comes that is worth another try; the first
//! answer that settles the call counts, and nobody waits for the other copies.

use super::call::{NONE, Stage};
use super::event::{Then, What};
use super::{End, Engine, Observer};
use crate::client::{Cause, Purse, Who};
use crate::http::{Answer, Headers};
use crate::time::{Instant, Span};

impl<O: Observer> Engine<'_, O> {
    /// The next copy may leave a while later.
    pub(super) fn copy_after(&mut self, call: u32, after: Span) {
        let due = self.now.after(after);
        self.ties[call as usize].copy_due = due;
        self.push_call(due, What::Hedge, call);
    }

    /// The next copy is due, unless another plan was made meanwhile.
    pub(super) fn hedge(&mut self, call: u32) -> Then {
        let waits = self.calls[call].stage == Stage::Sent && !self.ties[call as usize].ended;
        let due = self.ties[call as usize].copy_due;
        if !waits || due != self.now || !self.has_copies(call) {
            return None;
        }
        if self.policy(call).budgets.is_empty() || self.affords_copy(call) {
            return Some(call);
        }
        if self.calls[call].attempt == NONE {
            self.end(call, End::GivenUp(Cause::Budget));
        }
        None
    }

    /// An answer is worth another try. Whether one leaves or not, the other
    /// copies are waited for.
    pub(super) fn copy_on(&mut self, call: u32, wait: Span) {
        if self.has_copies(call) {
            self.copy_after(call, wait);
        }
    }

    /// An answer is the end of trying: no more copies leave. What settles the
    /// call settles it for all of them; else those in flight are waited for.
    pub(super) fn give_up_copies(&mut self, call: u32, cause: Cause) {
        self.ties[call as usize].copy_due = Instant::NEVER;
        if cause == Cause::NotRetried || self.calls[call].attempt == NONE {
            self.end(call, End::GivenUp(cause));
        }
    }

    fn has_copies(&self, call: u32) -> bool {
        self.calls[call].attempts < self.policy(call).layers[0].attempts
    }

    /// Whether the budgets pay for a copy as for a retry after no answer.
    fn affords_copy(&mut self, call: u32) -> bool {
        let (who, policy) = (self.who(call), self.policy(call));
        let heard = self.heard(call, Answer::TimedOut, &Headers::NONE);
        let payer = Who { principal: self.next_principal(call), ..who };
        let (account, _) = self.account(call);
        account.paying(policy, &who, &payer).pays(0, &heard).is_some() && self.admits(call)
    }

    /// Takes an attempt from those that its call has in flight.
    pub(super) fn unlink(&mut self, call: u32, attempt: u32) {
        let next = self.attempts[attempt].sibling;
        let mut place = self.calls[call].attempt;
        if place == attempt {
            self.calls[call].attempt = next;
            return;
        }
        while self.attempts[place].sibling != attempt {
            place = self.attempts[place].sibling;
        }
        self.attempts[place].sibling = next;
    }
}
