//! The event queue: events in the order of (time, sequence).
//!
//! Events at one instant run in the order in which they were scheduled. An
//! event names a row of a slab and the row's generation, so that an event of a
//! row that has been given to somebody else is known to be stale.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Instant;

/// What an event does to the row that it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum What {
    /// A client's next session or call.
    Arrive,
    /// A later call of a session.
    Begin,
    /// A free worker takes the next call of a backlog.
    Pull,
    /// A batch has waited long enough.
    Flush,
    /// A call's wait is over.
    Wake,
    /// Another copy of a call's attempt is due.
    Hedge,
    /// A call's patience is over.
    Deadline,
    /// An attempt reaches the server.
    Reach,
    /// A limit holds an attempt back no longer.
    Pass,
    /// An attempt has waited long enough in the line of a limit.
    Tire,
    /// The server is done with an attempt.
    Leave,
    /// The response reaches the client.
    Answer,
    /// The client stops waiting for the response.
    Timeout,
    /// A limit changes.
    Change,
}

/// An event: what, to which row, of which generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Event {
    pub(super) what: What,
    pub(super) index: u32,
    pub(super) generation: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Instant,
    sequence: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at).then(self.sequence.cmp(&other.sequence))
    }
}

/// Pending events.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
}

impl Queue {
    /// Schedules an event; one that never comes is not kept.
    pub(super) fn push(&mut self, at: Instant, event: Event) {
        if at != Instant::NEVER {
            self.heap.push(Reverse(Entry { at, sequence: self.sequence, event }));
            self.sequence += 1;
        }
    }

    /// The next event, if it comes before `end`.
    pub(super) fn pop_before(&mut self, end: Instant) -> Option<(Instant, Event)> {
        if self.heap.peek()?.0.at >= end {
            return None;
        }
        let Reverse(entry) = self.heap.pop()?;
        Some((entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_run_in_the_order_of_scheduling() {
        let mut queue = Queue::default();
        for (at, index) in [(5, 0), (3, 1), (5, 2), (3, 3), (u64::MAX, 4)] {
            queue.push(Instant(at), Event { what: What::Wake, index, generation: 0 });
        }
        let mut order = vec![];
        while let Some((_, event)) = queue.pop_before(Instant(6)) {
            order.push(event.index);
        }
        assert_eq!(order, [1, 3, 0, 2]);
    }
}
