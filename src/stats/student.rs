//! Student's t distribution, for the half-width of every interval.

use super::beta::series;
use super::gamma::half_step_ratio;

/// The value that a Student t variable with `df` degrees of freedom stays below
/// with probability `p`.
///
/// Exact to 1e-11 of its value for p in 0.001..=0.999, and coarser near 0 and 1,
/// where `p` itself has no more digits. Infinite at p = 0 and p = 1. `df` need
/// not be whole.
///
/// # Panics
/// When `p` lies outside 0..=1, or `df` is below 1 or infinite.
#[must_use]
pub fn quantile(p: f64, df: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "{p} is not a probability");
    assert!(df >= 1.0 && df.is_finite(), "{df} degrees of freedom");
    if p < 0.5 {
        return -upper_quantile(p, df);
    }
    upper_quantile(1.0 - p, df)
}

/// The probability that a Student t variable with `df` degrees of freedom lies
/// as far from zero as `t`, on either side: the p-value of a two-sided test.
/// Exact to 1e-11 of its value; 0 at an infinite `t`.
///
/// # Panics
/// When `df` is below 1 or infinite.
#[must_use]
pub fn two_sided(t: f64, df: f64) -> f64 {
    assert!(df >= 1.0 && df.is_finite(), "{df} degrees of freedom");
    if t.is_infinite() { 0.0 } else { 2.0 * upper_tail(t.abs(), df) }
}

/// The t >= 0 that is exceeded with probability `tail` <= ½.
///
/// For t > 0 the tail falls and is convex, so Newton's steps from zero never
/// pass the root and need no bracket; they end where rounding stops them. The
/// slowest case, one degree of freedom, doubles t at each step: 52 times at most.
fn upper_quantile(tail: f64, df: f64) -> f64 {
    if tail <= 0.0 {
        return f64::INFINITY;
    }
    let mut t = 0.0;
    for _ in 0..200 {
        let step = (upper_tail(t, df) - tail) / density(t, df);
        if step <= 1e-15 * t {
            break;
        }
        t += step;
    }
    t
}

/// The density at `t`.
fn density(t: f64, df: f64) -> f64 {
    let norm = half_step_ratio(df / 2.0) / (df * std::f64::consts::PI).sqrt();
    norm * libm::exp(-(df + 1.0) / 2.0 * libm::log1p(t * t / df))
}

/// The probability to exceed `t` >= 0: half an incomplete beta function.
fn upper_tail(t: f64, df: f64) -> f64 {
    let half = df / 2.0;
    let x = df / (df + t * t);
    let y = t * t / (df + t * t);
    // x^half y^½ / B(half, ½), which both sides of the symmetry share.
    let power = libm::exp(-half * libm::log1p(t * t / df)) * y.sqrt();
    let front = power * half_step_ratio(half) / std::f64::consts::PI.sqrt();
    // The smaller argument keeps the series short.
    if x < y {
        0.5 * front / half * series(half, 0.5, x)
    } else {
        0.5 - front * series(0.5, half, y)
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};

    #[test]
    fn golden_quantiles() {
        for df in [1.0, 2.0, 4.0, 9.0, 19.0, 29.0, 99.0] {
            assert_close(quantile(0.975, df), golden(&format!("t_975_df{df}"))[0], 1e-11);
        }
    }

    #[test]
    fn one_and_two_degrees_have_closed_forms() {
        for p in [0.5, 0.5001, 0.6, 0.9, 0.975, 0.999_999] {
            let cauchy = libm::tan(std::f64::consts::PI * (p - 0.5));
            assert_close(quantile(p, 1.0), cauchy, 1e-10);
            let two = (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt();
            assert_close(quantile(p, 2.0), two, 1e-10);
        }
    }

    #[test]
    fn statrs_agrees() {
        for df in [1.0, 1.5, 2.0, 3.0, 4.5, 9.0, 19.0, 21.440_178_868_7, 99.0, 999.0, 10_000.0] {
            let reference = StudentsT::new(0.0, 1.0, df).unwrap();
            for p in [0.001, 0.025, 0.3, 0.75, 0.95, 0.975, 0.995] {
                let t = quantile(p, df);
                // Its inverse is coarser than its distribution function: the
                // probability is held to more digits than the quantile.
                assert_close(reference.cdf(t), p, 1e-11);
                assert_close(t, reference.inverse_cdf(p), 1e-9);
            }
        }
    }

    #[test]
    fn a_p_value_is_what_lies_beyond_a_quantile() {
        for df in [1.0, 2.5, 11.0, 300.0] {
            for p in [0.9, 0.05, 1e-4] {
                assert_close(two_sided(quantile(1.0 - p / 2.0, df), df), p, 1e-9);
            }
        }
        assert_eq!((two_sided(f64::INFINITY, 3.0), two_sided(0.0, 3.0)), (0.0, 1.0));
    }

    #[test]
    fn many_degrees_end_in_the_normal_distribution() {
        let normal = 1.959_963_984_540_054;
        let df = 1e8;
        // The first term of Cornish and Fisher: (z³ + z) / (4 df).
        let expected = normal + (normal * normal * normal + normal) / (4.0 * df);
        assert_close(quantile(0.975, df), expected, 1e-12);
    }

    #[test]
    fn the_ends_and_the_middle() {
        assert_close(quantile(0.5, 7.0) + 1.0, 1.0, 0.0);
        assert!(quantile(1.0, 7.0).is_infinite() && quantile(0.0, 7.0) < 0.0);
        assert_close(quantile(0.1, 7.0), -quantile(0.9, 7.0), 1e-13);
        // As near to 1 as a double comes: no more than an order of size is left.
        for df in [1.0, 2.0, 19.0, 1e3, 1e6, 1e12] {
            assert!(quantile(1.0 - f64::EPSILON / 2.0, df) > 7.0);
        }
    }
}
