//! Independent parts: what they come to together is what the whole run comes to.

use crate::lab;

use std::cell::Cell;
use std::num::NonZeroUsize;

use crate::anything::{Kind, world};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tollgate::engine::{self, Ending};
use tollgate::experiment::{self, Seeds};
use tollgate::measure::{Demand, Measures, Waves};
use tollgate::rng::Key;
use tollgate::scenario::{Model, Parts};

/// All that is seen of a run, as text: it has every integer and every float.
fn text(measures: &Measures, demand: &Demand<'_>, waves: &Waves, ending: &Ending) -> String {
    let limits: Vec<u64> =
        (0..ending.limits.len()).map(|limit| measures.rejected_by(limit)).collect();
    let waits: Vec<_> = (0..measures.populations()).map(|p| measures.waits(p)).collect();
    let completion = measures.completion();
    let done = (completion.calls(), completion.most(), completion.all(), completion.last());
    let fields: Vec<_> = waves.cells().collect();
    format!(
        "{ending:?}\n{:?}\n{limits:?}\n{waits:?}\n{:?}\n{:?}\n{:?}\n{done:?}\n{:?} {:?}\n{:?}\n\
         {fields:?} {} {} {:?} {:?}\n{} {:?}",
        measures.cells_by_population(),
        measures.clients(),
        measures.series().at_rest(),
        measures.recovery(),
        measures.overshoot(),
        measures.utilisation(),
        measures.ledger(),
        waves.columns(),
        waves.rows(),
        waves.width(),
        waves.crest(),
        demand.calls(),
        demand.floor(demand.calls() / 100),
    )
}

fn whole(model: &Model, key: Key) -> String {
    let (mut measures, mut waves) = (Measures::new(model, key), Waves::new(model));
    let mut demand = Demand::new(model);
    let mut all = (&mut measures, (&mut waves, &mut demand));
    let ending = engine::run(model, key, &mut all).expect("the run ends");
    text(&measures, &demand, &waves, &ending)
}

fn in_parts(model: &Model, parts: &Parts, key: Key) -> String {
    let (mut sum, mut all_waves) = (Measures::of_no_part(model), Waves::new(model));
    let (mut all_demand, mut all_endings) = (Demand::new(model), None::<Ending>);
    for number in 0..parts.count() {
        let part = parts.part(number);
        let (mut measures, mut waves) = (Measures::of_part(model, part, key), Waves::new(model));
        let mut demand = Demand::new(model);
        let mut all = (&mut measures, (&mut waves, &mut demand));
        let ending = engine::run_part(model, part, key, &mut all).expect("the run ends");
        assert_eq!(measures.ledger().check(ending.census), Ok(()), "in each part");
        sum.merge(part, measures);
        all_waves.merge(waves);
        all_demand.merge(&demand);
        match &mut all_endings {
            Some(all) => all.add(model, &ending),
            none => *none = Some(ending),
        }
    }
    text(&sum, &all_demand, &all_waves, &all_endings.expect("there is a part"))
}

/// Holds random models to it; gives how many of them fall into parts.
fn hold(kind: Kind, cases: u32) -> u32 {
    let cut = Cell::new(0);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let law = |world: crate::anything::World| {
        let (model, key) = (world.model(), Key::run(world.seed, 0));
        let parts = Parts::at_most(16, &model);
        if parts.count() > 1 {
            cut.set(cut.get() + 1);
            prop_assert_eq!(whole(&model, key), in_parts(&model, &parts, key));
        }
        Ok(())
    };
    runner.run(&world(kind), law).unwrap_or_else(|failure| panic!("{failure}"));
    cut.get()
}

#[test]
fn random_models_come_to_the_same_in_parts() {
    let cut = hold(Kind::Apart, 200);
    assert!(cut > 50, "{cut} of 200 fall into parts");
}

#[test]
#[ignore = "takes minutes"]
fn many_random_models_come_to_the_same_in_parts() {
    assert!(hold(Kind::Apart, 5_000) > 1_000);
    assert!(hold(Kind::Any, 20_000) > 200);
}

/// Texts that are added to a model of thirty clients of one app, each with a
/// token and a limit of its own.
#[derive(Clone, Copy, Default)]
struct More {
    service: &'static str,
    population: &'static str,
    /// Of the limit of the token.
    limit: &'static str,
    limits: &'static str,
    client: &'static str,
}

fn model(more: More) -> Model {
    let scenario = format!(
        "name = \"app\"\nhorizon = \"5s\"\n[service]\ntime = \"50ms\"\n{}\n[[population]]\n\
         name = \"p\"\ncount = 30\nidentity = {{ app = \"shared\", token = \"each\" }}\n\
         poisson = \"3/s\"\nasks = {{ read = 1, write = 1 }}\n\
         content = {{ count = 9, zipf = 1.0 }}\n{}\n",
        more.service, more.population
    );
    let api = format!(
        "name = \"app\"\nheaders = [{{ name = \"X-Left\", tells = \"remaining\" }}, \
         {{ name = \"X-Reset\", tells = \"reset\" }}]\n\
         [[endpoint]]\nname = \"read\"\n[[endpoint]]\nname = \"write\"\n\
         [[endpoint]]\nname = \"bulk\"\n[[limit]]\nname = \"token\"\nper = [\"token\"]\n\
         fixed-window = {{ quota = 2, window = \"1s\" }}\n{}\n{}",
        more.limit, more.limits
    );
    let client = format!(
        "name = \"c\"\nattempts = 3\nretries = [\"429\"]\nwait = {{ fixed = \"300ms\" }}\n{}\n",
        more.client
    );
    lab::model(&scenario, &api, &client)
}

const OF_APP: &str = "[[limit]]\nname = \"app\"\nper = [\"app\"]\n\
     fixed-window = { quota = 20, window = \"1s\" }\n";
const OF_BATCHES: &str = "[[limit]]\nname = \"app\"\nper = [\"app\"]\nendpoints = [\"bulk\"]\n\
     fixed-window = { quota = 2, window = \"1s\" }\n";
const BUDGET: &str = "budget = [{ of = [\"app\"], grpc-throttle = { tokens = 10, ratio = 0.1 } }]";
const BATCH: &str = "levers = { batch = { calls = 3, wait = \"500ms\", endpoint = \"bulk\" } }";

/// All that ties clients, one at a time. A cut that overlooks it gives another
/// run, so each of these is seen.
#[test]
fn whatever_is_shared_keeps_a_model_whole() {
    let key = Key::run(1, 0);
    let no = More::default();
    let apart = model(no);
    let parts = Parts::at_most(16, &apart);
    assert_eq!(parts.count(), 16);
    assert_eq!(whole(&apart, key), in_parts(&apart, &parts, key));
    let ties = [
        More { service: "places = 3", ..no },
        More { service: "slowdown = 0.5", ..no },
        More { service: "cache = { ttl = \"1s\", hit = \"2ms\" }", ..no },
        More { service: "optimistic = true", ..no },
        More { population: "workers = 3", ..no },
        More { population: "levers = { spreads = true }", ..no },
        More { population: BATCH, limits: OF_BATCHES, ..no },
        More { limits: OF_APP, ..no },
        More { limit: "penalty = { of = [\"app\"], first = \"500ms\" }", ..no },
        More { client: "pause = [{ on = [\"429\"], for = \"300ms\", of = [\"app\"] }]", ..no },
        More { client: "pace = [{ rate = \"9/s\", of = [\"app\"] }]", ..no },
        More { client: "in-flight = [{ max = 3, of = [\"app\"] }]", ..no },
        More { client: BUDGET, ..no },
        More {
            client: "header-pace = { of = [\"app\"], gauges = [{ remaining = \"X-Left\", reset = \"X-Reset\" }] }",
            ..no
        },
        More {
            client: "header-gate = { of = [\"app\"], remaining = \"X-Left\", reset = \"X-Reset\" }",
            ..no
        },
    ];
    for (number, more) in ties.into_iter().enumerate() {
        let one = model(more);
        assert_eq!(Parts::at_most(16, &one).count(), 1, "number {number} ties");
        assert_ne!(whole(&one, key), in_parts(&one, &parts, key), "number {number} is seen");
    }
}

/// A scenario that is large enough to be cut: 150 keys of ten clients each, and
/// 500 clients who share a worker.
fn large() -> tollgate::scenario::Plan {
    let scenario = "name = \"large\"\ntitle = \"large\"\napi = \"given\"\nhorizon = \"4s\"\n\
         service = { time = \"50ms\" }\n\
         clients = [\"./a.toml\", \"./b.toml\"]\n[[population]]\nname = \"p\"\ncount = 1500\n\
         identity = { token = { of = 150 } }\npoisson = \"1/s\"\n\
         [[population]]\nname = \"q\"\ncount = 500\nidentity = { token = \"each\" }\n\
         backlog = { calls = [1, 9] }\nworkers = 1\n";
    let api = "name = \"app\"\n[[limit]]\nname = \"token\"\nper = [\"token\"]\n\
         token-bucket = { rate = \"1/s\", burst = 2 }\n";
    let client = |name: &str, wait: &str| {
        format!("name = \"{name}\"\nattempts = 3\nretries = [\"429\"]\nwait = {wait}\n")
    };
    let (a, b) = (client("a", "{ fixed = \"300ms\" }"), client("b", "\"zero\""));
    lab::plan(scenario, api, &[("a", &a), ("b", &b)]).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn parts_on_any_number_of_threads_are_one_run() {
    let plan = large();
    let model = &plan.variants[0].model;
    let parts = Parts::of(model);
    assert_eq!(parts.count(), 13);
    let key = Key::run(5, 1);
    assert_eq!(whole(model, key), in_parts(model, &parts, key));
    let mut once = experiment::Once::new(model, 5, 1);
    let ending = once.run(&mut ()).unwrap();
    let whole = once.read(&ending);
    for threads in [1, 2, 3].map(|n| NonZeroUsize::new(n).unwrap()) {
        let alone = experiment::Split::new(model, 5, 1).unwrap().run(threads).unwrap();
        assert_eq!(format!("{alone:?}"), format!("{whole:?}"));
    }
}

#[test]
fn a_comparison_in_parts_is_the_same_on_any_number_of_threads() {
    let plan = large();
    let seeds = Seeds { root: 3, count: NonZeroUsize::new(3).unwrap() };
    let compare = |threads| {
        let threads = NonZeroUsize::new(threads).unwrap();
        experiment::compare(&plan, seeds, threads, &|_, _| {}).unwrap()
    };
    let (one, three) = (compare(1), compare(3));
    assert_eq!(format!("{:?}", one.outcomes), format!("{:?}", three.outcomes));
    assert_eq!(one.floors, three.floors);
    assert!(one.outcomes.iter().all(|outcome| outcome.waves.is_some() && outcome.runs.len() == 3));
}
