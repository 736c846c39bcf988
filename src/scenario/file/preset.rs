//! What a client's file says of the library that it is a preset of.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::OneOrMore;

/// How a client is known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The library was run, and what it did was recorded.
    Recorded,
    /// Its source was read.
    Read,
    /// Its documentation says so.
    Documented,
    /// It is ours.
    #[default]
    Ours,
}

/// What a parameter of the library sets here; of several, each is set.
///
/// What is written for it becomes TOML as follows. A word in `values` becomes what
/// it says there. `None`, `null`, `nil` and `Infinity` take the key away. A number becomes
/// `min(number * times + plus, at-most)`, and a text where there is a `unit` or a
/// `prefix`, which stand around it. A list becomes one of such elements and those
/// in `also`, which become texts where only texts are taken. All else is put in as
/// it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Parameter {
    /// One path or several.
    pub sets: OneOrMore<String>,
    /// A number is multiplied by this,
    #[serde(default)]
    pub times: Option<f64>,
    /// then this is added,
    #[serde(default)]
    pub plus: Option<f64>,
    /// it is at most this: what a library cuts without a word,
    #[serde(default)]
    pub at_most: Option<f64>,
    /// it gets this unit,
    #[serde(default)]
    pub unit: Option<String>,
    /// and this stands before it: `1/` makes a rate of an interval.
    #[serde(default)]
    pub prefix: Option<String>,
    /// What a list has beside what is written: `refused`, where the library's own
    /// list is of statuses alone.
    #[serde(default)]
    pub also: Vec<String>,
    /// What words become.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}
