//! What was measured in the parts of a run becomes what is measured in the
//! whole: integers are added, in the order of the parts.

use super::completion::Completion;
use super::ledger::Ledger;
use super::peak::Peak;
use super::{ClientRow, Measures};
use crate::rng::Key;
use crate::scenario::{Model, Part};
use crate::time::Span;

/// The longest run whose attempts are kept by the second, for each part.
const LONGEST: Span = Span::seconds(100_000);

impl Measures {
    /// Whether a run of a model can be measured in parts: what a part must keep
    /// until the others are there too is bounded.
    #[must_use]
    pub fn are_of_parts(model: &Model) -> bool {
        model.horizon.after(model.drain).since(model.start) <= LONGEST
    }

    /// Nothing measured yet of a part of the run `run`: a row for each of its
    /// own clients, and none for others.
    #[must_use]
    pub fn of_part(model: &Model, part: Part<'_>, run: Key) -> Measures {
        let Some(clients) = part.some() else { return Measures::new(model, run) };
        Measures {
            clients: vec![ClientRow::new(model.start); clients.len()],
            places: part.places().cloned(),
            completion: Completion::new(model, part, run),
            peak: Peak::of_part(),
            ..Measures::of_nobody(model)
        }
    }

    /// Nothing measured of anybody, with a row for everybody: parts are added to it.
    #[must_use]
    pub fn of_no_part(model: &Model) -> Measures {
        Measures {
            clients: vec![ClientRow::new(model.start); model.clients() as usize],
            ..Measures::of_nobody(model)
        }
    }

    /// Adds what was measured of a part of the same run.
    pub fn merge(&mut self, part: Part<'_>, other: Measures) {
        let pairs = self.cells.iter_mut().zip(&other.cells);
        pairs.for_each(|(sum, more)| *sum = sum.plus(more));
        let pairs = self.rejected_by.iter_mut().zip(&other.rejected_by);
        pairs.for_each(|(sum, more)| *sum += more);
        self.waits.iter_mut().zip(&other.waits).for_each(|(sum, more)| sum.merge(more));
        for (client, row) in part.some().unwrap_or_default().iter().zip(&other.clients) {
            self.clients[*client as usize] = *row;
        }
        self.series.merge(&other.series);
        self.completion.merge(&other.completion);
        self.recovery.merge(&other.recovery);
        self.peak.merge(other.peak);
        self.ledger.merge(&other.ledger);
    }
}

impl Ledger {
    /// Adds what went in and came out of another part of the same run.
    pub(super) fn merge(&mut self, other: &Ledger) {
        self.offered += other.offered;
        self.served += other.served;
        self.given_up += other.given_up;
        self.unfinished += other.unfinished;
        self.attempts += other.attempts;
        self.admitted += other.admitted;
        self.rejected += other.rejected;
        self.failed += other.failed;
    }
}
