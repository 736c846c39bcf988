//! The queue beside a plain heap: the same order, whatever comes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

impl Queue {
    /// The number at which it asks to be renumbered.
    pub(in crate::engine) const LAST: u32 = u32::MAX - Self::SPARE;

    /// One that has given so many numbers.
    pub(in crate::engine) fn starting_at(sequence: u32) -> Self {
        Queue { sequence, ..Queue::default() }
    }
}

/// A queue and a heap that are used alike.
struct Twins {
    queue: Queue,
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
    now: u64,
    pushed: u32,
    random: u64,
}

impl Twins {
    fn new(start: u64, sequence: u32) -> Self {
        let queue = Queue::starting_at(sequence);
        Twins { queue, heap: BinaryHeap::new(), now: start, pushed: 0, random: start | 1 }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    /// A time to come: ties, bursts, clusters, scales; from 11 on it is soon at
    /// the end of time.
    fn time(&mut self, kind: u8) -> u64 {
        const S: u64 = 1_000_000_000;
        let delay = match kind {
            0 => 0,
            1 => self.draw(2),
            2 => self.draw(1_000),
            3 => self.draw(S),
            4 => S - self.now % S,
            5 => S - self.now % S + self.draw(1_000),
            6 => self.draw(2) * 60 * S + self.draw(500),
            7 => (1 << self.draw(40)) + self.draw(64),
            8 => self.draw(10) / 9 * 100_000 * S + self.draw(100),
            9 => ((S / 20) << (8 * self.draw(2))) / (1 + self.draw(1_000)),
            10 => self.draw(14),
            11 => 1 << self.draw(64),
            12 => (u64::MAX - self.draw(3)).saturating_sub(self.now),
            _ => self.draw(u64::MAX),
        };
        self.now.saturating_add(delay)
    }

    fn push(&mut self, kind: u8) {
        let at = self.time(kind);
        if at != u64::MAX {
            self.heap.push(Reverse((at, self.queue.sequence(), self.pushed)));
        }
        self.queue.push(Instant(at), Event::of_bits(self.pushed));
        self.pushed += 1;
        assert_eq!(self.queue.len(), self.heap.len());
    }

    /// Pops the next entry if it comes before the end; says whether it does.
    fn pop(&mut self, end: u64) -> bool {
        let next = self.heap.peek().filter(|Reverse((at, ..))| *at < end);
        let expected = next
            .map(|&Reverse((at, sequence, event))| Entry::new(at, sequence, Event::of_bits(event)));
        assert_eq!(self.queue.pop_before(end), expected);
        for entry in self.queue.take_upcoming().into_iter().flatten() {
            assert!(Some(*entry) > expected, "what is upcoming is still to come");
        }
        let Some(Entry { at, .. }) = expected else { return false };
        self.heap.pop();
        self.now = at;
        true
    }

    fn hold(&mut self, count: u32, kind: u8) {
        for _ in 0..count {
            self.pop(u64::MAX);
            self.push(kind);
        }
    }

    /// Drops some on the way; the heap is numbered anew by itself.
    fn renumber(&mut self, modulus: u32) {
        self.queue.renumber(|entry| entry.event().bits() % modulus != 1);
        let old = std::mem::take(&mut self.heap).into_sorted_vec();
        let kept = old.into_iter().rev().filter(|Reverse((.., event))| event % modulus != 1);
        self.heap =
            (0..).zip(kept).map(|(n, Reverse((at, _, event)))| Reverse((at, n, event))).collect();
        assert_eq!(self.queue.sequence() as usize, self.heap.len());
        assert!(!self.queue.needs_renumbering());
    }

    fn step(&mut self, (what, kind, count): (u8, u8, u32)) {
        match what {
            0 | 1 => (0..count).for_each(|_| self.push(kind)),
            2 => self.hold(count, kind),
            3 => (0..count).for_each(|i| self.hold(1, if i % 2 == 0 { kind } else { 9 })),
            4 => {
                while self.queue.len() > 0 && self.draw(u64::from(count)) > 0 {
                    self.pop(u64::MAX);
                }
            }
            5 => {
                let end = self.time(kind);
                while self.pop(end) {}
            }
            6 => {
                for _ in 0..count {
                    let end = self.time(kind);
                    self.pop(end);
                    self.push(kind);
                }
            }
            _ => self.renumber(count),
        }
        if self.queue.needs_renumbering() {
            self.renumber(u32::MAX);
        }
    }

    fn finish(&mut self) {
        while self.pop(u64::MAX) {}
        assert_eq!(self.queue.len(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Steps of a size that fills bottoms, blocks and rungs.
    #[test]
    fn the_order_is_that_of_a_heap(
        start in prop_oneof![Just(0), Just(1_800_000_000_000_000_000), Just(u64::MAX - 5_000)],
        near in any::<bool>(),
        steps in prop::collection::vec(
            (0_u8..8, prop_oneof![19 => 0_u8..11, 1 => 11_u8..14], 1_u32..400), 1..40),
    ) {
        let sequence = if near { u32::MAX - Queue::SPARE - 3_000 } else { 0 };
        let mut twins = Twins::new(start, sequence);
        for step in steps {
            twins.step(step);
        }
        twins.finish();
    }
}

/// Each kind of times alone, with many pending.
#[test]
fn the_order_of_many_is_that_of_a_heap() {
    for kind in 0..14 {
        let mut twins = Twins::new(1_800_000_000_000_000_000, 0);
        (0..20_000).for_each(|_| twins.push(kind));
        twins.hold(60_000, kind);
        twins.hold(60_000, (kind + 5) % 14);
        twins.finish();
    }
}

#[test]
fn what_never_comes_is_not_kept() {
    let mut queue = Queue::default();
    queue.push(Instant::NEVER, Event::of_bits(1));
    assert_eq!((queue.len(), queue.sequence(), queue.pop_before(u64::MAX)), (0, 0, None));
    queue.push(Instant(u64::MAX - 1), Event::of_bits(2));
    assert_eq!(queue.pop_before(u64::MAX - 1), None);
    assert_eq!(queue.pop_before(u64::MAX).map(Entry::event), Some(Event::of_bits(2)));
}

/// A row is fetched while others run, or its event waits for the memory.
#[test]
fn most_events_are_shown_before_their_turn() {
    for (kind, pending) in [(3, 10_000), (9, 10_000), (3, 200_000), (4, 10_000)] {
        let mut twins = Twins::new(1_800_000_000_000_000_000, 0);
        (0..pending).for_each(|_| twins.push(kind));
        let (mut shown, mut count) = (vec![], 0);
        for _ in 0..pending {
            let entry = twins.queue.pop_before(u64::MAX).expect("many are pending");
            count += usize::from(shown.contains(&entry.event()));
            if let Some(upcoming) = twins.queue.take_upcoming() {
                shown = upcoming.map(|entry| entry.event()).chain(shown).take(1_000).collect();
            }
            twins.now = entry.at;
            let at = twins.time(kind);
            twins.queue.push(Instant(at), entry.event());
        }
        assert!(count > pending * 9 / 10, "{count} of {pending} times {kind}");
    }
}

#[test]
fn an_entry_is_a_quarter_of_a_line() {
    assert_eq!(size_of::<Entry>(), 16);
}

/// Blocks that have been read are used again, and rungs are few.
#[test]
fn memory_is_what_the_pending_entries_need() {
    let mut twins = Twins::new(1_800_000_000_000_000_000, 0);
    for round in 0..30 {
        for kind in 0..11 {
            (0..2_000).for_each(|_| twins.push((kind + round) % 11));
            twins.hold(1_000, kind);
            (0..2_000).for_each(|_| assert!(twins.pop(u64::MAX)));
        }
        let (rungs, blocks) = twins.queue.ladder.most();
        assert!(rungs <= 22 && blocks < 1_000, "{rungs} rungs, {blocks} blocks");
    }
}
