//! `models/clients/*.toml`: a retry policy and its levers.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::budget::Budget;
use super::pace::{HeaderGate, HeaderPace, Pace};
use super::preset::{Evidence, Parameter};
use super::retry::{Class, Draws, Hedge, Hint, Jitter, Raises, never};
use super::{AnswerKind, Name, OneOrMore, Share};
use crate::client::{Deadline, Schedule, Timer};
use crate::http::Method;
use crate::time::Span;

/// A client: what it does after an answer, and what before an attempt.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Client {
    /// What reports call it.
    pub name: Name,
    /// What it does, in a line.
    #[serde(default)]
    pub title: Option<String>,
    /// Where it is from.
    #[serde(default)]
    pub source: Option<String>,
    /// The package that does so, as its registry names it.
    #[serde(default)]
    pub library: Option<String>,
    /// Which of its versions.
    #[serde(default)]
    pub version: Option<String>,
    /// What else people type.
    #[serde(default)]
    pub aliases: Vec<Name>,
    /// How it is known.
    #[serde(default)]
    pub evidence: Evidence,
    /// The library's own parameters, and what each sets here.
    #[serde(default)]
    pub parameters: BTreeMap<Name, OneOrMore<Parameter>>,
    /// The most attempts of a call, the first included; without it, no end.
    #[serde(default)]
    pub attempts: Option<Spanned<u32>>,
    /// Which answers it retries.
    pub retries: Vec<AnswerKind>,
    /// But not these of them.
    #[serde(default)]
    pub except: Vec<AnswerKind>,
    /// These too, but only where the response tells a wait.
    #[serde(default)]
    pub only_with_hint: Vec<AnswerKind>,
    /// Only requests of these methods; without it, all.
    #[serde(default)]
    pub methods: Option<Vec<Method>>,
    /// A header whose `true` or `false` overrides that.
    #[serde(default)]
    pub force: Option<String>,
    /// The wait before a retry.
    pub wait: Schedule,
    /// What is random about it.
    #[serde(default)]
    pub jitter: Jitter,
    /// Never shorter than this, jitter or not.
    #[serde(default)]
    pub shortest: Span,
    /// Never longer than this, jitter or not.
    #[serde(default = "never")]
    pub longest: Span,
    /// In the end it is cut to a whole multiple of this.
    #[serde(default)]
    pub rounding: Span,
    /// Before `longest` it goes to the nearest whole multiple of this.
    #[serde(default)]
    pub nearest: Span,
    /// Whether calls draw anew or all the same.
    #[serde(default)]
    pub draws: Draws,
    /// What it sleeps by.
    #[serde(default)]
    pub timer: Timer,
    /// How long it waits for a response.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// Copies of an attempt, before its answer is there.
    #[serde(default)]
    pub hedge: Option<Hedge>,
    /// What the caller gets when it gives up; without it, the response.
    #[serde(default)]
    pub raises: Vec<Raises>,
    /// The waits that responses ask for.
    #[serde(default)]
    pub hint: Option<Hint>,
    /// How long all of it may take.
    #[serde(default)]
    pub deadline: Option<Deadline>,
    /// What differs for some answers.
    #[serde(default)]
    pub class: Vec<Class>,
    /// What keeps its retries from making an overload worse.
    #[serde(default)]
    pub budget: Vec<Spanned<Budget>>,
    /// What stops everybody of a scope.
    #[serde(default)]
    pub pause: Vec<Pause>,
    /// Its own limits on its rate.
    #[serde(default)]
    pub pace: Vec<Pace>,
    /// Its own limits on what is in flight.
    #[serde(default)]
    pub in_flight: Vec<InFlight>,
    /// Pacing by headers.
    #[serde(default)]
    pub header_pace: Option<HeaderPace>,
    /// A stop by headers.
    #[serde(default)]
    pub header_gate: Option<HeaderGate>,
    /// What it does before an attempt.
    #[serde(default)]
    pub levers: Levers,
    /// Retry loops around this one.
    #[serde(default)]
    pub layer: Vec<Client>,
}

/// After some answers nobody of a scope sends for a while.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pause {
    /// After which answers.
    pub on: Vec<AnswerKind>,
    /// For how long.
    #[serde(rename = "for")]
    pub span: Span,
    /// Who: these attributes; without it, each client for itself.
    #[serde(default)]
    pub of: Option<Vec<Name>>,
}

/// A limit on the client's own attempts in flight.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InFlight {
    /// At most.
    pub max: Spanned<u32>,
    /// Who: these attributes; without it, each client for itself.
    #[serde(default)]
    pub of: Option<Vec<Name>>,
    /// Only these endpoints.
    #[serde(default)]
    pub endpoints: Vec<Name>,
}

/// What a client does before an attempt; a population may say it otherwise.
#[derive(Clone, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Levers {
    /// Answers that it still has.
    #[serde(default)]
    pub cache: Option<Vec<Cache>>,
    /// Calls that need no attempt.
    #[serde(default)]
    pub avoid: Option<Vec<Part>>,
    /// Calls that are stopped.
    #[serde(default)]
    pub screen: Option<Vec<Part>>,
    /// Several calls in one attempt.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// Starts spread over a span.
    #[serde(default)]
    pub stagger: Option<Later>,
    /// Work that can wait begins later.
    #[serde(default)]
    pub off_peak: Option<Later>,
    /// Each attempt takes the next of the population's identities.
    #[serde(default)]
    pub spreads: Option<bool>,
}

/// Answers that the client still has: one of the three.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cache {
    /// This share of calls.
    #[serde(default)]
    pub share: Option<Share>,
    /// For so long.
    #[serde(default)]
    pub ttl: Option<Span>,
    /// Until the end of the session.
    #[serde(default)]
    pub session: Option<Spanned<bool>>,
    /// Only these endpoints.
    #[serde(default)]
    pub endpoints: Vec<Name>,
    /// Only these populations.
    #[serde(default)]
    pub populations: Vec<Name>,
}

/// A share of some calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Part {
    /// How many of them.
    pub share: Share,
    /// What does it: `webhook`, `captcha`.
    #[serde(default)]
    pub by: Option<String>,
    /// Only these endpoints.
    #[serde(default)]
    pub endpoints: Vec<Name>,
    /// Only these populations.
    #[serde(default)]
    pub populations: Vec<Name>,
}

/// Several calls in one attempt.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Batch {
    /// At most.
    pub calls: Spanned<u32>,
    /// The first call waits so long for others.
    pub wait: Span,
    /// The endpoint that takes batches.
    pub endpoint: Name,
    /// Only these endpoints.
    #[serde(default)]
    pub endpoints: Vec<Name>,
    /// Only these populations.
    #[serde(default)]
    pub populations: Vec<Name>,
}

/// Later than otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Later {
    /// By so much: the whole spread of a stagger, the delay of off-peak work.
    pub by: Span,
    /// Only these populations.
    #[serde(default)]
    pub populations: Vec<Name>,
}

/// How a client reads a number that tells a time.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Seconds from now.
    #[default]
    Delta,
    /// Seconds since the epoch.
    Epoch,
}
