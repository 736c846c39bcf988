//! When clients that pace themselves send, against recordings of the libraries:
//! discord.js's loops and bottleneck's dispatch, each through the whole engine.
//!
//! `oracles/clients/js_misc.json` holds seconds to 10 ms. A real process needs up to
//! 20 ms more than its timers say; it never sends earlier than the clock's half
//! digit.

use std::sync::LazyLock;

use crate::lab;
use serde_json::Value;
use tollgate::engine::{Caller, Fact, Observer};
use tollgate::time::{Instant, SECOND};

static RECORDED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("clients/js_misc.json")).expect("the recording")
});

const BOTTLENECK: &str = include_str!("../../models/clients/bottleneck.toml");
const RESERVOIR: &str = include_str!("../../models/clients/bottleneck-reservoir.toml");
const DISCORDJS: &str = include_str!("../../models/clients/discordjs.toml");

/// The seconds of a list in the recording.
fn seconds(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|n| n.as_f64().expect("seconds")).collect()
}

/// When attempts were sent, in seconds since the start.
struct Sends {
    start: Instant,
    at: Vec<f64>,
}

impl Observer for Sends {
    fn note(&mut self, now: Instant, _: Caller, fact: &Fact) {
        if matches!(fact, Fact::Sent) {
            self.at.push(now.since(self.start).0 as f64 / SECOND as f64);
        }
    }
}

/// One client whose calls all begin at once, at an API a millisecond away that
/// admits one request and refuses all others.
fn sends(client: &str, calls: u32, service: &str, limit: &str) -> Vec<f64> {
    let scenario = format!(
        "name = \"s\"\nhorizon = \"10s\"\ndrain = \"0s\"\n\
         network = {{ out = \"1ms\", home = \"1ms\" }}\n{service}\n\
         [[population]]\nname = \"p\"\nburst = {{ calls = {calls} }}\n"
    );
    let api = format!("name = \"a\"\n{limit}");
    let model = lab::model(&scenario, &api, client);
    let mut sends = Sends { start: model.start, at: vec![] };
    lab::run(&model, 1, &mut sends);
    sends.at
}

const PROMPT: &str = "service = { time = \"0s\" }";
const NO_LIMIT: &str = "[[endpoint]]\nname = \"e\"\n";

/// All but the first refused, with a header that says so in words of its own.
fn refusing(headers: &str) -> String {
    format!(
        "{NO_LIMIT}[[limit]]\nname = \"l\"\nper = []\n\
         fixed-window = {{ quota = 1, window = \"24h\" }}\nheaders = [{headers}]\n"
    )
}

fn agrees(ours: &[f64], recorded: &[f64]) -> bool {
    ours.len() == recorded.len()
        && ours
            .iter()
            .zip(recorded)
            .all(|(ours, recorded)| (-0.005..=0.025).contains(&(recorded - ours)))
}

fn gaps(at: &[f64]) -> Vec<f64> {
    at.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Bottleneck with another `minTime`, and as many jobs at once as there are.
fn min_time(span: &str) -> String {
    let (paced, _) = BOTTLENECK.split_once("[[in-flight]]").expect("a limit in flight");
    paced.replace("1/333ms", &format!("1/{span}"))
}

#[test]
fn bottleneck_spaces_jobs_by_min_time() {
    let recorded = seconds(&RECORDED["bottleneck_minTime100_n10"]);
    let ours = sends(&min_time("100ms"), 10, PROMPT, NO_LIMIT);
    assert!(agrees(&ours, &recorded), "{ours:?}\n{recorded:?}");
    let other = sends(&min_time("97ms"), 10, PROMPT, NO_LIMIT);
    assert!(!agrees(&other, &recorded), "{other:?}");
}

#[test]
fn bottleneck_lets_a_whole_refill_go_at_once() {
    let recorded = seconds(&RECORDED["bottleneck_reservoir5_refresh1000_n12"]);
    let ours = sends(RESERVOIR, 12, PROMPT, NO_LIMIT);
    assert!(agrees(&ours, &recorded), "{ours:?}\n{recorded:?}");
    let other = sends(&RESERVOIR.replace("amount = 5", "amount = 6"), 12, PROMPT, NO_LIMIT);
    assert!(!agrees(&other, &recorded), "{other:?}");
}

/// The heartbeat's timer and the clock that it compares are two. In this recording
/// the beat at 1 s found 999 ms gone, and the refill came with the next one. (Eight
/// other runs of it, on another machine, had it at 1 s.)
#[test]
fn bottleneck_refills_on_the_first_heartbeat_that_finds_it_time() {
    let recorded = seconds(&RECORDED["bottleneck_reservoir5_refresh1000_minTime200_n8"]);
    let both = format!("{RESERVOIR}\n[[pace]]\nrate = \"1/200ms\"\n");
    let late = sends(&both.replace("every = \"1s\"", "every = \"1001ms\""), 8, PROMPT, NO_LIMIT);
    assert!(agrees(&late, &recorded), "{late:?}\n{recorded:?}");
    let punctual = sends(&both, 8, PROMPT, NO_LIMIT);
    assert!(agrees(&punctual, &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4]), "{punctual:?}");
}

#[test]
fn discordjs_comes_back_50_ms_after_retry_after_for_ever() {
    let recorded = seconds(&RECORDED["discordjs_429_ra1"]["gaps"]);
    let told = refusing("{ name = \"Retry-After\", tells = \"text\", text = \"1\" }");
    // The first call takes the one request that is admitted.
    let ours = gaps(&sends(DISCORDJS, 2, PROMPT, &told)[1..]);
    assert!(ours.len() > recorded.len(), "it stopped: {ours:?}");
    assert!(agrees(&ours[..recorded.len()], &recorded), "{ours:?}\n{recorded:?}");
    let (rest, offset) = (DISCORDJS, "add = [\"50ms\", \"50ms\"]");
    let other = rest.replace(offset, "add = [\"20ms\", \"20ms\"]");
    let other = gaps(&sends(&other, 2, PROMPT, &told)[1..]);
    assert!(!agrees(&other[..recorded.len()], &recorded), "{other:?}");
}

#[test]
fn discordjs_repeats_a_503_three_times_at_once() {
    let outage = "service = { time = \"0s\", outage = \
                  [{ from = \"0s\", for = \"1h\", answer = \"5xx\" }] }";
    let ours = sends(DISCORDJS, 1, outage, NO_LIMIT);
    assert_eq!(ours.len() as u64, RECORDED["discordjs_503"]["n"].as_u64().unwrap());
    assert!(agrees(&gaps(&ours), &seconds(&RECORDED["discordjs_503"]["gaps"])), "{ours:?}");
    let other = DISCORDJS.replace("attempts = 4", "attempts = 5");
    assert_ne!(sends(&other, 1, outage, NO_LIMIT).len(), ours.len());
}

/// Nothing but its own 50 requests a second stops it.
#[test]
fn discordjs_repeats_a_429_that_tells_nothing_until_its_own_limit() {
    let within = |client: &str| {
        let all = sends(client, 2, PROMPT, &refusing(""));
        all.iter().filter(|at| **at < 0.3).count() as u64
    };
    let recorded = RECORDED["discordjs_429_no_header_in_300ms"]["n"].as_u64().unwrap();
    assert_eq!(within(DISCORDJS), recorded);
    assert_ne!(within(&DISCORDJS.replace("amount = 50", "amount = 49")), recorded);
}
