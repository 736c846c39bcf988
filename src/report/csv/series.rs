//! `series.csv`: rates over time, per second in bins of one width.

use super::{sheet as write, texts};
use crate::experiment::Outcome;
use crate::measure::Bin;
use crate::report::number::{data, seconds};
use crate::report::subject::Subject;
use crate::report::text::cell;
use crate::stats::quantile::quantile;
use crate::time::Span;

/// One rate over time, per second: over the seeds, bin by bin.
#[derive(Clone, Default, Debug)]
pub(crate) struct Rates {
    /// The median.
    pub(crate) median: Vec<f64>,
    /// The 5 % quantile.
    pub(crate) low: Vec<f64>,
    /// The 95 % quantile.
    pub(crate) high: Vec<f64>,
}

/// One rate of a client; all clients have as many bins as the longest run.
#[must_use]
pub(crate) fn rates(subject: &Subject<'_>, outcome: &Outcome, of: fn(&Bin) -> u32) -> Rates {
    let width = width(subject).as_secs_f64();
    let mut rates = Rates::default();
    for bin in 0..bins(subject) {
        let count = |run: &crate::experiment::Run| {
            run.series.bins().get(bin).map_or(0.0, |bin| f64::from(of(bin)))
        };
        let mut values: Vec<f64> = outcome.runs.iter().map(|run| count(run) / width).collect();
        values.sort_by(f64::total_cmp);
        let at = |q| quantile(&values, q).unwrap_or(0.0);
        rates.median.push(at(0.5));
        rates.low.push(at(0.05));
        rates.high.push(at(0.95));
    }
    rates
}

/// The width of a bin, which is the same in all runs.
#[must_use]
pub(crate) fn width(subject: &Subject<'_>) -> Span {
    let mut runs = subject.comparison.outcomes.iter().flat_map(|o| &o.runs);
    runs.next().map_or(Span::seconds(1), |run| run.series.width())
}

fn bins(subject: &Subject<'_>) -> usize {
    let runs = subject.comparison.outcomes.iter().flat_map(|o| &o.runs);
    runs.map(|run| run.series.bins().len()).max().unwrap_or(0)
}

pub(super) fn sheet(subject: &Subject<'_>) -> String {
    let header = [
        "client",
        "t_s",
        "width_s",
        "offered",
        "admitted",
        "admitted_low",
        "admitted_high",
        "rejected",
        "rejected_low",
        "rejected_high",
        "failed",
        "served",
    ];
    let mut rows = vec![texts(&header)];
    let width = width(subject);
    for outcome in &subject.comparison.outcomes {
        let of = |read: fn(&Bin) -> u32| rates(subject, outcome, read);
        let (offered, admitted) = (of(|b| b.offered), of(|b| b.admitted));
        let (rejected, failed, served) = (of(|b| b.rejected), of(|b| b.failed), of(|b| b.served));
        for bin in 0..offered.median.len() {
            let mut row = vec![
                cell(&outcome.name).into_owned(),
                seconds(width.times(bin as u64)),
                seconds(width),
            ];
            let columns = [
                &offered.median,
                &admitted.median,
                &admitted.low,
                &admitted.high,
                &rejected.median,
                &rejected.low,
                &rejected.high,
                &failed.median,
                &served.median,
            ];
            row.extend(columns.iter().map(|column| data(column[bin])));
            rows.push(row);
        }
    }
    write(rows)
}
