//! The regularised incomplete beta function, of which the tails of Student's t
//! and of the binomial are made.

/// `I_x(a, b)`, with y = 1 - x given beside x so that neither loses digits: the
/// probability that a beta variable stays below x.
///
/// To about 1e-15 of its value, times the size of lgamma(a + b): 1e-12 at
/// a + b = 1,000 and 1e-10 at 100,000. Takes time with the root of a + b around
/// the mean, and with 1 / y where x is nearly 1.
pub(super) fn regularised(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    // On the side of the mean that x lies on the series is short.
    if x * (a + b) > a {
        return 1.0 - lower(b, a, y, x);
    }
    lower(a, b, x, y)
}

fn lower(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let log_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    // Of x and y the smaller is the exact one.
    let log_x = if x < y { libm::log(x) } else { libm::log1p(-y) };
    let log_y = if x < y { libm::log1p(-x) } else { libm::log(y) };
    libm::exp(a * log_x + b * log_y - log_beta) / a * series(a, b, x)
}

/// The sum of x^n (a + b)_n / (a + 1)_n, which makes the incomplete beta function
/// (DLMF 8.17.8): no term is negative, so nothing cancels however large b is.
pub(super) fn series(a: f64, b: f64, x: f64) -> f64 {
    let (mut sum, mut term, mut n) = (1.0, 1.0, 0.0);
    while term > 1e-17 * sum {
        term *= x * (a + b + n) / (a + 1.0 + n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// The probability of at most `most` successes in `trials` trials that each
/// succeed with probability `p`.
pub(super) fn binomial_cdf(most: u64, trials: u64, p: f64) -> f64 {
    if most >= trials {
        return 1.0;
    }
    regularised((trials - most) as f64, most as f64 + 1.0, 1.0 - p, p)
}

#[cfg(test)]
mod tests {
    use super::super::golden::assert_close;
    use super::*;
    use statrs::function::beta::beta_reg;

    #[test]
    fn statrs_agrees() {
        for a in [0.5, 1.0, 3.0, 40.5, 983.0] {
            for b in [0.5, 2.0, 17.0, 600.0] {
                for x in [1e-6, 0.01, 0.3, 0.5, 0.9, 0.999] {
                    let (own, other) = (regularised(a, b, x, 1.0 - x), beta_reg(a, b, x));
                    assert!((own - other).abs() < 1e-11, "{a} {b} {x}: {own} {other}");
                }
            }
        }
    }

    #[test]
    fn binomial_sums_by_hand() {
        assert_close(binomial_cdf(0, 5, 0.3), 0.7 * 0.7 * 0.7 * 0.7 * 0.7, 1e-13);
        assert_close(binomial_cdf(1, 2, 0.25), 1.0 - 1.0 / 16.0, 1e-13);
        assert_close(binomial_cdf(499, 999, 0.5), 0.5, 1e-11);
        assert_eq!((binomial_cdf(3, 3, 0.5), binomial_cdf(2, 3, 0.0)), (1.0, 1.0));
    }
}
