//! Closed forms of queueing theory against the whole engine.
//!
//! Every row of three tables (the law and its source stand at the head of each)
//! is set up as a scenario: one Poisson client, no network, one attempt a call.
//! A row is run at least 40 times. With `p` the exact share refused, `y`
//! refusals and `x` calls of a run, `y - p x` has mean zero exactly, so its
//! mean over its standard error follows Student's law: no row may lie beyond 4,
//! and the mean square over a table must lie where that of as many normals
//! does. The same harness must see a limit that is wrong by one.
//!
//! The columns of delay mode (`expected_mean_wait_delaymode_over_T`) are held to
//! in `queues`, whose limiters delay.

use crate::closed_forms::{FULL, QUICK, Size, api, measured, scenario};
use crate::cycles::{Cycles, Grid};
use crate::lab;
use crate::table::{BOUND, column, judge, ratio, student, table};
use tollgate::engine;
use tollgate::rng::Key;
use tollgate::time::{Instant, Span};

// ---- Fixed windows -------------------------------------------------------

const FIXED: &str = include_str!("analytic/fixed_window.csv");

/// Windows on a grid that begins with the run: the share refused, and the
/// share of windows that refuse any.
fn aligned(row: usize, quota: u64, window: &str, expected: [f64; 2], size: Size) -> [f64; 2] {
    let length: Span = format!("{window}s").parse().unwrap();
    let windows = (Span::seconds(size.calls).0 / length.0).max(10);
    let horizon = (windows * length.0).div_ceil(1_000_000_000);
    let start: Instant = "2026-01-05T09:00:00Z".parse().unwrap();
    let phase = start.0 % length.0;
    let limit = format!(
        "fixed-window = {{ quota = {quota}, window = \"{window}s\", phase = \"{phase}ns\" }}"
    );
    let mut model = lab::model(&scenario(0, horizon, "\"0s\""), &api(&limit), lab::ONCE);
    // Whole windows only.
    model.horizon = model.start.after(Span(windows * length.0));
    let mut shares = vec![];
    let mut any = vec![];
    for replicate in 0..size.runs {
        let mut grid = Grid {
            start: model.start,
            window: length,
            calls: 0.0,
            refused: 0.0,
            last: 0,
            windows: 0.0,
        };
        engine::run(&model, Key::run(1_000 + row as u64, replicate), &mut grid).unwrap();
        shares.push((grid.refused, grid.calls));
        any.push((grid.windows, windows as f64));
    }
    [student(expected[0], &shares), student(expected[1], &any)]
}

/// Windows that begin with their first request.
fn anchored(row: usize, quota: u64, window: &str, expected: f64, size: Size) -> f64 {
    let length: Span = format!("{window}s").parse().unwrap();
    let until = Span::seconds(size.calls).max(length.times(10));
    // The last cycle may begin just before; nobody is idle for 100 s.
    let horizon = until.plus(length).plus(Span::seconds(100)).ceil_seconds();
    let limit = format!(
        "fixed-window = {{ quota = {quota}, window = \"{window}s\", anchor = \"first-request\" }}"
    );
    let model = lab::model(&scenario(0, horizon, "\"0s\""), &api(&limit), lab::ONCE);
    let run = |replicate| {
        let mut cycles = Cycles {
            window: length,
            until: model.start.after(until),
            end: model.start,
            stopped: false,
            calls: 0.0,
            refused: 0.0,
        };
        engine::run(&model, Key::run(2_000 + row as u64, replicate), &mut cycles).unwrap();
        assert!(cycles.stopped, "the run is long enough for its last cycle");
        (cycles.refused, cycles.calls)
    };
    student(expected, &(0..size.runs).map(run).collect::<Vec<_>>())
}

fn fixed_windows(size: Size) {
    let wanted =
        ["aligned_reject_fraction", "aligned_prob_window_rejects_any", "anchored_reject_fraction"];
    let columns = wanted.map(|name| column(FIXED, name));
    let (mut on_grid, mut at_first) = (vec![], vec![]);
    for (index, row) in table(FIXED).iter().enumerate() {
        let [share, any, from_first] = columns.map(|c| row[c].parse::<f64>().unwrap());
        let name = format!("quota {} of {}", &row[0], &row[1]);
        let quota = row[0].parse().unwrap();
        let [z_share, z_any] = aligned(index, quota, &row[1], [share, any], size);
        on_grid.push((format!("{name}, refused"), z_share));
        // The share of windows has a spread only where some refuse and some do not.
        let windows = (size.runs * size.calls) as f64 / row[1].parse::<f64>().unwrap();
        if windows * any.min(1.0 - any) >= 20.0 {
            on_grid.push((format!("{name}, windows"), z_any));
        }
        at_first.push((name, anchored(index, quota, &row[1], from_first, size)));
    }
    assert_eq!(at_first.len(), 19);
    judge("fixed window, on the clock", &on_grid);
    judge("fixed window, from the first request", &at_first);
}

#[test]
fn fixed_windows_refuse_as_the_closed_form() {
    fixed_windows(QUICK);
}

#[test]
#[ignore = "minutes"]
fn fixed_windows_refuse_as_the_closed_form_in_full() {
    fixed_windows(FULL);
}

#[test]
fn a_quota_wrong_by_one_or_an_anchor_wrong_is_seen() {
    for (index, row) in table(FIXED).iter().enumerate() {
        let [quota, mean] = [0, 1].map(|c| row[c].parse::<f64>().unwrap());
        // Where the limit binds, and one is a part of it that 5,000 calls show.
        if !(2.0..=20.0).contains(&quota) || mean < quota {
            continue;
        }
        let share = row[column(FIXED, "aligned_reject_fraction")].parse().unwrap();
        let from_first = row[column(FIXED, "anchored_reject_fraction")].parse().unwrap();
        let quota = row[0].parse::<u64>().unwrap();
        for wrong in [quota - 1, quota + 1] {
            let [z, _] = aligned(index, wrong, &row[1], [share, 0.5], QUICK);
            assert!(z.abs() > BOUND, "{wrong} for {quota} on the clock: {z}");
            let z = anchored(index, wrong, &row[1], from_first, QUICK);
            assert!(z.abs() > BOUND, "{wrong} for {quota} from the first request: {z}");
        }
        let [z, _] = aligned(index, quota, &row[1], [from_first, 0.5], QUICK);
        assert!(z.abs() > BOUND, "the law of the other anchor: {z}");
        let [z, _] = aligned(index, 2 * quota, &row[1], [share, 0.5], QUICK);
        assert!(z.abs() > BOUND, "two quotas a window: {z}");
    }
}

// ---- Concurrency ---------------------------------------------------------

const ERLANG: &str = include_str!("analytic/erlang_b.csv");

/// Laws of service time with the mean put in, and how many means of warm-up
/// they need: what a heavy tail holds at the start leaves slowly.
const SERVICES: [(&str, u64); 3] = [
    ("{ exponential = \"MEANs\" }", 15),
    ("\"MEANs\"", 10),
    ("{ log-normal = { mean = \"MEANs\", cv = 2.0 } }", 100),
];

fn erlang(
    seed: u64,
    slots: u64,
    erlangs: &str,
    service: (&str, u64),
    expected: f64,
    size: Size,
) -> f64 {
    let (mean, _) = erlangs.split_once('.').unwrap_or((erlangs, ""));
    let warm_up = (mean.parse::<u64>().unwrap() + 1) * service.1;
    let text = scenario(warm_up, warm_up + size.calls, &service.0.replace("MEAN", erlangs));
    let limit = format!("concurrency = {{ max = {slots} }}");
    let model = lab::model(&text, &api(&limit), lab::ONCE);
    student(expected, &measured(&model, seed, size))
}

fn erlang_b(size: Size) {
    let expected = column(ERLANG, "expected_reject_fraction");
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(ERLANG)) {
        for (law, service) in (0..).zip(SERVICES) {
            let name = format!("{} slots, {} erlang, {}", &row[0], &row[1], service.0);
            let (slots, share) = (row[0].parse().unwrap(), row[expected].parse().unwrap());
            let z = erlang(3_000 + 10 * index + law, slots, &row[1], service, share, size);
            rows.push((name, z));
        }
    }
    assert_eq!(rows.len(), 48);
    judge("concurrency, Erlang B", &rows);
}

#[test]
fn concurrency_refuses_as_erlang_b_whatever_the_service() {
    erlang_b(QUICK);
}

#[test]
#[ignore = "minutes"]
fn concurrency_refuses_as_erlang_b_whatever_the_service_in_full() {
    erlang_b(FULL);
}

#[test]
fn a_slot_too_many_or_too_few_is_seen() {
    let expected = column(ERLANG, "expected_reject_fraction");
    for (index, row) in (0..).zip(&table(ERLANG)) {
        let slots: u64 = row[0].parse().unwrap();
        if !(2..=20).contains(&slots) {
            continue;
        }
        for wrong in [slots - 1, slots + 1] {
            let share = row[expected].parse().unwrap();
            let z = erlang(3_500 + index, wrong, &row[1], SERVICES[0], share, QUICK);
            assert!(z.abs() > BOUND, "{wrong} for {slots} slots: {z}");
        }
    }
}

// ---- Token buckets -------------------------------------------------------

const BUCKET: &str = include_str!("analytic/token_bucket_gcra.csv");

fn bucket(seed: u64, load: &str, burst: (u64, u64), more: &str, expected: f64, size: Size) -> f64 {
    // One call a second, so the load is seconds per token.
    let (seconds, tokens) = ratio(load);
    let limit = format!(
        "token-bucket = {{ rate = \"{tokens}/{seconds}s\", burst = \"{}/{}\" }}\n{more}",
        burst.0, burst.1
    );
    // Ten relaxation times of 2 B^2 / pi^2 calls: the bucket begins full.
    let tokens = burst.0 / burst.1;
    let warm_up = 200 + 2 * tokens * tokens;
    let text = scenario(warm_up, warm_up + size.calls, "\"0s\"");
    let model = lab::model(&text, &api(&limit), lab::ONCE);
    student(expected, &measured(&model, seed, size))
}

fn token_buckets(size: Size) {
    let expected = column(BUCKET, "expected_reject_fraction");
    let mut rows = vec![];
    for (index, row) in (0..).zip(&table(BUCKET)) {
        let share = row[expected].parse().unwrap();
        let z = bucket(4_000 + index, &row[0], ratio(&row[1]), "", share, size);
        rows.push((format!("load {}, burst {}", &row[0], &row[1]), z));
    }
    assert_eq!(rows.len(), 29);
    judge("token bucket", &rows);
}

#[test]
fn token_buckets_refuse_as_the_closed_form() {
    token_buckets(QUICK);
}

#[test]
#[ignore = "minutes"]
fn token_buckets_refuse_as_the_closed_form_in_full() {
    token_buckets(FULL);
}

#[test]
fn a_burst_wrong_by_one_or_refusals_that_count_are_seen() {
    let expected = column(BUCKET, "expected_reject_fraction");
    for (index, row) in (0..).zip(&table(BUCKET)) {
        let load: f64 = row[0].parse().unwrap();
        let share = row[expected].parse().unwrap();
        let (tokens, parts) = ratio(&row[1]);
        // Above a load of 1.2 nearly every token is used, whatever the burst, and
        // one of ten tokens makes less of a difference than 5,000 calls show.
        if load > 1.2 || tokens > 5 * parts {
            continue;
        }
        let mut wrong = vec![(tokens + parts, parts)];
        if tokens >= 2 * parts {
            wrong.push((tokens - parts, parts));
        }
        for burst in wrong {
            let z = bucket(4_500 + index, &row[0], burst, "", share, QUICK);
            assert!(z.abs() > BOUND, "burst {burst:?} for {}: {z}", &row[1]);
        }
        if tokens >= 2 * parts {
            let counts = "counts-rejects = true";
            let z = bucket(4_500 + index, &row[0], (tokens, parts), counts, share, QUICK);
            assert!(z.abs() > BOUND, "load {load}, refusals count: {z}");
        }
    }
}
