//! Quantiles of a few values, such as one number for each replicate.
//!
//! Nanoseconds by the million go through [`super::histogram`] instead.

/// The type-7 quantile (the default of R and of numpy) of values in ascending
/// order: linear between the two values around rank 1 + q (n − 1).
///
/// `None` when there are no values. An infinite value stands for "never", and
/// between a finite value and an infinite one lies an infinite quantile.
///
/// # Panics
/// When `q` lies outside 0..=1.
#[must_use]
pub fn quantile(ascending: &[f64], q: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&q), "{q} is not a share");
    debug_assert!(ascending.is_sorted(), "values must ascend, without NaN");
    let last = ascending.len().checked_sub(1)?;
    let position = q * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let below = position as usize;
    let (low, high) = (ascending[below], ascending[last.min(below + 1)]);
    let fraction = position - below as f64;
    // Two infinite neighbours have no difference to walk along, and a step of
    // no length into an infinite one is still no step.
    if fraction == 0.0 || low >= high {
        return Some(low);
    }
    Some(low + fraction * (high - low))
}

/// The middle value of values in ascending order, or the mean of the two in the
/// middle; `None` when there are no values.
#[must_use]
pub fn median(ascending: &[f64]) -> Option<f64> {
    quantile(ascending, 0.5)
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;

    #[test]
    fn golden_quantiles() {
        let mut x = golden("x");
        x.sort_by(f64::total_cmp);
        for q in ["0.05", "0.25", "0.5", "0.9", "0.95", "0.99"] {
            let expected = golden(&format!("quantile_type7_{q}"))[0];
            assert_close(quantile(&x, q.parse().unwrap()).unwrap(), expected, 1e-12);
        }
    }

    #[test]
    fn the_ends_are_the_extremes() {
        assert_eq!(quantile(&[1.0, 2.0, 9.0], 0.0), Some(1.0));
        assert_eq!(quantile(&[1.0, 2.0, 9.0], 1.0), Some(9.0));
    }

    #[test]
    fn medians_of_none_one_two_and_three() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[4.0]), Some(4.0));
        assert_eq!(median(&[4.0, 5.0]), Some(4.5));
        assert_eq!(median(&[4.0, 5.0, 100.0]), Some(5.0));
    }

    #[test]
    fn never_is_infinite_and_not_a_nan() {
        let never = f64::INFINITY;
        assert_eq!(median(&[1.0, 2.0, never]), Some(2.0));
        assert_eq!(median(&[1.0, never]), Some(never));
        assert_eq!(median(&[never, never]), Some(never));
    }
}
