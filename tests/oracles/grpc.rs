//! gRPC's retries as they were recorded: `tests/oracles/clients/grpc_behaviour.json`.
//!
//! Not held to: a `grpc-retry-pushback-ms` of 0, at which the recording made one
//! attempt and ran into its deadline; by gRFC A6 it retries at once, and so do we.

use std::path::Path;

use crate::lab;
use crate::schedule::against;

use serde_json::Value;
use tollgate::engine::{Caller, Fact, Observer};
use tollgate::time::Instant;

fn recorded() -> Value {
    let path = "tests/oracles/clients/grpc_behaviour.json";
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn more_than_five_attempts_are_cut_to_five() {
    let most = recorded()["maxAttempts10_actual"].as_u64().unwrap();
    assert_eq!(against("grpc(maxAttempts=10)", "503").0, most);
    assert_eq!(against("grpc(maxAttempts=3)", "503").0, 3);
}

#[test]
fn the_server_pushes_back() {
    let recorded = recorded();
    for (key, all) in recorded.as_object().unwrap() {
        let Some(value) = key.strip_prefix("pushback_") else { continue };
        let each = if value == "retest_timeout3s" {
            all.as_object().unwrap().iter().map(|(value, one)| (value.as_str(), one)).collect()
        } else {
            vec![(value, all)]
        };
        for (value, one) in each {
            if value == "0" {
                continue;
            }
            let answer = format!("503 grpc-retry-pushback-ms: {value}");
            let (requests, waits) = against("grpc(maxAttempts=4)", &answer);
            let gaps = one["gaps"].as_array().unwrap();
            if one["code"] == "DEADLINE_EXCEEDED" {
                // The caller's deadline ended it during the first wait.
                assert!(waits[0] > one["elapsed"].as_f64().unwrap(), "{value}: {waits:?}");
                continue;
            }
            assert_eq!(Some(requests), one["attempts"].as_u64(), "{value}");
            assert_eq!(waits.len(), gaps.len(), "{value}");
            for (ours, gap) in waits.iter().zip(gaps) {
                // A real gap has the time of the attempt in it too.
                let gap = gap.as_f64().unwrap();
                assert!(*ours <= gap && gap < ours + 0.01, "{value}: {waits:?} for {gaps:?}");
            }
        }
    }
}

/// How many attempts each call ended with, in their order.
#[derive(Default)]
struct Attempts(Vec<u64>);

impl Observer for Attempts {
    fn note(&mut self, _: Instant, _: Caller, fact: &Fact) {
        if let Fact::Ended { attempts, .. } = *fact {
            self.0.push(u64::from(attempts));
        }
    }
}

/// Calls one after the other, all of which fail: the first has all its attempts,
/// the others' retries are throttled.
#[test]
fn retries_are_throttled_by_what_failed_before() {
    let recorded = recorded();
    let all = recorded.as_object().unwrap();
    let (_, calls) = all.iter().find(|(key, _)| key.starts_with("retryThrottling")).unwrap();
    let calls: Vec<u64> = calls.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    // A service that fails says 500, which stands for UNAVAILABLE here.
    let grpc = include_str!("../../models/clients/grpc.toml")
        .replace("attempts = 5 ", "attempts = 4 ")
        .replace("\"503\"", "\"500\"");
    let scenario = format!(
        "name = \"s\"\nhorizon = \"1h\"\nservice = {{ time = \"1ms\", fails = 1.0 }}\n\
         [[population]]\nname = \"one\"\ncount = 1\nbacklog = {{ calls = {} }}\nworkers = 1\n",
        calls.len()
    );
    let model = lab::model(&scenario, "name = \"a\"\n", &grpc);
    let mut attempts = Attempts::default();
    lab::run(&model, 1, &mut attempts);
    assert_eq!(attempts.0, calls);
}
