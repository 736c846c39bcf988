//! A ratio of two numbers that each replicate gives, with its 95 % interval.

use super::interval::{Estimate, Method, paired_difference, plain_mean, t_quantile};
use super::share::none_of;

/// Above this relative error of a mean denominator the delta method is too
/// narrow, and Fieller's interval takes over.
const DELTA_UP_TO: f64 = 0.1;

/// The sum of the numerators over the sum of the denominators, a pair for each
/// replicate: a rate (rejects over attempts), or how many times sooner (time of
/// one client over that of another).
///
/// Unlike a mean of ratios it weighs each replicate by its size. The interval
/// is that of the delta method, or Fieller's where the mean denominator is known
/// to no better than 10 %. A numerator that is zero in every replicate gives an
/// interval of no width: say "0 of n" and use [`none_of`](super::share::none_of) over the trials.
///
/// `None` without replicates, when the denominators sum to zero, or when a
/// value is not finite.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn ratio_of_sums(numerators: &[f64], denominators: &[f64]) -> Option<Estimate> {
    assert_eq!(numerators.len(), denominators.len(), "replicates come in pairs");
    let pairs = Pairs::of(numerators, denominators)?;
    if numerators.len() == 1 {
        return Some(Estimate::single(pairs.ratio));
    }
    let error = (pairs.xx / pairs.count).sqrt() / pairs.mean_x.abs();
    // A ratio that is the same in every replicate is known, whatever its scale.
    if error > DELTA_UP_TO && pairs.residual > 0.0 {
        return Some(pairs.fieller());
    }
    Some(pairs.delta())
}

/// The difference of two ratios of sums, left less right, each pair of whose
/// replicates saw the same draws.
///
/// Each ratio is taken as linear in its sums (the delta method), and Student's t
/// is of the differences of the two, replicate by replicate. `None` where
/// either ratio is not defined and finite.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn ratio_difference(left: (&[f64], &[f64]), right: (&[f64], &[f64])) -> Option<Estimate> {
    let (one, other) = (Pairs::of(left.0, left.1)?, Pairs::of(right.0, right.1)?);
    let linear = |pairs: &Pairs, (y, x): (&[f64], &[f64])| -> Vec<f64> {
        let parts = y.iter().zip(x);
        parts.map(|(y, x)| pairs.ratio + (y - pairs.ratio * x) / pairs.mean_x).collect()
    };
    paired_difference(&linear(&one, left), &linear(&other, right))
}

/// A ratio of sums of which the numerators count some of the things that the
/// denominators count: where there were none of them, "0 of n" with the bound of
/// [`none_of`] rather than an interval of no width.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn share_of_sums(numerators: &[f64], denominators: &[f64]) -> Option<Estimate> {
    if numerators.iter().any(|numerator| *numerator != 0.0) {
        return ratio_of_sums(numerators, denominators);
    }
    assert_eq!(numerators.len(), denominators.len(), "replicates come in pairs");
    let trials: f64 = denominators.iter().sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts are whole
    none_of(trials as u64)
}

/// The moments of pairs (x, y) that both intervals of a ratio are made of.
struct Pairs {
    count: f64,
    /// y over x.
    ratio: f64,
    mean_x: f64,
    /// The sample variances and the covariance; zero of a single pair.
    xx: f64,
    yy: f64,
    xy: f64,
    /// The mean square of y - ratio * x, over count - 1.
    residual: f64,
    t: f64,
}

impl Pairs {
    /// `None` when the ratio is not defined and finite.
    fn of(y: &[f64], x: &[f64]) -> Option<Pairs> {
        let (mean_y, mean_x) = (plain_mean(y)?, plain_mean(x)?);
        let ratio = Some(mean_y / mean_x).filter(|ratio| ratio.is_finite())?;
        let freedom = x.len().saturating_sub(1).max(1) as f64;
        let per_freedom = |product: &dyn Fn(f64, f64) -> f64| {
            let sum: f64 = x.iter().zip(y).map(|(x, y)| product(*x, *y)).sum();
            sum / freedom
        };
        Some(Pairs {
            count: x.len() as f64,
            ratio,
            mean_x,
            xx: per_freedom(&|x, _| (x - mean_x) * (x - mean_x)),
            yy: per_freedom(&|_, y| (y - mean_y) * (y - mean_y)),
            xy: per_freedom(&|x, y| (x - mean_x) * (y - mean_y)),
            residual: per_freedom(&|x, y| (y - ratio * x) * (y - ratio * x)),
            t: if x.len() > 1 { t_quantile(x.len()) } else { f64::INFINITY },
        })
    }

    fn delta(&self) -> Estimate {
        let half = self.t * (self.residual / self.count).sqrt() / self.mean_x.abs();
        Estimate::symmetric(self.ratio, half, Method::Delta)
    }

    /// All ratios r for which the mean of y - r x is not significantly off 0.
    fn fieller(&self) -> Estimate {
        let Pairs { ratio, xx, yy, xy, .. } = *self;
        let reach = self.t / (self.count.sqrt() * self.mean_x.abs());
        let g = reach * reach * xx;
        if g >= 1.0 {
            // The denominator may be zero: no bounded interval has 95 %.
            let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
            return Estimate { mean: ratio, low, high, method: Method::Fieller };
        }
        // xx is positive here: a denominator that is always the same is known.
        let spread = yy - 2.0 * ratio * xy + ratio * ratio * xx - g * (yy - xy * xy / xx);
        let half = reach * spread.max(0.0).sqrt();
        let centre = ratio - g * xy / xx;
        // Where nothing is left to chance both ends round to either side.
        let low = ((centre - half) / (1.0 - g)).min(ratio);
        let high = ((centre + half) / (1.0 - g)).max(ratio);
        Estimate { mean: ratio, low, high, method: Method::Fieller }
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_ratio() {
        let (x, y) = (golden("x"), golden("y"));
        let estimate = ratio_of_sums(&x, &y).unwrap();
        assert_eq!(estimate.method, Method::Delta);
        assert_close(estimate.mean, golden("ratio_mean")[0], 1e-11);
        assert_close(estimate.half_width(), golden("ratio_ci95_half_delta")[0], 1e-11);
        assert!(estimate.distinguishable_from(1.0));
        let fieller = Pairs::of(&x, &y).unwrap().fieller();
        assert_close(fieller.low, golden("fieller_lo")[0], 1e-11);
        assert_close(fieller.high, golden("fieller_hi")[0], 1e-11);
    }

    #[test]
    fn a_difference_of_ratios_is_that_of_plain_numbers_over_ones() {
        let (x, y) = (golden("x"), golden("y"));
        let ones = vec![1.0; x.len()];
        let plain = paired_difference(&x, &y).unwrap();
        let ratios = ratio_difference((&x, &ones), (&y, &ones)).unwrap();
        assert_close(ratios.mean, plain.mean, 1e-12);
        assert_close(ratios.half_width(), plain.half_width(), 1e-12);
        // Of a ratio and nothing it is the delta interval.
        let none = vec![0.0; x.len()];
        let alone = ratio_difference((&y, &x), (&none, &ones)).unwrap();
        let delta = Pairs::of(&y, &x).unwrap().delta();
        assert_close(alone.mean, delta.mean, 1e-12);
        assert_close(alone.half_width(), delta.half_width(), 1e-12);
    }

    #[test]
    fn none_of_many_is_bounded() {
        let none = share_of_sums(&[0.0, 0.0], &[100.0, 50.0]).unwrap();
        assert_eq!((none.mean, none.low, none.method), (0.0, 0.0, Method::NoneOf));
        assert!(none.high < 0.02 && none.high > 0.019, "{none:?}");
        let some = [1.0, 0.0];
        assert_eq!(share_of_sums(&some, &[9.0, 9.0]), ratio_of_sums(&some, &[9.0, 9.0]));
        assert_eq!(share_of_sums(&[0.0], &[0.0]), None);
    }

    #[test]
    fn fieller_takes_over_where_the_denominator_is_uncertain() {
        let y = [2.0, 3.0, 2.5, 4.0, 3.5];
        // Relative errors of the mean denominator on both sides of 10 %.
        let steady = ratio_of_sums(&y, &[10.0, 11.0, 9.0, 13.0, 7.0]).unwrap();
        let shaky = ratio_of_sums(&y, &[10.0, 11.0, 9.0, 15.0, 5.0]).unwrap();
        assert_eq!((steady.method, shaky.method), (Method::Delta, Method::Fieller));
        let lopsided = shaky.high - shaky.mean > shaky.mean - shaky.low;
        assert!(lopsided && shaky.low > 0.0 && shaky.high.is_finite());
    }

    #[test]
    fn a_ratio_that_never_changes_is_known() {
        // The denominator alone would call for Fieller, and bound nothing.
        let estimate = ratio_of_sums(&[2.0, 14.0, 6.0], &[1.0, 7.0, 3.0]).unwrap();
        assert_eq!((estimate.low, estimate.high), (2.0, 2.0));
    }

    #[test]
    fn a_denominator_that_may_be_zero_bounds_nothing() {
        let estimate = ratio_of_sums(&[1.0, 1.0, 1.0], &[0.0, 0.0, 9.0]).unwrap();
        assert_eq!((estimate.mean, estimate.method), (1.0 / 3.0, Method::Fieller));
        assert!(estimate.low.is_infinite() && estimate.high.is_infinite());
        assert!(!estimate.distinguishable_from(1.0));
    }

    proptest! {
        /// Another unit of the denominators scales the interval and no more.
        #[test]
        fn a_ratio_has_no_unit(
            pairs in prop::collection::vec((1.0..9.0_f64, 1.0..9.0_f64), 2..12),
            unit in 0.01..100.0_f64,
        ) {
            let (y, x): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let scaled: Vec<f64> = x.iter().map(|x| x * unit).collect();
            let (plain, moved) = (ratio_of_sums(&y, &x).unwrap(), ratio_of_sums(&y, &scaled).unwrap());
            prop_assert!((moved.mean * unit / plain.mean - 1.0).abs() < 1e-9);
            if plain.high.is_finite() && plain.method == moved.method {
                prop_assert!((moved.half_width() * unit / plain.half_width() - 1.0).abs() < 1e-6);
            }
        }
    }
}
