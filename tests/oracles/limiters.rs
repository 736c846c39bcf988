//! Decisions of real servers and libraries, reproduced row by row.
//!
//! Each recording in `tests/oracles/limiters` has beside it the API that models
//! what was recorded, and goes through the same door as `tollgate replay`: a
//! trace in, decisions out. Every column that says what the program decided or
//! told is compared in every row.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tollgate::replay::{Columns, Options, Outcome, Said, Trace, decide};
use tollgate::scenario::Alone;
use tollgate::scenario::document::Document;
use tollgate::time::{SECOND, Span};

/// A row of a recording: the cells by column.
type Cells = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/limiters")
}

/// The rows of a recording.
fn recorded(csv: &str) -> Vec<Cells> {
    let body: String =
        csv.lines().filter(|l| !l.starts_with('#')).flat_map(|l| [l, "\n"]).collect();
    let mut reader = csv::Reader::from_reader(body.as_bytes());
    let header = reader.headers().unwrap().clone();
    let cells = |record: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| cells(record.unwrap())).collect()
}

/// What our limits say to the requests of a recording.
fn replayed(name: &str, csv: &str, settings: &[(&str, &str)]) -> (Trace, Vec<Outcome>) {
    let path = folder().join(format!("{name}.toml"));
    let toml = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let document = Document::new(name, &toml).unwrap_or_else(|faults| panic!("{faults}"));
    let settings: Vec<_> =
        settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let api = Alone::of(document, &settings).unwrap_or_else(|error| panic!("{error}"));
    let failed = csv.contains("backend_failed").then(|| "backend_failed".to_owned());
    let columns = Columns { time: None, failed };
    let mut trace = Trace::read(csv.as_bytes(), &columns, &api.attributes(), &["request"]).unwrap();
    let model = api.model(&mut trace.principals, trace.has_used);
    let outcomes = decide(&model, &trace, Options::default()).unwrap().rows;
    (trace, outcomes)
}

/// What a row of ours must say for each column of the recording: `None` where
/// the column tells nothing about the decision, or nothing in this row.
fn differs(column: &str, cells: &Cells, at: u64, ours: &Outcome) -> Option<String> {
    let cell = &cells[column];
    let number = |text: &str| text.parse::<f64>().unwrap();
    let whole = |text: &str| text.parse::<u64>().unwrap();
    let told = |span: Option<Span>| span.map_or("nothing".to_owned(), |s| s.0.to_string());
    let check = |expected: Option<u64>, ours: Option<u64>| {
        (expected != ours).then(|| format!("{column}: recorded {expected:?}, ours {ours:?}"))
    };
    // A float of seconds is known to a microsecond at most.
    let near = |seconds: f64, ours: Option<Span>| {
        let ours_s = ours.map(Span::as_secs_f64);
        let apart = ours_s.is_none_or(|ours| (ours - seconds).abs() > 1e-6);
        apart.then(|| format!("{column}: recorded {seconds}, ours {}", told(ours)))
    };
    let delay = match ours.said {
        Said::Delay(by) => Some(by.0),
        Said::Admit => Some(0),
        Said::Reject | Said::Queue(_) => None,
    };
    let rejected = ours.said == Said::Reject;
    match column {
        "allowed" => {
            let expected = if cell == "1" { "let through" } else { "refused" };
            let said = if rejected { "refused" } else { "let through" };
            (expected != said).then(|| format!("recorded {expected}, ours {:?}", ours.said))
        }
        "decision" => {
            let said = match ours.said {
                Said::Admit => "PASSED",
                Said::Delay(_) | Said::Queue(_) => "DELAYED",
                Said::Reject => "REJECTED",
            };
            // Without a delay there is nothing to see of one: `nodelay`.
            let same = cell == said || cell == "DELAYED" && said == "PASSED" && delay == Some(0);
            (!same).then(|| format!("recorded {cell}, ours {said}"))
        }
        "model_delay_ms" if cell.is_empty() => check(None, delay),
        // Nothing was told here.
        _ if cell.is_empty() => None,
        // On the real clock a refusal has a delay of 0.
        "delay_ms" if rejected => check(Some(0), Some(whole(cell))),
        "model_delay_ms" | "delay_ms" => check(Some(whole(cell) * 1_000_000), delay),
        "delay_ns" => check(Some(whole(cell)), delay),
        "granted_ns" => check(Some(whole(cell) - at), delay),
        "remaining" | "draft8_r" => check(Some(whole(cell)), ours.remaining),
        "retry_after_ns" => check(Some(whole(cell)), ours.retry_after.map(|s| s.0)),
        "retry_after_s" => {
            // -1 where it tells none.
            let expected = cell.parse::<u64>().ok().map(|s| s * SECOND);
            check(expected, ours.retry_after.map(|s| s.0))
        }
        "wait_s" => near(number(cell), ours.retry_after),
        "reset_s" | "reset_after_s" => check(Some(whole(cell) * SECOND), ours.reset.map(|s| s.0)),
        // The moving window may tell a time gone by; from now that is no time.
        "reset_time_s" => near((number(cell) - at as f64 / 1e9).max(0.0), ours.reset),
        "reset_epoch_ms" => check(
            Some(whole(cell) * 1_000_000),
            ours.reset.map(|s| (at + s.0) / 1_000_000 * 1_000_000),
        ),
        "x_ratelimit_reset_epoch_s" => {
            check(Some(whole(cell)), ours.reset.map(|s| (at + s.0).div_ceil(SECOND)))
        }
        "draft8_t" => check(Some(whole(cell)), ours.reset.map(|s| s.0.div_ceil(SECOND))),
        "ms_before_next" => {
            let told = ours.retry_after.or(ours.reset);
            check(Some(whole(cell) * 1_000_000), told.map(|s| s.0))
        }
        _ => None,
    }
}

/// The rows in which our limits say something else than the recording.
fn differences(name: &str, settings: &[(&str, &str)]) -> Vec<String> {
    let csv = fs::read_to_string(folder().join(format!("{name}.csv"))).unwrap();
    let rows = recorded(&csv);
    let (trace, outcomes) = replayed(name, &csv, settings);
    assert_eq!(rows.len(), outcomes.len(), "{name}");
    assert!(rows.len() >= 400, "{name} is whole");
    let mut found = vec![];
    for ((cells, row), ours) in rows.iter().zip(&trace.rows).zip(&outcomes) {
        for column in cells.keys() {
            if let Some(what) = differs(column, cells, row.at.0, ours) {
                found.push(format!("{name} line {}: {what}", row.line));
            }
        }
    }
    found
}

macro_rules! recordings {
    ($($test:ident: $name:literal, $($path:literal = $value:literal)*;)*) => {
        $(
            #[test]
            fn $test() {
                let found = differences($name, &[]);
                let shown: Vec<_> = found.iter().take(5).collect();
                assert!(found.is_empty(), "{} differ: {shown:#?}", found.len());
                // What the recording cannot tell apart it does not hold us to.
                $(assert!(
                    !differences($name, &[($path, $value)]).is_empty(),
                    "{} = {} is not seen", $path, $value
                );)*
            }
        )*

        /// All recordings.
        const RECORDINGS: &[&str] = &[$($name),*];
    };
}

recordings! {
    // A recording, and wrong parameters that it must tell from the right ones.
    nginx_10_a_second_burst_5_nodelay: "nginx/n01_10rs_b5_nodelay",
        "limit.nginx-limit-req.burst" = "4" "limit.nginx-limit-req.rate" = "\"11r/s\"";
    nginx_burst_20_delay_8: "nginx/n02_10rs_b20_delay8",
        "limit.nginx-limit-req.delay" = "9" "limit.nginx-limit-req.burst" = "21";
    nginx_no_burst: "nginx/n03_10rs_noburst", "limit.nginx-limit-req.burst" = "1";
    nginx_1_a_minute_cut_off_to_thousandths: "nginx/n04_1rm_b3",
        "limit.nginx-limit-req.rate" = "\"2r/m\"";
    nginx_333_a_second: "nginx/n06_333rs_b50_delay10", "limit.nginx-limit-req.burst" = "49";
    nginx_two_limits: "nginx/n07_two_limits", "commit" = "\"in-order\"";
    nginx_on_a_real_clock: "nginx/rt2_10rs_b20_delay8", "limit.nginx-limit-req.burst" = "19";
    nginx_two_limits_on_a_real_clock: "nginx/rt4_two_limits", "commit" = "\"always\"";
    haproxy_10_s_above_20: "haproxy/h01_rate10s_gt20",
        "limit.haproxy-http-req-rate.gt" = "21"
        "limit.haproxy-http-req-rate.order" = "\"check-then-track\"";
    haproxy_60_s_above_5: "haproxy/h03_rate60s_gt5", "limit.haproxy-http-req-rate.gt" = "4";
    envoy_10_a_second_20_at_once: "envoy/e1_local_20max_10per1s",
        "limit.envoy-local-rate-limit.max-tokens" = "19" "limit.envoy-local-rate-limit.tokens-per-fill" = "11";
    envoy_5_a_minute: "envoy/e2_local_5max_5per60s",
        "limit.envoy-local-rate-limit.tokens-per-fill" = "6";
    go_allow_10_a_second: "go_xtimerate/x1_allow_10_b10", "limit.go-x-time-rate.burst" = "9";
    go_allow_3_a_second: "go_xtimerate/x2_allow_3_b1", "limit.go-x-time-rate.limit" = "3.01";
    go_reserve_5_a_second: "go_xtimerate/x4_reserve_5_b5",
        "limit.go-x-time-rate.call" = "\"allow\"";
    guava_bursty_5_a_second: "guava/gu1_bursty5_try",
        "limit.guava-smooth-bursty.max-burst-seconds" = "1.2";
    guava_warming_up_10_a_second: "guava/gu3_warmup10_4s_reserve",
        "limit.guava-smooth-warming-up.cold-factor" = "3.1";
    bucket4j_greedy: "bucket4j/b1_greedy_cap10_7per3s",
        "limit.bucket4j.bandwidths" =
        "[{ capacity = 10, refill-greedy = { tokens = 8, period = '3s' } }]";
    bucket4j_intervally: "bucket4j/b2_intervally_cap10_10per3s",
        "limit.bucket4j.bandwidths" =
        "[{ capacity = 10, refill-greedy = { tokens = 10, period = '3s' } }]";
    spring_cloud_gateway: "redis/spring_r5_c10_1",
        "limit.spring-cloud-gateway.burst-capacity" = "9";
    governor_10_a_second: "governor/g1_10ps_b10", "limit.governor.burst" = "9";
    governor_3_a_second: "governor/g2_3ps_b1", "limit.governor.per-second" = "4";
    governor_5000_an_hour: "governor/g4_perhour5000", "limit.governor.burst" = "4999";
    redis_cell: "redis/cell_b4_7per1", "limit.redis-cell.max-burst" = "5";
    upstash_fixed_window: "redis/upstash_fixed_10per1s",
        "limit.upstash-fixed-window.tokens" = "11";
    upstash_sliding_window: "redis/upstash_sliding_10per1s",
        "limit.upstash-sliding-window.tokens" = "9";
    upstash_token_bucket: "redis/upstash_tokenbucket_3per2s_max10",
        "limit.upstash-token-bucket.refill-rate" = "4";
    express_rate_limit: "node/erl_10per1s", "limit.express-rate-limit.limit" = "9";
    rate_limiter_flexible: "node/rlf_memory_10per1s", "limit.rate-limiter-flexible.points" = "11";
    leaky_bucket_crate: "tokio_delay/lb1_init10_refill2_100ms_max10",
        "limit.leaky-bucket-rs.refill" = "3";
    tower: "tokio_delay/tw1_10per1s", "limit.tower-rate-limit.num" = "9";
    limits_fixed_window: "pylimits/fixed-window_10per_1s",
        "limit.limits-fixed-window.amount" = "11";
    limits_moving_window: "pylimits/moving-window_10per_1s",
        "limit.limits-moving-window.amount" = "9";
    limits_sliding_window_counter: "pylimits/sliding-window-counter_10per_1s",
        "limit.limits-sliding-window-counter.amount" = "11";
    django_rest_throttle: "drf/drf_10_per_s",
        "limit.drf-simple-rate-throttle.rate" = "\"9/s\"";
}

/// Every recording in the folder is held to, and each has its model.
#[test]
fn no_recording_is_left_out() {
    let mut found = vec![];
    for program in fs::read_dir(folder()).unwrap() {
        let program = program.unwrap().path();
        for file in fs::read_dir(&program).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|e| e == "csv") {
                let name = path.strip_prefix(folder()).unwrap().with_extension("");
                found.push(name.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    let mut known: Vec<&str> = RECORDINGS.to_vec();
    known.sort_unstable();
    assert_eq!(found, known);
    assert_eq!(found.len(), 35);
}
