//! A scenario's populations become models of who calls, when and for whom.

use crate::api::EndpointId;
use crate::attribute::{AttributeValue, Principals};
use crate::client::Levers;
use crate::dist::Dist;
use crate::rng::Chance;
use crate::scenario::file::population as file;
use crate::scenario::file::scenario::Scenario;
use crate::time::{Rate, Span};
use crate::workload::{Arrivals, Choice, Population, STEPS_MAX, Step, Work, Workers};

use super::policy::World;
use super::{Checks, levers};

/// How many calls may wait for a worker, unless the scenario says otherwise.
pub(super) const QUEUE: u32 = 100_000;

/// How many clients a population has.
pub(super) fn count(population: &file::Population) -> u32 {
    population.count.as_ref().map_or(1, |count| *count.as_ref())
}

/// About how many calls a population makes.
pub(super) fn expected_calls(population: &file::Population, horizon: Span) -> f64 {
    let seconds = horizon.as_secs_f64();
    let each = if let Some(rate) = &population.poisson {
        rate.as_ref().per_second() * seconds
    } else if let Some(curve) = &population.curve {
        let most = curve
            .rates
            .as_ref()
            .iter()
            .filter_map(|r| r.0)
            .map(Rate::per_second)
            .fold(0.0, f64::max);
        most * seconds
    } else if let Some(poll) = &population.poll {
        seconds / poll.every.as_ref().as_secs_f64().max(1e-9)
    } else if let Some(closed) = &population.closed {
        seconds / closed.think.0.mean().as_secs_f64().max(1e-6)
    } else if let Some(backlog) = &population.backlog {
        f64::from(backlog.calls.as_ref().1)
    } else {
        population.burst.as_ref().map_or(1.0, |burst| f64::from(burst.calls))
    };
    each * f64::from(count(population)) * population.step.len().max(1) as f64
}

/// Everybody for whom attempts are made: a row for each client, in order.
pub(super) fn principals(scenario: &Scenario, checks: &mut Checks) -> Principals {
    let mut names: Vec<String> =
        scenario.population.iter().flat_map(|p| p.identity.keys().cloned()).collect();
    names.sort();
    names.dedup();
    let clients: u64 = scenario.population.iter().map(|p| u64::from(count(p))).sum();
    let mut principals = Principals::new(names.clone());
    if clients > super::CLIENTS_MAX {
        return principals;
    }
    for population in &scenario.population {
        let mut dealt: Vec<Vec<AttributeValue>> = vec![];
        for name in &names {
            dealt.push(match population.identity.get(name) {
                Some(file::Identity::Of(0)) => {
                    let message = format!("`{name}` is dealt out in 0 values");
                    checks.fault(population.name.span(), message, "write at least 1");
                    vec![]
                }
                Some(file::Identity::Of(values)) => {
                    (0..*values).map(|_| principals.fresh()).collect()
                }
                Some(file::Identity::Shared) => vec![principals.value_of("shared")],
                Some(file::Identity::Is(text)) => vec![principals.value_of(text)],
                Some(file::Identity::Each) | None => vec![],
            });
        }
        for client in 0..count(population) as usize {
            let row: Vec<Option<AttributeValue>> = names
                .iter()
                .zip(&dealt)
                .map(|(name, values)| match population.identity.get(name) {
                    Some(file::Identity::Each) => Some(principals.fresh()),
                    _ if values.is_empty() => None,
                    _ => Some(values[client % values.len()]),
                })
                .collect();
            principals.push(&row);
        }
    }
    principals
}

/// All populations; `follows` gives the policy and the levers of each.
pub(super) fn build(
    scenario: &Scenario,
    world: &World<'_>,
    checks: &mut Checks,
    follows: impl Fn(usize) -> (u16, Levers),
) -> Vec<Population> {
    checks.unique("population", scenario.population.iter().map(|p| &p.name));
    if scenario.population.is_empty() {
        checks.fault(scenario.name.span(), "nobody calls", "add a [[population]]");
    }
    let mut first = 0;
    let mut all = vec![];
    for (index, population) in scenario.population.iter().enumerate() {
        let clients =
            population.count.as_ref().map_or(1, |n| checks.above_zero(n, "the number of clients"));
        let (policy, mut own) = follows(index);
        levers::over(&mut own, &population.levers, world, checks);
        let work = work(population, checks);
        let steps = steps(population, &work, world, checks);
        all.push(Population {
            name: population.name.as_ref().clone(),
            wanted: !population.unwanted,
            clients,
            first_client: first,
            first_principal: first,
            workers: workers(population, &work, checks),
            work,
            steps,
            content: population.content.as_ref().and_then(|c| content(c, checks)),
            policy,
            levers: own,
            holds_worker: population.waiting_holds_worker,
            queue: population.queue.unwrap_or(QUEUE),
            patience: population.patience,
            outward: scenario.network.out.0,
            homeward: scenario.network.home.0,
            skew: population.clock_skew.0,
        });
        first = first.saturating_add(clients);
    }
    all
}

fn workers(population: &file::Population, work: &Work, checks: &mut Checks) -> Workers {
    if let (Some(workers), Some(_)) = (&population.workers, &population.in_flight) {
        let help = "give `workers` for a pool over all clients, or `in-flight` for each";
        checks.fault(workers.span(), "both `workers` and `in-flight` are given", help);
    }
    if let Some(workers) = &population.workers {
        return Workers::Pool(checks.above_zero(workers, "the number of workers"));
    }
    if let Some(most) = &population.in_flight {
        return Workers::PerClient(checks.above_zero(most, "the calls in flight"));
    }
    // A backlog without workers would start all of its calls at once.
    if matches!(work, Work::Backlog { .. }) { Workers::PerClient(1) } else { Workers::Unbounded }
}

/// How the calls of a population come about; a fault unless it is said once.
fn work(population: &file::Population, checks: &mut Checks) -> Work {
    let closed = population.closed.as_ref().map(|closed| Work::Closed { think: closed.think.0 });
    let backlog = population.backlog.as_ref().map(|backlog| {
        let calls = backlog.calls.as_ref();
        if calls.1 == 0 {
            checks.fault(backlog.calls.span(), "the backlog is empty", "write at least 1");
        }
        Work::Backlog { least: calls.0, most: calls.1 }
    });
    let mut given: Vec<Work> = arrivals(population, checks).into_iter().map(Work::Open).collect();
    given.extend(closed);
    given.extend(backlog);
    if given.len() != 1 {
        let message = format!(
            "the population `{}` has {} kinds of work",
            population.name.as_ref(),
            given.len()
        );
        let help = "give exactly one of: poisson, curve, burst, poll, once, closed, backlog";
        checks.fault(population.name.span(), message, help);
    }
    given.pop().unwrap_or(Work::Closed { think: Dist::Constant(Span::seconds(1)) })
}

/// All open arrivals that a population is given.
fn arrivals(population: &file::Population, checks: &mut Checks) -> Vec<Arrivals> {
    let mut given = vec![];
    if let Some(rate) = &population.poisson {
        given.push(Arrivals::Poisson { rate: *rate.as_ref() });
    }
    if let Some(curve) = &population.curve {
        checks.longer_than_zero(&curve.step, "the step of the curve");
        if curve.rates.as_ref().is_empty() {
            checks.fault(
                curve.rates.span(),
                "the curve has no rates",
                "write [\"600/h\", \"1500/h\"]",
            );
        }
        let rates = curve.rates.as_ref().iter().map(|rate| rate.0).collect();
        given.push(Arrivals::Curve { rates, step: (*curve.step.as_ref()).max(Span(1)) });
    }
    if let Some(burst) = &population.burst {
        given.push(Arrivals::Burst { at: burst.at, calls: burst.calls });
    }
    if let Some(poll) = &population.poll {
        checks.longer_than_zero(&poll.every, "the interval of the poll");
        given.push(Arrivals::Poll { every: *poll.every.as_ref(), staggered: poll.staggered });
    }
    if let Some(once) = &population.once {
        given.push(Arrivals::Once { at: once.at.0 });
    }
    given
}

fn steps(
    population: &file::Population,
    work: &Work,
    world: &World<'_>,
    checks: &mut Checks,
) -> Vec<Step> {
    let open = matches!(work, Work::Open(_));
    if let Some(step) = population.step.first().filter(|_| !open || population.asks.is_some()) {
        let at = step.asks.0.first().map_or(population.name.span(), |(name, _)| name.span());
        let help = if open {
            "give either `asks` or [[population.step]]"
        } else {
            "give `asks`: only open work has sessions"
        };
        checks.fault(at, "these steps have no place here", help);
    }
    if population.step.len() > STEPS_MAX {
        let message = format!("a session of {} steps is too long", population.step.len());
        checks.fault(population.name.span(), message, format!("write at most {STEPS_MAX}"));
    }
    let always = Chance::new(1.0);
    if open && !population.step.is_empty() {
        let step = |step: &file::Step, checks: &mut Checks| {
            Some(Step {
                endpoint: asks(&step.asks, population, world, checks)?,
                after: step.after.map_or(Dist::ZERO, |t| t.0),
                share: step.share.map_or(always, crate::scenario::file::Share::chance),
            })
        };
        return population.step.iter().take(STEPS_MAX).filter_map(|s| step(s, checks)).collect();
    }
    let endpoint = match &population.asks {
        Some(weights) => asks(weights, population, world, checks),
        None if world.endpoints.len() == 1 => Some(Choice::Only(0)),
        None => {
            let message =
                format!("it is not said what the population `{}` asks", population.name.as_ref());
            checks.fault(population.name.span(), message, "add asks = { ENDPOINT = 1 }");
            None
        }
    };
    endpoint
        .into_iter()
        .map(|endpoint| Step { endpoint, after: Dist::ZERO, share: always })
        .collect()
}

fn asks(
    asks: &file::Asks,
    population: &file::Population,
    world: &World<'_>,
    checks: &mut Checks,
) -> Option<Choice<EndpointId>> {
    let found: Vec<(EndpointId, u64)> = asks
        .0
        .iter()
        .filter_map(|(name, weight)| Some((world.endpoint(name, checks)?, *weight)))
        .collect();
    if found.len() < asks.0.len() {
        return None;
    }
    if let [(endpoint, _)] = found[..] {
        return Some(Choice::Only(endpoint));
    }
    let (endpoints, weights) = found.into_iter().unzip();
    let choice = Choice::weighted(endpoints, weights);
    if choice.is_none() {
        let at = asks.0.first().map_or(population.name.span(), |(name, _)| name.span());
        checks.fault(at, "no endpoint has a weight", "write { read = 94, export = 6 }");
    }
    choice
}

fn content(content: &file::Content, checks: &mut Checks) -> Option<Choice<u32>> {
    const MOST: u32 = 10_000_000;
    let count = checks.above_zero(&content.count, "the number of contents");
    if count > MOST {
        checks.fault(
            content.count.span(),
            format!("{count} contents are too many"),
            format!("write at most {MOST}"),
        );
        return None;
    }
    let zipf = content.zipf.as_ref().map_or(0.0, |z| *z.as_ref());
    if !(0.0..=10.0).contains(&zipf) {
        let at = content.zipf.as_ref().map_or(0..0, toml::Spanned::span);
        checks.fault(at, format!("zipf is {zipf}"), "write a number from 0 to 10");
        return None;
    }
    Choice::weighted(
        (0..count).collect(),
        (1..=count).map(|rank| zipf_weight(rank, zipf)).collect(),
    )
}

/// The weight of the rank-th most popular thing, in millionths of the first's.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and a million
fn zipf_weight(rank: u32, zipf: f64) -> u64 {
    (libm::round(1e6 * libm::pow(f64::from(rank), -zipf)) as u64).max(1)
}
