//! Chains of blocks: where entries lie that are not sorted yet.
//!
//! A bucket grows by blocks of 1 KB, so that reading it visits few pages, and
//! each block is free again as soon as it has been read. So the memory is what
//! the pending entries need at their peak, and the rest of one block a bucket.

use super::Entry;
use crate::prefetch::prefetch;

/// Entries in a block.
pub(super) const BLOCK: usize = FULL as usize;
const FULL: u32 = 64;

type Block = [Entry; BLOCK];

/// Entries in the order in which they were appended.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Chain {
    first: u32,
    /// The place after the last entry. None ends at the first place of all, which
    /// says that the chain is empty.
    end: u32,
}

impl Chain {
    pub(super) fn is_empty(self) -> bool {
        self.end == 0
    }

    /// Whether its last block is full, or it has none.
    pub(super) fn is_full(self) -> bool {
        self.end.is_multiple_of(FULL)
    }

    fn last_block(self) -> u32 {
        (self.end - 1) / FULL
    }
}

/// All places for entries, block after block, and for each block the one after
/// it: in its chain, or among the free.
#[derive(Debug, Default)]
pub(super) struct Pool {
    places: Vec<Entry>,
    next: Vec<u32>,
    /// The first free block; there is none if it is beyond the last block.
    free: u32,
}

impl Pool {
    /// Appends to a chain that is not full.
    #[inline]
    pub(super) fn append(&mut self, chain: &mut Chain, entry: Entry) {
        self.places[chain.end as usize] = entry;
        chain.end += 1;
    }

    /// Puts a free block at the end of a chain that is full.
    #[cold]
    pub(super) fn lengthen(&mut self, chain: &mut Chain) {
        let block = self.free;
        if block as usize == self.next.len() {
            self.places.extend([Entry::default(); BLOCK]);
            self.next.push(block + 1);
        }
        self.free = self.next[block as usize];
        if chain.is_empty() {
            chain.first = block;
        } else {
            let last = chain.last_block();
            self.next[last as usize] = block;
        }
        chain.end = block * FULL;
    }

    /// Takes the entries of the first block, which is free then; `None` when
    /// the chain is empty.
    pub(super) fn take_block(&mut self, chain: &mut Chain) -> Option<(Block, usize)> {
        if chain.is_empty() {
            return None;
        }
        let taken = self.split_block(chain);
        let first = taken.first as usize * BLOCK;
        let entries = self.places[first..first + BLOCK].try_into().expect("a block is whole");
        self.release(taken);
        for line in (0..BLOCK).step_by(4) {
            prefetch(&self.places[chain.first as usize * BLOCK + line]);
        }
        Some((entries, taken.end as usize - first))
    }

    /// Frees the blocks of a chain that is not empty.
    pub(super) fn release(&mut self, chain: Chain) {
        self.next[chain.last_block() as usize] = std::mem::replace(&mut self.free, chain.first);
    }

    /// Makes a chain of the first block of another.
    pub(super) fn split_block(&self, chain: &mut Chain) -> Chain {
        let first = chain.first;
        if first == chain.last_block() {
            return std::mem::take(chain);
        }
        chain.first = self.next[first as usize];
        Chain { first, end: (first + 1) * FULL }
    }

    /// The entries of a chain, block by block.
    pub(super) fn blocks(&self, mut chain: Chain) -> impl Iterator<Item = &[Entry]> + Clone {
        std::iter::from_fn(move || {
            if chain.is_empty() {
                return None;
            }
            let block = self.split_block(&mut chain);
            Some(&self.places[block.first as usize * BLOCK..block.end as usize])
        })
    }

    /// How many entries a chain has.
    pub(super) fn len(&self, chain: Chain) -> usize {
        self.blocks(chain).map(<[Entry]>::len).sum()
    }

    /// How many blocks there are, the free ones counted.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.next.len()
    }
}
