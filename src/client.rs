//! Client: a retry policy, composed of one primitive a file.
//!
//! policy = (classify x attempts x schedule x jitter x hint x deadline x budget),
//! in one loop or in several around each other, x pause x pacing; and the levers
//! between calls and attempts (cache, batch, screen, stagger). A policy is data
//! that never changes during a run; what it must remember lies in `Memory` and
//! `Account`, in tables indexed by the scope that the policy names, and in each
//! call's `Progress`.

mod classify;
mod schedule;
mod jitter;
mod wait;
mod hint;
mod layer;
mod waits;
mod lever;
mod pace;
mod memory;
mod budget;
mod account;

pub use account::{Account, Purse};
pub use budget::{
    ActiveShare, AwsQuota, Breaker, Budget, BudgetOf, Deposit, Dialect, Failures, GrpcThrottle,
    ParallelRetries, SreAdaptive, TokenBucket, WindowRatio,
};
pub use classify::{Classify, Force, Kind, Kinds};
pub use hint::{Combine, Form, Hint, Hinted, Most, Otherwise, Presence, Source};
pub use jitter::Jitter;
pub use layer::{Class, Deadline, Exceed, Heard, Layer, Progress};
pub use lever::{Batch, Cache, Filter, Levers, Part};
pub use memory::{Memory, Permit, Who};
pub use pace::{
    AdaptiveSleep, Aimd, Allowance, Ask, AwsCubic, CubicState, Decrease, Gauge, HeaderGate,
    HeaderPace, InFlight, Machine, Pace, Pacing, Pause, ReservingBucket, Reservoir, Spacing, Told,
    Turn,
};
pub use schedule::{Exponential, Fibonacci, Schedule};
pub use wait::{Draw, Wait};
pub use waits::Waits;

use serde::Deserialize;

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
    /// The response asked for a longer wait than the policy takes, or for none.
    Hint,
    /// The client failed with an error of its own at what the response said.
    Error,
    /// The budget of retries was spent.
    Budget,
    /// A throttle or breaker of the client's own stopped an attempt.
    Throttle,
}

impl Cause {
    /// All causes, in the order of tables.
    pub const ALL: [Cause; 8] = [
        Cause::Attempts,
        Cause::Deadline,
        Cause::NotRetried,
        Cause::Shed,
        Cause::Hint,
        Cause::Error,
        Cause::Budget,
        Cause::Throttle,
    ];

    /// The name in tables and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Attempts => "attempts",
            Cause::Deadline => "deadline",
            Cause::NotRetried => "not-retried",
            Cause::Shed => "shed",
            Cause::Hint => "hint",
            Cause::Error => "error",
            Cause::Budget => "budget",
            Cause::Throttle => "throttle",
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

impl Next {
    /// The wait before the next attempt, if there is one.
    #[must_use]
    #[inline]
    pub const fn wait(self) -> Option<Span> {
        match self {
            Next::Retry(wait) => Some(wait),
            Next::Served | Next::GiveUp(_) => None,
        }
    }
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
    /// Its retry loops, the innermost first; there is at least one.
    pub layers: Vec<Layer>,
    /// What keeps its retries from making an overload worse.
    pub budgets: Vec<BudgetOf>,
    /// Whether every call of a client draws the same numbers.
    pub replays: bool,
    /// A longer wait than the client's timer can count is over at once.
    pub timer: Timer,
    /// How long it waits for a response.
    pub timeout: Option<Span>,
    /// A copy of an attempt leaves so long after it, if there is no answer by then.
    pub hedge: Option<Span>,
    /// What a refusal stops.
    pub pauses: Vec<Pause>,
    /// Its own limits on what it sends.
    pub paces: Vec<Pace>,
    /// Its own limits on what it has in flight, and the doors of paces.
    pub in_flight: Vec<InFlight>,
    /// Pacing by what headers tell.
    pub header_pace: Option<HeaderPace>,
    /// Nobody sends while headers say that nothing is left.
    pub header_gate: Option<HeaderGate>,
}

/// What a client sleeps by.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Every wait is waited.
    #[default]
    Exact,
    /// Node's `setTimeout`: more than 2^31 - 1 ms overflows and takes 1 ms.
    Node,
    /// tokio's `sleep`: it ends on a whole millisecond.
    Tokio,
}

impl Timer {
    /// A wait in the ticks of the timer, however long it is.
    #[must_use]
    pub fn ticks(self, asked: Span) -> Span {
        match self {
            Timer::Tokio => asked.ceiled(Span::millis(1)),
            Timer::Exact | Timer::Node => asked,
        }
    }

    /// How long a wait takes that was asked for.
    #[must_use]
    pub fn sleeps(self, asked: Span) -> Span {
        match self {
            Timer::Node if asked > Span::millis(0x7fff_ffff) => Span::millis(1),
            _ => self.ticks(asked),
        }
    }
}

impl Policy {
    /// What follows an answer: the innermost loop that retries does; when it
    /// does not, the one around it may, and those within begin anew. `progress`
    /// has a row for each loop, and `purse` pays for the retries.
    #[must_use]
    pub fn next(
        &self,
        heard: &Heard<'_>,
        progress: &mut [Progress],
        draw: Draw,
        purse: &mut impl Purse,
    ) -> Next {
        let mut last = Next::GiveUp(Cause::NotRetried);
        for (n, layer) in self.layers.iter().enumerate() {
            purse.hears(n, heard, progress[n].paid());
            // What serves the call is a success of all loops.
            if last == Next::Served {
                continue;
            }
            last = layer.next(heard, &mut progress[n], draw);
            if let Next::Retry(wait) = last {
                if let Some(price) = purse.pays(n, heard) {
                    progress[n].retries_for(price);
                    progress[..n].fill(Progress::since(heard.now.after(wait)));
                    break;
                }
                last = Next::GiveUp(Cause::Budget);
            }
        }
        last
    }

    /// Which of the parts in flight are doors of paces, a bit for each.
    #[must_use]
    pub fn doors(&self) -> u32 {
        let bits = (0..u32::BITS).zip(&self.in_flight).filter(|(_, part)| part.door);
        bits.fold(0, |doors, (n, _)| doors | 1 << n)
    }

    /// Whether a refusal with these headers in it is met with the schedule
    /// alone, because the policy reads none of them.
    #[must_use]
    pub fn reads_none(&self, headers: &Headers) -> bool {
        let status = Answer::Status(Status::TOO_MANY_REQUESTS);
        let reads =
            |hint: &Hint| hint.hear(Instant(0), status, headers, Draw::Fixed(0)) != Hinted::Nothing;
        let hinted = self.layers.iter().any(|layer| layer.hint.as_ref().is_some_and(reads));
        let paced = self
            .header_pace
            .as_ref()
            .is_some_and(|p| p.gauges.iter().any(|g| headers.get(g.remaining).is_some()));
        let gated = self.header_gate.as_ref().is_some_and(|g| headers.get(g.remaining).is_some());
        !hinted && !paced && !gated
    }
}
