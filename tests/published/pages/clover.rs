//! Clover's page, "Work with API usage and rate limits": its rules.

use super::server::{Reply, Server, Who};
use super::world::{self, ms, s};
use tollgate::scenario::Model;

/// The tokens of an app, and those of another.
fn apps() -> Model {
    world::callers(
        "clover",
        "read",
        &[
            ("shops", 40, r#"app = { is = "one" }, token = "each""#),
            ("rivals", 4, r#"app = { is = "two" }, token = "each""#),
        ],
    )
}

const SHOP: Who = ("shops", 0);

/// The first refusal by each of the four limits, all for the same app: 16 a
/// second and 5 at once for a token, 50 a second and 10 at once for the app.
fn four_refusals(model: &Model) -> Vec<Reply> {
    let mut server = Server::new(model);
    let mut running: Vec<Reply> = (0..5).map(|_| server.ask(s(0), SHOP, "export")).collect();
    let token_concurrency = server.ask(s(0), SHOP, "export");
    running.extend((0..5).map(|_| server.ask(s(0), ("shops", 1), "export")));
    let app_concurrency = server.ask(s(0), ("shops", 2), "export");
    let mut reads: Vec<Reply> = (0..12).map(|_| server.get(s(0), SHOP, "read")).collect();
    let token_rate = reads.pop().expect("twelve were sent");
    reads.extend((2..31).map(|token| server.get(s(0), ("shops", token), "read")));
    let app_rate = server.get(s(0), ("shops", 39), "read");
    assert!(running.iter().chain(&reads).all(Reply::is_admitted));
    vec![app_rate, token_rate, app_concurrency, token_concurrency]
}

// "There are four different rate limits placed on Clover REST API usage."
#[test]
fn there_are_four_different_rate_limits() {
    let model = apps();
    let refused_by: Vec<String> = four_refusals(&model)
        .into_iter()
        .map(|reply| reply.refused_by.expect("it was one too many"))
        .collect();
    let names: Vec<&str> = model.api.limits.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(refused_by, names);
    assert_eq!(names.len(), 4);
}

// "Rate limits are set for the number of new API requests your apps can make per
// second": what is in progress since the last second is not new.
#[test]
fn only_new_requests_count_per_second() {
    let model = apps();
    let mut server = Server::new(&model);
    let running: Vec<Reply> = (0..16).map(|_| server.ask(s(0), SHOP, "read")).collect();
    assert!(running.iter().all(Reply::is_admitted));
    assert!(!server.ask(ms(999), SHOP, "read").is_admitted());
    assert_eq!(server.admits(17, s(1), SHOP, "read"), 16);
}

// "Per app | 50"
#[test]
fn the_51st_request_of_an_app_in_a_second_is_refused() {
    let model = apps();
    let mut server = Server::new(&model);
    for n in 0..50 {
        let reply = server.get(ms(u64::from(n)), ("shops", n % 4), "read");
        assert!(reply.is_admitted(), "request {n} is within 50");
    }
    let refused = server.get(ms(999), ("shops", 39), "read");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("X-RateLimit-crossTokenLimit"), Some(50));
    assert_eq!(refused.headers.len(), 1, "and no retry-after");
    assert!(server.get(ms(999), ("rivals", 0), "read").is_admitted());
    assert!(server.get(s(1), ("shops", 39), "read").is_admitted());
}

// "Per token | 16"
#[test]
fn the_17th_request_of_a_token_in_a_second_is_refused() {
    let model = apps();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(16, s(0), SHOP, "read"), 16);
    let refused = server.get(ms(999), SHOP, "read");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("X-RateLimit-tokenLimit"), Some(16));
    assert_eq!(refused.headers.len(), 1, "and no retry-after");
    assert!(server.get(ms(999), ("shops", 1), "read").is_admitted());
    assert!(server.get(s(1), SHOP, "read").is_admitted());
}

// "In addition to rate limiting, we maintain concurrent rate limiting": the rate
// counts the CPU-intensive requests too.
#[test]
fn concurrent_limits_are_in_addition_to_the_rates() {
    let model = apps();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(10, s(0), SHOP, "read"), 10);
    assert_eq!(server.admits(6, s(0), SHOP, "export"), 6);
    let refused = server.get(s(0), SHOP, "export");
    assert_eq!(refused.refused_by.as_deref(), Some("token rate"));
}

// "to better control multiple retry requests to CPU-intensive API endpoints":
// the others may have as many in progress as the rates let in.
#[test]
fn only_cpu_intensive_endpoints_are_limited_at_once() {
    let model = apps();
    let mut server = Server::new(&model);
    for second in 0..3 {
        let running = (0..16).map(|_| server.ask(s(second), SHOP, "read"));
        assert!(running.into_iter().all(|reply| reply.is_admitted()));
    }
}

// "Concurrent rate limits are set for the number of in-progress API requests
// your apps can make at the same time." "Per app | 10"
#[test]
fn the_11th_request_of_an_app_at_the_same_time_is_refused() {
    let model = apps();
    let mut server = Server::new(&model);
    let mut running: Vec<Reply> =
        (0..10).map(|n| server.ask(s(0), ("shops", n), "export")).collect();
    assert!(running.iter().all(Reply::is_admitted));
    let refused = server.ask(s(5), ("shops", 10), "export");
    assert_eq!(refused.status, 429);
    let names: Vec<&String> = refused.headers.keys().collect();
    assert_eq!(names, ["X-RateLimit-crossTokenConcurrentLimit", "retry-after"]);
    assert_eq!(refused.header("X-RateLimit-crossTokenConcurrentLimit"), Some(10));
    assert!(server.get(s(5), ("rivals", 0), "export").is_admitted());
    server.done(s(6), running.remove(0), 200);
    assert!(server.get(s(7), ("shops", 11), "export").is_admitted());
}

// "For instance, if the concurrent rate limit has been set to five, you can make
// up to five running API requests at the same time. While the server is
// responding to these five requests, a sixth request will return to a 429 HTTP
// Too Many Requests error message." "Per token | 5"
#[test]
fn a_sixth_request_while_five_are_running_is_refused() {
    let model = apps();
    let mut server = Server::new(&model);
    let mut running: Vec<Reply> = (0..5).map(|_| server.ask(s(0), SHOP, "export")).collect();
    assert!(running.iter().all(Reply::is_admitted));
    let refused = server.ask(s(9), SHOP, "export");
    assert_eq!(refused.status, 429);
    let names: Vec<&String> = refused.headers.keys().collect();
    assert_eq!(names, ["X-RateLimit-tokenConcurrentLimit", "retry-after"]);
    assert_eq!(refused.header("X-RateLimit-tokenConcurrentLimit"), Some(5));
    assert!(server.ask(s(9), ("shops", 1), "export").is_admitted());
    server.done(s(10), running.remove(0), 200);
    assert!(server.ask(s(10), SHOP, "export").is_admitted());
}

// "You receive a 429 `Too Many Requests` error message when the number of API
// requests made by your app exceeds the rate limits."
#[test]
fn every_limit_answers_429() {
    for reply in four_refusals(&apps()) {
        assert_eq!(reply.status, 429, "{:?}", reply.refused_by);
    }
}

// "The following table can help you identify the type of 429 HTTP error message
// you are receiving in the response header." It is the limit's own and no other,
// and an admitted request is told nothing.
#[test]
fn the_header_identifies_the_type() {
    let types: Vec<Vec<String>> = four_refusals(&apps())
        .into_iter()
        .map(|reply| {
            let names = reply.headers.into_keys();
            names.filter(|name| name.starts_with("X-RateLimit-")).collect()
        })
        .collect();
    assert_eq!(
        types,
        [
            ["X-RateLimit-crossTokenLimit"],
            ["X-RateLimit-tokenLimit"],
            ["X-RateLimit-crossTokenConcurrentLimit"],
            ["X-RateLimit-tokenConcurrentLimit"],
        ]
    );
    let model = apps();
    let admitted = Server::new(&model).ask(s(0), SHOP, "export");
    assert!(admitted.headers.is_empty());
}

// "Concurrent rate limit responses also include a `retry-after` header."
#[test]
fn only_concurrent_refusals_have_a_retry_after() {
    let sent: Vec<bool> =
        four_refusals(&apps()).iter().map(|reply| reply.header("retry-after").is_some()).collect();
    assert_eq!(sent, [false, false, true, true]);
}

// "The value of this header is the number of seconds your app must wait before
// making another request." It must, even if a slot becomes free before.
#[test]
fn retry_after_is_the_number_of_seconds_to_wait() {
    let model = apps();
    let mut server = Server::new(&model);
    let running: Vec<Reply> = (0..5).map(|_| server.ask(s(0), SHOP, "export")).collect();
    let told = server.ask(ms(500), SHOP, "export").header("retry-after");
    let wait = s(u64::try_from(told.expect("it is told")).expect("it is a time"));
    for reply in running {
        server.done(ms(600), reply, 200);
    }
    let again = ms(500).plus(wait);
    assert!(server.ask(again, SHOP, "export").is_admitted());

    let mut early = Server::new(&model);
    let running: Vec<Reply> = (0..5).map(|_| early.ask(s(0), SHOP, "export")).collect();
    early.ask(ms(500), SHOP, "export");
    for reply in running {
        early.done(ms(600), reply, 200);
    }
    let refused = early.ask(ms(499).plus(wait), SHOP, "export");
    assert_eq!(refused.refused_by.as_deref(), Some("token concurrency"));
}

// "If a request is made before this time, the waiting period increases."
#[test]
fn a_request_before_that_time_makes_the_wait_longer() {
    let model = apps();
    let mut server = Server::new(&model);
    let running: Vec<Reply> = (0..5).map(|_| server.ask(s(0), SHOP, "export")).collect();
    let first = server.ask(s(0), SHOP, "export").header("retry-after");
    for reply in running {
        server.done(s(0), reply, 200);
    }
    let second = server.ask(ms(900), SHOP, "export").header("retry-after");
    assert!(second > first, "{second:?} after {first:?}");
    assert!(!server.ask(s(1), SHOP, "export").is_admitted(), "no more");
}

// "The following example shows a `retry-after` interval of 21 seconds." Twenty
// early requests of a loop without a pause come to that.
#[test]
fn the_example_of_21_seconds_can_happen() {
    let model = apps();
    let mut server = Server::new(&model);
    for _ in 0..5 {
        server.ask(s(0), SHOP, "export");
    }
    let told: Vec<i64> = (0..21)
        .map(|_| server.ask(s(0), SHOP, "export"))
        .filter_map(|reply| reply.header("retry-after"))
        .collect();
    assert_eq!(told, (1..=21).collect::<Vec<i64>>());
}
