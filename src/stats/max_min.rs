//! What each client is entitled to of a shared capacity.

/// The max-min fair allocation of `capacity` among `demands`, in their order
/// and unit: nobody gets more than it asks for, and nobody could get more
/// without taking from one that has no more.
///
/// The smallest demands are filled first and what they leave is shared equally
/// among the rest (Bertsekas and Gallager, Data Networks, 6.5.2). A demand may
/// be infinite, as of a client with a backlog. Clients that are not filled get
/// the same number to the bit.
///
/// # Panics
/// When the capacity or a demand is negative or NaN.
#[must_use]
pub fn max_min(capacity: f64, demands: &[f64]) -> Vec<f64> {
    assert!(capacity >= 0.0, "a capacity of {capacity}");
    assert!(demands.iter().all(|demand| *demand >= 0.0), "a demand below zero");
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by(|left, right| demands[*left].total_cmp(&demands[*right]));
    let mut allocation = vec![0.0; demands.len()];
    let mut left = capacity;
    for (filled, client) in order.iter().enumerate() {
        let share = left / (order.len() - filled) as f64;
        if demands[*client] >= share {
            order[filled..].iter().for_each(|client| allocation[*client] = share);
            break;
        }
        allocation[*client] = demands[*client];
        left -= demands[*client];
    }
    allocation
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, numbers, rows};
    use super::*;
    use proptest::prelude::*;

    const VECTORS: &str = include_str!("../../tests/oracles/analytic/maxmin_vectors.csv");

    #[test]
    fn golden_vectors() {
        // The one row with weights is not about this function.
        let plain: Vec<_> = rows(VECTORS).into_iter().filter(|row| row[2].is_empty()).collect();
        assert_eq!(plain.len(), 7);
        for row in plain {
            let got = max_min(row[0].parse().unwrap(), &numbers(&row[1]));
            let expected: Vec<f64> = numbers(&row[3]);
            assert_eq!(got.len(), expected.len());
            got.iter()
                .zip(expected)
                .for_each(|(got, expected)| assert_close(*got, expected, 1e-14));
        }
    }

    #[test]
    fn infinite_demands_share_what_is_left() {
        let never_enough = f64::INFINITY;
        assert_eq!(max_min(10.0, &[never_enough, 1.0, never_enough]), [4.5, 1.0, 4.5]);
        assert_eq!(max_min(never_enough, &[never_enough, 4.0]), [never_enough, 4.0]);
        assert!(max_min(10.0, &[]).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_wasted_and_nobody_is_robbed(
            capacity in 0.0..100.0_f64,
            demands in prop::collection::vec(0.0..30.0_f64, 1..20),
        ) {
            let got = max_min(capacity, &demands);
            let wanted: f64 = demands.iter().sum();
            let given: f64 = got.iter().sum();
            prop_assert!((given - wanted.min(capacity)).abs() < 1e-9);
            let largest = got.iter().copied().fold(0.0, f64::max);
            for (got, demand) in got.iter().zip(&demands) {
                prop_assert!(got <= demand);
                prop_assert!(got >= demand || *got >= largest);
            }
        }
    }
}
