//! A client's file becomes its policy, for one API.

use crate::api::{ApiModel, EndpointId};
use crate::attribute::{Principals, Scope, SlotMap};
use crate::client::{Filter, Gauge, HeaderPace, InFlight, Pace, Pause, Policy, Whose};
use crate::scenario::file::retry::Draws;
use crate::scenario::file::{Name, client as file};
use crate::time::Span;

use super::vocabulary::Vocabulary;
use super::{Checks, attributes, retry};

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

    pub(super) fn filter(
        &self,
        endpoints: &[Name],
        populations: &[Name],
        checks: &mut Checks,
    ) -> Filter {
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

    fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary { headers: &self.api.header_names, words: &self.api.texts }
    }
}

/// The policy of a client: its own retry loop, and those around it.
pub(super) fn build(client: &file::Client, world: &World<'_>, checks: &mut Checks) -> Policy {
    let said = world.vocabulary();
    Policy {
        pauses: client
            .pause
            .iter()
            .map(|pause| Pause {
                on: said.kinds(&pause.on),
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
        header_pace: client
            .header_pace
            .as_ref()
            .and_then(|pace| header_pace(pace, &said, world, checks)),
        ..alone(client, &said, checks)
    }
}

/// The same without what holds attempts of several calls back.
pub(in crate::scenario) fn alone(
    client: &file::Client,
    said: &Vocabulary<'_>,
    checks: &mut Checks,
) -> Policy {
    let loops = std::iter::once(client).chain(&client.layer);
    Policy {
        name: client.name.as_ref().clone(),
        layers: loops.map(|client| retry::build(client, said, checks)).collect(),
        replays: client.draws == Draws::Replayed,
        timer: client.timer,
        timeout: client.timeout,
        pauses: vec![],
        paces: vec![],
        in_flight: vec![],
        header_pace: None,
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

fn header_pace(
    pace: &file::HeaderPace,
    said: &Vocabulary<'_>,
    world: &World<'_>,
    checks: &mut Checks,
) -> Option<HeaderPace> {
    let gauge = |gauge: &file::Gauge| {
        let (remaining, reset) = (said.header(&gauge.remaining)?, said.header(&gauge.reset)?);
        Some(Gauge { remaining, reset, epoch: gauge.form == file::Form::Epoch })
    };
    let gauges: Vec<Gauge> = pace.gauges.iter().filter_map(gauge).collect();
    let of = world.whose(pace.of.as_ref(), checks);
    (!gauges.is_empty()).then_some(HeaderPace { gauges, of })
}
