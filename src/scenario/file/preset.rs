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

/// What a parameter of the library sets here.
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
    /// and it gets this unit.
    #[serde(default)]
    pub unit: Option<String>,
    /// What words become.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}
