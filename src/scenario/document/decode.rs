//! A serde deserializer over the tree, which tells exactly what was wrong where.
//!
//! `toml` has one of its own, whose errors are sentences; these are structures,
//! and this one knows what each field wants, so that a value can stand in for a
//! wrong one and the rest is still read.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::{IntoDeserializer, Visitor};

use super::access::{Entries, Items, Tagged, WithSpan};
use super::stop::{Place, Shape, Stop, Why};
use super::tree::{Entry, Kind, Node};

/// `toml::Spanned` asks for itself by a name with this head, and for three fields.
pub(super) const SPANNED: &str = "$__serde_spanned_private_";

/// What was noticed without stopping: the keys that no field has, by the id of
/// their value, with the names that are known there.
pub(super) type Unknown = RefCell<BTreeMap<usize, &'static [&'static str]>>;

/// Reads one node.
#[derive(Clone, Copy)]
pub(super) struct Decoder<'t> {
    pub(super) node: &'t Node,
    pub(super) unknown: &'t Unknown,
}

impl<'t> Decoder<'t> {
    pub(super) fn of(self, node: &'t Node) -> Self {
        Decoder { node, ..self }
    }

    /// An error of this node; a stand-in asks to become `shape` instead.
    pub(super) fn wants(self, shape: Shape) -> Result<(), Stop> {
        match self.node.kind {
            Kind::StandIn => Err(Stop::at(Why::Become(shape), Place::Value(self.node.id))),
            _ => Ok(()),
        }
    }

    pub(super) fn stop(self, why: Why) -> Stop {
        Stop::at(why, Place::Value(self.node.id))
    }

    pub(super) fn place<T>(self, result: Result<T, Stop>) -> Result<T, Stop> {
        result.map_err(|stop| stop.or_at(Place::Value(self.node.id)))
    }

    /// Shows the visitor whatever is here.
    fn show<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let shown = match &self.node.kind {
            Kind::Text(text) => visitor.visit_str(text),
            Kind::Whole(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (_, Ok(number)) => visitor.visit_u64(number),
                (Ok(number), _) => visitor.visit_i64(number),
                _ => visitor.visit_i128(*number),
            },
            Kind::Fraction(number) => visitor.visit_f64(*number),
            Kind::Flag(flag) => visitor.visit_bool(*flag),
            Kind::Date | Kind::Outsized => Err(self.stop(Why::Kind(visiting(&visitor)))),
            Kind::List(items) => self.items(items, visitor),
            Kind::Table(entries) => visitor.visit_map(Entries::new(self, entries.iter().collect())),
            Kind::StandIn => Err(self.stop(Why::Become(Shape::Any))),
        };
        self.place(shown)
    }

    fn items<'de, V: Visitor<'de>>(self, items: &'t [Node], visitor: V) -> Result<V::Value, Stop> {
        let mut left = Items { decoder: self, items: items.iter() };
        let value = visitor.visit_seq(&mut left)?;
        match left.items.len() {
            0 => Ok(value),
            more => Err(self.stop(Why::Length(items.len(), (items.len() - more).to_string()))),
        }
    }

    /// A table of known fields: notes all keys that are none, and reads the others.
    pub(super) fn fields<'de, V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.wants(Shape::Table)?;
        let Kind::Table(entries) = &self.node.kind else {
            return Err(self.stop(Why::Fields(fields)));
        };
        let (known, unknown): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| fields.contains(&entry.key.as_str()));
        for entry in unknown {
            self.unknown.borrow_mut().insert(entry.value.id, fields);
        }
        self.place(visitor.visit_map(Entries::new(self, known)))
    }

    /// A table with exactly one of the variants as its key.
    fn tagged<'de, V: Visitor<'de>>(
        self,
        entries: &'t [Entry],
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let (known, unknown): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| variants.contains(&entry.key.as_str()));
        for entry in &unknown {
            self.unknown.borrow_mut().insert(entry.value.id, variants);
        }
        match known.as_slice() {
            [one] => self
                .place(visitor.visit_enum(Tagged { decoder: self.of(&one.value), tag: &one.key })),
            // The unknown key is a fault already, and says what could be here.
            [] if !unknown.is_empty() => Err(self.stop(Why::Known)),
            _ => Err(self.stop(Why::OneOf(variants))),
        }
    }
}

fn visiting<'de, V: Visitor<'de>>(visitor: &V) -> String {
    let expected: &dyn serde::de::Expected = visitor;
    expected.to_string()
}

/// One method a hint: a stand-in becomes it, everything else shows what it is.
macro_rules! hints {
    ($($method:ident => $shape:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            self.wants($shape)?;
            self.show(visitor)
        }
    )*};
}

impl<'de> serde::Deserializer<'de> for Decoder<'_> {
    type Error = Stop;

    hints! {
        deserialize_any => Shape::Any;
        deserialize_bool => Shape::Flag;
        deserialize_i8 => Shape::Whole;
        deserialize_i16 => Shape::Whole;
        deserialize_i32 => Shape::Whole;
        deserialize_i64 => Shape::Whole;
        deserialize_i128 => Shape::Whole;
        deserialize_u8 => Shape::Whole;
        deserialize_u16 => Shape::Whole;
        deserialize_u32 => Shape::Whole;
        deserialize_u64 => Shape::Whole;
        deserialize_u128 => Shape::Whole;
        deserialize_f32 => Shape::Fraction;
        deserialize_f64 => Shape::Fraction;
        deserialize_char => Shape::Text;
        deserialize_str => Shape::Text;
        deserialize_string => Shape::Text;
        deserialize_identifier => Shape::Text;
        deserialize_bytes => Shape::List(1);
        deserialize_byte_buf => Shape::List(1);
        deserialize_unit => Shape::Table;
        deserialize_seq => Shape::List(1);
        deserialize_map => Shape::Table;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.place(visitor.visit_some(self))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.place(visitor.visit_newtype_struct(self))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        self.wants(Shape::List(len))?;
        self.show(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if name.starts_with(SPANNED) {
            return self.place(visitor.visit_map(WithSpan::new(fields, self)));
        }
        self.fields(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.wants(Shape::Variant(variants))?;
        match &self.node.kind {
            Kind::Text(variant) => {
                self.place(visitor.visit_enum(Tagged { decoder: self, tag: variant }))
            }
            Kind::Table(entries) => self.tagged(entries, variants, visitor),
            _ => Err(self.stop(Why::OneOf(variants))),
        }
    }
}

impl IntoDeserializer<'_, Stop> for Decoder<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
