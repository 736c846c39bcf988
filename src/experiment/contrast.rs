//! Two clients over the same seeds: whether they are told apart.
//!
//! Who is best is found by the same runs that say how sure that is. Of six
//! clients that are all alike the luckiest is the best, and Holm's adjustment
//! over its five pairs would call another worse in one comparison of ten (see
//! the table of coverage in [`crate::stats`]). So it is taken over all pairs,
//! whichever of them is looked at in the end.

use super::outcome::Outcome;
use crate::metric::Metric;
use crate::rng::Key;
use crate::stats::bootstrap::paired_mean;
use crate::stats::interval::{Estimate, simultaneous_difference};
use crate::stats::multiple::holm;
use crate::stats::pair::{PairedT, correlation, differences, paired_t, variance_reduction};
use crate::stats::signed_rank::signed_rank;

/// The chance of any false claim that a comparison may have.
const LEVEL: f64 = 0.05;

/// Two clients by what they are ranked by, paired by seed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Contrast {
    /// The metric.
    pub metric: Metric,
    /// The other's mean less the best's, in the metric's unit.
    pub difference: Estimate,
    /// The same with an interval that holds for all pairs of clients at once.
    pub simultaneous: Estimate,
    /// The chance of such a difference between clients that are alike, without
    /// and with account of all pairs; `None` of a single seed.
    pub p: Option<Adjusted>,
    /// The p-value of Wilcoxon's signed ranks, not adjusted: a check.
    pub by_ranks: Option<f64>,
    /// How the two go up and down together from seed to seed; `None` where one
    /// does not vary.
    pub correlation: Option<f64>,
    /// How many times as many seeds it would take without pairs.
    pub variance_reduction: Option<f64>,
}

/// A p-value of Student's test on pairs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Adjusted {
    /// As if no other pair were looked at.
    pub alone: f64,
    /// By Holm's procedure over all pairs of clients.
    pub adjusted: f64,
}

impl Contrast {
    /// Whether the difference is one that chance does not make; of a single
    /// seed, whether there is any.
    #[must_use]
    pub fn told_apart(&self) -> bool {
        match self.p {
            Some(p) => p.adjusted <= LEVEL,
            None => self.difference.mean.abs() > f64::EPSILON,
        }
    }
}

/// All pairs of clients, by their places in a ranking.
pub(super) struct Contrasts {
    /// The metric of each place among those who did the work and of the rest.
    time: Metric,
    finished: usize,
    /// What each place has of it, run by run; of those who did the work first.
    times: Vec<Option<Vec<f64>>>,
    shares: Vec<Option<Vec<f64>>>,
    /// By pair, in the order of [`pairs`].
    p: Vec<Option<Adjusted>>,
    family: usize,
}

/// All pairs of so many places, the better place first.
fn pairs(places: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..places).flat_map(move |a| (a + 1..places).map(move |b| (a, b)))
}

impl Contrasts {
    /// Those of outcomes in this order, of which the first `finished` did the
    /// work and are ranked by `time`.
    pub(super) fn of(
        outcomes: &[Outcome],
        order: &[usize],
        finished: usize,
        time: Metric,
    ) -> Contrasts {
        let values = |metric| order.iter().map(|index| outcomes[*index].values(metric)).collect();
        let (times, shares) = (values(time), values(Metric::ServedShare));
        let mut all = Contrasts { time, finished, times, shares, p: vec![], family: 0 };
        let tests: Vec<Option<PairedT>> = pairs(order.len())
            .map(|(a, b)| all.sides(a, b).and_then(|(_, best, other)| paired_t(other, best)))
            .collect();
        let p: Vec<f64> = tests.iter().flatten().map(|test| test.p).collect();
        let mut adjusted = holm(&p).into_iter();
        all.family = p.len();
        all.p = tests
            .into_iter()
            .map(|test| Some(Adjusted { alone: test?.p, adjusted: adjusted.next()? }))
            .collect();
        all
    }

    /// How many pairs are judged.
    pub(super) fn family(&self) -> usize {
        self.family
    }

    /// What two places are compared by, and what each run of both has of it.
    fn sides(&self, a: usize, b: usize) -> Option<(Metric, &[f64], &[f64])> {
        let (metric, values) = if b < self.finished {
            (self.time, &self.times)
        } else {
            (Metric::ServedShare, &self.shares)
        };
        Some((metric, values[a].as_deref()?, values[b].as_deref()?))
    }

    fn p(&self, a: usize, b: usize) -> Option<Adjusted> {
        let places = self.times.len();
        // The pairs of the places before `a`, and those of `a` before `b`.
        let before = a * places - a * (a + 1) / 2;
        self.p[before + b - a - 1]
    }

    /// Whether two places are told apart.
    pub(super) fn told_apart(&self, a: usize, b: usize) -> bool {
        match (self.p(a, b), self.sides(a, b)) {
            (Some(p), _) => p.adjusted <= LEVEL,
            (None, Some((_, [best], [other]))) => (best - other).abs() > f64::EPSILON,
            _ => false,
        }
    }

    /// All that is known of two places.
    pub(super) fn between(&self, a: usize, b: usize) -> Option<Contrast> {
        let (metric, best, other) = self.sides(a, b)?;
        let key = Key::run(0, 0).named("pairs");
        Some(Contrast {
            metric,
            difference: paired_mean(&differences(other, best), key)?,
            simultaneous: simultaneous_difference(other, best, self.family.max(1))?,
            p: self.p(a, b),
            by_ranks: signed_rank(other, best),
            correlation: correlation(best, other),
            variance_reduction: variance_reduction(best, other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_its_place() {
        let none = || vec![None; 5];
        let p = pairs(5).map(|(a, b)| {
            let p = (a * 10 + b) as f64;
            Some(Adjusted { alone: p, adjusted: p })
        });
        let all = Contrasts {
            time: Metric::WaitP99,
            finished: 0,
            times: none(),
            shares: none(),
            p: p.collect(),
            family: 10,
        };
        for (a, b) in pairs(5) {
            assert_eq!(all.p(a, b).map(|p| p.alone), Some((a * 10 + b) as f64));
        }
    }
}
