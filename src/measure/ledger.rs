//! The conservation laws: nothing is lost.
//!
//! calls = served + given up + unfinished; attempts = admitted + rejected +
//! failed before a decision + undecided. Checked at the end of every run, and
//! at every event in tests.

use std::fmt;

use crate::api::Decision;
use crate::engine::{Caller, Census, End, Fact, Observer};
use crate::time::Instant;

/// What went in and what came out.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Ledger {
    /// Calls offered.
    pub offered: u64,
    /// Calls served.
    pub served: u64,
    /// Calls given up.
    pub given_up: u64,
    /// Calls that the run's end cut off.
    pub unfinished: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Attempts admitted.
    pub admitted: u64,
    /// Attempts refused.
    pub rejected: u64,
    /// Attempts that failed before a decision.
    pub failed: u64,
}

/// A law that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach(String);

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "something was lost, which is an error of ours: {}", self.0)
    }
}

impl std::error::Error for Breach {}

impl Ledger {
    /// Whether everything that went in is accounted for, given what is under way.
    pub fn check(&self, census: Census) -> Result<(), Breach> {
        let calls = self.served + self.given_up + self.unfinished + census.calls;
        let attempts = self.admitted + self.rejected + self.failed + census.undecided;
        if self.offered == calls && self.attempts == attempts {
            Ok(())
        } else {
            Err(Breach(format!("{self:?} with {census:?} under way")))
        }
    }
}

impl Observer for Ledger {
    #[inline]
    fn note(&mut self, _now: Instant, _caller: Caller, fact: &Fact) {
        match fact {
            Fact::Offered { .. } => self.offered += 1,
            Fact::Sent => self.attempts += 1,
            Fact::Decided(Decision::Admit) => self.admitted += 1,
            Fact::Decided(Decision::Reject { .. }) => self.rejected += 1,
            Fact::Failed => self.failed += 1,
            Fact::Ended { end, .. } if end.is_served() => self.served += 1,
            Fact::Ended { end: End::Unfinished, .. } => self.unfinished += 1,
            Fact::Ended { .. } => self.given_up += 1,
            Fact::Left(_) | Fact::Answered(_) => {}
        }
    }
}
