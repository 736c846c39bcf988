//! Where a reference leads: to a model that is built in, or to a file.

use super::{Fetch, LoadError};
use crate::scenario::catalogue::{Catalogue, Missing};
use crate::scenario::document::Document;
use crate::scenario::library::{self, Kind};
use crate::scenario::preset;
use crate::scenario::reference::{Reference, ReferenceError, Target};

/// Opens a model: one that is built in, or a file; a client with its parameters.
pub fn open(reference: &Reference, fetch: Fetch<'_>) -> Result<Document, LoadError> {
    let mut document = match &reference.target {
        Target::Named(kind, name) => {
            let file = match kind {
                // The catalogue need not be read for the name of a file.
                Kind::Client
                    if reference.version.is_some() || library::find(*kind, name).is_none() =>
                {
                    file_of(name, reference.version.as_deref())?
                }
                _ => name,
            };
            let Some(model) = library::find(*kind, file) else {
                return Err(LoadError::Unknown { kind: *kind, name: name.clone() });
            };
            Document::new(format!("{}/{file}", kind.word()), model.text)?
        }
        Target::Path(path) => {
            let bytes = fetch(path).map_err(|why| unreadable(path, why))?;
            Document::from_bytes(path.clone(), bytes)?
        }
    };
    preset::set(&mut document, reference)?;
    Ok(document)
}

/// What cannot be read was meant for a name where it looks like one.
fn unreadable(path: &str, why: String) -> LoadError {
    let name = |kind: Kind| path.strip_prefix(kind.word())?.strip_prefix('/').map(|n| (kind, n));
    match Kind::ALL.into_iter().find_map(name) {
        Some((kind, name)) if !name.contains(['/', '\\', '.']) => {
            LoadError::Unknown { kind, name: name.to_owned() }
        }
        _ => LoadError::Unreadable { path: path.to_owned(), why },
    }
}

/// The built-in client that goes by a name and has such a version.
fn file_of(name: &str, version: Option<&str>) -> Result<&'static str, LoadError> {
    let name = name.to_owned();
    match Catalogue::built_in().find(&name, version) {
        Ok(entry) => Ok(&entry.file),
        Err(Missing::Name) => Err(LoadError::Unknown { kind: Kind::Client, name }),
        Err(Missing::Version(has)) => {
            let version = version.unwrap_or_default().to_owned();
            Err(ReferenceError::Version { name, version, has }.into())
        }
    }
}
