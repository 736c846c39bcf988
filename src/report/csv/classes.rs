//! `classes.csv`: the same counts by population and by endpoint, and the waits
//! by population.

use super::{sheet as write, texts, three};
use crate::experiment::{Outcome, WAITS};
use crate::measure::Counts;
use crate::metric::Metric;
use crate::metric::Unit;
use crate::report::subject::Subject;
use crate::report::text::cell;
use crate::stats::interval::{self, Estimate};

/// How a number is read off the counts of a run.
enum Read {
    Plain(fn(&Counts) -> u64),
    Ratio(fn(&Counts) -> u64, fn(&Counts) -> u64),
    /// A ratio that counts some of what is below it.
    Share(fn(&Counts) -> u64, fn(&Counts) -> u64),
}

/// Named as in the list of metrics, because they are the same.
const NUMBERS: [(&str, Read); 13] = [
    ("calls", Read::Plain(|c| c.offered)),
    ("served", Read::Plain(Counts::served)),
    ("given-up", Read::Plain(Counts::all_given_up)),
    ("unfinished", Read::Plain(|c| c.unfinished)),
    ("served-share", Read::Share(Counts::served, |c| c.offered)),
    ("attempts", Read::Plain(|c| c.attempts)),
    ("admitted", Read::Plain(|c| c.admitted)),
    ("429s", Read::Plain(|c| c.rejected)),
    ("429-share", Read::Share(|c| c.rejected, |c| c.attempts)),
    ("5xx", Read::Plain(|c| c.errors)),
    ("failed", Read::Plain(|c| c.failed)),
    ("timeouts", Read::Plain(|c| c.timeouts)),
    ("amplification", Read::Ratio(|c| c.attempts, |c| c.offered)),
];

pub(super) fn sheet(subject: &Subject<'_>) -> String {
    let header = ["client", "population", "endpoint", "metric", "unit", "mean", "low", "high"];
    let mut rows = vec![texts(&header)];
    for outcome in &subject.comparison.outcomes {
        for (population, endpoint) in classes(subject) {
            let counts = outcome.class_counts(population, endpoint);
            // Nobody of that population asks that endpoint.
            if counts.iter().all(|c| c.offered == 0 && c.attempts == 0) {
                continue;
            }
            let model = subject.model();
            let name = population.map_or("", |p| &model.populations[p].name);
            let asked = endpoint.map_or("", |e| &model.api.endpoints[e].name);
            rows.extend(numbers(outcome, name, asked, &counts));
            if let (Some(population), None) = (population, endpoint) {
                rows.extend(waits(outcome, population, name));
            }
        }
    }
    write(rows)
}

/// Every population, every endpoint, and every endpoint of every population.
fn classes(subject: &Subject<'_>) -> Vec<(Option<usize>, Option<usize>)> {
    let model = subject.model();
    let (populations, endpoints) = (model.populations.len(), model.api.endpoints.len());
    let both = (0..populations).flat_map(|p| (0..endpoints).map(move |e| (Some(p), Some(e))));
    (0..populations)
        .map(|p| (Some(p), None))
        .chain((0..endpoints).map(|e| (None, Some(e))))
        .chain(both)
        .collect()
}

fn numbers(
    outcome: &Outcome,
    population: &str,
    endpoint: &str,
    counts: &[Counts],
) -> Vec<Vec<String>> {
    let row = |(name, read): &(&str, Read)| {
        let unit = match read {
            Read::Plain(_) => Unit::Count,
            Read::Ratio(..) | Read::Share(..) => Unit::Ratio,
        };
        let mut row = vec![
            cell(&outcome.name).into_owned(),
            cell(population).into_owned(),
            cell(endpoint).into_owned(),
            (*name).to_owned(),
            unit.name().to_owned(),
        ];
        row.extend(three(estimate(read, counts)));
        row
    };
    NUMBERS.iter().map(row).collect()
}

/// How long the calls of a population waited; an empty estimate where a run
/// has calls at that quantile that were never served.
fn waits(outcome: &Outcome, population: usize, name: &str) -> Vec<Vec<String>> {
    let row = |(place, (metric, _)): (usize, &(Metric, f64))| {
        let all: Vec<f64> =
            outcome.runs.iter().filter_map(|run| Some(run.waits.get(population)?[place])).collect();
        let mut row =
            vec![cell(&outcome.name).into_owned(), cell(name).into_owned(), String::new()];
        row.extend([metric.name().to_owned(), Unit::Seconds.name().to_owned()]);
        row.extend(three(interval::mean(&all)));
        row
    };
    WAITS.iter().enumerate().map(row).collect()
}

fn estimate(read: &Read, counts: &[Counts]) -> Option<Estimate> {
    let values = |read: &fn(&Counts) -> u64| -> Vec<f64> {
        counts.iter().map(|counts| read(counts) as f64).collect()
    };
    match read {
        Read::Plain(read) => interval::mean(&values(read)),
        Read::Ratio(top, bottom) => interval::ratio_of_sums(&values(top), &values(bottom)),
        Read::Share(top, bottom) => interval::share_of_sums(&values(top), &values(bottom)),
    }
}
