//! The verdict in words: what a comparison says, and how sure that is.

mod assumed;
mod chance;
mod drift;
mod policy;
mod recovery;
mod releases;
mod stopping;
mod thresholds;
mod trials;
mod verdict;
mod warm_up;

pub use assumed::assumptions;
pub use drift::{drifts, word};
pub use policy::policy;
pub use recovery::recovery;
pub use releases::{libraries, releases};
pub use stopping::stopping;
pub use thresholds::{crossed, thresholds};
pub use trials::{survived, trials};
pub use verdict::{headline, verdict};
pub use warm_up::warm_up;

use super::number;
use super::subject::{End, Subject};
use super::text::{keep, listed, visible};
use crate::attribute::Scope;
use crate::client::Levers;
use crate::experiment::Equality;
use crate::scenario::{Model, Plan};
use crate::stats::interval;

/// How soon any client could be done, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Bound {
    /// The mean over the seeds.
    pub seconds: f64,
    /// The same as text, rounded down: `147.7 s`.
    pub bound: String,
    /// The limit that sets it: `app rate: 50/s per app`.
    pub why: String,
}

/// How soon any client could be done, and which limit sets that. `None` where
/// no limit does, or where calls keep coming: of those nobody knows which come
/// first, so no bound holds.
#[must_use]
pub fn floor_of(subject: &Subject<'_>) -> Option<Bound> {
    if subject.end() != End::All {
        return None;
    }
    let floors = &subject.comparison.floors;
    let first = floors.first()?;
    let spans: Vec<f64> = floors.iter().map(|floor| floor.span.as_secs_f64()).collect();
    let seconds = interval::mean(&spans)?.mean;
    let model = subject.model();
    let limit = model.api.limit(first.limit);
    let of_one = first.population.filter(|_| model.populations.len() > 1);
    let whose = of_one.map_or(String::new(), |population| {
        format!("{}, ", visible(&model.populations[population].name))
    });
    let rule = format!("{} per {}", limit.limiter.pace(), scope(model, &limit.scope));
    let name = Some(visible(&limit.name)).filter(|name| *name != rule);
    let name = name.map_or(String::new(), |name| format!("{name}: "));
    Some(Bound { seconds, bound: rounded_down(seconds), why: format!("{whose}{name}{rule}") })
}

/// How soon any client could be done, as a sentence.
#[must_use]
pub fn floor(subject: &Subject<'_>) -> Option<String> {
    let Bound { bound, why, .. } = floor_of(subject)?;
    let who = if subject.plan.variants.iter().any(|v| saves(&v.model)) {
        "No client that makes an attempt for each call"
    } else {
        "No client"
    };
    let bound = keep(&bound);
    Some(format!("{who} can finish 99 % of the calls before {bound} ({why})."))
}

/// Whether some calls may be served without an attempt of their own.
fn saves(model: &Model) -> bool {
    let none = |levers: &Levers| {
        levers.batch.is_none()
            && levers.caches.is_empty()
            && levers.avoids.is_empty()
            && levers.screens.is_empty()
    };
    !model.populations.iter().all(|p| none(&p.levers))
}

/// A bound is rounded down, or it would not be one.
fn rounded_down(seconds: f64) -> String {
    let places = if seconds < 10.0 { 2 } else { 1 };
    let scale = if seconds < 10.0 { 100.0 } else { 10.0 };
    keep(&format!("{} s", number::decimal((seconds * scale).floor() / scale, places)))
}

/// The key of a scope: `app`, `token,endpoint`.
#[must_use]
pub fn scope(model: &Model, scope: &Scope) -> String {
    let names = &model.attributes;
    let mut keys: Vec<String> = scope
        .attributes
        .iter()
        .map(|attribute| visible(&names[usize::from(attribute.0)]))
        .collect();
    if scope.by_endpoint {
        keys.push("endpoint".to_owned());
    }
    keys.join(",")
}

/// A sentence for each client that cannot act on its own rule here.
#[must_use]
pub fn equalities(subject: &Subject<'_>) -> Vec<String> {
    let told = subject.comparison.equalities.iter();
    told.filter_map(|equality| told_of(equality, subject.plan)).collect()
}

fn told_of(equality: &Equality, plan: &Plan) -> Option<String> {
    let limits = |names: &[String]| -> String {
        let names: Vec<String> = names.iter().map(|name| visible(name)).collect();
        listed(&names)
    };
    let variant = &plan.variants[equality.client];
    let (client, api) = (visible(&variant.name), visible(&plan.api));
    let silent = limits(&equality.silent);
    let told = limits(&equality.telling);
    let Some(other) = equality.equals.map(|other| visible(&plan.variants[other].name)) else {
        // It has other rules to act on, so it is worth a word only where it
        // finds nothing at all.
        return told.is_empty().then(|| {
            format!("{client} finds none of the headers that it reads: {api} does not send them.")
        });
    };
    // With levers of its own it is another client, but it waits like that one.
    let does = if saves(&variant.model) {
        format!("{client} waits as {other} does")
    } else {
        format!("{client} = {other}")
    };
    let differ =
        if told.is_empty() { String::new() } else { format!("; they differ only on {told}") };
    Some(format!("{does} on {silent}: {api} sends no header there that it reads{differ}."))
}
