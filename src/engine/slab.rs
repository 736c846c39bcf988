//! A slab: rows that are reused, each with a generation that grows when its
//! row is given back. After the first peak it allocates no more.

/// Rows of `T` by index.
#[derive(Debug)]
pub(super) struct Slab<T> {
    rows: Vec<Row<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Row<T> {
    generation: u32,
    live: bool,
    value: T,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Slab { rows: Vec::new(), free: Vec::new() }
    }

    /// How many rows there ever were at once.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(index) = self.free.pop() {
            let row = &mut self.rows[index as usize];
            row.live = true;
            row.value = value;
            return index;
        }
        let index = u32::try_from(self.rows.len())
            .expect("a model of so many calls is refused before it runs");
        self.rows.push(Row { generation: 0, live: true, value });
        index
    }

    /// Gives a row back.
    pub(super) fn remove(&mut self, index: u32) {
        let row = &mut self.rows[index as usize];
        debug_assert!(row.live, "a row is given back once");
        row.live = false;
        row.generation = row.generation.wrapping_add(1);
        self.free.push(index);
    }

    pub(super) fn generation(&self, index: u32) -> u32 {
        self.rows[index as usize].generation
    }

    /// The indices of the rows in use, in order.
    pub(super) fn live(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.rows).filter(|(_, row)| row.live).map(|(index, _)| index)
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
    fn a_row_given_back_has_a_new_generation() {
        let mut slab = Slab::new();
        let first = slab.insert('a');
        let second = slab.insert('b');
        let generation = slab.generation(first);
        slab.remove(first);
        assert_eq!(slab.live().collect::<Vec<_>>(), [second]);
        assert_eq!(slab.insert('c'), first);
        assert_ne!(slab.generation(first), generation);
        assert_eq!((slab[first], slab.rows()), ('c', 2));
    }
}
