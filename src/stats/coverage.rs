//! Whether a 95 % interval holds the truth 95 times in 100.
//!
//! A witness that knows no formula: it draws replicates of a known truth two
//! thousand times over and counts. Within the band lie 99.9 % of the counts
//! that an honest interval gives.

use super::interval::{Estimate, mean, paired_difference, ratio_of_sums, wilson};

const EXPERIMENTS: u32 = 2_000;

/// `SplitMix64`, of which the normal draws are made.
struct Draws(u64);

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.uniform())
    }
}

#[track_caller]
fn assert_covers(truth: f64, mut experiment: impl FnMut(&mut Draws) -> Option<Estimate>) {
    let mut draws = Draws(20_260_105);
    let held = (0..EXPERIMENTS)
        .filter(|_| !experiment(&mut draws).unwrap().distinguishable_from(truth))
        .count();
    let coverage = held as f64 / f64::from(EXPERIMENTS);
    assert!((0.934..=0.966).contains(&coverage), "coverage is {coverage}");
}

#[test]
fn of_a_mean() {
    for replicates in [2, 5, 20] {
        assert_covers(7.0, |draws| {
            let values: Vec<f64> = (0..replicates).map(|_| 7.0 + draws.normal()).collect();
            mean(&values)
        });
    }
}

#[test]
fn of_a_paired_difference() {
    assert_covers(0.5, |draws| {
        let pair = |draws: &mut Draws| {
            let common = 10.0 * draws.normal();
            (common + 0.5 + draws.normal(), common + draws.normal())
        };
        let (left, right): (Vec<_>, Vec<_>) = (0..6).map(|_| pair(draws)).unzip();
        paired_difference(&left, &right)
    });
}

#[test]
fn of_a_ratio_with_a_steady_denominator() {
    assert_covers(0.3, |draws| ratio_with_noise(draws, 5.0));
}

#[test]
fn of_a_ratio_with_an_uncertain_denominator() {
    // A relative error of 20 %, where the delta method would be too sure.
    assert_covers(0.3, |draws| ratio_with_noise(draws, 60.0));
}

/// Ten replicates of denominators around 100 with the given deviation.
fn ratio_with_noise(draws: &mut Draws, deviation: f64) -> Option<Estimate> {
    let (y, x): (Vec<_>, Vec<_>) = (0..10)
        .map(|_| {
            let x = 100.0 + deviation * draws.normal();
            (0.3 * 100.0 + 8.0 * draws.normal(), x)
        })
        .unzip();
    ratio_of_sums(&y, &x)
}

#[test]
fn of_a_share() {
    assert_covers(0.3, |draws| {
        let successes = (0..60).filter(|_| draws.uniform() < 0.3).count();
        wilson(successes as u64, 60)
    });
}
