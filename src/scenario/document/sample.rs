//! A small model for the tests of this module, with every shape that a real one has.
#![allow(dead_code)]

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::time::{Rate, Span};

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Api {
    pub(super) name: Spanned<String>,
    pub(super) horizon: Span,
    #[serde(default)]
    pub(super) seeds: Option<u32>,
    #[serde(default)]
    pub(super) limit: Vec<Limit>,
    #[serde(default)]
    pub(super) population: Vec<Population>,
    #[serde(default)]
    pub(super) service: Option<Service>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Limit {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) per: Vec<String>,
    pub(super) fixed_window: Option<FixedWindow>,
    pub(super) token_bucket: Option<TokenBucket>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, HeaderValue>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FixedWindow {
    pub(super) quota: u32,
    pub(super) window: Span,
    pub(super) anchor: Option<Anchor>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TokenBucket {
    pub(super) rate: Rate,
    pub(super) burst: Option<u64>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Anchor {
    Clock,
    FirstRequest,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HeaderValue {
    Quota,
    Remaining,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Population {
    pub(super) count: u32,
    pub(super) workload: Workload,
    pub(super) think: Option<Span>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Workload {
    Backlog { calls: u64 },
    Open(Open),
    Idle,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Open {
    pub(super) rate: Rate,
    pub(super) weights: Option<[f64; 2]>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Service {
    pub(super) latency: Span,
    pub(super) loss: Option<f64>,
    pub(super) shared: Option<bool>,
}

/// A file without faults.
pub(super) const GOOD: &str = r#"# the API of our tests
name = "Clover"
horizon = "10min"   # long enough

[[limit]]
name = "Token rate"
per = ["token"]
fixed-window = { quota = 16, window = "1s", anchor = "clock" }
headers = { "X-RateLimit-tokenLimit" = "quota" }

[[limit]]
name = "app rate"
per = [
  "app",
  "ip",
]
token-bucket.rate = "50/s"

[[population]]
count = 20
workload = { open = { rate = "3/s", weights = [0.5, 1.5] } }

[service]
latency = "20ms"
"#;
