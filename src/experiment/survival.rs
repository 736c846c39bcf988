//! Whether a ranking survives another model, such as one in which the vendor
//! does what its page leaves open.

use super::order::{Order, Standing};
use super::outcome::Outcome;
use super::ranking::{Ranking, time_of};
use crate::metric::Metric;
use crate::scenario::Alternative;
use crate::stats::interval::Estimate;

/// What another model makes of the order of two clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shift {
    /// Who was ahead is behind.
    Reversed {
        /// Who is ahead now, by index.
        ahead: usize,
        /// Who is behind now, by index.
        behind: usize,
    },
    /// Who was ahead is not told apart from the other any more.
    Blurred {
        /// Who was ahead, by index.
        ahead: usize,
        /// Who was behind, by index.
        behind: usize,
    },
    /// Two that were not told apart are.
    Parted {
        /// Who is ahead now, by index.
        ahead: usize,
        /// Who is behind now, by index.
        behind: usize,
    },
}

/// What the clients came to in another model, and what that makes of their order.
#[derive(Clone, PartialEq, Debug)]
pub struct Survival {
    /// The pairs that stand otherwise.
    pub shifts: Vec<Shift>,
    /// The best client there, by index.
    pub best: usize,
    /// By client: the metrics of the ranking there, each by its name.
    pub numbers: Vec<Vec<(Metric, Option<Estimate>)>>,
}

/// Something that the model assumes, taken otherwise, and what that comes to.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// What is otherwise.
    pub alternative: Alternative,
    /// What becomes of the ranking.
    pub survival: Survival,
}

impl Survival {
    /// The clients `there`, in the other model, against their order `here`.
    ///
    /// # Panics
    /// Without clients, or when there are not as many in both.
    #[must_use]
    pub fn of(here: &Order, there: &[Outcome]) -> Survival {
        let order = Order::of(there);
        let shift = |((first, second), before, after)| match (before, after) {
            (Standing::Ahead, Standing::Alike) => Shift::Blurred { ahead: first, behind: second },
            (Standing::Behind, Standing::Alike) => Shift::Blurred { ahead: second, behind: first },
            (Standing::Alike, Standing::Ahead) => Shift::Parted { ahead: first, behind: second },
            (Standing::Alike, _) => Shift::Parted { ahead: second, behind: first },
            (_, Standing::Ahead) => Shift::Reversed { ahead: first, behind: second },
            _ => Shift::Reversed { ahead: second, behind: first },
        };
        let judged = [Metric::ServedShare, time_of(there), Metric::Rejected, Metric::Amplification];
        let numbers = |outcome: &Outcome| -> Vec<_> {
            judged.map(|metric| (metric, outcome.estimate(metric))).to_vec()
        };
        Survival {
            shifts: here.changes(&order).map(shift).collect(),
            best: Ranking::of(there).order().next().expect("clients are compared"),
            numbers: there.iter().map(numbers).collect(),
        }
    }

    /// Whether nobody who was surely ahead is surely behind.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.shifts.iter().any(|shift| matches!(shift, Shift::Reversed { .. }))
    }
}
