//! The ladder: rungs of buckets, each within one bucket of the rung above it.

use super::Entry;
use super::bottom::Bottom;
use super::pool::{Chain, Pool};
use super::rung::Rung;
use super::shape::{FILL, Shape};

/// With so many entries in it, a bucket is sorted as it is, which costs less
/// than to split it first.
const SHORT: usize = 8 * FILL;

/// With so few entries pending there is no rung: each push goes to the bottom.
const ALONE: usize = 12;

#[derive(Debug, Default)]
pub(super) struct Ladder {
    /// From the widest to the narrowest.
    rungs: Vec<Rung>,
    /// Those that are spent, for their memory.
    spare: Vec<Rung>,
    pool: Pool,
}

impl Ladder {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rungs.iter().map(|rung| rung.len(&self.pool)).sum()
    }

    /// Files an entry; refuses one that comes before all buckets.
    #[inline]
    pub(super) fn put(&mut self, entry: Entry) -> bool {
        for rung in &mut self.rungs {
            if entry.at >= rung.frontier() {
                rung.put(entry, &mut self.pool);
                return true;
            }
        }
        false
    }

    /// Moves the next entries to the empty bottom; says whether there are any.
    pub(super) fn fill(&mut self, bottom: &mut Bottom) -> bool {
        while bottom.is_empty()
            && let Some(rung) = self.rungs.last_mut()
        {
            let chain = rung.open(&mut self.pool).unwrap_or_default();
            if chain.is_empty() || rung.is_spent() {
                self.spare.extend(self.rungs.pop());
            }
            self.lower(chain, bottom);
        }
        !bottom.is_empty()
    }

    /// Puts entries that come before all buckets below them: if they are few
    /// into the empty bottom, else into a rung of their own.
    pub(super) fn lower(&mut self, mut chain: Chain, bottom: &mut Bottom) {
        if chain.is_empty() {
            return;
        }
        let few = if self.rungs.is_empty() { ALONE } else { SHORT };
        if self.pool.len(chain) <= few {
            bottom.fill(self.pool.blocks(chain), few + few / 2);
            self.pool.release(chain);
            return;
        }
        let shape = Shape::of(chain, &self.pool);
        self.spread(&mut chain, shape);
    }

    /// Spreads entries over a rung of their own.
    fn spread(&mut self, chain: &mut Chain, shape: Shape) {
        let mut rung = self.spare.pop().unwrap_or_default();
        rung.reset(shape);
        while let Some((entries, len)) = self.pool.take_block(chain) {
            for &entry in &entries[..len] {
                rung.put(entry, &mut self.pool);
            }
        }
        self.rungs.push(rung);
    }

    /// Makes a rung of a bottom that has become too big. The first of all is one
    /// bucket for everything until somebody pops: a run begins with many pushes,
    /// and the first dozen does not tell how a million have to be spread.
    pub(super) fn lower_all(&mut self, bottom: &mut Bottom) {
        let mut chain = Chain::default();
        for entry in bottom.drain() {
            self.append(&mut chain, entry);
        }
        if self.rungs.is_empty() {
            self.spread(&mut chain, Shape::default());
        } else {
            self.lower(chain, bottom);
        }
    }

    /// Appends to a chain that is not of any rung yet.
    pub(super) fn append(&mut self, chain: &mut Chain, entry: Entry) {
        if chain.is_full() {
            self.pool.lengthen(chain);
        }
        self.pool.append(chain, entry);
    }

    /// The entries after those in the bottom, if they are known already: what
    /// will be split first is not shown.
    pub(super) fn upcoming(&self) -> Option<impl Iterator<Item = &Entry>> {
        let chain = self.rungs.iter().rev().find_map(|rung| rung.upcoming(&self.pool))?;
        let whole = self.pool.len(chain) <= SHORT;
        whole.then(|| self.pool.blocks(chain).flatten())
    }

    /// How many rungs and blocks there ever were at once.
    #[cfg(test)]
    pub(super) fn most(&self) -> (usize, usize) {
        (self.rungs.len() + self.spare.len(), self.pool.size())
    }
}
