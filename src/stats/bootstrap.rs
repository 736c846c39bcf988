//! The bias-corrected and accelerated bootstrap (Efron, JASA 82, 1987) of a mean.
//!
//! It knows no small samples: of 20 skewed differences it covers less than
//! Student's t, which is too little already, and of 50 neither is enough. From
//! a hundred on it holds what it promises, and puts the error on the side of the
//! long tail. So [`paired_mean`] takes it there, where the values are skewed, and
//! t elsewhere; the table of coverage in [`crate::stats`] has the rows.

use super::interval::{self, Estimate, Method, NORMAL, plain_mean};
use super::quantile::quantile;
use crate::dist;
use crate::rng::{Key, Purpose};

/// How much faster the standard error of the mean grows than the mean: a sixth
/// of the skewness over the root of the number of values, by the jackknife.
/// 0 where nothing varies.
#[must_use]
pub fn acceleration(values: &[f64]) -> f64 {
    let mean = plain_mean(values).unwrap_or(0.0);
    let sum = |power: &dyn Fn(f64) -> f64| -> f64 { values.iter().map(|v| power(v - mean)).sum() };
    let (squares, cubes) = (sum(&|d| d * d), sum(&|d| d * d * d));
    let value = cubes / (6.0 * squares * squares.sqrt());
    if value.is_finite() { value } else { 0.0 }
}

/// How many resamples an interval of a report has: Efron asks for no fewer.
pub const RESAMPLES: u32 = 2_000;

/// Between these numbers of values a skewed mean has a bootstrap interval: below, t
/// covers more; above, the skewness of a mean no longer shows.
const BCA: std::ops::RangeInclusive<usize> = 100..=10_000;

/// The acceleration from which a mean is skewed: five times the standard
/// deviation that it has by chance among 100 normal values.
const SKEWED: f64 = 0.02;

/// The mean of differences: Student's t, or [`bca`] where they are many and skewed.
///
/// `None` without values, or when one is not finite.
#[must_use]
pub fn paired_mean(differences: &[f64], key: Key) -> Option<Estimate> {
    if BCA.contains(&differences.len()) && acceleration(differences).abs() >= SKEWED {
        return bca(differences, RESAMPLES, key);
    }
    let nothing = vec![0.0; differences.len()];
    interval::paired_difference(differences, &nothing)
}

/// The mean with its bias-corrected and accelerated interval, of so many resamples that are drawn from
/// `key`: the same values and key give the same interval.
///
/// `None` with fewer than two values, or when one is not finite.
#[must_use]
pub fn bca(values: &[f64], resamples: u32, key: Key) -> Option<Estimate> {
    let mean = plain_mean(values).filter(|_| values.len() > 1)?;
    let mut means: Vec<f64> = (0..resamples).map(|r| resampled(values, r, key)).collect();
    means.sort_by(f64::total_cmp);
    let below = means.partition_point(|m| *m < mean) as f64;
    let upto = means.partition_point(|m| *m <= mean) as f64;
    // Half of the ties lie below; a share of none or all has no quantile.
    let share =
        f64::midpoint(below, upto).clamp(0.5, means.len() as f64 - 0.5) / means.len() as f64;
    let (bias, speed) = (dist::normal(share), acceleration(values));
    let end = |z: f64| {
        let moved = bias + z;
        let level = normal_cdf(bias + moved / (1.0 - speed * moved));
        quantile(&means, level)
    };
    let (low, high) = (end(-NORMAL)?.min(mean), end(NORMAL)?.max(mean));
    Some(Estimate { mean, low, high, method: Method::Bca })
}

/// The mean of as many values, drawn with replacement.
fn resampled(values: &[f64], resample: u32, key: Key) -> f64 {
    let count = values.len() as u64;
    let first = u64::from(resample) * count;
    let sum: f64 = (first..first + count)
        .map(|index| {
            let bits = key.draw(Purpose::Resample, index);
            let place = (u128::from(bits) * u128::from(count)) >> 64;
            values[usize::try_from(place).expect("below the number of values")]
        })
        .sum();
    sum / count as f64
}

/// The chance that a standard normal variable stays below `z`.
fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;

    #[test]
    fn golden_acceleration() {
        let expected = golden("bca_acceleration_mean_x")[0];
        assert_close(acceleration(&golden("x")), expected, 1e-11);
        let turned: Vec<f64> = golden("x").iter().map(|x| -x).collect();
        assert_close(acceleration(&turned), -expected, 1e-11);
        assert_eq!((acceleration(&[2.0, 2.0]), acceleration(&[])), (0.0, 0.0));
    }

    /// The table's own resamples are of another generator.
    #[test]
    fn golden_bca() {
        let key = Key::run(0, 0);
        let bca = bca(&golden("x"), 200_000, key).unwrap();
        let expected = golden("bca95_mean_x_200k");
        assert_close(bca.mean, golden("mean_x")[0], 1e-11);
        assert!((bca.low - expected[0]).abs() < 0.02, "{bca:?}");
        assert!((bca.high - expected[1]).abs() < 0.02, "{bca:?}");
    }

    #[test]
    fn a_long_tail_above_moves_the_interval_up() {
        let values: Vec<f64> = (0..30).map(|n| if n % 10 == 0 { 20.0 } else { 1.0 }).collect();
        let bca = bca(&values, 2_000, Key::run(0, 0)).unwrap();
        assert!(bca.high - bca.mean > bca.mean - bca.low, "{bca:?}");
    }

    #[test]
    fn what_has_no_spread_has_no_width() {
        let same = bca(&[3.0; 20], 100, Key::run(0, 0)).unwrap();
        assert_eq!((same.low, same.mean, same.high), (3.0, 3.0, 3.0));
        assert_eq!(bca(&[3.0], 100, Key::run(0, 0)), None);
        assert_eq!(bca(&[3.0, f64::INFINITY], 100, Key::run(0, 0)), None);
    }
}
