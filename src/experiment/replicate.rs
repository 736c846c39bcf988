//! One run of one model, whole or in its parts: measured, put together, checked.

use super::{ExperimentError, Run};
use crate::engine::{self, Ending};
use crate::measure::{Completion, Demand, Floor, Measures, Waves};
use crate::rng::Key;
use crate::scenario::{Model, Part, Parts};
use crate::workload::Work;

/// The parts in which runs of a model are made.
pub(super) fn parts_of(model: &Model) -> Parts {
    if Measures::are_of_parts(model) { Parts::of(model) } else { Parts::whole() }
}

/// What is wanted of a run beside its measures.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Wanted {
    /// How soon any client could be done, where that is bounded.
    pub(super) floor: bool,
    /// Each attempt.
    pub(super) waves: bool,
}

/// What a run came to.
#[derive(Debug)]
pub(super) struct Replicate {
    pub(super) measures: Measures,
    pub(super) run: Run,
    pub(super) floor: Option<Floor>,
    pub(super) waves: Option<Waves>,
}

/// What one part of a run came to, or the parts that are put together so far.
#[derive(Debug)]
pub(super) struct Piece<'m> {
    measures: Measures,
    demand: Option<Demand<'m>>,
    waves: Option<Waves>,
    ending: Ending,
}

impl<'m> Piece<'m> {
    /// Runs one part of the run `key` of a model.
    pub(super) fn run(
        model: &'m Model,
        part: Part<'_>,
        key: Key,
        wanted: Wanted,
    ) -> Result<Piece<'m>, ExperimentError> {
        let mut measures = Measures::of_part(model, part, key);
        let (mut demand, mut waves) = (
            (wanted.floor && ends_by_itself(model)).then(|| Demand::new(model)),
            wanted.waves.then(|| Waves::new(model)),
        );
        let ending = if demand.is_some() || waves.is_some() {
            let beside = &mut (&mut demand, &mut waves);
            engine::run_part(model, part, key, &mut (&mut measures, beside))
        } else {
            // Most runs do not pay for what only the first ones show.
            engine::run_part(model, part, key, &mut measures)
        };
        let ending = ending.map_err(ExperimentError::Run)?;
        Ok(Piece { measures, demand, waves, ending })
    }

    /// Adds the next part to those before it.
    pub(super) fn add(
        before: Option<Piece<'m>>,
        model: &Model,
        part: Part<'_>,
        next: Piece<'m>,
    ) -> Piece<'m> {
        let Some(mut all) = before else {
            let mut measures = Measures::of_no_part(model);
            measures.merge(part, next.measures);
            return Piece { measures, ..next };
        };
        all.measures.merge(part, next.measures);
        if let (Some(sum), Some(more)) = (&mut all.demand, next.demand) {
            sum.merge(&more);
        }
        if let (Some(sum), Some(more)) = (&mut all.waves, next.waves) {
            sum.merge(more);
        }
        all.ending.add(model, &next.ending);
        all
    }

    /// All parts are there.
    pub(super) fn finish(self) -> Result<Replicate, ExperimentError> {
        let Piece { measures, demand, waves, ending } = self;
        measures.ledger().check(ending.census).map_err(ExperimentError::Breach)?;
        let run = Run::read(&measures, &ending);
        let demand = demand.filter(|_| measures.completion().is_finite());
        let floor = demand.and_then(|demand| demand.floor(demand.calls() / 100));
        Ok(Replicate { measures, run, floor, waves })
    }
}

/// Whether there may be work whose end is known, and no other.
fn ends_by_itself(model: &Model) -> bool {
    Completion::may_be_finite(model)
        && model.populations.iter().all(|p| !matches!(p.work, Work::Closed { .. }))
}
