//! Closed forms of sliding windows and of buckets refilled in steps, each row
//! through the whole engine; and what holds on every trace, without statistics.
//!
//! The same acceptance as in `analytic`: 40 runs a row, |z| < 4, and the
//! mean square over a table where it should be; a limit wrong by one is seen.

use crate::closed_forms::{LONG, QUICK, Size, measured, model, scenario, whole};
use crate::table::{BOUND, column, judge, ratio, student, table};

/// The statistic of the share that a limit refuses of one call a second.
fn refused(seed: u64, limit: &str, warm_up: u64, expected: f64, size: Size) -> f64 {
    let text = scenario(warm_up, warm_up + size.calls, "\"0s\"");
    student(expected, &measured(&model(&text, limit), seed, size))
}

fn number(row: &csv::StringRecord, text: &str, name: &str) -> f64 {
    row[column(text, name)].parse().unwrap()
}

/// Ten windows, so that the run has forgotten how it began.
fn warm_up(window: &str) -> u64 {
    100 + 10 * whole(window.parse().unwrap())
}

// ---- Sliding log -----------------------------------------------------------

const LOG: &str = include_str!("analytic/sliding_log.csv");

fn log(seed: u64, row: &csv::StringRecord, quota: u64, counts: bool, size: Size) -> f64 {
    let name = if counts { "expected_reject_count_all" } else { "expected_reject_admitted_only" };
    let limit = format!(
        "sliding-log = {{ quota = {quota}, window = \"{}s\" }}\ncounts-rejects = {counts}",
        &row[1]
    );
    refused(seed, &limit, warm_up(&row[1]), number(row, LOG, name), size)
}

/// Where hardly one call in the whole table's runs is refused or let through,
/// the sample has no spread to speak of.
fn has_spread(row: &csv::StringRecord, text: &str, name: &str, size: Size) -> bool {
    let share = number(row, text, name);
    share.min(1.0 - share) * (size.runs * size.calls) as f64 >= 50.0
}

fn logs(size: Size) {
    let (mut admitted, mut all) = (vec![], vec![]);
    for (index, row) in (0..).zip(&table(LOG)) {
        let (quota, name) = (row[0].parse().unwrap(), format!("{} in {} s", &row[0], &row[1]));
        if has_spread(row, LOG, "expected_reject_admitted_only", size) {
            admitted.push((name.clone(), log(8_000 + index, row, quota, false, size)));
        }
        if has_spread(row, LOG, "expected_reject_count_all", size) {
            all.push((name, log(8_200 + index, row, quota, true, size)));
        }
    }
    assert!(admitted.len() >= 15 && all.len() >= 10, "{} {}", admitted.len(), all.len());
    judge("sliding log, Erlang B", &admitted);
    judge("sliding log, refusals counted", &all);
}

#[test]
fn a_sliding_log_refuses_as_erlang_b() {
    logs(QUICK);
}

#[test]
#[ignore = "minutes"]
fn a_sliding_log_refuses_as_erlang_b_in_full() {
    logs(LONG);
}

#[test]
fn a_quota_wrong_by_one_is_seen_by_the_log() {
    for (index, row) in (0..).zip(&table(LOG)) {
        let (quota, mean) = (row[0].parse::<u64>().unwrap(), row[1].parse::<f64>().unwrap());
        if (2..=10).contains(&quota) && mean >= quota as f64 {
            for wrong in [quota - 1, quota + 1] {
                let z = log(8_400 + index, row, wrong, false, QUICK);
                assert!(z.abs() > BOUND, "{wrong} for {quota}: {z}");
            }
            // The law of the other rule.
            let limit = format!("sliding-log = {{ quota = {quota}, window = \"{}s\" }}", &row[1]);
            let other = number(row, LOG, "expected_reject_count_all");
            let z = refused(8_400 + index, &limit, warm_up(&row[1]), other, QUICK);
            assert!(z.abs() > BOUND, "refusals not counted for {quota}: {z}");
        }
    }
}

// ---- Sliding counter -------------------------------------------------------

const COUNTER: &str = include_str!("analytic/sliding_counter.csv");

fn counter(seed: u64, row: &csv::StringRecord, quota: u64, counts: bool, size: Size) -> f64 {
    let name = if counts { "expected_reject_count_all" } else { "expected_reject_admitted_only" };
    let limit = format!(
        "sliding-counter = {{ quota = {quota}, window = \"{}s\" }}\ncounts-rejects = {counts}",
        &row[1]
    );
    refused(seed, &limit, warm_up(&row[1]), number(row, COUNTER, name), size)
}

fn counters(size: Size) {
    let (mut admitted, mut all) = (vec![], vec![]);
    for (index, row) in (0..).zip(&table(COUNTER)) {
        let (quota, name) = (row[0].parse().unwrap(), format!("{} in {} s", &row[0], &row[1]));
        if has_spread(row, COUNTER, "expected_reject_admitted_only", size) {
            admitted.push((name.clone(), counter(9_000 + index, row, quota, false, size)));
        }
        if has_spread(row, COUNTER, "expected_reject_count_all", size) {
            all.push((name, counter(9_200 + index, row, quota, true, size)));
        }
    }
    assert!(admitted.len() >= 12 && all.len() >= 12, "{} {}", admitted.len(), all.len());
    judge("sliding counter", &admitted);
    judge("sliding counter, refusals counted", &all);
}

#[test]
fn a_sliding_counter_refuses_as_its_markov_chain() {
    counters(QUICK);
}

#[test]
#[ignore = "minutes"]
fn a_sliding_counter_refuses_as_its_markov_chain_in_full() {
    counters(LONG);
}

#[test]
fn a_quota_wrong_by_one_is_seen_by_the_counter() {
    for (index, row) in (0..).zip(&table(COUNTER)) {
        let (quota, mean) = (row[0].parse::<u64>().unwrap(), row[1].parse::<f64>().unwrap());
        if (2..=10).contains(&quota) && mean >= quota as f64 {
            for wrong in [quota - 1, quota + 1] {
                let z = counter(9_400 + index, row, wrong, false, QUICK);
                assert!(z.abs() > BOUND, "{wrong} for {quota}: {z}");
            }
        }
    }
}

// ---- Buckets refilled in steps ---------------------------------------------

const STEPS: &str = include_str!("analytic/token_bucket_discrete.csv");

fn stepped(seed: u64, row: &csv::StringRecord, burst: u64, size: Size) -> f64 {
    // One call a second, so a token comes back in as many seconds as the load is.
    let refill: u64 = row[2].parse().unwrap();
    let (seconds, tokens) = ratio(&row[0]);
    let every = refill * seconds * (1_000_000_000 / tokens);
    let limit = format!(
        "stepped-bucket = {{ refill = {refill}, every = \"{every}ns\", burst = {burst}, \
         grid = \"start\" }}"
    );
    let warm_up = 200 + 2 * burst * burst;
    refused(seed, &limit, warm_up, number(row, STEPS, "expected_reject_fraction"), size)
}

fn steps(size: Size) {
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(STEPS)) {
        let name = format!("load {}, burst {}, steps of {}", &row[0], &row[1], &row[2]);
        rows.push((name, stepped(10_000 + index, row, row[1].parse().unwrap(), size)));
    }
    assert_eq!(rows.len(), 15);
    judge("token bucket refilled in steps", &rows);
}

#[test]
fn a_bucket_refilled_in_steps_refuses_as_its_markov_chain() {
    steps(QUICK);
}

#[test]
#[ignore = "minutes"]
fn a_bucket_refilled_in_steps_refuses_as_its_markov_chain_in_full() {
    steps(LONG);
}

#[test]
fn a_burst_wrong_by_one_is_seen_in_steps() {
    for (index, row) in (0..).zip(&table(STEPS)) {
        let (load, burst) = (row[0].parse::<f64>().unwrap(), row[1].parse::<u64>().unwrap());
        if load <= 1.2 && burst <= 5 {
            let z = stepped(10_400 + index, row, burst + 1, QUICK);
            assert!(z.abs() > BOUND, "{} for {burst}: {z}", burst + 1);
        }
    }
}
