//! A client's file becomes its policy, for one API.

use crate::api::{ApiModel, EndpointId};
use crate::attribute::{Principals, Scope, SlotMap};
use crate::client::{BudgetOf, Failures, Filter, InFlight, Pace, Pause, Policy, Whose};
use crate::scenario::file::retry::Draws;
use crate::scenario::file::{Name, client as file};

use super::vocabulary::Vocabulary;
use super::{Checks, attributes, budget, pace, retry};

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

    pub(super) fn whose(&self, of: Option<&Vec<Name>>, checks: &mut Checks) -> Whose {
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

    pub(super) fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary { headers: &self.api.header_names, words: &self.api.texts }
    }
}

/// The policy of a client: its own retry loop, and those around it.
pub(super) fn build(client: &file::Client, world: &World<'_>, checks: &mut Checks) -> Policy {
    if let (Some(hedge), Some(layer)) = (&client.hedge, client.layer.first()) {
        let message =
            format!("copies after {} and a loop around them do not go together", hedge.after);
        checks.fault(layer.name.span(), message, "leave out hedge, or the [[layer]]");
    }
    let said = world.vocabulary();
    let paces = pace::paces(client, world, checks);
    let mut policy = alone(client, &said, checks);
    // By itself every client has budgets of its own; here they may be shared.
    let written = loops(client).flat_map(|client| &client.budget);
    for (budget, file) in policy.budgets.iter_mut().zip(written) {
        budget.of = world.whose(file.as_ref().of.as_ref(), checks);
    }
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
        header_pace: client
            .header_pace
            .as_ref()
            .and_then(|pace| pace::header_pace(pace, world, checks)),
        header_gate: client
            .header_gate
            .as_ref()
            .and_then(|gate| pace::header_gate(gate, world, checks)),
        in_flight: in_flight(client, &paces, world, checks),
        paces,
        ..policy
    }
}

/// The same without what holds attempts of several calls back.
pub(in crate::scenario) fn alone(
    client: &file::Client,
    said: &Vocabulary<'_>,
    checks: &mut Checks,
) -> Policy {
    Policy {
        name: client.name.as_ref().clone(),
        layers: loops(client).map(|client| retry::build(client, said, checks)).collect(),
        budgets: budgets(client, said, checks),
        replays: client.draws == Draws::Replayed,
        timer: client.timer,
        timeout: client.timeout,
        hedge: client.hedge.map(|hedge| hedge.after),
        pauses: vec![],
        paces: vec![],
        in_flight: vec![],
        header_pace: None,
        header_gate: None,
    }
}

/// The retry loops of a client, its own first, then those around it.
fn loops(client: &file::Client) -> impl Iterator<Item = &file::Client> {
    std::iter::once(client).chain(&client.layer)
}

/// The budgets of all its loops, each client's own.
fn budgets(client: &file::Client, said: &Vocabulary<'_>, checks: &mut Checks) -> Vec<BudgetOf> {
    let mut built = vec![];
    for (layer, client) in (0..).zip(loops(client)) {
        let mut of = said.kinds(&client.retries);
        of.0.extend(said.kinds(&client.only_with_hint).0);
        let except = said.kinds(&client.except);
        let retried = Failures { of, except };
        for file in &client.budget {
            let budget = budget::build(file.as_ref(), &retried, said, file.span(), checks);
            let budget = budget.unwrap_or(budget::ANY);
            built.push(BudgetOf { budget, layer, of: Whose::Client });
        }
    }
    built
}

/// Its own limits on what is in flight, and behind them the doors of its paces.
fn in_flight(
    client: &file::Client,
    paces: &[Pace],
    world: &World<'_>,
    checks: &mut Checks,
) -> Vec<InFlight> {
    let doors = pace::doors(paces);
    let most = 32 - doors.len();
    if let Some(one_too_many) = client.in_flight.get(most) {
        checks.fault(
            one_too_many.max.span(),
            "a client has at most 32 limits in flight, adaptive paces included",
            "leave some out",
        );
    }
    let part = |part: &file::InFlight| InFlight {
        max: checks.above_zero(&part.max, "the most in flight"),
        of: world.whose(part.of.as_ref(), checks),
        filter: world.filter(&part.endpoints, &[], checks),
        door: false,
    };
    client.in_flight.iter().take(most).map(part).chain(doors).collect()
}
