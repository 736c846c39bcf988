//! A slab: rows that are reused. After the first peak it allocates no more.
//!
//! A row knows at which number of the event queue it was born, so that an event
//! that was meant for whoever had it before is known to be stale.

use super::event::ROWS_MAX;

/// Rows of `T` by index.
#[derive(Debug)]
pub(super) struct Slab<T> {
    rows: Vec<Row<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Row<T> {
    value: T,
    /// `FREE` while nobody has it.
    born: u32,
}

/// No number of an event, so that every event of a free row is stale.
const FREE: u32 = u32::MAX;

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Slab { rows: Vec::new(), free: Vec::new() }
    }

    /// How many rows there ever were at once.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// A row for `value`, which is born at this number of the event queue.
    pub(super) fn insert(&mut self, value: T, born: u32) -> u32 {
        if let Some(index) = self.free.pop() {
            self.rows[index as usize] = Row { value, born };
            return index;
        }
        let index = u32::try_from(self.rows.len()).ok().filter(|index| *index < ROWS_MAX);
        let index = index.expect("memory ends before the numbers of rows do");
        self.rows.push(Row { value, born });
        index
    }

    /// Gives a row back.
    pub(super) fn remove(&mut self, index: u32) {
        let row = &mut self.rows[index as usize];
        debug_assert!(row.born != FREE, "a row is given back once");
        row.born = FREE;
        self.free.push(index);
    }

    /// Whether the event of that number was meant for whoever had the row before.
    pub(super) fn is_stale(&self, index: u32, sequence: u32) -> bool {
        sequence < self.rows[index as usize].born
    }

    /// All events are numbered anew, and those that were stale are gone.
    pub(super) fn renumber(&mut self) {
        self.rows.iter_mut().filter(|row| row.born != FREE).for_each(|row| row.born = 0);
    }

    /// The indices of the rows in use, in order.
    pub(super) fn live(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.rows).filter(|(_, row)| row.born != FREE).map(|(index, _)| index)
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, index: u32) -> &T {
        &self.rows[index as usize].value
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.rows[index as usize].value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_whoever_had_the_row_before_is_stale() {
        let mut slab = Slab::new();
        let first = slab.insert('a', 0);
        let second = slab.insert('b', 3);
        assert!(!slab.is_stale(first, 7));
        slab.remove(first);
        assert!(slab.is_stale(first, 7), "nobody has it");
        assert_eq!(slab.live().collect::<Vec<_>>(), [second]);
        assert_eq!(slab.insert('c', 8), first);
        assert!(slab.is_stale(first, 7) && !slab.is_stale(first, 8));
        assert_eq!((slab[first], slab.rows()), ('c', 2));
        slab.renumber();
        assert!(!slab.is_stale(first, 0));
    }
}
