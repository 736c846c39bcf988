//! `models/scenarios/*.toml`: who calls an API, and what stands behind it.

use serde::Deserialize;
use toml::Spanned;

use super::api::Rule;
use super::population::Population;
use super::{Moment, Name, Share, Times};
use crate::metric::Condition;
use crate::time::Span;

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
    /// What must not be: `compare` then ends with exit code 99.
    #[serde(default)]
    pub fail_if: Vec<Condition>,
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
    pub warm_up: Option<Spanned<WarmUp>>,
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
    /// What disturbs the run, where it is more than the outages of the service.
    #[serde(default)]
    pub trigger: Option<Trigger>,
}

/// What is left out at the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum WarmUp {
    /// So much.
    Given(Span),
    /// As much as the runs show that it takes.
    Auto,
}

impl TryFrom<String> for WarmUp {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim() == "auto" { Ok(WarmUp::Auto) } else { text.parse().map(WarmUp::Given) }
    }
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
        Network { out: way, home: way }
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
    /// Whether each content is a row under optimistic concurrency: a request is
    /// answered 409 if another wrote the row since it came.
    #[serde(default)]
    pub optimistic: bool,
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
    /// It takes up nothing new: what comes waits in its queue until it is over.
    #[serde(rename = "stall")]
    Stall,
}

/// What disturbs a run: whether and when it recovers counts from its end.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trigger {
    /// What reports call it.
    #[serde(default)]
    pub name: Option<Name>,
    /// After the start.
    pub from: Spanned<Span>,
    /// For so long; without it, it is over at once.
    #[serde(default, rename = "for")]
    pub span: Span,
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
    #[serde(default)]
    pub quota: Option<Spanned<u64>>,
    /// Its new limiter, with all parameters.
    #[serde(default)]
    pub to: Option<Rule>,
}
