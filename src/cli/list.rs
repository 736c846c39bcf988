//! `list`: what is built in.

mod clients;

use clap::{Args, ValueEnum};

use super::{Failure, print};
use crate::limiter::{CARDS, Card};
use crate::metric::{LOG_METRICS, METRICS, Measured};
use crate::report::text::{keep, wrap};
use crate::scenario::library::{BUILT_IN, Builtin, Kind};

/// Lists what is built in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate list
  tollgate list clients            with the policy of each
  tollgate list limiters           with the parameters of each")]
pub(super) struct List {
    /// Only these
    what: Option<What>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum What {
    Scenarios,
    Apis,
    Clients,
    Limiters,
    Metrics,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let wanted = |what| self.what.is_none_or(|only| only == what);
        let mut sections = vec![];
        for (what, kind, heading) in [
            (What::Scenarios, Kind::Scenario, "scenarios: tollgate compare NAME"),
            (What::Apis, Kind::Api, "apis: tollgate show api/NAME"),
        ] {
            if wanted(what) {
                let models = BUILT_IN.iter().filter(|model| model.kind == kind);
                let rows = models.map(|model| (model.name.to_owned(), about(model)));
                sections.push(section(heading, &rows.collect::<Vec<_>>()));
            }
        }
        if wanted(What::Clients) {
            sections.push(clients::section(self.what.is_some()));
        }
        if wanted(What::Limiters) {
            sections.push(limiters(self.what.is_some()));
        }
        if wanted(What::Metrics) {
            sections.push(metrics("metrics: as in summary.csv, --fail-if and --goal", METRICS));
            sections.push(metrics("metrics of logs: --find and --fail-if of replay", LOG_METRICS));
        }
        print(&sections.join("\n"))
    }
}

/// Metrics with their meanings, units and other names.
fn metrics<M: Measured>(heading: &str, metrics: &[M]) -> String {
    let row = |metric: &M| {
        let mut meaning = format!("{} ({})", metric.meaning(), metric.unit().name());
        if !metric.aliases().is_empty() {
            meaning += ", also ";
            meaning += &metric.aliases().join(", ");
        }
        (metric.name().to_owned(), meaning)
    };
    section(heading, &metrics.iter().map(row).collect::<Vec<_>>())
}

fn section(heading: &str, rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, about): &(String, String)| {
        let name = keep(&format!("  {name:width$} "));
        wrap(&format!("{name} {about}"), width + 4).trim_end().to_owned() + "\n"
    };
    format!("{heading}\n{}", rows.iter().map(line).collect::<String>())
}

/// All limiters: what is peculiar about each, and in full its parameters.
fn limiters(in_full: bool) -> String {
    let heading = "limiters: a key of a [[limit]], as in nginx-limit-req = { rate = \"10r/s\" }";
    let rows = CARDS.iter().map(|(key, card)| {
        let of = match card.implementation {
            Some(program) => format!("{program} ({}): ", card.evidence),
            None => String::new(),
        };
        (key.replace('_', "-"), format!("{of}{}", card.peculiar))
    });
    let rows: Vec<_> = rows.collect();
    if !in_full {
        return section(heading, &rows);
    }
    let entry = |((key, about), (_, card)): (&(String, String), &(&str, Card))| {
        let names = card.parameters.iter().map(|(name, _)| name.len());
        let width = names.filter(|length| *length <= NAMES).max().unwrap_or(0);
        let about = wrap(&format!("{}{about}", keep("  ")), 2);
        let example = wrap(&format!("{}{}", keep("  "), card.example), 6);
        let parameters = card.parameters.iter().map(|row| parameter(*row, width));
        let parameters: String = parameters.collect();
        format!("\n{key}\n{}\n{parameters}{}\n", about.trim_end(), example.trim_end())
    };
    let clock = wrap(CLOCK, 0);
    format!("{heading}\n{clock}\n{}", rows.iter().zip(CARDS).map(entry).collect::<String>())
}

/// What every limiter has beside its parameters.
const CLOCK: &str = "Beside it clock = { at-start = \"1001s\", created = \"1000s\" } says \
    what the limiter's clock shows when a run starts, or at time 0 of a trace, and what it \
    showed when the limiter was made; without it a trace's own times, and time 0.";

/// The longest name that shares its line with what it means.
const NAMES: usize = 24;

/// A parameter and what it means, in a column of its own.
fn parameter((name, meaning): (&str, &str), width: usize) -> String {
    let (own_line, shown) = if name.len() > width {
        (format!("    {name}\n"), String::new())
    } else {
        (String::new(), name.to_owned())
    };
    let shown = keep(&format!("    {shown:width$} "));
    own_line + wrap(&format!("{shown} {meaning}"), width + 6).trim_end() + "\n"
}

/// What a model says of itself in a line.
fn about(model: &Builtin) -> String {
    let key = if model.kind == Kind::Api { "name" } else { "title" };
    let table: toml::Table = model.text.parse().unwrap_or_default();
    let text = table.get(key).and_then(toml::Value::as_str);
    text.unwrap_or_default().to_owned()
}
