//! What is counted of calls and attempts.

use crate::client::Cause;
use crate::engine::End;

/// Counts of calls that were meant to start, and attempts that were made, in a window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Calls that were meant to start.
    pub offered: u64,
    /// Calls served by an attempt of their own.
    pub by_attempt: u64,
    /// Calls served by the client's cache.
    pub by_cache: u64,
    /// Calls served by another call's attempt.
    pub by_batch: u64,
    /// Calls that needed no attempt.
    pub avoided: u64,
    /// Calls given up, by cause in the order of [`Cause::ALL`].
    pub given_up: [u64; Cause::ALL.len()],
    /// Calls still under way at the end.
    pub unfinished: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Attempts that the limits admitted.
    pub admitted: u64,
    /// Attempts that a limit refused.
    pub rejected: u64,
    /// Attempts that failed before any limit decided.
    pub failed: u64,
    /// Attempts that the server answered with 5xx.
    pub errors: u64,
    /// Attempts whose client stopped waiting.
    pub timeouts: u64,
}

impl Counts {
    /// Calls that got what they wanted, however.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.by_attempt + self.by_cache + self.by_batch + self.avoided
    }

    /// Calls given up for any cause.
    #[must_use]
    pub fn all_given_up(&self) -> u64 {
        self.given_up.iter().sum()
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: &Counts) -> Counts {
        for (given_up, more) in self.given_up.iter_mut().zip(other.given_up) {
            *given_up += more;
        }
        Counts {
            offered: self.offered + other.offered,
            by_attempt: self.by_attempt + other.by_attempt,
            by_cache: self.by_cache + other.by_cache,
            by_batch: self.by_batch + other.by_batch,
            avoided: self.avoided + other.avoided,
            given_up: self.given_up,
            unfinished: self.unfinished + other.unfinished,
            attempts: self.attempts + other.attempts,
            admitted: self.admitted + other.admitted,
            rejected: self.rejected + other.rejected,
            failed: self.failed + other.failed,
            errors: self.errors + other.errors,
            timeouts: self.timeouts + other.timeouts,
        }
    }

    /// A call is over.
    pub fn ended(&mut self, end: End) {
        match end {
            End::ByAttempt => self.by_attempt += 1,
            End::ByCache => self.by_cache += 1,
            End::ByBatch => self.by_batch += 1,
            End::Avoided => self.avoided += 1,
            End::GivenUp(cause) => self.given_up[cause as usize] += 1,
            End::Unfinished => self.unfinished += 1,
        }
    }
}
