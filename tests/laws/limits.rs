//! What limits count, and that more room never admits fewer.

use crate::lab;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use serde::de::DeserializeOwned;
use tollgate::limiter::{Algorithm, Concurrency, FixedWindow, Table, TokenBucket, Verdict};

/// An attempt that one limit admits and the next refuses is charged once,
/// however many rules say that it counts: found by the laws
/// of random models.
#[test]
fn an_attempt_counts_once() {
    let api = "name = \"a\"\ncommit = \"in-order\"\n[[endpoint]]\nname = \"e\"\n\
        [[limit]]\nname = \"first\"\nper = []\ncounts-rejects = true\ngives-back = \"5xx\"\n\
        fixed-window = { quota = 9, window = \"1h\" }\n\
        [[limit]]\nname = \"second\"\nper = []\ncounts-rejects = true\n\
        fixed-window = { quota = 2, window = \"1h\" }\n\
        [[limit]]\nname = \"third\"\nper = []\ncounts-rejects = true\n\
        fixed-window = { quota = 9, window = \"1h\" }\n";
    let scenario = "name = \"s\"\nhorizon = \"5s\"\nservice = { time = \"0s\" }\n\
        [[population]]\nname = \"p\"\nburst = { calls = 5 }\n";
    let ending = lab::run(&lab::model(scenario, api, lab::ONCE), 7, &mut ());
    let charged: Vec<u64> = ending.limits.iter().map(|l| l.charged).collect();
    // The third is never asked about what the second refuses.
    assert_eq!(charged, [5, 5, 2]);
}

/// An answer of 5xx that comes after the end of its window gives nothing back,
/// so what was charged stays charged.
#[test]
fn what_is_too_late_to_give_back_stays_charged() {
    let scenario = |time: &str| {
        format!(
            "name = \"s\"\nhorizon = \"5s\"\nnetwork = {{ out = \"0s\", home = \"0s\" }}\n\
             service = {{ time = \"{time}\", fails = 1.0 }}\n\
             [[population]]\nname = \"p\"\nburst = {{ calls = 3, at = \"100ms\" }}\n"
        )
    };
    let api = "name = \"a\"\n[[endpoint]]\nname = \"e\"\n[[limit]]\nname = \"l\"\nper = []\n\
               gives-back = \"5xx\"\nfixed-window = { quota = 9, window = \"1s\" }\n";
    for (time, charged) in [("899ms", 0), ("900ms", 3)] {
        let ending = lab::run(&lab::model(&scenario(time), api, lab::ONCE), 7, &mut ());
        assert_eq!(ending.limits[0].charged, charged, "{time}");
    }
}

const PAIRS: &str = "name = \"s\"\nhorizon = \"20s\"\nservice = { time = \"10ms\" }\n\
    [[change]]\nlimit = \"l\"\nat = \"10s\"\nquota = CHANGE\n\
    [[population]]\nname = \"p\"\ncount = 7\npoisson = \"3/s\"\n\
    [[population]]\nname = \"q\"\ncount = 3\npoisson = \"3/s\"\n";

/// A limit that is written for one client is, with ten of them in two
/// populations, the limit of the tenfold numbers; also when it changes.
#[test]
fn what_is_written_for_one_client_applies_once_for_each() {
    let facts = |limit: &str, change: &str| {
        let api = format!(
            "name = \"a\"\n[[endpoint]]\nname = \"e\"\n[[limit]]\nname = \"l\"\nper = []\n{limit}\n"
        );
        let model = lab::model(&PAIRS.replace("CHANGE", change), &api, lab::ONCE);
        let mut recorder = lab::Recorder::new(&model);
        lab::run(&model, 3, &mut recorder);
        (model.api.limits[0].limiter.to_string(), recorder.lines)
    };
    for (one, ten) in [
        (
            "token-bucket = { rate = \"4/5s\", burst = \"4/5\" }",
            "token-bucket = { rate = \"8/s\", burst = 8 }",
        ),
        (
            "gcra = { rate = \"1/2s\", burst = \"1/4\" }",
            "gcra = { rate = \"5/s\", burst = \"5/2\" }",
        ),
        (
            "fixed-window = { quota = 4, window = \"3s\" }",
            "fixed-window = { quota = 40, window = \"3s\" }",
        ),
    ] {
        let (multiplied, written) =
            (facts(&format!("times = \"clients\"\n{one}"), "1"), facts(ten, "10"));
        assert!(multiplied.1.iter().any(|line| line.contains("rejected")), "{one}");
        assert!(multiplied == written, "{} and {}", multiplied.0, written.0);
    }
}

#[test]
fn what_cannot_be_multiplied_is_told_where_it_stands() {
    let scenario = |change: &str| {
        format!(
            "clients = [\"./one.toml\"]\napi = \"given\"\ntitle = \"t\"\n{}",
            PAIRS.replace("CHANGE", change)
        )
    };
    for (limit, change, parts) in [
        (
            "times = \"clients\"\npacer = { rate = \"1/s\" }",
            "1",
            ["api.toml:7:", "take one of fixed-window,"],
        ),
        (
            "times = \"clients\"\nfixed-window = { quota = 9000000000000000000, window = \"1s\" }",
            "1",
            ["api.toml:7:", "times 10 does not fit in 64 bits"],
        ),
        (
            "times = \"clients\"\nfixed-window = { quota = 9, window = \"1s\" }",
            "9000000000000000000",
            ["scenario.toml:10:", "9000000000000000000 times 10 does not fit"],
        ),
        (
            "times = \"clients\"\ntoken-bucket = { rate = \"1/s\", burst = \"1/20\" }",
            "1",
            ["api.toml:8:", "burst 1/2` lets nothing through"],
        ),
        (
            "gcra = { rate = \"1/s\", burst = \"4/5\" }",
            "1",
            ["api.toml:7:", "burst 4/5` lets nothing through"],
        ),
        (
            "times = \"users\"\ngcra = { rate = \"1/s\", burst = 1 }",
            "1",
            ["api.toml:7:", "clients"],
        ),
    ] {
        let api = format!(
            "name = \"a\"\n[[endpoint]]\nname = \"e\"\n[[limit]]\nname = \"l\"\nper = []\n{limit}\n"
        );
        let faults = lab::plan(&scenario(change), &api, &[("one", lab::ONCE)]).unwrap_err();
        for part in parts {
            assert!(faults.contains(part), "no {part} in:\n{faults}");
        }
    }
}

/// How many are admitted by each of these instants, each held for `hold`.
fn admitted<A: Algorithm + DeserializeOwned>(
    parameters: &str,
    arrivals: &[u64],
    hold: u64,
) -> Vec<u64> {
    let mut limiter = Table::<A>::read(parameters).unwrap();
    let mut ends = std::collections::VecDeque::new();
    let mut count = 0;
    arrivals
        .iter()
        .map(|&at| {
            while ends.front().is_some_and(|until| *until <= at) {
                ends.pop_front();
                limiter.release(0, 1);
            }
            if limiter.ask(at, 1).0 == Verdict::Admit {
                ends.push_back(at + hold);
                count += 1;
            }
            count
        })
        .collect()
}

proptest! {
    // The same cases each time, so that a commit that passes passes again.
    #![proptest_config(ProptestConfig {
        cases: 1_500,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    /// On the same arrivals, one more of quota, burst or slots has never
    /// admitted fewer by any time. For slots that is a theorem when all hold
    /// theirs for the same time.
    #[test]
    fn more_room_never_admits_fewer(
        gaps in prop::collection::vec(0_u64..300, 1..200),
        room in 1_u64..20,
        length in 1_u64..3_000,
        phase in 0_u64..3_000,
        rate in (1_u64..20, 1_u64..2_000),
        part in 1_u64..5,
    ) {
        let arrivals: Vec<u64> = gaps.iter().scan(1_000_000, |now, gap| { *now += gap; Some(*now) }).collect();
        let fewer = |less: Vec<u64>, more: Vec<u64>| less.iter().zip(&more).any(|(a, b)| a > b);
        for anchor in [format!("phase = '{phase}ns'"), "anchor = 'first-request'".to_owned()] {
            let window = format!("window = '{length}ns'\n{anchor}");
            let by = |quota| {
                admitted::<FixedWindow>(&format!("quota = {quota}\n{window}"), &arrivals, 0)
            };
            prop_assert!(!fewer(by(room), by(room + 1)), "{}", anchor);
        }
        let by = |burst: u64| {
            let (count, period, burst) = (rate.0, rate.1, burst.max(part));
            let bucket = format!("rate = '{count}/{period}ns'\nburst = '{burst}/{part}'");
            admitted::<TokenBucket>(&bucket, &arrivals, 0)
        };
        prop_assert!(!fewer(by(room), by(room + 1)), "token bucket");
        let by = |slots| admitted::<Concurrency>(&format!("max = {slots}"), &arrivals, length);
        prop_assert!(!fewer(by(room), by(room + 1)), "concurrency");
    }
}
