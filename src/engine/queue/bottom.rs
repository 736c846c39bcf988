//! The bottom of the ladder: the next entries, sorted.

use super::Entry;
use super::sort::sort;

/// Entries in order, the next one last, where a vector gives it away for nothing.
#[derive(Debug, Default)]
pub(super) struct Bottom {
    entries: Vec<Entry>,
    /// With so many, an insertion would move too much.
    limit: usize,
}

impl Bottom {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// Fills the empty bottom, which is full later with `limit` entries.
    pub(super) fn fill<'a>(
        &mut self,
        blocks: impl Iterator<Item = &'a [Entry]> + Clone,
        limit: usize,
    ) {
        debug_assert!(self.is_empty(), "what is left comes first");
        self.limit = limit;
        sort(blocks, &mut self.entries);
    }

    /// Inserts an entry, which is the last of its instant.
    pub(super) fn insert(&mut self, entry: Entry) {
        let after = self.entries.partition_point(|other| other.at > entry.at);
        self.entries.insert(after, entry);
    }

    #[inline]
    pub(super) fn pop_before(&mut self, end: u64) -> Option<Entry> {
        let entry = *self.entries.last()?;
        if entry.at >= end {
            return None;
        }
        self.entries.pop();
        Some(entry)
    }

    /// Empties the bottom, in order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Entry> + '_ {
        self.entries.drain(..).rev()
    }
}
