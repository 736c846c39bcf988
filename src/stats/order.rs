//! A quantile's interval by ranks, for independent values of any distribution.
//!
//! No number of a report is made of it: the calls of one run depend on each
//! other, so their quantile is one number a run and has Student's interval over
//! runs. It is here for who has independent values, such as one number a run,
//! of which some are "never" and a mean says nothing.

use super::beta::binomial_cdf;
use super::interval::{Estimate, Method};
use super::quantile::quantile;

/// The ranks between which a quantile lies, and how surely.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ranks {
    /// The lower rank, counted from 1.
    pub low: u64,
    /// The upper rank, counted from 1.
    pub high: u64,
    /// The chance that the quantile lies between the values of these ranks.
    pub coverage: f64,
}

impl Ranks {
    /// The ranks among `count` independent values between which the quantile at
    /// `q` lies with at least 95 %, no more than 2.5 % on either side. `None`
    /// where there are too few values for any.
    ///
    /// # Panics
    /// When `q` lies outside 0..=1.
    #[must_use]
    pub fn of(count: u64, q: f64) -> Option<Ranks> {
        assert!((0.0..=1.0).contains(&q), "{q} is not a share");
        let low = first_at(0.025, count, q);
        let high = first_at(0.975, count, q) + 1;
        if low == 0 || high > count {
            return None;
        }
        let coverage = binomial_cdf(high - 1, count, q) - binomial_cdf(low - 1, count, q);
        Some(Ranks { low, high, coverage })
    }
}

/// The least number of values below the quantile whose cumulated chance is `level`.
fn first_at(level: f64, count: u64, q: f64) -> u64 {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = u64::midpoint(low, high);
        if binomial_cdf(middle, count, q) < level {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The quantile at `q` of independent values in ascending order, between the
/// values of its [`Ranks`]. `None` where there are too few. An infinite value
/// stands for "never".
///
/// # Panics
/// When `q` lies outside 0..=1.
#[must_use]
pub fn quantile_interval(ascending: &[f64], q: f64) -> Option<Estimate> {
    let ranks = Ranks::of(ascending.len() as u64, q)?;
    let at = |rank: u64| ascending[usize::try_from(rank).expect("a rank of these") - 1];
    let mean = quantile(ascending, q)?;
    Some(Estimate { mean, low: at(ranks.low), high: at(ranks.high), method: Method::Ranks })
}

#[cfg(test)]
mod tests {
    use super::super::golden::{golden, note};
    use super::*;

    #[test]
    fn golden_ranks() {
        for (count, q) in
            [(100, "0.5"), (1_000, "0.9"), (1_000, "0.99"), (10_000, "0.99"), (10_000, "0.999")]
        {
            let key = format!("quantile_ci_orderstats_n{count}_p{q}");
            let ranks = Ranks::of(count, q.parse().unwrap()).unwrap();
            assert_eq!([ranks.low as f64, ranks.high as f64].to_vec(), golden(&key));
            let note = note(&key);
            let coverage: f64 = note.rsplit(' ').next().unwrap().parse().unwrap();
            assert!((ranks.coverage - coverage).abs() < 6e-7, "{ranks:?}: {note}");
        }
    }

    #[test]
    fn too_few_values_bound_nothing() {
        assert_eq!(Ranks::of(5, 0.5), None);
        assert_eq!(Ranks::of(6, 0.5).map(|r| (r.low, r.high)), Some((1, 6)));
        assert_eq!(Ranks::of(200, 0.99), None);
        assert_eq!(quantile_interval(&[], 0.5), None);
    }

    #[test]
    fn never_is_an_end_like_any_other() {
        let values = [1.0, 2.0, 3.0, 4.0, f64::INFINITY, f64::INFINITY];
        let median = quantile_interval(&values, 0.5).unwrap();
        assert_eq!((median.low, median.mean, median.high), (1.0, 3.5, f64::INFINITY));
    }
}
