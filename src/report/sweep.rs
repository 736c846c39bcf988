//! A sweep on disk: parts that grow point by point, and what they become once
//! all are there.
//!
//! Each process of a sweep has a shard of its points and writes them to one file,
//! `part-00003-of-00064.partial`, which is called `.jsonl` when it is whole. A
//! sweep that is not sharded is shard 0 of 1. Its first line is a [`Head`], which
//! says what the sweep is; every other is a point. Each line holds a checksum, so
//! that whatever an interruption leaves behind is either whole or not there.

mod line;
mod merge;
mod part;
mod sheet;
mod shown;

pub use merge::{MergeError, Merged, merge};
pub use part::{Opened, Part, PartError, Shard};
pub use shown::Shown;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::number::data;
use super::text::shell;
use crate::experiment::{Design, Seeds, Swept};
use crate::scenario::Plan;
use crate::stats::interval::Estimate;

/// What a sweep is: all that decides what comes of it, and how it was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Head {
    /// The version of this program.
    pub tollgate: String,
    /// The command, without what decides nothing.
    pub command: String,
    /// The command that compares the clients of a point, up to its settings.
    pub compare: String,
    /// The scenario's name.
    pub scenario: String,
    /// What it is about.
    pub title: String,
    /// The API's name.
    pub api: String,
    /// The clients that are compared.
    pub clients: Vec<String>,
    /// SHA-256 over the files of all values, settings included, in hex.
    pub digest: String,
    /// What is varied.
    pub axes: Design,
    /// The seed that all draws come from.
    pub root_seed: u64,
    /// How many seeds each client is run with, at every point.
    pub seeds: usize,
}

impl Head {
    /// The head of a sweep around the plan of one of its points.
    #[must_use]
    pub fn new(
        plan: &Plan,
        digest: String,
        axes: Design,
        seeds: Seeds,
        commands: Commands,
    ) -> Head {
        Head {
            tollgate: env!("CARGO_PKG_VERSION").to_owned(),
            command: commands.sweep,
            compare: commands.compare,
            scenario: plan.name.clone(),
            title: plan.title.clone(),
            api: plan.api.clone(),
            clients: plan.variants.iter().map(|variant| variant.name.clone()).collect(),
            digest,
            axes,
            root_seed: seeds.root,
            seeds: seeds.count.get(),
        }
    }

    /// The command whose `summary.csv` holds the rows of a point.
    #[must_use]
    pub fn compare(&self, point: u64) -> String {
        let paths = self.axes.dimensions().iter().map(|dimension| &dimension.path);
        let pairs = paths.zip(self.axes.point(point));
        let settings =
            pairs.map(|(path, value)| format!(" --set {}", shell(&format!("{path}={value}"))));
        let settings: String = settings.collect();
        format!("{}{settings} --seeds {} --seed {}", self.compare, self.seeds, self.root_seed)
    }

    /// In what this sweep is not that one, in words.
    #[must_use]
    pub fn differs(&self, other: &Head) -> Vec<String> {
        let mut found = vec![];
        let mut tell = |what: &str, own: &str, theirs: &str| {
            if own != theirs {
                found.push(format!("{what} {theirs} and not {own}"));
            }
        };
        tell("it is of tollgate", &self.tollgate, &other.tollgate);
        tell("it is of the scenario", &self.scenario, &other.scenario);
        tell("its clients are", &self.clients.join(", "), &other.clients.join(", "));
        tell("it varies", &axes(&self.axes), &axes(&other.axes));
        tell("its seeds are", &self.seeds.to_string(), &other.seeds.to_string());
        tell("its root seed is", &self.root_seed.to_string(), &other.root_seed.to_string());
        if found.is_empty() && self.digest != other.digest {
            let short = |digest: &str| digest.chars().take(12).collect::<String>();
            let (own, theirs) = (short(&self.digest), short(&other.digest));
            found.push(format!("the digest of its models is {theirs}… and not {own}…"));
        }
        if found.is_empty() && self.command != other.command {
            found.push(format!("it was asked for as `{}`", other.command));
        }
        found
    }

    /// The text of `sweep.json`.
    #[must_use]
    pub fn record(&self) -> String {
        let mut record = serde_json::to_value(self).expect("a head is plain data");
        record["points"] = self.axes.points().into();
        record["a-point"] = self.compare(0).into();
        record["interval"] = json!({
            "level": 0.95,
            "means": "Student's t over seeds",
            "ratios": "ratio of sums over seeds, delta method or Fieller",
        });
        format!("{record:#}\n")
    }
}

/// How a sweep was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commands {
    /// The whole, without what decides nothing: folder, shard, threads.
    pub sweep: String,
    /// `tollgate compare` of the same, up to its settings.
    pub compare: String,
}

/// `a (8 values), b (3 values)`: the values themselves may be a million.
fn axes(design: &Design) -> String {
    let each = design.dimensions().iter().map(|dimension| {
        let values = &dimension.values;
        match values.as_slice() {
            [first, .., last] => {
                format!("{} ({} from {first} to {last})", dimension.path, values.len())
            }
            _ => format!("{} ({})", dimension.path, values.concat()),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A point as its line holds it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Its number.
    pub point: u64,
    /// By client, in the order of the head.
    pub clients: Vec<Row>,
}

/// What came of one client at a point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// All metrics, each as `mean,low,high`, as `sweep.csv` has it.
    pub metrics: Vec<String>,
}

impl From<Swept> for Point {
    fn from(swept: Swept) -> Point {
        let row = |(name, metrics): (String, Vec<Option<Estimate>>)| {
            let metrics = metrics.into_iter().map(written).collect();
            Row { name, metrics }
        };
        Point { point: swept.point, clients: swept.clients.into_iter().map(row).collect() }
    }
}

fn written(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(e) if e.has_interval() => [data(e.mean), data(e.low), data(e.high)].join(","),
        Some(e) => format!("{},,", data(e.mean)),
        None => ",,".to_owned(),
    }
}

#[cfg(test)]
mod tests;
