//! A slab: rows that are reused. After the first peak it allocates no more.
//!
//! A row knows at which number of the event queue it was born, so that an event
//! that was meant for whoever had it before is known to be stale.

use super::event::ROWS_MAX;

/// Rows of `T` by index.
#[derive(Debug)]
pub(super) struct Slab<T> {
    rows: Vec<Line<T>>,
    free: Vec<u32>,
}

/// A row begins with a cache line, so that a small one takes no more than one.
#[derive(Debug)]
#[repr(align(64))]
struct Line<T>(T);

/// The number of the event queue at which a row was born; it lies in the row,
/// which has room for it in its cache line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(super) struct Birth(u32);

impl Birth {
    /// No number of an event, so that every event of a free row is stale.
    pub(super) const NONE: Birth = Birth(u32::MAX);
}

/// A row of a slab.
pub(super) trait Row {
    /// The place of its birth.
    fn birth(&mut self) -> &mut Birth;

    /// Its birth, to look at.
    fn born(&self) -> Birth;
}

impl<T: Row> Slab<T> {
    pub(super) const fn new() -> Self {
        Slab { rows: Vec::new(), free: Vec::new() }
    }

    /// How many rows there ever were at once.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// A row for `value`, which is born at this number of the event queue.
    pub(super) fn insert(&mut self, mut value: T, born: u32) -> u32 {
        *value.birth() = Birth(born);
        if let Some(index) = self.free.pop() {
            self.rows[index as usize].0 = value;
            return index;
        }
        let index = u32::try_from(self.rows.len()).ok().filter(|index| *index < ROWS_MAX);
        let index = index.expect("memory ends before the numbers of rows do");
        self.rows.push(Line(value));
        index
    }

    /// Gives a row back.
    pub(super) fn remove(&mut self, index: u32) {
        let birth = self.rows[index as usize].0.birth();
        debug_assert!(*birth != Birth::NONE, "a row is given back once");
        *birth = Birth::NONE;
        self.free.push(index);
    }

    /// Whether the event of that number was meant for whoever had the row before.
    pub(super) fn is_stale(&self, index: u32, sequence: u32) -> bool {
        Birth(sequence) < self.rows[index as usize].0.born()
    }

    /// All events are numbered anew, and those that were stale are gone.
    pub(super) fn renumber(&mut self) {
        let births = self.rows.iter_mut().map(|row| row.0.birth());
        births.filter(|birth| **birth != Birth::NONE).for_each(|birth| *birth = Birth(0));
    }

    /// The indices of the rows in use, in order.
    pub(super) fn live(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..)
            .zip(&self.rows)
            .filter(|(_, row)| row.0.born() != Birth::NONE)
            .map(|(index, _)| index)
    }
}

impl<T: Row> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, index: u32) -> &T {
        &self.rows[index as usize].0
    }
}

impl<T: Row> std::ops::IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.rows[index as usize].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(PartialEq, Debug)]
    struct Letter(char, Birth);

    impl Row for Letter {
        fn birth(&mut self) -> &mut Birth {
            &mut self.1
        }

        fn born(&self) -> Birth {
            self.1
        }
    }

    #[test]
    fn an_event_of_whoever_had_the_row_before_is_stale() {
        let mut slab = Slab::new();
        let first = slab.insert(Letter('a', Birth::NONE), 0);
        let second = slab.insert(Letter('b', Birth::NONE), 3);
        assert!(!slab.is_stale(first, 7));
        slab.remove(first);
        assert!(slab.is_stale(first, 7), "nobody has it");
        assert_eq!(slab.live().collect::<Vec<_>>(), [second]);
        assert_eq!(slab.insert(Letter('c', Birth::NONE), 8), first);
        assert!(slab.is_stale(first, 7) && !slab.is_stale(first, 8));
        assert_eq!((slab[first].0, slab.rows()), ('c', 2));
        slab.renumber();
        assert!(!slab.is_stale(first, 0));
    }
}
