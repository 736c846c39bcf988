//! `models/scenarios/*.toml`: who calls an API, and what stands behind it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::client::Levers;
use super::{Moment, Name, Share, Times};
use crate::time::{Rate, Span};

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: Name,
    /// What it is about, in a line.
    pub title: String,
    /// The API: a name or a path.
    pub api: Name,
    /// The clients to compare: names or paths.
    pub clients: Vec<Name>,
    /// The endpoint whose share served is shown beside the others.
    #[serde(default)]
    pub shows: Option<Name>,
    /// Whether the run's beginning is part of the question.
    #[serde(default)]
    pub kind: Kind,
    /// When it starts.
    #[serde(default)]
    pub start: Option<Moment>,
    /// When arrivals stop.
    pub horizon: Spanned<Span>,
    /// How long calls in flight are followed after that.
    #[serde(default)]
    pub drain: Option<Span>,
    /// What is left out of rates and shares at the beginning.
    #[serde(default)]
    pub warm_up: Option<Spanned<Span>>,
    /// The run ends after so many events, if not before.
    #[serde(default)]
    pub events: Option<u64>,
    /// The way to the server and back.
    #[serde(default)]
    pub network: Network,
    /// What stands behind the limits.
    pub service: Service,
    /// Who calls.
    #[serde(default)]
    pub population: Vec<Population>,
    /// Limits that change during the run.
    #[serde(default)]
    pub change: Vec<Change>,
}

/// Whether the run's beginning is part of the question.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is: a burst, an outage, a backlog.
    #[default]
    Terminating,
    /// It is not: after a warm-up things go on alike.
    Steady,
}

/// The way to the server and back.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Network {
    /// To the server.
    pub out: Times,
    /// Back.
    pub home: Times,
}

impl Default for Network {
    /// 20 ms each way: a default of zero would hide every race.
    fn default() -> Self {
        let way = Times(crate::dist::Dist::Constant(Span::millis(20)));
        Network {
            out: way,
            home: way,
        }
    }
}

/// What stands behind the limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// How long a request takes, where its endpoint says no other.
    pub time: Times,
    /// The share answered 5xx.
    #[serde(default)]
    pub fails: Option<Share>,
    /// The share answered 4xx.
    #[serde(default)]
    pub refuses: Option<Share>,
    /// How long a refusal by a limit takes.
    #[serde(default)]
    pub reject_time: Option<Times>,
    /// Whether that needs a place too.
    #[serde(default)]
    pub reject_takes_place: bool,
    /// How many requests are served at once.
    #[serde(default)]
    pub places: Option<Spanned<u32>>,
    /// How many more may wait.
    #[serde(default)]
    pub queue: Option<u32>,
    /// How much longer for each other request in service.
    #[serde(default)]
    pub slowdown: Option<Spanned<f64>>,
    /// What becomes of work whose client has gone.
    #[serde(default)]
    pub timed_out: TimedOut,
    /// A cache of its own.
    #[serde(default)]
    pub cache: Option<Cache>,
    /// What differs by endpoint.
    #[serde(default)]
    pub endpoint: Vec<Endpoint>,
    /// When it is out of order.
    #[serde(default)]
    pub outage: Vec<Outage>,
}

/// What becomes of work whose client has gone.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimedOut {
    /// It is done all the same.
    #[default]
    Finished,
    /// It is dropped before it starts.
    Dropped,
}

/// The service's cache.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cache {
    /// How long it knows an answer.
    pub ttl: Span,
    /// How long a hit takes.
    pub hit: Times,
    /// Only these endpoints.
    #[serde(default)]
    pub endpoints: Vec<Name>,
}

/// How one endpoint differs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Endpoint {
    /// Its name in the API.
    pub name: Name,
    /// How long a request takes.
    #[serde(default)]
    pub time: Option<Times>,
    /// The share answered 5xx.
    #[serde(default)]
    pub fails: Option<Share>,
    /// The share answered 4xx.
    #[serde(default)]
    pub refuses: Option<Share>,
}

/// A time out of order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Outage {
    /// After the start.
    pub from: Spanned<Span>,
    /// For so long.
    #[serde(rename = "for")]
    pub span: Span,
    /// What it answers.
    pub answer: OutageAnswer,
    /// Whether the limits still decide.
    #[serde(default)]
    pub limits_decide: bool,
}

/// What a service that is out of order answers.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum OutageAnswer {
    /// 503.
    #[serde(rename = "5xx")]
    Error,
    /// It refuses connections.
    #[serde(rename = "refuse")]
    Refuse,
    /// Nothing, until it is over.
    #[serde(rename = "hang")]
    Hang,
}

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
        let (sign, span) = text
            .strip_prefix('-')
            .map_or((1, text.as_str()), |rest| (-1, rest));
        let span: Span = span.parse()?;
        i64::try_from(span.0)
            .map(|ns| Skew(sign * ns))
            .map_err(|_| format!("`{text}` is too far"))
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
            Err(_) => Err(E::custom(format!(
                "`{number}` is no number of calls: write one from 1"
            ))),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Between, E> {
        let number = u32::try_from(number).map_err(|_| {
            E::custom(format!(
                "`{number}` calls are too many: write at most {}",
                u32::MAX
            ))
        })?;
        Ok(Between(number, number))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Between, A::Error> {
        let ends = (
            seq.next_element()?,
            seq.next_element()?,
            seq.next_element::<u32>()?,
        );
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
        Ok(Asks(
            weights
                .into_iter()
                .map(|(name, weight)| (name, u64::from(weight)))
                .collect(),
        ))
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

/// A limit becomes another.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Change {
    /// After the start.
    pub at: Span,
    /// Which.
    pub limit: Name,
    /// Its new quota, burst or number of slots.
    pub quota: Spanned<u64>,
}
