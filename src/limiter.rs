//! Limiters: one algorithm a file, each a state machine over (slot, now, cost).
//!
//! A limiter is one enum around typed arrays: slot numbers are dense, given out
//! by `api`, and state lies in a `Vec` by slot. A decision has two steps.
//! `test` only reads; `charge` writes and gives a mark that stays with the
//! attempt, with which `release` and `give_back` know what they undo.

mod concurrency;
mod fixed_window;
mod token_bucket;

pub use concurrency::Concurrency;
pub use fixed_window::{Anchor, FixedWindow};
pub use token_bucket::{Initial, TokenBucket, TooFine};

use std::fmt;

use crate::time::{Instant, Span};

/// The index of one key's state in a limiter.
pub type Slot = u32;

/// What a limiter says to a request, before anything is charged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// There is room now.
    Admit,
    /// There is none; asked again after `wait` it would be admitted, if nobody
    /// else took the room. `Span::NEVER` where that cannot be known or never is.
    Reject {
        /// From now.
        wait: Span,
    },
}

/// What a limiter could tell of a key's state: what headers are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// The most that can be used: quota, burst or slots.
    pub limit: u64,
    /// How much of it is left now.
    pub remaining: u64,
    /// When the limit is whole again: the window's end, the bucket full.
    pub reset: Instant,
}

/// What was charged, as the limiter that charged it knows it: the start of the
/// window. A mark of a window that has ended gives nothing back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark(pub u64);

/// A limiting algorithm over dense slots. `now` never goes back.
pub trait Limit {
    /// Makes room for `slots` keys, each in its first state.
    fn grow(&mut self, slots: usize);
    /// Whether `cost` is admitted now; reads only.
    fn test(&self, slot: Slot, now: Instant, cost: u32) -> Verdict;
    /// Takes `cost`, whether or not `test` would admit it.
    fn charge(&mut self, slot: Slot, now: Instant, cost: u32) -> Mark;
    /// The request is over: what is held only while it runs becomes free.
    fn release(&mut self, slot: Slot, cost: u32);
    /// The request must not have counted: undoes the charge, where it still
    /// stands, and says whether it did.
    fn give_back(&mut self, slot: Slot, now: Instant, cost: u32, mark: Mark) -> bool;
    /// What could be told of the key's state.
    fn view(&self, slot: Slot, now: Instant) -> View;
    /// Puts a new quota, burst or number of slots in place of the old one;
    /// what is already used stays used.
    fn resize(&mut self, quota: u64);
    /// The most that can be admitted in `span` from the run's start, if
    /// requests come at the best moments; `u64::MAX` where time does not bound it.
    fn admits_within(&self, start: Instant, span: Span) -> u64;
}

/// One of the algorithms.
#[derive(Clone, Debug)]
pub enum Limiter {
    /// Counts per window.
    FixedWindow(FixedWindow),
    /// Tokens that come back at a rate.
    TokenBucket(TokenBucket),
    /// Requests in progress.
    Concurrency(Concurrency),
}

macro_rules! each {
    ($self:expr, $limiter:ident => $call:expr) => {
        match $self {
            Limiter::FixedWindow($limiter) => $call,
            Limiter::TokenBucket($limiter) => $call,
            Limiter::Concurrency($limiter) => $call,
        }
    };
}

impl Limit for Limiter {
    fn grow(&mut self, slots: usize) {
        each!(self, limiter => limiter.grow(slots));
    }

    fn test(&self, slot: Slot, now: Instant, cost: u32) -> Verdict {
        each!(self, limiter => limiter.test(slot, now, cost))
    }

    fn charge(&mut self, slot: Slot, now: Instant, cost: u32) -> Mark {
        each!(self, limiter => limiter.charge(slot, now, cost))
    }

    fn release(&mut self, slot: Slot, cost: u32) {
        each!(self, limiter => limiter.release(slot, cost));
    }

    fn give_back(&mut self, slot: Slot, now: Instant, cost: u32, mark: Mark) -> bool {
        each!(self, limiter => limiter.give_back(slot, now, cost, mark))
    }

    fn view(&self, slot: Slot, now: Instant) -> View {
        each!(self, limiter => limiter.view(slot, now))
    }

    fn resize(&mut self, quota: u64) {
        each!(self, limiter => limiter.resize(quota));
    }

    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        each!(self, limiter => limiter.admits_within(start, span))
    }
}

/// The rule as `--limit` takes it, without its key: `fixed-window 50/s`,
/// `token-bucket 10/s burst 20`, `5 at-once`.
impl fmt::Display for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limiter::FixedWindow(window) => {
                let word = match window.anchor() {
                    Anchor::Clock { .. } => "fixed-window",
                    Anchor::FirstRequest => "first-request",
                };
                write!(f, "{word} {}", window.rate())
            }
            Limiter::TokenBucket(bucket) => {
                write!(f, "token-bucket {} burst ", bucket.rate())?;
                match bucket.burst() {
                    (whole, 1) => write!(f, "{whole}"),
                    (top, bottom) => write!(f, "{top}/{bottom}"),
                }
            }
            Limiter::Concurrency(limiter) => write!(f, "{} at-once", limiter.max()),
        }
    }
}

impl Limiter {
    /// Whether an admitted request must be released when it is over.
    #[must_use]
    pub const fn holds(&self) -> bool {
        matches!(self, Limiter::Concurrency(_))
    }

    /// The most that one key can use per second in the long run, and the most
    /// at once; a rate of infinity where time does not bound it.
    #[must_use]
    pub fn capacity(&self) -> (f64, u64) {
        match self {
            Limiter::FixedWindow(limiter) => limiter.capacity(),
            Limiter::TokenBucket(limiter) => limiter.capacity(),
            Limiter::Concurrency(limiter) => (f64::INFINITY, limiter.max()),
        }
    }
}
