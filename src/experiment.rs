//! Experiment: many runs become numbers with confidence.
//!
//! Every client under comparison meets the same seeds, so differences are
//! paired. Threads live here and nowhere below; what they do is put together
//! in the order of (client, seed, part), so their number never shows.

mod equal;
mod field;
mod outcome;
mod ranking;
mod replicate;
mod side_by_side;
mod trials;
mod warm_up;

pub use equal::{Equality, equalities};
pub use outcome::{ClassOutcome, Outcome, Run, Sample, WAITS};
pub use ranking::{Lead, Ranking};
pub use side_by_side::side_by_side;
pub use warm_up::{PILOTS_MAX, WarmUp};

use std::fmt;
use std::num::NonZeroUsize;

use crate::engine::{self, Ending, Observer, RunError};
use crate::measure::{Breach, Floor, Measures};
use crate::rng::Key;
use crate::scenario::{Model, Plan};
use crate::time::Span;
use field::Field;
use replicate::Wanted;
use trials::Trials;

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
}

impl fmt::Display for ExperimentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExperimentError::Run(error) => error.fmt(f),
            ExperimentError::Breach(breach) => breach.fmt(f),
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
    /// The warm-up of all runs, where it was to be found from them.
    pub warm_up: Option<WarmUp>,
}

/// Runs every client of a plan over all seeds. `progress` is told how many of
/// how many runs are done.
pub fn compare(
    plan: &Plan,
    seeds: Seeds,
    threads: NonZeroUsize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Comparison, ExperimentError> {
    let count = seeds.count.get();
    let models: Vec<&Model> = plan.variants.iter().map(|v| &v.model).collect();
    let mut trials = Trials::new(plan, models, seeds.root);
    let told = |done| progress(done, plan.variants.len() * count);
    if !plan.finds_warm_up {
        trials.run(count, threads, &told)?;
        return Ok(trials.compared(plan, None));
    }
    trials.run(count.min(PILOTS_MAX), threads, &told)?;
    let found = WarmUp::find(&plan.variants[0].model, &trials.outcomes);
    if found.span == Span::ZERO {
        // The pilots are runs like the others.
        trials.run(count, threads, &told)?;
        return Ok(trials.compared(plan, Some(found)));
    }
    let settled: Vec<Model> = plan.variants.iter().map(|v| found.model(&v.model)).collect();
    let mut trials = Trials::new(plan, settled.iter().collect(), seeds.root);
    trials.run(count, threads, &told)?;
    Ok(trials.compared(plan, Some(found)))
}

/// The model with the warm-up that one run of it shows, for who makes no other.
pub fn settled(
    model: &Model,
    root: u64,
    replicate: u64,
    threads: NonZeroUsize,
) -> Result<(Model, WarmUp), ExperimentError> {
    let field = Field::new(std::iter::once(model), root, replicate, 1);
    let mut run = None;
    field.each(threads, |_, _| Wanted::default(), |_, done| run = Some(done.run))?;
    let found = WarmUp::of(model, run.as_slice());
    Ok((found.model(model), found))
}

/// One run of a model that falls into parts, which go side by side.
pub struct Split<'m>(Field<'m>);

impl<'m> Split<'m> {
    /// Replicate number `replicate` of a model, cut; `None` where it is one part.
    #[must_use]
    pub fn new(model: &'m Model, root: u64, replicate: u64) -> Option<Self> {
        let field = Field::new(std::iter::once(model), root, replicate, 1);
        (field.tasks() > 1).then_some(Split(field))
    }

    /// Runs it, measured, on so many threads.
    pub fn run(&self, threads: NonZeroUsize) -> Result<Run, ExperimentError> {
        let mut run = None;
        self.0.each(threads, |_, _| Wanted::default(), |_, done| run = Some(done.run))?;
        Ok(run.expect("a model has a run"))
    }
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
