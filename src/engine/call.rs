//! The rows of the engine: a call as its client knows it, and an attempt as
//! the server knows it. They are two states, because what a client believes
//! and what the server does part ways at the first timeout.

use super::Caller;
use super::event::What;
use super::slab::{Birth, Row};
use crate::api::{EndpointId, LimitId};
use crate::attribute::Principal;
use crate::http::{Answer, Status};
use crate::rng::Key;
use crate::time::{Instant, Span};

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// Where a call stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Its time in the session has not come.
    Meant,
    /// It leads a batch that still gathers.
    Gathering,
    /// It rides in the attempt of another call.
    Riding,
    /// About to look for a worker.
    New,
    /// In line for a worker.
    Queued,
    /// In line for a place in flight, of this part of the policy.
    Held(u8),
    /// Waiting for the policy to let it leave; it has passed so many paces.
    Pacing(u8),
    /// Waiting before a retry.
    Backoff,
    /// An attempt is in flight.
    Sent,
    /// Its attempt, which has no row of its own, is on its way to the server,
    Outward,
    /// there, admitted or refused,
    There,
    /// or on its way home.
    Homeward,
}

/// One unit of user work: what every event of it needs, in one cache line. What
/// few models need lies in [`Ties`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// The key of its draws.
    pub(super) key: Key,
    pub(super) meant: Instant,
    /// When its last attempt was sent.
    pub(super) sent: Instant,
    /// The number that it has among its client's calls, for reports.
    pub(super) number: u64,
    pub(super) birth: Birth,
    pub(super) client: u32,
    pub(super) content: u32,
    /// Attempts made so far.
    pub(super) attempts: u32,
    /// The attempt in flight; of several the last, which knows the others.
    pub(super) attempt: u32,
    pub(super) population: u16,
    pub(super) endpoint: EndpointId,
    pub(super) stage: Stage,
    /// What its last attempt came to, where calls need no attempt of their own.
    pub(super) came_to: Outcome,
}

/// What an attempt came to at the server: its status, and above that one more
/// than the number of the limit that refused it. One word is written and read at
/// once, where for several small fields the processor waits: it cannot hand on
/// what was stored in pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Outcome(u32);

impl Outcome {
    /// Nothing yet.
    pub(super) const NONE: Outcome = Outcome::of(Status::OK);

    /// All statuses have three digits.
    const STATUS_BITS: u32 = 12;

    /// No limit refused it.
    pub(super) const fn of(status: Status) -> Outcome {
        debug_assert!(status.0 < 1 << Self::STATUS_BITS);
        Outcome(status.0 as u32)
    }

    /// A limit refused it.
    pub(super) const fn refused(status: Status, by: LimitId) -> Outcome {
        Outcome((by.0 as u32 + 1) << Self::STATUS_BITS | Outcome::of(status).0)
    }

    #[allow(clippy::cast_possible_truncation)] // those bits are few
    pub(super) const fn status(self) -> Status {
        Status((self.0 & ((1 << Self::STATUS_BITS) - 1)) as u16)
    }

    /// The limit that refused it, if one did.
    #[allow(clippy::cast_possible_truncation)] // one less than what is above fits
    pub(super) const fn refused_by(self) -> Option<LimitId> {
        match self.0 >> Self::STATUS_BITS {
            0 => None,
            above => Some(LimitId((above - 1) as u16)),
        }
    }
}

impl Call {
    /// Whose it is, for observers.
    #[inline]
    pub(super) fn caller(&self) -> Caller {
        Caller { population: self.population, client: self.client, endpoint: self.endpoint }
    }
}

impl Row for Call {
    fn birth(&mut self) -> &mut Birth {
        &mut self.birth
    }

    fn born(&self) -> Birth {
        self.birth
    }
}

/// What ties a call to others, where a model has sessions, batches, lines,
/// copies or shared identities; it lies beside the calls, by the same index.
#[derive(Clone, Debug)]
pub(super) struct Ties {
    /// The session whose answers it shares.
    pub(super) session: u32,
    /// Whom its next attempt is made for.
    pub(super) principal: Principal,
    /// The next in the same line, or the next rider.
    pub(super) link: u32,
    /// The first of those who ride with it, and how many.
    pub(super) riders: u32,
    pub(super) rider_count: u32,
    /// Places in flight that it holds, a bit for each part of the policy.
    pub(super) held: u32,
    /// When another copy of it leaves, where the policy hedges.
    pub(super) copy_due: Instant,
    /// What its attempts ask: the same, unless it leads a batch.
    pub(super) asks: EndpointId,
    pub(super) has_worker: bool,
    /// Over, but still linked.
    pub(super) ended: bool,
}

impl Ties {
    /// Tied to nobody but its session.
    pub(super) const fn of(session: u32, principal: Principal, asks: EndpointId) -> Ties {
        Ties {
            session,
            principal,
            link: NONE,
            riders: NONE,
            rider_count: 0,
            held: 0,
            copy_due: Instant::NEVER,
            asks,
            has_worker: false,
            ended: false,
        }
    }
}

/// Where an attempt stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// On its way to the server, undecided.
    Outward,
    /// Delayed by a limit or waiting in its line, undecided.
    HeldBack,
    /// Admitted, waiting for a place of the service.
    Waiting,
    /// In service, or being refused with a place of its own.
    Placed,
    /// At the server without a place.
    Placeless,
    /// On its way home; the server has forgotten it.
    Homeward,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) birth: Birth,
    pub(super) key: Key,
    pub(super) sent: Instant,
    /// `NONE` when its client has stopped waiting.
    pub(super) call: u32,
    /// The next of the call's attempts in flight.
    pub(super) sibling: u32,
    pub(super) client: u32,
    pub(super) number: u32,
    pub(super) endpoint: EndpointId,
    pub(super) content: u32,
    pub(super) principal: Principal,
    pub(super) population: u16,
    pub(super) phase: Phase,
    /// How many stages of limits it has passed.
    pub(super) stage: u8,
    /// When it stops waiting in the line of a limit.
    pub(super) tires: Instant,
    pub(super) answer: Answer,
    /// The version that it saw of a row under optimistic concurrency.
    pub(super) version: u32,
    pub(super) rejected_by: Option<LimitId>,
}

impl Row for Attempt {
    fn birth(&mut self) -> &mut Birth {
        &mut self.birth
    }

    fn born(&self) -> Birth {
        self.birth
    }
}

impl Attempt {
    /// The status that the server gives, for what is given back by status; a
    /// connection that breaks counts as an error of the server.
    pub(super) fn status(&self) -> Status {
        match self.answer {
            Answer::Status(status) => status,
            Answer::Refused | Answer::TimedOut => Status::SERVICE_UNAVAILABLE,
        }
    }
}

/// An attempt that takes its steps of one instant, out of its row: most go
/// through several before they must wait, and some never need a row.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) it: Attempt,
    /// `NONE` as long as nothing had to know where it is.
    pub(super) row: u32,
}

/// Where an attempt goes after a step.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(super) enum Hop {
    /// On, after a time; no time takes no event.
    After(Span, What),
    /// On, after a time; no time takes an event too, and others may come first.
    Later(Span, What),
    /// Nowhere by itself: it waits for somebody, or is gone.
    Stays,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_what_it_was_made_of() {
        assert_eq!((Outcome::NONE.status(), Outcome::NONE.refused_by()), (Status::OK, None));
        for (status, limit) in [(0, 0), (429, 7), (999, u16::MAX)] {
            let refused = Outcome::refused(Status(status), LimitId(limit));
            assert_eq!(refused.status(), Status(status));
            assert_eq!(refused.refused_by(), Some(LimitId(limit)));
        }
    }
}
