//! What a scenario says of the service becomes its model.

use crate::rng::Chance;
use crate::scenario::file::scenario as file;
use crate::service::{Outage, OutageAnswer, ServerCache, ServiceModel, Serving, Stall};
use crate::time::Instant;

use super::Checks;

/// How many attempts may wait for a place, unless the scenario says otherwise.
pub(super) const QUEUE: u32 = 1_000;

/// The model of the service behind these endpoints.
pub(super) fn build(
    scenario: &file::Scenario,
    endpoints: &[&str],
    start: Instant,
    checks: &mut Checks,
) -> ServiceModel {
    let service = &scenario.service;
    checks.unique("endpoint of the service", service.endpoint.iter().map(|e| &e.name));
    for endpoint in &service.endpoint {
        checks.find("endpoint", &endpoint.name, endpoints.iter().copied());
    }
    for name in service.cache.iter().flat_map(|c| &c.endpoints) {
        checks.find("endpoint", name, endpoints.iter().copied());
    }
    let serving = endpoints.iter().map(|name| {
        let own = service.endpoint.iter().find(|e| e.name.as_ref() == name);
        let chance = |own: Option<super::file::Share>, all: Option<super::file::Share>| {
            own.or(all).map_or(Chance::NEVER, super::file::Share::chance)
        };
        let cached = |cache: &file::Cache| {
            cache.endpoints.is_empty() || cache.endpoints.iter().any(|e| e.as_ref() == name)
        };
        Serving {
            time: own.and_then(|e| e.time).unwrap_or(service.time).0,
            fails: chance(own.and_then(|e| e.fails), service.fails),
            refuses: chance(own.and_then(|e| e.refuses), service.refuses),
            cached: service.cache.as_ref().is_some_and(cached),
        }
    });
    let (outages, stalls) = outages(service, start, checks);
    let slowdown = service.slowdown.as_ref().map_or(0.0, |s| *s.as_ref());
    if let Some(at) =
        service.slowdown.as_ref().filter(|s| !(s.as_ref().is_finite() && *s.as_ref() >= 0.0))
    {
        checks.fault(
            at.span(),
            format!("the slowdown is {}", at.as_ref()),
            "write a number from 0, like 0.01 for 1 %",
        );
    }
    ServiceModel {
        serving: serving.collect(),
        reject_time: service.reject_time.map_or(crate::dist::Dist::ZERO, |t| t.0),
        reject_takes_place: service.reject_takes_place,
        places: service
            .places
            .as_ref()
            .map_or(u32::MAX, |n| checks.above_zero(n, "the number of places")),
        queue: service.queue.unwrap_or(QUEUE),
        slowdown,
        drops_timed_out: service.timed_out == file::TimedOut::Dropped,
        cache: service.cache.as_ref().map(|c| ServerCache { ttl: c.ttl, hit: c.hit.0 }),
        optimistic: service.optimistic,
        outages,
        stalls,
    }
}

/// The outages of a service, and apart from them those in which it only stalls.
fn outages(
    service: &file::Service,
    start: Instant,
    checks: &mut Checks,
) -> (Vec<Outage>, Vec<Stall>) {
    let (mut outages, mut stalls) = (vec![], vec![]);
    let mut last = start;
    for outage in &service.outage {
        let from = start.after(*outage.from.as_ref());
        let until = from.after(outage.span);
        if from < last {
            checks.fault(
                outage.from.span(),
                "this outage begins before the last one ends",
                "write them in order, apart",
            );
        }
        last = until;
        let answer = match outage.answer {
            file::OutageAnswer::Error => OutageAnswer::Error,
            file::OutageAnswer::Refuse => OutageAnswer::Refuse,
            file::OutageAnswer::Hang => OutageAnswer::Hang,
            file::OutageAnswer::Stall => {
                stalls.push(Stall { from, until });
                continue;
            }
        };
        outages.push(Outage { from, until, answer, limits_decide: outage.limits_decide });
    }
    (outages, stalls)
}
