//! The same bytes: on any number of threads, today and tomorrow.
//!
//! Every fact of two small runs is hashed and pinned, so that a change of the
//! trajectory is seen even where no result changes. A change on purpose puts
//! the new digest in its place and says so in its commit.

use std::fmt::Write;
use std::num::NonZeroUsize;

use crate::lab;
use sha2::{Digest, Sha256};
use tollgate::experiment::{self, Comparison, Seeds};
use tollgate::scenario::Plan;

/// Two limits, an outage, sessions, a backlog with a pool, caches and batches.
const EVERYTHING: &str = r#"
name = "everything"
title = "a bit of all"
api = "given"
clients = ["./jitter.toml", "./obedient.toml", "./naive.toml"]
start = "2026-01-05T09:00:00Z"
horizon = "30s"
drain = "30s"
network = { out = { uniform = ["10ms", "40ms"] }, home = { exponential = "20ms" } }

[service]
time = { log-normal = { mean = "90ms", cv = 0.8 } }
fails = "2%"
places = 20
slowdown = 0.01
outage = [{ from = "10s", for = "3s", answer = "refuse" }]

[[population]]
name = "sessions"
count = 5
identity = { app = "shared", token = "each" }
poisson = "1/s"
content = { count = 100, zipf = 1.0 }
step = [
    { asks = { read = 1 } },
    { asks = { write = 1, read = 3 }, after = { exponential = "400ms" }, share = 0.7 },
]
patience = "8s"
levers = { cache = [{ ttl = "5s" }], batch = { calls = 3, wait = "50ms", endpoint = "bulk" } }

[[population]]
name = "sync"
count = 3
identity = { app = "shared", token = { of = 2 } }
backlog = { calls = [20, 60] }
workers = 2
waiting-holds-worker = false
asks = { read = 5, write = 1 }
clock-skew = "-300ms"
"#;

const API: &str = r#"
name = "limits"
headers = [
    { name = "X-Remaining", tells = "remaining" },
    { name = "X-Reset", tells = "reset", form = "epoch" },
    { name = "Retry-After", tells = "wait", on = "rejects" },
]
[[endpoint]]
name = "read"
[[endpoint]]
name = "write"
cost = 2
[[endpoint]]
name = "bulk"
[[limit]]
name = "app"
per = ["app"]
fixed-window = { quota = 20, window = "2s" }
gives-back = "5xx"
[[limit]]
name = "token"
per = ["token"]
token-bucket = { rate = "7/3s", burst = "9/2" }
[[limit]]
name = "slots"
per = ["app"]
endpoints = ["read"]
concurrency = { max = 3 }
penalty = { of = ["token"], first = "300ms", step = "200ms", max = "2s" }
"#;

const CLIENTS: [(&str, &str); 3] = [
    (
        "jitter",
        "name = \"jitter\"\nattempts = 8\nretries = [\"429\", \"5xx\", \"refused\"]\n\
         wait = { exponential = { base = \"200ms\", cap = \"5s\" } }\njitter = \"full\"\n",
    ),
    (
        "obedient",
        "name = \"obedient\"\nattempts = 8\nretries = [\"429\", \"5xx\", \"refused\"]\n\
         wait = { exponential = { base = \"200ms\", cap = \"5s\" } }\njitter = { add = \"100ms\" }\n\
         timeout = \"2s\"\nhint = { headers = [{ name = \"Retry-After\" }], on = [\"429\"] }\n\
         pause = [{ on = [\"429\"], for = \"200ms\", of = [\"token\"] }]\nin-flight = [{ max = 2 }]\n\
         header-pace = { gauges = [{ remaining = \"X-Remaining\", reset = \"X-Reset\", form = \"epoch\" }] }\n",
    ),
    (
        "naive",
        "name = \"naive\"\nattempts = 4\nretries = [\"429\", \"5xx\", \"refused\"]\nwait = \"zero\"\n",
    ),
];

fn plan() -> Plan {
    lab::plan(EVERYTHING, API, &CLIENTS).unwrap_or_else(|faults| panic!("{faults}"))
}

fn compare(plan: &Plan, threads: usize) -> Comparison {
    let seeds = Seeds { root: 7, count: NonZeroUsize::new(11).unwrap() };
    experiment::compare(plan, seeds, NonZeroUsize::new(threads).unwrap(), &|_, _| {}).unwrap()
}

/// `Debug` prints every float in full, so equal texts are equal bits.
#[test]
fn any_number_of_threads_gives_the_same_results() {
    let plan = plan();
    let one = compare(&plan, 1);
    for threads in [2, 3] {
        let more = compare(&plan, threads);
        assert_eq!(format!("{:?}", one.outcomes), format!("{:?}", more.outcomes));
        assert_eq!(one.ranking, more.ranking);
        assert_eq!(format!("{:?}", one.floors), format!("{:?}", more.floors));
        assert_eq!(one.equalities, more.equalities);
    }
    let samples = |c: &Comparison| format!("{:?}", c.outcomes[0].runs[0].samples);
    assert_ne!(samples(&one), format!("{:?}", one.outcomes[0].runs[1].samples));
}

#[test]
fn the_order_in_which_clients_are_compared_does_not_matter() {
    let forward = plan();
    let mut backward = plan();
    backward.variants.reverse();
    let (there, back) = (compare(&forward, 2), compare(&backward, 2));
    for (one, other) in there.outcomes.iter().zip(back.outcomes.iter().rev()) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
}

/// SHA-256 of all lines of a run.
fn digest(variant: usize, seed: u64) -> String {
    let mut hash = Sha256::new();
    for line in lab::lines(&plan().variants[variant].model, seed) {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    let mut hex = String::new();
    for byte in hash.finalize() {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

#[test]
fn trajectories_are_pinned() {
    let digests = [digest(0, 1), digest(1, 1)];
    assert_eq!(
        digests,
        [
            "50b66268bbfdc2760562fad9cb011015330f3a1a381042e7f68b7a81a6ccc437",
            "891f4817ae9c512e7aee6edd0ab05a00a2831c27a9c97ff7a332f620c0113e5a",
        ]
    );
}
