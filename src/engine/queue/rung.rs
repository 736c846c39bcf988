//! A rung of the ladder: buckets of equal width, and the rest after them.

use super::Entry;
use super::pool::{Chain, Pool};
use super::shape::Shape;

#[derive(Debug, Default)]
pub(super) struct Rung {
    shape: Shape,
    /// One for each bucket; the last takes all that comes after them.
    chains: Vec<Chain>,
    /// A bit for each chain that is not empty.
    occupied: Vec<u64>,
    /// The first chain that has not been opened.
    next: usize,
    /// When it begins.
    frontier: u64,
}

impl Rung {
    /// Makes an empty rung of this one, in its memory.
    pub(super) fn reset(&mut self, shape: Shape) {
        self.chains.clear();
        self.chains.resize(shape.buckets + 1, Chain::default());
        self.occupied.clear();
        self.occupied.resize(shape.buckets / 64 + 1, 0);
        self.next = 0;
        self.frontier = shape.start;
        self.shape = shape;
    }

    /// Entries before this time are not for this rung, but below it.
    #[inline]
    pub(super) fn frontier(&self) -> u64 {
        self.frontier
    }

    #[inline]
    pub(super) fn put(&mut self, entry: Entry, pool: &mut Pool) {
        let rest = self.chains.len() - 1;
        let bucket = (entry.at - self.shape.start) >> self.shape.shift;
        let bucket = usize::try_from(bucket).map_or(rest, |bucket| bucket.min(rest));
        let chain = &mut self.chains[bucket];
        if chain.is_full() {
            return self.put_into_new_block(bucket, entry, pool);
        }
        pool.append(chain, entry);
    }

    /// Apart, it leaves the way of a put into a block short.
    #[cold]
    fn put_into_new_block(&mut self, bucket: usize, entry: Entry, pool: &mut Pool) {
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
        pool.lengthen(&mut self.chains[bucket]);
        pool.append(&mut self.chains[bucket], entry);
    }

    /// The next chain that is not empty.
    fn occupied(&self) -> Option<usize> {
        let mut word = self.next / 64;
        let mut bits = self.occupied.get(word)? & (u64::MAX << (self.next % 64));
        while bits == 0 {
            word += 1;
            bits = *self.occupied.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }

    /// Opens the next bucket that is not empty: its entries are the earliest.
    ///
    /// A bucket of one nanosecond is in order as it is. It is opened a block at
    /// a time and stays in front, so that what comes now goes to its end.
    pub(super) fn open(&mut self, pool: &mut Pool) -> Option<Chain> {
        self.next = self.occupied()?;
        let bucket = self.next;
        let chain = &mut self.chains[bucket];
        let opened = if self.shape.is_instant(bucket) {
            pool.split_block(chain)
        } else {
            self.next += 1;
            std::mem::take(chain)
        };
        if chain.is_empty() {
            self.occupied[bucket / 64] &= !(1 << (bucket % 64));
        }
        self.frontier = self.shape.begin(self.next);
        Some(opened)
    }

    /// How many entries it has.
    #[cfg(test)]
    pub(super) fn len(&self, pool: &Pool) -> usize {
        self.chains.iter().map(|chain| pool.len(*chain)).sum()
    }

    /// Whether the rest has been opened, with which a rung ends.
    pub(super) fn is_spent(&self) -> bool {
        self.next > self.shape.buckets
    }

    /// What will be opened next.
    pub(super) fn upcoming(&self, pool: &Pool) -> Option<Chain> {
        let bucket = self.occupied()?;
        let mut chain = self.chains[bucket];
        Some(if self.shape.is_instant(bucket) { pool.split_block(&mut chain) } else { chain })
    }
}
