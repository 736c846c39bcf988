//! `init`: a scenario and all it names as files to edit.

use std::path::PathBuf;

use clap::Args;
use toml_edit::{DocumentMut, Item, Value};

use super::{Failure, load, say};
use crate::report::output::Folder;
use crate::report::record::base;
use crate::report::text::{keep, shell, wrap};
use crate::scenario::catalogue::Catalogue;
use crate::scenario::document::{Document, slug};
use crate::scenario::library::Kind;
use crate::scenario::reference::{Reference, Target};

/// Writes files to edit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate init --from clover
  tollgate init --from keymint my-api")]
pub(super) struct Init {
    /// The scenario to begin with
    #[arg(long, value_name = "NAME")]
    from: String,
    /// The folder to write to; nothing in it is overwritten [default: ./NAME]
    dir: Option<PathBuf>,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        let bundle = load(&self.from, None, &[])?;
        let mut files: Vec<(String, String)> = vec![];
        for (kind, document) in bundle.documents() {
            let (name, text) = match kind {
                Kind::Scenario => ("scenario.toml".to_owned(), rewritten(document)?),
                Kind::Api => ("api.toml".to_owned(), document.text().to_owned()),
                // Parameters stay with the names in the scenario.
                Kind::Client => (client_file(document.name()), document.loaded().to_owned()),
            };
            if kind == Kind::Client && files.contains(&(name.clone(), text.clone())) {
                continue;
            }
            if files.iter().any(|(other, _)| *other == name) {
                let why = format!("two of the models would be called {name}");
                return Err(Failure::Usage(why));
            }
            files.push((name, text));
        }
        let dir = self.dir.unwrap_or_else(|| PathBuf::from(slug(stem(&self.from))));
        for (name, _) in &files {
            let place = dir.join(name);
            if place.symlink_metadata().is_ok() {
                let why = format!("{} is already there: name another folder", place.display());
                return Err(Failure::Failed(why));
            }
        }
        let mut folder = Folder::open(&dir)?;
        for (name, text) in &files {
            folder.write(name, text.as_bytes())?;
        }
        folder.keep()?;
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let place = dir.display().to_string();
        say(&wrap(
            &format!("wrote {}/: {}", keep(place.trim_end_matches('/')), names.join(" ")),
            6,
        ));
        let scenario = dir.join("scenario.toml").display().to_string();
        say(&format!("Edit them, then: tollgate compare {}", shell(&scenario)));
        Ok(())
    }
}

/// The last part of a name or a path, without its ending.
fn stem(name: &str) -> &str {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.strip_suffix(".toml").unwrap_or(last)
}

/// The file of a client, beside the scenario.
fn client_file(name: &str) -> String {
    format!("{}.toml", stem(base(name)))
}

/// The scenario with the files beside it in place of names; all else stays as
/// it is written, comments too.
fn rewritten(scenario: &Document) -> Result<String, Failure> {
    let broken = |error: toml_edit::TomlError| Failure::Failed(error.to_string());
    let mut document: DocumentMut = scenario.text().parse().map_err(broken)?;
    if let Some(api) = document.get_mut("api").and_then(Item::as_value_mut) {
        replace(api, "api.toml".to_owned());
    }
    if let Some(clients) = document.get_mut("clients").and_then(Item::as_array_mut) {
        clients.iter_mut().for_each(replace_client);
    }
    let populations = document.get_mut("population").and_then(Item::as_array_of_tables_mut);
    for population in populations.into_iter().flat_map(|all| all.iter_mut()) {
        if let Some(client) = population.get_mut("client").and_then(Item::as_value_mut) {
            replace_client(client);
        }
    }
    Ok(document.to_string())
}

fn replace_client(value: &mut Value) {
    let name = value.as_str().unwrap_or_default();
    // The scenario was loaded, so its names are names of something.
    let Ok(reference) = Reference::read(name, Kind::Client) else { return };
    let version = reference.version.as_deref();
    let file = match &reference.target {
        Target::Named(_, name) => {
            Catalogue::built_in().find(name, version).map_or(name, |entry| &entry.file)
        }
        Target::Path(path) => path,
    };
    replace(value, client_file(file) + &reference.arguments());
}

/// Another text in the same place, with the blanks and comments around it.
fn replace(value: &mut Value, text: String) {
    let around = value.decor().clone();
    *value = Value::from(text);
    *value.decor_mut() = around;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_files_and_comments_stay() {
        let text = "# why\napi = \"clover\" # page\nclients = [\n  \"naive\", # plain\n  \"client/w1(base=1)\",\n]\n[[population]]\nclient = \"naive\"\n";
        let scenario = Document::new("scenario/x", text).unwrap();
        let wanted = text
            .replace("\"clover\"", "\"api.toml\"")
            .replace("\"naive\"", "\"naive.toml\"")
            .replace("\"client/w1(", "\"w1.toml(");
        assert_eq!(rewritten(&scenario).unwrap(), wanted);
    }
}
