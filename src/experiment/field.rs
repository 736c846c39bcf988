//! All runs of some models as tasks in one order: by model, seed and part.

use std::num::NonZeroUsize;

use super::ExperimentError;
use super::replicate::{Piece, Replicate, Wanted, parts_of};
use super::side_by_side::side_by_side;
use crate::rng::Key;
use crate::scenario::{Model, Parts, Plan};

/// Models, each over the same seeds.
pub(super) struct Field<'m> {
    models: Vec<(&'m Model, Parts)>,
    root: u64,
    /// The first of the replicates, and how many there are.
    first: u64,
    seeds: usize,
}

/// One task.
#[derive(Clone, Copy)]
struct Task {
    model: usize,
    seed: u64,
    part: usize,
}

/// What comes of a task.
enum Done<'m> {
    /// A run that is one part.
    Run(Box<Replicate>),
    Part(Box<Piece<'m>>),
}

impl<'m> Field<'m> {
    /// The replicates from `first` on of each model.
    pub(super) fn new(
        models: impl Iterator<Item = &'m Model>,
        root: u64,
        first: u64,
        seeds: usize,
    ) -> Field<'m> {
        let models = models.map(|model| (model, parts_of(model))).collect();
        Field { models, root, first, seeds }
    }

    /// Moves on to so many replicates after the last.
    pub(super) fn go_on(&mut self, seeds: usize) {
        self.first += self.seeds as u64;
        self.seeds = seeds;
    }

    /// The first replicates of each client of a plan.
    pub(super) fn of(plan: &'m Plan, root: u64, seeds: usize) -> Field<'m> {
        Field::new(plan.variants.iter().map(|variant| &variant.model), root, 0, seeds)
    }

    pub(super) fn tasks(&self) -> usize {
        self.models.iter().map(|(_, parts)| parts.count() * self.seeds).sum()
    }

    /// Task number `number`.
    fn task(&self, mut number: usize) -> Task {
        let mut model = 0;
        while number >= self.models[model].1.count() * self.seeds {
            number -= self.models[model].1.count() * self.seeds;
            model += 1;
        }
        let parts = self.models[model].1.count();
        Task { model, seed: self.first + (number / parts) as u64, part: number % parts }
    }

    /// Runs a task.
    fn run(&self, task: Task, wanted: Wanted) -> Result<Done<'m>, ExperimentError> {
        let (model, parts) = &self.models[task.model];
        let key = Key::run(self.root, task.seed);
        let piece = Piece::run(model, parts.part(task.part), key, wanted)?;
        Ok(if parts.count() == 1 {
            Done::Run(Box::new(piece.finish()?))
        } else {
            Done::Part(Box::new(piece))
        })
    }

    /// Runs all on so many threads; `fold` gets every run in order, with the
    /// index of its model.
    pub(super) fn each(
        &self,
        threads: NonZeroUsize,
        wanted: impl Fn(usize, u64) -> Wanted + Sync,
        mut fold: impl FnMut(usize, Replicate) + Send,
    ) -> Result<(), ExperimentError> {
        let work = |number| {
            let task = self.task(number);
            (task, self.run(task, wanted(task.model, task.seed)))
        };
        // The run whose parts are coming in.
        let mut whole: Option<Piece<'m>> = None;
        let fold = |(task, done): (Task, Result<Done<'m>, _>)| {
            let (model, parts) = &self.models[task.model];
            match done? {
                Done::Run(replicate) => fold(task.model, *replicate),
                Done::Part(piece) => {
                    let all = Piece::add(whole.take(), model, parts.part(task.part), *piece);
                    if task.part + 1 == parts.count() {
                        fold(task.model, all.finish()?);
                    } else {
                        whole = Some(all);
                    }
                }
            }
            Ok(())
        };
        side_by_side(threads, self.tasks(), work, fold)
    }
}
