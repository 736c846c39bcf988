//! Why a tree could not be read as a model, and where.

use std::fmt;

use serde::de::{Expected, Unexpected};

/// The reason that reading stopped.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    pub(super) why: Why,
    pub(super) place: Place,
}

/// Where reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Not said yet; the nearest node above will.
    Unsaid,
    /// At the value with this id.
    Value(usize),
    /// At the key of the value with this id.
    Key(usize),
}

/// What a stand-in has to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Any,
    Flag,
    Whole,
    Fraction,
    Text,
    List(usize),
    Table,
    Variant(&'static [&'static str]),
}

/// What was wrong.
#[derive(Clone, Debug)]
pub(super) enum Why {
    /// The model's own words: `what is wrong: what to write`.
    Said(String),
    /// The kind of value does not fit; this is what was expected, in serde's words.
    Kind(String),
    /// The kind fits and the value does not; likewise.
    Range(String),
    /// A list of so many items where so many belong.
    Length(usize, String),
    /// A table with these fields belongs here.
    Fields(&'static [&'static str]),
    /// A field that must be there.
    Missing(&'static str),
    /// A name that is none of those.
    Variant(String, &'static [&'static str]),
    /// None or several of the keys of which exactly one belongs here.
    OneOf(&'static [&'static str]),
    /// This variant was given by name only, without its settings.
    Alone(String),
    /// This variant has no settings.
    NoContent(String),
    /// It is told already.
    Known,
    /// Nothing is wrong: a stand-in learnt what it has to be.
    Become(Shape),
}

impl Stop {
    pub(super) fn at(why: Why, place: Place) -> Self {
        Stop { why, place }
    }

    /// The same, at `place` unless it was said.
    pub(super) fn or_at(mut self, place: Place) -> Self {
        if self.place == Place::Unsaid {
            self.place = place;
        }
        self
    }

    fn unsaid(why: Why) -> Self {
        Stop::at(why, Place::Unsaid)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.why)
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(said: T) -> Self {
        Stop::unsaid(Why::Said(said.to_string()))
    }

    fn invalid_type(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Stop::unsaid(Why::Kind(expected.to_string()))
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Stop::unsaid(Why::Range(expected.to_string()))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Stop::unsaid(Why::Length(length, expected.to_string()))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Stop::unsaid(Why::Variant(variant.to_owned(), expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Stop::unsaid(Why::Missing(field))
    }
}
