//! From text to a tree, also where the text is not quite TOML.
//!
//! `toml` reads on after an error, and well within one line. What spills over
//! several lines (a list that is never closed) is blanked, newlines kept, so
//! that every offset stays right, and the text is read again.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, Error};

use super::MOST;
use super::tree::{Kind, Node, Tree};
use super::writing;
use crate::scenario::fault::{Fault, boundary};

/// Bytes to read again and again, at most; then what was found has to do.
const WORK: usize = 64 << 20;

/// Entries to blank, at most.
const BLANKED: usize = 100;

/// A text as a tree, with what was wrong with its writing.
pub(super) struct Reading {
    pub(super) tree: Tree,
    pub(super) faults: Vec<Fault>,
    /// The words on lines that could not be read: what is missing may be there.
    pub(super) lost: BTreeSet<String>,
    /// The bytes of the lines that have a fault of writing.
    broken: Vec<Range<usize>>,
}

impl Reading {
    /// Whether the byte lies on a line that has a fault of writing already.
    pub(super) fn is_broken(&self, at: usize) -> bool {
        self.broken.iter().any(|lines| lines.contains(&at))
    }
}

/// Reads a text whole, whatever is wrong with it.
pub(super) fn read(text: &str) -> Reading {
    let mut blanked = text.to_owned();
    let mut reading = Reading {
        tree: Tree::new(&DeTable::new()),
        faults: Vec::new(),
        lost: BTreeSet::new(),
        broken: Vec::new(),
    };
    let mut work = 0;
    for round in 0.. {
        let (table, mut errors) = DeTable::parse_recoverable(&blanked);
        work += text.len();
        reading.tree = Tree::new(table.get_ref());
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let spilt = errors.iter().find(|error| spills(&blanked, error));
        let Some(spilt) = spilt.filter(|_| round < BLANKED && work < WORK) else {
            reading.settle(text, &errors);
            return reading;
        };
        let at = spilt.span().map_or(0, |span| span.start);
        let entry = entry_of(&blanked, at, &mut work);
        reading.faults.push(fault_of(text, &entry, spilt, &errors));
        reading.lose(text, entry.clone());
        let spaces = |c: char| {
            if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) }
        };
        let blank: String = blanked[entry.clone()].chars().map(spaces).collect();
        blanked.replace_range(entry, &blank);
    }
    reading
}

impl Reading {
    /// Takes the errors that stay within their line, one a line.
    fn settle(&mut self, text: &str, errors: &[Error]) {
        for error in errors {
            if self.faults.len() >= MOST {
                return;
            }
            let at = error.span().unwrap_or(0..0);
            if is_duplicate(error) {
                let first = first_of(&self.tree.root, &text[at.clone()], at.start);
                self.faults.push(writing::duplicate(text, &at, first));
            } else if !self.is_broken(at.start) {
                self.faults.push(writing::syntax(text, &at, error.message()));
                let line = line_at(text, at.start);
                stand_in(&mut self.tree.root, &at);
                self.lose(text, line);
            }
        }
    }

    fn lose(&mut self, text: &str, lines: Range<usize>) {
        let is_bare = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let words = text[lines.clone()].split(|c| !is_bare(c));
        self.lost.extend(words.map(str::to_owned));
        // Errors at the very end of a text lie behind its last line.
        let end = lines.end + usize::from(lines.end == text.len());
        self.broken.push(lines.start..end);
    }
}

/// Two values for one key leave the tree as good as it was.
fn is_duplicate(error: &Error) -> bool {
    error.message().starts_with("duplicate key")
}

/// Whether something is opened and never closed, in `toml`'s words.
fn is_unclosed(error: &Error) -> bool {
    let said = error.message();
    said.starts_with("unclosed array,")
        || said.starts_with("unclosed inline table")
        || said.starts_with("invalid multi-line")
}

/// The one fault to tell of an entry that spills: the first within it, or that it
/// is never closed.
fn fault_of(text: &str, entry: &Range<usize>, spilt: &Error, errors: &[Error]) -> Fault {
    let within = |error: &&Error| {
        let at = error.span().unwrap_or(0..0).start;
        entry.contains(&at) && !is_unclosed(error) && !is_duplicate(error)
    };
    match errors.iter().find(within) {
        Some(error) => writing::syntax(text, &error.span().unwrap_or(0..0), error.message()),
        None => writing::unclosed(text, entry).unwrap_or_else(|| {
            writing::syntax(text, &spilt.span().unwrap_or(0..0), spilt.message())
        }),
    }
}

/// Whether an error is more than its own line's: that line alone has another one, or none.
fn spills(text: &str, error: &Error) -> bool {
    if is_duplicate(error) || error.message().starts_with("cannot extend") {
        return false;
    }
    let Some(at) = error.span() else {
        return false;
    };
    let line = line_at(text, at.start);
    let is_header = text[line.clone()].trim_start().starts_with('[');
    let is_last = text[line.end..].trim().is_empty();
    if !is_last && (is_unclosed(error) || is_header) {
        return true;
    }
    let (_, alone) = DeTable::parse_recoverable(&text[line.clone()]);
    !alone.iter().any(|other| {
        let same = other.span().map(|span| span.start + line.start) == Some(at.start);
        same && other.message() == error.message()
    })
}

/// The lines of the entry that holds the byte `at`: from the last line before
/// which all can be read, to the next that looks like an entry or a header.
fn entry_of(text: &str, at: usize, work: &mut usize) -> Range<usize> {
    let here = line_at(text, at);
    let mut start = here.start;
    while *work < WORK {
        *work += start;
        let (_, errors) = DeTable::parse_recoverable(&text[..start]);
        if start == 0 || !errors.iter().any(|error| spills_before(error, text)) {
            break;
        }
        start = line_at(text, start - 1).start;
    }
    let mut end =
        if start < here.start && starts_entry(&text[here.clone()]) { here.start } else { here.end };
    // What follows a header that cannot be read would go to the table above it.
    let is_header = text[start..].trim_start().starts_with('[');
    let is_end = if is_header { starts_header } else { starts_entry };
    while end < text.len() {
        let next = line_at(text, end);
        if is_end(&text[next.clone()]) {
            break;
        }
        end = next.end;
    }
    start..end
}

/// Whether a text cut off here has an error that comes of the cut.
fn spills_before(error: &Error, text: &str) -> bool {
    !is_duplicate(error) && spills(text, error)
}

/// Whether a line reads like `key = value`, `[table]` or nothing at all.
fn starts_entry(line: &str) -> bool {
    let is_key = |c: char| c.is_alphanumeric() || "-_.\"' ".contains(c);
    let key = line.split_once('=').map(|(key, _)| key.trim());
    let is_entry = key.is_some_and(|key| !key.is_empty() && key.chars().all(is_key));
    line.trim().is_empty() || (is_entry && !line.trim().ends_with(',')) || starts_header(line)
}

/// Whether a line reads like `[table]` or `[[table]]` and not like a list within a list.
fn starts_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or("").trim();
    let name = line.trim_start_matches('[').trim_end_matches(']');
    line.starts_with('[') && line.ends_with(']') && name.starts_with(char::is_alphabetic)
}

/// The line around a byte, with its newline.
pub(super) fn line_at(text: &str, at: usize) -> Range<usize> {
    let at = boundary(text, at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1);
    start..end
}

/// Puts a stand-in for the smallest value around an error.
fn stand_in(node: &mut Node, at: &Range<usize>) {
    let holds = |node: &Node| node.span.start <= at.start && at.end <= node.span.end;
    let within: &mut dyn Iterator<Item = &mut Node> = match &mut node.kind {
        Kind::List(items) => &mut items.iter_mut(),
        Kind::Table(entries) => &mut entries.iter_mut().map(|entry| &mut entry.value),
        _ => &mut std::iter::empty(),
    };
    // A header's bytes are not its table's, so tables are searched in any case.
    for child in within {
        let whole = matches!(child.kind, Kind::Table(_) | Kind::List(_));
        let inner = child.any(&|part| part.id != child.id && holds(part));
        if holds(child) && !inner {
            child.kind = Kind::StandIn;
            child.made = Some(0);
        } else if whole {
            stand_in(child, at);
        }
    }
}

/// Where a key was given before `at`, the nearest.
fn first_of(root: &Node, key: &str, at: usize) -> Option<usize> {
    let key = key.trim_matches(['"', '\'']);
    let mut first = None;
    root.walk(&mut |node| {
        let same = node.entries().iter().filter(|entry| entry.key == key);
        let before = same.map(|entry| entry.at.start).filter(|start| *start < at);
        first = first.max(before.max());
    });
    first
}
