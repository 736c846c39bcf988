//! Client: a retry policy, composed of one primitive a file.
//!
//! policy = classify x attempts x schedule x jitter x hint x pause x pacing,
//! and the levers between calls and attempts (cache, batch, screen, stagger).
//! A policy is data that never changes during a run; what it must remember
//! lies in `Memory`, in tables indexed by the scope that the policy names.

mod classify;
mod hint;
mod jitter;
mod lever;
mod memory;
mod pace;
mod schedule;

pub use classify::{Classify, Kind};
pub use hint::{Hint, Source};
pub use jitter::Jitter;
pub use lever::{Batch, Cache, Filter, Levers, Part};
pub use memory::{Memory, Permit, Who};
pub use pace::{Allowance, Gauge, HeaderPace, InFlight, Pace, Pause};
pub use schedule::Schedule;

use crate::attribute::{Scope, SlotMap};
use crate::http::{Answer, Headers, Status};
use crate::time::{Instant, Span};

/// Why a call was given up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// All attempts were used.
    Attempts,
    /// The patience of whoever made the call ended.
    Deadline,
    /// The answer is one that the policy does not retry.
    NotRetried,
    /// It was stopped before its first attempt, or its queue was full.
    Shed,
}

impl Cause {
    /// All causes, in the order of tables.
    pub const ALL: [Cause; 4] = [Cause::Attempts, Cause::Deadline, Cause::NotRetried, Cause::Shed];

    /// The name in tables and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Attempts => "attempts",
            Cause::Deadline => "deadline",
            Cause::NotRetried => "not-retried",
            Cause::Shed => "shed",
        }
    }
}

/// What a client does after an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// The call is served.
    Served,
    /// Another attempt after this span.
    Retry(Span),
    /// No more attempts.
    GiveUp(Cause),
}

/// Whose memory a part of a policy uses.
#[derive(Clone, Debug)]
pub enum Whose {
    /// Each client has its own.
    Client,
    /// Those who share these attributes share it.
    Scope(Scope, SlotMap),
}

/// A retry policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// As the model file names it.
    pub name: String,
    /// The most attempts of a call, the first included; `u32::MAX` without end.
    pub attempts: u32,
    /// Which answers are retried.
    pub classify: Classify,
    /// The waits before retries.
    pub schedule: Schedule,
    /// What is random about them.
    pub jitter: Jitter,
    /// What the response may say about the wait.
    pub hint: Option<Hint>,
    /// How long it waits for a response.
    pub timeout: Option<Span>,
    /// What a refusal stops.
    pub pauses: Vec<Pause>,
    /// Its own limits on what it sends.
    pub paces: Vec<Pace>,
    /// Its own limits on what it has in flight.
    pub in_flight: Vec<InFlight>,
    /// Pacing by what headers tell.
    pub header_pace: Option<HeaderPace>,
}

impl Policy {
    /// What follows the answer to attempt number `attempt` (from 1), as the
    /// client's clock reads `clock`; `bits` are 64 uniform bits for the jitter.
    #[must_use]
    pub fn next(
        &self,
        clock: Instant,
        attempt: u32,
        answer: Answer,
        headers: &Headers,
        bits: u64,
    ) -> Next {
        if let Answer::Status(status) = answer
            && status.is_class(2)
        {
            return Next::Served;
        }
        if !self.classify.retries(answer) {
            return Next::GiveUp(Cause::NotRetried);
        }
        if attempt >= self.attempts {
            return Next::GiveUp(Cause::Attempts);
        }
        let hinted = self.hint.as_ref().and_then(|hint| hint.wait(clock, answer, headers, bits));
        Next::Retry(hinted.unwrap_or_else(|| self.jitter.apply(self.schedule.wait(attempt), bits)))
    }

    /// Whether a refusal with these headers in it is met with the schedule
    /// alone, because the policy reads none of them.
    #[must_use]
    pub fn reads_none(&self, headers: &Headers) -> bool {
        let status = Answer::Status(Status::TOO_MANY_REQUESTS);
        let hinted =
            self.hint.as_ref().is_some_and(|h| h.wait(Instant(0), status, headers, 0).is_some());
        let paced = self
            .header_pace
            .as_ref()
            .is_some_and(|p| p.gauges.iter().any(|g| headers.get(g.remaining).is_some()));
        !hinted && !paced
    }
}
