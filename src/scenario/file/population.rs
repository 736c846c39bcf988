//! `[[population]]` in a scenario: who calls, when, and what they ask.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::client::Levers;
use super::{Name, Share, Times};
use crate::time::{Rate, Span};

/// Clients of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Population {
    /// What reports call them.
    pub name: Name,
    /// How many.
    #[serde(default)]
    pub count: Option<Spanned<u32>>,
    /// The client that they are, whatever is compared.
    #[serde(default)]
    pub client: Option<Name>,
    /// Whether the API would rather not serve them: their calls load it, but
    /// are left out of what a client is judged by.
    #[serde(default)]
    pub unwanted: bool,
    /// Who they are to the API.
    #[serde(default)]
    pub identity: BTreeMap<String, Identity>,
    /// At random, at this rate for each client.
    #[serde(default)]
    pub poisson: Option<Spanned<Rate>>,
    /// At random, at rates that change and repeat.
    #[serde(default)]
    pub curve: Option<Curve>,
    /// All at one instant.
    #[serde(default)]
    pub burst: Option<Burst>,
    /// Every so often.
    #[serde(default)]
    pub poll: Option<Poll>,
    /// Once, at a random time.
    #[serde(default)]
    pub once: Option<Once>,
    /// After the end of the last.
    #[serde(default)]
    pub closed: Option<Closed>,
    /// As soon as a worker is free.
    #[serde(default)]
    pub backlog: Option<Backlog>,
    /// What a call asks: endpoints by weight.
    #[serde(default)]
    pub asks: Option<Asks>,
    /// What a session asks, call by call.
    #[serde(default)]
    pub step: Vec<Step>,
    /// What can be asked for.
    #[serde(default)]
    pub content: Option<Content>,
    /// How many calls at once over all of them.
    #[serde(default)]
    pub workers: Option<Spanned<u32>>,
    /// How many calls at once for each.
    #[serde(default)]
    pub in_flight: Option<Spanned<u32>>,
    /// How many calls may wait for that.
    #[serde(default)]
    pub queue: Option<u32>,
    /// Whether a call that waits for its retry keeps its worker.
    #[serde(default = "yes")]
    pub waiting_holds_worker: bool,
    /// How long whoever makes a call waits for it.
    #[serde(default)]
    pub patience: Option<Span>,
    /// How far the clients' clocks run ahead: `"2s"`, `"-500ms"`.
    #[serde(default)]
    pub clock_skew: Skew,
    /// What they do before an attempt, other than the client says.
    #[serde(default)]
    pub levers: Levers,
}

fn yes() -> bool {
    true
}

/// Who a population is, in one attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Identity {
    /// One value, shared with every population that says so.
    Shared,
    /// A value for each client.
    Each,
    /// So many values, dealt out in turn.
    Of(u32),
    /// This value.
    Is(String),
}

/// A distance between clocks, in ns.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Skew(pub i64);

impl TryFrom<String> for Skew {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (sign, span) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
        let span: Span = span.parse()?;
        i64::try_from(span.0).map(|ns| Skew(sign * ns)).map_err(|_| format!("`{text}` is too far"))
    }
}

/// Rates that change and repeat.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Curve {
    /// One a step, for each client; `"0"` for nothing.
    pub rates: Spanned<Vec<CurveRate>>,
    /// How long each holds.
    pub step: Spanned<Span>,
}

/// A rate that may be nothing.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct CurveRate(pub Option<Rate>);

impl TryFrom<String> for CurveRate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim() == "0" {
            Ok(CurveRate(None))
        } else {
            text.parse().map(|rate| CurveRate(Some(rate)))
        }
    }
}

/// All at one instant.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Burst {
    /// How many for each client.
    pub calls: u32,
    /// After the start.
    #[serde(default)]
    pub at: Span,
}

/// Every so often.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Poll {
    /// How often.
    pub every: Spanned<Span>,
    /// Spread over one interval, rather than all together.
    #[serde(default)]
    pub staggered: bool,
}

/// Once, at a random time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Once {
    /// After the start.
    pub at: Times,
}

/// After the end of the last.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Closed {
    /// How long after.
    pub think: Times,
}

/// As soon as a worker is free.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Backlog {
    /// How many for each client: `3`, or between two numbers: `[1, 4]`.
    pub calls: Spanned<Between>,
}

/// A number, or between two.
#[derive(Clone, Copy, Debug)]
pub struct Between(pub u32, pub u32);

impl<'de> Deserialize<'de> for Between {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BetweenVisitor)
    }
}

struct BetweenVisitor;

impl<'de> Visitor<'de> for BetweenVisitor {
    type Value = Between;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a whole number, like 3, or two, like [1, 4]")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Between, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::custom(format!("`{number}` is no number of calls: write one from 1"))),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Between, E> {
        let number = u32::try_from(number).map_err(|_| {
            E::custom(format!("`{number}` calls are too many: write at most {}", u32::MAX))
        })?;
        Ok(Between(number, number))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Between, A::Error> {
        let ends = (seq.next_element()?, seq.next_element()?, seq.next_element::<u32>()?);
        match ends {
            (Some(least), Some(most), None) if least <= most => Ok(Between(least, most)),
            _ => Err(serde::de::Error::custom(
                "this is not two numbers, the smaller first: write [1, 4]",
            )),
        }
    }
}

/// What a call asks: one endpoint by name, or several with weights.
#[derive(Clone, Debug)]
pub struct Asks(pub Vec<(Name, u64)>);

impl<'de> Deserialize<'de> for Asks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsksVisitor)
    }
}

struct AsksVisitor;

impl<'de> Visitor<'de> for AsksVisitor {
    type Value = Asks;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("endpoints by weight, like { read = 94, export = 6 }")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Asks, A::Error> {
        let weights = BTreeMap::<Name, u32>::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Asks(weights.into_iter().map(|(name, weight)| (name, u64::from(weight))).collect()))
    }
}

/// One call of a session.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// What it asks: endpoints by weight.
    pub asks: Asks,
    /// How long after the session's start.
    #[serde(default)]
    pub after: Option<Times>,
    /// The share of sessions that make it.
    #[serde(default)]
    pub share: Option<Share>,
}

/// What can be asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Content {
    /// How many different things.
    pub count: Spanned<u32>,
    /// How unlike their popularities are: 0 all alike, 1 as words in a text.
    #[serde(default)]
    pub zipf: Option<Spanned<f64>>,
}
