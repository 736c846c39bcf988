//! What perfectly equal clients would show by chance.
//!
//! Clients that succeed at random do not succeed equally often: a few successes
//! each and Jain's index is far below 1 although nobody is at a disadvantage.
//! So both indices are reported beside the value of identical Poisson clients
//! that together had as many successes. Given their total, those successes fall
//! on the clients like balls on bins, which is what is computed here.

use super::gamma::half_step_ratio;

/// A weight below this share of the largest adds nothing to a double.
const NEGLIGIBLE: f64 = 1e-18;

/// Jain's index that `clients` identical Poisson clients show, on average, when
/// they had `total` successes: S / (S − 1 + n).
///
/// The ratio of the means of both sides of the index rather than the mean of
/// their ratio, which is 1 % larger at 10 clients with 1 success each and
/// within 0.2 % from 100 clients on. 1 when there are no clients or successes.
#[must_use]
pub fn jain(total: u64, clients: u64) -> f64 {
    if total == 0 || clients == 0 {
        return 1.0;
    }
    let total = total as f64;
    total / (total - 1.0 + clients as f64)
}

/// Gini's index that `clients` identical Poisson clients show, on average, when
/// they had `total` successes; exact.
///
/// Near 1 / √(π m) for m successes each. 0 when there are no clients or
/// successes. Takes time with the root of the successes of a client.
#[must_use]
pub fn gini(total: u64, clients: u64) -> f64 {
    if total == 0 || clients == 0 {
        return 0.0;
    }
    let per_client = total as f64 / clients as f64;
    let others = (clients - 1) as f64 / clients as f64;
    others * mean_gap(total, clients) / (2.0 * per_client)
}

/// The mean of |x − y| over two clients. Their successes together are binomial,
/// one client's part of those is a fair coin's.
///
/// The binomial weights run from their mode to both sides by their ratio, and
/// are divided by their sum at the end: no factorial is ever formed.
fn mean_gap(total: u64, clients: u64) -> f64 {
    if clients == 1 {
        return 0.0;
    }
    // p / (1 - p) for p = 2 / clients is 2 / rest; of two clients p is 1.
    let rest = (clients - 2) as f64;
    let mode = (u128::from(total) + 1) * 2 / u128::from(clients);
    let mode = u64::try_from(mode).map_or(total, |mode| mode.min(total));
    let (mut weights, mut gaps) = (1.0, walk(mode));
    let mut weight = 1.0;
    for both in mode + 1..=total {
        weight *= (total - both + 1) as f64 / both as f64 * 2.0 / rest;
        if weight < NEGLIGIBLE {
            break;
        }
        weights += weight;
        gaps += weight * walk(both);
    }
    weight = 1.0;
    for both in (0..mode).rev() {
        weight *= (both + 1) as f64 / (total - both) as f64 * rest / 2.0;
        if weight < NEGLIGIBLE {
            break;
        }
        weights += weight;
        gaps += weight * walk(both);
    }
    gaps / weights
}

/// How far from its start a symmetric walk of `steps` steps is on average.
fn walk(steps: u64) -> f64 {
    if steps == 0 {
        return 0.0;
    }
    // 2 Γ(k + ½) / (Γ(k) √π), the same for 2k - 1 and 2k steps.
    let k = steps.div_ceil(2) as f64;
    2.0 * half_step_ratio(k) / std::f64::consts::PI.sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, rows};
    use super::*;

    const TABLE: &str = include_str!("../../tests/oracles/analytic/fairness_poisson_bias.csv");

    /// (mean per client, clients, jain finite, jain simulated, gini of infinitely
    /// many, gini simulated, its 95 % half-width).
    fn table() -> Vec<(u64, u64, [f64; 5])> {
        let number = |cell: &str| cell.parse::<f64>().unwrap();
        rows(TABLE)
            .iter()
            .map(|row| {
                let values = [3, 4, 6, 7, 8].map(|column| number(&row[column]));
                (row[0].parse().unwrap(), row[1].parse().unwrap(), values)
            })
            .collect()
    }

    #[test]
    fn golden_jain() {
        for (mean, clients, [finite, simulated, ..]) in table() {
            let got = jain(mean * clients, clients);
            assert_close(got, finite, 1e-11);
            let tolerance = if clients == 10 { 1.5e-2 } else { 3.5e-3 };
            assert_close(got, simulated, tolerance);
        }
    }

    #[test]
    fn golden_gini_of_infinitely_many() {
        for (mean, _, [_, _, limit, ..]) in table() {
            let many = 1_000_000_000_000;
            assert_close(gini(mean * many, many), limit, 1e-9);
        }
    }

    #[test]
    fn golden_gini_simulated() {
        for (mean, clients, [_, _, _, simulated, half_width]) in table() {
            // The table draws the total too: a Poisson number.
            let expected_total = mean * clients;
            let got = if expected_total <= 2_000 {
                over_poisson_totals(expected_total, |total| gini(total, clients))
            } else {
                gini(expected_total, clients)
            };
            let z = (got - simulated) / (half_width / 1.96);
            assert!(z.abs() < 4.0, "{got} against {simulated}: z = {z}");
        }
    }

    /// The mean of `value` over Poisson totals of a given mean.
    fn over_poisson_totals(mean: u64, value: impl Fn(u64) -> f64) -> f64 {
        let log_mean = libm::log(mean as f64);
        (0..mean * 2 + 50)
            .map(|total| {
                let log_weight =
                    total as f64 * log_mean - mean as f64 - libm::lgamma(total as f64 + 1.0);
                libm::exp(log_weight) * value(total)
            })
            .sum()
    }

    #[test]
    fn two_balls_by_hand() {
        // Two successes of two clients: 2-0 or 1-1, each half of the time.
        assert_close(gini(2, 2), 0.25, 1e-14);
        // Of three: 2-0-0 a third of the time (2/3), else 1-1-0 (1/3).
        assert_close(gini(2, 3), 2.0 / 9.0 + 2.0 / 9.0, 1e-14);
        // One success is always one's: as uneven as can be.
        assert_close(gini(1, 10), 0.9, 1e-14);
        assert_close(jain(1, 10), 0.1, 1e-14);
    }

    #[test]
    fn nobody_and_nothing_are_even() {
        assert_eq!((jain(0, 5), gini(0, 5)), (1.0, 0.0));
        assert_eq!((jain(0, 0), gini(0, 0)), (1.0, 0.0));
        assert_eq!((jain(9, 1), gini(9, 1)), (1.0, 0.0));
    }

    #[test]
    fn many_successes_follow_the_root() {
        let expected = 1.0 / (std::f64::consts::PI * 1e8).sqrt();
        assert_close(gini(100_000_000_000_000, 1_000_000), expected, 2e-6);
    }
}
