//! `waves.csv`: the attempts of the first run in fields of time by caller, as
//! coarse as the picture that is drawn of them.
//!
//! A row of the picture is a client, or as many neighbours of one number; a time
//! is where its column begins. The few attempts that the picture leaves out are
//! here too.

use std::collections::BTreeMap;

use super::{sheet as write, texts};
use crate::experiment::Outcome;
use crate::measure::{Actor, Fates, Waves};
use crate::report::chart::waves::{COLUMNS, rows_for};
use crate::report::number::seconds;
use crate::report::subject::Subject;
use crate::report::text::cell;
use crate::time::Span;

/// The most fields of all clients together: a picture of them stays small.
const FIELDS: usize = 18_000;

/// So many of every client's attempts, in per cent, are in the picture; where
/// the last few would take more than half of it, they are not.
const SHOWN: u64 = 95;

/// How fine the fields are, which is the same for all clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mesh {
    /// Width of a column.
    pub(crate) width: Span,
    /// How many actors share a row.
    pub(crate) members: u64,
    /// How many columns the picture has; a few attempts may lie beyond.
    pub(crate) columns: usize,
    /// How many rows there are.
    pub(crate) rows: usize,
    /// Whose a row is, and how many clients there are.
    pub(crate) actors: Option<(Actor, u32)>,
}

/// Counts by column and row.
pub(crate) type Fields = BTreeMap<(usize, usize), Fates>;

impl Mesh {
    /// The finest mesh that a picture has room for.
    pub(crate) fn of(subject: &Subject<'_>) -> Mesh {
        let outcomes = &subject.comparison.outcomes;
        let all = || outcomes.iter().filter_map(|outcome| outcome.waves.as_ref());
        let finest = all().map(|waves| waves.width().0).max().unwrap_or(1);
        let end = all().map(|waves| within(waves, 100)).max().unwrap_or(0);
        let most = all().map(|waves| within(waves, SHOWN)).max().unwrap_or(0);
        let shown = if most.saturating_mul(2) <= end { most } else { end };
        let per_column = shown.div_ceil(finest).div_ceil(COLUMNS as u64).max(1);
        let actors = all().next().map(|waves| (waves.actor(), waves.clients()));
        let mut mesh = Mesh {
            width: Span(finest * per_column),
            members: all().map(Waves::members).max().unwrap_or(1),
            columns: 0,
            rows: 0,
            actors,
        };
        let rows = |waves: &Waves| waves.rows() as u64 * waves.members();
        let actors = match actors {
            Some((Actor::Client, clients)) => u64::from(clients),
            _ => all().map(rows).max().unwrap_or(0),
        };
        let room = rows_for(outcomes.len()) as u64;
        mesh.members *= actors.div_ceil(mesh.members).div_ceil(room).max(1);
        let mut wider = true;
        while all().map(|waves| mesh.fields(waves).len()).sum::<usize>() > FIELDS {
            if wider {
                mesh.width = mesh.width.times(2);
            } else {
                mesh.members = mesh.members.saturating_mul(2);
            }
            wider = !wider;
        }
        let index = |value: u64| usize::try_from(value).expect("no more than a picture has");
        mesh.rows = index(actors.div_ceil(mesh.members));
        mesh.columns = index(shown.div_ceil(mesh.width.0));
        mesh
    }

    /// A run's counts in this mesh.
    fn fields(&self, waves: &Waves) -> Fields {
        let index = |value: u64| usize::try_from(value).expect("no more than there were");
        let mut fields = Fields::new();
        for (column, row, fates) in waves.cells() {
            let column = index(column as u64 * waves.width().0 / self.width.0);
            let row = index(row as u64 * waves.members() / self.members);
            fields.entry((column, row)).or_default().add(fates);
        }
        fields
    }

    /// A client's counts, column by column.
    pub(crate) fn of_client(&self, outcome: &Outcome) -> Fields {
        outcome.waves.as_ref().map(|waves| self.fields(waves)).unwrap_or_default()
    }
}

/// The first nanosecond after so many per cent of a run's attempts, rounded up
/// to a column.
fn within(waves: &Waves, per_cent: u64) -> u64 {
    let sent = |fates: Fates| u64::from(fates.sum());
    let all: u64 = waves.cells().map(|(.., fates)| sent(fates)).sum();
    let mut so_far = 0;
    let enough = waves.cells().find(|(.., fates)| {
        so_far += sent(*fates);
        so_far * 100 >= all * per_cent
    });
    enough.map_or(0, |(column, ..)| (column as u64 + 1).saturating_mul(waves.width().0))
}

pub(super) fn sheet(subject: &Subject<'_>) -> String {
    let mesh = Mesh::of(subject);
    let mut rows = vec![texts(&["client", "time_s", "row", "admitted", "refused", "failed"])];
    for outcome in &subject.comparison.outcomes {
        for ((column, row), fates) in mesh.of_client(outcome) {
            rows.push(vec![
                cell(&outcome.name).into_owned(),
                seconds(mesh.width.times(column as u64)),
                row.to_string(),
                fates.admitted.to_string(),
                fates.refused.to_string(),
                fates.failed.to_string(),
            ]);
        }
    }
    write(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{plan_of, sent, told};

    /// The refused attempts of a sheet.
    fn refused(sheet: &str) -> u32 {
        let count = |row: &str| row.split(',').nth(4).unwrap().parse::<u32>().unwrap();
        sheet.lines().skip(1).map(count).sum()
    }

    #[test]
    fn a_thin_tail_is_left_out_of_the_picture_and_stays_in_the_sheet() {
        let plan = plan_of(100, &["naive", "other"]);
        let attempts = || (0..1_000_u32).map(|n| (n % 100, u64::from(n) * 10, n >= 100));
        let tail = (1..=20_u32).map(|n| (n, u64::from(n) * 50_000, true));
        let outcomes = vec![sent(&plan, 0, attempts().chain(tail)), sent(&plan, 1, attempts())];
        told(&plan, outcomes, |subject| {
            let mesh = Mesh::of(subject);
            assert!(mesh.columns <= COLUMNS);
            let shown = mesh.width.times(mesh.columns as u64);
            assert!((Span::seconds(9)..Span::seconds(12)).contains(&shown), "{shown}");
            let sheet = sheet(subject);
            assert!(sheet.starts_with("client,time_s,row,admitted,refused,failed\nnaive,0,0,0,"));
            assert_eq!(refused(&sheet), 2_020);
        });
    }

    #[test]
    fn many_attempts_make_no_more_fields_than_a_picture_has() {
        let plan = plan_of(100, &["naive"]);
        let attempts = (0..200_000_u32).map(|n| (n % 97, u64::from(n / 10), true));
        told(&plan, vec![sent(&plan, 0, attempts)], |subject| {
            let mesh = Mesh::of(subject);
            assert_eq!(mesh.actors, Some((Actor::Client, 100)));
            assert!(mesh.columns <= COLUMNS && mesh.rows <= rows_for(1));
            assert!(sheet(subject).lines().count() <= FIELDS + 1);
            assert_eq!(refused(&sheet(subject)), 200_000);
        });
    }

    #[test]
    fn no_run_is_no_picture() {
        let plan = plan_of(100, &["naive"]);
        let outcome = crate::report::fixture::outcome(&plan, 0, &[(20, 1.0, 0.0)]);
        told(&plan, vec![outcome], |subject| {
            assert_eq!(Mesh::of(subject).columns, 0);
            assert_eq!(sheet(subject).lines().count(), 1);
        });
    }
}
