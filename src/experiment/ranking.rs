//! Who is better than whom, and how sure that is.
//!
//! Only clients that serve at least 99.9 % of the calls in every seed are
//! ranked by time: a client that gives up "ends" soonest of all. The others
//! are ordered by the share that they serve.

use std::cmp::Ordering;

use super::contrast::{Contrast, Contrasts};
use super::outcome::Outcome;
use crate::metric::Metric;
use crate::stats::interval::{self, Estimate};

/// The share of calls that a client must serve, in every seed, to be ranked by time.
const DONE: f64 = 0.999;

/// The metric of time where the work has an end of its own.
const COMPLETION: Metric = Metric::TimeTo99;

/// The order of the clients of a comparison, by index.
#[derive(Clone, PartialEq, Debug)]
pub struct Ranking {
    /// Those who did the work, the soonest first. Where the work has no end of
    /// its own, the one whose calls waited least first.
    pub finished: Vec<usize>,
    /// Those who did not, the one that served the most first.
    pub unfinished: Vec<usize>,
    /// Whether time is the time to 99 % of the work; else it is the p99 wait.
    pub by_completion: bool,
    /// The best against each of the others, in the order of the ranking.
    pub leads: Vec<Lead>,
    /// Neighbours in the order, neither of them the best, that are not told apart.
    pub alike: Vec<(usize, usize)>,
    /// In how many seeds each client did the work, by index.
    pub done: Vec<u64>,
    /// How many pairs of clients are judged at once: the family of Holm's
    /// adjustment and of the simultaneous intervals.
    pub family: usize,
}

/// How far the best client is ahead of another, paired by seed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lead {
    /// The one that is behind.
    pub behind: usize,
    /// How many times sooner the best is done, where both are ranked by time.
    pub sooner: Option<Estimate>,
    /// How much more of the calls the best serves, as a difference of shares.
    pub served: Option<Estimate>,
    /// The two by what they are ranked by; `None` where a run does not have it.
    pub contrast: Option<Contrast>,
}

impl Lead {
    /// Whether the two are told apart at these seeds.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.contrast.is_some_and(|contrast| contrast.told_apart())
    }
}

impl Ranking {
    /// The ranking of these outcomes.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Ranking {
        let shares: Vec<Vec<f64>> =
            outcomes.iter().map(|o| o.values(Metric::ServedShare).unwrap_or_default()).collect();
        let done: Vec<u64> = shares
            .iter()
            .map(|shares| shares.iter().filter(|share| **share >= DONE).count() as u64)
            .collect();
        let (mut finished, mut left): (Vec<usize>, Vec<usize>) =
            (0..outcomes.len()).partition(|index| is_done(&outcomes[*index]));
        let time = time_of(outcomes);
        let by_completion = time == COMPLETION;
        let mean = |index: usize, metric: Metric| {
            outcomes[index].estimate(metric).map_or(f64::INFINITY, |e| e.mean)
        };
        let less = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        finished.sort_by(|a, b| less(mean(*a, time), mean(*b, time)));
        left.sort_by(|a, b| less(mean(*b, Metric::ServedShare), mean(*a, Metric::ServedShare)));
        let order: Vec<usize> = finished.iter().chain(&left).copied().collect();
        let contrasts = Contrasts::of(outcomes, &order, finished.len(), time);
        let lead = |(place, behind): (usize, &usize)| {
            let best = order[0];
            let times = outcomes[*behind].values(time).zip(outcomes[best].values(time));
            let times = times.filter(|_| place < finished.len());
            Lead {
                behind: *behind,
                sooner: times
                    .and_then(|(slower, sooner)| interval::ratio_of_sums(&slower, &sooner)),
                served: interval::paired_difference(&shares[best], &shares[*behind]),
                contrast: contrasts.between(0, place),
            }
        };
        let leads = order.iter().enumerate().skip(1).map(lead).collect();
        let alike = |place: &usize| !contrasts.told_apart(*place, place + 1);
        let neighbours = (1..order.len().saturating_sub(1)).filter(alike);
        Ranking {
            alike: neighbours.map(|place| (order[place], order[place + 1])).collect(),
            family: contrasts.family(),
            finished,
            unfinished: left,
            by_completion,
            leads,
            done,
        }
    }

    /// All clients, the best first.
    pub fn order(&self) -> impl Iterator<Item = usize> + '_ {
        self.finished.iter().chain(&self.unfinished).copied()
    }

    /// The metric by which those who did the work are ranked.
    #[must_use]
    pub fn time(&self) -> Metric {
        if self.by_completion { COMPLETION } else { Metric::WaitP99 }
    }
}

/// Whether a client did the work, in every seed.
pub(super) fn is_done(outcome: &Outcome) -> bool {
    let shares = outcome.values(Metric::ServedShare).unwrap_or_default();
    !shares.is_empty() && shares.iter().all(|share| *share >= DONE)
}

/// The metric of time that those who did the work are ranked by.
pub(super) fn time_of(outcomes: &[Outcome]) -> Metric {
    let mut finished = outcomes.iter().filter(|outcome| is_done(outcome));
    let by_completion = is_about_completion(outcomes)
        && finished.all(|outcome| outcome.values(COMPLETION).is_some());
    if by_completion { COMPLETION } else { Metric::WaitP99 }
}

/// Whether most of the calls were known at the start, so that there is a time
/// at which the work is done.
pub(super) fn is_about_completion(outcomes: &[Outcome]) -> bool {
    outcomes.iter().flat_map(|outcome| &outcome.runs).all(|run| {
        let offered: u64 = run.cells.iter().flatten().map(|cell| cell.offered).sum();
        run.finite_calls * 2 > offered
    })
}
