//! Experiment: many runs become numbers with confidence.
//!
//! Every client under comparison meets the same seeds, so differences are
//! paired. Threads live here and nowhere below; what they do is put together
//! in the order of (client, seed), so their number never shows.

mod equal;
mod outcome;
mod ranking;

pub use equal::{Equality, equalities};
pub use outcome::{ClassOutcome, Outcome, Run, Sample, WAITS};
pub use ranking::{Lead, Ranking};

use std::fmt;
use std::num::NonZeroUsize;

use rayon::prelude::*;

use crate::engine::{self, Ending, Observer, RunError};
use crate::measure::{Breach, Demand, Floor, Measures, Waves};
use crate::rng::Key;
use crate::scenario::{Model, Plan};
use crate::workload::Work;

/// Which runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seeds {
    /// The seed that all draws come from.
    pub root: u64,
    /// How many replicates, numbered from 0.
    pub count: NonZeroUsize,
}

/// Why there is no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExperimentError {
    /// A run was stopped.
    Run(RunError),
    /// A conservation law does not hold: an error of ours.
    Breach(Breach),
    /// The threads could not be had.
    Threads(String),
}

impl fmt::Display for ExperimentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExperimentError::Run(error) => error.fmt(f),
            ExperimentError::Breach(breach) => breach.fmt(f),
            ExperimentError::Threads(why) => write!(f, "cannot start threads: {why}"),
        }
    }
}

impl std::error::Error for ExperimentError {}

/// What came of a comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// By client, in the order of the plan.
    pub outcomes: Vec<Outcome>,
    /// By seed: no client is done with 99 % of the calls sooner. Empty where the
    /// work has no end of its own or no limit bounds it.
    pub floors: Vec<Floor>,
    /// Who is better than whom.
    pub ranking: Ranking,
    /// Clients that cannot act on their own rule here.
    pub equalities: Vec<Equality>,
}

/// Runs every client of a plan over all seeds. `progress` is told how many of
/// how many runs are done.
pub fn compare(
    plan: &Plan,
    seeds: Seeds,
    threads: NonZeroUsize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Comparison, ExperimentError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .build()
        .map_err(|error| ExperimentError::Threads(error.to_string()))?;
    let count = seeds.count.get();
    let tasks: Vec<(usize, u64)> = (0..plan.variants.len())
        .flat_map(|variant| (0..count as u64).map(move |seed| (variant, seed)))
        .collect();
    let mut outcomes: Vec<Outcome> =
        plan.variants.iter().map(|v| Outcome::new(&v.name, &v.model)).collect();
    let mut floors = vec![];
    let done = std::sync::atomic::AtomicUsize::new(0);
    // A handful of runs at a time, so that memory does not grow with the seeds.
    for chunk in tasks.chunks(threads.get() * 4) {
        let work = |&(variant, seed): &(usize, u64)| {
            let model = &plan.variants[variant].model;
            let result = replicate(model, seeds.root, seed, variant == 0);
            progress(1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed), tasks.len());
            result
        };
        let results: Vec<_> = pool.install(|| chunk.par_iter().map(work).collect());
        for ((variant, _), result) in chunk.iter().zip(results) {
            let replicate = result?;
            floors.extend(replicate.floor);
            let outcome = &mut outcomes[*variant];
            outcome.add(&replicate.measures, replicate.run);
            outcome.waves = outcome.waves.take().or(replicate.waves);
        }
    }
    let ranking = Ranking::of(&outcomes);
    Ok(Comparison { ranking, equalities: equalities(&plan.variants), outcomes, floors })
}

struct Replicate {
    measures: Measures,
    run: Run,
    floor: Option<Floor>,
    waves: Option<Waves>,
}

/// One run, measured and checked; the floor too, where it is wanted, and each
/// attempt of the first run.
fn replicate(
    model: &Model,
    root: u64,
    seed: u64,
    with_floor: bool,
) -> Result<Replicate, ExperimentError> {
    let key = Key::run(root, seed);
    let mut measures = Measures::new(model, key);
    let ends_by_itself = model.populations.iter().all(|p| !matches!(p.work, Work::Closed { .. }));
    let floored = with_floor && ends_by_itself && measures.completion().is_finite();
    let (mut demand, mut waves) =
        (floored.then(|| Demand::new(model)), (seed == 0).then(|| Waves::new(model)));
    let ending = if demand.is_some() || waves.is_some() {
        engine::run(model, key, &mut (&mut measures, (&mut demand, &mut waves)))
    } else {
        // Most runs do not pay for what only the first ones show.
        engine::run(model, key, &mut measures)
    };
    let ending = ending.map_err(ExperimentError::Run)?;
    measures.ledger().check(ending.census).map_err(ExperimentError::Breach)?;
    let run = Run::read(&measures, &ending);
    let floor = demand.and_then(|demand| demand.floor(demand.calls() / 100));
    Ok(Replicate { measures, run, floor, waves })
}

/// One run of one model, step by step: who wants to know what the run alone
/// costs reads a clock between them.
#[derive(Debug)]
pub struct Once<'m> {
    model: &'m Model,
    key: Key,
    measures: Measures,
}

impl<'m> Once<'m> {
    /// Replicate number `replicate` of a model, ready to run.
    #[must_use]
    pub fn new(model: &'m Model, root: u64, replicate: u64) -> Self {
        let key = Key::run(root, replicate);
        Once { model, key, measures: Measures::new(model, key) }
    }

    /// Runs it, measured, with an observer beside it.
    pub fn run<O: Observer>(&mut self, observer: &mut O) -> Result<Ending, ExperimentError> {
        let mut both = (&mut self.measures, observer);
        let ending = engine::run(self.model, self.key, &mut both).map_err(ExperimentError::Run)?;
        self.measures.ledger().check(ending.census).map_err(ExperimentError::Breach)?;
        Ok(ending)
    }

    /// What came of it.
    #[must_use]
    pub fn read(&self, ending: &Ending) -> Run {
        Run::read(&self.measures, ending)
    }
}
