//! The hot paths whose instructions are counted.

use std::hint::black_box;

use tollgate::client::Account;
use tollgate::engine;
use tollgate::limiter::Limiter;
use tollgate::measure::Measures;
use tollgate::rng::{Key, Purpose};
use tollgate::scenario::Bundle;
use tollgate::scenario::file::api::Rule;
use tollgate::stats::histogram::Histogram;
use tollgate::time::Instant;

use crate::{answers, decisions, w1};

/// Something that takes instructions.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// How much of it is enough to be exact.
    pub(crate) work: u64,
    /// Does so much, and says how many events that was.
    pub(crate) run: fn(u64) -> u64,
}

const fn case(name: &'static str, work: u64, run: fn(u64) -> u64) -> Case {
    Case { name, work, run }
}

pub(crate) const CASES: &[Case] = &[
    case("event of w1 at 100 clients", 50_000, |events| w1_events(100, events)),
    case("event of w1 at 10000 clients", 100_000, |events| w1_events(10_000, events)),
    case("event of clover by header-aware", 1, clover),
    case("decision of gcra", 200_000, |n| decide("gcra = { rate = \"10/s\", burst = 20 }", n)),
    case("decision of token-bucket", 200_000, |n| {
        decide("token-bucket = { rate = \"10/s\", burst = 20 }", n)
    }),
    case("decision of fixed-window", 200_000, |n| {
        decide("fixed-window = { quota = 10, window = \"1s\" }", n)
    }),
    case("decision of sliding-log", 200_000, |n| {
        decide("sliding-log = { quota = 10, window = \"1s\" }", n)
    }),
    case("answer to exponential-jitter", 2_000, |calls| answer("exponential-jitter", calls)),
    case("answer to aws-standard", 2_000, |calls| answer("aws-standard", calls)),
    case("record of a histogram", 500_000, record),
];

fn w1_events(clients: u32, events: u64) -> u64 {
    black_box(w1::run(&w1::model(clients, events)));
    events
}

/// So many runs of a vendor's scenario, everything that it has in it.
fn clover(runs: u64) -> u64 {
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    let bundle = Bundle::load("clover", None, &[], &no_files).expect("clover is built in");
    let plan = bundle.plan().unwrap_or_else(|faults| panic!("{faults}"));
    let variant = plan.variants.iter().find(|variant| variant.name == "header-aware");
    let model = &variant.expect("it is one of clover's clients").model;
    let events = |replicate| {
        let run = Key::run(0, replicate);
        let mut measures = Measures::new(model, run);
        let ending = engine::run(model, run, &mut measures).expect("clover does not stand still");
        black_box(measures.total());
        ending.events
    };
    (0..runs).map(events).sum()
}

/// Decisions on so many requests of 10,000 keys.
fn decide(rule: &str, requests: u64) -> u64 {
    let rule: Rule = toml::from_str(rule).expect("it is a limiter");
    let mut limiter = Limiter::from(rule);
    limiter.grow(decisions::KEYS as usize, Instant(decisions::START));
    // A trace as long as the least work, as often as it takes.
    let keys = decisions::keys(200_000);
    let mut from = decisions::START;
    for _ in 0..requests / keys.len() as u64 {
        black_box(decisions::decide(&mut limiter, &keys, from));
        from += decisions::GAP * keys.len() as u64;
    }
    requests
}

/// What a client makes of 429s, for so many calls.
fn answer(client: &str, calls: u64) -> u64 {
    let policy = answers::policy(client);
    let mut account = Account::new(&policy, 1, answers::START);
    answers::calls(&policy, &mut account, calls)
}

/// So many values, from a millisecond to hours.
fn record(values: u64) -> u64 {
    let mut histogram = Histogram::new();
    let run = Key::run(0, 0);
    for value in 0..values {
        let bits = run.draw(Purpose::Service, value);
        histogram.record(1_000_000 + (bits >> (20 + bits % 24)));
    }
    black_box(histogram.count());
    values
}
