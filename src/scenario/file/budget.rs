//! `[[budget]]` of `models/clients/*.toml`: what keeps retries from making an
//! overload worse.

use serde::Deserialize;
use toml::Spanned;

use super::{AnswerKind, Name, Share};
use crate::time::{Length, Span};

/// A budget: exactly one of the kinds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Budget {
    /// Who shares it: these attributes; without it, each client for itself.
    #[serde(default)]
    pub of: Option<Vec<Name>>,
    /// The retry quota of the AWS SDKs.
    #[serde(default)]
    pub aws_quota: Option<Spanned<AwsQuota>>,
    /// gRPC's retry throttling.
    #[serde(default)]
    pub grpc_throttle: Option<Spanned<GrpcThrottle>>,
    /// A share of the calls of the last seconds: Finagle, tower, Linkerd.
    #[serde(default)]
    pub window_ratio: Option<Spanned<WindowRatio>>,
    /// Envoy's retry budget.
    #[serde(default)]
    pub active_share: Option<Spanned<ActiveShare>>,
    /// Envoy's `max_retries`: at most so many retries at the same time.
    #[serde(default)]
    pub parallel_retries: Option<Spanned<u32>>,
    /// The SRE book's client-side throttling.
    #[serde(default)]
    pub sre_adaptive: Option<Spanned<SreAdaptive>>,
    /// A circuit breaker, Polly's.
    #[serde(default)]
    pub breaker: Option<Spanned<Breaker>>,
    /// Tokens that starts or successes pay in and retries take.
    #[serde(default)]
    pub token_bucket: Option<Spanned<TokenBucket>>,
}

/// The retry quota of the AWS SDKs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AwsQuota {
    /// What there is at most, and at first.
    pub capacity: u32,
    /// What a retry costs.
    pub cost: u32,
    /// What it costs after some answers; the first that matches.
    #[serde(default)]
    pub costs: Vec<Cost>,
    /// What a call gives that needed no retry.
    pub success: u32,
}

/// What a retry costs after some answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cost {
    /// After these.
    pub of: Vec<AnswerKind>,
    /// So much.
    pub cost: u32,
}

/// gRPC's retry throttling.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GrpcThrottle {
    /// `maxTokens`, a whole number.
    pub tokens: u32,
    /// `tokenRatio`: up to three decimals count.
    pub ratio: f64,
    /// What takes a token; without it, what the client retries.
    #[serde(default)]
    pub on: Option<Vec<AnswerKind>>,
}

/// A share of the calls in a window.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WindowRatio {
    /// For so long a deposit counts.
    pub ttl: Length,
    /// Into so many slices the window is cut.
    #[serde(default = "ten")]
    pub slots: u8,
    /// So many retries a second there are in any case.
    pub per_second: u32,
    /// This share of the deposits may be retried.
    pub ratio: f64,
    /// Whose arithmetic it is.
    #[serde(default)]
    pub dialect: Dialect,
    /// What pays in; without it, starts for Finagle and answers for tower.
    #[serde(default)]
    pub on: Option<Deposit>,
}

fn ten() -> u8 {
    10
}

/// Whose arithmetic a window has.
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Finagle's `RetryBudget`.
    #[default]
    Finagle,
    /// tower's `TpsBudget`, also Linkerd's.
    Tower,
}

/// What pays into a budget.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deposit {
    /// The first attempt of a call, when it leaves.
    Start,
    /// An answer that is no failure.
    Success,
}

/// Envoy's retry budget.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ActiveShare {
    /// Retries are at most this share of what is in flight.
    pub share: Share,
    /// So many are always allowed.
    pub least: u32,
}

/// The SRE book's client-side throttling.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SreAdaptive {
    /// For each that is accepted, so many are still sent.
    pub k: f64,
    /// How far back is counted.
    pub window: Length,
    /// What was not accepted; without it, what the client retries.
    #[serde(default)]
    pub on: Option<Vec<AnswerKind>>,
}

/// A circuit breaker.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Breaker {
    /// This share of failures breaks it.
    pub ratio: Share,
    /// Of at least so many answers.
    pub least: u32,
    /// Counted over so long.
    pub sampling: Span,
    /// For so long nothing leaves.
    pub r#break: Span,
    /// What is a failure; without it, what the client retries.
    #[serde(default)]
    pub on: Option<Vec<AnswerKind>>,
}

/// Tokens that starts or successes pay in and retries take.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TokenBucket {
    /// What there is at most.
    pub size: f64,
    /// What each start or success pays in.
    pub deposit: f64,
    /// Which of them.
    pub on: Deposit,
    /// What there is at first; without it, all.
    #[serde(default)]
    pub initial: Option<f64>,
    /// A retry needs more than the one token that it takes.
    #[serde(default)]
    pub strict: bool,
}
