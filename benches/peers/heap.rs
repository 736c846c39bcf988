//! By hand: std's binary heap of (time, sequence, what), one pop and one push an
//! event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::workload::{Counts, Population, Step};

/// Ordered by time, then by the order of scheduling; nothing is ever compared
/// beyond that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: u64,
    sequence: u64,
    client: u32,
    completes: bool,
}

pub(crate) fn run(clients: u32, events: u64) -> Counts {
    let mut population = Population::new(clients, events);
    let mut heap = BinaryHeap::with_capacity(clients as usize);
    let mut sequence = 0;
    for client in 0..clients {
        let at = population.think(client);
        heap.push(Reverse(Event { at, sequence, client, completes: false }));
        sequence += 1;
    }
    while !population.is_done()
        && let Some(Reverse(event)) = heap.pop()
    {
        let step = if event.completes { Step::Complete } else { Step::Ask };
        let (after, next) = population.happen(event.client, step, event.at);
        let completes = next == Step::Complete;
        heap.push(Reverse(Event { at: event.at + after, sequence, completes, ..event }));
        sequence += 1;
    }
    population.counts()
}
