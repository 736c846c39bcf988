//! Chains of blocks: where entries lie that are not sorted yet.
//!
//! A bucket grows by blocks of 1 KB, so that reading it visits few pages, and
//! each block is free again as soon as it has been read. So the memory is what
//! the pending entries need at their peak, and the rest of one block a bucket.

use super::Entry;

/// Entries in a block.
pub(super) const BLOCK: usize = FULL as usize;
const FULL: u32 = 64;

type Block = [Entry; BLOCK];

/// Entries in the order in which they were appended.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Chain {
    first: u32,
    last: u32,
    len: u32,
}

impl Chain {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }
}

/// All blocks, and for each the one after it: in its chain, or among the free.
#[derive(Debug, Default)]
pub(super) struct Pool {
    blocks: Vec<Block>,
    next: Vec<u32>,
    /// The first free block; there is none if it is beyond the last block.
    free: u32,
}

impl Pool {
    #[inline]
    pub(super) fn append(&mut self, chain: &mut Chain, entry: Entry) {
        let slot = chain.len() % BLOCK;
        if slot == 0 {
            self.lengthen(chain);
        }
        self.blocks[chain.last as usize][slot] = entry;
        chain.len += 1;
    }

    fn lengthen(&mut self, chain: &mut Chain) {
        let block = self.free;
        if block as usize == self.blocks.len() {
            self.blocks.push([Entry::default(); BLOCK]);
            self.next.push(block + 1);
        }
        self.free = self.next[block as usize];
        if chain.len == 0 {
            chain.first = block;
        } else {
            self.next[chain.last as usize] = block;
        }
        chain.last = block;
    }

    /// Takes the entries of the first block, which is free then; `None` when
    /// the chain is empty.
    pub(super) fn take_block(&mut self, chain: &mut Chain) -> Option<(Block, usize)> {
        if chain.len == 0 {
            return None;
        }
        let Chain { first, len, .. } = self.split_block(chain);
        self.next[first as usize] = std::mem::replace(&mut self.free, first);
        Some((self.blocks[first as usize], len as usize))
    }

    /// Makes a chain of the first block of another.
    pub(super) fn split_block(&mut self, chain: &mut Chain) -> Chain {
        let first = chain.first;
        let len = chain.len.min(FULL);
        chain.first = self.next[first as usize];
        chain.len -= len;
        Chain { first, last: first, len }
    }

    pub(super) fn first_block(&self, chain: &Chain) -> &[Entry] {
        match chain.len() {
            0 => &[],
            len => &self.blocks[chain.first as usize][..len.min(BLOCK)],
        }
    }

    /// The entries of a chain, in order.
    pub(super) fn entries(&self, chain: &Chain) -> impl Iterator<Item = &Entry> {
        let (mut block, mut left) = (chain.first as usize, chain.len());
        let blocks = std::iter::from_fn(move || {
            let len = left.min(BLOCK);
            let entries = (len > 0).then(|| &self.blocks[block][..len])?;
            left -= len;
            block = self.next[block] as usize;
            Some(entries)
        });
        blocks.flatten()
    }

    /// How many blocks there are, the free ones counted.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.blocks.len()
    }
}
