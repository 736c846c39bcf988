//! Lines: attempts that wait for a place of a limit on what is in progress,
//! first come first served.

use std::collections::VecDeque;

use crate::limiter::Slot;

/// Who waits, as whoever asks the API knows it: the row of an attempt.
pub type Ticket = u32;

/// Somebody who waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) cost: u32,
}

/// The lines of one limit, by slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Vec<VecDeque<Waiting>>);

impl Lines {
    pub(super) fn new(slots: usize) -> Lines {
        Lines(vec![VecDeque::new(); slots])
    }

    pub(super) fn join(&mut self, slot: Slot, waiting: Waiting) {
        self.0[slot as usize].push_back(waiting);
    }

    pub(super) fn len(&self, slot: Slot) -> u64 {
        self.0[slot as usize].len() as u64
    }

    /// The first in line, who stays in it.
    pub(super) fn first(&self, slot: Slot) -> Option<Waiting> {
        self.0[slot as usize].front().copied()
    }

    pub(super) fn pop(&mut self, slot: Slot) {
        self.0[slot as usize].pop_front();
    }

    /// Takes somebody out of a line; says whether they stood in it.
    pub(super) fn leave(&mut self, slot: Slot, ticket: Ticket) -> bool {
        let line = &mut self.0[slot as usize];
        let place = line.iter().position(|waiting| waiting.ticket == ticket);
        place.is_some_and(|place| line.remove(place).is_some())
    }
}
