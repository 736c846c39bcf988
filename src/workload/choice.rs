//! A weighted choice, through the integer alias tables of `rand_distr`, which
//! are exact and so the same everywhere.

use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use crate::rng::{Key, Purpose};

/// One of several values, by integer weight.
#[derive(Clone, Debug)]
pub enum Choice<T> {
    /// Always the same, so that there is nothing to draw.
    Only(T),
    /// One of these.
    Of(Weighted<T>),
}

/// Several values and their weights.
#[derive(Clone, Debug)]
pub struct Weighted<T> {
    values: Vec<T>,
    table: WeightedAliasIndex<u64>,
}

impl<T: Copy> Choice<T> {
    /// Each value by its weight; `None` unless there is a value, at most 2^32
    /// of them, and a sum of weights between 1 and 2^32.
    #[must_use]
    pub fn weighted(values: Vec<T>, weights: Vec<u64>) -> Option<Self> {
        let table = WeightedAliasIndex::new(weights).ok()?;
        Some(Choice::Of(Weighted { values, table }))
    }

    /// The value that draw number `index` of `key` for `purpose` chooses.
    #[must_use]
    #[inline]
    pub fn choose(&self, key: Key, purpose: Purpose, index: u64) -> T {
        match self {
            Choice::Only(value) => *value,
            Choice::Of(weighted) => weighted.choose(key, purpose, index),
        }
    }

    /// The values, each with its share, for means.
    #[must_use]
    pub fn shares(&self) -> Vec<(T, f64)> {
        let Weighted { values, table } = match self {
            Choice::Only(value) => return vec![(*value, 1.0)],
            Choice::Of(weighted) => weighted,
        };
        let weights = table.weights();
        let sum = weights.iter().sum::<u64>() as f64;
        values.iter().zip(weights).map(|(value, weight)| (*value, weight as f64 / sum)).collect()
    }
}

impl<T: Copy> Weighted<T> {
    fn choose(&self, key: Key, purpose: Purpose, index: u64) -> T {
        self.values[self.table.sample(&mut key.draws(purpose, index))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept() {
        let choice = Choice::weighted(vec!['a', 'b', 'c'], vec![90, 0, 10]).unwrap();
        let key = Key::run(5, 0);
        let chosen: Vec<char> =
            (0..10_000).map(|i| choice.choose(key, Purpose::Endpoint, i)).collect();
        let count = |c| chosen.iter().filter(|x| **x == c).count();
        assert_eq!(count('b'), 0);
        assert!((880..=1_120).contains(&count('c')), "{}", count('c'));
        assert!(Choice::weighted(vec!['a'], vec![0]).is_none());
    }
}
