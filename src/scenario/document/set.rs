//! `--set PATH=VALUE`: changes one value of a text and leaves every other byte as it is.
//!
//! The text is changed and not the model, so that a setting goes through the same
//! parse as the file; and bytes are spliced, so that a fault elsewhere still finds
//! its line in the file that the user has.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::DeValue;

use super::tree::{Kind, Node};
use super::{Document, LONGEST, recover, syntax};

mod block;
mod error;
mod path;
#[cfg(test)]
mod tests;
mod unset;

pub use error::SetError;
pub use path::slug;
use path::{Place, find, fitting, label};

/// Who asks for a setting, for the faults that come of it.
#[derive(Clone, Debug)]
pub struct Asker {
    /// What stands in a file's place: `the --set arguments`.
    pub place: String,
    /// What stands before `PATH=VALUE`: `--set `.
    pub flag: String,
}

impl Asker {
    /// `--set` on the command line.
    fn command_line() -> Asker {
        Asker { place: "the --set arguments".to_owned(), flag: "--set ".to_owned() }
    }
}

/// A setting that was made, and the bytes that it changed.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    asker: Asker,
    path: String,
    value: String,
    /// The changed bytes in the text as it was after this setting.
    new: Range<usize>,
    /// How many bytes were there before.
    old: usize,
    /// Where the value begins within `new`.
    value_at: usize,
    /// Whether the value stands there as it was given.
    verbatim: bool,
}

impl Setting {
    /// `--set PATH=VALUE`.
    pub(super) fn argument(&self) -> String {
        format!("{}{}={}", self.asker.flag, self.path, self.value)
    }

    /// Where that was written.
    pub(super) fn place(&self) -> &str {
        &self.asker.place
    }

    /// Whether these bytes are the setting's own.
    pub(super) fn holds(&self, at: &Range<usize>) -> bool {
        let empty_before = at.is_empty() && at.start == self.new.start && self.value_at > 0;
        self.new.start <= at.start && at.end <= self.new.end && !empty_before
    }

    /// The same bytes within the argument.
    pub(super) fn within(&self, at: &Range<usize>) -> Range<usize> {
        let flag = self.asker.flag.len();
        let path = flag..flag + self.path.len();
        let value = path.end + 1..path.end + 1 + self.value.len();
        let start = self.new.start + self.value_at;
        if at.start < start {
            path
        } else if self.verbatim {
            value.start + (at.start - start)..(value.start + (at.end - start)).min(value.end)
        } else {
            value
        }
    }

    /// A byte outside of this setting, in the text as it was before.
    pub(super) fn before(&self, at: usize) -> usize {
        if at >= self.new.end { at - self.new.len() + self.old } else { at.min(self.new.start) }
    }
}

/// A key that no model knows.
const NO_KEY: &str = "no-model-has-such-a-key";

/// Bytes to put into a text.
struct Splice {
    out: Range<usize>,
    put: String,
    /// Where the key stands within `put`, of a new entry.
    key_at: usize,
    value_at: usize,
}

impl Document {
    /// Sets the value at `path`, as `--set PATH=VALUE` does.
    ///
    /// A path is keys joined by dots. An element of an array of tables goes by its
    /// slugged `name` or its index; that, or one table between, may be left out
    /// where only one fits. The last key may be new where `T` knows it. `value` is
    /// TOML, or text if it is not. What `T` refuses is told by the parse.
    pub fn set<T: DeserializeOwned>(&mut self, path: &str, value: &str) -> Result<(), SetError> {
        self.set_for::<T>(Asker::command_line(), path, value)
    }

    /// The same for somebody else than `--set`.
    pub fn set_for<T: DeserializeOwned>(
        &mut self,
        asker: Asker,
        path: &str,
        value: &str,
    ) -> Result<(), SetError> {
        let reading = self.readable()?;
        let keys = path::keys(path)?;
        let value = value.trim();
        let verbatim = match DeValue::parse(value) {
            // Models have no bare dates: times are text, and `start=2026-01-05` is easy to mean.
            Ok(read) => !read.get_ref().is_datetime(),
            Err(_) => false,
        };
        let quoted = || toml::Value::String(value.to_owned()).to_string();
        let toml = if verbatim { value.to_owned() } else { quoted() };
        let root = &reading.tree.root;
        let places = find(root, &keys);
        let splice = match places.as_slice() {
            [one] => Splice { out: one.node.span.clone(), put: toml, key_at: 0, value_at: 0 },
            [] => self.new_entry::<T>(root, path, &keys, &toml)?,
            several => return Err(ambiguous(path, several)),
        };
        let new = splice.out.start..splice.out.start + splice.put.len();
        let setting = Setting {
            asker,
            path: path.to_owned(),
            value: value.to_owned(),
            new,
            old: splice.out.len(),
            value_at: splice.value_at,
            verbatim,
        };
        let text =
            self.spliced(&splice).ok_or_else(|| SetError::Refused { path: path.to_owned() })?;
        self.text = text;
        self.settings.push(setting);
        Ok(())
    }

    /// The text of the value at `path`, which is read as `set` reads it; `None`
    /// unless exactly one fits.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&str> {
        let reading = syntax::read(&self.text);
        let keys = path::keys(path).ok()?;
        match find(&reading.tree.root, &keys).as_slice() {
            [one] => self.text.get(one.node.span.clone()),
            _ => None,
        }
    }

    /// The text read; `set` changes only one without faults.
    fn readable(&self) -> Result<syntax::Reading, SetError> {
        let reading = syntax::read(&self.text);
        if reading.faults.is_empty() {
            Ok(reading)
        } else {
            Err(SetError::Unreadable(self.faults(reading.faults)))
        }
    }

    /// The text with a splice in it, if that is still TOML of the same shape.
    fn spliced(&self, splice: &Splice) -> Option<String> {
        // A whole table with a header is more than one place of the text.
        let out = &self.text[splice.out.clone()];
        let is_new = splice.out.is_empty();
        let mut text = self.text.clone();
        text.replace_range(splice.out.clone(), &splice.put);
        let reading = syntax::read(&text);
        let value_at = splice.out.start + splice.value_at;
        let arrived = reading.tree.root.any(&|node| node.span.start == value_at);
        let is_value = is_new || DeValue::parse(out).is_ok();
        (reading.faults.is_empty() && arrived && is_value && text.len() <= LONGEST).then_some(text)
    }

    /// A new last key, in the only table that takes it.
    fn new_entry<T: DeserializeOwned>(
        &self,
        root: &Node,
        path: &str,
        keys: &[String],
        toml: &str,
    ) -> Result<Splice, SetError> {
        let Some((last, parents)) = keys.split_last() else {
            return Err(SetError::Path { path: path.to_owned() });
        };
        let tables = tables_of(find(root, parents));
        if tables.is_empty() {
            return Err(nowhere(root, path, keys));
        }
        let within: Vec<Place<'_>> = if parents.is_empty() {
            Vec::new()
        } else {
            tables.iter().flat_map(Place::tables).collect()
        };
        let mut names = Vec::new();
        for (tier, is_named) in [(&tables, true), (&within, false)] {
            let mut clean = Vec::new();
            let mut taken = Vec::new();
            for place in tier {
                let Some(splice) = insertion(&self.text, place.node, last, toml) else {
                    continue;
                };
                // A table that takes whatever comes is meant only where it is named.
                if !is_named && self.takes_any::<T>(place, toml) {
                    continue;
                }
                match self.takes::<T>(&splice) {
                    Taken::Clean => clean.push((place.clone(), splice)),
                    Taken::Faulty => taken.push((place.clone(), splice)),
                    Taken::Stranger(known) => {
                        let prefix = place.path[tables[0].path.len().min(place.path.len())..]
                            .trim_start_matches('.');
                        let dot = if prefix.is_empty() { "" } else { "." };
                        names.extend(known.iter().map(|name| format!("{prefix}{dot}{name}")));
                    }
                    Taken::Not => {}
                }
            }
            let mut fit = if clean.is_empty() { taken } else { clean };
            match fit.len() {
                0 => {}
                1 => return Ok(fit.remove(0).1),
                _ => {
                    let name = |(place, _): &(Place<'_>, Splice)| place.at(last).path;
                    let candidates = fit.iter().map(name).collect();
                    let path = path.to_owned();
                    return Err(SetError::Ambiguous { path, candidates });
                }
            }
        }
        names.sort();
        names.dedup();
        Err(SetError::Nowhere {
            path: path.to_owned(),
            key: last.clone(),
            within: parents.join("."),
            names,
        })
    }

    /// Whether a table takes a key that no model knows.
    fn takes_any<T: DeserializeOwned>(&self, place: &Place<'_>, toml: &str) -> bool {
        let splice = insertion(&self.text, place.node, NO_KEY, toml);
        splice.is_some_and(|splice| !matches!(self.takes::<T>(&splice), Taken::Stranger(_)))
    }

    /// Whether the model knows the key of a new entry, and takes its value.
    fn takes<T: DeserializeOwned>(&self, splice: &Splice) -> Taken {
        let Some(text) = self.spliced(splice) else {
            return Taken::Not;
        };
        let read = recover::recover::<T>(&text, &syntax::read(&text));
        let key = splice.out.start + splice.key_at;
        let end = splice.out.start + splice.put.len();
        if let Some(known) = read.strangers.get(&key) {
            return Taken::Stranger(known);
        }
        let own = |at: &Range<usize>| key <= at.start && at.end <= end;
        if read.faults.iter().any(|fault| own(&fault.at)) { Taken::Faulty } else { Taken::Clean }
    }
}

/// What a model makes of a new entry.
enum Taken {
    Clean,
    /// It knows the key and refuses the value.
    Faulty,
    /// It does not know the key; these it knows.
    Stranger(&'static [&'static str]),
    Not,
}

fn ambiguous(path: &str, places: &[Place<'_>]) -> SetError {
    SetError::Ambiguous {
        path: path.to_owned(),
        candidates: places.iter().map(|place| place.path.clone()).collect(),
    }
}

/// The tables at these places; an array stands for its elements.
fn tables_of(places: Vec<Place<'_>>) -> Vec<Place<'_>> {
    let mut tables = Vec::new();
    for place in places {
        match &place.node.kind {
            Kind::Table(_) => tables.push(place),
            Kind::List(items) => {
                let elements = items.iter().map(|item| place.inner(&label(items, item), item));
                tables.extend(elements.filter(|place| matches!(place.node.kind, Kind::Table(_))));
            }
            _ => {}
        }
    }
    tables
}

/// The first key of a path that fits nothing, with what could have been there.
fn nowhere(root: &Node, path: &str, keys: &[String]) -> SetError {
    let fits = |count: &usize| !find(root, &keys[..*count]).is_empty();
    let count = (0..keys.len()).rev().find(fits).unwrap_or(0);
    let mut names: Vec<String> =
        find(root, &keys[..count]).iter().flat_map(|place| fitting(place.node)).collect();
    names.sort();
    names.dedup();
    SetError::Nowhere {
        path: path.to_owned(),
        key: keys[count].clone(),
        within: keys[..count].join("."),
        names,
    }
}

/// How a new entry is written into a table: in its braces, or below its last line.
fn insertion(text: &str, table: &Node, key: &str, value: &str) -> Option<Splice> {
    let key = path::written(key);
    let splice = |at: usize, before: &str, after: &str| Splice {
        out: at..at,
        put: format!("{before}{key} = {value}{after}"),
        key_at: before.len(),
        value_at: before.len() + key.len() + 3,
    };
    let end_of_line = |at: usize| {
        let line = syntax::line_at(text, at);
        line.start + text[line].trim_end_matches(['\n', '\r']).len()
    };
    let opens = |with: char| text[table.span.clone()].starts_with(with);
    let end_of = |node: &Node| {
        let mut end = 0;
        node.walk(&mut |part| end = end.max(part.span.end));
        end
    };
    if table.id != 0 && opens('{') {
        let last = table.entries().iter().map(|entry| end_of(&entry.value)).max();
        return Some(match last {
            Some(end) => splice(end, ", ", ""),
            None => splice(table.span.start + 1, " ", " "),
        });
    }
    let on_line = |node: &Node| match &node.kind {
        Kind::Table(_) => text[node.span.clone()].starts_with('{'),
        // An array of tables begins where its first table's header does.
        Kind::List(items) => items.first().is_none_or(|item| item.span.start > node.span.start),
        _ => true,
    };
    let own = table.entries().iter().filter(|entry| on_line(&entry.value));
    if let Some(last) = own.max_by_key(|entry| entry.value.span.end) {
        // A sibling's dotted head and indent serve for the new one.
        let head = &text[syntax::line_at(text, last.at.start).start..last.at.start];
        let at = end_of_line(last.value.span.end);
        return Some(splice(at, &format!("\n{head}"), ""));
    }
    match table.id {
        0 => Some(splice(0, "", "\n")),
        _ if opens('[') => Some(splice(end_of_line(table.span.end), "\n", "")),
        _ => None,
    }
}
