//! tower's generator is cloned for each call: `tower_same_maker_sequences.txt` in
//! `tests/oracles/clients`. All calls of one client draw the same numbers, so that
//! their waits are the same to the nanosecond; those of another client are others.
//! The numbers themselves are of Rust's randomly keyed hasher, and not ours.

use std::collections::BTreeMap;
use std::path::Path;

use crate::lab;
use tollgate::engine::{Caller, Fact, Observer};
use tollgate::time::{Instant, Span};

/// The waits of each call, by client.
#[derive(Default)]
struct Waits(BTreeMap<u32, BTreeMap<u64, Vec<Span>>>);

impl Observer for Waits {
    fn note(&mut self, _: Instant, caller: Caller, fact: &Fact) {
        if let Fact::Answered(record) = fact
            && let Some(wait) = record.then
        {
            let calls = self.0.entry(caller.client).or_default();
            calls.entry(record.call).or_default().push(wait);
        }
    }
}

/// The sessions of the recording, in milliseconds.
fn recorded() -> Vec<Vec<f64>> {
    let path = "tests/oracles/clients/tower_same_maker_sequences.txt";
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let sessions = text.lines().filter_map(|line| line.strip_prefix("session "));
    sessions.map(|line| serde_json::from_str(line.split_once(": ").unwrap().1).unwrap()).collect()
}

fn waits(client: &str) -> Waits {
    let scenario = "name = \"s\"\nhorizon = \"1h\"\n\
        service = { time = \"1ms\", fails = 1.0 }\n\
        [[population]]\nname = \"many\"\ncount = 3\nbacklog = { calls = 4 }\nworkers = 1\n";
    let mut waits = Waits::default();
    lab::run(&lab::model(scenario, "name = \"a\"\n", client), 1, &mut waits);
    waits
}

#[test]
fn every_call_of_a_client_waits_the_same() {
    let recorded = recorded();
    assert!(recorded.len() == 4 && recorded.iter().all(|session| *session == recorded[0]));
    let retries = recorded[0].len();
    // The maker of the recording: 100 ms to 10 s, and no budget.
    let tower = include_str!("../../models/clients/tower-default.toml");
    let tower = tower[..tower.find("# TpsBudget").unwrap()]
        .replace("base = \"50ms\"", "base = \"100ms\", cap = \"10s\"")
        .replace("attempts = 4 ", &format!("attempts = {} ", retries + 1));
    let waits = waits(&tower);
    assert_eq!(waits.0.len(), 3, "clients");
    let firsts: Vec<&Vec<Span>> =
        waits.0.values().map(|calls| &calls[&calls.keys().next().copied().unwrap()]).collect();
    for (calls, first) in waits.0.values().zip(&firsts) {
        assert_eq!(calls.len(), recorded.len());
        assert!(calls.values().all(|session| session == *first), "{calls:?}");
        // Within one call each retry has a draw of its own.
        assert_eq!(first.len(), retries);
        let stretch = |at: usize| first[at].as_secs_f64() / (0.1 * f64::from(1 << at));
        assert!((stretch(0) - stretch(1)).abs() > 1e-6);
        for (at, (ours, theirs)) in first.iter().zip(&recorded[0]).enumerate() {
            // Both lie between the wait and twice it, less what is cut of the seconds.
            let base = 100.0 * f64::from(1 << at);
            assert!((base..=2.0 * base).contains(theirs));
            assert!((base..=2.0 * base).contains(&(ours.as_secs_f64() * 1e3)));
        }
    }
    assert!(firsts[0] != firsts[1] && firsts[1] != firsts[2], "{firsts:?}");
}

/// The error planted: with draws of its own, each call waits otherwise.
#[test]
fn a_client_that_draws_anew_does_not() {
    let tower = include_str!("../../models/clients/tower-default.toml");
    let tower = tower[..tower.find("# TpsBudget").unwrap()].replace("draws = \"replayed\"\n", "");
    let waits = waits(&tower);
    let calls: Vec<&Vec<Span>> = waits.0[&0].values().collect();
    assert!(calls.windows(2).all(|two| two[0] != two[1]), "{calls:?}");
}
