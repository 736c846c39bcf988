//! Where a run becomes steady: MSER-5.
//!
//! The marginal standard error rule of White (1997) in batches of five (White,
//! Cobb and Spratt, 2000): of all beginnings up to half of the series it deletes
//! the one that leaves the smallest squared standard error of the mean, as if
//! the batch means that are left were independent. What is far from the rest at
//! the beginning makes that error large; deleting more than that leaves fewer
//! means and makes it large again.

/// How many observations make a batch.
pub const BATCH: usize = 5;

/// Of fewer batches nothing can be told: the last few alone would look steady.
const BATCHES_LEAST: usize = 10;

/// How many observations to delete at the beginning of a series, a whole number
/// of batches and at most half of them. `None` of less than ten batches.
///
/// Of several beginnings that are as good, the shortest. What is left at the end
/// behind the last whole batch is not looked at.
#[must_use]
pub fn mser5(series: &[f64]) -> Option<usize> {
    let means: Vec<f64> =
        series.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    if means.len() < BATCHES_LEAST {
        return None;
    }
    let (mut best, mut least) = (0, f64::INFINITY);
    for first in 0..=means.len() / 2 {
        let error = error(&means[first..]);
        if error < least {
            (best, least) = (first, error);
        }
    }
    Some(best * BATCH)
}

/// Whether so many of the observations are as many as the rule may delete: then
/// it found no end of the beginning, and the run is too short.
#[must_use]
pub fn is_at_half(deleted: usize, observations: usize) -> bool {
    deleted > 0 && deleted / BATCH >= observations / BATCH / 2
}

/// The squared deviations from the mean, over the square of their number.
fn error(means: &[f64]) -> f64 {
    let count = means.len() as f64;
    let mean = means.iter().sum::<f64>() / count;
    means.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count * count)
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden, rows};
    use super::*;
    use proptest::prelude::*;

    const SERIES: &str = include_str!("../../tests/oracles/analytic/stats_mser5_series.csv");

    #[test]
    fn golden_truncation() {
        let series: Vec<f64> = rows(SERIES).iter().map(|row| row[1].parse().unwrap()).collect();
        let deleted = mser5(&series).unwrap();
        assert_close(deleted as f64, golden("mser5_truncated_obs")[0], 0.0);
        assert_close((deleted / BATCH) as f64, golden("mser5_truncated_batches")[0], 0.0);
        let left = &series[deleted..];
        let means: Vec<f64> =
            left.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / 5.0).collect();
        assert_close(error(&means), golden("mser5_min_stat")[0], 1e-9);
        let mean = left.iter().sum::<f64>() / left.len() as f64;
        assert_close(mean, golden("mser5_mean_after")[0], 1e-9);
    }

    #[test]
    fn a_step_is_deleted_whole() {
        let step = |at: u32| -> Vec<f64> {
            (0..200_u32).map(|i| if i < at { 9.0 } else { f64::from(1 + i % 2) }).collect()
        };
        assert_eq!(mser5(&step(0)), Some(0));
        assert_eq!(mser5(&step(35)), Some(35));
        assert_eq!(mser5(&step(33)), Some(35), "in whole batches");
        // It never looks beyond half.
        let deleted = mser5(&step(150)).unwrap();
        assert!(deleted <= 100 && !is_at_half(35, 200) && is_at_half(100, 200));
    }

    #[test]
    fn of_too_little_nothing_is_told() {
        assert_eq!(mser5(&[1.0; 49]), None);
        assert_eq!(mser5(&[1.0; 50]), Some(0));
        assert!(!is_at_half(0, 0));
    }

    proptest! {
        #[test]
        fn it_deletes_whole_batches_of_at_most_half(
            series in prop::collection::vec(-1e3..1e3_f64, 50..400),
        ) {
            let deleted = mser5(&series).unwrap();
            prop_assert!(deleted.is_multiple_of(BATCH) && deleted / BATCH <= series.len() / BATCH / 2);
            // Its unit does not matter.
            let scaled: Vec<f64> = series.iter().map(|x| 4.0 * x).collect();
            prop_assert_eq!(mser5(&scaled), Some(deleted));
        }
    }
}
