//! Pairs of replicates: whether they differ, and what pairing them was worth.

use super::interval::{plain_mean, variance};
use super::student;

/// A test of whether the mean of `left[i] - right[i]` is zero.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PairedT {
    /// Student's statistic; infinite where the difference never changes.
    pub t: f64,
    /// The chance of so large a statistic, either way, if the mean were zero.
    pub p: f64,
}

/// Student's test on the differences of pairs. `None` with fewer than two
/// pairs, or when a value is not finite.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn paired_t(left: &[f64], right: &[f64]) -> Option<PairedT> {
    let differences = differences(left, right);
    let mean = plain_mean(&differences).filter(|_| differences.len() > 1)?;
    let error = (variance(&differences, mean) / differences.len() as f64).sqrt();
    if error == 0.0 {
        // What is the same in every pair is known: a difference or none.
        let t = if mean == 0.0 { 0.0 } else { f64::INFINITY.copysign(mean) };
        return Some(PairedT { t, p: if mean == 0.0 { 1.0 } else { 0.0 } });
    }
    let t = mean / error;
    Some(PairedT { t, p: student::two_sided(t, (differences.len() - 1) as f64) })
}

/// `left[i] - right[i]`.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn differences(left: &[f64], right: &[f64]) -> Vec<f64> {
    assert_eq!(left.len(), right.len(), "replicates come in pairs");
    left.iter().zip(right).map(|(l, r)| l - r).collect()
}

/// Pearson's correlation of pairs. `None` where a side does not vary, with
/// fewer than two pairs, or when a value is not finite.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn correlation(left: &[f64], right: &[f64]) -> Option<f64> {
    assert_eq!(left.len(), right.len(), "replicates come in pairs");
    let (mean_l, mean_r) = (plain_mean(left)?, plain_mean(right)?);
    let sum = |product: &dyn Fn(f64, f64) -> f64| -> f64 {
        left.iter().zip(right).map(|(l, r)| product(l - mean_l, r - mean_r)).sum()
    };
    let (ll, rr, lr) = (sum(&|l, _| l * l), sum(&|_, r| r * r), sum(&|l, r| l * r));
    let value = lr / (ll * rr).sqrt();
    // Rounding must not make it more than perfect.
    value.is_finite().then(|| value.clamp(-1.0, 1.0))
}

/// How many times fewer replicates a paired difference needs than one between
/// independent runs: the sum of both variances over that of the difference.
/// Infinite where the difference never changes; `None` where neither side
/// varies, with fewer than two pairs, or when a value is not finite.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn variance_reduction(left: &[f64], right: &[f64]) -> Option<f64> {
    let differences = differences(left, right);
    let spread = |values: &[f64]| Some(variance(values, plain_mean(values)?));
    if left.len() < 2 {
        return None;
    }
    let apart = spread(left)? + spread(right)?;
    let together = spread(&differences)?;
    (apart > 0.0).then(|| apart / together)
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;

    #[test]
    fn golden_paired_t() {
        let PairedT { t, p } = paired_t(&golden("x"), &golden("y")).unwrap();
        assert_close(t, golden("paired_t")[0], 1e-11);
        assert_close(p, golden("paired_p")[0], 1e-11);
    }

    #[test]
    fn what_never_changes_is_known() {
        let one = [1.0, 5.0, 9.0];
        assert_eq!(paired_t(&one, &one), Some(PairedT { t: 0.0, p: 1.0 }));
        let less = paired_t(&one, &[2.0, 6.0, 10.0]).unwrap();
        assert_eq!((less.t, less.p), (f64::NEG_INFINITY, 0.0));
        assert_eq!((paired_t(&[1.0], &[2.0]), paired_t(&[], &[])), (None, None));
        assert_eq!(variance_reduction(&one, &one), Some(f64::INFINITY));
        assert_eq!(variance_reduction(&[1.0, 1.0], &[2.0, 2.0]), None);
        assert_eq!(correlation(&one, &[2.0, 2.0, 2.0]), None);
    }

    #[test]
    fn pairs_by_hand() {
        let (up, down) = ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]);
        assert_eq!((correlation(&up, &up), correlation(&up, &down)), (Some(1.0), Some(-1.0)));
        assert_eq!(correlation(&up, &[30.0, 20.0, 10.0]), Some(-1.0));
        // Opposite pairs are worse than none: twice the variance.
        assert_eq!(variance_reduction(&up, &down), Some(0.5));
        // Without a relation both are the same.
        let (l, r) = ([0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]);
        assert_eq!((correlation(&l, &r), variance_reduction(&l, &r)), (Some(0.0), Some(1.0)));
    }
}
