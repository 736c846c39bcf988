//! `models/apis/*.toml`: an API's endpoints and limits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::cost::{Costs, GivesBack};
use super::header::Header;
use super::{Assumed, Name};
use crate::api::{Commit, Counted, Early};
use crate::http::Method;
use crate::limiter::{self, Limiter};
use crate::time::{Length, Span};

/// An API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Api {
    /// What people call it.
    pub name: String,
    /// Where its numbers are from.
    #[serde(default)]
    pub source: Option<String>,
    /// When that was read.
    #[serde(default)]
    pub read: Option<String>,
    /// The status of refusals, where a limit says no other.
    #[serde(default)]
    pub status: Option<Spanned<u16>>,
    /// Which limits are charged.
    #[serde(default)]
    pub commit: Commit,
    /// What can be asked.
    #[serde(default)]
    pub endpoint: Vec<Endpoint>,
    /// The limits, in the order in which they are asked.
    #[serde(default)]
    pub limit: Vec<Limit>,
    /// The headers of every limit that lists none of its own.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// What the vendor does not document about all of it.
    #[serde(default)]
    pub assumed: Assumed,
}

/// An endpoint, or a class of endpoints that are limited alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Endpoint {
    /// What scenarios call it.
    pub name: Name,
    /// What it is asked with.
    #[serde(default)]
    pub method: Method,
    /// What a request takes from each limit: a number, or one for each unit
    /// that limits count.
    #[serde(default)]
    pub cost: Costs,
    /// Where the page speaks of it.
    #[serde(default)]
    pub source: Option<String>,
}

/// The tables that name a limiter, each under its key: one entry for every limiter.
macro_rules! tables {
    ($($key:ident: $name:ident,)*) => {
        /// A limit: one algorithm over one scope.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct Limit {
            /// What reports call it.
            pub name: Name,
            /// Where its numbers are from.
            #[serde(default)]
            pub source: Option<String>,
            /// The attributes of its key; `endpoint` is one of them.
            pub per: Vec<Name>,
            /// Only for attempts with these attributes.
            #[serde(default)]
            pub when: BTreeMap<Name, String>,
            /// What becomes of attempts that lack an attribute.
            #[serde(default)]
            pub missing: Missing,
            /// Only these endpoints.
            #[serde(default)]
            pub endpoints: Vec<Name>,
            /// All endpoints but these.
            #[serde(default)]
            pub except: Vec<Name>,
            $(
                #[doc = concat!("The limiter `", stringify!($key), "`.")]
                #[serde(default)]
                pub $key: Option<Spanned<limiter::$name>>,
            )*
            /// How many times over the limiter's numbers apply.
            #[serde(default)]
            pub times: Option<Spanned<Multiple>>,
            /// The clock that the limiter looks at.
            #[serde(default)]
            pub clock: Clock,
            /// Which of an endpoint's costs it counts.
            #[serde(default)]
            pub counts: Option<Name>,
            /// When an attempt is counted.
            #[serde(default)]
            pub counted: Counted,
            /// Refused attempts count too.
            #[serde(default)]
            pub counts_rejects: Option<Spanned<bool>>,
            /// Attempts answered with one of these statuses must not count.
            #[serde(default)]
            pub gives_back: GivesBack,
            /// It decides and counts, but refuses nobody.
            #[serde(default)]
            pub shadow: bool,
            /// Somebody is told when it is reached.
            #[serde(default)]
            pub notifies: bool,
            /// The status of its refusals; behind a 2xx the body says it, and
            /// clients take it for a 429.
            #[serde(default)]
            pub status: Option<Spanned<u16>>,
            /// What it tells of itself.
            #[serde(default)]
            pub headers: Option<Vec<Header>>,
            /// What asking too early costs.
            #[serde(default)]
            pub penalty: Option<Penalty>,
            /// What the vendor does not document about it.
            #[serde(default)]
            pub assumed: Assumed,
        }

        impl Limit {
            /// The limiters that it names, each with its place; one is right.
            #[must_use]
            pub fn limiters(&self) -> Vec<(Range<usize>, Limiter)> {
                let mut all = vec![];
                $(if let Some(table) = &self.$key {
                    all.push((table.span(), table.as_ref().clone().into()));
                })*
                all
            }
        }

        /// A limiter alone, under its key: what a limit becomes during a run.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule {
            $(
                #[doc = concat!("The limiter `", stringify!($key), "`.")]
                $name(limiter::$name),
            )*
        }

        impl From<Rule> for Limiter {
            fn from(rule: Rule) -> Limiter {
                match rule { $(Rule::$name(table) => table.into(),)* }
            }
        }
    };
}
limiter::with_limiters!(tables);

/// How many times over the numbers of a limiter apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Multiple {
    /// They are written for one client, and apply once for each that the
    /// scenario has in all its populations.
    Clients,
}

/// The clock that a limiter looks at.
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Clock {
    /// What it shows when the run starts, or at time 0 of a trace.
    #[serde(default)]
    pub at_start: Option<Span>,
    /// What it showed when the limiter was made.
    #[serde(default)]
    pub created: Option<Span>,
}

/// What becomes of attempts that lack an attribute of the key.
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The limit does not apply.
    #[default]
    Skip,
    /// They share one key.
    Shared,
    /// They are refused.
    Reject,
}

/// What refusals cost: the key is locked out.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Penalty {
    /// Whose key is locked out.
    pub of: Vec<Name>,
    /// After so many refusals.
    #[serde(default = "one")]
    pub after: NonZeroU32,
    /// That fall within so long.
    #[serde(default)]
    pub within: Option<Length>,
    /// How long the first lock lasts.
    pub first: Span,
    /// What each early request adds.
    #[serde(default)]
    pub step: Span,
    /// The longest.
    #[serde(default)]
    pub max: Option<Spanned<Span>>,
    /// What a request does that comes too early.
    #[serde(default)]
    pub early: Early,
}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::CARDS;

    /// What `list limiters` prints is what a file takes.
    #[test]
    fn every_card_has_its_parameters_and_an_example_that_is_read() {
        for (key, card) in CARDS {
            let key = key.replace('_', "-");
            let example = toml::from_str::<Rule>(card.example);
            assert!(card.example.starts_with(&format!("{key} = {{")), "{key}: {}", card.example);
            example.unwrap_or_else(|error| panic!("{key}: {error}"));
            let stranger = toml::from_str::<Rule>(&format!("{key} = {{ stranger = 1 }}"));
            let said = stranger.unwrap_err().to_string();
            let known = said.split("expected").nth(1).unwrap_or_else(|| panic!("{key}: {said}"));
            let mut known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
            let own = card.parameters.iter().map(|(name, _)| *name).filter(|n| !n.starts_with('.'));
            let mut listed: Vec<&str> = own.collect();
            known.sort_unstable();
            listed.sort_unstable();
            assert_eq!(known, listed, "{key}");
            let width = card.peculiar.chars().count();
            assert!(width <= 120 && !card.peculiar.ends_with('.'), "{key}: a line, {width}");
        }
    }
}
