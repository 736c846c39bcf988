//! Nothing runs without end and nothing nests without end: a model in which no
//! time passes is stopped by name, and a long line is served one by one.

use crate::lab;
use tollgate::engine::{self, RunError};
use tollgate::rng::Key;

const ONE: &str = "name = \"a\"\n[[endpoint]]\nname = \"slow\"\n[[endpoint]]\nname = \"fast\"\n\
    [[limit]]\nname = \"l\"\nper = []\nendpoints = [\"fast\"]\nfixed-window = { quota = 1000000, window = \"1h\" }\n";

fn stopped(scenario: &str, client: &str) -> RunError {
    let model = lab::model(scenario, ONE, client);
    engine::run(&model, Key::run(1, 0), &mut ()).expect_err("no time passes")
}

const AT_ONCE: &str = "name = \"s\"\nhorizon = \"1s\"\nnetwork = { out = \"0s\", home = \"0s\" }\n\
    service = { time = \"0s\", refuses = 1.0 }\n";

#[test]
fn a_call_that_retries_without_time_is_stopped() {
    let client = "name = \"hasty\"\nretries = [\"404\"]\nwait = \"zero\"\n";
    let scenario = format!(
        "{AT_ONCE}[[population]]\nname = \"p\"\nasks = {{ fast = 1 }}\nburst = {{ calls = 1 }}\n"
    );
    let told = stopped(&scenario, client).to_string();
    assert!(told.contains("`p`") && told.contains("`hasty`"), "{told}");
}

/// Each call ends at once and the next begins at once.
#[test]
fn a_loop_without_time_is_stopped() {
    let scenario = format!(
        "{AT_ONCE}[[population]]\nname = \"p\"\ncount = 3\nasks = {{ fast = 1 }}\nclosed = {{ think = \"0s\" }}\n"
    );
    let told = stopped(&scenario, lab::ONCE).to_string();
    assert!(told.contains("`p`"), "{told}");
}

/// 200,000 requests that take no time wait behind one that takes a second:
/// when it is done they are all served at that instant, and none inside
/// another's service.
#[test]
fn a_long_line_does_not_nest() {
    let scenario = "name = \"s\"\nhorizon = \"5s\"\nnetwork = { out = \"0s\", home = \"0s\" }\n\
        service = { time = \"1s\", places = 1, queue = 1000000, endpoint = [{ name = \"fast\", time = \"0s\" }] }\n\
        [[population]]\nname = \"one\"\nasks = { slow = 1 }\nburst = { calls = 1 }\n\
        [[population]]\nname = \"many\"\nasks = { fast = 1 }\nburst = { calls = 200000, at = \"500ms\" }\n";
    let ending = lab::run(&lab::model(scenario, ONE, lab::ONCE), 1, &mut ());
    assert_eq!(ending.limits[0].charged, 200_000);
}
