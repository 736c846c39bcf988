//! `check`: all faults of all files.

use clap::{Args, ValueEnum};

use super::{Failure, fetch, print, say};
use crate::report::text::visible;
use crate::scenario::assumption::checked_api;
use crate::scenario::bundle::open;
use crate::scenario::document::Document;
use crate::scenario::fault::Faults;
use crate::scenario::file;
use crate::scenario::library::Kind;
use crate::scenario::reference::{Reference, Target};
use crate::scenario::{Bundle, LoadError};

/// Looks for faults.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate check mine/scenario.toml
  tollgate check --kind client fast.toml slow.toml")]
pub(super) struct Check {
    /// Files or names; a scenario is checked with everything it names
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// What the files are models of [default: what they look like]
    #[arg(long, value_enum)]
    kind: Option<Model>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Model {
    Scenario,
    Api,
    Client,
}

impl From<Model> for Kind {
    fn from(model: Model) -> Self {
        match model {
            Model::Scenario => Kind::Scenario,
            Model::Api => Kind::Api,
            Model::Client => Kind::Client,
        }
    }
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (mut faults, mut wrong) = (Faults::new(), 0);
        for name in &self.files {
            match check(name, self.kind.map(Kind::from)) {
                Ok(kind) => print(&format!("{}: no faults ({})\n", visible(name), kind.word()))?,
                Err(LoadError::Faults(found)) => {
                    for source in found.sources() {
                        // A file that two scenarios name is told of once.
                        if !faults.sources().contains(source) {
                            faults.push(source.clone());
                        }
                    }
                }
                Err(error) => {
                    say(&error.to_string());
                    wrong += 1;
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults.into());
        }
        match wrong {
            0 => Ok(()),
            1 => Err(Failure::Usage("one file was not checked".to_owned())),
            n => Err(Failure::Usage(format!("{n} files were not checked"))),
        }
    }
}

fn check(name: &str, kind: Option<Kind>) -> Result<Kind, LoadError> {
    let reference = Reference::read(name, kind.unwrap_or(Kind::Scenario))?;
    let document = open(&reference, &fetch)?;
    let kind = match (kind, reference.target) {
        (Some(kind), _) | (None, Target::Named(kind, _)) => kind,
        (None, Target::Path(_)) => kind_of(document.text()),
    };
    match kind {
        Kind::Scenario => {
            Bundle::of_scenario(document, None, None, &[], &fetch)?.plan()?;
        }
        Kind::Api => {
            checked_api(&document).finish(&document)?;
        }
        Kind::Client => {
            whole::<file::client::Client>(&document)?;
        }
    }
    Ok(kind)
}

fn whole<T: serde::de::DeserializeOwned>(document: &Document) -> Result<T, Faults> {
    document.parse().finish(document)
}

/// What a text is a model of, by the keys that only one kind has. It may have
/// any faults, so it is not parsed for that.
fn kind_of(text: &str) -> Kind {
    let of_one: [(Kind, &[&str]); 3] = [
        (Kind::Scenario, &["population", "horizon", "api", "clients", "service", "network"]),
        (Kind::Api, &["limit", "endpoint", "commit", "status"]),
        (Kind::Client, &["retries", "wait", "attempts", "jitter", "hint", "levers"]),
    ];
    let key = |line: &str| -> String {
        let line = line.trim_start_matches(['[', ' ']);
        line.chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect()
    };
    let keys: Vec<String> = text.lines().map(key).collect();
    let count =
        |(_, own): &(Kind, &[&str])| keys.iter().filter(|key| own.contains(&key.as_str())).count();
    let likeliest = of_one.iter().rev().max_by_key(|kind| count(kind));
    likeliest.map_or(Kind::Scenario, |(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library::BUILT_IN;

    #[test]
    fn every_built_in_file_looks_like_what_it_is() {
        for model in BUILT_IN {
            assert_eq!(kind_of(model.text), model.kind, "{}", model.name);
        }
    }
}
