//! A comparison that is kept, and how a later one stands to it.
//!
//! Replicate `i` of both meets the same draws, also where the model has changed
//! since, so the numbers are paired by seed. All that are judged are judged
//! together: the intervals are as wide as it takes to hold for all of them at
//! once, or one number in twenty would be called worse for nothing.

use serde::{Deserialize, Serialize};

use super::outcome::{Outcome, Sample};
use super::ranking::time_of;
use super::{Comparison, Seeds};
use crate::metric::{Better, METRICS, Metric};
use crate::stats::interval::{self, Estimate};

/// What is kept of a comparison.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Baseline {
    /// The version that made it.
    pub tollgate: String,
    /// The scenario's name.
    pub scenario: String,
    /// The digest of the model.
    pub digest: String,
    /// The seed that all draws come from.
    pub root_seed: u64,
    /// What each client came to.
    pub clients: Vec<Kept>,
}

/// What is kept of a client: each metric by name, seed by seed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kept {
    /// The client's name.
    pub client: String,
    /// The metrics.
    pub metrics: Vec<(String, Vec<Sample>)>,
}

/// How a number stands to the one that was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// Surely better.
    Better,
    /// Surely worse.
    Worse,
    /// Not told apart, or the same.
    WithinNoise,
}

/// One number against the one that was kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Drift {
    /// The client, by index.
    pub client: usize,
    /// What was measured.
    pub metric: Metric,
    /// Then and now, of the seeds that both have; `None` where some run never
    /// came to it.
    pub then: Option<f64>,
    /// Now.
    pub now: Option<f64>,
    /// Now less then, with its simultaneous interval.
    pub change: Option<Estimate>,
    /// What that is.
    pub word: Word,
}

/// Why a baseline cannot be held against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mismatch {
    /// It is of another scenario.
    Scenario(String),
    /// Its draws come from another seed.
    Seed(u64),
}

impl Baseline {
    /// What to keep of a comparison.
    #[must_use]
    pub fn of(comparison: &Comparison, scenario: &str, digest: &str, seeds: Seeds) -> Baseline {
        let samples = |outcome: &Outcome, place: usize| -> Vec<Sample> {
            outcome.runs.iter().map(|run| run.samples[place]).collect()
        };
        let kept = |outcome: &Outcome| Kept {
            client: outcome.name.clone(),
            metrics: METRICS
                .iter()
                .enumerate()
                .map(|(place, metric)| (metric.name().to_owned(), samples(outcome, place)))
                .collect(),
        };
        Baseline {
            tollgate: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.to_owned(),
            digest: digest.to_owned(),
            root_seed: seeds.root,
            clients: comparison.outcomes.iter().map(kept).collect(),
        }
    }

    /// Whether the same draws would have been made.
    pub fn fits(&self, scenario: &str, root: u64) -> Result<(), Mismatch> {
        if self.scenario != scenario {
            return Err(Mismatch::Scenario(self.scenario.clone()));
        }
        if self.root_seed != root {
            return Err(Mismatch::Seed(self.root_seed));
        }
        Ok(())
    }

    /// The numbers of the ranking, of each client that both have, against those
    /// that were kept.
    #[must_use]
    pub fn drifts(&self, comparison: &Comparison) -> Vec<Drift> {
        let outcomes = &comparison.outcomes;
        let time = time_of(outcomes);
        let judged = [Metric::ServedShare, time, Metric::Rejected, Metric::Amplification];
        let both: Vec<(usize, &Kept)> = (0..)
            .zip(outcomes)
            .filter_map(|(client, outcome)| Some((client, self.kept(&outcome.name)?)))
            .collect();
        let together = both.len() * judged.len();
        let drift = |client: usize, kept: &Kept, metric: Metric| {
            let then = kept.samples(metric)?;
            let runs = outcomes[client].runs.iter();
            let now: Vec<Sample> = runs.map(|run| run.samples[metric.place()]).collect();
            Some(Drift::of(client, metric, then, &now, together))
        };
        let all = both.iter().flat_map(|(client, kept)| judged.map(|m| drift(*client, kept, m)));
        all.flatten().collect()
    }

    /// What is kept of a client.
    #[must_use]
    pub fn kept(&self, client: &str) -> Option<&Kept> {
        self.clients.iter().find(|kept| kept.client == client)
    }
}

impl Kept {
    fn samples(&self, metric: Metric) -> Option<&[Sample]> {
        let named = self.metrics.iter().find(|(name, _)| *name == metric.name());
        named.map(|(_, samples)| samples.as_slice())
    }
}

impl Drift {
    fn of(
        client: usize,
        metric: Metric,
        then: &[Sample],
        now: &[Sample],
        together: usize,
    ) -> Drift {
        let seeds = then.len().min(now.len());
        let (then, now) = (Sums::of(&then[..seeds]), Sums::of(&now[..seeds]));
        let change = then.as_ref().zip(now.as_ref()).and_then(|(then, now)| now.less(then));
        let change = change.map(|change| change.for_all_of(together, seeds));
        let (before, after) = (then.map(|sums| sums.value()), now.map(|sums| sums.value()));
        Drift {
            client,
            metric,
            then: before,
            now: after,
            change,
            word: word(metric, before, after, change),
        }
    }
}

/// What a change is, by which way the metric is better. What some run never
/// came to is beyond every bound.
fn word(metric: Metric, then: Option<f64>, now: Option<f64>, change: Option<Estimate>) -> Word {
    let grew = match (then, now, change) {
        (Some(_), None, _) => true,
        (None, Some(_), _) => false,
        (_, _, Some(change)) if change.distinguishable_from(0.0) => change.mean > 0.0,
        _ => return Word::WithinNoise,
    };
    match (metric.better(), grew) {
        (Better::Neither, _) => Word::WithinNoise,
        (Better::Less, true) | (Better::More, false) => Word::Worse,
        (Better::Less, false) | (Better::More, true) => Word::Better,
    }
}

/// Samples as numerators and denominators; a plain number is over one.
struct Sums {
    tops: Vec<f64>,
    bottoms: Vec<f64>,
}

impl Sums {
    /// `None` where a run does not have the metric.
    fn of(samples: &[Sample]) -> Option<Sums> {
        let parts: Option<Vec<(f64, f64)>> = samples
            .iter()
            .map(|sample| match *sample {
                Sample::Plain(value) => value.filter(|v| v.is_finite()).map(|value| (value, 1.0)),
                Sample::Ratio(top, bottom) => Some((top, bottom)),
                Sample::YesNo(is_so) => is_so.map(|is_so| (f64::from(u8::from(is_so)), 1.0)),
            })
            .collect();
        let (tops, bottoms): (Vec<f64>, Vec<f64>) = parts?.into_iter().unzip();
        (bottoms.iter().sum::<f64>() > 0.0).then_some(Sums { tops, bottoms })
    }

    fn value(&self) -> f64 {
        self.tops.iter().sum::<f64>() / self.bottoms.iter().sum::<f64>()
    }

    /// This less the other, paired.
    fn less(&self, other: &Sums) -> Option<Estimate> {
        interval::ratio_difference((&self.tops, &self.bottoms), (&other.tops, &other.bottoms))
    }
}
