//! What `tune` says: a sentence, a table, files to keep and a patch to apply.

mod figure;
mod patch;
mod record;
mod screen;
mod sheet;
mod table;
mod value;
mod words;

pub use figure::figure;
pub use patch::{Home, patch};
pub use record::record;
pub use screen::screen;
pub use sheet::sheet;
pub use words::{answer, seeds_to_decide};

use crate::experiment::tune::{
    Effort, Found, Front, Knob, Objective, Place, Point, Question, Standing, Way,
};
use crate::scenario::Plan;

/// What was tuned, how, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Tuning<'t> {
    /// The scenario as it stands, with what `--set` changed.
    pub plan: &'t Plan,
    /// The client that is judged.
    pub client: &'t str,
    /// What is turned.
    pub knobs: &'t [Knob],
    /// The goals, and what was measured.
    pub question: &'t Question,
    /// How many seeds a point has.
    pub effort: Effort,
    /// The seed that all others come from.
    pub root: u64,
    /// The command that this came of, without folders and threads.
    pub command: &'t str,
    /// What came of it.
    pub sought: Sought<'t>,
}

/// What was looked for, and what was found.
#[derive(Clone, Copy, Debug)]
pub enum Sought<'t> {
    /// The least value of the one knob, or the largest.
    End(Way, &'t Found),
    /// The points that nobody beats.
    Front(&'t [Objective], &'t Front),
}

impl<'t> Tuning<'t> {
    /// All points, in the order of their values.
    fn points(&self) -> impl Iterator<Item = (&'t Place, &'t Point)> {
        match self.sought {
            Sought::End(_, found) => found.points.iter(),
            Sought::Front(_, front) => front.points.iter(),
        }
    }

    /// The point that is the answer, where there is one.
    #[must_use]
    pub fn chosen(&self) -> Option<Place> {
        match self.sought {
            Sought::End(_, found) => found.best.map(|best| vec![best]),
            Sought::Front(_, front) => {
                let open = |standing| matches!(standing, Standing::Front | Standing::Open);
                let mut left = front.standings.iter().filter(|(_, standing)| open(**standing));
                let one = left.next()?;
                let alone = left.next().is_none() && *one.1 == Standing::Front;
                alone.then(|| one.0.clone())
            }
        }
    }

    /// How many seeds all points have together.
    #[must_use]
    pub fn seeds_in_all(&self) -> usize {
        self.points().map(|(_, point)| point.evidence.seeds()).sum()
    }

    /// How many seeds the points have, the fewest and the most.
    fn seeds(&self) -> (usize, usize) {
        let seeds = self.points().map(|(_, point)| point.evidence.seeds());
        seeds.fold((usize::MAX, 0), |(least, most), seeds| (least.min(seeds), most.max(seeds)))
    }
}
