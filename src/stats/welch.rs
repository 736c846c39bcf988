//! The difference of two means without pairs: what pairing saves.
//!
//! No report uses it, because every comparison meets the same seeds. Beside
//! [`paired_difference`](super::interval::paired_difference) it shows what that
//! is worth: on the golden values the interval is 4.3 times as wide.

use super::interval::{Estimate, Method, plain_mean, variance};
use super::student;

/// The difference of two independent means.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Unpaired {
    /// With Welch's interval.
    pub difference: Estimate,
    /// Welch and Satterthwaite's degrees of freedom.
    pub freedom: f64,
}

/// The mean of `left` less the mean of `right`, for independent values whose
/// variances may differ. `None` with fewer than two values on a side, when a
/// value is not finite, or when nothing varies.
#[must_use]
pub fn unpaired_difference(left: &[f64], right: &[f64]) -> Option<Unpaired> {
    if left.len() < 2 || right.len() < 2 {
        return None;
    }
    let (mean_l, mean_r) = (plain_mean(left)?, plain_mean(right)?);
    let error = |values: &[f64], mean: f64| variance(values, mean) / values.len() as f64;
    let (l, r) = (error(left, mean_l), error(right, mean_r));
    let parts = l * l / (left.len() - 1) as f64 + r * r / (right.len() - 1) as f64;
    let freedom = Some((l + r) * (l + r) / parts).filter(|freedom| freedom.is_finite())?;
    let half = student::quantile(0.975, freedom) * (l + r).sqrt();
    let difference = Estimate::symmetric(mean_l - mean_r, half, Method::Welch);
    Some(Unpaired { difference, freedom })
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;
    use crate::stats::interval::paired_difference;

    #[test]
    fn golden_unpaired() {
        let (x, y) = (golden("x"), golden("y"));
        let Unpaired { difference, freedom } = unpaired_difference(&x, &y).unwrap();
        assert_close(freedom, golden("welch_df")[0], 1e-11);
        assert_close(difference.mean, golden("mean_diff")[0], 1e-11);
        assert_close(difference.half_width(), golden("welch_ci95_half")[0], 1e-11);
        let paired = paired_difference(&x, &y).unwrap();
        assert!(difference.half_width() > 4.3 * paired.half_width());
    }

    #[test]
    fn what_does_not_vary_has_no_interval() {
        assert_eq!(unpaired_difference(&[1.0, 1.0], &[2.0, 2.0]), None);
        assert_eq!(unpaired_difference(&[1.0], &[2.0, 3.0]), None);
        assert_eq!(unpaired_difference(&[1.0, f64::INFINITY], &[2.0, 3.0]), None);
    }
}
