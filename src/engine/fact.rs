//! Everything that can be seen of a run, in one list. An observer cannot
//! change a run.

use crate::api::{Decision, EndpointId};
use crate::client::Cause;
use crate::http::Answer;
use crate::time::{Instant, Span};

/// How a call ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// An attempt of its own was answered 2xx.
    ByAttempt,
    /// The client's cache had the answer.
    ByCache,
    /// It rode in another call's attempt.
    ByBatch,
    /// It needed no attempt: a webhook brought the news, or nothing was modified.
    Avoided,
    /// It was given up.
    GivenUp(Cause),
    /// The run ended first.
    Unfinished,
}

impl End {
    /// Whether whoever made the call got what they wanted.
    #[must_use]
    pub const fn is_served(self) -> bool {
        matches!(self, End::ByAttempt | End::ByCache | End::ByBatch | End::Avoided)
    }
}

/// Whose call a fact is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The population's index.
    pub population: u16,
    /// The client's index in the run.
    pub client: u32,
    /// What it asks.
    pub endpoint: EndpointId,
}

/// One attempt, when its client is done with it.
#[derive(Clone, Copy, Debug)]
pub struct AttemptRecord {
    /// Which attempt of its call, from 1.
    pub number: u32,
    /// The number of its call among its client's.
    pub call: u64,
    /// When it was sent.
    pub sent: Instant,
    /// What the client got.
    pub answer: Answer,
    /// The limit that refused it.
    pub rejected_by: Option<crate::api::LimitId>,
    /// The wait before the next attempt, if there is one.
    pub then: Option<Span>,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// A call was meant to start now.
    Offered {
        /// Whom it is for, for the demand on each limit.
        principal: crate::attribute::Principal,
        /// The number that it has among its client's calls.
        call: u64,
        /// What it asks for; 0 where that does not matter.
        content: u32,
    },
    /// An attempt was sent.
    Sent,
    /// The limits decided on an attempt.
    Decided(Decision),
    /// An attempt failed before a decision.
    Failed,
    /// The server is done with an attempt and answers this.
    Left(Answer),
    /// The client has its answer, or has stopped waiting for it.
    Answered(AttemptRecord),
    /// A call is over.
    Ended {
        /// How.
        end: End,
        /// When it was meant to start.
        meant: Instant,
        /// Attempts made for it.
        attempts: u32,
    },
}

/// What is under way, for the conservation laws.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Census {
    /// Calls that have not ended.
    pub calls: u64,
    /// Attempts on which nothing was decided yet.
    pub undecided: u64,
}

/// What will be noted of a client soon, most likely.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Soon {
    /// An attempt is sent, and decided on.
    Sent,
    /// An answer comes, with which a call ends.
    Ended,
}

/// Sees a run.
pub trait Observer {
    /// Something happened to a caller's call or attempt.
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact);

    /// Something will be noted of a client soon: its row may be fetched.
    fn expect(&self, _client: u32, _soon: Soon) {}

    /// Whether it wants to be told of the census.
    const COUNTS: bool = false;

    /// An event is over; called after each, where it `COUNTS`.
    fn census(&mut self, _now: Instant, _census: Census) {}
}

/// Sees nothing.
impl Observer for () {
    fn note(&mut self, _now: Instant, _caller: Caller, _fact: &Fact) {}
}

/// Both see the same.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const COUNTS: bool = A::COUNTS || B::COUNTS;

    #[inline(always)]
    #[allow(clippy::inline_always)] // as for whom it passes the fact on to
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        self.0.note(now, caller, fact);
        self.1.note(now, caller, fact);
    }

    fn expect(&self, client: u32, soon: Soon) {
        self.0.expect(client, soon);
        self.1.expect(client, soon);
    }

    fn census(&mut self, now: Instant, census: Census) {
        self.0.census(now, census);
        self.1.census(now, census);
    }
}

/// Sees what there is to see it.
impl<O: Observer> Observer for Option<O> {
    const COUNTS: bool = O::COUNTS;

    #[inline(always)]
    #[allow(clippy::inline_always)] // as for whom it passes the fact on to
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        if let Some(observer) = self {
            observer.note(now, caller, fact);
        }
    }

    fn expect(&self, client: u32, soon: Soon) {
        if let Some(observer) = self {
            observer.expect(client, soon);
        }
    }

    fn census(&mut self, now: Instant, census: Census) {
        if let Some(observer) = self {
            observer.census(now, census);
        }
    }
}

impl<O: Observer> Observer for &mut O {
    const COUNTS: bool = O::COUNTS;

    #[inline(always)]
    #[allow(clippy::inline_always)] // as for whom it passes the fact on to
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        (**self).note(now, caller, fact);
    }

    fn expect(&self, client: u32, soon: Soon) {
        (**self).expect(client, soon);
    }

    fn census(&mut self, now: Instant, census: Census) {
        (**self).census(now, census);
    }
}
