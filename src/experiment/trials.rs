//! The runs of all clients of a plan, as far as they have come.

use std::num::NonZeroUsize;

use super::equal::equalities;
use super::field::Field;
use super::outcome::Outcome;
use super::ranking::Ranking;
use super::replicate::Wanted;
use super::{Comparison, ExperimentError, WarmUp};
use crate::measure::Floor;
use crate::scenario::{Model, Plan};

/// What came of the first so many seeds of every client.
pub(super) struct Trials<'m> {
    models: Vec<&'m Model>,
    root: u64,
    /// By client.
    pub(super) outcomes: Vec<Outcome>,
    floors: Vec<Floor>,
    /// How many seeds there are so far.
    seeds: usize,
}

impl<'m> Trials<'m> {
    /// No runs yet of these models of a plan's clients.
    pub(super) fn new(plan: &Plan, models: Vec<&'m Model>, root: u64) -> Self {
        let outcomes = plan.variants.iter().map(|v| Outcome::new(&v.name, &v.model)).collect();
        Trials { models, root, outcomes, floors: vec![], seeds: 0 }
    }

    /// Goes on until there are so many seeds. `done` is told how many runs there
    /// are each time that there is one more.
    pub(super) fn run(
        &mut self,
        seeds: usize,
        threads: NonZeroUsize,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<(), ExperimentError> {
        let Trials { models, root, outcomes, floors, seeds: before } = self;
        let field = Field::new(models.iter().copied(), *root, *before as u64, seeds - *before);
        let mut runs = models.len() * *before;
        // The floor is the same for all clients, and one picture of each is enough.
        let wanted = |variant, seed| Wanted { floor: variant == 0, waves: seed == 0 };
        field.each(threads, wanted, |variant, replicate| {
            floors.extend(replicate.floor);
            let outcome = &mut outcomes[variant];
            outcome.add(&replicate.measures, replicate.run);
            outcome.waves = outcome.waves.take().or(replicate.waves);
            runs += 1;
            done(runs);
        })?;
        *before = seeds;
        Ok(())
    }

    /// What they come to.
    pub(super) fn compared(self, plan: &Plan, warm_up: Option<WarmUp>) -> Comparison {
        Comparison {
            ranking: Ranking::of(&self.outcomes),
            equalities: equalities(&plan.variants),
            outcomes: self.outcomes,
            floors: self.floors,
            warm_up,
        }
    }
}
