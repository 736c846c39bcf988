//! An API's file becomes its model.

use crate::api::{ApiModel, ClockView, Commit, Cost, Endpoint, LimitId, LimitModel, Penalty};
use crate::attribute::{Condition, Missing, Principals, Scope, SlotMap};
use crate::http::{Status, Statuses};
use crate::limiter::{Clock, Limiter};
use crate::scenario::file::api as file;
use crate::time::{Instant, Length, Span};

use super::header::{Names, check_lines, header_names, header_rule, headers_of};
use super::{Checks, Name, attributes, multiple};

/// The endpoint of an API that lists none.
const REQUEST: &str = "request";

/// The model of an API for these principals. Where it is not known how many
/// clients there are, limits that hang on it are as for one.
pub(in crate::scenario) fn build(
    api: &file::Api,
    start: Instant,
    clients: Option<u64>,
    principals: &mut Principals,
    checks: &mut Checks,
) -> Option<ApiModel> {
    checks.unique("endpoint", api.endpoint.iter().map(|e| &e.name));
    checks.unique("limit", api.limit.iter().map(|l| &l.name));
    let mut names = Names { headers: header_names(api, checks), texts: vec![] };
    let limits: Vec<LimitModel> = api
        .limit
        .iter()
        .filter_map(|limit| build_limit(api, start, clients, limit, principals, &mut names, checks))
        .collect();
    let applied = applied(api, checks);
    if limits.len() < api.limit.len() {
        return None;
    }
    let endpoint = |(place, name): (usize, String)| {
        let mut ids = applied[place].clone();
        // A cost of nothing in a limit's unit is no business of that limit.
        let counts = |id: &LimitId| {
            let (file, limit) = (&api.limit[usize::from(id.0)], &limits[usize::from(id.0)]);
            file.counts.is_none() || limit.costs[place] != Cost::known(0)
        };
        ids.retain(counts);
        let stages = stages(&ids, &limits);
        let method = api.endpoint.get(place).map(|e| e.method).unwrap_or_default();
        Endpoint { name, method, limits: ids, stages }
    };
    let endpoints: Vec<Endpoint> =
        endpoint_names(api).into_iter().enumerate().map(endpoint).collect();
    let slots =
        limits.iter().map(|l| SlotMap::build(&l.scope, principals, endpoints.len())).collect();
    let penalty_slots = limits
        .iter()
        .map(|l| {
            l.penalty.as_ref().map(|(_, scope)| SlotMap::build(scope, principals, endpoints.len()))
        })
        .collect();
    let mut units: Vec<String> =
        api.limit.iter().filter_map(|l| Some(l.counts.as_ref()?.as_ref().clone())).collect();
    units.sort();
    units.dedup();
    check_stages(api, &endpoints, checks);
    check_lines(api, &endpoints, &limits, checks);
    let name = api.name.clone();
    let Names { headers: header_names, texts } = names;
    Some(ApiModel {
        name,
        endpoints,
        limits,
        commit: api.commit,
        header_names,
        texts,
        units,
        slots,
        penalty_slots,
    })
}

/// The names of the endpoints; one stands for all where none is listed.
pub(in crate::scenario) fn endpoint_names(api: &file::Api) -> Vec<String> {
    let names: Vec<String> = api.endpoint.iter().map(|e| e.name.as_ref().clone()).collect();
    if names.is_empty() { vec![REQUEST.to_owned()] } else { names }
}

/// How many of an endpoint's limits each stage has: a limit with a line is
/// alone, and who holds a place is asked when the delays are over.
fn stages(ids: &[LimitId], limits: &[LimitModel]) -> Vec<usize> {
    let mut stages: Vec<usize> = vec![];
    let (mut delays, mut alone) = (false, true);
    for id in ids {
        let limit = &limits[usize::from(id.0)];
        let lines_up = limit.limiter.queue().is_some() && !limit.shadow;
        if alone || lines_up || limit.limiter.holds() && delays {
            stages.push(0);
            delays = false;
        }
        *stages.last_mut().expect("the first limit begins a stage") += 1;
        delays |= limit.limiter.delays();
        alone = lines_up;
    }
    stages
}

/// Rules that look at all limits together need them in one stage.
fn check_stages(api: &file::Api, endpoints: &[Endpoint], checks: &mut Checks) {
    let together = matches!(api.commit, Commit::Rollback | Commit::Any);
    let several = endpoints.iter().find(|endpoint| endpoint.stages.len() > 1);
    if let Some(endpoint) = several.filter(|_| together)
        && let Some(id) = endpoint.limits.get(endpoint.stages[0])
    {
        let limit = &api.limit[usize::from(id.0)];
        let message = format!(
            "`{}` is asked only when the limits before it have let a request pass",
            limit.name.as_ref()
        );
        let help = "commit = \"rollback\" and \"any\" want all limits at once: leave out the \
                    queue, or the limit that delays";
        checks.fault(limit.name.span(), message, help);
    }
}

/// What an attempt takes from a limit, by endpoint.
fn costs(api: &file::Api, limit: &file::Limit, checks: &mut Checks) -> Vec<Cost> {
    let known: Vec<&str> =
        api.endpoint.iter().flat_map(|e| e.cost.units.keys()).map(String::as_str).collect();
    let unit = limit.counts.as_ref();
    if let Some(unit) = unit {
        checks.find("unit among the costs of the endpoints", unit, known.iter().copied());
    }
    let of = |endpoint: &file::Endpoint| {
        let amount = match unit {
            Some(unit) => endpoint.cost.units.get(unit.as_ref()),
            None => endpoint.cost.plain.as_ref(),
        };
        // A unit that is not listed is not used; one request is one request.
        let nothing = u32::from(unit.is_none());
        amount.map_or(Cost::known(nothing), |a| Cost { reserved: a.reserved, used: a.used })
    };
    let costs: Vec<Cost> = api.endpoint.iter().map(of).collect();
    if costs.is_empty() { vec![Cost::known(1)] } else { costs }
}

/// A fault where an API has no endpoints to tell apart.
fn check_endpoint(api: &file::Api, names: &[Name], checks: &mut Checks) {
    let endpoint = names.iter().find(|name| name.as_ref() == "endpoint");
    if let Some(name) = endpoint.filter(|_| api.endpoint.is_empty()) {
        let message = "the API lists no endpoints that could have keys of their own";
        checks.fault(name.span(), message, "add a [[endpoint]] for each, with its name");
    }
}

/// Which limits apply to each endpoint.
fn applied(api: &file::Api, checks: &mut Checks) -> Vec<Vec<LimitId>> {
    let endpoints = endpoint_names(api);
    let mut applied = vec![vec![]; endpoints.len()];
    for (id, limit) in (0..).map(LimitId).zip(&api.limit) {
        let mut listed = |names: &[Name]| -> Vec<usize> {
            let all = || endpoints.iter().map(String::as_str);
            names.iter().filter_map(|name| checks.find("endpoint", name, all())).collect()
        };
        let (only, except) = (listed(&limit.endpoints), listed(&limit.except));
        for (place, limits) in applied.iter_mut().enumerate() {
            if (limit.endpoints.is_empty() || only.contains(&place)) && !except.contains(&place) {
                limits.push(id);
            }
        }
    }
    applied
}

fn build_limit(
    api: &file::Api,
    start: Instant,
    clients: Option<u64>,
    limit: &file::Limit,
    principals: &mut Principals,
    names: &mut Names,
    checks: &mut Checks,
) -> Option<LimitModel> {
    let scope = Scope {
        attributes: attributes(&limit.per, principals, checks),
        by_endpoint: names_endpoint(&limit.per),
        when: conditions(limit, principals, checks),
        missing: match limit.missing {
            file::Missing::Skip => Missing::Skip,
            file::Missing::Shared => Missing::Shared,
            file::Missing::Reject => Missing::Reject,
        },
    };
    check_endpoint(api, &limit.per, checks);
    let headers = headers_of(api, limit)
        .iter()
        .filter_map(|header| header_rule(header, limit.name.as_ref(), names, checks))
        .collect();
    let penalty = limit.penalty.as_ref().map(|p| {
        let scope = Scope {
            attributes: attributes(&p.of, principals, checks),
            by_endpoint: names_endpoint(&p.of),
            ..Scope::default()
        };
        check_endpoint(api, &p.of, checks);
        if let Some(max) = p.max.as_ref().filter(|max| *max.as_ref() < p.first) {
            let message = "the longest lock is shorter than the first";
            checks.fault(max.span(), message, format!("write at least \"{}\"", p.first));
        }
        (penalty(p), scope)
    });
    let status = limit.status.as_ref().or(api.status.as_ref());
    if let Some(status) = status.filter(|s| !(200..600).contains(s.as_ref())) {
        let message = format!("{} is no status of a refusal", status.as_ref());
        checks.fault(status.span(), message, "write one from 200 to 599, like 429");
    }
    let costs = costs(api, limit, checks);
    let limiter = limiter(limit, clients, checks)?;
    Some(LimitModel {
        name: limit.name.as_ref().clone(),
        clock: clock(limit.clock, &limiter, start),
        scope,
        costs,
        counted: limit.counted,
        settles: false,
        takes_cost: limit.counts.is_some() || api.limit.iter().all(|l| l.counts.is_none()),
        counts_rejects: counts_rejects(limit, &limiter, checks),
        gives_back: if limiter.skips_failures() {
            Statuses::errors()
        } else {
            limit.gives_back.0.clone()
        },
        limiter,
        shadow: limit.shadow,
        notifies: limit.notifies,
        status: status.map_or(Status::TOO_MANY_REQUESTS, |s| Status(*s.as_ref())),
        headers,
        penalty,
    })
}

/// Whether each endpoint has its own key.
fn names_endpoint(names: &[Name]) -> bool {
    names.iter().any(|name| name.as_ref() == "endpoint")
}

/// The clock of a limiter: the wall's, or one that began when the run did.
fn clock(written: file::Clock, limiter: &Limiter, start: Instant) -> ClockView {
    let natural = match limiter.card().clock {
        Clock::Wall => start,
        Clock::Monotonic => Instant(0),
    };
    let at_start = written.at_start.map_or(natural, |span| Instant(span.0));
    let created = written.created.map_or(at_start, |span| Instant(span.0));
    ClockView::new(start, at_start, created)
}

/// Whether refusals count, where that is not the program's own affair.
fn counts_rejects(limit: &file::Limit, limiter: &Limiter, checks: &mut Checks) -> bool {
    let Some(written) = &limit.counts_rejects else { return false };
    if let Some(program) = limiter.card().implementation.filter(|_| *written.as_ref()) {
        let message = format!("what a refusal counts is decided by {program} itself");
        checks.fault(written.span(), message, "leave it out");
    }
    *written.as_ref()
}

fn penalty(written: &file::Penalty) -> Penalty {
    Penalty {
        after: written.after.get(),
        within: written.within.map_or(Span::NEVER, Length::span),
        first: written.first,
        step: written.step,
        max: written.max.as_ref().map_or(Span::NEVER, |max| *max.as_ref()),
        early: written.early,
    }
}

fn conditions(
    limit: &file::Limit,
    principals: &mut Principals,
    checks: &mut Checks,
) -> Vec<Condition> {
    let mut conditions = vec![];
    for (name, text) in &limit.when {
        let names: Vec<String> = principals.names().to_vec();
        if checks
            .find("attribute that a population has,", name, names.iter().map(String::as_str))
            .is_none()
        {
            continue;
        }
        let value = principals.value_of(text);
        conditions.extend(
            principals.attribute(name.as_ref()).map(|attribute| Condition { attribute, value }),
        );
    }
    conditions
}

/// The limiter of a limit; a fault unless it has exactly one.
fn limiter(limit: &file::Limit, clients: Option<u64>, checks: &mut Checks) -> Option<Limiter> {
    let mut given = limit.limiters();
    let count = given.len();
    if count == 1
        && let Some((at, mut limiter)) = given.pop()
    {
        if let Some(times) = &limit.times {
            limiter = multiple::times(limiter, clients.unwrap_or(1), times.span(), checks);
        }
        // One client's share may be too little for anybody alone.
        if limit.times.is_none() || clients.is_some() {
            multiple::check_open(&limiter, at, checks);
        }
        return Some(limiter);
    }
    let message = match count {
        0 => format!("the limit `{}` has no limiter", limit.name.as_ref()),
        _ => format!("the limit `{}` has {count} limiters", limit.name.as_ref()),
    };
    let help = "give exactly one, like fixed-window, token-bucket or concurrency; \
                `tollgate list limiters` shows them all";
    checks.fault(limit.name.span(), message, help);
    None
}
