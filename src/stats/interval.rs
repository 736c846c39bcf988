//! 95 % confidence intervals over replicates.
//!
//! Each value of a slice is the number of one replicate, and two slices that
//! are compared hold the same replicates in the same order: replicate i saw the
//! same draws in both (common random numbers), so only pairs are compared.
//! Values within one run depend on each other and never become an interval.

use std::fmt;

use super::pair::differences;
pub use super::ratio::{ratio_difference, ratio_of_sums, share_of_sums};
pub use super::share::{none_of, wilson};
use super::student;

/// What a two-sided 95 % interval stays below on each side.
const UPPER: f64 = 0.975;

/// How often a 95 % interval may miss the truth.
const LEVEL: f64 = 0.05;

/// The normal quantile at [`UPPER`].
pub(super) const NORMAL: f64 = 1.959_963_984_540_054;

/// How an interval came about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// One replicate: there is a value and nothing is known of its error.
    Single,
    /// Student's t over replicates.
    StudentT,
    /// Student's t over the differences of pairs.
    PairedT,
    /// The delta method for a ratio of sums.
    Delta,
    /// Fieller's interval for a ratio of sums.
    Fieller,
    /// Student's t over two sets of replicates that are no pairs.
    Welch,
    /// The bias-corrected and accelerated bootstrap.
    Bca,
    /// Wilson's score interval for a share of independent trials.
    Wilson,
    /// Clopper and Pearson's interval for a share of independent trials.
    ClopperPearson,
    /// The one-sided bound of an event that never came.
    NoneOf,
    /// Ranks of independent values around a quantile.
    Ranks,
}

/// The name that reports and CSV files carry.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Method::Single => "single",
            Method::StudentT => "t",
            Method::PairedT => "paired-t",
            Method::Delta => "delta",
            Method::Fieller => "fieller",
            Method::Welch => "welch",
            Method::Bca => "bca",
            Method::Wilson => "wilson",
            Method::ClopperPearson => "clopper-pearson",
            Method::NoneOf => "none-of",
            Method::Ranks => "ranks",
        })
    }
}

/// A value and its 95 % confidence interval, in the unit of what was estimated.
///
/// Never a NaN, and `low <= mean <= high`. Of [`Method::Single`] all three are
/// equal. Of [`Method::Fieller`] the ends are infinite where the denominator
/// may be zero: then the replicates do not bound the ratio at all.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The point estimate.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// Where the interval is from, and whether there is one.
    pub method: Method,
}

impl Estimate {
    /// A value of one replicate, without an interval.
    #[must_use]
    pub fn single(value: f64) -> Estimate {
        Estimate { mean: value, low: value, high: value, method: Method::Single }
    }

    /// Whether `low` and `high` are an interval, even one of no width, rather
    /// than the value of a single replicate.
    #[must_use]
    pub fn has_interval(&self) -> bool {
        self.method != Method::Single
    }

    /// Half the width of the interval; zero for a single value.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether the interval excludes `value`: 0 for a difference, 1 for a
    /// ratio. Nothing is distinguishable on one replicate.
    #[must_use]
    pub fn distinguishable_from(&self, value: f64) -> bool {
        self.has_interval() && (value < self.low || value > self.high)
    }

    /// An interval of Student's t over so many replicates, widened until it
    /// holds together with the others of `all` (Bonferroni).
    #[must_use]
    pub fn for_all_of(self, all: usize, replicates: usize) -> Estimate {
        if all <= 1 { self } else { self.at_level(LEVEL / all as f64, replicates) }
    }

    /// An interval of Student's t over so many replicates as it is if it may miss
    /// the truth with a probability of `level`.
    #[must_use]
    pub fn at_level(self, level: f64, replicates: usize) -> Estimate {
        if !self.has_interval() {
            return self;
        }
        let freedom = (replicates - 1) as f64;
        let wider = student::quantile(1.0 - level / 2.0, freedom) / t_quantile(replicates);
        let (low, high) = ((self.mean - self.low) * wider, (self.high - self.mean) * wider);
        Estimate { low: self.mean - low, high: self.mean + high, ..self }
    }

    pub(super) fn symmetric(mean: f64, half: f64, method: Method) -> Estimate {
        Estimate { mean, low: mean - half, high: mean + half, method }
    }
}

/// The mean over replicates, with Student's t.
///
/// `None` without replicates, or when a value is not finite: a mean over
/// "never" says nothing, and how often it happened is a matter for [`wilson`].
#[must_use]
pub fn mean(values: &[f64]) -> Option<Estimate> {
    t_interval(values, Method::StudentT, UPPER)
}

/// The mean of `left[i] - right[i]` over replicates, with Student's t.
///
/// `None` without replicates, or when a value is not finite.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn paired_difference(left: &[f64], right: &[f64]) -> Option<Estimate> {
    t_interval(&differences(left, right), Method::PairedT, UPPER)
}

/// The same, one of `family` intervals that hold all at once with 95 %
/// (Bonferroni): each with 100 % - 5 % / `family`.
///
/// # Panics
/// When the slices differ in length, or the family is empty.
#[must_use]
pub fn simultaneous_difference(left: &[f64], right: &[f64], family: usize) -> Option<Estimate> {
    assert!(family > 0, "a family has this one at least");
    let upper = 1.0 - (1.0 - UPPER) / family as f64;
    t_interval(&differences(left, right), Method::PairedT, upper)
}

fn t_interval(values: &[f64], method: Method, upper: f64) -> Option<Estimate> {
    let mean = plain_mean(values)?;
    if values.len() == 1 {
        return Some(Estimate::single(mean));
    }
    let t = student::quantile(upper, (values.len() - 1) as f64);
    let half = t * (variance(values, mean) / values.len() as f64).sqrt();
    Some(Estimate::symmetric(mean, half, method))
}

/// The mean; `None` when empty or not finite.
///
/// It is taken as an offset from the first value, so that equal values give
/// exactly themselves and no interval of rounding errors around them.
pub(super) fn plain_mean(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    let offsets: f64 = values.iter().map(|value| value - first).sum();
    Some(first + offsets / values.len() as f64).filter(|mean| mean.is_finite())
}

/// The sample variance around a known mean, of two values or more.
pub(super) fn variance(values: &[f64], mean: f64) -> f64 {
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    squares / (values.len() - 1) as f64
}

/// Student's t for an interval over so many replicates, two or more.
pub(super) fn t_quantile(replicates: usize) -> f64 {
    student::quantile(UPPER, (replicates - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_mean() {
        let estimate = mean(&golden("x")).unwrap();
        assert_close(estimate.mean, golden("mean_x")[0], 1e-11);
        assert_close(estimate.half_width(), golden("ci95_half_x")[0], 1e-11);
        let x = golden("x");
        assert_close(variance(&x, estimate.mean).sqrt(), golden("sd_x")[0], 1e-11);
    }

    #[test]
    fn golden_paired_difference() {
        let estimate = paired_difference(&golden("x"), &golden("y")).unwrap();
        assert_close(estimate.mean, golden("mean_diff")[0], 1e-11);
        assert_close(estimate.half_width(), golden("paired_ci95_half")[0], 1e-11);
        assert!(estimate.distinguishable_from(0.0));
    }

    #[test]
    fn a_family_of_one_is_alone_and_a_larger_one_is_wider() {
        let (x, y) = (golden("x"), golden("y"));
        assert_eq!(simultaneous_difference(&x, &y, 1), paired_difference(&x, &y));
        let of_five = simultaneous_difference(&x, &y, 5).unwrap();
        // Student's t at 0.995 and 0.975 with 11 degrees: 3.1058 and 2.2010.
        let wider = of_five.half_width() / golden("paired_ci95_half")[0];
        assert_close(wider, 3.105_806_5 / 2.200_985_2, 1e-7);
    }

    #[test]
    fn intervals_that_hold_together_are_those_of_bonferroni() {
        use statrs::distribution::{ContinuousCDF, StudentsT};
        let alone = mean(&golden("x")).unwrap();
        let replicates = golden("x").len();
        let t = StudentsT::new(0.0, 1.0, (replicates - 1) as f64).unwrap();
        for all in [1, 2, 20] {
            let together = alone.for_all_of(all, replicates);
            let wider = t.inverse_cdf(1.0 - 0.025 / all as f64) / t.inverse_cdf(0.975);
            assert_close(together.half_width() / alone.half_width(), wider, 1e-6);
            assert_close(together.mean, alone.mean, 0.0);
        }
    }

    #[test]
    fn one_replicate_has_no_interval() {
        for estimate in
            [mean(&[3.0]), ratio_of_sums(&[6.0], &[2.0]), paired_difference(&[4.0], &[1.0])]
        {
            assert_eq!(estimate, Some(Estimate::single(3.0)));
            assert!(!estimate.unwrap().has_interval());
            assert!(!estimate.unwrap().distinguishable_from(0.0));
        }
    }

    #[test]
    fn equal_replicates_are_an_interval_of_no_width() {
        let estimate = mean(&[0.1; 10]).unwrap();
        assert_eq!((estimate.low, estimate.mean, estimate.high), (0.1, 0.1, 0.1));
        assert!(estimate.has_interval());
        let same = ratio_of_sums(&[0.1, 0.7, 0.3], &[0.1, 0.7, 0.3]).unwrap();
        assert_eq!((same.low, same.mean, same.high), (1.0, 1.0, 1.0));
        assert!(!same.distinguishable_from(1.0));
    }

    #[test]
    fn what_is_not_defined_is_none() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, f64::INFINITY]), None);
        assert_eq!(mean(&[f64::INFINITY, 1.0]), None);
        assert_eq!(mean(&[f64::NAN]), None);
        assert_eq!(ratio_of_sums(&[], &[]), None);
        assert_eq!(ratio_of_sums(&[0.0, 1.0], &[0.0, 0.0]), None);
        assert_eq!(ratio_of_sums(&[0.0, 0.0], &[0.0, 0.0]), None);
        assert_eq!(ratio_of_sums(&[1.0, 2.0], &[1.0, f64::INFINITY]), None);
        assert_eq!(paired_difference(&[f64::INFINITY], &[f64::INFINITY]), None);
    }

    proptest! {
        #[test]
        fn the_mean_lies_within(
            pairs in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64), 1..12),
        ) {
            let (y, x): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            for estimate in [mean(&y), paired_difference(&y, &x), ratio_of_sums(&y, &x)] {
                let Estimate { mean, low, high, .. } = estimate.unwrap();
                prop_assert!(low <= mean && mean <= high, "{low} {mean} {high}");
            }
        }
    }
}
