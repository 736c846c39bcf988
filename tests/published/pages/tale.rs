//! What the clients of a scenario did in one run, attempt by attempt.

use tollgate::api::LimitCounts;
use tollgate::engine::{self, AttemptRecord, Caller, End, Fact, Observer};
use tollgate::http::Answer;
use tollgate::rng::Key;
use tollgate::scenario::Model;
use tollgate::time::{Instant, Span};

/// One attempt; times are since the run's start.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The population of who sent it.
    pub(crate) population: String,
    /// What its call asks.
    pub(crate) endpoint: String,
    /// The number of its call among its client's.
    pub(crate) call: u64,
    /// Which attempt of its call, from 1.
    pub(crate) number: u32,
    /// When it left.
    pub(crate) sent: Span,
    /// When its answer came.
    pub(crate) heard: Span,
    /// The status that was answered; 0 without one.
    pub(crate) status: u16,
    /// The limit that refused it.
    pub(crate) refused_by: Option<String>,
    /// The wait before the next attempt of the call.
    pub(crate) then: Option<Span>,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// What it asked.
    pub(crate) endpoint: String,
    /// When, since the run's start.
    pub(crate) at: Span,
    /// How.
    pub(crate) end: End,
}

/// All attempts and calls of a run.
#[derive(Debug)]
pub(crate) struct Tale {
    /// In the order in which their answers came.
    pub(crate) sent: Vec<Attempt>,
    /// In the order in which they ended.
    pub(crate) ended: Vec<Ended>,
    /// What happened at each limit.
    pub(crate) limits: Vec<LimitCounts>,
}

struct Scribe<'m> {
    model: &'m Model,
    sent: Vec<Attempt>,
    ended: Vec<Ended>,
}

/// Runs a model with its first seed.
pub(crate) fn tell(model: &Model) -> Tale {
    let mut scribe = Scribe { model, sent: vec![], ended: vec![] };
    let ending = engine::run(model, Key::run(1, 0), &mut scribe).expect("the run ends");
    Tale { sent: scribe.sent, ended: scribe.ended, limits: ending.limits }
}

impl Attempt {
    /// From the request to its answer.
    pub(crate) fn took(&self) -> Span {
        Span(self.heard.0 - self.sent.0)
    }
}

impl Tale {
    /// The attempts that were refused.
    pub(crate) fn refused(&self) -> impl Iterator<Item = &Attempt> {
        self.sent.iter().filter(|a| a.refused_by.is_some())
    }

    /// The waits before the retries of a call that was refused time and again.
    pub(crate) fn waits(&self) -> Vec<Span> {
        self.sent.iter().filter_map(|attempt| attempt.then).collect()
    }

    /// How many calls ended so.
    pub(crate) fn ends(&self, end: End) -> usize {
        self.ended.iter().filter(|call| call.end == end).count()
    }

    /// How many calls got what they wanted, however.
    pub(crate) fn served(&self) -> usize {
        let served = self.ended.iter().filter(|call| call.end.is_served());
        served.count()
    }

    /// How many attempts asked this endpoint for their call.
    pub(crate) fn asked(&self, endpoint: &str) -> usize {
        let asked = self.sent.iter().filter(|a| a.endpoint == endpoint);
        asked.count()
    }
}

impl Scribe<'_> {
    fn since(&self, at: Instant) -> Span {
        at.since(self.model.start)
    }

    fn endpoint(&self, caller: Caller) -> String {
        self.model.api.endpoints[caller.endpoint as usize].name.clone()
    }

    fn answered(&self, now: Instant, caller: Caller, record: &AttemptRecord) -> Attempt {
        let refused_by = record.rejected_by.map(|id| self.model.api.limit(id));
        Attempt {
            population: self.model.populations[usize::from(caller.population)].name.clone(),
            endpoint: self.endpoint(caller),
            call: record.call,
            number: record.number,
            sent: self.since(record.sent),
            heard: self.since(now),
            status: match record.answer {
                Answer::Status(status) => status.0,
                Answer::Refused | Answer::TimedOut => 0,
            },
            refused_by: refused_by.map(|limit| limit.name.clone()),
            then: record.then,
        }
    }
}

impl Observer for Scribe<'_> {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        match fact {
            Fact::Answered(record) => self.sent.push(self.answered(now, caller, record)),
            Fact::Ended { end, .. } => self.ended.push(Ended {
                endpoint: self.endpoint(caller),
                at: self.since(now),
                end: *end,
            }),
            _ => {}
        }
    }
}
