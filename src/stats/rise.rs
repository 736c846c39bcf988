//! Whether something rises or falls from one point to the next, paired by seed.

use std::cmp::Ordering;

use super::student;

/// Which way the mean goes from `before` to `after`, at that level: with nothing
/// but chance at work, `level` of all answers are not `Equal`.
///
/// Who looks at many pairs divides the level by their number (Bonferroni). Of
/// fewer than two pairs nothing is known. Where the slices differ in length, the
/// seeds that both have are compared.
///
/// # Panics
/// When `level` lies outside 0..=1.
#[must_use]
pub fn rise(before: &[f64], after: &[f64], level: f64) -> Ordering {
    let steps: Vec<f64> = before.iter().zip(after).map(|(b, a)| a - b).collect();
    let count = steps.len() as f64;
    if steps.len() < 2 || steps.iter().any(|step| !step.is_finite()) {
        return Ordering::Equal;
    }
    let mean = steps.iter().sum::<f64>() / count;
    let squares: f64 = steps.iter().map(|step| (step - mean) * (step - mean)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    let reach = student::quantile(1.0 - level / 2.0, count - 1.0) * error;
    if mean.abs() <= reach { Ordering::Equal } else { mean.total_cmp(&0.0) }
}

#[cfg(test)]
mod tests {
    use super::super::interval::paired_difference;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_that_are_all_alike_are_sure_and_none_are_none() {
        assert_eq!(rise(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0], 1e-6), Ordering::Greater);
        assert_eq!(rise(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], 0.05), Ordering::Equal);
        assert_eq!(rise(&[1.0], &[2.0], 0.05), Ordering::Equal);
        assert_eq!(rise(&[1.0, f64::INFINITY], &[2.0, 3.0], 0.05), Ordering::Equal);
    }

    proptest! {
        /// At a level of 5 % it is the interval of 95 %, and a stricter level says less.
        #[test]
        fn it_agrees_with_the_interval(
            pairs in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64), 2..12),
        ) {
            let (before, after): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let found = rise(&before, &after, 0.05);
            let interval = paired_difference(&after, &before).unwrap();
            prop_assert_eq!(found != Ordering::Equal, interval.distinguishable_from(0.0));
            let strict = rise(&before, &after, 0.000_5);
            prop_assert!(strict == found || strict == Ordering::Equal);
        }
    }
}
