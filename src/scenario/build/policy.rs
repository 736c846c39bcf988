//! A client's file becomes its policy and its levers, for one API.

use crate::api::{ApiModel, EndpointId};
use crate::attribute::{Principals, Scope, SlotMap};
use crate::client::{
    Batch, Cache, Classify, Filter, Gauge, HeaderPace, Hint, InFlight, Jitter, Levers, Pace, Part,
    Pause, Policy, Schedule, Source, Whose,
};
use crate::http::HeaderId;
use crate::scenario::file::{Name, client as file};
use crate::time::Span;

use super::{Checks, attributes};

/// What names in a client's file may refer to.
pub(super) struct World<'w> {
    pub(super) api: &'w ApiModel,
    pub(super) principals: &'w Principals,
    pub(super) endpoints: &'w [&'w str],
    pub(super) populations: &'w [&'w str],
}

impl World<'_> {
    pub(super) fn endpoint(&self, name: &Name, checks: &mut Checks) -> Option<EndpointId> {
        let place = checks.find("endpoint", name, self.endpoints.iter().copied())?;
        EndpointId::try_from(place).ok()
    }

    fn filter(&self, endpoints: &[Name], populations: &[Name], checks: &mut Checks) -> Filter {
        let endpoints = endpoints.iter().filter_map(|name| self.endpoint(name, checks)).collect();
        let population = |name: &Name| {
            let place = checks.find("population", name, self.populations.iter().copied())?;
            u16::try_from(place).ok()
        };
        Filter { endpoints, populations: populations.iter().filter_map(population).collect() }
    }

    fn whose(&self, of: Option<&Vec<Name>>, checks: &mut Checks) -> Whose {
        let Some(names) = of else {
            return Whose::Client;
        };
        let by_endpoint = names.iter().any(|name| name.as_ref() == "endpoint");
        let scope = Scope {
            attributes: attributes(names, self.principals, checks),
            by_endpoint,
            ..Scope::default()
        };
        let slots = SlotMap::build(&scope, self.principals, self.endpoints.len());
        Whose::Scope(scope, slots)
    }

    fn header(&self, name: &str) -> Option<HeaderId> {
        let place = self.api.header_names.iter().position(|n| n.eq_ignore_ascii_case(name))?;
        u8::try_from(place).ok().map(HeaderId)
    }
}

/// The policy of a client.
pub(super) fn build(client: &file::Client, world: &World<'_>, checks: &mut Checks) -> Policy {
    Policy {
        name: client.name.as_ref().clone(),
        attempts: client
            .attempts
            .as_ref()
            .map_or(u32::MAX, |n| checks.above_zero(n, "the number of attempts")),
        classify: Classify(client.retries.iter().map(|kind| kind.0).collect()),
        schedule: schedule(client, checks),
        jitter: jitter(client, client.jitter, checks),
        hint: client.hint.as_ref().and_then(|h| hint(client, h, world, checks)),
        timeout: client.timeout,
        pauses: client
            .pause
            .iter()
            .map(|pause| Pause {
                on: pause.on.iter().map(|kind| kind.0).collect(),
                span: pause.span,
                of: world.whose(pause.of.as_ref(), checks),
            })
            .collect(),
        paces: client
            .pace
            .iter()
            .map(|pace| Pace {
                gap: Span(pace.rate.period.0.div_ceil(pace.rate.count)),
                of: world.whose(pace.of.as_ref(), checks),
                filter: world.filter(&pace.endpoints, &[], checks),
            })
            .collect(),
        in_flight: in_flight(client, world, checks),
        header_pace: client.header_pace.as_ref().and_then(|pace| header_pace(pace, world, checks)),
    }
}

fn in_flight(client: &file::Client, world: &World<'_>, checks: &mut Checks) -> Vec<InFlight> {
    if let Some(one_too_many) = client.in_flight.get(32) {
        checks.fault(
            one_too_many.max.span(),
            "a client has at most 32 limits in flight",
            "leave some out",
        );
    }
    let part = |part: &file::InFlight| InFlight {
        max: checks.above_zero(&part.max, "the most in flight"),
        of: world.whose(part.of.as_ref(), checks),
        filter: world.filter(&part.endpoints, &[], checks),
    };
    client.in_flight.iter().take(32).map(part).collect()
}

fn schedule(client: &file::Client, checks: &mut Checks) -> Schedule {
    match client.wait {
        file::Wait::Zero => Schedule::Zero,
        file::Wait::Fixed(span) => Schedule::Fixed(span),
        file::Wait::Exponential { base, factor, cap } => {
            if !(factor.is_finite() && factor >= 1.0) {
                checks.fault(
                    client.name.span(),
                    format!("the factor {factor} makes waits shorter"),
                    "write at least 1",
                );
            }
            Schedule::Exponential { base, factor, cap }
        }
    }
}

fn jitter(client: &file::Client, jitter: file::Jitter, checks: &mut Checks) -> Jitter {
    match jitter {
        file::Jitter::None => Jitter::None,
        file::Jitter::Full => Jitter::FULL,
        file::Jitter::Equal => Jitter::Multiply { low: 0.5, high: 1.0 },
        file::Jitter::Add(span) => Jitter::Add(span),
        file::Jitter::Multiply(low, high) => {
            if !(low >= 0.0 && low <= high && high.is_finite()) {
                let message = format!("the jitter multiplies by {low} to {high}");
                checks.fault(
                    client.name.span(),
                    message,
                    "write two numbers from 0, the smaller first",
                );
            }
            Jitter::Multiply { low, high }
        }
    }
}

/// The hint, if the API sends any of the headers that it looks at.
fn hint(
    client: &file::Client,
    hint: &file::Hint,
    world: &World<'_>,
    checks: &mut Checks,
) -> Option<Hint> {
    let source = |header: &file::HintHeader| {
        Some(Source { name: world.header(&header.name)?, epoch: header.form == file::Form::Epoch })
    };
    let sources: Vec<Source> = hint.headers.iter().filter_map(source).collect();
    let jitter = jitter(client, hint.jitter, checks);
    let on = hint.on.iter().map(|kind| kind.0).collect();
    (!sources.is_empty()).then_some(Hint { sources, on, jitter })
}

fn header_pace(
    pace: &file::HeaderPace,
    world: &World<'_>,
    checks: &mut Checks,
) -> Option<HeaderPace> {
    let gauge = |gauge: &file::Gauge| {
        let (remaining, reset) = (world.header(&gauge.remaining)?, world.header(&gauge.reset)?);
        Some(Gauge { remaining, reset, epoch: gauge.form == file::Form::Epoch })
    };
    let gauges: Vec<Gauge> = pace.gauges.iter().filter_map(gauge).collect();
    let of = world.whose(pace.of.as_ref(), checks);
    (!gauges.is_empty()).then_some(HeaderPace { gauges, of })
}

/// The levers of a client or a population.
pub(super) fn levers(levers: &file::Levers, world: &World<'_>, checks: &mut Checks) -> Levers {
    let mut built = Levers::default();
    over(&mut built, levers, world, checks);
    built
}

/// Puts the levers that are written in place of those that were there.
pub(super) fn over(
    built: &mut Levers,
    levers: &file::Levers,
    world: &World<'_>,
    checks: &mut Checks,
) {
    let parts = |parts: &[file::Part], checks: &mut Checks| {
        let part = |p: &file::Part| Part {
            share: p.share.chance(),
            filter: world.filter(&p.endpoints, &p.populations, checks),
        };
        parts.iter().map(part).collect::<Vec<_>>()
    };
    if let Some(avoid) = &levers.avoid {
        built.avoids = parts(avoid, checks);
    }
    if let Some(screen) = &levers.screen {
        built.screens = parts(screen, checks);
    }
    if let Some(caches) = &levers.cache {
        built.caches = caches.iter().filter_map(|c| cache(c, world, checks)).collect();
    }
    if let Some(b) = &levers.batch {
        let filter = world.filter(&b.endpoints, &b.populations, checks);
        let calls = *b.calls.as_ref();
        if calls < 2 {
            let message = format!("a batch of {calls} calls is none");
            checks.fault(b.calls.span(), message, "write at least 2");
        }
        built.batch = world.endpoint(&b.endpoint, checks).map(|endpoint| Batch {
            calls,
            wait: b.wait,
            endpoint,
            filter,
        });
    }
    let later =
        |l: &file::Later, checks: &mut Checks| (l.by, world.filter(&[], &l.populations, checks));
    if let Some(stagger) = &levers.stagger {
        built.stagger = Some(later(stagger, checks));
    }
    if let Some(off_peak) = &levers.off_peak {
        built.off_peak = Some(later(off_peak, checks));
    }
    if let Some(spreads) = levers.spreads {
        built.spreads = spreads;
    }
}

fn cache(cache: &file::Cache, world: &World<'_>, checks: &mut Checks) -> Option<(Cache, Filter)> {
    let filter = world.filter(&cache.endpoints, &cache.populations, checks);
    let kind = match (cache.share, cache.ttl, &cache.session) {
        (Some(share), None, None) => Cache::Share(share.chance()),
        (None, Some(ttl), None) => Cache::Ttl(ttl),
        (None, None, Some(session)) if *session.as_ref() => Cache::Session,
        _ => {
            let at = cache.session.as_ref().map(toml::Spanned::span);
            let at =
                at.or_else(|| cache.endpoints.first().map(toml::Spanned::span)).unwrap_or(0..0);
            checks.fault(
                at,
                "a cache is of no kind or of several",
                "give exactly one of: share, ttl, session = true",
            );
            return None;
        }
    };
    Some((kind, filter))
}
