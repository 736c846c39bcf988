//! `show`: a model as it is written.

use clap::Args;

use super::{Failure, fetch, print};
use crate::scenario::LoadError;
use crate::scenario::bundle::open;
use crate::scenario::library::{Kind, find};
use crate::scenario::reference::Reference;

/// Prints a model.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate show clover
  tollgate show api/clover
  tollgate show client/header-aware > mine.toml")]
pub(super) struct Show {
    /// A scenario, or api/NAME or client/NAME
    name: String,
}

impl Show {
    pub(super) fn run(self) -> Result<(), Failure> {
        let reference = Reference::read(&self.name, Kind::Scenario).map_err(LoadError::from)?;
        let document = open(&reference, &fetch).map_err(|error| other_kind(error, &self.name))?;
        print(document.text())
    }
}

/// An unknown scenario may be the name of something else.
pub(super) fn other_kind(error: LoadError, name: &str) -> Failure {
    let other = [Kind::Api, Kind::Client].into_iter().find(|kind| find(*kind, name).is_some());
    match (error, other) {
        (LoadError::Unknown { kind: Kind::Scenario, .. }, Some(other)) => {
            let word = other.word();
            Failure::Usage(format!(
                "there is no scenario `{name}`\n  = help: did you mean `{word}/{name}`?"
            ))
        }
        (error, _) => error.into(),
    }
}
