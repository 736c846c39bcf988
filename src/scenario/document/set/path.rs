//! Where a path such as `limit.token-rate.quota` leads in a tree.

use super::SetError;
use crate::scenario::document::tree::{Entry, Kind, Node};

/// A node with its full path.
#[derive(Clone)]
pub(super) struct Place<'t> {
    pub(super) path: String,
    pub(super) node: &'t Node,
}

impl<'t> Place<'t> {
    /// The same node under a longer path.
    pub(super) fn at(&self, key: &str) -> Place<'t> {
        self.inner(key, self.node)
    }

    /// A node within this one.
    pub(super) fn inner(&self, key: &str, node: &'t Node) -> Place<'t> {
        let dot = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{}", self.path, written(key));
        Place { path, node }
    }

    /// The tables directly within, for the key that may be left out.
    pub(super) fn tables(&self) -> Vec<Place<'t>> {
        let entries: &'t [Entry] = self.node.entries();
        let is_table = |entry: &&Entry| matches!(entry.value.kind, Kind::Table(_));
        let tables = entries.iter().filter(is_table);
        tables.map(|entry| self.inner(&entry.key, &entry.value)).collect()
    }
}

/// A name as it is written in a path: lower case, with `-` between the words.
#[must_use]
pub fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// The keys of a path; a key with dots in it stands in quotes.
pub(super) fn keys(path: &str) -> Result<Vec<String>, SetError> {
    let keys = toml_edit::Key::parse(path).map_err(|_| SetError::Path { path: path.to_owned() })?;
    Ok(keys.iter().map(|key| key.get().to_owned()).collect())
}

/// A key as TOML writes it.
pub(super) fn written(key: &str) -> String {
    toml_edit::Key::new(key).display_repr().into_owned()
}

/// All places that a path fits; the name of an element and one table may be left out.
pub(super) fn find<'t>(root: &'t Node, keys: &[String]) -> Vec<Place<'t>> {
    let start = Place { path: String::new(), node: root };
    let mut found = Vec::new();
    // Nothing may be left out at the top: a path names what it is about.
    follow(&start, keys, true, &mut found);
    found
}

fn follow<'t>(place: &Place<'t>, keys: &[String], skipped: bool, found: &mut Vec<Place<'t>>) {
    let Some((key, rest)) = keys.split_first() else {
        found.push(place.clone());
        return;
    };
    let before = found.len();
    match &place.node.kind {
        Kind::Table(entries) => {
            for entry in entries.iter().filter(|e| e.key == *key || slug(&e.key) == *key) {
                follow(&place.inner(&entry.key, &entry.value), rest, false, found);
            }
            if found.len() == before && !skipped {
                for table in place.tables() {
                    follow(&table, keys, true, found);
                }
            }
        }
        Kind::List(items) => {
            let named = |item: &&Node| label(items, item) == *key;
            for item in items.iter().filter(named) {
                follow(&place.inner(key, item), rest, false, found);
            }
            let index = key.parse::<usize>().ok().and_then(|index| items.get(index));
            if let Some(item) = index.filter(|_| found.len() == before) {
                follow(&place.inner(&label(items, item), item), rest, false, found);
            }
            if found.len() == before {
                for item in items {
                    follow(&place.inner(&label(items, item), item), keys, false, found);
                }
            }
        }
        _ => {}
    }
}

/// What an element goes by: its slugged name, or its index where that is not its alone.
pub(super) fn label(items: &[Node], item: &Node) -> String {
    let own = name(item);
    let same = items.iter().filter(|other| name(other) == own).count();
    let index = items.iter().position(|other| other.id == item.id);
    match own {
        Some(own) if same == 1 && !own.is_empty() => own,
        _ => index.unwrap_or(0).to_string(),
    }
}

fn name(item: &Node) -> Option<String> {
    let entry = item.entries().iter().find(|entry| entry.key == "name")?;
    match &entry.value.kind {
        Kind::Text(name) => Some(slug(name)),
        _ => None,
    }
}

/// The keys that fit next after a node.
pub(super) fn fitting(node: &Node) -> Vec<String> {
    match &node.kind {
        Kind::Table(entries) => entries.iter().map(|entry| written(&entry.key)).collect(),
        Kind::List(items) => items.iter().map(|item| label(items, item)).collect(),
        _ => Vec::new(),
    }
}
