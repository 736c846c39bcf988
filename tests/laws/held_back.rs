//! Attempts that limits hold back: delayed, or waiting in a line for a place.

use crate::lab;
use tollgate::engine::Ending;

const HEAD: &str = "name = \"s\"\nhorizon = \"10s\"\nnetwork = { out = \"0s\", home = \"0s\" }\n";

/// So many calls at the start, each taking so long at the service.
fn burst(calls: u32, time: &str) -> String {
    format!(
        "{HEAD}service = {{ time = \"{time}\" }}\n\
         [[population]]\nname = \"p\"\nburst = {{ calls = {calls} }}\n"
    )
}

fn run(scenario: &str, limits: &str, client: &str) -> (Vec<String>, Ending) {
    let api = format!("name = \"a\"\n[[endpoint]]\nname = \"e\"\n{limits}");
    let model = lab::model(scenario, &api, client);
    let mut recorder = lab::Recorder::new(&model);
    let ending = lab::run(&model, 1, &mut recorder);
    (recorder.lines, ending)
}

/// When something happened, in milliseconds from the start.
fn times(lines: &[String], what: &str) -> Vec<u64> {
    let of = |line: &String| {
        let (at, rest) = line.split_once(' ').unwrap();
        let fact = rest.splitn(4, ' ').nth(3).unwrap();
        fact.starts_with(what).then(|| at.parse::<u64>().unwrap() / 1_000_000)
    };
    lines.iter().filter_map(of).collect()
}

/// nginx's documentation: with `rate=10r/s` and a burst, 21 at once are 1 that
/// is forwarded and 20 that wait, one every 100 ms; of 25 four are refused.
#[test]
fn nginx_lets_one_through_every_100_ms() {
    let limit = "[[limit]]\nname = \"l\"\nper = []\n\
                 nginx-limit-req = { rate = \"10r/s\", burst = 20 }\n";
    let (lines, ending) = run(&burst(25, "0s"), limit, lab::ONCE);
    let every_100_ms: Vec<u64> = (0..21).map(|k| k * 100).collect();
    assert_eq!(times(&lines, "admitted"), every_100_ms);
    assert_eq!(times(&lines, "rejected"), [0; 4]);
    assert_eq!(ending.limits[0].rejected, 4);
}

/// nginx's `limit_conn` counts nobody whom `limit_req` still holds back: every
/// request has left the one place when the next comes to it.
#[test]
fn who_is_delayed_holds_no_place() {
    let delay = "[[limit]]\nname = \"rate\"\nper = []\n\
                 nginx-limit-req = { rate = \"10r/s\", burst = 20 }\n";
    let place = "[[limit]]\nname = \"conn\"\nper = []\nnginx-limit-conn = { connections = 1 }\n";
    let (lines, _) = run(&burst(5, "90ms"), &format!("{delay}{place}"), lab::ONCE);
    assert_eq!(times(&lines, "admitted"), [0, 100, 200, 300, 400]);
    // A service that takes longer than the pace has no place for every second.
    let (lines, ending) = run(&burst(5, "150ms"), &format!("{delay}{place}"), lab::ONCE);
    assert_eq!(times(&lines, "admitted"), [0, 200, 400]);
    assert_eq!(times(&lines, "rejected"), [100, 300]);
    assert_eq!((ending.limits[0].rejected, ending.limits[1].rejected), (0, 2));
}

#[test]
fn a_line_is_served_in_its_order_and_patience_ends_a_wait() {
    let limit = "[[limit]]\nname = \"l\"\nper = []\n\
                 concurrency = { max = 2, queue = 3, patience = \"250ms\" }\n";
    let (lines, ending) = run(&burst(7, "200ms"), limit, lab::ONCE);
    // Two at once, two when those are done; the fifth in line tires at 250 ms,
    // and of seven the line had no room for two.
    assert_eq!(times(&lines, "admitted"), [0, 0, 200, 200]);
    assert_eq!(times(&lines, "rejected"), [0, 0, 250]);
    assert_eq!(ending.limits[0].rejected, 3);
}

/// The server goes on with a request whose client has stopped waiting for it.
#[test]
fn a_client_that_stops_waiting_leaves_its_request_in_the_line() {
    let limit = "[[limit]]\nname = \"l\"\nper = []\nconcurrency = { max = 1, queue = 9 }\n";
    let client = "name = \"once\"\nattempts = 1\nretries = []\nwait = \"zero\"\n\
                  timeout = \"150ms\"\n";
    let (lines, _) = run(&burst(3, "100ms"), limit, client);
    assert_eq!(times(&lines, "admitted"), [0, 100, 200]);
    assert_eq!(times(&lines, "answered"), [100, 150, 150]);
}

/// A run that ends while attempts are held back has lost nothing: `lab::run`
/// checks the conservation laws at every event and at the end.
#[test]
fn the_end_of_a_run_finds_those_who_are_held_back() {
    let limit = "[[limit]]\nname = \"l\"\nper = []\n\
                 nginx-limit-req = { rate = \"1r/s\", burst = 20 }\n";
    let scenario = burst(9, "0s").replace("horizon", "drain = \"1s\"\nhorizon");
    let scenario = scenario.replace("\"10s\"", "\"2s\"");
    let (lines, _) = run(&scenario, limit, lab::ONCE);
    assert_eq!(times(&lines, "admitted"), [0, 1_000, 2_000]);
    assert_eq!(times(&lines, "ended Unfinished").len(), 6);
}

/// A limit that grows during the run has room for those who wait.
#[test]
fn who_waits_comes_in_when_the_limit_grows() {
    let limit = "[[limit]]\nname = \"l\"\nper = []\nconcurrency = { max = 1, queue = 9 }\n";
    let grows = "[[change]]\nat = \"1s\"\nlimit = \"l\"\nquota = 3\n";
    let (lines, _) = run(&format!("{}{grows}", burst(4, "5s")), limit, lab::ONCE);
    assert_eq!(times(&lines, "admitted"), [0, 1_000, 1_000, 5_000]);
}

/// What is in progress would be lost, if a limit became one of another kind.
#[test]
fn a_limit_that_holds_places_keeps_its_kind() {
    let limit = "[[limit]]\nname = \"l\"\nper = []\nconcurrency = { max = 1 }\n";
    let to =
        "[[change]]\nat = \"1s\"\nlimit = \"l\"\nto = { gcra = { rate = \"1/s\", burst = 1 } }\n";
    let whole = format!(
        "clients = [\"./one.toml\"]\napi = \"given\"\ntitle = \"t\"\n{}{to}",
        burst(4, "5s")
    );
    let api = format!("name = \"a\"\n[[endpoint]]\nname = \"e\"\n{limit}");
    let said = lab::plan(&whole, &api, &[("one", lab::ONCE)]).unwrap_err();
    assert!(said.contains("cannot become a limiter of that kind"), "{said}");
    // One of the same kind with other numbers it can become.
    let to = "[[change]]\nat = \"1s\"\nlimit = \"l\"\nto = { concurrency = { max = 2 } }\n";
    let (lines, _) = run(&format!("{}{to}", burst(1, "5s")), limit, lab::ONCE);
    assert_eq!(times(&lines, "admitted"), [0]);
}
