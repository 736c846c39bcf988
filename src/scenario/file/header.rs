//! A header of an API: what it tells, and how.

use serde::Deserialize;

use super::Name;
use crate::api::{Notation, Round, Unit};
use crate::time::Span;

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
    pub form: Notation,
    /// The unit of a time.
    #[serde(default)]
    pub unit: Unit,
    /// How a time is rounded.
    #[serde(default)]
    pub round: Round,
    /// The words that it tells, or the name of its policy.
    #[serde(default)]
    pub text: Option<String>,
    /// The length of the window that a policy tells.
    #[serde(default)]
    pub window: Option<Span>,
    /// On which responses it is sent.
    #[serde(default)]
    pub on: On,
}

/// What a header tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tells {
    /// The quota, burst or slots.
    Limit,
    /// How much of it is left.
    Remaining,
    /// How much of it is used.
    Used,
    /// Used and limit: `32/40`.
    UsedOfLimit,
    /// When it is whole again.
    Reset,
    /// When a refused attempt may come again.
    Wait,
    /// Words or a number, the same ever.
    Text,
    /// `RateLimit-Limit: 10, 10;w=60` of the IETF's draft 3.
    #[serde(rename = "draft-3-limit")]
    Draft3Limit,
    /// `RateLimit-Policy: 10;w=60` of draft 6.
    #[serde(rename = "draft-6-policy")]
    Draft6Policy,
    /// `RateLimit: limit=10, remaining=5, reset=3` of draft 7.
    #[serde(rename = "draft-7")]
    Draft7,
    /// `RateLimit-Policy: "burst";q=100;w=60` of drafts 8 to 10.
    Policy,
    /// `RateLimit: "burst";r=50;t=30` of drafts 8 to 10.
    State,
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
