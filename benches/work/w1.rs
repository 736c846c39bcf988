//! The reference workload W1: the built-in scenario `w1` through the public API,
//! all measures on.

use tollgate::engine;
use tollgate::measure::{Ledger, Measures};
use tollgate::rng::Key;
use tollgate::scenario::{Bundle, Model};

/// W1 with so many clients and events.
pub(crate) fn model(clients: u32, events: u64) -> Model {
    // It ends by its events; the horizon is only far enough away.
    let seconds = events / u64::from(clients) + 3_600;
    let settings = [
        ("events".to_owned(), events.to_string()),
        ("horizon".to_owned(), format!("{seconds}s")),
        ("population.count".to_owned(), clients.to_string()),
    ];
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    let bundle = Bundle::load("w1", None, &settings, &no_files).expect("w1 is built in");
    let mut plan = bundle.plan().unwrap_or_else(|faults| panic!("{faults}"));
    plan.variants.remove(0).model
}

/// Runs it, and holds it to the conservation laws.
pub(crate) fn run(model: &Model) -> Ledger {
    let run = Key::run(0, 0);
    let mut measures = Measures::new(model, run);
    let ending = engine::run(model, run, &mut measures).expect("w1 does not stand still");
    assert_eq!(Some(ending.events), model.events, "it ends by its events");
    measures.ledger().check(ending.census).expect("nothing is lost");
    *measures.ledger()
}
