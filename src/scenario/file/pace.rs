//! The paces of a client: its own limits on its rate, and what headers leave it.

use serde::Deserialize;
use toml::Spanned;

use super::client::Form;
use super::{AnswerKind, Name};
use crate::client::Kind;
use crate::time::{Length, Rate, Span};

/// A limit on the client's own rate: one kind of those below.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pace {
    /// Evenly spaced.
    #[serde(default)]
    pub rate: Option<Spanned<Rate>>,
    /// With a burst.
    #[serde(default)]
    pub token_bucket: Option<Spanned<TokenBucket>>,
    /// Filled up at once.
    #[serde(default)]
    pub reservoir: Option<Spanned<Reservoir>>,
    /// A rate that creeps up, and falls on refusals.
    #[serde(default)]
    pub aimd: Option<Spanned<Aimd>>,
    /// The adaptive mode of the AWS SDKs.
    #[serde(default)]
    pub aws_cubic: Option<Spanned<AwsCubic>>,
    /// A sleep that grows on refusals.
    #[serde(default)]
    pub adaptive_sleep: Option<Spanned<AdaptiveSleep>>,
    /// Who: these attributes; without it, each client for itself.
    #[serde(default)]
    pub of: Option<Vec<Name>>,
    /// Only these endpoints.
    #[serde(default)]
    pub endpoints: Vec<Name>,
}

/// Tokens that come back at a rate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TokenBucket {
    /// How fast.
    pub rate: Rate,
    /// At most.
    pub burst: u64,
}

/// So many, filled up on a heartbeat.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reservoir {
    /// How many.
    pub amount: u32,
    /// Filled up when so long has passed.
    pub every: Length,
    /// At the next beat of this.
    #[serde(default = "heartbeat")]
    pub tick: Length,
}

/// bottleneck's `heartbeatInterval`.
fn heartbeat() -> Length {
    Length::try_from(Span::millis(250)).expect("it is longer than zero")
}

/// Additive increase, multiplicative decrease.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Aimd {
    /// The rate at first.
    pub initial: Rate,
    /// So much faster each second: `"1/s"`.
    pub increase: Rate,
    /// What a refusal multiplies the rate by.
    pub decrease: f64,
    /// Never slower.
    pub least: Rate,
    /// Never faster; without it, no end.
    #[serde(default)]
    pub most: Option<Rate>,
    /// After which answers.
    #[serde(default = "refusals")]
    pub on: Vec<AnswerKind>,
}

/// The adaptive mode of the AWS SDKs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AwsCubic {
    /// Which answers say that there were too many; without it, those that
    /// botocore takes for throttling.
    #[serde(default = "throttling")]
    pub on: Vec<AnswerKind>,
}

/// A sleep before each attempt.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AdaptiveSleep {
    /// The sleep at first.
    #[serde(default)]
    pub initial: Span,
    /// What a refusal adds.
    pub step: Span,
    /// What it multiplies by then.
    pub factor: f64,
    /// What a success takes off.
    pub decrease: Decrease,
    /// Longer by up to this share.
    #[serde(default)]
    pub jitter: f64,
    /// Which answers are refusals.
    #[serde(default = "refusals")]
    pub on: Vec<AnswerKind>,
}

/// What a success takes off a sleep.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decrease {
    /// Always the same.
    Gradual(Span),
    /// One part in so many.
    Proportional(f64),
    /// As many parts in so many as are left.
    ProportionalRemaining {
        /// The parts in all.
        divisor: f64,
        /// The header that tells what is left.
        header: String,
    },
}

fn refusals() -> Vec<AnswerKind> {
    vec![AnswerKind::Plain(Kind::Status(429))]
}

/// botocore 1.44.5, `ThrottledRetryableChecker` and `ThrottlingStatusCodeChecker`.
fn throttling() -> Vec<AnswerKind> {
    let codes = [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
    ];
    let codes = codes.map(|code| AnswerKind::Code(code.to_owned()));
    refusals().into_iter().chain(codes).collect()
}

/// Pacing by headers: gap = (reset - now) / max(remaining, 1).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HeaderPace {
    /// The pairs of headers that it looks at.
    pub gauges: Vec<Gauge>,
    /// Who shares what was learnt; without it, each client for itself.
    #[serde(default)]
    pub of: Option<Vec<Name>>,
}

/// A pair of headers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gauge {
    /// How much is left.
    pub remaining: String,
    /// When the limit is whole again.
    pub reset: String,
    /// How that is read.
    #[serde(default)]
    pub form: Form,
}

/// A stop by headers: nobody sends when little is left.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HeaderGate {
    /// How much is left.
    pub remaining: String,
    /// When the limit is whole again.
    pub reset: String,
    /// How that is read.
    #[serde(default)]
    pub form: Form,
    /// So little stops it.
    #[serde(default)]
    pub at_most: u64,
    /// It goes on so long after the reset.
    #[serde(default)]
    pub plus: Span,
    /// Who shares what was learnt; without it, each client for itself.
    #[serde(default)]
    pub of: Option<Vec<Name>>,
}
