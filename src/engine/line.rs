//! A waiting line: so many places, and calls that wait for one, first come first served.
//!
//! The links lie with the calls themselves, so a line never allocates. A call
//! that ends while it waits stays linked until it comes up and is passed over.

use super::call::{Call, NONE, Ties};
use super::slab::Slab;

/// Places and those who wait for one.
#[derive(Clone, Debug)]
pub(super) struct Line {
    free: u32,
    head: u32,
    tail: u32,
    waiting: u32,
}

impl Line {
    pub(super) const fn new(places: u32) -> Self {
        Line { free: places, head: NONE, tail: NONE, waiting: 0 }
    }

    /// Takes a place, if one is free.
    pub(super) fn take(&mut self) -> bool {
        let taken = self.free > 0;
        self.free -= u32::from(taken);
        taken
    }

    /// Gives a place back.
    pub(super) fn give(&mut self) {
        self.free += 1;
    }

    /// How many wait, those who ended meanwhile left out.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Joins the end of the line.
    pub(super) fn join(&mut self, ties: &mut [Ties], call: u32) {
        ties[call as usize].link = NONE;
        if self.head == NONE {
            self.head = call;
        } else {
            ties[self.tail as usize].link = call;
        }
        self.tail = call;
        self.waiting += 1;
    }

    /// A call that waits has ended; its row is kept until it comes up.
    pub(super) fn abandon(&mut self) {
        self.waiting -= 1;
    }

    /// The first in line leaves it. Rows of calls that ended are given back.
    pub(super) fn pop(&mut self, calls: &mut Slab<Call>, ties: &[Ties]) -> Option<u32> {
        while self.head != NONE {
            let call = self.head;
            self.head = ties[call as usize].link;
            if ties[call as usize].ended {
                calls.remove(call);
            } else {
                self.waiting -= 1;
                return Some(call);
            }
        }
        None
    }
}
