//! What every limiter is: parameters, and a pure state machine over one key's state.
//!
//! A decision has two steps, because an API may have several limits: `test`
//! only reads, and then `admit` or `refuse` writes what the algorithm writes in
//! that case. Nothing here knows how many keys there are or where their states lie.

use std::fmt;

use super::table::Slot;
use crate::time::{Instant, Span};

/// What a limiter says to a request, before anything is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// There is room now.
    Admit,
    /// There is room, but the request is let through that much later.
    Delay(Span),
    /// There is none; asked again after `wait` it would be admitted, if nobody
    /// else took the room. `Span::NEVER` where that cannot be known or never is.
    Reject {
        /// From now.
        wait: Span,
    },
}

impl Verdict {
    /// A refusal that tells no wait.
    pub const NEVER: Verdict = Verdict::Reject { wait: Span::NEVER };

    /// Whether the request is refused.
    #[must_use]
    pub const fn is_reject(self) -> bool {
        matches!(self, Verdict::Reject { .. })
    }

    /// Let through after this time; at once where it is zero.
    #[must_use]
    pub const fn after(delay: Span) -> Verdict {
        if delay.0 == 0 { Verdict::Admit } else { Verdict::Delay(delay) }
    }
}

/// What a verdict comes to, without its times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// Let through at once.
    Admit,
    /// Let through later.
    Delay,
    /// Refused.
    Reject,
}

impl From<Verdict> for Kind {
    fn from(verdict: Verdict) -> Kind {
        match verdict {
            Verdict::Admit => Kind::Admit,
            Verdict::Delay(_) => Kind::Delay,
            Verdict::Reject { .. } => Kind::Reject,
        }
    }
}

/// A request among many that a limiter decides on together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Whose it is.
    pub slot: Slot,
    /// What it asks for.
    pub cost: u32,
    /// When, on the limiter's clock.
    pub now: Instant,
}

impl Ask {
    /// Nobody's: for places that are filled later.
    pub const NONE: Ask = Ask { slot: 0, cost: 0, now: Instant(0) };
}

/// A request on which a limiter has decided: what it is told of its key hangs on that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// When it was asked, on the limiter's clock.
    pub now: Instant,
    /// What it asked for.
    pub cost: u32,
    /// What was said.
    pub verdict: Verdict,
}

/// What a limiter tells of a key after a decision: what headers are made of.
/// What the real program does not tell is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// The most that can be used: quota, burst or slots.
    pub limit: u64,
    /// How much of it is left.
    pub remaining: Option<u64>,
    /// From now until the limit is whole again: the window's end, the bucket full.
    pub reset: Option<Span>,
}

/// What was charged, as the limiter that charged it knows it: the window. A
/// mark of a window that has ended gives nothing back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark(pub u64);

impl Mark {
    /// Of a limiter that has no windows.
    pub const NONE: Mark = Mark(0);
}

/// A line in which requests may wait for a place, kept by the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queue {
    /// How many may wait, at least one.
    pub places: u64,
    /// Who has waited so long is refused.
    pub patience: Span,
}

/// How much a limiter lets through in the long run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Capacity {
    /// A second; infinite where time does not bound it.
    pub per_second: f64,
    /// At once.
    pub at_once: u64,
}

/// How what a limiter does is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// It is an algorithm of ours: its definition is all there is.
    Ours,
    /// Decisions of the real program were recorded, and are reproduced.
    Recorded,
    /// The real program's source was read, but it was not run.
    Read,
    /// The vendor's documentation says so.
    Documented,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Evidence::Ours => "ours",
            Evidence::Recorded => "recorded",
            Evidence::Read => "source read, not run",
            Evidence::Documented => "documented",
        })
    }
}

/// Which clock a limiter looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// Time since the Unix epoch.
    Wall,
    /// Time since the process or the machine started.
    Monotonic,
}

/// A limiter for people: what `list limiters` prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Card {
    /// The real program and its version; `None` for an algorithm of ours.
    pub implementation: Option<&'static str>,
    /// How it is known.
    pub evidence: Evidence,
    /// The clock that it looks at.
    pub clock: Clock,
    /// The parameters with what each means, defaults included.
    pub parameters: &'static [(&'static str, &'static str)],
    /// A worked line of a model's file.
    pub example: &'static str,
    /// What is peculiar about it, in one line.
    pub peculiar: &'static str,
}

/// A limiting algorithm: its parameters, and what it does with the state of a
/// key. `now` is the limiter's own clock in nanoseconds and never goes back.
pub trait Algorithm: Clone + fmt::Debug {
    /// What is kept for a key.
    type State: Clone + fmt::Debug;

    /// What it is, for people.
    const CARD: Card;

    /// Whether an admitted request holds a place until it is over.
    const HOLDS: bool = false;

    /// Whether it may delay what it admits.
    const DELAYS: bool = false;

    /// The state of a key that was never seen, of a limiter made at `created`.
    fn fresh(&self, created: Instant) -> Self::State;

    /// Whether `cost` is admitted now; reads only.
    fn test(&self, state: &Self::State, now: Instant, cost: u32) -> Verdict;

    /// Writes that `cost` was admitted. An algorithm of ours takes the cost
    /// also where `test` would refuse it, because an API may count refusals.
    fn admit(&self, state: &mut Self::State, now: Instant, cost: u32) -> Mark;

    /// Writes what the algorithm itself writes when it refuses.
    fn refuse(&self, _state: &mut Self::State, _now: Instant, _cost: u32) {}

    /// What is told of the key after a decision.
    fn view(&self, state: &Self::State, asked: &Asked) -> View;

    /// The line in which those wait for whom there is no place, if it has one.
    fn queue(&self) -> Option<Queue> {
        None
    }

    /// The request is over: what is held only while it runs becomes free.
    fn release(&self, _state: &mut Self::State, _cost: u32) {}

    /// The request must not have counted: undoes the charge, where it still
    /// stands, and says whether it did.
    fn give_back(&self, _state: &mut Self::State, _now: Instant, _cost: u32, _mark: Mark) -> bool {
        false
    }

    /// Whether the program itself gives back what it counted for a request
    /// whose response is an error (a status from 400 up), by `give_back`.
    fn skips_failures(&self) -> bool {
        false
    }

    /// The same with another quota, burst or number of slots; `None` where it
    /// has no such number.
    #[must_use]
    fn resized(&self, _quota: u64) -> Option<Self> {
        None
    }

    /// The same with every number so many times over: quota, rate, burst, places.
    /// What is a time stays as it is. `None` where a number would not fit, and
    /// for every factor where the numbers cannot be multiplied.
    #[must_use]
    fn times(&self, _factor: u64) -> Option<Self> {
        None
    }

    /// Carries a state over from other parameters; what is used stays used.
    fn carry(&self, _state: &mut Self::State, _old: &Self, _now: Instant) {}

    /// How much it lets through in the long run.
    fn capacity(&self) -> Capacity;

    /// The most that can be admitted in `span` from the run's start, if
    /// requests come at the best moments; `u64::MAX` where that is not known.
    fn admits_within(&self, _start: Instant, _span: Span) -> u64 {
        u64::MAX
    }

    /// The rule in a few words, as `--limit` takes it where it can.
    fn rule(&self) -> String;

    /// The rule without its algorithm, for a chart: `50/s`.
    fn pace(&self) -> String {
        self.rule()
    }

    /// Decides on one request against this limit alone.
    fn decide(&self, state: &mut Self::State, now: Instant, cost: u32) -> Verdict {
        let verdict = self.test(state, now, cost);
        match verdict {
            Verdict::Admit | Verdict::Delay(_) => {
                self.admit(state, now, cost);
            }
            Verdict::Reject { .. } => self.refuse(state, now, cost),
        }
        verdict
    }

    /// The same where nobody asks for times. Some have a shorter way, without a
    /// branch on the answer: nobody can foresee it.
    fn answer(&self, state: &mut Self::State, now: Instant, cost: u32) -> Kind {
        self.decide(state, now, cost).into()
    }
}
