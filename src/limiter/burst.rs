//! What buckets have in common: how much one holds, and how it begins.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::time::common;

/// How many tokens there can be: `10`, or a ratio such as `"5/2"`. Fewer than
/// one let nobody through; they are written where a limit's numbers are for one
/// client and apply many times over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Burst(pub u64, pub u64);

impl Burst {
    /// So many times the burst, in lowest terms; `None` where that is too many.
    #[must_use]
    pub fn times(self, factor: u64) -> Option<Burst> {
        let top = self.0.checked_mul(factor)?;
        let common = common(top, self.1);
        Some(Burst(top / common, self.1 / common))
    }
}

impl fmt::Display for Burst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Burst(whole, 1) => whole.fmt(f),
            Burst(top, bottom) => write!(f, "{top}/{bottom}"),
        }
    }
}

impl<'de> Deserialize<'de> for Burst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BurstVisitor)
    }
}

struct BurstVisitor;

impl BurstVisitor {
    fn check<E: serde::de::Error>(top: u64, bottom: u64) -> Result<Burst, E> {
        if bottom > 0 && top > 0 {
            Ok(Burst(top, bottom))
        } else {
            Err(E::custom(format!("the burst {top}/{bottom} is nothing: write at least 1")))
        }
    }
}

impl Visitor<'_> for BurstVisitor {
    type Value = Burst;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of tokens, like 10 or \"5/2\"")
    }

    fn visit_i64<E: serde::de::Error>(self, tokens: i64) -> Result<Burst, E> {
        Self::check(u64::try_from(tokens).unwrap_or(0), 1)
    }

    fn visit_u64<E: serde::de::Error>(self, tokens: u64) -> Result<Burst, E> {
        Self::check(tokens, 1)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Burst, E> {
        let (top, bottom) = text.split_once('/').unwrap_or((text, "1"));
        match (top.trim().parse(), bottom.trim().parse()) {
            (Ok(top), Ok(bottom)) => Self::check(top, bottom),
            _ => Err(E::custom(format!("`{text}` is not a burst: write 10 or \"5/2\""))),
        }
    }
}

/// What is in a bucket at the start.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// The whole burst.
    #[default]
    Full,
    /// Nothing.
    Empty,
}

/// A rate and a burst whose exact units do not fit in 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooFine;

impl fmt::Display for TooFine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this rate and burst cannot be kept exactly in 64 bits: write a smaller burst or a \
             shorter period",
        )
    }
}
