//! Many comparisons at once: p-values that account for how many there are.
//!
//! Of twenty true hypotheses one is rejected at 5 % by chance. Holm's procedure
//! keeps the chance of any false rejection at 5 %, whatever the dependence, and
//! so it decides who is told apart in a comparison. Benjamini and Hochberg's
//! keeps the share of false ones among the rejections there, which is enough
//! where many findings are looked through and none decides alone: no report
//! does that, and it is here for who reads p-values from the files.

/// Holm's adjusted p-values, in the order of the input: a hypothesis is
/// rejected at 5 % where its adjusted p is at most 0.05.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut least = 0.0_f64;
    for (place, index) in ascending(p).into_iter().enumerate() {
        let left = (p.len() - place) as f64;
        least = least.max((p[index] * left).min(1.0));
        adjusted[index] = least;
    }
    adjusted
}

/// Benjamini and Hochberg's adjusted p-values, in the order of the input.
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut most = 1.0_f64;
    for (place, index) in ascending(p).into_iter().enumerate().rev() {
        most = most.min(p[index] * p.len() as f64 / (place + 1) as f64);
        adjusted[index] = most;
    }
    adjusted
}

/// The indices by ascending value; equal values in their order.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_adjustments() {
        let p = golden("holm_in");
        for (key, adjusted) in [("holm_adj", holm(&p)), ("bh_adj", benjamini_hochberg(&p))] {
            // The table has six decimals.
            for (got, expected) in adjusted.into_iter().zip(golden(key)) {
                assert!((got - expected).abs() < 5.1e-7, "{key}: {got} {expected}");
            }
        }
    }

    #[test]
    fn one_comparison_needs_no_adjustment() {
        assert_eq!((holm(&[0.03]), benjamini_hochberg(&[0.03])), (vec![0.03], vec![0.03]));
        assert_eq!((holm(&[]), benjamini_hochberg(&[])), (vec![], vec![]));
        assert_close(holm(&[0.9, 0.8])[0], 1.0, 0.0);
    }

    proptest! {
        /// No adjusted p is below its own, none above Bonferroni's, and the
        /// order of the input does not matter.
        #[test]
        fn adjusted_values_lie_between(p in prop::collection::vec(0.0..=1.0_f64, 1..9)) {
            let (all, n) = (holm(&p), p.len() as f64);
            for (plain, adjusted) in p.iter().zip(&all) {
                prop_assert!(plain <= adjusted && *adjusted <= (plain * n).min(1.0));
            }
            let turned: Vec<f64> = p.iter().rev().copied().collect();
            let mut back = holm(&turned);
            back.reverse();
            prop_assert_eq!(back, all);
        }
    }
}
