//! Attributes and scopes: whom an attempt is made for, and whose state it meets.
//!
//! An attempt carries interned attributes of any names (app, token, ip, auth).
//! A scope is a tuple of them; its key is mapped to a dense slot here, once, at
//! set-up, so that nothing on the hot path hashes or compares names.

mod slots;
mod texts;

pub use slots::SlotMap;

use crate::limiter::Slot;
use texts::Texts;
pub(crate) use texts::{UNKNOWN, hash_of};

/// The index of an attribute's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AttributeId(pub u8);

/// The value of an attribute, interned; equal numbers are equal values.
pub type AttributeValue = u32;

/// Who makes an attempt: the index of a row of attribute values.
pub type Principal = u32;

/// All principals of a scenario: a row of attribute values each.
#[derive(Clone, Debug, Default)]
pub struct Principals {
    names: Vec<String>,
    texts: Texts,
    /// The value of each text, by its number: they rise.
    values: Vec<AttributeValue>,
    next_value: AttributeValue,
    count: Principal,
    rows: Vec<Option<AttributeValue>>,
}

impl Principals {
    /// Principals over these attribute names.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Principals { names, ..Principals::default() }
    }

    /// The names of the attributes.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<AttributeId> {
        let index = self.names.iter().position(|n| n == name)?;
        u8::try_from(index).ok().map(AttributeId)
    }

    /// The value that a text stands for; the same text is the same value.
    pub fn value_of(&mut self, text: &str) -> AttributeValue {
        self.intern(text).expect("a model names less than 4 GiB")
    }

    /// The same; `None` where there are too many texts.
    pub fn intern(&mut self, text: &str) -> Option<AttributeValue> {
        let number = self.texts.number(text)? as usize;
        if number == self.values.len() {
            let value = self.fresh();
            self.values.push(value);
        }
        Some(self.values[number])
    }

    /// The value of a text that has one already; bytes that are no text have none.
    #[must_use]
    pub fn known(&self, text: &[u8]) -> Option<AttributeValue> {
        self.texts.find(text).map(|number| self.values[number as usize])
    }

    /// The same for many texts, `UNKNOWN` where one has none.
    pub(crate) fn known_all(&self, texts: &[&[u8]], values: &mut Vec<AttributeValue>) {
        self.texts.find_all(texts, values);
        for value in values.iter_mut().filter(|value| **value != UNKNOWN) {
            *value = self.values[*value as usize];
        }
    }

    /// The text that a value stands for; `None` where it stands for none.
    #[must_use]
    pub fn text(&self, value: AttributeValue) -> Option<&str> {
        // Where nothing but texts has values, a value is its text's number.
        let number = match self.values.get(value as usize) {
            Some(same) if *same == value => value as usize,
            _ => self.values.binary_search(&value).ok()?,
        };
        self.texts.text(u32::try_from(number).ok()?)
    }

    /// A value that nothing else has.
    pub fn fresh(&mut self) -> AttributeValue {
        self.next_value += 1;
        self.next_value - 1
    }

    /// Adds a principal; `row` has a value or none for each name, in order.
    pub fn push(&mut self, row: &[Option<AttributeValue>]) -> Principal {
        assert_eq!(row.len(), self.names.len(), "a row has a place for every attribute");
        self.rows.extend_from_slice(row);
        self.count += 1;
        self.count - 1
    }

    /// How many principals there are.
    #[must_use]
    pub fn len(&self) -> Principal {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a principal, in the order of the names.
    #[must_use]
    pub fn row(&self, principal: Principal) -> &[Option<AttributeValue>] {
        let start = principal as usize * self.names.len();
        &self.rows[start..start + self.names.len()]
    }

    /// The value of an attribute of a principal.
    #[must_use]
    pub fn value(&self, principal: Principal, attribute: AttributeId) -> Option<AttributeValue> {
        self.rows[principal as usize * self.names.len() + usize::from(attribute.0)]
    }
}

/// What happens to an attempt that lacks an attribute of a scope.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Missing {
    /// The scope does not apply to it.
    #[default]
    Skip,
    /// All such attempts share a state.
    Shared,
    /// It is refused.
    Reject,
}

/// A condition on an attribute: that it has this value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition {
    /// The attribute.
    pub attribute: AttributeId,
    /// The value that it must have.
    pub value: AttributeValue,
}

/// Whose state: a tuple of attributes, and whether each endpoint has its own.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The attributes of the key.
    pub attributes: Vec<AttributeId>,
    /// Whether the endpoint is part of the key.
    pub by_endpoint: bool,
    /// Which principals it applies to; all of the conditions must hold.
    pub when: Vec<Condition>,
    /// What becomes of a principal without one of the attributes.
    pub missing: Missing,
}

/// What a scope holds for one principal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The state at this slot.
    At(Slot),
    /// The scope does not apply.
    Skip,
    /// The attempt is refused for want of an attribute.
    Refuse,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_tokens_one_without() -> (Principals, AttributeId, AttributeId) {
        let mut principals = Principals::new(vec!["app".into(), "token".into()]);
        let app = principals.value_of("app");
        for _ in 0..2 {
            let token = principals.fresh();
            principals.push(&[Some(app), Some(token)]);
        }
        principals.push(&[Some(app), None]);
        (principals, AttributeId(0), AttributeId(1))
    }

    #[test]
    fn a_shared_attribute_is_one_slot_and_each_own_is_many() {
        let (principals, app, token) = two_tokens_one_without();
        let of = |attribute| Scope { attributes: vec![attribute], ..Scope::default() };
        let apps = SlotMap::build(&of(app), &principals, 3);
        let tokens = SlotMap::build(&of(token), &principals, 3);
        assert_eq!((apps.len(), tokens.len()), (1, 2));
        assert_eq!(tokens.place(1, 0), Place::At(1));
        assert_eq!(tokens.place(2, 0), Place::Skip);
    }

    #[test]
    fn the_missing_key_rule_is_obeyed() {
        let (principals, _, token) = two_tokens_one_without();
        let scope = |missing| Scope { attributes: vec![token], missing, ..Scope::default() };
        let refused = SlotMap::build(&scope(Missing::Reject), &principals, 1);
        assert_eq!(refused.place(2, 0), Place::Refuse);
        let shared = SlotMap::build(&scope(Missing::Shared), &principals, 1);
        assert_eq!(shared.place(2, 0), Place::At(2));
    }

    #[test]
    fn a_condition_and_an_endpoint_narrow_the_scope() {
        let (principals, app, token) = two_tokens_one_without();
        let value = principals.value(1, token).unwrap();
        let scope = Scope {
            attributes: vec![app],
            by_endpoint: true,
            when: vec![Condition { attribute: token, value }],
            missing: Missing::Skip,
        };
        let map = SlotMap::build(&scope, &principals, 3);
        assert_eq!(map.len(), 3);
        assert_eq!(map.place(0, 2), Place::Skip);
        assert_eq!(map.place(1, 2), Place::At(2));
    }
}
