//! Reading a tree as a model in rounds, so that one fault does not hide another.
//!
//! Each round reads until something is wrong, notes it and puts a stand-in in its
//! place. A stand-in becomes whatever the model asks for there; where none will
//! do, the entry is taken out, and what misses it is taken out too, silently.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::MOST;
use super::decode::Decoder;
use super::stop::{Place, Shape, Stop, Why};
use super::syntax::Reading;
use super::tree::{Entry, Kind, Node, Tree};
use super::wording;
use crate::scenario::fault::Fault;
use crate::scenario::nearest::nearest;

/// Rounds that mend without a new fault between them, at most.
const PATIENCE: usize = 500;

/// Plain text first: only what refuses it gets a time span or a rate.
const TEXTS: [&str; 3] = ["...", "1s", "1/s"];

/// How many stand-ins are tried before an entry is taken out.
const TRIES: usize = 4;

/// What came of reading a tree.
pub(super) struct Recovered<T> {
    pub(super) value: Option<T>,
    pub(super) faults: Vec<Fault>,
    pub(super) tree: Tree,
    /// The tables of which something was wrong, missing or not understood, by id.
    pub(super) doubtful: BTreeSet<usize>,
    /// The keys that no field has, by their first byte, with the names known there.
    pub(super) strangers: BTreeMap<usize, &'static [&'static str]>,
}

/// A fault whose advice waits for what the stand-in turns out to be.
struct Noted {
    fault: Fault,
    id: usize,
    why: Why,
}

struct Rounds<'r> {
    text: &'r str,
    reading: &'r Reading,
    tree: Tree,
    noted: Vec<Noted>,
    /// Keys already told as unknown, by the id of their value.
    unknown: BTreeMap<usize, &'static [&'static str]>,
}

/// Reads what `reading` holds of `text` as a `T`, and finds all that is wrong with it.
pub(super) fn recover<T: DeserializeOwned>(text: &str, reading: &Reading) -> Recovered<T> {
    let mut rounds = Rounds {
        text,
        tree: reading.tree.clone(),
        reading,
        noted: Vec::new(),
        unknown: BTreeMap::new(),
    };
    let mut value = None;
    let mut idle = 0;
    while idle < PATIENCE && rounds.noted.len() < MOST {
        let before = rounds.noted.len();
        let unknown = RefCell::new(BTreeMap::new());
        let decoder = Decoder { node: &rounds.tree.root, unknown: &unknown };
        let result = T::deserialize(decoder);
        rounds.note_unknown(unknown.into_inner());
        match result {
            Ok(built) => {
                value = Some(built);
                break;
            }
            Err(stop) => {
                if !rounds.mend(stop) {
                    break;
                }
            }
        }
        idle = if rounds.noted.len() > before { 0 } else { idle + 1 };
    }
    rounds.finish(value)
}

impl Rounds<'_> {
    fn note_unknown(&mut self, unknown: BTreeMap<usize, &'static [&'static str]>) {
        for (id, known) in unknown {
            if self.unknown.insert(id, known).is_some() {
                continue;
            }
            let entry = self.tree.entry(id).expect("it was just read");
            if entry.value.made.is_none() {
                let fault = wording::unknown(entry, known);
                self.note(fault, id, Why::Known);
            }
        }
    }

    /// Changes the tree so that the next round gets further; `false` when nothing is left.
    fn mend(&mut self, stop: Stop) -> bool {
        let (id, at_key) = match stop.place {
            Place::Value(id) => (id, false),
            Place::Key(id) => (id, true),
            Place::Unsaid => (0, false),
        };
        let node = self.tree.get(id).expect("only nodes of the tree stop");
        let is_table = matches!(node.kind, Kind::Table(_));
        match stop.why {
            Why::Become(shape) => {
                self.become_(id, shape);
                true
            }
            Why::Missing(field) if is_table => self.missing(id, field),
            why if at_key => {
                let entry = self.tree.entry(id).expect("a key has an entry");
                let fault = wording::key(entry, &why);
                self.note(fault, id, why);
                self.tree.remove(id)
            }
            why if node.made.is_none() => self.refused(id, why),
            _ => self.fail(id),
        }
    }

    /// A value that somebody wrote is wrong: tells it and puts a stand-in in its place.
    fn refused(&mut self, id: usize, why: Why) -> bool {
        let node = self.tree.get(id).expect("only nodes of the tree stop");
        let follows = matches!(why, Why::Said(_)) && self.is_doubtful(node);
        let several = several(node, &why);
        if !follows && !matches!(why, Why::Known) {
            let fault = wording::value(node, self.tree.entry(id), &why, self.text);
            self.note(fault, id, why);
        }
        if id == 0 {
            return false;
        }
        if several.is_empty() {
            let node = self.tree.get_mut(id).expect("it was there above");
            node.made = Some(0);
            node.kind = Kind::StandIn;
        }
        for id in several {
            self.tree.remove(id);
        }
        true
    }

    fn note(&mut self, fault: Fault, id: usize, why: Why) {
        // A whole file's own faults stand at byte 0, whatever is wrong with its first line.
        if fault.at.is_empty() || !self.reading.is_broken(fault.at.start) {
            self.noted.push(Noted { fault, id, why });
        }
    }

    /// A field is missing: tells it, unless an earlier fault is the reason.
    fn missing(&mut self, id: usize, field: &'static str) -> bool {
        let node = self.tree.get(id).expect("only nodes of the tree stop");
        if node.cut.iter().any(|key| key == field) {
            return self.fail(id);
        }
        if node.entries().iter().any(|entry| entry.key == field) {
            // A stand-in is refused as if it were not there: a reader of its own.
            return self.fail(id);
        }
        let misspelt = node.entries().iter().any(|entry| {
            let known = self.unknown.get(&entry.value.id);
            known.is_some_and(|known| {
                nearest(&entry.key, known.iter().copied()).first() == Some(&field)
            })
        });
        let told = misspelt || node.made.is_some() || self.reading.lost.contains(field);
        let span = node.span.clone();
        let value = self.tree.make(Kind::StandIn, span.clone());
        if !told {
            let fault = Fault::new(span.clone(), format!("missing field `{field}`"));
            self.note(fault, value.id, Why::Missing(field));
        }
        let node = self.tree.get_mut(id).expect("it was there above");
        if let Kind::Table(entries) = &mut node.kind {
            entries.push(Entry { key: field.to_owned(), at: span, value });
        }
        true
    }

    /// Gives a stand-in the shape that was asked for.
    fn become_(&mut self, id: usize, shape: Shape) {
        let node = self.tree.get(id).expect("only nodes of the tree stop");
        let (tries, span) = (node.made.unwrap_or(0), node.span.clone());
        let kind = match shape {
            Shape::Flag => Kind::Flag(tries == 0),
            Shape::Whole => Kind::Whole([1, 2, 0, 100][tries]),
            Shape::Fraction => Kind::Fraction([0.5, 1.0, 2.0, 0.0][tries]),
            Shape::Text => Kind::Text(TEXTS[tries.min(TEXTS.len() - 1)].to_owned()),
            Shape::List(length) => {
                let make = |_| self.tree.make(Kind::StandIn, span.clone());
                Kind::List((0..length.min(16)).map(make).collect())
            }
            Shape::Table => Kind::Table(Vec::new()),
            Shape::Variant([]) => Kind::Text(String::new()),
            // First each by its name alone, then as a table with its settings.
            Shape::Variant(variants) if tries % 2 == 0 => {
                Kind::Text(variants[tries / 2 % variants.len()].to_owned())
            }
            Shape::Variant(variants) => Kind::Table(vec![Entry {
                key: variants[tries / 2 % variants.len()].to_owned(),
                at: span.clone(),
                value: self.tree.make(Kind::StandIn, span.clone()),
            }]),
            Shape::Any => [Kind::Whole(1), Kind::Text(TEXTS[0].to_owned())]
                .into_iter()
                .nth(tries)
                .unwrap_or(Kind::Table(Vec::new())),
        };
        let node = self.tree.get_mut(id).expect("it was there above");
        node.kind = kind;
    }

    /// The next stand-in, or out with the entry when all were tried.
    fn fail(&mut self, id: usize) -> bool {
        let node = self.tree.get_mut(id).expect("only nodes of the tree stop");
        match node.made {
            Some(tries) if tries + 1 < TRIES => {
                node.made = Some(tries + 1);
                node.kind = Kind::StandIn;
                node.cut.clear();
                true
            }
            _ => self.tree.remove(id),
        }
    }

    /// Whether something within was changed or not understood, so that what the
    /// model says of the whole may only follow from that.
    fn is_doubtful(&self, node: &Node) -> bool {
        node.any(&|part| {
            part.made.is_some() || !part.cut.is_empty() || self.unknown.contains_key(&part.id)
        })
    }

    fn finish<T>(self, value: Option<T>) -> Recovered<T> {
        let mut doubtful = BTreeSet::new();
        let mut strangers = BTreeMap::new();
        self.tree.root.walk(&mut |node| {
            let wrong = |part: &Node| part.made.is_some() || self.unknown.contains_key(&part.id);
            let torn = node.children().any(|child| {
                // The order of the text: a broken line belongs to the table above it.
                self.reading.is_broken(child.span.start)
            });
            if !node.cut.is_empty() || torn || node.children().any(wrong) {
                doubtful.insert(node.id);
            }
            for entry in node.entries() {
                if let Some(known) = self.unknown.get(&entry.value.id) {
                    strangers.insert(entry.at.start, *known);
                }
            }
        });
        let (tree, text) = (self.tree, self.text);
        let advised = |mut noted: Noted| {
            let stand_in = tree.get(noted.id);
            let key = tree.entry(noted.id).map(|entry| entry.key.as_str());
            let wrote = text.get(noted.fault.at.clone()).unwrap_or("");
            let advice = wording::advice(&noted.why, wrote, key, stand_in);
            noted.fault.help = noted.fault.help.or(advice);
            noted.fault
        };
        let faults = self.noted.into_iter().map(advised).collect();
        Recovered { value, faults, tree, doubtful, strangers }
    }
}

/// All but the first of several variants where one belongs: the first is still read.
fn several(node: &Node, why: &Why) -> Vec<usize> {
    let Why::OneOf(variants) = why else {
        return Vec::new();
    };
    let known = |entry: &&Entry| variants.contains(&entry.key.as_str());
    let given = node.entries().iter().filter(known);
    given.skip(1).map(|entry| entry.value.id).collect()
}
