//! What every budget is: parameters, and a state machine over one scope's state.

use std::fmt::Debug;

use crate::client::Heard;
use crate::client::classify::Kinds;
use crate::http::Answer;
use crate::time::Instant;

/// A budget. Moments that it does not look at do nothing.
pub(super) trait Rule {
    /// What one scope remembers.
    type Slot: Clone + Debug;

    /// The state of a scope when a run begins.
    fn fresh(&self, start: Instant) -> Self::Slot;

    /// Whether an attempt may leave.
    fn admit(&self, _own: &mut Self::Slot, _now: Instant, _first: bool, _bits: u64) -> bool {
        true
    }

    /// An attempt has left.
    fn left(&self, _own: &mut Self::Slot, _now: Instant, _first: bool) {}

    /// An answer is there; `paid` is what the call's last retry cost.
    fn heard(&self, _own: &mut Self::Slot, _heard: &Heard<'_>, _paid: Option<u32>) {}

    /// Whether a retry may be made.
    fn affords(&self, _own: &mut Self::Slot, _heard: &Heard<'_>) -> bool {
        true
    }

    /// Takes the price of a retry that it affords, and tells what of it a success
    /// gives back.
    fn debit(&self, _own: &mut Self::Slot, _heard: &Heard<'_>) -> u32 {
        0
    }

    /// The price of a retry, taken if it may be made.
    fn spend(&self, own: &mut Self::Slot, heard: &Heard<'_>) -> Option<u32> {
        self.affords(own, heard).then(|| self.debit(own, heard))
    }

    /// An attempt that it admitted does not leave: another budget is against it.
    fn recalled(&self, _own: &mut Self::Slot) {}

    /// An attempt ends without an answer, in flight or before it left.
    fn lost(&self, _own: &mut Self::Slot, _retry: bool, _sent: bool) {}
}

/// When a budget is paid into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deposit {
    /// When the first attempt of a call leaves.
    Start,
    /// When an answer comes that is no failure.
    Success,
}

/// The answers that count as failures.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Failures {
    /// These.
    pub of: Kinds,
    /// Of those, not these.
    pub except: Kinds,
}

impl Failures {
    /// Whether an answer is among them.
    #[must_use]
    pub fn contain(&self, heard: &Heard<'_>) -> bool {
        let among = |kinds: &Kinds| kinds.contain(heard.answer, heard.headers);
        among(&self.of) && !among(&self.except)
    }
}

/// Whether an answer is a response that serves the call.
pub(super) fn serves(heard: &Heard<'_>) -> bool {
    matches!(heard.answer, Answer::Status(status) if status.is_class(2))
}

/// Whether an answer is a response at all.
pub(super) fn responds(heard: &Heard<'_>) -> bool {
    matches!(heard.answer, Answer::Status(_))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::client::Kind;
    use crate::http::{Headers, Method, Status};

    /// At the instant 0 this came of a request.
    pub(in crate::client::budget) fn came(answer: Answer) -> Heard<'static> {
        let (now, headers) = (Instant(0), &Headers::NONE);
        Heard { now, clock: now, method: Method::Get, answer, headers }
    }

    /// A response with this status.
    pub(in crate::client::budget) fn status(code: u16) -> Heard<'static> {
        came(Answer::Status(Status(code)))
    }

    /// 429 and 5xx are failures, but for 501.
    pub(in crate::client::budget) fn failures() -> Failures {
        let of = Kinds(vec![Kind::Status(429), Kind::Class(5), Kind::Timeout]);
        Failures { of, except: Kinds(vec![Kind::Status(501)]) }
    }

    #[test]
    fn an_exception_is_no_failure() {
        let failures = failures();
        for (answer, failed) in [
            (status(503), true),
            (status(501), false),
            (status(404), false),
            (came(Answer::TimedOut), true),
            (came(Answer::Refused), false),
        ] {
            assert_eq!(failures.contain(&answer), failed, "{answer:?}");
        }
    }
}
