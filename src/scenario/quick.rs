//! A scenario from a few words on the command line: a backlog of calls at some
//! limits, written as the same TOML that files hold, so that one parse reads it.

mod limit;

use std::fmt::Write;

use super::document::Document;
use super::fault::{Faults, Source};
use crate::time::{Rate, SECOND, Span};
use limit::{Algorithm, Keys, Rule};

/// The name of such a scenario, and of its folder.
pub const NAME: &str = "quick";

/// Under which faults of the limits are shown.
const ARGUMENTS: &str = "the --limit arguments";

/// The shortest horizon, and how many times as long as the work needs it is.
const SHORTEST: Span = Span::seconds(900);
const PATIENCE: u64 = 10;

/// The longest horizon: ten years.
const LONGEST: Span = Span::seconds(86_400 * 3_650);

/// A backlog of calls at some limits.
#[derive(Clone, Debug)]
pub struct Quick {
    limits: Vec<String>,
    rules: Vec<Rule>,
    /// For each identity.
    calls: u32,
    workers: u32,
    identities: u32,
    asked: u32,
}

impl Quick {
    /// Reads limits such as `50/s per app` or `5 at-once per token`; all faults
    /// at once. `identities` share `calls` calls evenly.
    pub fn read(
        limits: &[String],
        calls: u32,
        workers: u32,
        identities: u32,
    ) -> Result<Quick, Faults> {
        let rules = rules(limits, Keys::Words)?;
        let identities = identities.min(calls);
        Ok(Quick {
            limits: limits.to_vec(),
            rules,
            calls: calls.div_ceil(identities),
            workers,
            identities,
            asked: calls,
        })
    }

    /// Reads limits on the requests of logs, whose keys are those of
    /// [`crate::log::Key`], with `where` behind them; all faults at once.
    pub fn of_logs(limits: &[String]) -> Result<Quick, Faults> {
        let rules = rules(limits, Keys::Fields)?;
        let limits = limits.to_vec();
        Ok(Quick { limits, rules, calls: 1, workers: 1, identities: 1, asked: 1 })
    }

    /// How many requests in what time its limit lets through, if there is one
    /// alone and it has a rate.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        match self.rules.as_slice() {
            [rule] => rule.rate(),
            _ => None,
        }
    }

    /// The same with another count of all rates.
    #[must_use]
    pub fn with_count(&self, count: u64) -> Quick {
        let rules = self.rules.iter().map(|rule| rule.with_count(count)).collect();
        Quick { rules, ..self.clone() }
    }

    /// The flags that make the same scenario again.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let limits = self.limits.iter();
        let mut words: Vec<String> =
            limits.flat_map(|limit| ["--limit".to_owned(), limit.clone()]).collect();
        for (flag, number) in [
            ("--calls", self.asked),
            ("--workers", self.workers),
            ("--identities", self.identities),
        ] {
            words.extend([flag.to_owned(), number.to_string()]);
        }
        words
    }

    /// What was understood of the limits, a line for each.
    #[must_use]
    pub fn echo_limits(&self) -> Vec<String> {
        self.rules.iter().map(Rule::echo).collect()
    }

    /// What was understood, in full: a line for each limit, then the work.
    #[must_use]
    pub fn echo(&self) -> Vec<String> {
        let mut lines = self.echo_limits();
        let exact = self.total() == u64::from(self.asked);
        let more =
            if exact { String::new() } else { format!(" ({} do not divide evenly)", self.asked) };
        lines.push(format!(
            "work: {} calls, {} for each of {} clients{more}; {} workers; an attempt takes 100 ms and 20 ms each way",
            self.total(),
            self.calls,
            self.identities,
            self.workers
        ));
        lines
    }

    fn total(&self) -> u64 {
        u64::from(self.calls) * u64::from(self.identities)
    }

    /// The scenario and its API.
    pub fn documents(&self) -> Result<(Document, Document), Faults> {
        let scenario = Document::new("the scenario of the command line", self.scenario())?;
        let api = Document::new("the API of the command line", self.api())?;
        Ok((scenario, api))
    }

    fn scenario(&self) -> String {
        let title = format!(
            "{} calls of {} clients, {} workers",
            self.total(),
            self.identities,
            self.workers
        );
        let mut identity = vec!["app = \"shared\"".to_owned()];
        for key in self.keys().filter(|key| !["app", "endpoint"].contains(key)) {
            let entry = format!("{key} = \"each\"");
            if !identity.contains(&entry) {
                identity.push(entry);
            }
        }
        format!(
            "name = {NAME:?}
title = {title:?}
api = \"the command line\"
clients = [\"naive\", \"fixed-interval\", \"exponential-jitter\", \"header-aware\"]
horizon = \"{}\"

[service]
time = \"100ms\"

[[population]]
name = \"clients\"
count = {}
identity = {{ {} }}
backlog = {{ calls = {} }}
asks = {{ call = 1 }}
workers = {}
",
            self.horizon(),
            self.identities,
            identity.join(", "),
            self.calls,
            self.workers
        )
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().flat_map(|rule| rule.keys.iter().map(String::as_str))
    }

    /// Many times as long as the slowest limit needs for all calls.
    fn horizon(&self) -> Span {
        let needed = self.rules.iter().map(|rule| {
            let keys = if rule.keys.iter().all(|key| key == "app" || key == "endpoint") {
                1
            } else {
                u64::from(self.identities)
            };
            let (count, period) = match rule.algorithm {
                Algorithm::Window { rate, .. }
                | Algorithm::Bucket { rate, .. }
                | Algorithm::Nginx { rate, .. } => (rate.count, rate.period),
                Algorithm::Concurrency { max } => (max.saturating_mul(10), Span::seconds(1)),
            };
            period.times(self.total().div_ceil(count.saturating_mul(keys)))
        });
        let workers = Span::millis(140).times(self.total().div_ceil(u64::from(self.workers)));
        let longest = needed.max().unwrap_or(workers).max(workers);
        let horizon = longest.times(PATIENCE).max(SHORTEST).min(LONGEST);
        let minutes = horizon.0.div_ceil(60 * SECOND);
        Span::seconds(minutes.saturating_mul(60))
    }

    fn api(&self) -> String {
        let mut text =
            "name = \"the API of the command line\"\n\n[[endpoint]]\nname = \"call\"\n".to_owned();
        for rule in &self.rules {
            let keys: Vec<String> = rule.attributes().iter().map(|key| quoted(key)).collect();
            write!(
                text,
                "\n[[limit]]\nname = {}\nper = [{}]\n{}\n",
                quoted(&rule.name()),
                keys.join(", "),
                rule.toml()
            )
            .expect("a string takes every text");
        }
        text
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Reads the rules of all limits, or finds all their faults.
fn rules(limits: &[String], keys: Keys) -> Result<Vec<Rule>, Faults> {
    let (mut rules, mut faults, mut text) = (vec![], vec![], String::new());
    for argument in limits {
        match limit::read(argument, text.len(), keys) {
            Ok(rule) => rules.push(rule),
            Err(fault) => faults.push(fault),
        }
        text.push_str(argument);
        text.push('\n');
    }
    if faults.is_empty() {
        return Ok(rules);
    }
    let name = ARGUMENTS.to_owned();
    Err(Source { name, text, faults }.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Bundle;

    fn quick(limits: &[&str], calls: u32) -> Result<Quick, Faults> {
        let limits: Vec<String> = limits.iter().map(|l| (*l).to_owned()).collect();
        Quick::read(&limits, calls, 64, 100)
    }

    #[test]
    fn flags_become_a_scenario_that_is_parsed_like_any_other() {
        let quick = quick(
            &["50/s per app", "first-request 1000/h per token,endpoint", "5 at-once per token"],
            7_000,
        )
        .unwrap();
        let (scenario, api) = quick.documents().unwrap();
        let never = |path: &str| Err(format!("{path} is not read"));
        let bundle = Bundle::of_scenario(scenario, Some(api), None, &[], &never).unwrap();
        let plan = bundle.plan().unwrap_or_else(|faults| panic!("{faults}"));
        let model = &plan.variants[0].model;
        let rules: Vec<String> = model.api.limits.iter().map(|l| l.limiter.to_string()).collect();
        assert_eq!(rules, ["fixed-window 50/s", "first-request 1000/h", "5 at-once"]);
        let keys: Vec<usize> = model.api.slots.iter().map(crate::attribute::SlotMap::len).collect();
        assert_eq!(keys, [1, 100, 100]);
        assert_eq!(plan.variants.len(), 4);
    }

    #[test]
    fn calls_that_do_not_divide_are_said_to() {
        let lines = quick(&["50/s per app"], 7_050).unwrap().echo();
        assert!(lines[1].starts_with("work: 7100 calls, 71 for each"), "{lines:?}");
        assert!(lines[1].contains("7050 do not divide"), "{lines:?}");
    }

    #[test]
    fn all_faults_come_at_once() {
        let faults = quick(&["50 per app", "16/s", "16/s per token", "5/s burst 2 per app"], 7_000);
        assert_eq!(faults.unwrap_err().len(), 3);
    }
}
