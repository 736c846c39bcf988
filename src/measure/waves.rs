//! Every attempt of one run on a sheet of time by caller, counted in integers.
//!
//! The sheet has as many fields as a picture can show: where a run outgrows it,
//! two columns (or two rows) become one, so that any number of attempts fits and
//! the counts stay exact. An attempt lies where it was sent; it is counted when
//! its client is done with it, so those still under way at the end are not.

use super::series::round_width;
use crate::engine::{AttemptRecord, Caller, Fact, Observer};
use crate::http::Answer;
use crate::scenario::Model;
use crate::time::{Instant, SECOND, Span};

/// The most columns: stretches of time of one width.
pub(super) const COLUMNS_MAX: usize = 2_048;
/// The most rows: callers, or as many neighbours of one number.
pub(super) const ROWS_MAX: usize = 64;
/// The width of a column at the start of a run.
const FINEST: Span = Span::millis(1);
/// With fewer clients a row is a call's: a picture of three rows shows nothing.
const FEW: u32 = 8;
/// Retries are counted in pairs of neighbouring stretches at least so wide, so
/// that a wave that is shorter than one of them is never cut in two.
const STRETCH: u64 = SECOND / 20;
/// The most such stretches.
const STRETCHES_MAX: u64 = 100_000;

/// What came of the attempts of one field.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Fates {
    /// Answered, and not with an error.
    pub admitted: u32,
    /// Refused by a limit.
    pub refused: u32,
    /// Answered 5xx, not connected, or not answered in time.
    pub failed: u32,
}

impl Fates {
    /// All attempts.
    #[must_use]
    pub const fn sum(self) -> u32 {
        self.admitted + self.refused + self.failed
    }

    /// Adds those of another field.
    pub fn add(&mut self, other: Fates) {
        self.admitted += other.admitted;
        self.refused += other.refused;
        self.failed += other.failed;
    }
}

/// Whose attempts a row shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// A client's.
    Client,
    /// A call's, in the order in which they were offered.
    Call,
}

/// The attempts of one run.
#[derive(Clone, Debug)]
pub struct Waves {
    start: Instant,
    width: Span,
    actor: Actor,
    /// How many actors share a row.
    members: u64,
    /// By population: how many clients are shown before its first; none of a
    /// population that is not wanted is shown.
    before: Vec<Option<u32>>,
    first_client: Vec<u32>,
    clients: u32,
    /// Column by column.
    cells: Vec<Fates>,
    columns: usize,
    rows: usize,
    stretch: Span,
    retries: Vec<u32>,
}

impl Waves {
    /// No attempts yet.
    #[must_use]
    pub fn new(model: &Model) -> Waves {
        let mut clients = 0;
        let place = |population: &crate::workload::Population| {
            let before = clients;
            clients += if population.wanted { population.clients } else { 0 };
            population.wanted.then_some(before)
        };
        let before: Vec<_> = model.populations.iter().map(place).collect();
        let actor = if clients < FEW { Actor::Call } else { Actor::Client };
        let members = match actor {
            Actor::Client => u64::from(clients).div_ceil(ROWS_MAX as u64),
            Actor::Call => 1,
        };
        let end = model.horizon.after(model.drain);
        Waves {
            start: model.start,
            width: FINEST,
            actor,
            members,
            before,
            first_client: model.populations.iter().map(|p| p.first_client).collect(),
            clients,
            cells: vec![Fates::default(); COLUMNS_MAX * ROWS_MAX],
            columns: 0,
            rows: 0,
            stretch: round_width(end.since(model.start), STRETCH, STRETCHES_MAX),
            retries: vec![],
        }
    }

    /// Width of a column; a power of two of milliseconds.
    #[must_use]
    pub fn width(&self) -> Span {
        self.width
    }

    /// How many neighbouring actors share a row.
    #[must_use]
    pub fn members(&self) -> u64 {
        self.members
    }

    /// Whose attempts a row shows.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// How many clients are shown.
    #[must_use]
    pub fn clients(&self) -> u32 {
        self.clients
    }

    /// Columns up to the last in which something was sent.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows up to the last that sent something.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The fields in which something was sent, column by column: column, row,
    /// and what came of it.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, Fates)> {
        let used = self.cells.iter().enumerate().filter(|(_, fates)| fates.sum() > 0);
        used.map(|(index, fates)| (index / ROWS_MAX, index % ROWS_MAX, *fates))
    }

    /// How many attempts were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.cells().map(|(.., fates)| u64::from(fates.refused)).sum()
    }

    /// The most retries (attempts that are not the first of their call) within a
    /// short while, and that while: a tenth of a second, or more in a run of
    /// more than an hour.
    #[must_use]
    pub fn crest(&self) -> (u32, Span) {
        let alone = self.retries.first().copied().unwrap_or(0);
        let most = self.retries.windows(2).map(|pair| pair[0] + pair[1]).max();
        (most.unwrap_or(alone), Span(self.stretch.0.saturating_mul(2)))
    }

    /// The number of the actor who made an attempt; `None` of one not shown.
    fn actor_of(&self, caller: Caller, record: &AttemptRecord) -> Option<u64> {
        let population = usize::from(caller.population);
        let own = caller.client - self.first_client[population];
        let client = u64::from(self.before[population]? + own);
        Some(match self.actor {
            Actor::Client => client,
            // Clients take turns: call 0 of each, then call 1 of each.
            Actor::Call => record.call.saturating_mul(u64::from(self.clients)) + client,
        })
    }

    fn answered(&mut self, caller: Caller, record: &AttemptRecord) {
        let Some(actor) = self.actor_of(caller, record) else { return };
        let at = record.sent.since(self.start).0;
        while at / self.width.0 >= COLUMNS_MAX as u64 {
            self.halve_columns();
        }
        while actor / self.members >= ROWS_MAX as u64 {
            self.halve_rows();
        }
        let index = |value: u64| usize::try_from(value).expect("less than the most");
        let (column, row) = (index(at / self.width.0), index(actor / self.members));
        self.columns = self.columns.max(column + 1);
        self.rows = self.rows.max(row + 1);
        self.cells[column * ROWS_MAX + row].add(fate(record));
        if record.number > 1 {
            let stretch = index(at / self.stretch.0);
            if stretch >= self.retries.len() {
                self.retries.resize(stretch + 1, 0);
            }
            self.retries[stretch] += 1;
        }
    }

    /// Adds the attempts of another part of the same run. Both sheets are as fine
    /// as their own attempts let them be, and the coarser one is as fine as both
    /// together would be.
    pub fn merge(&mut self, mut other: Waves) {
        while self.width < other.width {
            self.halve_columns();
        }
        while other.width < self.width {
            other.halve_columns();
        }
        while self.members < other.members {
            self.halve_rows();
        }
        while other.members < self.members {
            other.halve_rows();
        }
        self.cells.iter_mut().zip(&other.cells).for_each(|(sum, more)| sum.add(*more));
        self.columns = self.columns.max(other.columns);
        self.rows = self.rows.max(other.rows);
        let stretches = self.retries.len().max(other.retries.len());
        self.retries.resize(stretches, 0);
        self.retries.iter_mut().zip(&other.retries).for_each(|(sum, more)| *sum += more);
    }

    /// Two neighbouring columns become one.
    fn halve_columns(&mut self) {
        self.gather(|column, row| (column / 2, row));
        self.columns = self.columns.div_ceil(2);
        self.width = Span(self.width.0 * 2);
    }

    /// Two neighbouring rows become one.
    fn halve_rows(&mut self) {
        self.gather(|column, row| (column, row / 2));
        self.rows = self.rows.div_ceil(2);
        self.members *= 2;
    }

    /// Moves every field's counts to a place that does not lie behind it.
    fn gather(&mut self, to: fn(usize, usize) -> (usize, usize)) {
        for index in 0..self.cells.len() {
            let fates = std::mem::take(&mut self.cells[index]);
            let (column, row) = to(index / ROWS_MAX, index % ROWS_MAX);
            self.cells[column * ROWS_MAX + row].add(fates);
        }
    }
}

/// What came of one attempt.
fn fate(record: &AttemptRecord) -> Fates {
    let failed = match record.answer {
        Answer::Status(status) => status.is_class(5),
        Answer::Refused | Answer::TimedOut => true,
    };
    let (refused, none) = (record.rejected_by.is_some(), Fates::default());
    match (refused, failed) {
        (true, _) => Fates { refused: 1, ..none },
        (false, true) => Fates { failed: 1, ..none },
        (false, false) => Fates { admitted: 1, ..none },
    }
}

impl Observer for Waves {
    fn note(&mut self, _now: Instant, caller: Caller, fact: &Fact) {
        if let Fact::Answered(record) = fact {
            self.answered(caller, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::LimitId;
    use crate::http::Status;
    use crate::scenario::Bundle;
    use crate::scenario::quick::Quick;

    fn model(identities: u32) -> Model {
        let quick = Quick::read(&["50/s per token".to_owned()], 100, 4, identities).unwrap();
        let (scenario, api) = quick.documents().unwrap();
        let fetch = |path: &str| Err(path.to_owned());
        let bundle = Bundle::of_scenario(scenario, Some(api), None, &[], &fetch).unwrap();
        bundle.plan().unwrap().variants.remove(0).model
    }

    /// An attempt of `client` after so many milliseconds.
    fn attempt(model: &Model, waves: &mut Waves, client: u32, millis: u64, number: u32) {
        let record = AttemptRecord {
            number,
            call: 3,
            sent: model.start.after(Span::millis(millis)),
            answer: Answer::Status(Status(429)),
            rejected_by: Some(LimitId(0)),
            then: None,
        };
        let caller = Caller { population: 0, client, endpoint: 0 };
        waves.note(model.start, caller, &Fact::Answered(record));
    }

    #[test]
    fn whatever_is_merged_no_attempt_is_lost() {
        let model = model(100);
        let mut waves = Waves::new(&model);
        assert_eq!((waves.actor(), waves.members()), (Actor::Client, 2));
        for step in 0..5_000_u64 {
            let client = u32::try_from(step * 7 % 100).unwrap();
            attempt(&model, &mut waves, client, step * step, 1);
        }
        let last = 4_999_u64 * 4_999;
        let width = waves.width();
        assert!(waves.columns() > COLUMNS_MAX / 2, "half of the sheet is used");
        assert_eq!(waves.columns() as u64, last * 1_000_000 / width.0 + 1);
        assert_eq!(waves.cells().map(|(.., fates)| fates.refused).sum::<u32>(), 5_000);
        let early = waves.cells().filter(|(column, ..)| *column == 0);
        let sent = (0..5_000_u64).filter(|step| step * step * 1_000_000 < width.0).count();
        assert_eq!(early.map(|(.., fates)| fates.sum() as usize).sum::<usize>(), sent);
    }

    #[test]
    fn few_clients_are_shown_by_call() {
        let model = model(2);
        let mut waves = Waves::new(&model);
        attempt(&model, &mut waves, 1, 0, 1);
        assert_eq!(waves.actor(), Actor::Call);
        assert_eq!(waves.cells().next().map(|(column, row, _)| (column, row)), Some((0, 7)));
    }

    #[test]
    fn a_wave_is_not_cut_in_two_and_first_attempts_are_none() {
        let model = model(100);
        let mut waves = Waves::new(&model);
        for client in 0..100 {
            attempt(&model, &mut waves, client, 0, 1);
            // Around a full stretch: half before it, half after it.
            attempt(&model, &mut waves, client, 9_980 + u64::from(client % 40), 2);
        }
        assert_eq!(waves.crest(), (100, Span::millis(100)));
    }
}
