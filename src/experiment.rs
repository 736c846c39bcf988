//! Experiment: many runs become numbers with confidence.
//!
//! Every client under comparison meets the same seeds, so differences are
//! paired. Threads live here and nowhere below; what they do is put together
//! in the order of (client, seed, part), so their number never shows.

mod contrast;
mod design;
mod equal;
mod field;
mod outcome;
mod ranking;
mod order;
mod survival;
mod baseline;
mod replicate;
mod side_by_side;
mod threshold;
mod until;
mod sweep;
mod warm_up;
pub mod tune;

pub use baseline::{Baseline, Drift, Mismatch, Word};
pub use contrast::{Adjusted, Contrast};
pub use design::{Design, DesignError, Dimension, MOST_POINTS};
pub use equal::{Equality, equalities};
pub use order::{Order, Standing};
pub use outcome::{ClassOutcome, Outcome, Run, Sample, WAITS};
pub use ranking::{Lead, Ranking};
pub use side_by_side::side_by_side;
pub use survival::{Shift, Survival, Trial};
pub use sweep::{Stride, Swept, sweep};
pub use threshold::{Threshold, stranger, thresholds};
pub use until::{BATCH, Stopping, Until, Widest};
pub use warm_up::{PILOTS_MAX, WarmUp};

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
    /// How it came to its number of seeds, where that was not given.
    pub stopping: Option<Stopping>,
    /// The warm-up of all runs, where it was to be found from them.
    pub warm_up: Option<WarmUp>,
}

impl Comparison {
    /// How many seeds every client was run with.
    #[must_use]
    pub fn seeds(&self) -> NonZeroUsize {
        let runs = self.outcomes.first().map_or(1, |outcome| outcome.runs.len());
        NonZeroUsize::new(runs).unwrap_or(NonZeroUsize::MIN)
    }
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
    let settled = settle(plan, seeds.root, count, threads)?;
    let (plan, warm_up) = settled.as_ref().map_or((plan, None), |(plan, w)| (plan, Some(*w)));
    let mut gathered = Gathered::new(plan);
    gathered.add(&Field::of(plan, seeds.root, count), threads, all, progress)?;
    Ok(gathered.compared(plan, None, warm_up))
}

/// Runs every client of a plan until their numbers are known well enough.
/// `progress` is told how many runs are done, of how many that it may take.
pub fn compare_until(
    plan: &Plan,
    root: u64,
    until: Until,
    threads: NonZeroUsize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Comparison, ExperimentError> {
    let (mut done, mut expected) = (until.next(0), until.next(0));
    let settled = settle(plan, root, done, threads)?;
    let (plan, warm_up) = settled.as_ref().map_or((plan, None), |(plan, w)| (plan, Some(*w)));
    let mut gathered = Gathered::new(plan);
    let mut field = Field::of(plan, root, done);
    let mut slowest = None;
    loop {
        gathered.add(&field, threads, plan.variants.len() * expected, progress)?;
        let widest = until.widest(&gathered.outcomes);
        let reached = widest.is_none_or(|widest| widest.excess <= 1.0);
        if reached || done == until.most.get() {
            let slowest = slowest.or(widest);
            let stopping = Stopping { until, reached, slowest, widest };
            return Ok(gathered.compared(plan, Some(stopping), warm_up));
        }
        slowest = widest;
        expected = until.expected(done, widest);
        let more = until.next(done);
        field.go_on(more);
        done += more;
    }
}

/// The plan with the warm-up that pilot runs show, of which there are so many
/// seeds at most; `None` where its models say what theirs is.
fn settle(
    plan: &Plan,
    root: u64,
    seeds: usize,
    threads: NonZeroUsize,
) -> Result<Option<(Plan, WarmUp)>, ExperimentError> {
    if !plan.finds_warm_up {
        return Ok(None);
    }
    let mut pilots = Gathered::new(plan);
    pilots.add(&Field::of(plan, root, seeds.min(PILOTS_MAX)), threads, 0, &|_, _| {})?;
    let found = WarmUp::find(&plan.variants[0].model, &pilots.outcomes);
    let mut plan = plan.clone();
    for variant in &mut plan.variants {
        variant.model = found.model(&variant.model);
    }
    Ok(Some((plan, found)))
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

/// What came of the runs so far.
struct Gathered {
    outcomes: Vec<Outcome>,
    floors: Vec<Floor>,
    done: usize,
}

impl Gathered {
    fn new(plan: &Plan) -> Gathered {
        let outcomes = plan.variants.iter().map(|v| Outcome::new(&v.name, &v.model)).collect();
        Gathered { outcomes, floors: vec![], done: 0 }
    }

    /// Adds the runs of a field; `all` is how many there may be in the end.
    fn add(
        &mut self,
        field: &Field<'_>,
        threads: NonZeroUsize,
        all: usize,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(), ExperimentError> {
        // The floor is the same for all clients, and one picture of each is enough.
        let wanted = |variant, seed| Wanted { floor: variant == 0, waves: seed == 0 };
        field.each(threads, wanted, |variant, replicate| {
            self.floors.extend(replicate.floor);
            let outcome = &mut self.outcomes[variant];
            outcome.add(&replicate.measures, replicate.run);
            outcome.waves = outcome.waves.take().or(replicate.waves);
            self.done += 1;
            progress(self.done, all);
        })
    }

    fn compared(
        self,
        plan: &Plan,
        stopping: Option<Stopping>,
        warm_up: Option<WarmUp>,
    ) -> Comparison {
        Comparison {
            ranking: Ranking::of(&self.outcomes),
            equalities: equalities(&plan.variants),
            outcomes: self.outcomes,
            floors: self.floors,
            stopping,
            warm_up,
        }
    }
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
