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
pub mod tune;

pub use equal::{Equality, equalities};
pub use outcome::{ClassOutcome, Outcome, Run, Sample, WAITS};
pub use ranking::{Lead, Ranking};
pub use side_by_side::side_by_side;

use std::fmt;
use std::num::NonZeroUsize;

use crate::engine::{self, Ending, Observer, RunError};
use crate::measure::{Breach, Floor, Measures};
use crate::rng::Key;
use crate::scenario::{Model, Plan};
use field::Field;
use replicate::Wanted;

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
    let all = plan.variants.len() * count;
    let mut outcomes: Vec<Outcome> =
        plan.variants.iter().map(|v| Outcome::new(&v.name, &v.model)).collect();
    let (mut floors, mut done) = (vec![], 0);
    let field = Field::new(plan.variants.iter().map(|v| &v.model), seeds.root, 0, count);
    // The floor is the same for all clients, and one picture of each is enough.
    let wanted = |variant, seed| Wanted { floor: variant == 0, waves: seed == 0 };
    field.each(threads, wanted, |variant, replicate| {
        floors.extend(replicate.floor);
        let outcome = &mut outcomes[variant];
        outcome.add(&replicate.measures, replicate.run);
        outcome.waves = outcome.waves.take().or(replicate.waves);
        done += 1;
        progress(done, all);
    })?;
    let ranking = Ranking::of(&outcomes);
    Ok(Comparison { ranking, equalities: equalities(&plan.variants), outcomes, floors })
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
