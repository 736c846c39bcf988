//! The verdict in words: what a comparison says, and how sure that is.

use super::number::{self, Quantity, half_width};
use super::subject::{End, Subject};
use super::text::{KEPT, keep, listed, shell, visible};
use crate::attribute::Scope;
use crate::client::Levers;
use crate::experiment::{Equality, Lead, Outcome};
use crate::limiter::Limiter;
use crate::scenario::{Assumption, Model, Plan};
use crate::stats::interval::{self, Estimate};

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
    let spans: Vec<f64> = floors
        .iter()
        .map(|floor| floor.span.as_secs_f64())
        .collect();
    let seconds = interval::mean(&spans)?.mean;
    let model = subject.model();
    let limit = model.api.limit(first.limit);
    let whose = first.population.map_or(String::new(), |population| {
        format!("{}, ", visible(&model.populations[population].name))
    });
    let name = visible(&limit.name);
    let (pace, scope) = (pace(&limit.limiter), scope(model, &limit.scope));
    Some(Bound {
        seconds,
        bound: rounded_down(seconds),
        why: format!("{whose}{name}: {pace} per {scope}"),
    })
}

/// How soon any client could be done, as a sentence.
#[must_use]
pub fn floor(subject: &Subject<'_>) -> Option<String> {
    let Bound { bound, why, .. } = floor_of(subject)?;
    let saves = |model: &Model| model.populations.iter().any(|p| saves_attempts(&p.levers));
    let who = if subject.plan.variants.iter().any(|v| saves(&v.model)) {
        "No client that makes an attempt for each call"
    } else {
        "No client"
    };
    let bound = keep(&bound);
    Some(format!(
        "{who} can finish 99 % of the calls before {bound} ({why})."
    ))
}

/// Whether some calls may be served without an attempt of their own.
fn saves_attempts(levers: &Levers) -> bool {
    let none = levers.caches.is_empty() && levers.avoids.is_empty() && levers.screens.is_empty();
    levers.batch.is_some() || !none
}

/// A bound is rounded down, or it would not be one.
fn rounded_down(seconds: f64) -> String {
    let places = if seconds < 10.0 { 2 } else { 1 };
    let scale = if seconds < 10.0 { 100.0 } else { 10.0 };
    keep(&format!(
        "{} s",
        number::decimal((seconds * scale).floor() / scale, places)
    ))
}

/// The rule of a limit without its algorithm: `50/s`.
#[must_use]
pub fn pace(limiter: &Limiter) -> String {
    match limiter {
        Limiter::FixedWindow(window) => window.rate().to_string(),
        Limiter::TokenBucket(bucket) => bucket.rate().to_string(),
        Limiter::Concurrency(limiter) => format!("{} at once", limiter.max()),
    }
}

/// The key of a scope: `app`, `token,endpoint`.
#[must_use]
pub fn scope(model: &Model, scope: &Scope) -> String {
    let names = model.principals.names();
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

/// Who is better than whom: a sentence or two.
#[must_use]
pub fn verdict(subject: &Subject<'_>) -> String {
    let ranking = &subject.comparison.ranking;
    let outcomes = &subject.comparison.outcomes;
    let Some(best) = ranking.order().next() else {
        return String::new();
    };
    let told = Told {
        subject,
        best: &outcomes[best],
    };
    match (ranking.finished.len(), ranking.leads.len()) {
        (_, 0) => told.alone(!ranking.finished.is_empty()),
        (0, _) => told.lost(),
        (1, _) => told.only(),
        (finished, _) => told.sooner(&ranking.leads[..finished - 1]),
    }
}

/// The finding in one line, for a chart.
#[must_use]
pub fn headline(subject: &Subject<'_>) -> String {
    let text = verdict(subject).replace(KEPT, " ");
    let end = [", with ", "; ", ". ", ", and "]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min();
    let line = end.map_or(text.as_str(), |end| &text[..end]);
    line.trim_end_matches('.').to_owned()
}

struct Told<'t> {
    subject: &'t Subject<'t>,
    best: &'t Outcome,
}

impl Told<'_> {
    fn outcome(&self, lead: &Lead) -> &Outcome {
        &self.subject.comparison.outcomes[lead.behind]
    }

    /// One client and nobody to compare it with.
    fn alone(&self, finished: bool) -> String {
        let name = visible(&self.best.name);
        let time = self.best.estimate("time-to-99").filter(|_| finished);
        let time = time.map_or(String::new(), |time| {
            format!(
                ", 99 % of them in {}",
                keep(&Quantity::Seconds.write_estimate(&time))
            )
        });
        format!(
            "{name} served {} of the calls{time}, with {} 429s.",
            share(self.best),
            refusals(self.best)
        )
    }

    /// Nobody finished: what was lost comes first.
    fn lost(&self) -> String {
        let leads = &self.subject.comparison.ranking.leads;
        let name = visible(&self.best.name);
        let nobody = "No client served 99.9 % of the calls in every seed";
        let (alike, behind) = split(leads, |lead| {
            lead.served.is_some_and(|more| clear(&more, 0.0))
        });
        let Some(next) = behind else {
            let names = names_of(self, alike);
            return format!(
                "{nobody}, and there is no clear difference in what {name} and {names} served: {} and {}.",
                share(self.best),
                shares(self, alike)
            );
        };
        let other = self.outcome(next);
        let more = next.served.map_or(String::new(), |more| points(&more));
        let mut text = format!(
            "{nobody}; {name} served {}, {more} more than {}, with {} instead of {} 429s.",
            share(self.best),
            visible(&other.name),
            refusals(self.best),
            refusals(other)
        );
        if !alike.is_empty() {
            let close = format!(
                " No clear difference between {name} and {}.",
                names_of(self, alike)
            );
            text.push_str(&close);
        }
        text
    }

    /// One finished and the others did not.
    fn only(&self) -> String {
        let next = &self.subject.comparison.ranking.leads[0];
        let other = self.outcome(next);
        let less = next.served.map_or(String::new(), |more| points(&more));
        format!(
            "Only {} served 99.9 % of the calls in every seed; {} served {}, {less} less. It had {} instead of {} 429s.",
            visible(&self.best.name),
            visible(&other.name),
            share(other),
            refusals(self.best),
            refusals(other)
        )
    }

    /// Several finished: who was sooner.
    fn sooner(&self, leads: &[Lead]) -> String {
        let name = visible(&self.best.name);
        let (close, behind) = split(leads, |lead| {
            lead.sooner.is_some_and(|times| clear(&times, 1.0))
        });
        let mut sentences = vec![];
        if !close.is_empty() {
            let by = close[0].sooner.filter(|_| close.len() == 1);
            let by = by.map_or(String::new(), |times| format!(" ({})", factor(&times)));
            let other = names_of(self, close);
            let of = if self.by_completion() {
                ""
            } else {
                " in p99 wait"
            };
            sentences.push(format!(
                "No clear difference{of} between {name} and {other}{by}."
            ));
        }
        if let Some(next) = behind {
            let (other, times) = (self.outcome(next), next.sooner.map(|times| factor(&times)));
            let times = times.unwrap_or_default();
            let verb = if self.by_completion() {
                format!(
                    "{name} finishes {times} sooner than {}",
                    visible(&other.name)
                )
            } else {
                format!(
                    "The p99 wait of {name} is {times} shorter than that of {}",
                    visible(&other.name)
                )
            };
            sentences.push(format!(
                "{verb}, with {} instead of {} 429s.",
                refusals(self.best),
                refusals(other)
            ));
        }
        sentences.join(" ")
    }

    fn by_completion(&self) -> bool {
        self.subject.comparison.ranking.by_completion
    }
}

/// Those before the first that is clearly behind, and that one.
fn split(leads: &[Lead], behind: impl Fn(&Lead) -> bool) -> (&[Lead], Option<&Lead>) {
    let place = leads.iter().position(behind).unwrap_or(leads.len());
    (&leads[..place], leads.get(place))
}

/// Whether a difference is told as one: of a single seed, whenever there is any.
fn clear(estimate: &Estimate, none: f64) -> bool {
    if estimate.has_interval() {
        estimate.distinguishable_from(none)
    } else {
        (estimate.mean - none).abs() > f64::EPSILON
    }
}

fn names_of(told: &Told<'_>, leads: &[Lead]) -> String {
    let names: Vec<String> = leads
        .iter()
        .map(|lead| visible(&told.outcome(lead).name))
        .collect();
    listed(&names)
}

fn shares(told: &Told<'_>, leads: &[Lead]) -> String {
    let shares: Vec<String> = leads.iter().map(|lead| share(told.outcome(lead))).collect();
    listed(&shares)
}

/// `97.9 % ± 0.2 %` of the calls.
fn share(outcome: &Outcome) -> String {
    let Some(share) = outcome.estimate("served-share") else {
        return "nothing".to_owned();
    };
    if share.mean == 0.0 {
        let calls = super::subject::total(outcome, None, None).offered;
        return keep(&format!("0 of {}", number::count(calls)));
    }
    let value = Quantity::Share.write(share.mean);
    let half = half_width(&share);
    if half < 0.000_5 {
        return keep(&value);
    }
    keep(&format!("{value} ± {} %", number::decimal(half * 100.0, 1)))
}

/// `3.1 ± 0.2 points`.
fn points(difference: &Estimate) -> String {
    let half = half_width(difference) * 100.0;
    let places = places_for(half, difference.mean * 100.0);
    let value = number::decimal(difference.mean.abs() * 100.0, places);
    if half == 0.0 {
        return keep(&format!("{value} points"));
    }
    keep(&format!(
        "{value} ± {} points",
        number::decimal(half, places)
    ))
}

/// `1.7 ± 0.3 times`.
fn factor(times: &Estimate) -> String {
    let half = half_width(times);
    if !half.is_finite() {
        return keep(&format!(
            "more than {} times",
            number::decimal(times.low, 1)
        ));
    }
    let places = places_for(half, times.mean);
    let value = number::decimal(times.mean, places);
    if half == 0.0 {
        return keep(&format!("{value} times"));
    }
    keep(&format!(
        "{value} ± {} times",
        number::decimal(half, places)
    ))
}

/// As many decimals as the half-width has a figure in, one to three.
fn places_for(half: f64, value: f64) -> usize {
    let mut places = usize::from(value.abs() < 99.5 && half < 9.5);
    let mut size = half * 10.0;
    while places > 0 && places < 3 && half > 0.0 && size < 0.95 {
        size *= 10.0;
        places += 1;
    }
    places
}

fn refusals(outcome: &Outcome) -> String {
    let mean = outcome.estimate("429s").map_or(0.0, |refused| refused.mean);
    Quantity::Count.write(mean)
}

/// A sentence for each client that cannot act on its own rule here.
#[must_use]
pub fn equalities(subject: &Subject<'_>) -> Vec<String> {
    let told = subject.comparison.equalities.iter();
    told.map(|equality| told_of(equality, subject.plan))
        .collect()
}

fn told_of(equality: &Equality, plan: &Plan) -> String {
    let name = |index: usize| visible(&plan.variants[index].name);
    let limits = |names: &[String]| -> String {
        let names: Vec<String> = names.iter().map(|name| visible(name)).collect();
        listed(&names)
    };
    let (client, api) = (name(equality.client), visible(&plan.api));
    let silent = limits(&equality.silent);
    let mut text = match equality.equals {
        Some(other) => format!(
            "{client} = {} on {silent}: {api} sends no header there that it reads",
            name(other)
        ),
        None => {
            format!("{client} waits blindly on {silent}: {api} sends no header there that it reads")
        }
    };
    if !equality.telling.is_empty() {
        let told = limits(&equality.telling);
        text.push_str(&format!("; it is told something on {told}"));
    }
    text + "."
}

/// What the API's model assumes, a line each, and how to try something else.
/// Empty where nothing is assumed.
#[must_use]
pub fn assumptions(plan: &Plan, command: &str) -> Vec<String> {
    let Some(first) = plan.assumptions.first() else {
        return vec![];
    };
    let groups = grouped(&plan.assumptions);
    let count = plan.assumptions.len();
    let mut lines = vec![format!(
        "Assumes {count} thing{} that {} does not document:",
        if count == 1 { "" } else { "s" },
        visible(&plan.api)
    )];
    for (limits, assumption) in groups {
        let or = assumption.alternatives.join(" or ");
        lines.push(visible(&format!(
            "- {}: {} = {} (or {or})",
            limits.join(", "),
            assumption.field,
            assumption.value
        )));
    }
    lines.push(format!("Try another: {command} --set {}", setting(first)));
    lines
}

/// The assumptions that several limits share, told once, with the limits' names.
fn grouped(assumptions: &[Assumption]) -> Vec<(Vec<&str>, &Assumption)> {
    let mut groups: Vec<(Vec<&str>, &Assumption)> = vec![];
    for assumption in assumptions {
        let limit = assumption.limit.as_deref().unwrap_or("the whole API");
        let alike = groups.iter_mut().find(|(_, first)| {
            first.limit.is_some() == assumption.limit.is_some()
                && first.field == assumption.field
                && first.value == assumption.value
                && first.alternatives == assumption.alternatives
        });
        match alike {
            Some((limits, _)) => limits.push(limit),
            None => groups.push((vec![limit], assumption)),
        }
    }
    groups
}

/// The `--set` that makes an assumption its first alternative.
fn setting(assumption: &Assumption) -> String {
    let limit = assumption.limit.as_ref().map_or(String::new(), |limit| {
        format!("limit.{}.", crate::scenario::document::slug(limit))
    });
    let value = assumption.alternatives.first().map_or("", String::as_str);
    shell(&format!("api.{limit}{}={value}", assumption.field))
}
