//! What happens when two things fall on one instant.
//!
//! Events at one instant run in the order in which they were scheduled. A
//! random arrival never ties, so these vectors are the only place where `>=`
//! and `>` differ. From the rule follows, and is pinned here:
//!
//! - a window is `[start, start + length)` and an outage `[from, until)`; what
//!   comes at the end is outside;
//! - a token is there at the first whole nanosecond at which it is complete;
//! - of two arrivals at one instant the population that stands first in the
//!   file comes first;
//! - an arrival that was known before a request was sent comes before that
//!   request's release; a retry that was scheduled after it comes behind it;
//! - patience and timeouts are scheduled before the answer, so they end first;
//! - a limit that changes has changed for whoever comes at that instant;
//! - arrivals stop before the horizon, and so do events before its drain ends.

use crate::lab;
use tollgate::engine::Ending;

/// A population of one client that makes one call at this time.
fn once(name: &str, at: &str) -> String {
    format!("[[population]]\nname = \"{name}\"\nburst = {{ calls = 1, at = \"{at}\" }}\n")
}

fn api(limit: &str) -> String {
    format!(
        "name = \"a\"\n[[endpoint]]\nname = \"e\"\n[[limit]]\nname = \"l\"\nper = []\n{limit}\n"
    )
}

const HEAD: &str = "name = \"s\"\nhorizon = \"10s\"\nnetwork = { out = \"0s\", home = \"0s\" }\n";

struct Tie {
    scenario: String,
    api: String,
    client: String,
}

impl Tie {
    /// One call at each of these times, by populations `p0`, `p1`, ...
    fn new(limit: &str, service: &str, at: &[&str]) -> Tie {
        let calls: Vec<String> = (0..).zip(at).map(|(n, at)| once(&format!("p{n}"), at)).collect();
        Tie {
            scenario: format!("{HEAD}service = {{ {service} }}\n{}", calls.join("")),
            api: api(limit),
            client: lab::ONCE.to_owned(),
        }
    }

    fn run(&self) -> (Vec<String>, Ending) {
        let model = lab::model(&self.scenario, &self.api, &self.client);
        let mut recorder = lab::Recorder::new(&model);
        let ending = lab::run(&model, 1, &mut recorder);
        (recorder.lines, ending)
    }

    /// How the limits decided, in order: the population, and whether it was admitted.
    fn decisions(&self) -> Vec<String> {
        let decided = |line: &String| {
            let mut words = line.split(' ');
            let (_, population) = (words.next(), words.next().unwrap().to_owned());
            match words.nth(2) {
                Some("admitted") => Some(format!("{population} in")),
                Some("rejected") => Some(format!("{population} out")),
                Some("failed") => Some(format!("{population} failed")),
                _ => None,
            }
        };
        self.run().0.iter().filter_map(decided).collect()
    }

    /// Each line without the caller.
    fn facts(&self) -> Vec<String> {
        let short = |line: &String| {
            let (at, rest) = line.split_once(' ').unwrap();
            format!("{at} {}", rest.splitn(4, ' ').nth(3).unwrap())
        };
        self.run().0.iter().map(short).collect()
    }
}

const FREE: &str = "time = \"0s\"";

#[test]
fn the_end_of_a_window_is_the_next_window() {
    let clock = "fixed-window = { quota = 1, window = \"1s\" }";
    let tie = Tie::new(clock, FREE, &["0.5s", "999999999ns", "1s", "1.999999999s", "2s"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 out", "p2 in", "p3 out", "p4 in"]);
    let first = "fixed-window = { quota = 1, window = \"1s\", anchor = \"first-request\" }";
    let tie = Tie::new(first, FREE, &["0.5s", "1499999999ns", "1.5s", "2499999999ns", "2.5s"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 out", "p2 in", "p3 out", "p4 in"]);
    let phase = "fixed-window = { quota = 1, window = \"1s\", phase = \"250ms\" }";
    let tie = Tie::new(phase, FREE, &["0s", "249999999ns", "250ms", "1249999999ns", "1.25s"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 out", "p2 in", "p3 out", "p4 in"]);
}

#[test]
fn a_token_is_there_at_the_nanosecond_that_completes_it() {
    let whole = "token-bucket = { rate = \"1/s\", burst = 1 }";
    let tie = Tie::new(whole, FREE, &["0s", "999999999ns", "1s", "1s", "2s"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 out", "p2 in", "p3 out", "p4 in"]);
    // A third of a second is 333,333,333 and 1/3 ns. The second token is
    // complete at 666,666,666 and 2/3, and the third at a whole nanosecond.
    let third = "token-bucket = { rate = \"3/s\", burst = 1 }";
    let tie = Tie::new(third, FREE, &["0s", "333333333ns", "333333334ns"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 out", "p2 in"]);
    let all = "token-bucket = { rate = \"3/s\", burst = 3 }";
    let tie = Tie::new(
        all,
        FREE,
        &["0s", "0s", "0s", "0.999999999s", "0.999999999s", "0.999999999s", "1s"],
    );
    let expected = ["p0 in", "p1 in", "p2 in", "p3 in", "p4 in", "p5 out", "p6 in"];
    assert_eq!(tie.decisions(), expected);
    // A burst of 5/2: the half token counts towards the third call.
    let half = "token-bucket = { rate = \"1/s\", burst = \"5/2\" }";
    let tie = Tie::new(half, FREE, &["0s", "0s", "499999999ns", "500ms", "1.5s"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 in", "p2 out", "p3 in", "p4 in"]);
}

#[test]
fn of_two_at_one_instant_the_first_in_the_file_comes_first() {
    for limit in [
        "fixed-window = { quota = 1, window = \"1h\" }",
        "token-bucket = { rate = \"1/h\", burst = 1 }",
        "concurrency = { max = 1 }",
    ] {
        let tie = Tie::new(limit, "time = \"1s\"", &["1s", "1s"]);
        assert_eq!(tie.decisions(), ["p0 in", "p1 out"], "{limit}");
    }
}

#[test]
fn a_release_and_an_arrival_come_in_the_order_of_their_scheduling() {
    let one = "concurrency = { max = 1 }";
    // Arrivals are scheduled when the run begins, the release when p0 is served.
    let tie = Tie::new(one, "time = \"1s\"", &["0s", "1s", "1000000001ns"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 out", "p2 in"]);
    // A retry is scheduled at 0.5 s, after the release was.
    let mut tie = Tie::new(one, "time = \"1s\"", &["0s", "0.5s"]);
    "name = \"again\"\nattempts = 2\nretries = [\"429\"]\nwait = { fixed = \"500ms\" }\n"
        .clone_into(&mut tie.client);
    assert_eq!(tie.decisions(), ["p0 in", "p1 out", "p1 in"]);
    // So with a place of the service: no queue, and the place is not yet free.
    let mut tie = Tie::new(one, "time = \"1s\", places = 1, queue = 0", &["0s", "1s"]);
    tie.api = api("concurrency = { max = 9 }");
    assert_eq!(tie.decisions(), ["p0 in", "p1 in"]);
    assert!(tie.facts().contains(&"1000000000 left Status(Status(503))".to_owned()));
}

#[test]
fn patience_and_timeouts_end_before_the_answer() {
    let none = "concurrency = { max = 1 }";
    let mut tie = Tie::new(none, "time = \"1s\"", &["0s"]);
    tie.scenario += "patience = \"1s\"\n";
    assert_eq!(
        tie.facts(),
        [
            "0 offered 0 content 0",
            "0 sent",
            "0 admitted",
            "1000000000 answered 0.1 sent 0 TimedOut None then None",
            "1000000000 ended GivenUp(Deadline) meant 0 after 1",
            // The server does not know that nobody waits any more.
            "1000000000 left Status(Status(200))",
        ]
    );
    let mut tie = Tie::new(none, "time = \"1s\"", &["0s"]);
    tie.client += "timeout = \"1s\"\n";
    assert_eq!(
        tie.facts()[3..],
        [
            "1000000000 answered 0.1 sent 0 TimedOut None then None",
            "1000000000 ended GivenUp(NotRetried) meant 0 after 1",
            "1000000000 left Status(Status(200))",
        ]
    );
    let mut tie = Tie::new(none, "time = \"999999999ns\"", &["0s"]);
    tie.client += "timeout = \"1s\"\n";
    tie.scenario += "patience = \"1s\"\n";
    assert_eq!(tie.facts()[5], "999999999 ended ByAttempt meant 0 after 1");
}

#[test]
fn an_outage_ends_where_it_says() {
    let none = "concurrency = { max = 9 }";
    let outage = "time = \"0s\", outage = [{ from = \"1s\", for = \"1s\", answer = \"5xx\" }]";
    let tie = Tie::new(none, outage, &["999999999ns", "1s", "1999999999ns", "2s"]);
    assert_eq!(tie.decisions(), ["p0 in", "p1 failed", "p2 failed", "p3 in"]);
}

#[test]
fn a_changed_limit_has_changed_for_who_comes_then() {
    let mut tie =
        Tie::new("fixed-window = { quota = 1, window = \"1h\" }", FREE, &["0s", "1s", "1s"]);
    tie.scenario += "[[change]]\nat = \"1s\"\nlimit = \"l\"\nquota = 2\n";
    assert_eq!(tie.decisions(), ["p0 in", "p1 in", "p2 out"]);
}

#[test]
fn nobody_arrives_at_the_horizon_and_nothing_happens_at_the_end() {
    let none = "concurrency = { max = 9 }";
    let tie = Tie::new(none, FREE, &["9999999999ns", "10s"]);
    assert_eq!(tie.decisions(), ["p0 in"]);
    // Served at the very end of the drain is not served.
    let mut tie = Tie::new(none, "time = \"2s\"", &["9s"]);
    tie.scenario =
        tie.scenario.replacen("horizon = \"10s\"", "horizon = \"10s\"\ndrain = \"1s\"", 1);
    let (lines, ending) = tie.run();
    assert!(lines.last().unwrap().contains("ended Unfinished"), "{lines:?}");
    assert_eq!(ending.at.0 % 1_000_000_000, 0);
    tie.scenario = tie.scenario.replace("drain = \"1s\"", "drain = \"1000000001ns\"");
    assert!(tie.run().0.last().unwrap().contains("ended ByAttempt"));
}
