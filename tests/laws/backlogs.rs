//! A backlog is offered in full, however little of it is served.

use crate::lab;

use tollgate::engine;
use tollgate::measure::Ledger;
use tollgate::rng::Key;
use tollgate::scenario::Model;

/// Six clients with up to forty calls each, at a limit that serves few of them.
fn model(workers: &str) -> Model {
    let scenario = format!(
        "name = \"b\"\nhorizon = \"4s\"\ndrain = \"0s\"\nservice = {{ time = \"50ms\" }}\n\
         [[population]]\nname = \"p\"\ncount = 6\nidentity = {{ token = \"each\" }}\n\
         backlog = {{ calls = [10, 40] }}\n{workers}\n"
    );
    let api = "name = \"b\"\n[[limit]]\nname = \"all\"\nper = []\n\
               fixed-window = { quota = 5, window = \"1s\" }\n";
    let client = "name = \"c\"\nattempts = 9\nretries = [\"429\"]\nwait = { fixed = \"200ms\" }\n";
    lab::model(&scenario, api, client)
}

/// With a pool the search for the next call goes on to other clients, which
/// must not take theirs.
#[test]
fn no_call_of_a_backlog_is_lost() {
    for workers in ["workers = 1", "workers = 3", "in-flight = 1", "in-flight = 2"] {
        let (model, key) = (model(workers), Key::run(2, 0));
        let mut ledger = Ledger::default();
        engine::run(&model, key, &mut ledger).expect("the run ends");
        assert!(ledger.unfinished > 20, "{workers}: {ledger:?}");
        assert_eq!(Some(ledger.offered), model.calls_of(&model.populations[0], key), "{workers}");
    }
}
