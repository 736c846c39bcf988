//! Common random numbers: what is drawn belongs to the call, so no policy and
//! no limiter shifts it.
//!
//! In open workloads the calls offered are the same under every policy, to the
//! nanosecond. In a closed loop and in a backlog the k-th call is the same
//! (what it asks, how long it is served), its instant is not.

use std::collections::BTreeMap;

use crate::lab;
use tollgate::api::Decision;
use tollgate::engine::{AttemptRecord, Caller, Fact, Observer};
use tollgate::http::{Answer, Status};
use tollgate::scenario::Model;
use tollgate::time::{Instant, Span};

/// Policies that make very different attempts.
const POLICIES: [&str; 5] = [
    lab::ONCE,
    "name = \"at-once\"\nattempts = 5\nretries = [\"429\", \"5xx\", \"timeout\"]\nwait = \"zero\"",
    "name = \"fixed\"\nattempts = 9\nretries = [\"429\", \"5xx\"]\nwait = { fixed = \"70ms\" }\ntimeout = \"200ms\"",
    "name = \"jitter\"\nattempts = 7\nretries = [\"429\", \"5xx\"]\nwait = { exponential = { base = \"100ms\", cap = \"2s\" } }\njitter = \"full\"",
    "name = \"paced\"\nattempts = 4\nretries = [\"429\"]\nwait = { fixed = \"1s\" }\npace = [{ rate = \"5/s\", of = [\"token\"] }]\nin-flight = [{ max = 1 }]",
];

const LIMITS: [&str; 4] = [
    "fixed-window = { quota = 7, window = \"1s\" }",
    "fixed-window = { quota = 3, window = \"500ms\", anchor = \"first-request\" }",
    "token-bucket = { rate = \"9/s\", burst = \"7/2\" }",
    "concurrency = { max = 1 }",
];

fn api(limit: &str) -> String {
    format!(
        "name = \"a\"\n[[endpoint]]\nname = \"read\"\n[[endpoint]]\nname = \"write\"\n\
         [[limit]]\nname = \"limit\"\nper = [\"token\"]\n{limit}\n"
    )
}

const HEAD: &str = "name = \"s\"\nhorizon = \"20s\"\n\
    network = { out = { uniform = [\"5ms\", \"30ms\"] }, home = { exponential = \"10ms\" } }\n\
    service = { time = { log-normal = { mean = \"80ms\", cv = 1.0 } }, fails = 0.1 }\n";

const OPEN: &str = "[[population]]\nname = \"random\"\ncount = 3\nidentity = { token = \"each\" }\n\
    poisson = \"6/s\"\nasks = { read = 2, write = 1 }\ncontent = { count = 50, zipf = 1.0 }\n\
    [[population]]\nname = \"sessions\"\ncount = 2\nidentity = { token = { of = 1 } }\n\
    curve = { rates = [\"2/s\", \"9/s\"], step = \"3s\" }\nworkers = 1\n\
    step = [{ asks = { read = 1 } }, { asks = { read = 1, write = 1 }, after = { exponential = \"1s\" }, share = 0.6 }]\n\
    [[population]]\nname = \"polls\"\ncount = 4\nidentity = { token = \"shared\" }\n\
    poll = { every = \"1s\", staggered = true }\nasks = { read = 1 }\npatience = \"1s\"\n";

const CLOSED: &str = "[[population]]\nname = \"loop\"\ncount = 3\nidentity = { token = \"each\" }\n\
    closed = { think = { exponential = \"300ms\" } }\nasks = { read = 2, write = 1 }\n\
    content = { count = 50, zipf = 1.0 }\n\
    [[population]]\nname = \"backlog\"\ncount = 2\nidentity = { token = \"each\" }\n\
    backlog = { calls = [20, 60] }\nasks = { read = 2, write = 1 }\n\
    content = { count = 50, zipf = 1.0 }\n";

fn model(populations: &str, limit: &str, policy: &str) -> Model {
    lab::model(&format!("{HEAD}{populations}"), &api(limit), policy)
}

/// What a call is, whenever it comes: its endpoint and what it asks for.
type What = (u16, u32);

/// The calls offered, with their instants and without.
#[derive(Default)]
struct Offers {
    in_time: Vec<(Instant, u16, u32, u64, What)>,
    by_number: BTreeMap<(u16, u32, u64), What>,
}

impl Observer for Offers {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        if let Fact::Offered { call, content, .. } = *fact {
            let what = (caller.endpoint, content);
            self.in_time.push((now, caller.population, caller.client, call, what));
            let before = self.by_number.insert((caller.population, caller.client, call), what);
            assert_eq!(before, None, "a call is offered once");
        }
    }
}

fn offers(model: &Model, seed: u64) -> Offers {
    let mut offers = Offers::default();
    lab::run(model, seed, &mut offers);
    // At one instant the calls of different clients come in any order.
    offers.in_time.sort_unstable();
    offers
}

#[test]
fn open_calls_are_the_same_under_every_policy_and_limiter() {
    for seed in 0..10 {
        let first = offers(&model(OPEN, LIMITS[0], POLICIES[0]), seed);
        assert!(first.in_time.len() > 500);
        for limit in LIMITS {
            for policy in POLICIES {
                let other = offers(&model(OPEN, limit, policy), seed);
                assert_eq!(first.in_time, other.in_time, "{limit} {policy}");
            }
        }
    }
    let [one, two] = [1, 2].map(|seed| offers(&model(OPEN, LIMITS[0], POLICIES[0]), seed));
    assert_ne!(one.in_time, two.in_time, "another seed is another run");
}

/// A limit that refuses more, or a policy that waits longer, makes fewer calls
/// of a closed loop; those that both make are the same. A backlog is the same
/// whole, with what is left of it at the end.
#[test]
fn the_kth_closed_call_is_the_same_under_every_policy_and_limiter() {
    let mut instants_differ = false;
    for seed in 0..10 {
        let first = offers(&model(CLOSED, LIMITS[0], POLICIES[0]), seed);
        for limit in LIMITS {
            for policy in POLICIES {
                let other = offers(&model(CLOSED, limit, policy), seed);
                let mut shared = 0;
                for (call, what) in &first.by_number {
                    if let Some(same) = other.by_number.get(call) {
                        assert_eq!(what, same, "{call:?} {limit} {policy}");
                        shared += 1;
                    } else {
                        assert_eq!(call.0, 0, "a backlog does not depend on its policy");
                    }
                }
                assert!(shared > 100, "{shared} calls of both: {limit} {policy}");
                instants_differ |= first.in_time != other.in_time;
            }
        }
    }
    assert!(instants_differ, "the policies do not even differ");
}

/// How long each attempt was served and what came of it, by call and number.
#[derive(Default)]
struct Served {
    /// The attempt of each client that is at the server.
    at_server: BTreeMap<u32, (Instant, Option<Span>, Option<Answer>)>,
    times: BTreeMap<(u32, u64, u32), (Span, Answer)>,
}

impl Observer for Served {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        let client = caller.client;
        match *fact {
            Fact::Decided(Decision::Admit) => {
                self.at_server.insert(client, (now, None, None));
            }
            Fact::Left(answer) => {
                if let Some((since, time, what)) = self.at_server.get_mut(&client) {
                    (*time, *what) = (Some(now.since(*since)), Some(answer));
                }
            }
            Fact::Answered(AttemptRecord { call, number, .. }) => {
                if let Some((_, Some(time), Some(what))) = self.at_server.remove(&client) {
                    self.times.insert((client, call, number), (time, what));
                }
            }
            _ => {}
        }
    }
}

fn served(model: &Model, seed: u64) -> BTreeMap<(u32, u64, u32), (Span, Answer)> {
    let mut served = Served::default();
    lab::run(model, seed, &mut served);
    served.times
}

/// One call at a time for each client, so that what leaves the server is known.
#[test]
fn an_attempt_is_served_alike_under_every_policy_and_limiter() {
    let without_timeout = |policy: &&&str| !policy.contains("timeout =");
    let policies: Vec<_> = POLICIES.iter().filter(without_timeout).collect();
    let mut seen: BTreeMap<(u32, u64, u32), (Span, Answer)> = BTreeMap::new();
    let (mut again, mut retried, mut failed) = (0, 0, 0);
    for limit in LIMITS {
        for policy in &policies {
            for (attempt, how) in served(&model(CLOSED, limit, policy), 3) {
                retried += usize::from(attempt.2 > 1);
                failed += usize::from(how.1 == Answer::Status(Status(500)));
                if let Some(before) = seen.insert(attempt, how) {
                    assert_eq!(before, how, "{attempt:?} {limit} {policy}");
                    again += 1;
                }
            }
        }
    }
    assert!(again > 1_000 && retried > 100 && failed > 100, "{again} {retried} {failed}");
    let times: Vec<Span> = seen.values().map(|(time, _)| *time).collect();
    assert_ne!(times.iter().min(), times.iter().max(), "each attempt has a draw of its own");
}

/// The waits before retries: jitter belongs to (call, attempt) and not to the
/// time, so a limiter that refuses at other times leaves them alone.
#[test]
fn jitter_belongs_to_the_attempt() {
    #[derive(Default)]
    struct Waits(BTreeMap<(u32, u64, u32), Span>);
    impl Observer for Waits {
        fn note(&mut self, _now: Instant, caller: Caller, fact: &Fact) {
            if let Fact::Answered(record) = fact
                && let Some(wait) = record.then
            {
                self.0.insert((caller.client, record.call, record.number), wait);
            }
        }
    }
    let mut seen: BTreeMap<(u32, u64, u32), Span> = BTreeMap::new();
    let mut again = 0;
    for populations in [OPEN, CLOSED] {
        seen.clear();
        for limit in LIMITS {
            let mut waits = Waits::default();
            lab::run(&model(populations, limit, POLICIES[3]), 5, &mut waits);
            for (attempt, wait) in waits.0 {
                if let Some(before) = seen.insert(attempt, wait) {
                    assert_eq!(before, wait, "{attempt:?} {limit}");
                    again += 1;
                }
            }
        }
    }
    assert!(again > 500, "{again}");
}
