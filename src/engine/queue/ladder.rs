//! The ladder: rungs of buckets, each within one bucket of the rung above it.

use super::Entry;
use super::bottom::Bottom;
use super::pool::{BLOCK, Chain, Pool};
use super::rung::Rung;
use super::shape::Shape;

/// Above so many entries a ladder is better than a bottom that takes each push.
const ALONE: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Ladder {
    /// From the widest to the narrowest; those from `depth` on are spare.
    rungs: Vec<Rung>,
    depth: usize,
    pool: Pool,
}

impl Ladder {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rungs[..self.depth].iter().map(Rung::len).sum()
    }

    /// Files an entry; refuses one that comes before all buckets.
    #[inline]
    pub(super) fn put(&mut self, entry: Entry) -> bool {
        for rung in &mut self.rungs[..self.depth] {
            if entry.at >= rung.frontier() {
                rung.put(entry, &mut self.pool);
                return true;
            }
        }
        false
    }

    /// Moves the next entries to the empty bottom; says whether there are any.
    pub(super) fn fill(&mut self, bottom: &mut Bottom) -> bool {
        while self.depth > 0 && bottom.is_empty() {
            let rung = &mut self.rungs[self.depth - 1];
            let chain = rung.open(&mut self.pool).unwrap_or_default();
            if chain.len() == 0 || rung.is_spent() {
                self.depth -= 1;
            }
            self.lower(chain, bottom);
        }
        !bottom.is_empty()
    }

    /// Puts entries that come before all buckets below them: if they are few
    /// into the empty bottom, else into a rung of their own.
    pub(super) fn lower(&mut self, mut chain: Chain, bottom: &mut Bottom) {
        let few = if self.depth == 0 { ALONE } else { BLOCK };
        if chain.len() <= few {
            bottom.fill(self.pool.first_block(&chain), few + few / 2);
            self.pool.take_block(&mut chain);
            return;
        }
        if self.depth == self.rungs.len() {
            self.rungs.push(Rung::default());
        }
        let rung = &mut self.rungs[self.depth];
        self.depth += 1;
        rung.reset(Shape::of(&chain, &self.pool));
        while let Some((entries, len)) = self.pool.take_block(&mut chain) {
            for &entry in &entries[..len] {
                rung.put(entry, &mut self.pool);
            }
        }
    }

    /// Makes a rung of a bottom that has become too big.
    pub(super) fn lower_all(&mut self, bottom: &mut Bottom) {
        let mut chain = Chain::default();
        for entry in bottom.drain() {
            self.pool.append(&mut chain, entry);
        }
        self.lower(chain, bottom);
    }

    /// Appends to a chain that is not of any rung yet.
    pub(super) fn append(&mut self, chain: &mut Chain, entry: Entry) {
        self.pool.append(chain, entry);
    }

    /// The entries after those in the bottom, if they are known already.
    pub(super) fn upcoming(&self) -> Option<&[Entry]> {
        let mut rungs = self.rungs[..self.depth].iter().rev();
        rungs.find_map(|rung| rung.upcoming(&self.pool))
    }

    /// How many rungs and blocks there ever were at once.
    #[cfg(test)]
    pub(super) fn most(&self) -> (usize, usize) {
        (self.rungs.len(), self.pool.size())
    }
}
