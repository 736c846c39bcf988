//! Comparisons with numbers of choice, for tests.

use std::num::NonZeroUsize;

use super::subject::Subject;
use crate::api::LimitId;
use crate::engine::{AttemptRecord, Caller, Fact, Observer};
use crate::experiment::{Comparison, Outcome, Ranking, Run, Sample, Seeds, Stopping};
use crate::http::{Answer, Status};
use crate::measure::{Counts, Series, Waves};
use crate::metric::METRICS;
use crate::scenario::quick::Quick;
use crate::scenario::{Bundle, Plan};
use crate::time::{Instant, Span};

/// A plan of a backlog of 100 calls at one limit, for clients of these names.
pub(super) fn plan(names: &[&str]) -> Plan {
    plan_at("50/s per app", 10, names)
}

/// A plan of 100 calls of so many clients, each with a limit of its own.
pub(super) fn plan_of(clients: u32, names: &[&str]) -> Plan {
    plan_at("5/s per token", clients, names)
}

fn plan_at(limit: &str, clients: u32, names: &[&str]) -> Plan {
    let quick = Quick::read(&[limit.to_owned()], 100, 4, clients).unwrap();
    let (scenario, api) = quick.documents().unwrap();
    let fetch = |path: &str| Err(path.to_owned());
    let bundle = Bundle::of_scenario(scenario, Some(api), None, &[], &fetch).unwrap();
    let mut plan = bundle.plan().unwrap();
    let first = plan.variants[0].clone();
    plan.variants = names
        .iter()
        .map(|name| {
            let mut variant = first.clone();
            (*name).clone_into(&mut variant.name);
            variant
        })
        .collect();
    plan
}

/// One client's runs: of 100 calls so many served, 99 % of them after so many
/// seconds, with so many 429s; one of each for every seed.
pub(super) fn outcome(plan: &Plan, place: usize, runs: &[(u32, f64, f64)]) -> Outcome {
    let variant = &plan.variants[place];
    let mut outcome = Outcome::new(&variant.name, &variant.model);
    for (served, seconds, refused) in runs {
        let sample = |name: &str| match name {
            "calls" => Sample::Plain(Some(100.0)),
            "served-share" => Sample::Ratio(f64::from(*served), 100.0),
            "time-to-99" => Sample::Plain((*served >= 99).then_some(*seconds)),
            "429s" => Sample::Plain(Some(*refused)),
            "wait-p99" => Sample::Plain(Some(f64::INFINITY)),
            "amplification" => Sample::Ratio(100.0 + refused, 100.0),
            _ => Sample::Plain(Some(0.0)),
        };
        outcome.runs.push(Run {
            samples: METRICS.iter().map(|metric| sample(metric.name())).collect(),
            cells: vec![vec![Counts {
                offered: 100,
                by_attempt: u64::from(*served),
                ..Counts::default()
            }]],
            waits: vec![],
            limits: vec![],
            series: Series::new(Instant(0), Instant(1)),
            finite_calls: 100,
            events: 0,
        });
    }
    outcome
}

/// An outcome whose first run has these refused attempts: of which client, after
/// how many milliseconds, and whether each is a retry.
pub(super) fn sent(
    plan: &Plan,
    place: usize,
    attempts: impl Iterator<Item = (u32, u64, bool)>,
) -> Outcome {
    let mut outcome = outcome(plan, place, &[(20, 1.0, 0.0)]);
    let model = &plan.variants[place].model;
    let mut waves = Waves::new(model);
    for (client, millis, retry) in attempts {
        let record = AttemptRecord {
            number: 1 + u32::from(retry),
            call: 0,
            sent: model.start.after(Span::millis(millis)),
            answer: Answer::Status(Status(429)),
            rejected_by: Some(LimitId(0)),
            then: None,
        };
        let caller = Caller { population: 0, client, endpoint: 0 };
        waves.note(record.sent, caller, &Fact::Answered(record));
    }
    outcome.waves = Some(waves);
    outcome
}

/// What is told of a comparison of these outcomes.
pub(super) fn told<T>(plan: &Plan, outcomes: Vec<Outcome>, tell: impl Fn(&Subject<'_>) -> T) -> T {
    compared(plan, outcomes, None, tell)
}

/// The same of one that came to its number of seeds by itself.
pub(super) fn compared<T>(
    plan: &Plan,
    outcomes: Vec<Outcome>,
    stopping: Option<Stopping>,
    tell: impl Fn(&Subject<'_>) -> T,
) -> T {
    let seeds = outcomes.first().map_or(1, |outcome| outcome.runs.len());
    let comparison = Comparison {
        ranking: Ranking::of(&outcomes),
        outcomes,
        floors: vec![],
        equalities: vec![],
        stopping,
        warm_up: None,
    };
    let seeds = Seeds { root: 0, count: NonZeroUsize::new(seeds).unwrap() };
    tell(&Subject::new(plan, seeds, &comparison))
}
