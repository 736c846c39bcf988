//! `run.json`: what it takes to make the same files again, and nothing else.
//!
//! No time, host, path or thread count stands in it: the same model and seeds
//! give the same bytes everywhere. A file is named without its folder.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::subject::Subject;
use super::text::shell;
use super::words;
use crate::scenario::Plan;
use crate::scenario::document::Document;
use crate::scenario::library::Kind;

/// How a comparison was asked for, as far as it decides what comes of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Asked {
    /// What is compared: a name, a file, or the flags that stand for one.
    pub what: Vec<String>,
    /// Only these clients.
    pub clients: Option<Vec<String>>,
    /// `--set`, in order.
    pub settings: Vec<(String, String)>,
}

impl Asked {
    /// The command up to its settings: `tollgate compare clover`.
    #[must_use]
    pub fn command(&self) -> String {
        let mut words = vec!["tollgate".to_owned(), "compare".to_owned()];
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
    let seeds = subject.seeds;
    let command = format!("{} --seeds {} --seed {}", asked.command(), seeds.count, seeds.root);
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
        "interval": {
            "level": 0.95,
            "means": "Student's t over seeds",
            "ratios": "ratio of sums over seeds, delta method or Fieller",
            "comparisons": "paired by seed",
        },
    });
    add_libraries(&mut record, subject.plan);
    format!("{record:#}\n")
}

/// The files that all stands on, each with its digest.
pub(super) fn files<'d>(documents: impl Iterator<Item = (Kind, &'d Document)>) -> Value {
    let file = |(kind, document): (Kind, &Document)| {
        json!({
            "kind": kind.word(),
            "name": base(document.name()),
            "sha256": hex(document.text().as_bytes()),
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

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes every text");
        hex
    })
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
        };
        assert_eq!(
            asked.command(),
            "tollgate compare clover --clients naive,fast.toml --set 'api.limit.app-rate.per=[\"app\"]'"
        );
    }
}
