//! `AIclicks`' page, "Rate Limits": its rules.

use super::server::{Reply, Server, Who};
use super::world::{self, ms, s};
use tollgate::scenario::Model;

/// Two keys of a team, a negotiated one, and a dashboard session.
fn team() -> Model {
    world::callers(
        "aiclicks",
        "query",
        &[
            ("keys", 2, r#"team = "shared", token = "each", auth = { is = "key" }"#),
            ("custom", 1, r#"token = "each", auth = { is = "custom-key" }"#),
            ("session", 1, r#"user = "each", auth = { is = "jwt" }"#),
        ],
    )
}

const KEY: Who = ("keys", 0);
const THREE: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

/// The three headers of a response, in the order of the page's table.
fn state(reply: &Reply) -> [Option<i64>; 3] {
    THREE.map(|name| reply.header(name))
}

// "The AIclicks API rate-limits per API key on a fixed 60-second window."
#[test]
fn the_window_is_fixed_and_60_seconds_long() {
    let model = team();
    let mut server = Server::new(&model);
    server.get(s(5), KEY, "query");
    assert_eq!(server.admits(100, ms(64_999), KEY, "query"), 59);
    // Fixed, not sliding: a moment later the whole quota is there again.
    assert_eq!(server.admits(100, s(65), KEY, "query"), 60);
}

// "The default ceiling is 60 requests per minute per key." "Default | 60
// requests / minute / key"
#[test]
fn the_61st_request_of_a_key_in_a_minute_is_refused() {
    let model = team();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(60, s(0), KEY, "query"), 60);
    let refused = server.get(ms(59_999), KEY, "query");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.refused_by.as_deref(), Some("default"));
    assert!(server.get(s(60), KEY, "query").is_admitted());
}

// "Custom (enterprise) | Negotiated": a number of its own, all else alike.
#[test]
fn a_negotiated_key_has_another_ceiling() {
    let model = team();
    let mut server = Server::new(&model);
    let custom: Who = ("custom", 0);
    assert_eq!(server.admits(500, s(0), custom, "query"), 120);
    let refused = server.get(s(0), custom, "query");
    assert_eq!(refused.refused_by.as_deref(), Some("custom"));
    assert_eq!(state(&refused), [Some(120), Some(0), Some(server.epoch(s(60)))]);
    assert_eq!(refused.header("Retry-After"), Some(60));
}

// "JWT (dashboard session) callers are not rate-limited — only ak_ API keys are."
#[test]
fn jwt_callers_are_not_limited_and_told_nothing() {
    let model = team();
    let mut server = Server::new(&model);
    for n in 0..1_000 {
        let reply = server.get(ms(n), ("session", 0), "query");
        assert!(reply.is_admitted() && reply.headers.is_empty());
    }
}

// "Every response from an API-key caller includes three rate-limit headers".
#[test]
fn every_response_to_a_key_has_the_three_headers() {
    let model = team();
    let mut server = Server::new(&model);
    let told = |reply: Reply| {
        let names: Vec<String> = reply.headers.into_keys().collect();
        names
    };
    for status in [200, 404, 500] {
        assert_eq!(told(server.answered(s(0), KEY, "query", status)), THREE, "{status}");
    }
    assert_eq!(told(server.get(s(0), KEY, "validate")), THREE);
    server.admits(60, s(0), KEY, "query");
    let refused = server.get(s(0), KEY, "query");
    assert_eq!(refused.status, 429);
    assert_eq!(told(refused), ["Retry-After", THREE[0], THREE[1], THREE[2]]);
}

// "X-RateLimit-Limit | Max requests in the window." "X-RateLimit-Remaining |
// Requests left in the current window." "X-RateLimit-Reset | Unix epoch seconds
// when the window resets."
#[test]
fn the_headers_tell_the_window() {
    let model = team();
    let mut server = Server::new(&model);
    let reset = server.epoch(s(70));
    for left in (0..60).rev() {
        let reply = server.get(s(10), KEY, "query");
        assert_eq!(state(&reply), [Some(60), Some(left), Some(reset)]);
    }
    let next = server.get(s(80), KEY, "query");
    assert_eq!(state(&next), [Some(60), Some(59), Some(server.epoch(s(140)))]);
}

// "You can also poll GET /validate — its data.rate_limit field returns the same
// numbers in JSON": "limit_per_minute": 60, "remaining": 58, "reset_at":
// 1718531412. The window of the example began 60 s before, and that is no full
// minute: windows are not those of the clock.
#[test]
fn validate_returns_the_numbers_of_the_example() {
    let body = r#"
        start = "2024-06-16T09:49:12Z"
        horizon = "1min"
        service = { time = "30ms" }
        [[population]]
        name = "keys"
        identity = { token = "each", auth = { is = "key" } }
        once = { at = "0s" }
        asks = { validate = 1 }
    "#;
    let model = world::model("aiclicks", "naive", body);
    let mut server = Server::new(&model);
    server.get(s(0), KEY, "query");
    let reply = server.get(s(37), KEY, "validate");
    assert_eq!(state(&reply), [Some(60), Some(58), Some(1_718_531_412)]);
}

// "Exceeding the limit returns 429 Too Many Requests with a Retry-After header":
// "Retry-After: 23".
#[test]
fn a_429_has_a_retry_after() {
    let model = team();
    let mut server = Server::new(&model);
    for _ in 0..60 {
        assert_eq!(server.get(s(0), KEY, "query").header("Retry-After"), None);
    }
    let refused = server.get(s(37), KEY, "query");
    assert_eq!((refused.status, refused.header("Retry-After")), (429, Some(23)));
}

// "Retry-After is in seconds — wait at least that long before retrying."
#[test]
fn who_waits_at_least_that_long_is_admitted() {
    let model = team();
    for late in [1, 499, 500, 999] {
        let mut server = Server::new(&model);
        server.admits(60, s(0), KEY, "query");
        let at = ms(36_000 + late);
        let told = server.get(at, KEY, "query").header("Retry-After");
        let wait = s(u64::try_from(told.expect("it is told")).expect("it is a time"));
        assert!(wait <= s(24), "{wait}");
        assert!(server.get(at.plus(wait), KEY, "query").is_admitted());
    }
}

// "the bucket is keyed on the API key, not the team."
#[test]
fn keys_of_a_team_have_a_bucket_each() {
    let model = team();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(100, s(0), KEY, "query"), 60);
    assert_eq!(server.admits(100, s(0), ("keys", 1), "query"), 60);
}

// "Every HTTP call to /api/v1/* increments the counter": what is not under it
// does not.
#[test]
fn calls_outside_the_api_do_not_count() {
    let model = team();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(100, s(0), KEY, "dashboard"), 100);
    assert_eq!(state(&server.get(s(0), KEY, "query"))[1], Some(59));
}

// "including: [...] /validate calls."
#[test]
fn a_validate_call_counts_as_one() {
    let model = team();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(59, s(0), KEY, "validate"), 59);
    assert_eq!(state(&server.get(s(0), KEY, "query"))[1], Some(0));
    assert!(!server.get(s(0), KEY, "validate").is_admitted());
}

// "including: [...] 4xx error responses."
#[test]
fn a_4xx_counts() {
    let model = team();
    let mut server = Server::new(&model);
    for _ in 0..60 {
        assert_eq!(server.answered(s(0), KEY, "query", 404).status, 404);
    }
    assert_eq!(server.get(s(0), KEY, "query").status, 429);
}

// "5xx responses do not count — server errors are not held against the caller."
#[test]
fn a_5xx_gives_its_count_back() {
    let model = team();
    let mut server = Server::new(&model);
    for status in [500, 502, 503].into_iter().cycle().take(300) {
        assert_eq!(server.answered(s(0), KEY, "query", status).status, status);
    }
    assert_eq!(server.admits(100, s(1), KEY, "query"), 60);
    // In the window that it was counted in, and in no other.
    let slow = server.ask(s(61), KEY, "query");
    server.done(s(125), slow, 500);
    assert_eq!(server.admits(100, s(125), KEY, "query"), 60);
}
