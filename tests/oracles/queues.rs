//! Closed forms of those who wait or come back: Engset, M/M/c/K, and the wait of
//! a leaky bucket as a queue, each row through the whole engine.
//!
//! The same acceptance as in `analytic`: 40 runs a row, |z| < 4, and the
//! mean square over a table where it should be; a limit wrong by one is seen.

use crate::closed_forms::{LONG, QUICK, Size, asked_by, measured, model, scenario, whole};
use crate::table::{BOUND, column, judge, ratio, student, table};
use tollgate::api::Decision;
use tollgate::engine::{self, Caller, Fact, Observer};
use tollgate::rng::Key;
use tollgate::scenario::Model;
use tollgate::time::Instant;

// ---- Engset ----------------------------------------------------------------

const ENGSET: &str = include_str!("analytic/engset.csv");

/// `clients` that think a second between calls, and come back to think when
/// they are refused. Call congestion is refusals over attempts.
fn engset(seed: u64, row: &csv::StringRecord, places: u64, service: &str, size: Size) -> f64 {
    let (clients, mean) = (&row[0], &row[2]);
    let expected = row[column(ENGSET, "expected_call_congestion")].parse().unwrap();
    let rate: f64 = row[column(ENGSET, "expected_attempt_rate_per_Z")].parse().unwrap();
    let seconds = whole(size.calls as f64 / rate) + 2;
    let work = format!("count = {clients}\nclosed = {{ think = {{ exponential = \"1s\" }} }}");
    let text = asked_by(60, 60 + seconds, &service.replace("MEAN", mean), &work);
    // One limit for all, and no pace of the clients' own.
    let text = text.replace("\"each\"", "\"shared\"");
    let model = model(&text, &format!("concurrency = {{ max = {places} }}"));
    student(expected, &measured(&model, seed, size))
}

const SERVICES: [&str; 3] =
    ["{ exponential = \"MEANs\" }", "\"MEANs\"", "{ log-normal = { mean = \"MEANs\", cv = 2.0 } }"];

fn engset_rows(size: Size) {
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(ENGSET)) {
        for (law, service) in (0..).zip(SERVICES) {
            let places = row[1].parse().unwrap();
            let z = engset(5_000 + 10 * index + law, row, places, service, size);
            rows.push((format!("{} clients, {places} places, {service}", &row[0]), z));
        }
    }
    assert_eq!(rows.len(), 30);
    judge("concurrency, Engset", &rows);
}

#[test]
fn clients_that_come_back_are_refused_as_engset_says() {
    engset_rows(QUICK);
}

#[test]
#[ignore = "minutes"]
fn clients_that_come_back_are_refused_as_engset_says_in_full() {
    engset_rows(LONG);
}

#[test]
fn a_place_too_many_is_seen_by_those_who_come_back() {
    for (index, row) in (0..).zip(&table(ENGSET)).filter(|(_, row)| row[1].len() < 2) {
        let places: u64 = row[1].parse().unwrap();
        let z = engset(5_500 + index, row, places + 1, SERVICES[0], QUICK);
        assert!(z.abs() > BOUND, "{} for {places} places: {z}", places + 1);
    }
}

// ---- Waits -----------------------------------------------------------------

/// How much waiting there was, in seconds, and how many were let through and
/// refused: by Little's law the mean wait is the first over the second.
#[derive(Default)]
struct Waiting {
    from: Instant,
    until: Instant,
    now: Instant,
    in_line: u64,
    seconds: f64,
    admitted: f64,
    refused: f64,
}

impl Observer for Waiting {
    fn note(&mut self, now: Instant, _caller: Caller, fact: &Fact) {
        let (from, to) = (self.now.max(self.from), now.min(self.until));
        self.seconds += self.in_line as f64 * to.since(from).as_secs_f64();
        self.now = now;
        let counts = f64::from(u8::from(self.from <= now && now < self.until));
        match fact {
            Fact::Sent => self.in_line += 1,
            Fact::Decided(Decision::Admit) => {
                self.in_line -= 1;
                self.admitted += counts;
            }
            Fact::Decided(Decision::Reject { .. }) => {
                self.in_line -= 1;
                self.refused += counts;
            }
            _ => {}
        }
    }
}

/// The statistics of the share refused and of the mean wait, in seconds.
fn waits(model: &Model, seed: u64, expected: [f64; 2], size: Size) -> [f64; 2] {
    let run = |replicate| {
        let mut watch = Waiting { from: model.warm_up, until: model.horizon, ..Waiting::default() };
        engine::run(model, Key::run(seed, replicate), &mut watch).unwrap();
        watch
    };
    let runs: Vec<Waiting> = (0..size.runs).map(run).collect();
    let refused: Vec<_> = runs.iter().map(|r| (r.refused, r.refused + r.admitted)).collect();
    let waited: Vec<_> = runs.iter().map(|r| (r.seconds, r.admitted)).collect();
    [student(expected[0], &refused), student(expected[1], &waited)]
}

const MMCK: &str = include_str!("analytic/mmck.csv");

/// M/M/c/K: so many places, and a line of K - c.
fn mmck(seed: u64, row: &csv::StringRecord, more_line: u64, size: Size) -> [f64; 2] {
    let [places, all] = [0, 1].map(|c| row[c].parse::<u64>().unwrap());
    let wanted = ["expected_reject_fraction", "expected_wait_accepted_over_s"];
    let [share, wait] = wanted.map(|name| row[column(MMCK, name)].parse::<f64>().unwrap());
    // One call a second, so the mean of the service is the load.
    let mean: f64 = row[2].parse().unwrap();
    let service = format!("{{ exponential = \"{}s\" }}", &row[2]);
    let warm_up = whole(200.0 + 50.0 * mean) + 40 * all;
    let text = scenario(warm_up, warm_up + size.calls, &service);
    let line = all - places + more_line;
    let model = model(&text, &format!("concurrency = {{ max = {places}, queue = {line} }}"));
    waits(&model, seed, [share, wait * mean], size)
}

fn mmck_rows(size: Size) {
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(MMCK)) {
        let [refused, waited] = mmck(6_000 + index, row, 0, size);
        let name = format!("{} places, {} in all, load {}", &row[0], &row[1], &row[2]);
        rows.push((format!("{name}, refused"), refused));
        if row[0] == row[1] {
            assert!(waited.is_nan(), "nobody waits without a line");
        } else {
            rows.push((format!("{name}, wait"), waited));
        }
    }
    assert_eq!(rows.len(), 19);
    judge("concurrency with a line, M/M/c/K", &rows);
}

#[test]
fn a_line_refuses_and_delays_as_m_m_c_k() {
    mmck_rows(QUICK);
}

#[test]
#[ignore = "minutes"]
fn a_line_refuses_and_delays_as_m_m_c_k_in_full() {
    mmck_rows(LONG);
}

#[test]
fn a_line_wrong_by_one_is_seen() {
    for (index, row) in (0..).zip(&table(MMCK)) {
        // Where one more in the line makes a difference that 5,000 calls show.
        if row[1].parse::<u64>().unwrap() <= 5 {
            let [refused, waited] = mmck(6_500 + index, row, 1, QUICK);
            let without_line = waited.is_nan();
            assert!(refused.abs() > BOUND, "{row:?}: {refused}");
            assert!(without_line || waited.abs() > BOUND, "{row:?}: {waited}");
        }
    }
}

// ---- The leaky bucket as a queue -------------------------------------------

const BUCKET: &str = include_str!("analytic/token_bucket_gcra.csv");

/// Delay mode: a token bucket of B whose requests wait for their turn. By the
/// law it refuses as the bucket does, and makes those who pass wait so long.
fn delayed(seed: u64, row: &csv::StringRecord, limit: &str, size: Size) -> [f64; 2] {
    let wanted = ["expected_reject_fraction", "expected_mean_wait_delaymode_over_T"];
    // The table has no wait where its series is too long; then there is no statistic.
    let number = |name| row[column(BUCKET, name)].parse().unwrap_or(f64::NAN);
    let [share, wait] = wanted.map(number);
    // One call a second, so a turn takes as many seconds as the load is.
    let [turn, burst] = [0, 1].map(|c| row[c].parse::<f64>().unwrap());
    let warm_up = 200 + 2 * whole(burst * burst);
    let text = scenario(warm_up, warm_up + size.calls, "\"0s\"");
    waits(&model(&text, limit), seed, [share, wait * turn], size)
}

fn delayed_rows(size: Size) {
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(BUCKET)) {
        // A line has whole places.
        let Ok(burst) = row[1].parse::<u64>() else { continue };
        let (seconds, tokens) = ratio(&row[0]);
        let line = burst - 1;
        let limit = format!("leaky-queue = {{ rate = \"{tokens}/{seconds}s\", queue = {line} }}");
        let [refused, waited] = delayed(7_000 + index, row, &limit, size);
        let name = format!("load {}, burst {burst}", &row[0]);
        rows.push((format!("{name}, refused"), refused));
        // Nobody waits without a line.
        if line > 0 && !row[column(BUCKET, "expected_mean_wait_delaymode_over_T")].is_empty() {
            rows.push((format!("{name}, wait"), waited));
        }
    }
    assert!(rows.len() > 40, "{}", rows.len());
    judge("leaky bucket as a queue", &rows);
}

#[test]
fn a_leaky_queue_refuses_and_delays_as_the_closed_form() {
    delayed_rows(QUICK);
}

#[test]
#[ignore = "minutes"]
fn a_leaky_queue_refuses_and_delays_as_the_closed_form_in_full() {
    delayed_rows(LONG);
}

/// nginx with `burst = B - 1` is the same law, where a call a second is slow
/// against its milliseconds.
#[test]
fn nginx_without_nodelay_is_the_same_law() {
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(BUCKET)) {
        if let (Ok(burst), "1") = (row[1].parse::<u64>(), &row[0]) {
            let limit = format!("nginx-limit-req = {{ rate = \"1r/s\", burst = {} }}", burst - 1);
            let [refused, waited] = delayed(7_500 + index, row, &limit, QUICK);
            rows.push((format!("burst {burst}, refused"), refused));
            rows.push((format!("burst {burst}, wait"), waited));
        }
    }
    let rows: Vec<_> = rows.into_iter().filter(|(_, z)| !z.is_nan()).collect();
    assert!(rows.len() >= 8, "{rows:?}");
    assert!(rows.iter().all(|(_, z)| z.abs() < BOUND), "{rows:?}");
}

#[test]
fn a_place_too_many_in_a_leaky_queue_is_seen() {
    for (index, row) in (0..).zip(&table(BUCKET)) {
        let [load, burst] = [0, 1].map(|c| row[c].parse::<f64>().unwrap());
        if load <= 1.2 && burst.fract() == 0.0 && (2.0..=5.0).contains(&burst) {
            let (seconds, tokens) = ratio(&row[0]);
            let rate = format!("{tokens}/{seconds}s");
            let limit = format!("leaky-queue = {{ rate = \"{rate}\", queue = {burst} }}");
            let [refused, waited] = delayed(7_700 + index, row, &limit, QUICK);
            assert!(refused.abs() > BOUND && waited.abs() > BOUND, "{row:?}: {refused} {waited}");
        }
    }
}
