//! The tree of a TOML text with the place of everything in it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a file may nest; no model comes near, and recursion stays shallow.
const DEPTH: usize = 128;

/// A value of the text, or one that stands in for a value that was wrong.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its number within the tree; the root is 0.
    pub(super) id: usize,
    /// Its bytes; a table's are its header, its braces or the key that implies it.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    /// How many stand-ins were tried here; `None` is a value that somebody wrote.
    pub(super) made: Option<usize>,
    /// Keys that were taken out because nothing could stand in for them.
    pub(super) cut: Vec<String>,
}

/// The kinds of values.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text(String),
    Whole(i128),
    Fraction(f64),
    Flag(bool),
    /// A bare date or time, which no model uses.
    Date,
    /// A number that no machine type holds, or tables nested too deep.
    Outsized,
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// To become whatever the model asks for here.
    StandIn,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Range<usize>,
    pub(super) value: Node,
}

/// All of a text; ids are never used twice.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) root: Node,
    next: usize,
}

impl Tree {
    /// Takes over what `toml` read; entries come in the order of the text.
    pub(super) fn new(table: &DeTable<'_>) -> Self {
        let mut next = 1;
        let kind = Kind::Table(entries(table, &mut next, 0));
        let root = Node { id: 0, span: 0..0, kind, made: None, cut: Vec::new() };
        Tree { root, next }
    }

    /// A new node of the given kind that nobody wrote.
    pub(super) fn make(&mut self, kind: Kind, span: Range<usize>) -> Node {
        self.next += 1;
        Node { id: self.next - 1, span, kind, made: Some(0), cut: Vec::new() }
    }

    /// The node with this id.
    pub(super) fn get(&self, id: usize) -> Option<&Node> {
        self.root.find(id)
    }

    /// The node with this id, to change.
    pub(super) fn get_mut(&mut self, id: usize) -> Option<&mut Node> {
        find_mut(&mut self.root, id)
    }

    /// The entry whose value has this id.
    pub(super) fn entry(&self, id: usize) -> Option<&Entry> {
        self.root.entry(id)
    }

    /// Takes a node out of its table or list; the root cannot be taken.
    pub(super) fn remove(&mut self, id: usize) -> bool {
        remove(&mut self.root, id)
    }
}

impl Node {
    /// The entries, of a table.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The nodes directly within.
    pub(super) fn children(&self) -> Box<dyn Iterator<Item = &Node> + '_> {
        match &self.kind {
            Kind::List(items) => Box::new(items.iter()),
            _ => Box::new(self.entries().iter().map(|entry| &entry.value)),
        }
    }

    /// Whether this or anything within it holds for `test`.
    pub(super) fn any(&self, test: &dyn Fn(&Node) -> bool) -> bool {
        test(self) || self.children().any(|child| child.any(test))
    }

    /// Calls `see` for this and everything within it.
    pub(super) fn walk<'t>(&'t self, see: &mut dyn FnMut(&'t Node)) {
        see(self);
        for child in self.children() {
            child.walk(see);
        }
    }

    fn find(&self, id: usize) -> Option<&Node> {
        if self.id == id {
            return Some(self);
        }
        self.children().find_map(|child| child.find(id))
    }

    fn entry(&self, id: usize) -> Option<&Entry> {
        let own = self.entries().iter().find(|entry| entry.value.id == id);
        own.or_else(|| self.children().find_map(|child| child.entry(id)))
    }
}

fn children_mut(node: &mut Node) -> Box<dyn Iterator<Item = &mut Node> + '_> {
    match &mut node.kind {
        Kind::List(items) => Box::new(items.iter_mut()),
        Kind::Table(entries) => Box::new(entries.iter_mut().map(|entry| &mut entry.value)),
        _ => Box::new(std::iter::empty()),
    }
}

fn find_mut(node: &mut Node, id: usize) -> Option<&mut Node> {
    if node.id == id {
        return Some(node);
    }
    children_mut(node).find_map(|child| find_mut(child, id))
}

fn remove(node: &mut Node, id: usize) -> bool {
    match &mut node.kind {
        Kind::List(items) => {
            if let Some(place) = items.iter().position(|item| item.id == id) {
                items.remove(place);
                node.cut.push(String::new());
                return true;
            }
        }
        Kind::Table(entries) => {
            if let Some(place) = entries.iter().position(|entry| entry.value.id == id) {
                node.cut.push(entries.remove(place).key);
                return true;
            }
        }
        _ => {}
    }
    children_mut(node).any(|child| remove(child, id))
}

fn entries(table: &DeTable<'_>, next: &mut usize, depth: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            at: key.span(),
            value: node(value, next, depth + 1),
        })
        .collect();
    entries.sort_by_key(|entry| entry.at.start);
    entries
}

fn node(value: &Spanned<DeValue<'_>>, next: &mut usize, depth: usize) -> Node {
    let id = *next;
    *next += 1;
    let kind = match value.get_ref() {
        _ if depth > DEPTH => Kind::Outsized,
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(whole) => {
            i128::from_str_radix(whole.as_str(), whole.radix()).map_or(Kind::Outsized, Kind::Whole)
        }
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            // "1e999" must not become infinite behind the writer's back.
            Ok(number) if number.is_finite() || float.as_str().contains(['n', 'N']) => {
                Kind::Fraction(number)
            }
            _ => Kind::Outsized,
        },
        DeValue::Boolean(flag) => Kind::Flag(*flag),
        DeValue::Datetime(_) => Kind::Date,
        DeValue::Array(items) => {
            Kind::List(items.iter().map(|item| node(item, next, depth + 1)).collect())
        }
        DeValue::Table(table) => Kind::Table(entries(table, next, depth)),
    };
    Node { id, span: value.span(), kind, made: None, cut: Vec::new() }
}
