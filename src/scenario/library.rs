//! The models that are built in, and where other models come from.

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
    Scenario "scenarios": "aiclicks" "clickterm" "clover" "ironclad-clickwrap" "keymint" "w1";
    Api "apis": "aiclicks" "clickterm" "clover" "ironclad-clickwrap" "keymint" "w1"
        "anthropic" "atlassian" "aws-api-gateway" "discord" "github" "openai" "salesforce"
        "shopify-graphql" "shopify-rest" "slack" "stripe" "x";
    Client "clients": "naive" "fixed-interval" "exponential-jitter" "header-aware"
        "aiclicks-advice" "clickterm-advice" "clover-advice" "clover-less-work" "clover-sample" "ironclad-advice" "keymint-advice" "keymint-sample" "w1"
        "aws-go" "aws-java" "aws-java-legacy" "aws-rust" "aws-rust-2020" "backoff-rs" "backon"
        "backon-constant" "backon-fibonacci" "backon-fibonacci-jitter" "backon-jitter" "cenkalti"
        "client-go" "client-go-workqueue" "curl" "curl-new" "decorrelated-jitter" "envoy"
        "envoy-budget" "envoy-ratelimited" "equal-jitter" "exponential-backoff" "failsafe"
        "failsafe-backoff" "failsafe-random" "finagle" "finagle-decorrelated-jittered"
        "finagle-equal-jittered" "finagle-exponential-jittered" "full-jitter" "gax-go"
        "go-retryablehttp" "go-retryablehttp-linear" "go-retryablehttp-rate-limit-linear" "grpc"
        "grpc-hedging" "ideal-pacer" "linkerd" "ms-http-resilience" "okhttp"
        "polly-constant-jitter" "polly-default" "polly-exponential" "polly-exponential-jitter"
        "polly-linear" "polly-linear-jitter" "reqwest-retry" "reqwest-retry-bounded"
        "resilience4j" "resilience4j-expo" "resilience4j-expo-random" "resilience4j-random"
        "spring-retry" "spring-retry-expo" "spring-retry-expo-random" "spring-retry-uniform"
        "sre-adaptive" "tokio-retry" "tokio-retry-fibonacci" "tokio-retry-fixed"
        "tokio-retry-jitter" "tower-default" "wget" "wget-retry";
}

/// A reference to a model, as people write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reference {
    /// One that is built in.
    Named(Kind, String),
    /// A file.
    Path(String),
}

impl Reference {
    /// Reads `scenario/clover`, `clover` (of the kind that is wanted) or a path.
    #[must_use]
    pub fn read(text: &str, wanted: Kind) -> Reference {
        for kind in Kind::ALL {
            if let Some(name) =
                text.strip_prefix(kind.word()).and_then(|rest| rest.strip_prefix('/'))
                && find(kind, name).is_some()
            {
                return Reference::Named(kind, name.to_owned());
            }
        }
        if text.contains(['/', '\\'])
            || std::path::Path::new(text).extension().is_some_and(|e| e == "toml")
        {
            return Reference::Path(text.to_owned());
        }
        Reference::Named(wanted, text.to_owned())
    }
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
    let close = nearest(name, names());
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
    fn references_are_names_or_paths() {
        let read = |text| Reference::read(text, Kind::Client);
        assert_eq!(read("naive"), Reference::Named(Kind::Client, "naive".into()));
        assert_eq!(read("api/clover"), Reference::Named(Kind::Api, "clover".into()));
        assert_eq!(read("./clover.toml"), Reference::Path("./clover.toml".into()));
        assert_eq!(read("api/mine"), Reference::Path("api/mine".into()));
    }

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
