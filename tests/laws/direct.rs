//! The direct way of a call comes to the same as the long one, fact by fact.

use tollgate::engine::{self, Caller, Ending, Fact, Observer};
use tollgate::rng::Key;
use tollgate::scenario::{Bundle, Model};
use tollgate::time::Instant;

/// Everything that can be seen of a run, as text.
#[derive(Default)]
struct Facts(Vec<String>);

impl Observer for Facts {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        self.0.push(format!("{} {caller:?} {fact:?}", now.0));
    }
}

/// W1 with a few clients, by the policy of one of the built-in ones, so changed.
fn model(client: &str, changes: &[(&str, &str)]) -> Model {
    let settings: Vec<(String, String)> =
        [("population.count", "40"), ("events", "20000"), ("horizon", "200s"), ("drain", "5s")]
            .iter()
            .chain(changes)
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
            .collect();
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    let clients = [client.to_owned()];
    let bundle = Bundle::load("w1", Some(&clients), &settings, &no_files).unwrap();
    bundle.plan().unwrap().variants.remove(0).model
}

/// The calls that the end of a run cuts off are listed by their rows, which
/// differ; all else comes in order.
fn in_order(facts: Facts) -> Vec<String> {
    let (mut cut, mut facts): (Vec<_>, Vec<_>) =
        facts.0.into_iter().partition(|line| line.contains("Unfinished"));
    cut.sort();
    facts.append(&mut cut);
    facts
}

fn same(ending: &Ending) -> String {
    format!("{} {} {:?} {:?}", ending.at.0, ending.events, ending.limits, ending.census)
}

#[test]
fn the_direct_way_is_the_long_one() {
    let clients = [
        "w1",
        "naive",
        "fixed-interval",
        "exponential-backoff",
        "exponential-jitter",
        "decorrelated-jitter",
        "finagle",
        "urllib3-default",
        "retry",
        "none",
    ];
    let worlds: [&[(&str, &str)]; 7] = [
        &[],
        &[("network.out", "3ms"), ("network.home", "{ exponential = \"20ms\" }")],
        &[("network.out", "{ uniform = [\"1ms\", \"9ms\"] }"), ("service.reject-time", "2ms")],
        &[("service.time", "0s"), ("network.home", "1ms")],
        &[("service.time", "\"50ms\""), ("service.fails", "0.2")],
        &[("service.slowdown", "0.01"), ("api.limit.bucket.status", "503")],
        &[("api.limit.bucket.token-bucket.burst", "4"), ("api.limit.bucket.per", "[]")],
    ];
    for client in clients {
        for world in worlds {
            let model = model(client, world);
            let (mut direct, mut long) = (Facts::default(), Facts::default());
            let run = Key::run(7, 0);
            let short = engine::run(&model, run, &mut direct).unwrap();
            let other = engine::run_the_long_way(&model, run, &mut long).unwrap();
            assert_eq!(same(&short), same(&other), "{client} in {world:?}");
            let (direct, long) = (in_order(direct), in_order(long));
            assert!(direct.len() > 1_000, "{client} in {world:?}: {} facts", direct.len());
            for (n, (mine, theirs)) in direct.iter().zip(&long).enumerate() {
                assert_eq!(mine, theirs, "fact {n} of {client} in {world:?}");
            }
            assert_eq!(direct.len(), long.len(), "{client} in {world:?}");
        }
    }
}
