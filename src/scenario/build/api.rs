//! An API's file becomes its model.

use crate::api::{
    ApiModel, Commit, Endpoint, Form, HeaderRule, LimitId, LimitModel, Penalty, Told,
};
use crate::attribute::{Condition, Missing, Principals, Scope, SlotMap};
use crate::http::{HEADERS_MAX, HeaderId, Status};
use crate::limiter::{Anchor, Concurrency, FixedWindow, Initial, Limiter, TokenBucket};
use crate::scenario::file::api as file;
use crate::time::Instant;

use super::{Checks, attributes};

/// The model of an API for these principals.
pub(super) fn build(
    api: &file::Api,
    start: Instant,
    principals: &mut Principals,
    checks: &mut Checks,
) -> Option<ApiModel> {
    checks.unique("endpoint", api.endpoint.iter().map(|e| &e.name));
    checks.unique("limit", api.limit.iter().map(|l| &l.name));
    let endpoints: Vec<Endpoint> = api.endpoint.iter().map(|e| endpoint(e, checks)).collect();
    let header_names = header_names(api, checks);
    let limits: Vec<LimitModel> = api
        .limit
        .iter()
        .filter_map(|limit| build_limit(api, start, limit, principals, &header_names, checks))
        .collect();
    let by_endpoint = by_endpoint(api, &endpoints, checks);
    if limits.len() < api.limit.len() {
        return None;
    }
    let slots =
        limits.iter().map(|l| SlotMap::build(&l.scope, principals, endpoints.len())).collect();
    let penalty_slots = limits
        .iter()
        .map(|l| {
            l.penalty.as_ref().map(|(_, scope)| SlotMap::build(scope, principals, endpoints.len()))
        })
        .collect();
    let commit = match api.commit {
        file::Commit::AllOrNothing => Commit::AllOrNothing,
        file::Commit::InOrder => Commit::InOrder,
        file::Commit::Always => Commit::Always,
    };
    Some(ApiModel {
        name: api.name.clone(),
        endpoints,
        limits,
        by_endpoint,
        commit,
        header_names,
        slots,
        penalty_slots,
    })
}

fn endpoint(endpoint: &file::Endpoint, checks: &mut Checks) -> Endpoint {
    let cost = endpoint.cost.as_ref().map_or(1, |cost| checks.above_zero(cost, "the cost"));
    Endpoint { name: endpoint.name.as_ref().clone(), cost }
}

fn headers_of<'f>(api: &'f file::Api, limit: &'f file::Limit) -> &'f [file::Header] {
    limit.headers.as_deref().unwrap_or(&api.headers)
}

/// The names of all headers, each once.
fn header_names(api: &file::Api, checks: &mut Checks) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    let all = api.limit.iter().filter_map(|l| l.headers.as_ref()).flatten().chain(&api.headers);
    for header in all {
        let name = header.name.as_ref();
        if names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            continue;
        }
        if names.len() == HEADERS_MAX {
            let message = format!("`{name}` is one header name too many");
            checks.fault(
                header.name.span(),
                message,
                format!("an API sends at most {HEADERS_MAX} about its limits"),
            );
        } else {
            names.push(name.clone());
        }
    }
    names
}

/// Which limits apply to each endpoint.
fn by_endpoint(api: &file::Api, endpoints: &[Endpoint], checks: &mut Checks) -> Vec<Vec<LimitId>> {
    let mut by_endpoint = vec![vec![]; endpoints.len()];
    for (id, limit) in (0..).map(LimitId).zip(&api.limit) {
        let mut listed = |names: &[super::Name]| -> Vec<usize> {
            let all = || endpoints.iter().map(|e| e.name.as_str());
            names.iter().filter_map(|name| checks.find("endpoint", name, all())).collect()
        };
        let (only, except) = (listed(&limit.endpoints), listed(&limit.except));
        for (place, limits) in by_endpoint.iter_mut().enumerate() {
            if (limit.endpoints.is_empty() || only.contains(&place)) && !except.contains(&place) {
                limits.push(id);
            }
        }
    }
    by_endpoint
}

fn build_limit(
    api: &file::Api,
    start: Instant,
    limit: &file::Limit,
    principals: &mut Principals,
    names: &[String],
    checks: &mut Checks,
) -> Option<LimitModel> {
    let scope = Scope {
        attributes: attributes(&limit.per, principals, checks),
        by_endpoint: limit.per.iter().any(|name| name.as_ref() == "endpoint"),
        when: conditions(limit, principals, checks),
        missing: match limit.missing {
            file::Missing::Skip => Missing::Skip,
            file::Missing::Shared => Missing::Shared,
            file::Missing::Reject => Missing::Reject,
        },
    };
    let headers =
        headers_of(api, limit).iter().filter_map(|header| header_rule(header, names)).collect();
    let penalty = limit.penalty.as_ref().map(|p| {
        let scope = Scope { attributes: attributes(&p.of, principals, checks), ..Scope::default() };
        (Penalty { first: p.first, step: p.step, max: p.max }, scope)
    });
    let status = limit.status.as_ref().or(api.status.as_ref());
    if let Some(status) = status.filter(|s| !(400..600).contains(s.as_ref())) {
        let message = format!("{} is no status of a refusal", status.as_ref());
        checks.fault(status.span(), message, "write one from 400 to 599, like 429");
    }
    Some(LimitModel {
        name: limit.name.as_ref().clone(),
        limiter: limiter(limit, start, checks)?,
        scope,
        counts_rejects: limit.counts_rejects,
        gives_back: limit.gives_back.as_ref().and_then(|class| gives_back(class, checks)),
        shadow: limit.shadow,
        notifies: limit.notifies,
        status: status.map_or(Status::TOO_MANY_REQUESTS, |s| Status(*s.as_ref())),
        headers,
        penalty,
    })
}

fn gives_back(class: &toml::Spanned<String>, checks: &mut Checks) -> Option<u16> {
    let number = class
        .as_ref()
        .strip_suffix("xx")
        .and_then(|c| c.parse().ok())
        .filter(|c| (2..=5).contains(c));
    if number.is_none() {
        let message = format!("`{}` is no class of status", class.as_ref());
        checks.fault(class.span(), message, "write \"5xx\" or \"4xx\"");
    }
    number
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

fn header_rule(header: &file::Header, names: &[String]) -> Option<HeaderRule> {
    let place = names.iter().position(|n| n.eq_ignore_ascii_case(header.name.as_ref()))?;
    let form =
        Form { epoch: header.form == file::Form::Epoch, up: header.round == file::Round::Up };
    let told = match header.tells {
        file::Tells::Limit => Told::Limit,
        file::Tells::Remaining => Told::Remaining,
        file::Tells::Used => Told::Used,
        file::Tells::Reset => Told::Reset(form),
        file::Tells::Wait => Told::Wait(form),
    };
    let name = HeaderId(u8::try_from(place).ok()?);
    Some(HeaderRule { name, told, rejects_only: header.on == file::On::Rejects })
}

/// The algorithm of a limit; a fault unless it has exactly one, with numbers
/// that make sense.
fn limiter(limit: &file::Limit, start: Instant, checks: &mut Checks) -> Option<Limiter> {
    let given =
        [limit.fixed_window.is_some(), limit.token_bucket.is_some(), limit.concurrency.is_some()];
    let count = given.iter().filter(|g| **g).count();
    if count != 1 {
        let message = format!("the limit `{}` has {count} algorithms", limit.name.as_ref());
        let help = "give exactly one of: fixed-window, token-bucket, concurrency";
        checks.fault(limit.name.span(), message, help);
        return None;
    }
    if let Some(window) = &limit.fixed_window {
        let quota = checks.above_zero(&window.quota, "the quota");
        checks.longer_than_zero(&window.window, "the window");
        let length = *window.window.as_ref();
        let anchor = match window.anchor {
            file::Anchor::Clock => Anchor::Clock { phase: window.phase },
            file::Anchor::FirstRequest => Anchor::FirstRequest,
        };
        return (length > crate::time::Span::ZERO)
            .then(|| Limiter::FixedWindow(FixedWindow::new(quota, length, anchor)));
    }
    if let Some(bucket) = &limit.token_bucket {
        let initial = match bucket.initial {
            file::Initial::Full => Initial::Full,
            file::Initial::Empty => Initial::Empty,
        };
        let burst = *bucket.burst.as_ref();
        let built = TokenBucket::new(*bucket.rate.as_ref(), (burst.0, burst.1), initial, start);
        return match built {
            Ok(limiter) => Some(Limiter::TokenBucket(limiter)),
            Err(error) => {
                checks.fault(
                    bucket.burst.span(),
                    error.to_string(),
                    "for example 1000/h with a burst of 1000",
                );
                None
            }
        };
    }
    let concurrency = limit.concurrency.as_ref()?;
    Some(Limiter::Concurrency(Concurrency::new(
        checks.above_zero(&concurrency.max, "the most in progress"),
    )))
}
