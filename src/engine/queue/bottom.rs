//! The bottom of the ladder: the next entries, sorted.

use super::Entry;
use super::pool::BLOCK;

/// Entries in order; those before `head` are gone.
#[derive(Debug, Default)]
pub(super) struct Bottom {
    entries: Vec<Entry>,
    head: usize,
    /// With so many, an insertion would move too much.
    limit: usize,
}

impl Bottom {
    pub(super) fn is_empty(&self) -> bool {
        self.head == self.entries.len()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.head
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= self.limit
    }

    /// Fills the empty bottom, which is full later with `limit` entries.
    pub(super) fn fill(&mut self, entries: &[Entry], limit: usize) {
        debug_assert!(self.is_empty(), "what is left comes first");
        self.entries.clear();
        self.entries.extend_from_slice(entries);
        self.head = 0;
        self.limit = limit;
        self.entries.sort_unstable_by_key(Entry::key);
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        if self.head >= BLOCK {
            self.entries.drain(..self.head);
            self.head = 0;
        }
        let before = self.entries[self.head..].partition_point(|other| other.at <= entry.at);
        self.entries.insert(self.head + before, entry);
    }

    #[inline]
    pub(super) fn pop_before(&mut self, end: u64) -> Option<Entry> {
        let entry = *self.entries.get(self.head)?;
        if entry.at >= end {
            return None;
        }
        self.head += 1;
        Some(entry)
    }

    /// Empties the bottom.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Entry> + '_ {
        let head = std::mem::take(&mut self.head);
        self.entries.drain(..).skip(head)
    }
}
