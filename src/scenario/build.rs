//! From files to models: names become indices, and what only several fields
//! together can tell is checked here, all of it at once.

mod header;
mod multiple;
mod api;
mod change;
mod budget;
mod population;
mod vocabulary;
mod retry;
mod pace;
mod policy;
mod levers;
mod service;
mod trigger;

pub(super) use self::api::endpoint_names;
pub(super) use self::vocabulary::Vocabulary;

use std::ops::Range;

use toml::Spanned;

use self::policy::World;
use super::document::{Document, Parsed};
use super::fault::{Fault, Faults};
use super::file;
use super::file::Name;
use super::file::scenario::{Kind, WarmUp};
use super::model::Model;
use super::nearest::nearest;
use crate::attribute::Principals;
use crate::client::Policy;
use crate::time::{Instant, Span};

/// When a run starts unless the scenario says otherwise: a Monday at nine.
pub(super) const START: Instant = Instant(1_767_603_600 * crate::time::SECOND);

/// The drain after the horizon unless the scenario says otherwise.
pub(super) const DRAIN: Span = Span::seconds(600);

/// The most clients of a scenario.
pub(super) const CLIENTS_MAX: u64 = 20_000_000;

/// The most calls that a scenario may be expected to make.
pub(super) const CALLS_MAX: f64 = 1e9;

/// The faults of one file, found by looking at several fields together.
#[derive(Debug, Default)]
pub(super) struct Checks(Vec<Fault>);

impl Checks {
    fn fault(&mut self, at: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Fault::new(at, message).with_help(help));
    }

    /// The place of a name among those that there are; a fault if it is not among them.
    fn find<'n>(
        &mut self,
        what: &str,
        name: &Name,
        all: impl IntoIterator<Item = &'n str>,
    ) -> Option<usize> {
        let all: Vec<&str> = all.into_iter().collect();
        let place = all.iter().position(|n| n == name.as_ref());
        if place.is_none() {
            let close = nearest(name.as_ref(), all.iter().copied());
            let help = if all.is_empty() {
                format!("there is no {what} at all")
            } else if close.is_empty() {
                format!("there are: {}", super::nearest::listed(all.iter().copied(), 8))
            } else {
                format!("did you mean `{}`?", close.join("` or `"))
            };
            self.fault(name.span(), format!("there is no {what} `{}`", name.as_ref()), help);
        }
        place
    }

    /// A fault for each name that stood before in the list.
    fn unique<'n>(&mut self, what: &str, names: impl IntoIterator<Item = &'n Name>) {
        let mut seen: Vec<String> = vec![];
        for name in names {
            let slug = super::document::slug(name.as_ref());
            if seen.contains(&slug) {
                let message = format!("two {what}s are called `{}`", name.as_ref());
                self.fault(name.span(), message, "give each a name of its own");
            } else if slug.is_empty() {
                self.fault(
                    name.span(),
                    format!("a {what} needs a name"),
                    "write letters or digits",
                );
            }
            seen.push(slug);
        }
    }

    /// The number, and a fault if it is zero.
    fn above_zero<T: Copy + PartialEq + From<u8>>(&mut self, number: &Spanned<T>, what: &str) -> T {
        if *number.as_ref() == T::from(0) {
            self.fault(number.span(), format!("{what} is 0"), "write at least 1");
        }
        *number.as_ref()
    }

    fn longer_than_zero(&mut self, span: &Spanned<Span>, what: &str) {
        if *span.as_ref() == Span::ZERO {
            self.fault(
                span.span(),
                format!("{what} is zero"),
                "write a time longer than zero, like \"1s\"",
            );
        }
    }
}

/// The parsed files of a comparison, each beside its document.
#[derive(Debug)]
pub(super) struct Files<'d> {
    pub(super) scenario: (&'d Document, Parsed<file::scenario::Scenario>),
    pub(super) api: (&'d Document, Parsed<file::api::Api>),
    pub(super) clients: Vec<(&'d Document, Parsed<file::client::Client>)>,
}

/// A model for each client that is compared.
///
/// `of` names for each population the client file that it follows, whatever is
/// compared; `compared` the files that are compared.
pub(super) fn models(
    mut files: Files<'_>,
    compared: &[usize],
    of: &[Option<usize>],
) -> Result<Vec<Model>, Faults> {
    let whole = files.scenario.1.value.is_some()
        && files.api.1.value.is_some()
        && files.clients.iter().all(|c| c.1.value.is_some());
    let mut models = vec![];
    if whole {
        for client in compared {
            let mut checks = AllChecks {
                clients: files.clients.iter().map(|_| Checks::default()).collect(),
                ..AllChecks::default()
            };
            models.extend(model(&files, *client, of, &mut checks));
            add_new(&mut files.scenario.1, checks.scenario);
            add_new(&mut files.api.1, checks.api);
            for (client, own) in files.clients.iter_mut().zip(checks.clients) {
                add_new(&mut client.1, own);
            }
        }
    }
    let mut faults = Faults::new();
    faults.extend(files.scenario.0.faults(files.scenario.1.faults().to_vec()));
    faults.extend(files.api.0.faults(files.api.1.faults().to_vec()));
    for (document, parsed) in &files.clients {
        faults.extend(document.faults(parsed.faults().to_vec()));
    }
    if faults.is_empty() { Ok(models) } else { Err(faults) }
}

/// Adds faults that are not known yet: what belongs to no client in particular
/// is found once for each.
fn add_new<T>(parsed: &mut Parsed<T>, checks: Checks) {
    for fault in checks.0 {
        if !parsed.faults().contains(&fault) {
            parsed.add(fault);
        }
    }
}

/// The faults of an API by itself: its populations are taken to have every
/// attribute that it names.
pub(super) fn api_alone(api: &file::api::Api) -> Vec<Fault> {
    let mut checks = Checks::default();
    api::build(api, START, None, &mut Principals::new(attributes_named(api)), &mut checks);
    checks.0
}

/// The model of an API that has no faults, for principals with all attributes
/// that it names.
pub(super) fn api_of(
    api: &file::api::Api,
    start: Instant,
    principals: &mut Principals,
) -> Option<crate::api::ApiModel> {
    api::build(api, start, None, principals, &mut Checks::default())
}

/// The policy of a client by itself, at a server that says this; and the faults
/// of the file.
pub(super) fn policy_alone(
    client: &file::client::Client,
    said: &Vocabulary<'_>,
) -> (Policy, Vec<Fault>) {
    let mut checks = Checks::default();
    let policy = policy::alone(client, said, &mut checks);
    (policy, checks.0)
}

/// The attributes that an API names, in order of name.
pub(super) fn attributes_named(api: &file::api::Api) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for limit in &api.limit {
        let penalty = limit.penalty.iter().flat_map(|penalty| &penalty.of);
        let all = limit.per.iter().chain(limit.when.keys()).chain(penalty);
        names.extend(all.map(|name| name.as_ref().clone()).filter(|name| name != "endpoint"));
    }
    names.sort();
    names.dedup();
    names
}

#[derive(Debug, Default)]
struct AllChecks {
    scenario: Checks,
    api: Checks,
    clients: Vec<Checks>,
}

/// The model in which everybody who follows no client of their own follows `client`.
fn model(
    files: &Files<'_>,
    client: usize,
    of: &[Option<usize>],
    checks: &mut AllChecks,
) -> Option<Model> {
    let scenario = files.scenario.1.value.as_ref()?;
    let api_file = files.api.1.value.as_ref()?;
    let mut principals = population::principals(scenario, &mut checks.scenario);
    let start = scenario.start.map_or(START, |moment| moment.0);
    // Without a population there is nobody to run either, and no number is 0.
    let count = clients(scenario).max(1);
    let api = api::build(api_file, start, Some(count), &mut principals, &mut checks.api)?;
    let endpoints: Vec<&str> = api.endpoints.iter().map(|e| e.name.as_str()).collect();
    let names: Vec<&str> = scenario.population.iter().map(|p| p.name.as_ref().as_str()).collect();
    let world =
        World { api: &api, principals: &principals, endpoints: &endpoints, populations: &names };
    let mut followed: Vec<usize> = of.iter().flatten().copied().chain([client]).collect();
    followed.sort_unstable();
    followed.dedup();
    let mut policies: Vec<Policy> = vec![];
    let mut all_levers = vec![];
    for index in &followed {
        let file = files.clients[*index].1.value.as_ref()?;
        policies.push(policy::build(file, &world, &mut checks.clients[*index]));
        all_levers.push(levers::build(&file.levers, &world, &mut checks.clients[*index]));
    }
    let service = service::build(scenario, &endpoints, start, &mut checks.scenario);
    let populations = population::build(scenario, &world, &mut checks.scenario, |index| {
        let wanted = of[index].unwrap_or(client);
        let policy =
            followed.iter().position(|f| *f == wanted).expect("who is followed is in the list");
        (u16::try_from(policy).expect("clients are few"), all_levers[policy].clone())
    });
    check_size(scenario, &policies, &mut checks.scenario);
    let changes = change::build(scenario, (api_file, &api), start, count, &mut checks.scenario);
    let contents =
        populations.iter().filter_map(|p| p.content.as_ref()).map(|c| c.shares().len()).max();
    let (horizon, warm_up) = times(scenario, &mut checks.scenario);
    let trigger =
        trigger::build(scenario, &service, start, start.after(horizon), &mut checks.scenario);
    Some(Model {
        start,
        horizon: start.after(horizon),
        drain: scenario.drain.unwrap_or(DRAIN),
        warm_up: start.after(warm_up),
        events: scenario.events,
        api,
        service,
        trigger,
        populations,
        policies,
        attributes: principals.names().to_vec(),
        changes,
        contents: u32::try_from(contents.unwrap_or(1)).unwrap_or(u32::MAX),
    })
}

/// The horizon and the warm-up of a scenario.
fn times(scenario: &file::scenario::Scenario, checks: &mut Checks) -> (Span, Span) {
    let horizon = *scenario.horizon.as_ref();
    checks.longer_than_zero(&scenario.horizon, "the horizon");
    let Some(written) = &scenario.warm_up else {
        return (horizon, Span::ZERO);
    };
    let WarmUp::Given(warm_up) = *written.as_ref() else {
        check_steady(scenario, written.span(), checks);
        return (horizon, Span::ZERO);
    };
    if warm_up >= horizon {
        let message = "the warm-up is not shorter than the horizon";
        checks.fault(written.span(), message, "write a shorter one");
    }
    (horizon, warm_up)
}

/// A fault where a warm-up is to be found in a run whose beginning, or whose
/// disturbance, is what is asked about.
fn check_steady(scenario: &file::scenario::Scenario, at: Range<usize>, checks: &mut Checks) {
    if scenario.kind == Kind::Terminating {
        let message = "a warm-up is found only where things go on alike after it";
        let help = "write kind = \"steady\", or leave the warm-up out: the beginning counts here";
        checks.fault(at, message, help);
    } else if scenario.trigger.is_some() || !scenario.service.outage.is_empty() {
        let message = "no warm-up is found in a run that is disturbed later";
        checks.fault(at, message, "write how long it is, like warm-up = \"30s\"");
    }
}

/// How many clients the populations have in all.
fn clients(scenario: &file::scenario::Scenario) -> u64 {
    scenario.population.iter().map(|p| u64::from(population::count(p))).sum()
}

/// Refuses a model that nobody could run, with the number.
fn check_size(scenario: &file::scenario::Scenario, policies: &[Policy], checks: &mut Checks) {
    let clients = clients(scenario);
    let at = scenario
        .population
        .last()
        .map_or(0..0, |p| p.count.as_ref().map_or(p.name.span(), Spanned::span));
    if clients > CLIENTS_MAX {
        let message = format!("{clients} clients are too many");
        return checks.fault(at, message, format!("at most {CLIENTS_MAX} in all populations"));
    }
    budget::check_size(policies, clients, at.clone(), checks);
    let horizon = *scenario.horizon.as_ref();
    let calls: f64 =
        scenario.population.iter().map(|p| population::expected_calls(p, horizon)).sum();
    if calls > CALLS_MAX && scenario.events.is_none() {
        let message = format!("about {calls:.0} calls are too many");
        checks.fault(
            at,
            message,
            format!("at most {CALLS_MAX:.0}: fewer clients, lower rates or a shorter horizon"),
        );
    }
}

/// A scope over these attributes; names that nobody has are faults.
fn attributes(
    names: &[Name],
    principals: &Principals,
    checks: &mut Checks,
) -> Vec<crate::attribute::AttributeId> {
    let all = principals.names();
    names
        .iter()
        .filter(|name| name.as_ref() != "endpoint")
        .filter_map(|name| {
            checks.find(
                "attribute that a population has,",
                name,
                all.iter().map(String::as_str),
            )?;
            principals.attribute(name.as_ref())
        })
        .collect()
}
