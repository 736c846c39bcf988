//! The runs of a scenario at points of its knobs.

use std::fmt;
use std::num::NonZeroUsize;

use super::evidence::Evidence;
use super::probe::{Ask, Place};
use crate::experiment::field::Field;
use crate::experiment::outcome::Sample;
use crate::experiment::replicate::{Replicate, Wanted};
use crate::experiment::{ExperimentError, PILOTS_MAX, settle};
use crate::metric::Subject;
use crate::scenario::{Model, Plan};

/// Makes the plan in which the knobs stand at a point.
pub(super) type PlanAt<'b, E> = &'b dyn Fn(&Place) -> Result<Plan, E>;

/// A scenario whose knobs are turned.
pub struct Bench<'b, E> {
    /// Its plan at a point.
    pub plan_at: PlanAt<'b, E>,
    /// What is measured.
    pub subjects: &'b [Subject],
    /// The client that is meant where none is named.
    pub client: &'b str,
    /// The seed that all draws come from.
    pub root: u64,
    /// Threads to use; they change nothing.
    pub threads: NonZeroUsize,
    /// Is told how many more runs are done.
    pub progress: &'b (dyn Fn(usize) + Sync),
}

/// Why a scenario could not be measured.
#[derive(Debug)]
pub enum BenchError<E> {
    /// There is no plan at a point.
    Plan(Place, E),
    /// A client that a goal names is not in the plan.
    NoClient(String),
    /// A run was stopped.
    Run(ExperimentError),
}

impl<E: fmt::Display> fmt::Display for BenchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BenchError::Plan(_, error) => error.fmt(f),
            BenchError::NoClient(name) => write!(f, "there is no client `{name}` here"),
            BenchError::Run(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for BenchError<E> {}

impl<E> fmt::Debug for Bench<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("subjects", &self.subjects).finish_non_exhaustive()
    }
}

impl<E> Bench<'_, E> {
    /// The clients that are run, each once, that which is judged first.
    fn clients(&self) -> Vec<&str> {
        let named = self.subjects.iter().filter_map(|subject| subject.of.as_deref());
        let mut all = vec![self.client];
        for name in named {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    /// How many runs one seed of one point takes.
    #[must_use]
    pub fn runs_a_seed(&self) -> usize {
        self.clients().len()
    }

    /// Makes the runs that are asked for.
    pub fn measure(&self, asks: &[Ask]) -> Result<Vec<Evidence>, BenchError<E>> {
        // All models are made before the first of them runs: what is wrong with one
        // is told before anybody waits.
        let plan = |ask: &Ask| {
            let plan = (self.plan_at)(&ask.place);
            let plan = plan.map_err(|error| BenchError::Plan(ask.place.clone(), error))?;
            let settled = settle(&plan, self.root, PILOTS_MAX, self.threads);
            let settled = settled.map_err(BenchError::Run)?;
            Ok(settled.map_or(plan, |(settled, _)| settled))
        };
        let plans: Vec<Plan> = asks.iter().map(plan).collect::<Result<_, _>>()?;
        let mut found: Vec<Evidence> = Vec::with_capacity(asks.len());
        // Points that go on from the same seed run side by side.
        let mut from = 0;
        while from < asks.len() {
            let alike = |ask: &&Ask| (ask.first, ask.count) == (asks[from].first, asks[from].count);
            let to = from + asks[from..].iter().take_while(alike).count();
            found.extend(self.run(&plans[from..to], &asks[from])?);
            from = to;
        }
        Ok(found)
    }

    /// The same seeds of some plans.
    fn run(&self, plans: &[Plan], seeds: &Ask) -> Result<Vec<Evidence>, BenchError<E>> {
        let clients = self.clients();
        let mut models = vec![];
        for plan in plans {
            for client in &clients {
                models.push(model(plan, client)?);
            }
        }
        // By plan and client, and by seed: each subject as that client has it.
        let mut gathered = vec![Vec::with_capacity(seeds.count); models.len()];
        let field = Field::new(models.into_iter(), self.root, seeds.first as u64, seeds.count);
        let wanted = |_, _| Wanted::default();
        let fold = |model: usize, replicate: Replicate| {
            let samples = self.subjects.iter().map(|s| replicate.run.sample(s.metric));
            gathered[model].push(samples.collect());
            (self.progress)(1);
        };
        field.each(self.threads, wanted, fold).map_err(BenchError::Run)?;
        let owner = |subject: &Subject| {
            let own = subject.of.as_deref().unwrap_or(self.client);
            let place = clients.iter().position(|client| *client == own);
            place.expect("the clients are those of the subjects")
        };
        let owners: Vec<usize> = self.subjects.iter().map(owner).collect();
        let evidence = |by_client: &[Vec<Vec<Sample>>]| {
            let of = |(subject, client): (usize, &usize)| {
                by_client[*client].iter().map(|seed| seed[subject]).collect()
            };
            Evidence::of(owners.iter().enumerate().map(of).collect())
        };
        Ok(gathered.chunks(clients.len()).map(evidence).collect())
    }
}

fn model<'p, E>(plan: &'p Plan, client: &str) -> Result<&'p Model, BenchError<E>> {
    let variant = plan.variants.iter().find(|variant| variant.name == client);
    variant.map(|v| &v.model).ok_or_else(|| BenchError::NoClient(client.to_owned()))
}
