//! `waits.csv` and `fairness.csv`: the curves of the two charts of that name.

use super::{sheet, texts};
use crate::experiment::Outcome;
use crate::measure::ClientRow;
use crate::report::number::data;
use crate::report::subject::Subject;
use crate::report::text::cell;
use crate::stats::fairness::Shares;

/// The share of all calls of all seeds that was served within so long.
pub(super) fn waits(subject: &Subject<'_>) -> String {
    let mut rows = vec![texts(&["client", "wait_s", "served_share"])];
    for outcome in &subject.comparison.outcomes {
        let name = cell(&outcome.name);
        let row = |(wait, share): (f64, f64)| vec![name.to_string(), data(wait), data(share)];
        rows.extend(wait_curve(outcome).into_iter().map(row));
    }
    sheet(rows)
}

/// The Lorenz curve of what the members got of what they asked for.
pub(super) fn fairness(subject: &Subject<'_>) -> String {
    let mut rows = vec![texts(&["client", "members_share", "served_share"])];
    for outcome in &subject.comparison.outcomes {
        let name = cell(&outcome.name);
        let row = |(members, share): (f64, f64)| vec![name.to_string(), data(members), data(share)];
        rows.extend(served_by_member(outcome).lorenz().into_iter().map(row));
    }
    sheet(rows)
}

/// Seconds, and the share of all calls that was served within them.
pub(crate) fn wait_curve(outcome: &Outcome) -> Vec<(f64, f64)> {
    let all = outcome.waits.count() as f64;
    let steps = outcome.waits.cumulative();
    steps.map(|(ns, upto)| (ns as f64 / 1e9, upto as f64 / all)).collect()
}

/// What each member of the populations got of what it asked for, in the first
/// seed; who asked for nothing is left out.
pub(crate) fn served_by_member(outcome: &Outcome) -> Shares {
    let asking = outcome.first.iter().filter(|client| client.calls > 0);
    Shares::new(asking.map(ClientRow::served_share).collect())
}
