//! Exact results about retries against the whole engine.
//!
//! Every row of these tables (the law and its source stand at the head of each)
//! is set up as a scenario and run: nested retry loops, outages under three
//! jitters, collisions, waves of clients in step, and AWS's row under optimistic
//! concurrency. Where a row is exact, the run must hit it exactly; where it is a
//! mean, no row may lie beyond 4 standard errors.

use crate::lab;
use crate::table::{BOUND, column, judge, student, table};
use tollgate::engine::{Caller, End, Fact, Observer};
use tollgate::time::{Instant, Span};

/// What came of all calls of a run.
#[derive(Debug, Default)]
struct Tally {
    calls: u64,
    served: u64,
    attempts: u64,
    /// How many distinct instants attempts were sent at, and the last of them.
    waves: u64,
    last_sent: Option<Instant>,
    last_served: Instant,
    /// The time from the meant start to the end of all calls, in seconds.
    waited: f64,
    /// By call: attempts.
    each: Vec<u32>,
    /// When retries were sent.
    retries: Vec<Instant>,
    sent: Vec<u32>,
}

impl Observer for Tally {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        match fact {
            Fact::Sent => {
                self.attempts += 1;
                self.waves += u64::from(self.last_sent != Some(now));
                self.last_sent = Some(now);
                let client = caller.client as usize;
                self.sent.resize(self.sent.len().max(client + 1), 0);
                self.sent[client] += 1;
                if self.sent[client] > 1 && self.retries.len() < 100_000 {
                    self.retries.push(now);
                }
            }
            Fact::Ended { end, meant, attempts } => {
                self.calls += 1;
                self.waited += now.since(*meant).as_secs_f64();
                self.each.push(*attempts);
                if *end == End::ByAttempt {
                    self.served += 1;
                    self.last_served = now;
                }
            }
            _ => {}
        }
    }
}

/// One run of a scenario; tables are in no network's time.
fn run(scenario: &str, api: &str, client: &str, seed: u64) -> (Tally, Instant) {
    let model = lab::model(scenario, api, client);
    let mut tally = Tally::default();
    lab::run(&model, seed, &mut tally);
    (tally, model.start)
}

/// So many clients with a call each at the start.
fn burst(clients: u64, service: &str) -> String {
    format!(
        "name = \"burst\"\nhorizon = \"1s\"\ndrain = \"3000d\"\n\
         network = {{ out = \"0s\", home = \"0s\" }}\n{service}\n\
         [[population]]\nname = \"callers\"\ncount = {clients}\n\
         burst = {{ calls = 1 }}\nidentity = {{ app = \"shared\" }}\n"
    )
}

const NO_LIMIT: &str = "name = \"no limit\"\n[[endpoint]]\nname = \"call\"\n";

fn client(attempts: &str, retries: &str, wait: &str, jitter: &str) -> String {
    format!("name = \"c\"\n{attempts}\nretries = {retries}\nwait = {wait}\njitter = {jitter}\n")
}

const RUNS: u64 = 40;

// ---- Layers ----------------------------------------------------------------

const LAYERS: &str = include_str!("analytic/retry_layers.csv");

fn layers(depth: u64, attempts: u64, p: &str, seed: u64) -> Vec<Tally> {
    let one = client(&format!("attempts = {attempts}"), "[\"5xx\"]", "\"zero\"", "\"none\"");
    let outer = format!("[[layer]]\n{one}").repeat(usize::try_from(depth).unwrap() - 1);
    let service = format!("service = {{ time = \"0s\", fails = {p} }}");
    let work = burst(if p == "1" { 20 } else { 2_000 }, &service);
    (0..RUNS).map(|n| run(&work, NO_LIMIT, &format!("{one}{outer}"), seed + n).0).collect()
}

#[test]
fn nested_retry_loops_multiply() {
    let expected = ["leaf_calls_per_request", "prob_success"].map(|name| column(LAYERS, name));
    let (mut calls, mut served) = (vec![], vec![]);
    for (row, seed) in table(LAYERS).iter().zip((0..).step_by(100)) {
        let [leaf, success] = expected.map(|c| row[c].parse::<f64>().unwrap());
        let (depth, attempts) = (row[0].parse().unwrap(), row[1].parse::<u64>().unwrap());
        let all = layers(depth, attempts, &row[2], seed);
        let name = format!("{depth} layers of {attempts} at {}", &row[2]);
        if &row[2] == "1" {
            let exact = all
                .iter()
                .all(|t| t.attempts == t.calls * attempts.pow(u32::try_from(depth).unwrap()));
            assert!(exact && leaf > 1.0, "{name}");
            continue;
        }
        let pairs = |of: fn(&Tally) -> u64| -> Vec<(f64, f64)> {
            all.iter().map(|t| (of(t) as f64, t.calls as f64)).collect()
        };
        calls.push((name.clone(), student(leaf, &pairs(|t| t.attempts))));
        // Where next to every call is served there is no spread to judge by.
        if (1.0 - success) * (RUNS * 2_000) as f64 > 20.0 {
            served.push((name, student(success, &pairs(|t| t.served))));
        }
    }
    judge("layers, leaf calls", &calls);
    judge("layers, served", &served);
}

#[test]
fn a_layer_with_an_attempt_too_many_is_seen() {
    for (depth, attempts, leaf) in [(1, 3, 1.75), (2, 3, 1.968_75)] {
        let pairs: Vec<_> = layers(depth, attempts + 1, "0.5", 7)
            .iter()
            .map(|t| (t.attempts as f64, t.calls as f64))
            .collect();
        assert!(student(leaf, &pairs).abs() > BOUND);
    }
}

// ---- Outages ---------------------------------------------------------------

const OUTAGE: &str = include_str!("analytic/outage_backoff.csv");
const BY_ATTEMPTS: &str = include_str!("analytic/outage_success_by_attempts.csv");

/// Runs of clients that all call at the start of an outage, until it is over.
fn outage(
    base: &str,
    cap: &str,
    length: &str,
    jitter: &str,
    attempts: &str,
    seed: u64,
) -> Vec<Tally> {
    let (wait, jitter) = match jitter {
        "decorrelated" => {
            (format!("{{ decorrelated = {{ base = \"{base}s\", cap = \"{cap}s\" }} }}"), "none")
        }
        other => (format!("{{ exponential = {{ base = \"{base}s\", cap = \"{cap}s\" }} }}"), other),
    };
    let policy = client(attempts, "[\"5xx\"]", &wait, &format!("\"{jitter}\""));
    let service = format!(
        "service = {{ time = \"0s\", outage = [{{ from = \"0s\", for = \"{length}s\", answer = \"5xx\" }}] }}"
    );
    let work = burst(400, &service);
    (0..RUNS).map(|n| run(&work, NO_LIMIT, &policy, seed + n).0).collect()
}

/// Student's statistic against a mean that is exact, or was simulated with a
/// 95 % interval of its own.
fn against(exact: &str, mean: &str, half: &str, runs: &[(f64, f64)]) -> f64 {
    if !exact.is_empty() {
        return student(exact.parse().unwrap(), runs);
    }
    let [mean, half] = [mean, half].map(|text| text.parse::<f64>().unwrap());
    let n = runs.len() as f64;
    let means: Vec<f64> = runs.iter().map(|(y, x)| y / x).collect();
    let ours = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|m| (m - ours) * (m - ours)).sum::<f64>() / (n - 1.0) / n;
    (ours - mean) / (variance + (half / 1.96) * (half / 1.96)).sqrt()
}

#[test]
fn an_outage_is_met_with_as_many_calls_and_as_long_a_wait_as_the_law_says() {
    let (mut calls, mut waits) = (vec![], vec![]);
    for (row, seed) in table(OUTAGE).iter().zip((10_000..).step_by(100)) {
        let all = outage(&row[0], &row[1], &row[2], &row[3], "", seed);
        let name = format!("{} s up to {} s, {} s, {}", &row[0], &row[1], &row[2], &row[3]);
        if &row[3] == "none" {
            let attempts: f64 = row[4].parse().unwrap();
            let waited: f64 = row[5].parse().unwrap();
            for tally in &all {
                assert!((tally.attempts as f64 - attempts * 400.0).abs() < 1e-6, "{name}");
                assert!((tally.waited / 400.0 - waited).abs() < 1e-6, "{name}: {}", tally.waited);
            }
            continue;
        }
        let pairs = |of: fn(&Tally) -> f64| -> Vec<(f64, f64)> {
            all.iter().map(|t| (of(t), t.calls as f64)).collect()
        };
        // Where every call takes the same number there is no spread to judge by.
        let attempts = pairs(|t| t.attempts as f64);
        if attempts.iter().all(|pair| *pair == attempts[0]) {
            let expected: f64 = if row[4].is_empty() { &row[7] } else { &row[4] }.parse().unwrap();
            assert!((attempts[0].0 / attempts[0].1 - expected).abs() < 1e-6, "{name}");
        } else {
            calls.push((name.clone(), against(&row[4], &row[7], &row[8], &attempts)));
        }
        waits.push((name, against(&row[5], &row[10], &row[11], &pairs(|t| t.waited))));
    }
    judge("outage, calls", &calls);
    judge("outage, waits", &waits);
}

#[test]
fn attempts_outlast_an_outage_as_often_as_the_law_says() {
    let mut rows = vec![];
    let mut known: Option<([String; 4], Vec<Tally>)> = None;
    for (row, seed) in table(BY_ATTEMPTS).iter().zip((20_000..).step_by(100)) {
        let key = [0, 1, 2, 3].map(|c| row[c].to_owned());
        let again = known.as_ref().is_none_or(|(known, _)| *known != key);
        if again {
            let all = outage(&key[0], &key[1], &key[2], &key[3], "", seed);
            known = Some((key.clone(), all));
        }
        let all = &known.as_ref().unwrap().1;
        let (most, expected) = (row[4].parse::<u32>().unwrap(), row[5].parse::<f64>().unwrap());
        let within = |t: &Tally| t.each.iter().filter(|n| **n <= most).count() as f64;
        let pairs: Vec<_> = all.iter().map(|t| (within(t), t.calls as f64)).collect();
        let name = format!("{key:?} within {most}");
        if expected == 0.0 || (expected - 1.0).abs() < 1e-12 {
            assert!(pairs.iter().all(|(y, x)| (y - expected * x).abs() < 1e-9), "{name}");
        } else if expected.min(1.0 - expected) * 400.0 * RUNS as f64 > 20.0 {
            rows.push((name, student(expected, &pairs)));
        }
    }
    assert!(rows.len() >= 20, "{}", rows.len());
    judge("outage, within attempts", &rows);
}

#[test]
fn a_policy_ends_at_its_last_attempt_in_an_outage() {
    for (row, seed) in table(BY_ATTEMPTS).iter().zip(30_000..).step_by(23) {
        let attempts = format!("attempts = {}", &row[4]);
        let all = outage(&row[0], &row[1], &row[2], &row[3], &attempts, seed);
        let expected: f64 = row[5].parse().unwrap();
        let served = all.iter().map(|t| t.served).sum::<u64>() as f64;
        let calls = all.iter().map(|t| t.calls).sum::<u64>() as f64;
        let spread = (expected * (1.0 - expected) * calls).sqrt();
        assert!((served - expected * calls).abs() <= 4.0 * spread + 1e-6, "{row:?}: {served}");
    }
}

// ---- Collisions ------------------------------------------------------------

const COLLISIONS: &str = include_str!("analytic/jitter_collisions.csv");

#[test]
fn full_jitter_collides_as_birthdays_do() {
    let (mut distinct, mut any) = (vec![], vec![]);
    for (row, seed) in table(COLLISIONS).iter().zip((40_000..).step_by(1_000)) {
        let (clients, slots): (u64, u64) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        let wait = format!("{{ fixed = \"{slots}ms\" }}");
        let policy = client("attempts = 2", "[\"5xx\"]", &wait, "\"full\"");
        let work = burst(clients, "service = { time = \"0s\", fails = 1 }");
        let runs = if clients <= 100 { 400 } else { 100 };
        let (mut used, mut collided) = (vec![], vec![]);
        for n in 0..runs {
            let (tally, start) = run(&work, NO_LIMIT, &policy, seed + n);
            let slot = |at: &Instant| at.since(start).0 / 1_000_000;
            let mut all: Vec<u64> = tally.retries.iter().map(slot).collect();
            all.sort_unstable();
            all.dedup();
            used.push((all.len() as f64, 1.0));
            collided.push((f64::from(u8::from((all.len() as u64) < clients)), 1.0));
        }
        let name = format!("{clients} of {slots}");
        distinct.push((name.clone(), student(row[3].parse().unwrap(), &used)));
        let chance: f64 = row[2].parse().unwrap();
        if chance.min(1.0 - chance) * runs as f64 > 5.0 {
            any.push((name, student(chance, &collided)));
        }
    }
    judge("collisions, distinct slots", &distinct);
    judge("collisions, any", &any);
}

// ---- Waves -----------------------------------------------------------------

const WINDOW: &str = include_str!("analytic/sync_waves_fixed_window.csv");
const TOKENS: &str = include_str!("analytic/sync_waves_token_bucket.csv");

/// A limit for all that tells when to come again.
fn telling(limit: &str) -> String {
    format!(
        "name = \"one limit\"\n[[endpoint]]\nname = \"call\"\n\
         [[limit]]\nname = \"limit\"\nper = [\"app\"]\n{limit}\n\
         headers = [{{ name = \"Retry-After\", tells = \"wait\", on = \"rejects\" }}]\n"
    )
}

fn rule(name: &str) -> String {
    let (wait, hint) = match name {
        "until_window_reset" => ("\"zero\"", "[hint]\nheaders = [{ name = \"Retry-After\" }]\n"),
        "const_100ms" => ("{ fixed = \"100ms\" }", ""),
        "const_1000ms" => ("{ fixed = \"1s\" }", ""),
        "exp_b100ms_nocap" => ("{ exponential = { base = \"100ms\" } }", ""),
        "exp_b100ms_cap20s" => ("{ exponential = { base = \"100ms\", cap = \"20s\" } }", ""),
        "exp_b1s_cap60s" => ("{ exponential = { base = \"1s\", cap = \"60s\" } }", ""),
        other => panic!("no rule {other}"),
    };
    client("", "[\"429\"]", wait, "\"none\"") + hint
}

/// The rows of up to so many calls: waves, calls and the last success are exact.
fn waves(least: u64, most: u64) -> usize {
    let mut held = 0;
    for row in &table(WINDOW) {
        let number = |c: usize| row[c].parse::<u128>().unwrap();
        let calls = u64::try_from(number(5)).unwrap();
        // One last success lies 10^31 s after the start: no clock of 64 bits
        // in nanoseconds gets there.
        if calls <= least || calls > most || number(6) > 1 << 43 {
            continue;
        }
        let limit = format!("fixed-window = {{ quota = {}, window = \"{}ms\" }}", &row[1], &row[2]);
        let clients = u64::try_from(number(0)).unwrap();
        let service = "service = { time = \"0s\" }";
        let (tally, start) = run(&burst(clients, service), &telling(&limit), &rule(&row[3]), 1);
        assert_eq!(tally.attempts, calls, "{row:?}");
        assert_eq!(u128::from(tally.waves), number(4), "{row:?}");
        assert_eq!(tally.served, clients, "{row:?}");
        let ended = tally.last_served.since(start);
        assert_eq!(u128::from(ended.0), number(6) * 1_000_000, "{row:?}");
        held += 1;
    }
    held
}

#[test]
fn clients_in_step_come_in_waves_at_a_fixed_window() {
    assert_eq!(waves(0, 700_000), WAVES_QUICK);
}
const WAVES_QUICK: usize = 42;

#[test]
#[ignore = "300 million attempts"]
fn clients_in_step_come_in_waves_at_a_fixed_window_in_full() {
    assert_eq!(waves(700_000, u64::MAX), 5);
}

#[test]
fn a_wrong_quota_or_a_jitter_breaks_the_waves() {
    let limit = telling("fixed-window = { quota = 9, window = \"1s\" }");
    let work = burst(100, "service = { time = \"0s\" }");
    let (tally, _) = run(&work, &limit, &rule("until_window_reset"), 1);
    assert_ne!(tally.attempts, 550);
}

/// The column of a limiter that reserves a later slot for whom it refuses is left
/// out: no limiter here refuses and reserves at once; those that reserve delay.
#[test]
fn clients_told_the_same_time_come_one_too_many_for_each_token() {
    for row in &table(TOKENS) {
        let [clients, tokens, waves, calls, last] =
            [0, 1, 2, 3, 4].map(|c| row[c].parse::<u64>().unwrap());
        let limit = telling(&format!("token-bucket = {{ rate = \"1/s\", burst = {tokens} }}"));
        let work = burst(clients, "service = { time = \"0s\" }");
        let (tally, start) = run(&work, &limit, &rule("until_window_reset"), 1);
        assert_eq!((tally.waves, tally.attempts), (waves, calls), "{row:?}");
        assert_eq!(tally.last_served.since(start), Span::seconds(last), "{row:?}");
    }
}

// ---- Optimistic concurrency --------------------------------------------------

const ROW: &str = include_str!("analytic/aws_occ_backoff.csv");

/// Clients that read and write one row: a request reads it after one leg of the
/// network and writes it after two more.
fn contend(clients: u64, algorithm: &str, leg: (&str, &str), seed: u64) -> (u64, f64) {
    let (wait, jitter) = match algorithm {
        "None" => ("\"zero\"", "\"none\""),
        "Decorr" => ("{ decorrelated = { base = \"5ms\", cap = \"2s\" } }", "\"none\""),
        other => {
            let jitter = match other {
                "EqualJitter" => "\"equal\"",
                "FullJitter" => "\"full\"",
                _ => "\"none\"",
            };
            ("{ exponential = { base = \"5ms\", shift = 1, cap = \"2s\" } }", jitter)
        }
    };
    let policy = client("", "[\"409\"]", wait, jitter);
    let work = burst(clients, &format!("service = {{ time = {}, optimistic = true }}", leg.1))
        .replace("{ out = \"0s\", home = \"0s\" }", &format!("{{ out = {0}, home = {0} }}", leg.0));
    let (tally, start) = run(&work, NO_LIMIT, &policy, seed);
    assert_eq!(tally.served, clients);
    (tally.attempts, tally.last_served.since(start).as_secs_f64() * 1_000.0)
}

/// 10 ms a leg with a deviation of 2 ms; two legs deviate by the root of 2 more.
const NORMAL: (&str, &str) = (
    "{ normal = { mean = \"10ms\", sd = \"2ms\" } }",
    "{ normal = { mean = \"20ms\", sd = \"2828427ns\" } }",
);

#[test]
fn without_spread_a_contended_row_is_written_as_often_as_counted_by_hand() {
    for row in table(ROW).iter().filter(|row| !row[7].is_empty()) {
        let clients = row[0].parse().unwrap();
        let (calls, time) = contend(clients, &row[1], ("\"10ms\"", "\"20ms\""), 0);
        assert_eq!(calls, row[7].parse::<u64>().unwrap(), "{row:?}");
        assert!((time - row[8].parse::<f64>().unwrap()).abs() < 1e-6, "{row:?}: {time}");
    }
}

fn contended(most: u64, runs: u64) {
    let (mut calls, mut times) = (vec![], vec![]);
    for (row, seed) in table(ROW).iter().zip((50_000..).step_by(1_000)) {
        let clients: u64 = row[0].parse().unwrap();
        if clients > most {
            continue;
        }
        let all: Vec<_> = (0..runs).map(|n| contend(clients, &row[1], NORMAL, seed + n)).collect();
        let name = format!("{clients} clients, {}", &row[1]);
        let works: Vec<_> = all.iter().map(|(calls, _)| (*calls as f64, 1.0)).collect();
        if works.iter().any(|pair| *pair != works[0]) {
            calls.push((name.clone(), against("", &row[3], &row[4], &works)));
        } else {
            assert!((works[0].0 - row[3].parse::<f64>().unwrap()).abs() < 0.05, "{name}");
        }
        let lasts: Vec<_> = all.iter().map(|(_, time)| (*time, 1.0)).collect();
        times.push((name, against("", &row[5], &row[6], &lasts)));
    }
    judge("contended row, calls", &calls);
    judge("contended row, time", &times);
}

#[test]
fn a_contended_row_is_written_as_often_and_as_late_as_published() {
    contended(50, RUNS);
}

#[test]
#[ignore = "minutes"]
fn a_contended_row_is_written_as_often_and_as_late_as_published_in_full() {
    contended(190, 100);
}
