//! What came of one client over all seeds.

use serde::{Deserialize, Serialize};

use crate::api::LimitCounts;
use crate::engine::Ending;
use crate::measure::{ClientRow, Counts, Measures, Series, Value, Waves};
use crate::metric::{Level, METRICS, Metric, Unit};
use crate::scenario::Model;
use crate::stats::histogram::Histogram;
use crate::stats::interval::{self, Estimate};

/// A metric of one run: a number, or what its ratio is made of.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sample {
    /// A number, where the run has it.
    Plain(Option<f64>),
    /// Numerator and denominator.
    Ratio(f64, f64),
    /// Whether it is so, where the run can say.
    YesNo(Option<bool>),
}

impl Sample {
    /// The number, the ratio, or 1 for yes and 0 for no; `None` where there is none.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        match self {
            Sample::Plain(value) => value,
            Sample::Ratio(top, bottom) => (bottom > 0.0).then_some(top / bottom),
            Sample::YesNo(is_so) => is_so.map(|is_so| f64::from(u8::from(is_so))),
        }
    }
}

/// The quantiles of the wait that are kept for each population, by metric.
pub const WAITS: [(Metric, f64); 3] =
    [(Metric::WaitP50, 0.5), (Metric::WaitP90, 0.9), (Metric::WaitP99, 0.99)];

/// One run, reduced to what is compared.
#[derive(Clone, Debug)]
pub struct Run {
    /// In the order of [`METRICS`].
    pub samples: Vec<Sample>,
    /// By population and endpoint.
    pub cells: Vec<Vec<Counts>>,
    /// By population: the wait of its calls in seconds, at each of [`WAITS`];
    /// infinite where that call was never served.
    pub waits: Vec<[f64; WAITS.len()]>,
    /// By limit: what happened at it, and what it refused.
    pub limits: Vec<(LimitCounts, u64)>,
    /// Over time.
    pub series: Series,
    /// How many calls were known at the start.
    pub finite_calls: u64,
    /// How many events there were.
    pub events: u64,
}

impl Run {
    /// Reads a run off its measures.
    #[must_use]
    pub fn read(measures: &Measures, ending: &Ending) -> Run {
        let sample = |metric: &Metric| match Value::of(*metric) {
            Value::Plain(value) => Sample::Plain(value(measures)),
            Value::Ratio(value) => {
                let (numerator, denominator) = value(measures);
                Sample::Ratio(numerator, denominator)
            }
            Value::YesNo(value) => Sample::YesNo(value(measures)),
        };
        Run {
            samples: METRICS.iter().map(sample).collect(),
            waits: (0..measures.populations()).map(|p| waits(measures.waits(p))).collect(),
            cells: measures.cells_by_population(),
            limits: ending
                .limits
                .iter()
                .enumerate()
                .map(|(l, counts)| (*counts, measures.rejected_by(l)))
                .collect(),
            series: measures.series().at_rest(),
            finite_calls: measures.completion().calls(),
            events: ending.events,
        }
    }

    /// A metric; `None` where the run does not have it.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        self.samples[metric.place()].value()
    }

    /// A metric's sample; the end of work that did not end is never.
    pub(super) fn sample(&self, metric: Metric) -> Sample {
        let is_end = matches!(metric, Metric::TimeTo99 | Metric::TimeTo100);
        match self.samples[metric.place()] {
            Sample::Plain(None) if is_end && self.finite_calls > 0 => {
                Sample::Plain(Some(f64::INFINITY))
            }
            sample => sample,
        }
    }
}

/// What came of one client over all seeds, in the order of the seeds.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The client's name.
    pub name: String,
    /// Its runs.
    pub runs: Vec<Run>,
    /// How long all calls of all runs took.
    pub waits: Histogram,
    /// What each client of the populations got in all runs together.
    pub clients: Vec<ClientRow>,
    /// What each of those who are wanted got in the first run: how unequal one
    /// run is cannot be seen in the sum of many.
    pub first: Vec<ClientRow>,
    /// Each attempt of the first run.
    pub waves: Option<Waves>,
    /// By population: whether it counts where all populations are meant.
    wanted: Vec<bool>,
}

/// How a class of calls fared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ClassOutcome {
    /// The population's index; `None` for all.
    pub population: Option<usize>,
    /// The endpoint's index; `None` for all.
    pub endpoint: Option<usize>,
    /// The share of its calls that was served.
    pub served: Estimate,
}

impl Outcome {
    /// No runs yet.
    #[must_use]
    pub fn new(name: &str, model: &Model) -> Outcome {
        let clients = vec![ClientRow::new(model.start); model.clients() as usize];
        Outcome {
            name: name.to_owned(),
            runs: vec![],
            waits: Histogram::new(),
            clients,
            first: vec![],
            waves: None,
            wanted: model.populations.iter().map(|p| p.wanted).collect(),
        }
    }

    /// The next run.
    pub fn add(&mut self, measures: &Measures, run: Run) {
        self.waits.merge(&measures.all_waits());
        for (sum, client) in self.clients.iter_mut().zip(measures.clients()) {
            *sum = sum.plus(client);
        }
        if self.runs.is_empty() {
            self.first = measures.wanted_clients().copied().collect();
        }
        self.runs.push(run);
    }

    /// A metric over all runs; `None` where a run does not have it.
    #[must_use]
    pub fn estimate(&self, metric: Metric) -> Option<Estimate> {
        let place = metric.place();
        let samples: Vec<Sample> = self.runs.iter().map(|run| run.samples[place]).collect();
        estimate(metric, &samples)
    }

    /// A quantile of the wait of all calls of all runs together, in seconds;
    /// infinite where that call was never served. `None` for other metrics.
    #[must_use]
    pub fn pooled(&self, metric: Metric) -> Option<f64> {
        let (_, q) = WAITS.iter().find(|(wait, _)| *wait == metric)?;
        match self.waits.quantile(*q)? {
            u64::MAX => Some(f64::INFINITY),
            ns => Some(ns as f64 / 1e9),
        }
    }

    /// What is known of a metric, for conditions; `None` where the model has no
    /// such thing.
    #[must_use]
    pub fn level(&self, metric: Metric) -> Option<Level> {
        let samples: Vec<Sample> = self.runs.iter().map(|run| run.sample(metric)).collect();
        level(metric, &samples)
    }

    /// A plain metric, run by run; `None` where a run does not have it.
    #[must_use]
    pub fn values(&self, metric: Metric) -> Option<Vec<f64>> {
        self.runs.iter().map(|run| run.value(metric)).collect()
    }

    /// The share served of the calls of a population at an endpoint, or of all
    /// populations or endpoints. `None` where there are no such calls.
    #[must_use]
    pub fn class(
        &self,
        population: Option<usize>,
        endpoint: Option<usize>,
    ) -> Option<ClassOutcome> {
        let counts = self.class_counts(population, endpoint);
        let served: Vec<f64> = counts.iter().map(|c| c.served() as f64).collect();
        let offered: Vec<f64> = counts.iter().map(|c| c.offered as f64).collect();
        let served = interval::share_of_sums(&served, &offered)?;
        Some(ClassOutcome { population, endpoint, served })
    }

    /// The counts of a class, run by run; all populations are those wanted.
    #[must_use]
    pub fn class_counts(&self, population: Option<usize>, endpoint: Option<usize>) -> Vec<Counts> {
        let runs = self.runs.iter();
        runs.map(|run| self.counts(run, population, endpoint)).collect()
    }

    /// The counts of a class in one run; all populations are those wanted.
    fn counts(&self, run: &Run, population: Option<usize>, endpoint: Option<usize>) -> Counts {
        let mut sum = Counts::default();
        for (p, row) in run.cells.iter().enumerate() {
            if population.map_or(self.wanted[p], |only| only == p) {
                let cells =
                    row.iter().enumerate().filter(|(e, _)| endpoint.is_none_or(|only| only == *e));
                sum = cells.fold(sum, |sum, (_, cell)| sum.plus(cell));
            }
        }
        sum
    }
}

fn waits(histogram: &Histogram) -> [f64; WAITS.len()] {
    WAITS.map(|(_, q)| match histogram.quantile(q) {
        Some(u64::MAX) | None => f64::INFINITY,
        Some(ns) => ns as f64 / 1e9,
    })
}

/// What is known of a metric from its samples, as [`Run::sample`] gives them.
pub(super) fn level(metric: Metric, samples: &[Sample]) -> Option<Level> {
    if let Some(estimate) = estimate(metric, samples) {
        return Some(Level::Known(estimate));
    }
    let values: Vec<Option<f64>> = samples.iter().map(|sample| sample.value()).collect();
    let never = values.contains(&Some(f64::INFINITY));
    // A time that some runs have and others do not is one that never came.
    let sometimes = metric.unit() == Unit::Seconds && values.iter().any(Option::is_some);
    (never || sometimes).then_some(Level::Never)
}

/// A metric's estimate from its samples.
pub(super) fn estimate(metric: Metric, samples: &[Sample]) -> Option<Estimate> {
    let mut values = vec![];
    let mut denominators = vec![];
    let mut answers = vec![];
    for sample in samples {
        match *sample {
            Sample::Plain(value) => values.push(value?),
            Sample::Ratio(numerator, denominator) => {
                values.push(numerator);
                denominators.push(denominator);
            }
            Sample::YesNo(is_so) => answers.push(is_so?),
        }
    }
    if !answers.is_empty() {
        let yes = answers.iter().filter(|is_so| **is_so).count();
        interval::wilson(yes as u64, answers.len() as u64)
    } else if denominators.is_empty() {
        interval::mean(&values)
    } else if metric.unit() == Unit::Share {
        interval::share_of_sums(&values, &denominators)
    } else {
        interval::ratio_of_sums(&values, &denominators)
    }
}
