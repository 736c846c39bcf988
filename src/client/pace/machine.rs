//! What the state machines of paces have in common.

use crate::http::{Answer, Headers};
use crate::rng::Key;
use crate::time::Instant;

/// An attempt asks for its turn.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Now.
    pub now: Instant,
    /// Until when it is worth leaving.
    pub deadline: Instant,
    /// How many attempts its call has made.
    pub attempts: u32,
    /// Whose draws are its own.
    pub key: Key,
}

/// The turn that it gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// It is now.
    Now,
    /// It is at this later instant, and nobody else has it.
    At(Instant),
    /// It may be at this later instant: to be asked again then.
    Ask(Instant),
    /// It would come too late, so none was taken.
    TooLate,
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug)]
pub struct Told<'h> {
    /// Now.
    pub now: Instant,
    /// How many attempts the call has made, this one included.
    pub attempts: u32,
    /// The answer.
    pub answer: Answer,
    /// What the response's headers say.
    pub headers: &'h Headers,
}

/// A pace's parameters, which say what becomes of a slot's state.
pub trait Machine {
    /// What is remembered of a slot.
    type State: Clone;

    /// Nothing remembered.
    fn fresh(&self) -> Self::State;

    /// When an attempt may leave; a turn that is given is taken.
    fn turn(&self, state: &mut Self::State, ask: &Ask) -> Turn;

    /// What an answer changes.
    fn learn(&self, _state: &mut Self::State, _told: &Told<'_>) {}
}

impl Ask {
    /// Its turn at `at`, or none where that is too late.
    pub(super) fn turn_at(&self, at: Instant) -> Turn {
        if at > self.deadline {
            Turn::TooLate
        } else if at > self.now {
            Turn::At(at)
        } else {
            Turn::Now
        }
    }

    /// An attempt that asks at `now` and has all the time there is.
    #[cfg(test)]
    pub(super) fn at(now: Instant) -> Ask {
        Ask { now, deadline: Instant::NEVER, attempts: 0, key: Key::run(0, 0) }
    }
}

#[cfg(test)]
impl Told<'_> {
    /// The answer to a first attempt, with no header.
    pub(super) fn status(now: Instant, status: u16) -> Told<'static> {
        let answer = Answer::Status(crate::http::Status(status));
        Told { now, attempts: 1, answer, headers: &Headers::NONE }
    }
}
