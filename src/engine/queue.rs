//! The event queue: entries in the order of (time, sequence), whatever their
//! number.
//!
//! It is a ladder queue (Tang, Goh and Thng, 2005). Only the next few entries
//! are sorted, in the bottom; all others lie unsorted in buckets of
//! time, and a bucket is split into finer ones only when its turn comes.
//!
//! # Why it is fast
//!
//! - A push appends to a bucket, and a bucket is read from end to end: memory
//!   is used in sequence, where a heap of a million misses the cache at every
//!   level.
//! - An entry moves twice in its life among ten thousand, and three times among a
//!   million: into a bucket, perhaps into a finer one, and into the bottom.
//! - A bucket is sorted by counting, which takes as many steps for hundreds of
//!   entries as for dozens, each of them as good as certain in advance.
//! - Buckets are as wide as their contents ask for when they are made. Nothing
//!   is tuned, watched or rebuilt: what turns out too full is split when its
//!   turn comes, and 64 empty buckets are passed over in one step.
//! - A dozen entries lie in the bottom alone, where a push moves half of them
//!   and a pop none.
//! - Which entries come next is known early, so that the engine can have their
//!   rows fetched meanwhile.
//!
//! # No bad case
//!
//! A rung lies within one bucket of the rung above it and has buckets at least
//! eight times as narrow, so there are 22 rungs at most; one more for each time
//! that [`Queue::pop_before`] finds nothing and events before the next one
//! follow by the dozen. Entries of one instant end in a bucket of one
//! nanosecond, which is in order as it is and is opened a block at a time. Times
//! that crowd within a bucket are sorted by comparing them. A bottom that has
//! grown by half of what it may be filled with becomes a rung, so that an
//! insertion never moves more than 576 entries, nine kilobytes.

mod bottom;
mod ladder;
mod pool;
mod rung;
mod shape;
mod sort;
#[cfg(test)]
mod tests;

use super::event::Event;
use crate::time::Instant;
use bottom::Bottom;
use ladder::Ladder;
use pool::Chain;

/// A pending event, in two words, so that it is handed on in registers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Default, Debug)]
pub(super) struct Entry {
    /// In nanoseconds, as in [`Instant`].
    pub(super) at: u64,
    /// The sequence above the event.
    what: u64,
}

impl Entry {
    const fn new(at: u64, sequence: u32, event: Event) -> Entry {
        Entry { at, what: (sequence as u64) << 32 | event.bits() as u64 }
    }

    #[allow(clippy::cast_possible_truncation)] // the upper half is what is wanted
    pub(super) const fn sequence(self) -> u32 {
        (self.what >> 32) as u32
    }

    #[allow(clippy::cast_possible_truncation)] // the lower half is what is wanted
    pub(super) const fn event(self) -> Event {
        Event::of_bits(self.what as u32)
    }
}

/// Pending events.
#[derive(Debug, Default)]
pub(super) struct Queue {
    bottom: Bottom,
    ladder: Ladder,
    sequence: u32,
    /// The bottom was filled since somebody asked what is upcoming.
    filled: bool,
}

impl Queue {
    /// Asked once an event, the queue is renumbered while there are still
    /// numbers for all that one event may schedule.
    const SPARE: u32 = 1 << 24;

    /// Schedules an event, not earlier than the last one popped; one that never
    /// comes is not kept.
    pub(super) fn push(&mut self, at: Instant, event: Event) {
        if at == Instant::NEVER {
            return;
        }
        let sequence = self.sequence;
        self.sequence = sequence.checked_add(1).expect("the engine renumbers in time");
        let entry = Entry::new(at.0, sequence, event);
        if !self.ladder.put(entry) {
            self.put_into_bottom(entry);
        }
    }

    /// Files an entry that comes before all buckets. Seldom done, and apart, it
    /// leaves the way of a push to a bucket short.
    #[cold]
    fn put_into_bottom(&mut self, entry: Entry) {
        self.bottom.insert(entry);
        if self.bottom.is_full() {
            self.ladder.lower_all(&mut self.bottom);
        }
    }

    /// The next event, if it comes before `end`.
    #[inline]
    pub(super) fn pop_before(&mut self, end: u64) -> Option<Entry> {
        if self.bottom.is_empty() {
            self.filled = self.ladder.fill(&mut self.bottom);
        }
        self.bottom.pop_before(end)
    }

    /// Events that come soon after those that are due next, once after each
    /// time that the queue has opened a bucket. Some are never shown.
    #[inline]
    pub(super) fn take_upcoming(&mut self) -> Option<impl Iterator<Item = &Entry>> {
        if !self.filled {
            return None;
        }
        self.filled = false;
        self.ladder.upcoming()
    }

    /// How many events are pending.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.bottom.len() + self.ladder.len()
    }

    /// The sequence that the next push gets.
    pub(super) fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Whether the numbers are about to run out.
    #[inline]
    pub(super) fn needs_renumbering(&self) -> bool {
        self.sequence >= u32::MAX - Self::SPARE
    }

    /// Numbers the events anew in their order, but for those not to be kept.
    pub(super) fn renumber(&mut self, mut keep: impl FnMut(&Entry) -> bool) {
        self.sequence = 0;
        let mut kept = Chain::default();
        while let Some(entry) = self.pop_before(u64::MAX) {
            if keep(&entry) {
                self.ladder.append(&mut kept, Entry::new(entry.at, self.sequence, entry.event()));
                self.sequence += 1;
            }
        }
        self.ladder.lower(kept, &mut self.bottom);
        self.filled = false;
    }
}
