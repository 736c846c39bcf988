//! Taking a value out of a text, as far as the text can do without it.

use std::ops::Range;

use serde::de::DeserializeOwned;

use super::path::{self, Place, find};
use super::{Asker, Document, SetError, Setting, ambiguous};
use crate::scenario::document::syntax::line_at;
use crate::scenario::document::tree::{Entry, Kind, Node};

impl Document {
    /// Takes out what is at `path`; what is not there need not be taken out.
    ///
    /// Where `T` cannot do without it, the table around it goes too: without a
    /// total, a deadline is none. `value` is the word that was written for none.
    pub fn unset<T: DeserializeOwned>(
        &mut self,
        asker: &Asker,
        path: &str,
        value: &str,
    ) -> Result<(), SetError> {
        let reading = self.readable()?;
        let root = &reading.tree.root;
        let keys = path::keys(path)?;
        let places = find(root, &keys);
        let place = match places.as_slice() {
            [] => return Ok(()),
            [one] => one,
            several => return Err(ambiguous(path, several)),
        };
        let before = self.parse::<T>().faults().len();
        let mut first = None;
        for id in around(root, place) {
            let Some(out) = extent(&self.text, root, id) else { continue };
            let mut without = self.clone();
            without.text.replace_range(out.clone(), "");
            without.settings.push(Setting {
                asker: asker.clone(),
                path: path.to_owned(),
                value: value.to_owned(),
                new: out.start..out.start,
                old: out.len(),
                value_at: 0,
                verbatim: false,
            });
            if without.parse::<T>().faults().len() <= before {
                *self = without;
                return Ok(());
            }
            first = first.or(Some(without));
        }
        // What is wrong without it is told by the parse.
        *self = first.ok_or_else(|| SetError::Refused { path: path.to_owned() })?;
        Ok(())
    }
}

/// The nodes that hold a place: itself, then each table further out.
pub(super) fn around(root: &Node, place: &Place<'_>) -> Vec<usize> {
    fn down(node: &Node, wanted: usize, trail: &mut Vec<usize>) -> bool {
        trail.push(node.id);
        let children: Vec<&Node> = match &node.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Table(entries) => entries.iter().map(|entry| &entry.value).collect(),
            _ => vec![],
        };
        if node.id == wanted || children.into_iter().any(|child| down(child, wanted, trail)) {
            return true;
        }
        trail.pop();
        false
    }
    let mut trail = vec![];
    down(root, place.node.id, &mut trail);
    trail.into_iter().skip(1).rev().collect()
}

/// The bytes of an entry with its key, and with the comma or the lines that are its.
pub(super) fn extent(text: &str, root: &Node, id: usize) -> Option<Range<usize>> {
    let (table, entry) = holder(root, id)?;
    let end = |entry: &Entry| {
        let mut end = entry.at.end;
        entry.value.walk(&mut |part| end = end.max(part.span.end));
        end
    };
    if table.id != 0 && text[table.span.clone()].starts_with('{') {
        let at = |entry: &&Entry| entry.at.start;
        let before = table.entries().iter().filter(|e| e.at.start < entry.at.start).max_by_key(at);
        let after = table.entries().iter().filter(|e| e.at.start > entry.at.start).min_by_key(at);
        return Some(match (before, after) {
            (Some(before), _) => end(before)..end(entry),
            (None, Some(after)) => entry.at.start..after.at.start,
            (None, None) => entry.at.start..end(entry),
        });
    }
    if text[entry.value.span.clone()].starts_with('[') && matches!(entry.value.kind, Kind::Table(_))
    {
        // A table with a header goes up to the next one.
        let start = line_at(text, entry.value.span.start).start;
        let mut end = line_at(text, start).end;
        while end < text.len() && !text[end..].starts_with('[') {
            end = line_at(text, end).end;
        }
        return Some(start..end);
    }
    Some(line_at(text, entry.at.start).start..line_at(text, end(entry)).end)
}

/// The table and the entry of a value.
fn holder(node: &Node, id: usize) -> Option<(&Node, &Entry)> {
    if let Some(entry) = node.entries().iter().find(|entry| entry.value.id == id) {
        return Some((node, entry));
    }
    match &node.kind {
        Kind::List(items) => items.iter().find_map(|item| holder(item, id)),
        Kind::Table(entries) => entries.iter().find_map(|entry| holder(&entry.value, id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Model {
        attempts: Option<u32>,
        wait: Option<Wait>,
        deadline: Option<Deadline>,
        last: Option<Deadline>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Wait {
        base: Option<String>,
        cap: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Deadline {
        total: String,
        exceed: Option<String>,
    }

    const TEXT: &str = "# why\nattempts = 3   # three\nwait = { base = '1s', cap = '9s' }\n\n\
        [deadline]\n# long\ntotal = '2min'\nexceed = 'clip'\n\n[last]\ntotal = '1s'\n";

    fn without(path: &str) -> String {
        let mut document = Document::new("x.toml", TEXT).unwrap();
        let asker = Asker { place: "x".into(), flag: String::new() };
        document.unset::<Model>(&asker, path, "None").unwrap();
        assert!(document.parse::<Model>().faults().is_empty(), "{}", document.text());
        document.text().to_owned()
    }

    #[test]
    fn a_value_goes_with_its_line_or_its_comma_and_all_else_stays() {
        for (path, gone) in [
            ("attempts", "attempts = 3   # three\n"),
            ("wait.cap", ", cap = '9s'"),
            ("wait.base", "base = '1s', "),
            ("wait", "wait = { base = '1s', cap = '9s' }\n"),
            ("deadline.exceed", "exceed = 'clip'\n"),
            // A deadline needs its total, so it goes whole.
            ("deadline.total", "[deadline]\n# long\ntotal = '2min'\nexceed = 'clip'\n\n"),
            ("last.total", "[last]\ntotal = '1s'\n"),
            ("last.exceed", ""),
        ] {
            assert_eq!(without(path), TEXT.replace(gone, ""), "{path}");
        }
    }
}
