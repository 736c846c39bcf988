//! The models that are built in, and where other models come from.

use super::catalogue::Catalogue;
use super::nearest::nearest;

/// What a model is a model of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Who calls what.
    Scenario,
    /// An API with its limits.
    Api,
    /// A client's policy.
    Client,
}

impl Kind {
    /// All kinds, in the order of lists.
    pub const ALL: [Kind; 3] = [Kind::Scenario, Kind::Api, Kind::Client];

    /// The word before the slash: `scenario/clover`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Scenario => "scenario",
            Kind::Api => "api",
            Kind::Client => "client",
        }
    }
}

/// A model that is built in.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// What it is a model of.
    pub kind: Kind,
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! built_in {
    ($($kind:ident $folder:literal: $($name:literal)*;)*) => {
        /// Every file of `models/`, which a test holds this list to.
        pub const BUILT_IN: &[Builtin] = &[$($(Builtin {
            kind: Kind::$kind,
            name: $name,
            text: include_str!(concat!("../../models/", $folder, "/", $name, ".toml")),
        }),*),*];
    };
}

built_in! {
    Scenario "scenarios":
        "aiclicks" "clickterm" "clover" "ironclad-clickwrap" "keymint" "w1" "brooker"
        "burst" "contended-row" "herd" "heroku-throttle" "hourly-quota" "metastable" "outage"
        "outage-herd" "overload" "storm";
    Api "apis":
        "aiclicks" "clickterm" "clover" "ironclad-clickwrap" "keymint" "w1" "anthropic"
        "atlassian" "aws-api-gateway" "discord" "github" "openai" "salesforce"
        "shopify-graphql" "shopify-rest" "slack" "stripe" "x" "heroku" "hourly-quota"
        "no-hint" "outage-herd" "plain-rate" "retry-after" "unlimited";
    Client "clients":
        "naive" "fixed-interval" "exponential-jitter" "header-aware" "aiclicks-advice"
        "clickterm-advice" "clover-advice" "clover-less-work" "clover-sample"
        "ironclad-advice" "keymint-advice" "keymint-sample" "w1" "aiohttp-retry"
        "aiohttp-retry-fibonacci" "aiohttp-retry-jitter" "aiohttp-retry-random" "anthropic"
        "anthropic-node" "anthropic-v0" "aws-adaptive" "aws-adaptive-2020"
        "aws-adaptive-dynamodb" "aws-go" "aws-java" "aws-java-2026" "aws-java-legacy"
        "aws-js" "aws-js-adaptive" "aws-js-dynamodb" "aws-legacy" "aws-legacy-dynamodb"
        "aws-rust" "aws-rust-2020" "aws-standard" "aws-standard-2020"
        "aws-standard-dynamodb" "axios-retry" "axios-retry-expo" "axios-retry-linear"
        "backoff-constant" "backoff-expo" "backoff-fibo" "backoff-rs" "backon"
        "backon-constant" "backon-fibonacci" "backon-fibonacci-jitter" "backon-jitter"
        "bottleneck" "bottleneck-reservoir" "brooker-3-retries" "brooker-adaptive" "celery"
        "celery-fixed" "cenkalti" "client-go" "client-go-workqueue"
        "contended-row-exponential" "curl" "curl-new" "decorrelated-jitter" "discordjs"
        "envoy" "envoy-budget" "envoy-ratelimited" "equal-jitter" "exponential-backoff"
        "failsafe" "failsafe-backoff" "failsafe-random" "fetch-retry" "finagle"
        "finagle-decorrelated-jittered" "finagle-equal-jittered"
        "finagle-exponential-jittered" "full-jitter" "gax-go" "go-retryablehttp"
        "go-retryablehttp-linear" "go-retryablehttp-rate-limit-linear" "google-api-core"
        "google-gapic" "got" "grpc" "grpc-hedging" "heroku-exponential-backoff"
        "heroku-gradual-decrease" "heroku-proportional-decrease" "heroku-remaining-decrease"
        "httpx" "httpx-retries" "ideal-pacer" "ky" "linkerd" "metastable-backoff"
        "metastable-budget" "metastable-once" "metastable-retry" "ms-http-resilience"
        "naive-tight" "none" "octokit-retry" "octokit-throttling" "okhttp" "openai"
        "openai-node" "openai-v1" "outage-herd-decorrelated" "outage-herd-exponential"
        "outage-herd-full-jitter" "p-retry" "polly-constant-jitter" "polly-default"
        "polly-exponential" "polly-exponential-jitter" "polly-linear" "polly-linear-jitter"
        "reqwest-retry" "reqwest-retry-bounded" "resilience4j" "resilience4j-expo"
        "resilience4j-expo-random" "resilience4j-random" "retry" "slack-default"
        "slack-fixed" "slack-ratelimit" "slack-server-error" "spring-retry"
        "spring-retry-expo" "spring-retry-expo-random" "spring-retry-uniform" "sre-adaptive"
        "stripe" "stripe-node" "stripe-v11" "tenacity-chain" "tenacity-expo"
        "tenacity-exponential" "tenacity-exponential-jitter" "tenacity-fixed"
        "tenacity-fixed-random" "tenacity-incrementing" "tenacity-random"
        "tenacity-random-exponential" "tokio-retry" "tokio-retry-fibonacci"
        "tokio-retry-fixed" "tokio-retry-jitter" "tower-default" "urllib3-backoff"
        "urllib3-backoff-v1" "urllib3-default" "urllib3-v1" "wget" "wget-retry";
}

/// The built-in model of that kind and name.
#[must_use]
pub fn find(kind: Kind, name: &str) -> Option<&'static Builtin> {
    BUILT_IN.iter().find(|model| model.kind == kind && model.name == name)
}

/// What to say about a name that is not built in.
#[must_use]
pub fn did_you_mean(kind: Kind, name: &str) -> String {
    let names = || BUILT_IN.iter().filter(|m| m.kind == kind).map(|m| m.name);
    let close = match kind {
        Kind::Client => nearest(name, Catalogue::built_in().names()),
        Kind::Scenario | Kind::Api => nearest(name, names()),
    };
    if close.is_empty() {
        format!("there are: {}", super::nearest::listed(names(), 12))
    } else {
        format!("did you mean `{}`?", close.join("` or `"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert!(did_you_mean(Kind::Scenario, "clovr").contains("`clover`"));
    }

    /// Every file is built in, and nothing is that has no file.
    #[test]
    fn the_list_is_the_folder() {
        for (kind, folder) in
            [(Kind::Scenario, "scenarios"), (Kind::Api, "apis"), (Kind::Client, "clients")]
        {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/").to_owned() + folder;
            let mut files: Vec<String> = std::fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            let mut listed: Vec<String> = BUILT_IN
                .iter()
                .filter(|m| m.kind == kind)
                .map(|m| format!("{}.toml", m.name))
                .collect();
            files.sort();
            listed.sort();
            assert_eq!(files, listed);
        }
    }
}
