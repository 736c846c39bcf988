//! `limits.csv`: what happened at each limit, as means over the seeds.

use super::{mean, sheet as write, texts};
use crate::experiment::Outcome;
use crate::metric::Metric;
use crate::report::subject::Subject;
use crate::report::text::cell;
use crate::report::words::scope;

pub(super) fn sheet(subject: &Subject<'_>) -> String {
    let header =
        ["client", "limit", "rule", "per", "keys", "charged", "rejected", "notices", "utilisation"];
    let outcomes = subject.comparison.outcomes.iter();
    let rows = outcomes.flat_map(|outcome| {
        let limits = 0..subject.model().api.limits.len();
        limits.map(move |limit| row(subject, outcome, limit))
    });
    write(std::iter::once(texts(&header)).chain(rows))
}

fn row(subject: &Subject<'_>, outcome: &Outcome, index: usize) -> Vec<String> {
    let model = subject.model();
    let limit = &model.api.limits[index];
    let keys = model.api.slots[index].len();
    let counts = || outcome.runs.iter().map(|run| run.limits[index]);
    vec![
        cell(&outcome.name).into_owned(),
        cell(&limit.name).into_owned(),
        limit.limiter.to_string(),
        scope(model, &limit.scope),
        keys.to_string(),
        mean(counts().map(|(counts, _)| counts.charged as f64)),
        mean(counts().map(|(_, rejected)| rejected as f64)),
        mean(counts().map(|(counts, _)| counts.notices as f64)),
        utilisation(outcome, index, limit.limiter.capacity().per_second * keys as f64),
    ]
}

/// What was charged, over what all keys together admit until the last call that
/// was served; empty where time does not bound the limit.
fn utilisation(outcome: &Outcome, limit: usize, per_second: f64) -> String {
    let Some(busy) = outcome.values(Metric::LastServed) else {
        return String::new();
    };
    if !per_second.is_finite() || per_second == 0.0 || busy.contains(&0.0) {
        return String::new();
    }
    let runs = outcome.runs.iter().zip(busy);
    mean(runs.map(|(run, busy)| run.limits[limit].0.charged as f64 / (per_second * busy)))
}
