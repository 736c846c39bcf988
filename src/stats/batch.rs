//! Batch means: an interval from one long run.
//!
//! Values of one run depend on each other; means of long enough batches of them
//! hardly do. Reports run replicates, which need no such care, so nothing of
//! theirs comes from here: it is for who has a single trace of a real system,
//! which nobody can run again.

use super::interval::{Estimate, mean};
use super::pair::correlation;

/// The mean of a long run, and whether its batches may be taken as independent.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BatchMeans {
    /// With Student's interval over batches.
    pub mean: Estimate,
    /// The correlation of each batch with the next.
    pub lag_one: Option<f64>,
    /// How many batches there were.
    pub batches: usize,
}

impl BatchMeans {
    /// The mean over so many batches of equal length; what is left over at the
    /// end is not used. `None` where a batch has no value, or one is not finite.
    #[must_use]
    pub fn of(values: &[f64], batches: usize) -> Option<BatchMeans> {
        let length = values.len().checked_div(batches).filter(|length| *length > 0)?;
        let means: Vec<f64> = values[..length * batches]
            .chunks_exact(length)
            .map(|batch| batch.iter().sum::<f64>() / length as f64)
            .collect();
        let lag_one = correlation(&means[..batches - 1], &means[1..]);
        Some(BatchMeans { mean: mean(&means)?, lag_one, batches })
    }

    /// Whether the interval can be trusted: twenty batches or more, whose
    /// neighbours correlate by at most 0.3.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.batches >= 20 && self.lag_one.is_none_or(|lag| lag.abs() <= 0.3)
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden, series};
    use super::*;

    #[test]
    fn golden_batch_means() {
        let series = series();
        let steady = &series[90..];
        let found = BatchMeans::of(steady, 20).unwrap();
        assert_close(found.mean.mean, golden("batch_means20_mean")[0], 1e-11);
        assert_close(found.mean.half_width(), golden("batch_means20_ci95_half")[0], 1e-11);
        assert_close(found.lag_one.unwrap(), golden("batch_lag1_corr")[0], 1e-10);
        assert!(found.is_sound());
    }

    #[test]
    fn few_batches_and_a_slow_drift_are_not_sound() {
        let drift: Vec<f64> = (0..1_000).map(|n| libm::sin(f64::from(n) / 150.0)).collect();
        assert!(!BatchMeans::of(&drift, 25).unwrap().is_sound());
        assert!(!BatchMeans::of(&series()[90..], 10).unwrap().is_sound());
        assert_eq!((BatchMeans::of(&drift, 0), BatchMeans::of(&drift[..5], 6)), (None, None));
    }
}
