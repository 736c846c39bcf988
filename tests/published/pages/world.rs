//! Models made of the built-in APIs and clients, and populations of a test's own.

use std::fmt::Write;

use tollgate::scenario::{Bundle, Model, Plan};
use tollgate::time::Span;

/// A span of whole milliseconds.
pub(crate) const fn ms(millis: u64) -> Span {
    Span::millis(millis)
}

/// A span of whole seconds.
pub(crate) const fn s(seconds: u64) -> Span {
    Span::seconds(seconds)
}

/// A span of whole minutes.
pub(crate) const fn minutes(minutes: u64) -> Span {
    Span::seconds(60 * minutes)
}

/// The plan of a built-in scenario, with its own clients.
pub(crate) fn built_in(name: &str) -> Plan {
    let fetch = |path: &str| -> Result<Vec<u8>, String> { Err(format!("{path} is built in")) };
    let bundle = Bundle::load(name, None, &[], &fetch).expect("a built-in scenario loads");
    bundle.plan().expect("a built-in scenario is a plan")
}

/// The plan of a scenario against a built-in API: `body` has its horizon, its
/// service and its populations; the network takes 20 ms each way.
pub(crate) fn plan(api: &str, client: &str, body: &str, settings: &[(&str, &str)]) -> Plan {
    let head = "name = \"page\"\ntitle = \"A sentence of the page\"\nclients = [\"naive\"]\n";
    let text = format!("{head}api = \"{api}\"\n{body}");
    let fetch = |_: &str| Ok(text.clone().into_bytes());
    let settings: Vec<(String, String)> =
        settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let clients = [client.to_owned()];
    let bundle = Bundle::load("page.toml", Some(&clients), &settings, &fetch);
    let bundle = bundle.unwrap_or_else(|error| panic!("{error}"));
    bundle.plan().unwrap_or_else(|faults| panic!("{faults}"))
}

/// The model of such a plan.
pub(crate) fn model(api: &str, client: &str, body: &str) -> Model {
    plan(api, client, body, &[]).variants.remove(0).model
}

/// The model of an API for callers who are asked about by hand: each entry of
/// `callers` is a population's name, its size and its identity.
pub(crate) fn callers(api: &str, endpoint: &str, callers: &[(&str, u32, &str)]) -> Model {
    let mut body = "horizon = \"1min\"\n[service]\ntime = \"1s\"\n".to_owned();
    for (name, count, identity) in callers {
        write!(
            body,
            "[[population]]\nname = \"{name}\"\ncount = {count}\nidentity = {{ {identity} }}\n\
             once = {{ at = \"0s\" }}\nasks = {{ {endpoint} = 1 }}\n"
        )
        .expect("a string takes every text");
    }
    model(api, "naive", &body)
}
