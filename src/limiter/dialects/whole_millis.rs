//! Whole milliseconds: the only times that several programs can express.

use serde::Deserialize;

use crate::time::{Length, Span};

/// A time of whole milliseconds, at least one: `"250ms"`, `"2min"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "Length")]
pub(super) struct WholeMillis(u64);

impl WholeMillis {
    /// How many.
    pub(super) const fn count(self) -> u64 {
        self.0
    }

    /// The same as a span.
    pub(super) const fn span(self) -> Span {
        Span::millis(self.0)
    }
}

impl TryFrom<Length> for WholeMillis {
    type Error = String;

    fn try_from(length: Length) -> Result<Self, String> {
        if length.ns().is_multiple_of(1_000_000) {
            return Ok(WholeMillis(length.ns() / 1_000_000));
        }
        let up = Span::millis(length.ns().div_ceil(1_000_000));
        Err(format!("`{length}` is not a number of whole milliseconds: write a time like \"{up}\""))
    }
}
