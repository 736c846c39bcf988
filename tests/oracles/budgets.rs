//! Retry budgets against recordings of real clients and closed forms, each row
//! through the whole engine.
//!
//! The recordings are exact. For the closed forms `y - p x` has mean zero, as in
//! `analytic`: 40 runs a row, |z| < 4, and the mean square over a table
//! where it should be. Where a budget binds, nothing is left to chance and the
//! tokens are counted instead.

use crate::closed_forms::{QUICK, Size, whole};
use crate::lab;
use crate::table::{BOUND, column, judge, student, table};
use tollgate::client::Cause;
use tollgate::engine::{self, Caller, End, Fact, Observer};
use tollgate::rng::Key;
use tollgate::scenario::Model;
use tollgate::time::Instant;

/// A service without limits.
const OPEN: &str = "name = \"open\"\n[[endpoint]]\nname = \"call\"\n";

/// A client that retries after a millisecond; `attempts` may be `inf`.
fn client(attempts: &str, retries: &str, budget: &str) -> String {
    let attempts =
        if attempts == "inf" { String::new() } else { format!("attempts = {attempts}\n") };
    format!(
        "name = \"one\"\n{attempts}retries = [{retries}]\nwait = {{ fixed = \"1ms\" }}\n{budget}\n"
    )
}

/// One client and nothing but the service: `work` and `service` as in a file.
fn scenario(warm_up: u64, horizon: u64, service: &str, work: &str) -> String {
    format!(
        "name = \"oracle\"\nhorizon = \"{horizon}s\"\nwarm-up = \"{warm_up}s\"\ndrain = \"1d\"\n\
         network = {{ out = \"0s\", home = \"0s\" }}\n\
         service = {{ time = \"0s\", {service} }}\n\
         [[population]]\nname = \"callers\"\n{work}\nidentity = {{ key = \"each\" }}\n"
    )
}

/// Counts of calls that were meant to start from an instant on.
struct Tally {
    from: Instant,
    calls: f64,
    served: f64,
    attempts: f64,
    dropped: f64,
    /// Attempts of each call, in the order in which they ended.
    each: Vec<u32>,
}

impl Tally {
    fn new(from: Instant) -> Tally {
        Tally { from, calls: 0.0, served: 0.0, attempts: 0.0, dropped: 0.0, each: vec![] }
    }
}

impl Observer for Tally {
    fn note(&mut self, _now: Instant, _caller: Caller, fact: &Fact) {
        let Fact::Ended { end, meant, attempts } = *fact else {
            return;
        };
        if meant >= self.from {
            self.calls += 1.0;
            self.attempts += f64::from(attempts);
            self.served += f64::from(u8::from(end.is_served()));
            self.dropped += f64::from(u8::from(end == End::GivenUp(Cause::Throttle)));
            self.each.push(attempts);
        }
    }
}

/// The tallies of several runs.
fn tallies(model: &Model, seed: u64, runs: u64) -> Vec<Tally> {
    let run = |replicate| {
        let mut tally = Tally::new(model.warm_up);
        engine::run(model, Key::run(seed, replicate), &mut tally).unwrap();
        tally
    };
    (0..runs).map(run).collect()
}

fn number(row: &csv::StringRecord, text: &str, name: &str) -> f64 {
    row[column(text, name)].parse().unwrap()
}

// ---- Recordings ------------------------------------------------------------

/// The attempts of so many calls, one after the other, that all fail.
fn failing(calls: usize, service: &str, client: &str) -> Vec<u32> {
    let horizon = 1_000 * calls as u64;
    let text = scenario(0, horizon, service, "poll = { every = \"1000s\" }");
    let model = lab::model(&text, OPEN, client);
    let mut each = tallies(&model, 1, 1).remove(0).each;
    each.truncate(calls);
    assert_eq!(each.len(), calls);
    each
}

/// Everything is answered 500, or 404: as good as the 503 of the recordings, and
/// the 400 with a throttling code in it.
const FAILS: &str = "fails = 1.0";
const REFUSES: &str = "refuses = 1.0";

fn botocore(recording: &str, quota: &str) {
    let recording: serde_json::Value = serde_json::from_str(recording).unwrap();
    let budget = format!("[[budget]]\naws-quota = {{ capacity = 500, {quota}, success = 1 }}");
    let client = client("3", "\"500\", \"404\"", &budget);
    for (name, service) in [("503", FAILS), ("400T", REFUSES)] {
        let recorded = &recording["result"][name]["attempts_per_call"];
        let recorded: Vec<u32> = serde_json::from_value(recorded.clone()).unwrap();
        assert_eq!(recorded.len(), 70);
        assert_eq!(failing(70, service, &client), recorded, "{name} of {}", recording["version"]);
    }
}

#[test]
fn seventy_failing_calls_use_botocores_quota_up_as_recorded() {
    botocore(
        include_str!("clients/botocore_quota_1.44.5.json"),
        "cost = 14, costs = [{ of = [\"404\", \"429\"], cost = 5 }]",
    );
    botocore(
        include_str!("clients/botocore_quota_1.34.162.json"),
        "cost = 5, costs = [{ of = [\"timeout\"], cost = 10 }]",
    );
}

#[test]
fn eight_failing_calls_meet_grpcs_throttle_as_recorded() {
    let recording = include_str!("clients/grpc_behaviour.json");
    let recording: serde_json::Value = serde_json::from_str(recording).unwrap();
    let name = "retryThrottling maxTokens=10 ratio=.1: attempts per sequential failing call";
    let recorded: Vec<u32> = serde_json::from_value(recording[name].clone()).unwrap();
    let budget = "[[budget]]\ngrpc-throttle = { tokens = 10, ratio = 0.1 }";
    assert_eq!(failing(8, FAILS, &client("4", "\"500\"", budget)), recorded);
}

// ---- Attempts without a budget ---------------------------------------------

const GEOMETRIC: &str = include_str!("analytic/retry_geometric.csv");

fn fails(share: &str) -> String {
    format!("fails = {share}")
}

/// Calls at random, one a second.
const POISSON: &str = "poisson = \"1/s\"";

fn geometric(size: Size, keep: impl Fn(f64) -> bool) {
    let (mut attempts, mut served, mut price) = (vec![], vec![], vec![]);
    for (index, row) in (0..).zip(&table(GEOMETRIC)) {
        let expected = number(row, GEOMETRIC, "expected_attempts");
        if !keep(expected) {
            continue;
        }
        // As many attempts in each row, but never too few calls for a spread.
        let calls = (size.calls as f64 / expected).max(1_000.0);
        let text = scenario(0, whole(calls), &fails(&row[0]), POISSON);
        let model = lab::model(&text, OPEN, &client(&row[1], "\"500\"", ""));
        let tallies = tallies(&model, 11_000 + index, size.runs);
        let name = format!("{} attempts against {}", &row[1], &row[0]);
        let z = |expected: f64, pair: &dyn Fn(&Tally) -> (f64, f64)| {
            student(expected, &tallies.iter().map(pair).collect::<Vec<_>>())
        };
        let chance = number(row, GEOMETRIC, "prob_success");
        if &row[1] == "1" {
            assert!(tallies.iter().all(|t| (t.attempts - t.calls).abs() < 0.5));
        } else {
            attempts.push((name.clone(), z(expected, &|t| (t.attempts, t.calls))));
        }
        // The rare end must be seen a few times for a spread.
        if chance.min(1.0 - chance) * calls * size.runs as f64 >= 50.0 {
            served.push((name.clone(), z(chance, &|t| (t.served, t.calls))));
        }
        let each = number(row, GEOMETRIC, "attempts_per_success");
        price.push((name, z(each, &|t| (t.attempts, t.served))));
    }
    judge("attempts a call", &attempts);
    judge("calls served", &served);
    judge("attempts a success", &price);
}

#[test]
fn attempts_against_independent_failures_are_geometric() {
    geometric(QUICK, |expected| expected < 5.0);
}

#[test]
#[ignore = "minutes"]
fn attempts_against_independent_failures_are_geometric_in_full() {
    geometric(Size { runs: 40, calls: 50_000 }, |_| true);
}

// ---- Budgets by ratio ------------------------------------------------------

const BUDGET: &str = include_str!("analytic/retry_budget.csv");

/// How a row is budgeted, and what its table says of it.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Nothing,
    Starts,
    Successes,
}

impl By {
    fn budget(self, deposit: &str) -> String {
        let on = match self {
            By::Nothing => return String::new(),
            By::Starts => "start",
            By::Successes => "success",
        };
        format!(
            "[[budget]]\n\
             token-bucket = {{ size = 1000000, deposit = {deposit}, on = \"{on}\", initial = 0 }}"
        )
    }

    const fn column(self) -> &'static str {
        match self {
            By::Nothing => "amp_no_budget",
            By::Starts => "amp_ratio_budget",
            By::Successes => "amp_success_funded",
        }
    }
}

fn budgeted(seed: u64, row: &csv::StringRecord, by: By, deposit: &str, size: Size) -> Vec<Tally> {
    // The bucket begins empty and needs a while to stand where it stays.
    let service = fails(&row[2]);
    let text = scenario(5_000, 5_000 + size.calls, &service, POISSON);
    let model = lab::model(&text, OPEN, &client(&row[1], "\"500\"", &by.budget(deposit)));
    tallies(&model, seed, size.runs)
}

/// What the amplification differs by, on average and in standard errors.
fn differs(tallies: &[Tally], expected: f64) -> (f64, f64) {
    let pairs: Vec<(f64, f64)> = tallies.iter().map(|t| (t.attempts, t.calls)).collect();
    let (attempts, calls) =
        pairs.iter().fold((0.0, 0.0), |(a, c), (attempts, calls)| (a + attempts, c + calls));
    (attempts / calls - expected, student(expected, &pairs))
}

fn budgets(size: Size) {
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(BUDGET)) {
        for by in [By::Nothing, By::Starts, By::Successes] {
            let expected = number(row, BUDGET, by.column());
            let natural = number(row, BUDGET, "amp_no_budget");
            let tallies = budgeted(12_000 + 10 * index + by as u64, row, by, &row[0], size);
            let (off, z) = differs(&tallies, expected);
            let name = format!("{} at {} failing, {}", &row[0], &row[2], by.column());
            if &row[2] == "1" || by == By::Starts && expected < natural {
                // No chance is left: retries are what was paid in, but for the
                // tokens that happen to lie in the bucket at either end, which
                // are as many as a walk with such a drift keeps.
                let tokens = natural / (natural - expected);
                let off = off.abs() * size.calls as f64;
                assert!(off <= tokens, "{name}: {off} tokens of {tokens}");
            } else {
                rows.push((name, z));
            }
        }
    }
    judge("amplification under a budget", &rows);
}

#[test]
fn amplification_is_what_a_budget_leaves_of_it() {
    budgets(QUICK);
}

#[test]
#[ignore = "minutes"]
fn amplification_is_what_a_budget_leaves_of_it_in_full() {
    budgets(Size { runs: 40, calls: 50_000 });
}

#[test]
fn a_budget_wrong_by_a_hundredth_is_seen() {
    for (index, row) in (0..).zip(&table(BUDGET)) {
        let share: f64 = row[2].parse().unwrap();
        // Where the budget binds, and some succeed.
        if !(0.3..=0.5).contains(&share) {
            continue;
        }
        for by in [By::Starts, By::Successes] {
            let expected = number(row, BUDGET, by.column());
            let deposit = (row[0].parse::<f64>().unwrap() + 0.01).to_string();
            let tallies = budgeted(12_500 + index, row, by, &deposit, QUICK);
            let (off, z) = differs(&tallies, expected);
            assert!(z > BOUND && off > 0.002, "{:?}: {off}, {z}", &row);
        }
    }
}

// ---- The SRE book's throttle -----------------------------------------------

const THROTTLE: &str = include_str!("analytic/sre_adaptive_throttle.csv");
const BERNOULLI: &str = include_str!("analytic/sre_adaptive_throttle_bernoulli.csv");

/// A mean and its standard error.
type Estimate = (f64, f64);

fn estimate(values: &[f64]) -> Estimate {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// The share dropped, and attempts and calls served a second.
fn throttled(model: &Model, seed: u64, runs: u64) -> [Estimate; 3] {
    let seconds = model.horizon.since(model.warm_up).as_secs_f64();
    let tallies = tallies(model, seed, runs);
    let of =
        |value: &dyn Fn(&Tally) -> f64| estimate(&tallies.iter().map(value).collect::<Vec<_>>());
    [of(&|t| t.dropped / t.calls), of(&|t| t.attempts / seconds), of(&|t| t.served / seconds)]
}

fn adaptive(k: &str, failure: &str) -> String {
    let budget = format!(
        "[[budget]]\nsre-adaptive = {{ k = {k}, window = \"120s\", on = [\"{failure}\"] }}"
    );
    client("1", "", &budget)
}

/// A backend that takes so many a second, whatever comes. Its bucket is not in
/// the table: eleven tokens give the same 99.68 a second of 120 that it measured.
fn capacity(rate: &str) -> String {
    format!(
        "name = \"one limit\"\n[[endpoint]]\nname = \"call\"\n\
         [[limit]]\nname = \"limit\"\nper = [\"key\"]\n\
         token-bucket = {{ rate = \"{rate}/s\", burst = 11 }}\n"
    )
}

/// As many as the tables' own runs, for these may be compared with ours.
const RUNS: u64 = 12;

/// The half width of their intervals, of 95 % at 11 degrees of freedom, in
/// standard errors.
const HALF: f64 = 2.201;

/// Whether two estimates of one number agree within both their errors; what
/// neither saw vary must be the same.
fn agrees(name: &str, ours: Estimate, theirs: f64, half: f64) {
    let error = libm::hypot(ours.1, half / HALF);
    let z = (ours.0 - theirs) / error;
    let same = (ours.0 - theirs).abs() < 1e-9;
    assert!(same || z.abs() < BOUND, "{name}: {ours:?} for {theirs}, {z} errors apart");
}

/// Each row against the fluid law, whose error is of the order of
/// `1 / sqrt(capacity x window)`, and against the runs of the table.
fn throttles(keep: impl Fn(f64, &str) -> bool) {
    for (index, row) in (0..).zip(&table(THROTTLE)) {
        let [offered, rate, k] = [0, 1, 2].map(|c| row[c].strip_suffix(".0").unwrap_or(&row[c]));
        let calls: f64 = offered.parse().unwrap();
        if !keep(calls, k) {
            continue;
        }
        let text = scenario(600, 720, "fails = 0", &format!("poisson = \"{offered}/s\""));
        let model = lab::model(&text, &capacity(rate), &adaptive(k, "429"));
        let [dropped, sent, served] = throttled(&model, 13_000 + index, RUNS);
        let name = format!("{offered}/s at {rate}/s, K {k}");
        for (what, measured, column) in [
            ("dropped", dropped.0, "expected_local_reject"),
            ("sent", sent.0 / calls, "expected_backend_rate"),
            ("served", served.0 / calls, "expected_accept_rate"),
        ] {
            let law = number(row, THROTTLE, column);
            let law = if what == "dropped" { law } else { law / calls };
            assert!((measured - law).abs() < 0.01, "{name}, {what}: {measured} for {law}");
        }
        for (measured, column) in [(dropped, 7), (sent, 9), (served, 11)] {
            let [theirs, half] = [column, column + 1].map(|c| row[c].parse().unwrap());
            agrees(&format!("{name}, column {column}"), measured, theirs, half);
        }
    }
}

#[test]
fn the_throttle_drops_what_the_backend_would_not_take() {
    throttles(|offered, k| offered <= 200.0 && k == "2");
}

#[test]
#[ignore = "minutes"]
fn the_throttle_drops_what_the_backend_would_not_take_in_full() {
    throttles(|_, _| true);
}

/// A backend that accepts a share whatever the load: below a half, the client
/// that throttles itself with K 2 stops nearly all.
fn collapses(keep: impl Fn(f64) -> bool) {
    for (index, row) in (0..).zip(&table(BERNOULLI)) {
        let accepts: f64 = row[2].parse().unwrap();
        if !keep(accepts) {
            continue;
        }
        let service = format!("fails = {}", 1.0 - accepts);
        let text = scenario(1_800, 3_720, &service, "poisson = \"100/s\"");
        let model = lab::model(&text, OPEN, &adaptive("2", "500"));
        let [dropped, sent, _] = throttled(&model, 14_000 + index, RUNS);
        let name = format!("accepted {accepts}");
        // At 0.55 a run in twelve of theirs collapsed; such a mean has no error
        // to speak of, but most runs must not collapse.
        if accepts > 0.5 && accepts < 0.6 {
            assert!(dropped.0 < 0.5, "{name}: {dropped:?}");
            continue;
        }
        assert_eq!(accepts > 0.5, dropped.0 == 0.0, "{name}: {dropped:?}");
        assert_eq!(accepts < 0.5, dropped.0 > 0.9, "{name}: {dropped:?}");
        for (measured, column) in [(dropped, 4), (sent, 6)] {
            let [theirs, half] = [column, column + 1].map(|c| row[c].parse().unwrap());
            agrees(&format!("{name}, column {column}"), measured, theirs, half);
        }
        // Nothing is accepted, so the window holds all requests and no more: one
        // in so many is sent.
        if accepts == 0.0 {
            agrees(&format!("{name}, sent"), sent, 100.0 / (100.0 * 120.0 + 1.0), 0.0);
        }
    }
}

#[test]
fn the_throttle_stops_nearly_all_where_less_than_half_is_accepted() {
    collapses(|accepts| [0.6, 0.2].contains(&accepts));
}

#[test]
#[ignore = "minutes"]
fn the_throttle_stops_nearly_all_where_less_than_half_is_accepted_in_full() {
    collapses(|_| true);
}

#[test]
fn a_throttle_of_another_k_is_seen() {
    let text = scenario(600, 720, "fails = 0", "poisson = \"300/s\"");
    let model = lab::model(&text, &capacity("100"), &adaptive("1.9", "429"));
    let [dropped, ..] = throttled(&model, 13_500, 4);
    assert!(dropped.0 - 1.0 / 3.0 > 0.02, "K 1.9 for 2: {dropped:?}");
}
