//! `models/apis/*.toml`: an API's endpoints and limits.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use toml::Spanned;

use super::{Assumed, Name};
use crate::time::{Rate, Span};

/// An API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Api {
    /// What people call it.
    pub name: String,
    /// Where its numbers are from.
    #[serde(default)]
    pub source: Option<String>,
    /// When that was read.
    #[serde(default)]
    pub read: Option<String>,
    /// The status of refusals, where a limit says no other.
    #[serde(default)]
    pub status: Option<Spanned<u16>>,
    /// Which limits are charged.
    #[serde(default)]
    pub commit: Commit,
    /// What can be asked.
    #[serde(default)]
    pub endpoint: Vec<Endpoint>,
    /// The limits, in the order in which they are asked.
    #[serde(default)]
    pub limit: Vec<Limit>,
    /// The headers of every limit that lists none of its own.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// What the vendor does not document about all of it.
    #[serde(default)]
    pub assumed: Assumed,
}

/// Which limits are charged when the verdict is in.
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Commit {
    /// All or none.
    #[default]
    AllOrNothing,
    /// Each as it admits, without rollback.
    InOrder,
    /// All, whatever they say.
    Always,
}

/// An endpoint, or a class of endpoints that are limited alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Endpoint {
    /// What scenarios call it.
    pub name: Name,
    /// What a request takes from each limit.
    #[serde(default)]
    pub cost: Option<Spanned<u32>>,
    /// Where the page speaks of it.
    #[serde(default)]
    pub source: Option<String>,
}

/// A limit: one algorithm over one scope.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limit {
    /// What reports call it.
    pub name: Name,
    /// Where its numbers are from.
    #[serde(default)]
    pub source: Option<String>,
    /// The attributes of its key; `endpoint` is one of them.
    pub per: Vec<Name>,
    /// Only for attempts with these attributes.
    #[serde(default)]
    pub when: BTreeMap<Name, String>,
    /// What becomes of attempts that lack an attribute.
    #[serde(default)]
    pub missing: Missing,
    /// Only these endpoints.
    #[serde(default)]
    pub endpoints: Vec<Name>,
    /// All endpoints but these.
    #[serde(default)]
    pub except: Vec<Name>,
    /// So many per window.
    #[serde(default)]
    pub fixed_window: Option<FixedWindow>,
    /// Tokens at a rate.
    #[serde(default)]
    pub token_bucket: Option<TokenBucket>,
    /// So many in progress.
    #[serde(default)]
    pub concurrency: Option<Concurrency>,
    /// Refused attempts count too.
    #[serde(default)]
    pub counts_rejects: bool,
    /// Attempts answered with this class of status must not count.
    #[serde(default)]
    pub gives_back: Option<Spanned<String>>,
    /// It decides and counts, but refuses nobody.
    #[serde(default)]
    pub shadow: bool,
    /// Somebody is told when it is reached.
    #[serde(default)]
    pub notifies: bool,
    /// The status of its refusals.
    #[serde(default)]
    pub status: Option<Spanned<u16>>,
    /// What it tells of itself.
    #[serde(default)]
    pub headers: Option<Vec<Header>>,
    /// What asking too early costs.
    #[serde(default)]
    pub penalty: Option<Penalty>,
    /// What the vendor does not document about it.
    #[serde(default)]
    pub assumed: Assumed,
}

/// What becomes of attempts that lack an attribute of the key.
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The limit does not apply.
    #[default]
    Skip,
    /// They share one key.
    Shared,
    /// They are refused.
    Reject,
}

/// So many per window.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FixedWindow {
    /// How many.
    pub quota: Spanned<u64>,
    /// How long.
    pub window: Spanned<Span>,
    /// Where windows begin.
    #[serde(default)]
    pub anchor: Anchor,
    /// Of the clock's grid.
    #[serde(default)]
    pub phase: Span,
}

/// Where windows begin.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// On the grid of the server's clock.
    #[default]
    Clock,
    /// With the first request after the last window.
    FirstRequest,
}

/// Tokens at a rate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TokenBucket {
    /// How fast they come back.
    pub rate: Spanned<Rate>,
    /// How many there can be.
    pub burst: Spanned<Burst>,
    /// What is there at the start.
    #[serde(default)]
    pub initial: Initial,
}

/// How many tokens there can be: `10`, or a ratio such as `"5/2"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Burst(pub u64, pub u64);

impl<'de> Deserialize<'de> for Burst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BurstVisitor)
    }
}

struct BurstVisitor;

impl BurstVisitor {
    fn check<E: serde::de::Error>(top: u64, bottom: u64) -> Result<Burst, E> {
        if bottom > 0 && top >= bottom {
            Ok(Burst(top, bottom))
        } else {
            Err(E::custom(format!("the burst {top}/{bottom} is below one token: write at least 1")))
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
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// All of it.
    #[default]
    Full,
    /// Nothing.
    Empty,
}

/// So many in progress.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Concurrency {
    /// How many.
    pub max: Spanned<u64>,
}

/// A header.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Header {
    /// Its name.
    pub name: Name,
    /// What it tells.
    pub tells: Tells,
    /// How a time is written.
    #[serde(default)]
    pub form: Form,
    /// How a time is rounded.
    #[serde(default)]
    pub round: Round,
    /// On which responses it is sent.
    #[serde(default)]
    pub on: On,
}

/// What a header tells.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tells {
    /// The quota, burst or slots.
    Limit,
    /// How much of it is left.
    Remaining,
    /// How much of it is used.
    Used,
    /// When it is whole again.
    Reset,
    /// When a refused attempt may come again.
    Wait,
}

/// How a time is written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Seconds from now.
    #[default]
    Delta,
    /// Seconds since the epoch.
    Epoch,
}

/// How a time is rounded to whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Round {
    /// Up.
    #[default]
    Up,
    /// Down.
    Down,
}

/// On which responses a header is sent.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// On all.
    #[default]
    All,
    /// On refusals only.
    Rejects,
}

/// What asking too early costs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Penalty {
    /// Whose key is locked out.
    pub of: Vec<Name>,
    /// For how long after the first refusal.
    pub first: Span,
    /// What each early request adds.
    pub step: Span,
    /// The longest.
    pub max: Span,
}
