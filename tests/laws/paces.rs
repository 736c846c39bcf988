//! Paces in whole runs: those that give one turn at a time keep everybody else
//! in line, a gate holds its scope back, and a pace is of exactly one kind.

use crate::lab::{lines, model, plan, run};
use tollgate::scenario::Model;

const API: &str = "name = \"a\"\n[[endpoint]]\nname = \"x\"\n\
    [[limit]]\nname = \"l\"\nper = [\"app\"]\nfixed-window = { quota = 1000, window = \"1s\" }\n";

/// So many calls of one app in one instant; an attempt takes 20 ms.
fn burst(calls: u32, population: &str) -> String {
    format!(
        "name = \"s\"\nhorizon = \"1min\"\n[network]\nout = \"10ms\"\nhome = \"10ms\"\n\
         [service]\ntime = \"0s\"\n[[population]]\nname = \"p\"\ncount = {calls}\n\
         identity = {{ app = \"shared\" }}\nonce = {{ at = \"1s\" }}\nasks = {{ x = 1 }}\n{population}"
    )
}

fn client(more: &str) -> String {
    format!("name = \"one\"\nattempts = 5\nretries = [\"429\"]\nwait = \"zero\"\n{more}")
}

/// When attempts were sent, in milliseconds, and by whom.
fn sent(model: &Model) -> Vec<(u64, u32)> {
    let of = |line: &String| {
        let words: Vec<&str> = line.split(' ').collect();
        let sent = words[4] == "sent";
        sent.then(|| (words[0].parse::<u64>().unwrap() / 1_000_000, words[2][1..].parse().unwrap()))
    };
    lines(model, 0).iter().filter_map(of).collect()
}

fn times(model: &Model) -> Vec<u64> {
    sent(model).into_iter().map(|(at, _)| at).collect()
}

const AIMD: &str = "[[pace]]\nof = [\"app\"]\n\
    aimd = { initial = \"10/s\", increase = \"1/1000s\", decrease = 0.5, least = \"1/s\", most = \"10/s\" }\n";

#[test]
fn everybody_behind_the_first_hears_of_a_new_rate() {
    // The server admits three a second, so the fourth makes the rate 5 a second.
    let api = API.replace("1000", "3");
    let model = model(&burst(8, ""), &api, &client(AIMD));
    let sent = times(&model);
    assert_eq!(sent[..4], [1_000, 1_100, 1_200, 1_300]);
    // The gap that was set stands; from the next on they are 200 ms apart.
    let gaps: Vec<u64> = sent[3..].windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[0], 100, "{sent:?}");
    assert!(gaps[1..].iter().all(|gap| *gap >= 199), "{sent:?}");
    assert!(sent.len() > 8, "the refused were tried again: {sent:?}");
}

/// The door is free again when an attempt leaves, and not when its answer comes.
#[test]
fn they_leave_in_the_order_in_which_they_came() {
    let far = burst(8, "").replace("10ms", "200ms");
    let model = model(&far, API, &client(AIMD));
    let in_turn: Vec<(u64, u32)> = (0..8).map(|n| (1_000 + 100 * u64::from(n), n)).collect();
    assert_eq!(sent(&model), in_turn);
}

#[test]
fn a_long_line_costs_no_more_for_each() {
    let events = |calls| {
        let model = model(&burst(calls, ""), API, &client(AIMD));
        run(&model, 0, &mut ()).events
    };
    assert!(events(400) < events(40) * 11, "{} against {}", events(400), events(40));
}

#[test]
fn who_gives_up_in_line_or_at_its_head_holds_nobody_up() {
    // Ten turns are 100 ms apart, and nobody waits longer than 450 ms: the first
    // five leave, and the sixth is at the head when its patience ends.
    let model = model(&burst(10, "patience = \"450ms\"\n"), API, &client(AIMD));
    assert_eq!(times(&model), [1_000, 1_100, 1_200, 1_300, 1_400]);
    let ended = lines(&model, 0).iter().filter(|line| line.contains("ended")).count();
    assert_eq!(ended, 10);
}

#[test]
fn aws_adaptive_finds_the_limit_in_a_run() {
    let api = API.replace("1000", "5");
    let scenario = burst(1, "").replace("once = { at = \"1s\" }", "closed = { think = \"30ms\" }");
    let model = model(&scenario, &api, &client("[[pace]]\naws-cubic = {}\n"));
    // The recording's set-up but for the retries: 5 a second are admitted, and
    // of those sent few are refused.
    let sent = times(&model).len();
    let refused = lines(&model, 0).iter().filter(|line| line.contains("rejected")).count();
    assert!((250..=330).contains(&sent), "{sent} sent");
    assert!(refused * 6 < sent, "{refused} of {sent} refused");
}

#[test]
fn a_gate_holds_its_scope_back_until_the_reset() {
    let api = "name = \"a\"\n[[endpoint]]\nname = \"x\"\n[[limit]]\nname = \"l\"\nper = [\"app\"]\n\
        fixed-window = { quota = 2, window = \"1s\", anchor = \"clock\" }\n\
        headers = [{ name = \"Left\", tells = \"remaining\" }, { name = \"After\", tells = \"reset\", unit = \"s\", round = \"up\" }]\n";
    let gate = "[[in-flight]]\nmax = 1\nof = [\"app\"]\n\
        [header-gate]\nremaining = \"left\"\nreset = \"after\"\nplus = \"100ms\"\nof = [\"app\"]\n";
    let model = model(&burst(5, ""), api, &client(gate));
    // Two leave one after the other; the answer to the second, at 1,040 ms, tells
    // of a second, and 100 ms later the next two go.
    assert_eq!(times(&model), [1_000, 1_020, 2_140, 2_160, 3_280]);
}

#[test]
fn a_pace_is_of_exactly_one_kind() {
    let scenario =
        format!("clients = [\"./one.toml\"]\napi = \"given\"\ntitle = \"t\"\n{}", burst(1, ""));
    let faults = |pace: &str| {
        let client = client(&format!("[[pace]]\n{pace}\n"));
        plan(&scenario, API, &[("one", &client)]).map(|_| ()).unwrap_err()
    };
    let both = faults("rate = \"1/s\"\nreservoir = { amount = 5, every = \"1s\" }");
    assert!(both.contains("a pace is of several kinds"), "{both}");
    assert!(both.contains("give exactly one of: rate, token-bucket, reservoir"), "{both}");
    let none = faults("of = [\"app\"]");
    assert!(none.contains("a pace is of no kind"), "{none}");
    for (pace, what) in [
        ("token-bucket = { rate = \"5/s\", burst = 0 }", "the burst is 0"),
        ("reservoir = { amount = 0, every = \"1s\" }", "the amount is 0"),
        (
            "aimd = { initial = \"1/s\", increase = \"1/s\", decrease = 2, least = \"2/s\" }",
            "between the least and the most",
        ),
        (
            "aimd = { initial = \"1/s\", increase = \"1/s\", decrease = 2, least = \"1/s\" }",
            "from 0 to 1",
        ),
        (
            "adaptive-sleep = { step = \"1s\", factor = 0.5, decrease = { gradual = \"1s\" } }",
            "makes sleeps shorter",
        ),
        (
            "adaptive-sleep = { step = \"1s\", factor = 2, decrease = { proportional = 0.5 } }",
            "more than the sleep",
        ),
    ] {
        let found = faults(pace);
        assert!(found.contains(what), "{pace}: {found}");
    }
}
