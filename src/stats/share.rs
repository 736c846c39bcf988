//! Shares of independent trials, and what is known of an event that never came.
//!
//! Trials are runs: how many of them collapsed. Reports give Wilson's interval
//! for those, whose coverage is near 95 % on average over shares, and swings
//! around that with the share: 92.5 % at 1 in 20 of 20 runs. Clopper and
//! Pearson's never falls below 95 % and is wider for it; it is here because
//! [`none_of`] is its one-sided case at no success, and so that both can be
//! held to the same table.

use super::beta::binomial_cdf;
use super::interval::{Estimate, Method, NORMAL};

/// The share of independent trials that succeeded, with Wilson's interval.
///
/// Trials are replicates (how many collapsed), not calls of one run, which
/// depend on each other. `None` without trials.
///
/// # Panics
/// When more trials succeeded than there were.
#[must_use]
pub fn wilson(successes: u64, trials: u64) -> Option<Estimate> {
    assert!(successes <= trials, "{successes} successes of {trials} trials");
    if trials == 0 {
        return None;
    }
    let n = trials as f64;
    let share = successes as f64 / n;
    let shrink = NORMAL * NORMAL / n;
    let centre = (share + shrink / 2.0) / (1.0 + shrink);
    let spread = share * (1.0 - share) / n + shrink / (4.0 * n);
    let half = NORMAL * spread.sqrt() / (1.0 + shrink);
    // At both ends the interval touches the share, which rounding may miss.
    let low = if successes == 0 { 0.0 } else { centre - half };
    let high = if successes == trials { 1.0 } else { centre + half };
    Some(Estimate { mean: share, low, high, method: Method::Wilson })
}

/// The share of independent trials that succeeded, with Clopper and Pearson's
/// interval: all shares at which neither so few nor so many successes have a
/// chance below 2.5 %. `None` without trials.
///
/// # Panics
/// When more trials succeeded than there were.
#[must_use]
pub fn clopper_pearson(successes: u64, trials: u64) -> Option<Estimate> {
    assert!(successes <= trials, "{successes} successes of {trials} trials");
    if trials == 0 {
        return None;
    }
    // Both chances fall as the share grows.
    let low = if successes == 0 {
        0.0
    } else {
        falls_to(0.975, |share| binomial_cdf(successes - 1, trials, share))
    };
    let high = if successes == trials {
        1.0
    } else {
        falls_to(0.025, |share| binomial_cdf(successes, trials, share))
    };
    let mean = successes as f64 / trials as f64;
    Some(Estimate { mean, low, high, method: Method::ClopperPearson })
}

/// Where in 0 to 1 a falling function passes a level, by halving.
fn falls_to(level: f64, chance: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if chance(middle) > level {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// What is known of the share of an event that never came in so many trials:
/// none, and with 95 % confidence at most 1 - 0.05^(1/n), which is just below
/// 3/n (the rule of three). `None` without trials.
///
/// Where the trials are calls or attempts of a run the bound holds as if each
/// were on its own; it says how fine the count is, not that runs are alike.
#[must_use]
pub fn none_of(trials: u64) -> Option<Estimate> {
    if trials == 0 {
        return None;
    }
    let high = -libm::expm1(libm::log(0.05) / trials as f64);
    Some(Estimate { mean: 0.0, low: 0.0, high, method: Method::NoneOf })
}

#[cfg(test)]
mod tests {
    use super::super::golden::{assert_close, golden};
    use super::*;

    const CASES: [(u64, u64); 4] = [(0, 100), (5, 100), (50, 100), (999, 1000)];

    /// The table has twelve decimals.
    fn held(name: &str, share: impl Fn(u64, u64) -> Option<Estimate>) {
        for (successes, trials) in CASES {
            let expected = golden(&format!("{name}_{successes}_{trials}"));
            let estimate = share(successes, trials).unwrap();
            assert!((estimate.low - expected[0]).abs() < 6e-13, "{estimate:?} {expected:?}");
            assert!((estimate.high - expected[1]).abs() < 6e-13, "{estimate:?} {expected:?}");
        }
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn golden_wilson() {
        held("wilson95", wilson);
    }

    #[test]
    fn golden_clopper_pearson() {
        held("clopper_pearson95", clopper_pearson);
    }

    #[test]
    fn none_and_all_are_ends_of_their_intervals() {
        for trials in 1..=300 {
            for share in [wilson, clopper_pearson] {
                let (none, all) = (share(0, trials).unwrap(), share(trials, trials).unwrap());
                assert_eq!((none.mean, none.low), (0.0, 0.0));
                assert_eq!((all.mean, all.high), (1.0, 1.0));
                assert!((all.low - (1.0 - none.high)).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn what_never_came_is_bounded_by_three_over_n() {
        assert_eq!(none_of(0), None);
        for trials in [1_u32, 10, 54_030, 4_000_000_000] {
            let bound = none_of(u64::from(trials)).unwrap().high;
            let three = 3.0 / f64::from(trials);
            assert!(bound < three && (trials < 100 || bound > 0.98 * three), "{trials}: {bound}");
            // At the bound itself nothing at all has a chance of one in twenty.
            let chance = libm::exp(f64::from(trials) * libm::log1p(-bound));
            assert_close(chance, 0.05, 1e-12);
        }
    }
}
