//! `assumptions.csv`: what the clients come to where something that is assumed
//! is otherwise.

use super::{sheet, texts, three};
use crate::experiment::Trial;
use crate::metric::Metric;
use crate::report::subject::Subject;
use crate::report::text::cell;

/// A row for each alternative, client and metric.
#[must_use]
pub fn trials(subject: &Subject<'_>) -> String {
    let header = ["setting", "instead-of", "client", "metric", "mean", "low", "high"];
    let outcomes = &subject.comparison.outcomes;
    let rows = |trial: &Trial| -> Vec<Vec<String>> {
        let settings = trial.alternative.settings();
        let settings: Vec<String> = settings.iter().map(|(p, v)| format!("{p}={v}")).collect();
        let (settings, assumed) = (settings.join(" "), &trial.alternative.assumed[0].value);
        let clients = outcomes.iter().zip(&trial.survival.numbers);
        let row = |(name, metric, value)| {
            let (client, metric): (&String, Metric) = (name, metric);
            let mut row = vec![settings.clone(), assumed.clone()];
            row.extend([cell(client).into_owned(), metric.name().to_owned()]);
            row.extend(three(value));
            row
        };
        let all = clients.flat_map(|(outcome, numbers)| {
            numbers.iter().map(|(metric, value)| (&outcome.name, *metric, *value))
        });
        all.map(row).collect()
    };
    sheet(std::iter::once(texts(&header)).chain(subject.trials.iter().flat_map(rows)))
}
