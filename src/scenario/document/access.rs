//! What serde asks a list, a table, a key, a span or a variant for, one by one.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer, UsizeDeserializer};
use serde::de::{DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor};
use serde::forward_to_deserialize_any as forward;

use super::decode::{Decoder, SPANNED};
use super::stop::{Place, Shape, Stop, Why};
use super::tree::{Entry, Kind, Node};

pub(super) struct Items<'t> {
    pub(super) decoder: Decoder<'t>,
    pub(super) items: std::slice::Iter<'t, Node>,
}

impl<'de> serde::de::SeqAccess<'de> for &mut Items<'_> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let decoder = self.decoder.of(item);
        decoder.place(seed.deserialize(decoder)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

pub(super) struct Entries<'t> {
    pub(super) decoder: Decoder<'t>,
    left: std::vec::IntoIter<&'t Entry>,
    value: Option<&'t Node>,
}

impl<'t> Entries<'t> {
    pub(super) fn new(decoder: Decoder<'t>, entries: Vec<&'t Entry>) -> Self {
        Entries { decoder, left: entries.into_iter(), value: None }
    }
}

impl<'de> serde::de::MapAccess<'de> for Entries<'_> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        let Some(entry) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some(&entry.value);
        seed.deserialize(Key { entry })
            .map_err(|stop| stop.or_at(Place::Key(entry.value.id)))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        let value = self.value.take().expect("serde asks for a key first");
        let decoder = self.decoder.of(value);
        decoder.place(seed.deserialize(decoder))
    }
}

/// A key of a map: text, a variant without content, or either with its span.
#[derive(Clone, Copy)]
struct Key<'t> {
    entry: &'t Entry,
}

impl<'de> serde::Deserializer<'de> for Key<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_str(&self.entry.key)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let key: StrDeserializer<'_, Stop> = self.entry.key.as_str().into_deserializer();
        visitor.visit_enum(key)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if name.starts_with(SPANNED) {
            return visitor.visit_map(WithSpan::new(fields, self));
        }
        self.deserialize_any(visitor)
    }

    forward! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl IntoDeserializer<'_, Stop> for Key<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Something with a place in the text, for `toml::Spanned`.
pub(super) trait Placed: Copy {
    fn bytes(self) -> std::ops::Range<usize>;
}

impl Placed for Decoder<'_> {
    fn bytes(self) -> std::ops::Range<usize> {
        self.node.span.clone()
    }
}

impl Placed for Key<'_> {
    fn bytes(self) -> std::ops::Range<usize> {
        self.entry.at.clone()
    }
}

/// The start, the end and the value, in the order of `toml::Spanned`'s fields.
pub(super) struct WithSpan<D> {
    fields: std::iter::Enumerate<std::slice::Iter<'static, &'static str>>,
    now: usize,
    inner: D,
}

impl<D> WithSpan<D> {
    pub(super) fn new(fields: &'static [&'static str], inner: D) -> Self {
        WithSpan { fields: fields.iter().enumerate(), now: 0, inner }
    }
}

impl<'de, D: Placed + serde::Deserializer<'de, Error = Stop>> serde::de::MapAccess<'de>
    for WithSpan<D>
{
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        let Some((now, field)) = self.fields.next() else {
            return Ok(None);
        };
        self.now = now;
        seed.deserialize(BorrowedStrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        let number = |n: usize| -> UsizeDeserializer<Stop> { n.into_deserializer() };
        match self.now {
            0 => seed.deserialize(number(self.inner.bytes().start)),
            1 => seed.deserialize(number(self.inner.bytes().end)),
            _ => seed.deserialize(self.inner),
        }
    }
}

/// A variant by its name, with the node that is its content, or the name itself.
pub(super) struct Tagged<'t> {
    pub(super) decoder: Decoder<'t>,
    pub(super) tag: &'t str,
}

impl<'de> EnumAccess<'de> for Tagged<'_> {
    type Error = Stop;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Stop> {
        let tag: StrDeserializer<'_, Stop> = self.tag.into_deserializer();
        let tag = self.decoder.place(seed.deserialize(tag))?;
        Ok((tag, self))
    }
}

impl Tagged<'_> {
    /// Whether the variant stands alone, as text; its content is then missing.
    fn content(&self) -> Result<(), Stop> {
        match &self.decoder.node.kind {
            Kind::Text(text) if std::ptr::eq(text.as_str(), self.tag) => {
                Err(self.decoder.stop(Why::Alone(text.clone())))
            }
            _ => Ok(()),
        }
    }
}

impl<'de> VariantAccess<'de> for Tagged<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        self.decoder.wants(Shape::Table)?;
        match (self.content(), &self.decoder.node.kind) {
            (Err(_), _) => Ok(()),
            (Ok(()), Kind::Table(entries)) if entries.is_empty() => Ok(()),
            _ => Err(self.decoder.stop(Why::NoContent(self.tag.to_owned()))),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        self.content()?;
        self.decoder.place(seed.deserialize(self.decoder))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        self.content()?;
        serde::Deserializer::deserialize_tuple(self.decoder, len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.content()?;
        self.decoder.fields(fields, visitor)
    }
}
