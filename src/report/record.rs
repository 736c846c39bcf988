//! `run.json`: what it takes to make the same files again, and nothing else.
//!
//! No time, host, path or thread count stands in it: the same model and seeds
//! give the same bytes everywhere. A file is named without its folder.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::number::{self, json as data};
use super::subject::Subject;
use super::text::shell;
use super::words;
use crate::experiment::{
    BATCH, Comparison, Drift, Lead, Shift, Stopping, Threshold, Trial, Widest,
};
use crate::metric::{self, Condition, Level};
use crate::scenario::Plan;
use crate::scenario::document::Document;
use crate::scenario::library::Kind;

/// How a comparison was asked for, as far as it decides what comes of it.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Asked {
    /// What is compared: a name, a file, or the flags that stand for one.
    pub what: Vec<String>,
    /// Only these clients.
    pub clients: Option<Vec<String>>,
    /// `--set`, in order.
    pub settings: Vec<(String, String)>,
    /// `--fail-if`, in order.
    pub fail_if: Vec<Condition>,
    /// `--assumptions`.
    pub assumptions: bool,
}

impl Asked {
    /// The command up to its settings: `tollgate compare clover`.
    #[must_use]
    pub fn command(&self) -> String {
        self.command_of("compare")
    }

    /// The same of another subcommand that takes these.
    #[must_use]
    pub fn command_of(&self, subcommand: &str) -> String {
        let mut words = vec!["tollgate".to_owned(), subcommand.to_owned()];
        words.extend(self.what.iter().map(|word| shell(word)));
        if let Some(clients) = &self.clients {
            let names: Vec<&str> = clients.iter().map(|name| base(name)).collect();
            words.extend(["--clients".to_owned(), shell(&names.join(","))]);
        }
        for (path, value) in &self.settings {
            words.extend(["--set".to_owned(), shell(&format!("{path}={value}"))]);
        }
        words.join(" ")
    }
}

/// A path without its folders, parameters kept; a name such as `client/naive`
/// stays whole.
#[must_use]
pub fn base(path: &str) -> &str {
    if let Some(end) = path.find(".toml(") {
        return &path[path[..end].rfind(['/', '\\']).map_or(0, |slash| slash + 1)..];
    }
    let is_file = std::path::Path::new(path).extension().is_some_and(|e| e == "toml");
    if is_file { path.rsplit(['/', '\\']).next().unwrap_or(path) } else { path }
}

/// The text of `run.json`.
#[must_use]
pub fn json<'d>(
    subject: &Subject<'_>,
    asked: &Asked,
    documents: impl Iterator<Item = (Kind, &'d Document)>,
) -> String {
    let (seeds, comparison) = (subject.seeds, subject.comparison);
    let model = subject.model();
    let mut command = format!("{} {} --seed {}", asked.command(), effort(subject), seeds.root);
    for condition in &asked.fail_if {
        command += " --fail-if ";
        command += &shell(&condition.to_string());
    }
    if asked.assumptions {
        command.push_str(" --assumptions");
    }
    let mut record = json!({
        "tollgate": env!("CARGO_PKG_VERSION"),
        "command": command,
        "scenario": subject.plan.name,
        "title": subject.plan.title,
        "api": subject.plan.api,
        "clients": subject.plan.variants.iter().map(|v| &v.name).collect::<Vec<_>>(),
        "digest": subject.plan.digest,
        "files": files(documents),
        "root-seed": seeds.root,
        "seeds": seeds.count,
        "warm-up": number::seconds(model.warm_up.since(model.start)),
        "interval": {
            "level": 0.95,
            "means": "Student's t over seeds",
            "ratios": "ratio of sums over seeds, delta method or Fieller",
            "quantiles": "Student's t over the seeds' own quantiles; `pooled` is of all calls",
            "comparisons": "paired by seed, Student's t; BCa from 100 skewed pairs on",
            "told-apart": format!("Holm's adjustment over all {} pairs", comparison.ranking.family),
            "shares-of-seeds": "Wilson",
            "none-of": "1 - 0.05^(1/n), as if each were on its own",
        },
        "pairs": pairs(subject),
        "stopping": stopping(subject),
    });
    add_warm_up(&mut record, subject.comparison);
    add_libraries(&mut record, subject.plan);
    add_thresholds(&mut record, subject);
    add_trials(&mut record, subject);
    format!("{record:#}\n")
}

/// How many seeds, as the command asked for them.
fn effort(subject: &Subject<'_>) -> String {
    match &subject.comparison.stopping {
        None => format!("--seeds {}", subject.seeds.count),
        Some(Stopping { until, .. }) => {
            let within = number::data(until.within * 100.0);
            format!("--until {within}% --seeds-max {}", until.most)
        }
    }
}

/// The best against each of the others, as in `pairs.csv` but shorter.
pub(super) fn pairs(subject: &Subject<'_>) -> Value {
    let comparison = subject.comparison;
    let name = |client: usize| &comparison.outcomes[client].name;
    let best = comparison.ranking.order().next();
    let pair = |lead: &Lead| {
        let contrast = lead.contrast.as_ref();
        let number = |value: Option<f64>| value.map_or(Value::Null, number::json);
        json!({
            "best": best.map(name),
            "other": name(lead.behind),
            "metric": contrast.map(|c| c.metric.name()),
            "told-apart": lead.is_clear(),
            "p-adjusted": number(contrast.and_then(|c| Some(c.p?.adjusted))),
            "correlation": number(contrast.and_then(|c| c.correlation)),
            "variance-reduction": number(contrast.and_then(|c| c.variance_reduction)),
        })
    };
    comparison.ranking.leads.iter().map(pair).collect()
}

/// How a comparison came to its number of seeds; null where that was given.
pub(super) fn stopping(subject: &Subject<'_>) -> Value {
    let Some(stopping) = &subject.comparison.stopping else {
        return Value::Null;
    };
    let widest = |widest: Widest| {
        json!({
            "client": subject.comparison.outcomes[widest.client].name,
            "metric": widest.metric.name(),
            "times-as-wide": number::json(widest.excess),
        })
    };
    json!({
        "within": number::json(stopping.until.within),
        "seeds-max": stopping.until.most,
        "batch": BATCH,
        "reached": stopping.reached,
        "slowest": stopping.slowest.map(widest),
        "widest": stopping.widest.map(widest),
        "note": "after sequential stopping, slightly optimistic",
    })
}

/// Adds the warm-up, where it was found from the runs.
pub(super) fn add_warm_up(record: &mut Value, comparison: &Comparison) {
    if let Some(found) = &comparison.warm_up {
        record["warm-up"] = json!({
            "seconds": number::json(found.span.as_secs_f64()),
            "method": "MSER-5",
            "pilots": found.pilots,
            "at-half": found.at_half,
        });
    }
}

/// The files that all stands on, each with its digest.
pub(super) fn files<'d>(documents: impl Iterator<Item = (Kind, &'d Document)>) -> Value {
    let file = |(kind, document): (Kind, &Document)| {
        json!({
            "kind": kind.word(),
            "name": base(document.name()),
            "sha256": hex::encode(Sha256::digest(document.text())),
        })
    };
    Value::Array(documents.map(file).collect())
}

/// Adds which library, in which version, each client does as, where any does.
pub(super) fn add_libraries(record: &mut Value, plan: &Plan) {
    let libraries = words::libraries(plan);
    if !libraries.is_empty() {
        record["libraries"] = libraries.into();
    }
}

/// Adds what must not be and whether it is, where anything was said of that.
pub(super) fn add_thresholds(record: &mut Value, subject: &Subject<'_>) {
    let threshold = |threshold: &Threshold| {
        let client = threshold.client.map(|c| &subject.comparison.outcomes[c].name);
        let level = |(about, level): &(metric::Subject, Level)| {
            let mut known = match level {
                Level::Known(e) if e.has_interval() => json!({
                    "mean": data(e.mean), "low": data(e.low), "high": data(e.high),
                }),
                Level::Known(e) => json!({ "mean": data(e.mean) }),
                Level::Never => json!({ "mean": "never" }),
            };
            known["metric"] = about.metric.name().into();
            known["of"] = about.of.clone().into();
            known
        };
        json!({
            "fail-if": threshold.condition.to_string(),
            "client": client,
            "crossed": threshold.crossed.by_mean,
            "for-sure": threshold.crossed.for_sure.is_some(),
            "levels": threshold.levels.iter().map(level).collect::<Vec<_>>(),
        })
    };
    if !subject.thresholds.is_empty() {
        record["thresholds"] = subject.thresholds.iter().map(threshold).collect();
    }
}

/// Adds what was assumed otherwise and what became of the order, where that was tried.
pub(super) fn add_trials(record: &mut Value, subject: &Subject<'_>) {
    let name = |client: usize| &subject.comparison.outcomes[client].name;
    let shift = |shift: &Shift| {
        let (what, first, second) = match *shift {
            Shift::Reversed { ahead, behind } => ("reversed", ahead, behind),
            Shift::Blurred { ahead, behind } => ("blurred", ahead, behind),
            Shift::Parted { ahead, behind } => ("parted", ahead, behind),
        };
        json!({ "what": what, "ahead": name(first), "behind": name(second) })
    };
    let trial = |trial: &Trial| {
        let assumed = &trial.alternative.assumed;
        json!({
            "settings": trial.alternative.settings().iter().map(|(p, v)| format!("{p}={v}")).collect::<Vec<_>>(),
            "instead-of": assumed[0].value,
            "best": name(trial.survival.best),
            "holds": trial.survival.holds(),
            "shifts": trial.survival.shifts.iter().map(shift).collect::<Vec<_>>(),
        })
    };
    if !subject.trials.is_empty() {
        record["alternatives"] = subject.trials.iter().map(trial).collect();
    }
}

/// Adds what became better or worse since a baseline, where there was one.
pub(super) fn add_drifts(record: &mut Value, subject: &Subject<'_>) {
    let Some(against) = subject.against else {
        return;
    };
    let drift = |drift: &Drift| {
        let number = |value: Option<f64>| value.map_or("never".into(), data);
        json!({
            "client": subject.comparison.outcomes[drift.client].name,
            "metric": drift.metric.name(),
            "then": number(drift.then),
            "now": number(drift.now),
            "change": drift.change.map(|c| json!([data(c.mean), data(c.low), data(c.high)])),
            "word": words::word(drift.word),
        })
    };
    record["against"] = json!({
        "baseline": against.name,
        "tollgate": against.baseline.tollgate,
        "digest": against.baseline.digest,
        "numbers": against.drifts.iter().map(drift).collect::<Vec<_>>(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_as_a_shell_reads_it_and_without_folders() {
        let asked = Asked {
            what: vec!["clover".to_owned()],
            clients: Some(vec!["naive".to_owned(), "../mine/fast.toml".to_owned()]),
            settings: vec![("api.limit.app-rate.per".to_owned(), "[\"app\"]".to_owned())],
            fail_if: vec![],
            assumptions: false,
        };
        assert_eq!(
            asked.command(),
            "tollgate compare clover --clients naive,fast.toml --set 'api.limit.app-rate.per=[\"app\"]'"
        );
    }
}
