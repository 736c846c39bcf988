//! Everything that a comparison needs but its seeds.

use std::fmt;

use super::assumption::Assumption;
use super::file;
use super::model::Model;
use crate::metric::Condition;

/// One client of a comparison, with the model in which everybody follows it.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What reports call it: the name in its file, or what was asked for where
    /// that says more.
    pub name: String,
    /// The name in its file.
    pub file: String,
    /// The library that it does as.
    pub release: Option<Release>,
    /// What it does, in a line.
    pub title: Option<String>,
    /// Where it is from.
    pub source: Option<String>,
    /// The names of all headers that it would read.
    pub reads: Vec<String>,
    /// The model.
    pub model: Model,
}

/// A library and its version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    /// The package, as its registry names it.
    pub library: String,
    /// Which version of it; `None` where the file does not say.
    pub version: Option<String>,
}

impl Release {
    /// What a client's file says of it.
    #[must_use]
    pub fn of(client: &file::client::Client) -> Option<Release> {
        let library = client.library.clone()?;
        Some(Release { library, version: client.version.clone() })
    }
}

impl fmt::Display for Release {
    /// `urllib3 2.8.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} {version}", self.library),
            None => f.write_str(&self.library),
        }
    }
}

/// Everything that a comparison needs but its seeds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// Whether the beginning of a run is part of the question.
    pub kind: file::scenario::Kind,
    /// Whether the warm-up is to be found from the runs; the models have none.
    pub finds_warm_up: bool,
    /// The API's name.
    pub api: String,
    /// The endpoint whose share served is shown.
    pub shows: Option<String>,
    /// What must not be of any of them.
    pub fail_if: Vec<Condition>,
    /// The clients that are compared.
    pub variants: Vec<Variant>,
    /// What the API's model assumes.
    pub assumptions: Vec<Assumption>,
    /// SHA-256 of all files, settings included, in hex.
    pub digest: String,
}
