//! How evenly clients were served.
//!
//! What equal clients would show by chance alone is in [`super::chance`]: an
//! index is to be read beside it, not beside 1.

/// No curve has more points, however many clients it is of.
const MOST_POINTS: usize = 200;

/// Below this share of its entitlement a client counts as starved.
const STARVED_BELOW: f64 = 0.5;

/// What each of some clients got, in ascending order: counts, or shares of what
/// each was entitled to.
///
/// Nobody, or nobody with anything, counts as perfectly even: nobody has more
/// than another.
#[derive(Clone, PartialEq, Debug)]
pub struct Shares {
    ascending: Vec<f64>,
    total: f64,
}

impl Shares {
    /// Shares in any order and unit.
    ///
    /// # Panics
    /// When one is negative, infinite or NaN.
    #[must_use]
    pub fn new(mut values: Vec<f64>) -> Shares {
        let sound = |value: &f64| *value >= 0.0 && value.is_finite();
        assert!(values.iter().all(sound), "a share is a finite number from 0");
        values.sort_unstable_by(f64::total_cmp);
        let total = values.iter().sum();
        Shares { ascending: values, total }
    }

    /// What each client got as a share of what it was entitled to (see
    /// [`super::max_min::max_min`]); clients entitled to nothing are left out.
    ///
    /// # Panics
    /// When the slices differ in length, or a share is negative or not finite.
    #[must_use]
    pub fn of_entitlements(received: &[f64], entitled: &[f64]) -> Shares {
        assert_eq!(received.len(), entitled.len(), "one entitlement a client");
        let pairs = received.iter().zip(entitled).filter(|(_, entitled)| **entitled > 0.0);
        Shares::new(pairs.map(|(received, entitled)| received / entitled).collect())
    }

    /// Jain's index (Σx)² / (n Σx²): from 1/n, where one has all, to 1, where
    /// all have the same; k of n equal and the rest at zero give k/n.
    #[must_use]
    pub fn jain(&self) -> f64 {
        if self.is_even_by_convention() {
            return 1.0;
        }
        let squares: f64 = self.ascending.iter().map(|x| x * x).sum();
        self.total * self.total / (self.ascending.len() as f64 * squares)
    }

    /// Gini's index Σ|xᵢ − xⱼ| / (2 n Σx): from 0, where all have the same, to
    /// 1 − 1/n, where one has all.
    #[must_use]
    pub fn gini(&self) -> f64 {
        if self.is_even_by_convention() {
            return 0.0;
        }
        let n = self.ascending.len();
        // Pairs from the outside in: each term is positive, so equal shares
        // give exactly zero.
        let gaps: f64 = (0..n / 2)
            .map(|i| (n - 1 - 2 * i) as f64 * (self.ascending[n - 1 - i] - self.ascending[i]))
            .sum();
        gaps / (n as f64 * self.total)
    }

    /// The Lorenz curve: (share of clients, share of the total they have), the
    /// poorest first, from (0, 0) to (1, 1) in at most 200 points.
    ///
    /// Every point lies on the exact curve; of many clients only some are given.
    #[must_use]
    pub fn lorenz(&self) -> Vec<(f64, f64)> {
        if self.is_even_by_convention() {
            return vec![(0.0, 0.0), (1.0, 1.0)];
        }
        let n = self.ascending.len();
        let steps = n.min(MOST_POINTS - 1);
        let mut points = vec![(0.0, 0.0)];
        let (mut clients, mut sum) = (0, 0.0);
        for step in 1..=steps {
            let up_to = step * n / steps;
            // In the order of the total, so that the curve ends at exactly 1.
            for x in &self.ascending[clients..up_to] {
                sum += x;
            }
            clients = up_to;
            points.push((clients as f64 / n as f64, sum / self.total));
        }
        points
    }

    /// The smallest share; `None` of nobody.
    #[must_use]
    pub fn worst(&self) -> Option<f64> {
        self.ascending.first().copied()
    }

    /// The share of clients (0 to 1) that got less than half of what they were
    /// entitled to; 0 of nobody. Of shares from [`Self::of_entitlements`].
    #[must_use]
    pub fn starved(&self) -> f64 {
        let starved = self.ascending.partition_point(|x| *x < STARVED_BELOW);
        starved as f64 / self.ascending.len().max(1) as f64
    }

    fn is_even_by_convention(&self) -> bool {
        self.total <= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, numbers, rows};
    use super::*;
    use proptest::prelude::*;

    const VECTORS: &str = include_str!("../../tests/oracles/analytic/fairness_vectors.csv");

    #[test]
    fn golden_vectors() {
        let fraction = |cell: &str| {
            let (top, bottom) = cell.split_once('/').unwrap_or((cell, "1"));
            top.parse::<f64>().unwrap() / bottom.parse::<f64>().unwrap()
        };
        for row in rows(VECTORS) {
            let x: Vec<f64> = numbers(&row[1]);
            let most = x.iter().copied().fold(0.0, f64::max);
            let shares = Shares::new(x);
            assert_close(shares.jain(), fraction(&row[2]), 1e-15);
            assert_close(shares.gini(), fraction(&row[4]), 1e-15);
            assert_close(shares.worst().unwrap() / most, fraction(&row[6]), 1e-15);
        }
    }

    #[test]
    fn nobody_and_nothing_are_even() {
        for values in [vec![], vec![0.0, 0.0]] {
            let shares = Shares::new(values);
            assert_eq!((shares.jain(), shares.gini()), (1.0, 0.0));
            assert_eq!(shares.lorenz(), [(0.0, 0.0), (1.0, 1.0)]);
        }
        assert_eq!(Shares::new(vec![]).worst(), None);
        assert_close(Shares::new(vec![]).starved(), 0.0, 0.0);
    }

    #[test]
    fn equal_fractions_have_no_gini() {
        assert_close(Shares::new(vec![0.1; 7]).gini(), 0.0, 0.0);
    }

    #[test]
    fn starving_is_less_than_half_of_an_entitlement() {
        let shares = Shares::of_entitlements(&[5.0, 4.0, 0.0, 9.0], &[10.0, 10.0, 0.0, 9.0]);
        assert_close(shares.starved(), 1.0 / 3.0, 1e-15);
        assert_eq!(shares.worst(), Some(0.4));
    }

    #[test]
    fn a_curve_of_few_has_them_all() {
        let curve = Shares::new(vec![3.0, 1.0]).lorenz();
        assert_eq!(curve, [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]);
    }

    #[test]
    fn a_curve_of_many_is_bounded() {
        for n in [199_u32, 200, 201, 10_007] {
            let shares = Shares::new((1..=n).map(|i| f64::from(i) / 3.0).collect());
            let curve = shares.lorenz();
            assert_eq!(curve.len(), 200);
            assert_eq!((curve[0], curve[199]), ((0.0, 0.0), (1.0, 1.0)));
            for (clients, share) in curve {
                let k = clients * f64::from(n);
                let exact = k * (k + 1.0) / (f64::from(n) * f64::from(n + 1));
                assert!((share - exact).abs() < 1e-12, "{share} at {clients} of {n}");
            }
        }
    }

    proptest! {
        /// Twice the area between the curve and the diagonal is Gini's index,
        /// and Jain's is a function of the variation: each by its other meaning.
        #[test]
        fn both_indices_by_another_definition(
            values in prop::collection::vec(0.0..9.0_f64, 2..150),
        ) {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            let shares = Shares::new(values);
            let jain = 1.0 / (1.0 + variance / (mean * mean));
            prop_assert!((shares.jain() - jain).abs() < 1e-12);
            let area: f64 = shares
                .lorenz()
                .windows(2)
                .map(|edge| (edge[1].0 - edge[0].0) * (edge[1].1 + edge[0].1) / 2.0)
                .sum();
            prop_assert!((shares.gini() - (1.0 - 2.0 * area)).abs() < 1e-12);
        }
    }
}
