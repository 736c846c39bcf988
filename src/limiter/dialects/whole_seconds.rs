//! Whole seconds: the only periods that several programs can express.

use std::fmt;

use serde::Deserialize;

use crate::time::{Length, SECOND, Span};

/// A period of whole seconds, at least one: `"90s"`, `"2min"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "Length")]
pub(super) struct WholeSeconds(u64);

impl WholeSeconds {
    /// How many.
    pub(super) const fn count(self) -> u64 {
        self.0
    }

    /// The same as a span.
    pub(super) const fn span(self) -> Span {
        Span::seconds(self.0)
    }

    /// How many, for arithmetic in floats; exact, because a span has fewer than 2^53.
    pub(super) const fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl TryFrom<Length> for WholeSeconds {
    type Error = String;

    fn try_from(length: Length) -> Result<Self, String> {
        if length.ns().is_multiple_of(SECOND) {
            return Ok(WholeSeconds(length.ns() / SECOND));
        }
        let up = Span::seconds(length.span().ceil_seconds());
        Err(format!("`{length}` is not a number of whole seconds: write a period like \"{up}\""))
    }
}

impl fmt::Display for WholeSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.span().fmt(f)
    }
}
