//! The CSV files: long tables that a spreadsheet and a script read alike.
//!
//! An empty cell is a number that there is not: a metric that a run does not
//! have, or the interval of a single seed. An empty population, endpoint or
//! quantile means all of them. A share of which nothing was counted has the
//! bound of "0 of n" as its high end. Times are seconds from the run's start.

mod classes;
mod clients;
mod curves;
mod limits;
mod pairs;
mod series;
mod trials;
mod waves;

pub(super) use curves::{served_by_member, wait_curve};
pub use trials::trials;

pub(super) use series::{Rates, rates, width};
pub(super) use waves::{Fields, Mesh};

use super::number::data;
use super::subject::Subject;
use super::text::cell;
use crate::measure::metrics_of;
use crate::stats::interval::Estimate;

/// A file to write: its name, and how it is made.
pub type Sheet = (&'static str, fn(&Subject<'_>) -> String);

/// All CSV files of a comparison.
pub const SHEETS: [Sheet; 9] = [
    ("summary.csv", summary),
    ("pairs.csv", pairs::sheet),
    ("classes.csv", classes::sheet),
    ("series.csv", series::sheet),
    ("waves.csv", waves::sheet),
    ("clients.csv", clients::sheet),
    ("limits.csv", limits::sheet),
    ("waits.csv", curves::waits),
    ("fairness.csv", curves::fairness),
];

/// Every metric of every client: its mean over the seeds with the interval and
/// how that came about, and of waits the quantile of all calls of all seeds
/// together beside the mean of the seeds' own.
fn summary(subject: &Subject<'_>) -> String {
    let header = ["client", "metric", "unit", "mean", "low", "high", "pooled", "method", "seeds"];
    let rows = subject.comparison.outcomes.iter().flat_map(|outcome| {
        metrics_of(subject.model()).map(move |metric| {
            let name = cell(&outcome.name).into_owned();
            let mut row = vec![name, metric.name().to_owned(), metric.unit().name().to_owned()];
            let estimate = outcome.estimate(*metric);
            row.extend(three(estimate));
            row.push(outcome.pooled(*metric).map_or_else(String::new, data));
            row.push(estimate.map_or_else(String::new, |e| e.method.to_string()));
            row.push(subject.seeds.count.to_string());
            row
        })
    });
    sheet(std::iter::once(texts(&header)).chain(rows))
}

/// Mean and interval as cells.
fn three(estimate: Option<Estimate>) -> [String; 3] {
    match estimate {
        Some(e) if e.has_interval() => [data(e.mean), data(e.low), data(e.high)],
        Some(e) => [data(e.mean), String::new(), String::new()],
        None => [const { String::new() }; 3],
    }
}

/// Rows as CSV (RFC 4180, but lines end with a line feed alone).
pub(super) fn sheet(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(vec![]);
    for row in rows {
        writer.write_record(&row).expect("memory takes every row, and all are alike");
    }
    let bytes = writer.into_inner().expect("memory takes every row");
    String::from_utf8(bytes).expect("only text was written")
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The mean of what an iterator gives, without an interval; empty of nothing.
fn mean(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    crate::stats::interval::mean(&values).map_or_else(String::new, |mean| data(mean.mean))
}
