//! `waits.csv` and `fairness.csv`: the curves of the two charts of that name.

use super::{sheet, texts};
use crate::experiment::Outcome;
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

/// The Lorenz curve of the members' served calls, the least served first.
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
    steps
        .map(|(ns, upto)| (ns as f64 / 1e9, upto as f64 / all))
        .collect()
}

/// What the members of all populations got, in all seeds together.
pub(crate) fn served_by_member(outcome: &Outcome) -> Shares {
    Shares::new(
        outcome
            .clients
            .iter()
            .map(|c| f64::from(c.served))
            .collect(),
    )
}
