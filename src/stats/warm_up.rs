//! MSER-5: how much of a run's beginning to delete (White, Cobb and Spratt,
//! Winter Simulation Conference 2000).
//!
//! Only a question about the steady state deletes anything, and a scenario says
//! so by its `warm-up`; one about a burst, an outage or a backlog is about the
//! beginning. This finds how long that should be from a series of a run.

/// How many observations a batch has.
pub const BATCH: usize = 5;

/// What MSER-5 finds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Truncation {
    /// How many batches of [`BATCH`] observations to delete.
    pub batches: usize,
    /// The least mean square error of the mean, as MSER estimates it.
    pub statistic: f64,
    /// Whether the least lies at the half, where the search ends: then the run
    /// is too short to tell.
    pub at_the_end: bool,
}

impl Truncation {
    /// How many observations to delete.
    #[must_use]
    pub const fn observations(&self) -> usize {
        self.batches * BATCH
    }

    /// The truncation of a series: of at most half of its batches those are
    /// deleted without which the rest has the least estimated error. `None`
    /// below four batches. Observations after the last whole batch are left out.
    #[must_use]
    pub fn of(series: &[f64]) -> Option<Truncation> {
        let batches: Vec<f64> =
            series.chunks_exact(BATCH).map(|b| b.iter().sum::<f64>() / BATCH as f64).collect();
        let half = batches.len() / 2;
        if half < 2 {
            return None;
        }
        let error = |deleted: usize| {
            let rest = &batches[deleted..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            let squares: f64 = rest.iter().map(|b| (b - mean) * (b - mean)).sum();
            squares / (rest.len() * rest.len()) as f64
        };
        let best = |least: (usize, f64), next: (usize, f64)| {
            if next.1 < least.1 { next } else { least }
        };
        let all = (0..=half).map(|deleted| (deleted, error(deleted)));
        let (batches, statistic) = all.reduce(best)?;
        Some(Truncation { batches, statistic, at_the_end: batches == half })
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden, series};
    use super::*;

    #[test]
    fn golden_mser5() {
        let series = series();
        let found = Truncation::of(&series).unwrap();
        let expected = [golden("mser5_truncated_batches"), golden("mser5_truncated_obs")];
        assert_eq!([vec![found.batches as f64], vec![found.observations() as f64]], expected);
        assert!(!found.at_the_end);
        assert_close(found.statistic, golden("mser5_min_stat")[0], 1e-11);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert_close(mean(&series), golden("mean_before_truncation")[0], 1e-11);
        let after = &series[found.observations()..];
        assert_close(mean(after), golden("mser5_mean_after")[0], 1e-11);
    }

    #[test]
    fn a_series_that_never_settles_is_cut_at_its_half() {
        let rising: Vec<f64> = (0..200).map(f64::from).collect();
        let found = Truncation::of(&rising).unwrap();
        assert!(found.at_the_end && found.observations() == 100);
        assert_eq!(Truncation::of(&rising[..19]), None);
    }

    #[test]
    fn what_is_steady_from_the_start_loses_nothing() {
        let steady: Vec<f64> = (0..100).map(|n| f64::from(n % 2)).collect();
        assert_eq!(Truncation::of(&steady).unwrap().batches, 0);
    }
}
