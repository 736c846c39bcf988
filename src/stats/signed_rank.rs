//! Wilcoxon's signed-rank test: whether pairs differ, by the order of their
//! differences alone.
//!
//! Student's t decides in reports, because they speak of means. This stands
//! beside it in the file of pairs as a check: one run that went wild moves a
//! mean and its error and hardly any rank, so where the two disagree the means
//! hang on few seeds.

use super::pair::differences;

/// Up to so many pairs every sign pattern is counted; beyond, the statistic is
/// as good as normal.
const COUNTED: usize = 50;

/// The two-sided p-value of the hypothesis that `left[i] - right[i]` is as
/// often above zero as below, at any size. Exact up to 50 pairs, ties included:
/// equal sizes share their mean rank, and pairs without a difference are left
/// out. `None` when a value is not finite or no pair differs.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn signed_rank(left: &[f64], right: &[f64]) -> Option<f64> {
    let mut all = differences(left, right);
    if !all.iter().all(|d| d.is_finite()) {
        return None;
    }
    all.retain(|d| *d != 0.0);
    all.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let ranks = doubled_ranks(&all);
    let total: usize = ranks.iter().sum();
    let above: usize = all.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, r)| r).sum();
    let less = above.min(total - above);
    match all.len() {
        0 => None,
        1..=COUNTED => Some((2.0 * chance_of_at_most(less, &ranks)).min(1.0)),
        _ => Some(normal(less, &ranks)),
    }
}

/// Twice the rank of each size, which of ties is their mean: a whole number.
fn doubled_ranks(by_size: &[f64]) -> Vec<usize> {
    let mut ranks = vec![];
    for tied in by_size.chunk_by(|a, b| a.abs().total_cmp(&b.abs()).is_eq()) {
        let (first, last) = (ranks.len() + 1, ranks.len() + tied.len());
        ranks.resize(last, first + last);
    }
    ranks
}

/// The chance that ranks, each counted or not by a fair coin, sum to at most so
/// much.
fn chance_of_at_most(sum: usize, ranks: &[usize]) -> f64 {
    let mut chance = vec![0.0; sum + 1];
    chance[0] = 1.0;
    for rank in ranks {
        for at in (0..=sum).rev() {
            let with = at.checked_sub(*rank).map_or(0.0, |rest| chance[rest]);
            chance[at] = f64::midpoint(chance[at], with);
        }
    }
    chance.iter().sum()
}

/// The same from the normal law of that mean and variance, half a rank nearer.
fn normal(less: usize, ranks: &[usize]) -> f64 {
    let half_total = ranks.iter().sum::<usize>() as f64 / 2.0;
    let variance: f64 = ranks.iter().map(|rank| (*rank as f64) * (*rank as f64) / 4.0).sum();
    let off = (half_total - less as f64 - 1.0).max(0.0);
    libm::erfc(off / (2.0 * variance).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;

    #[test]
    fn golden_signed_rank() {
        let p = signed_rank(&golden("x"), &golden("y")).unwrap();
        assert_close(p, golden("wilcoxon_p_exact")[0], 1e-12);
    }

    #[test]
    fn few_pairs_by_hand() {
        // All of one sign: two of 2^n patterns.
        assert_eq!(signed_rank(&[1.0, 2.0, 3.0], &[0.0; 3]), Some(0.25));
        // The smallest of the other sign: sums of 0 and 1, either way.
        assert_eq!(signed_rank(&[-1.0, 2.0, 3.0], &[0.0; 3]), Some(0.5));
        // Ties share rank 1.5; at most that: neither, the one or the other.
        assert_eq!(signed_rank(&[-1.0, 1.0, 3.0], &[0.0; 3]), Some(0.75));
        assert_eq!(signed_rank(&[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(signed_rank(&[f64::INFINITY], &[1.0]), None);
    }

    #[test]
    fn the_normal_law_takes_over_without_a_step() {
        let values: Vec<f64> =
            (1..=50).map(|n| if n % 3 == 0 { -f64::from(n) } else { f64::from(n) }).collect();
        let ranks = doubled_ranks(&values);
        let less = values.iter().zip(&ranks).filter(|(v, _)| **v < 0.0).map(|(_, r)| r).sum();
        let exact = 2.0 * chance_of_at_most(less, &ranks);
        assert_close(normal(less, &ranks), exact, 0.05);
    }
}
