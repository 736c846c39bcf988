//! Who is tied to whom, through others too: a union-find forest over clients.

/// Clients in trees; those of one tree are tied.
#[derive(Debug)]
pub(super) struct Forest {
    /// A client before it in its tree, or itself at the root: the first of all.
    above: Vec<u32>,
}

impl Forest {
    /// Nobody is tied.
    pub(super) fn new(clients: u32) -> Forest {
        Forest { above: (0..clients).collect() }
    }

    /// Ties two clients.
    pub(super) fn tie(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        let (first, second) = (one.min(other), one.max(other));
        self.above[second as usize] = first;
    }

    fn root(&mut self, mut client: u32) -> u32 {
        loop {
            let above = self.above[client as usize];
            if above == client {
                return client;
            }
            // Each look halves the way for the next.
            let higher = self.above[above as usize];
            self.above[client as usize] = higher;
            client = higher;
        }
    }

    /// By client: the number of its group. The trees, in the order of their
    /// first clients, are gathered into at most so many groups of about as many
    /// clients each; the groups are numbered without a gap.
    pub(super) fn groups(mut self, most: u32) -> Vec<u32> {
        let clients = u32::try_from(self.above.len()).expect("clients are numbered");
        let roots: Vec<u32> = (0..clients).map(|client| self.root(client)).collect();
        let mut sizes = vec![0_u32; self.above.len()];
        for root in &roots {
            sizes[*root as usize] += 1;
        }
        // From here on, a root's place holds the group of its tree.
        let mut group_of = self.above;
        let (mut before, mut last, mut groups) = (0_u64, None, 0);
        for root in (0..clients).filter(|client| roots[*client as usize] == *client) {
            let share = before * u64::from(most) / u64::from(clients);
            if last != Some(share) {
                groups += 1;
                last = Some(share);
            }
            group_of[root as usize] = groups - 1;
            before += u64::from(sizes[root as usize]);
        }
        roots.iter().map(|root| group_of[*root as usize]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_gathered_in_the_order_of_their_first_clients() {
        let mut forest = Forest::new(8);
        forest.tie(6, 1);
        forest.tie(3, 6);
        forest.tie(5, 4);
        assert_eq!(forest.groups(3), [0, 0, 1, 0, 1, 1, 0, 2]);
        assert_eq!(Forest::new(4).groups(16), [0, 1, 2, 3]);
        assert_eq!(Forest::new(4).groups(1), [0; 4]);
    }

    #[test]
    fn a_tree_of_nearly_all_leaves_no_group_empty() {
        let mut forest = Forest::new(100);
        (0..90).for_each(|client| forest.tie(89, client));
        let groups = forest.groups(10);
        assert_eq!((groups[0], groups[89], groups[90], groups[99]), (0, 0, 1, 1));
    }
}
