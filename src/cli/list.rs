//! `list`: what is built in.

use clap::{Args, ValueEnum};

use super::{Failure, print};
use crate::measure::METRICS;
use crate::report::text::{keep, wrap};
use crate::scenario::library::{BUILT_IN, Builtin, Kind};

/// Lists what is built in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate list
  tollgate list clients")]
pub(super) struct List {
    /// Only these
    what: Option<What>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum What {
    Scenarios,
    Apis,
    Clients,
    Metrics,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let wanted = |what| self.what.is_none_or(|only| only == what);
        let mut sections = vec![];
        for (what, kind, heading) in [
            (What::Scenarios, Kind::Scenario, "scenarios: tollgate compare NAME"),
            (What::Apis, Kind::Api, "apis: tollgate show api/NAME"),
            (What::Clients, Kind::Client, "clients: tollgate compare SCENARIO --clients NAME"),
        ] {
            if wanted(what) {
                let models = BUILT_IN.iter().filter(|model| model.kind == kind);
                let rows = models.map(|model| (model.name.to_owned(), about(model)));
                sections.push(section(heading, &rows.collect::<Vec<_>>()));
            }
        }
        if wanted(What::Metrics) {
            let rows = METRICS.iter().map(|metric| {
                let meaning = format!("{} ({})", metric.meaning, metric.unit.name());
                (metric.name.to_owned(), meaning)
            });
            sections.push(section("metrics: as in summary.csv", &rows.collect::<Vec<_>>()));
        }
        print(&sections.join("\n"))
    }
}

fn section(heading: &str, rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, about): &(String, String)| {
        let name = keep(&format!("  {name:width$} "));
        wrap(&format!("{name} {about}"), width + 4).trim_end().to_owned() + "\n"
    };
    format!("{heading}\n{}", rows.iter().map(line).collect::<String>())
}

/// What a model says of itself in a line.
fn about(model: &Builtin) -> String {
    let key = if model.kind == Kind::Api { "name" } else { "title" };
    let table: toml::Table = model.text.parse().unwrap_or_default();
    let text = table.get(key).and_then(toml::Value::as_str);
    text.unwrap_or_default().to_owned()
}
