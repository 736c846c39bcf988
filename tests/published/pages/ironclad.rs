//! Ironclad Clickwrap's page, "Rate Limits": its rules.

use super::server::{Server, Who};
use super::world::{self, minutes, ms, s};
use tollgate::scenario::Model;
use tollgate::time::Span;

/// API tokens and sites of a company, and callers without either.
fn company() -> Model {
    world::callers(
        "ironclad-clickwrap",
        "rest",
        &[
            ("tokens", 2, r#"token = "each", ip = { is = "office" }"#),
            ("sites", 2, r#"site = "each", ip = { is = "office" }"#),
            ("nobody", 2, r#"auth = { is = "none" }, ip = "each""#),
        ],
    )
}

const TOKEN: Who = ("tokens", 0);
const SITE: Who = ("sites", 0);
const NOBODY: Who = ("nobody", 0);

/// The page's table: who, at which service, how many, and in how long.
const TABLE: [(Who, &str, u64, Span); 4] = [
    (TOKEN, "rest", 2_000, minutes(1)),
    (NOBODY, "rest", 60, minutes(1)),
    (SITE, "activity", 10_000, minutes(5)),
    (NOBODY, "activity", 60, minutes(1)),
];

// "REST API | Authenticated requests | 2000 maximum per 1 minute", "Unauthenticated
// requests | 60 maximum per 1 minute"; "Activity API | Authenticated requests |
// 10000 maximum per 5 minute", "Unauthenticated requests | 60 maximum per 1 minute"
#[test]
fn the_table_is_the_models() {
    let model = company();
    for (who, endpoint, quota, window) in TABLE {
        let mut server = Server::new(&model);
        assert_eq!(server.admits(quota, s(0), who, endpoint), quota, "{who:?} {endpoint}");
        let refused = server.get(Span(window.0 - 1), who, endpoint);
        assert_eq!(refused.status, 429, "{who:?} {endpoint}");
        assert!(server.get(window, who, endpoint).is_admitted());
    }
}

// "Limited by Identifier": "API Token", "Site Access ID", "IP Address".
#[test]
fn each_identifier_has_its_own_quota() {
    let model = company();
    for (who, endpoint, quota, _) in TABLE {
        let mut server = Server::new(&model);
        server.admits(quota + 1, s(0), who, endpoint);
        assert!(!server.get(s(0), who, endpoint).is_admitted());
        let other = (who.0, 1);
        assert!(server.get(s(0), other, endpoint).is_admitted(), "{other:?}");
    }
}

// "There are two categories for each service": what one service takes is not
// missing at the other, and those without credentials take nothing from those with.
#[test]
fn services_and_categories_are_limited_apart() {
    let model = company();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(100, s(0), NOBODY, "rest"), 60);
    assert_eq!(server.admits(100, s(0), NOBODY, "activity"), 60);
    assert_eq!(server.admits(3_000, s(0), TOKEN, "rest"), 2_000);
    assert_eq!(server.admits(20_000, s(0), SITE, "activity"), 10_000);
}

// "Requests that can be associated with a site/account": two endpoints of the
// REST API share the token's quota.
#[test]
fn a_tokens_quota_is_that_of_the_whole_service() {
    let model = company();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(1_500, s(0), TOKEN, "rest"), 1_500);
    assert_eq!(server.admits(1_500, s(0), TOKEN, "page"), 500);
}

// "The most common scenario of Unauthenticated requests are requests that are
// missing a Site Access ID or API token." They are known by their address only.
#[test]
fn requests_without_credentials_are_limited_by_address() {
    let model = company();
    let mut server = Server::new(&model);
    server.admits(60, s(0), NOBODY, "rest");
    let refused = server.get(s(1), NOBODY, "page");
    assert_eq!(refused.refused_by.as_deref(), Some("rest unauthenticated"));
}

// "Requests will be provided a quota per identifier and future API calls that
// exceed are blocked during the defined timeframe."
#[test]
fn calls_that_exceed_are_blocked_during_the_timeframe() {
    let model = company();
    let mut server = Server::new(&model);
    server.admits(2_000, s(0), TOKEN, "rest");
    for second in 0..60 {
        assert_eq!(server.admits(10, s(second), TOKEN, "rest"), 0, "{second} s");
    }
}

// "The rate limit quota will be reset to the maximum after the specified time has
// passed."
#[test]
fn the_quota_is_reset_to_the_maximum() {
    let model = company();
    for (who, endpoint, quota, window) in TABLE {
        let mut server = Server::new(&model);
        server.admits(2 * quota, s(0), who, endpoint);
        assert_eq!(server.admits(2 * quota, window, who, endpoint), quota);
    }
}

// "The timer will start after the first request that reduces the quota below the
// specified maximum amount."
#[test]
fn the_timer_starts_with_the_first_request() {
    let model = company();
    let mut server = Server::new(&model);
    // Nothing runs while nobody asks, and the windows are not those of the clock.
    let first = ms(150_300);
    server.get(first, TOKEN, "rest");
    assert_eq!(server.admits(2_000, first.plus(ms(59_999)), TOKEN, "rest"), 1_999);
    assert_eq!(server.admits(1, first.plus(s(60)), TOKEN, "rest"), 1);
    // The next timer starts with the next request, not where the last one ended.
    let mut idle = Server::new(&model);
    idle.get(s(0), TOKEN, "rest");
    idle.admits(2_000, s(90), TOKEN, "rest");
    assert!(!idle.get(s(149), TOKEN, "rest").is_admitted());
    assert!(idle.get(s(150), TOKEN, "rest").is_admitted());
}

// "Site owners and admins are emailed if a limit is reached." Once a window.
#[test]
fn owners_are_mailed_once_when_a_limit_is_reached() {
    let names = ["rest", "rest unauthenticated", "activity", "activity unauthenticated"];
    let model = company();
    for ((who, endpoint, quota, window), limit) in TABLE.into_iter().zip(names) {
        let mut server = Server::new(&model);
        server.admits(quota, s(0), who, endpoint);
        assert_eq!(server.counts(limit).notices, 0, "{limit}");
        server.admits(100, s(1), who, endpoint);
        assert_eq!(server.counts(limit).notices, 1, "{limit}");
        server.admits(quota + 100, window, who, endpoint);
        assert_eq!(server.counts(limit).notices, 2, "{limit}");
    }
}

// "When a rate limit is exceeded, a 429 error will be thrown, the request will
// not be processed": it takes nothing from the quota.
#[test]
fn a_refused_request_takes_nothing_from_the_quota() {
    let model = company();
    let mut server = Server::new(&model);
    server.admits(9_000, s(0), TOKEN, "rest");
    assert_eq!(server.counts("rest").charged, 2_000);
    assert_eq!(server.counts("rest").rejected, 7_000);
}

// "The response header will also contain a Retry-After response header that will
// specify the number of seconds until the rate limit quota is reset and can be
// retried."
#[test]
fn retry_after_is_the_seconds_until_the_reset() {
    let model = company();
    for (who, endpoint, quota, window) in TABLE {
        let mut server = Server::new(&model);
        for _ in 0..quota {
            assert_eq!(server.get(s(0), who, endpoint).header("Retry-After"), None);
        }
        let refused = server.get(s(10), who, endpoint);
        let told = refused.header("Retry-After").expect("it is told");
        let wait = s(u64::try_from(told).expect("it is a time"));
        assert_eq!(s(10).plus(wait), window);
        assert!(server.get(s(10).plus(wait), who, endpoint).is_admitted());
    }
}

// "X-Ratelimit-Limit: indicates the total quota that is allowed in the current
// time window." "X-Ratelimit-Remaining: indicates the remaining quota available
// for the current time window." Spelled as on the page.
#[test]
fn the_headers_tell_the_quota_and_what_remains_of_it() {
    let model = company();
    for (who, endpoint, quota, _) in TABLE {
        let mut server = Server::new(&model);
        let quota = i64::try_from(quota).expect("quotas are small");
        for left in (0..quota).rev() {
            let reply = server.get(s(0), who, endpoint);
            assert_eq!(reply.header("X-Ratelimit-Limit"), Some(quota));
            assert_eq!(reply.header("X-Ratelimit-Remaining"), Some(left));
        }
        let refused = server.get(s(0), who, endpoint);
        assert_eq!(refused.header("X-Ratelimit-Remaining"), Some(0));
    }
}

// "X-RateLimit-Reset: indicates the exact epoch time that the current window of
// quota will reset."
#[test]
fn the_reset_is_an_exact_epoch() {
    let model = company();
    for (who, endpoint, _, window) in TABLE {
        let mut server = Server::new(&model);
        let reset = server.epoch(s(7).plus(window));
        for later in [7, 8, 42] {
            let reply = server.get(s(later), who, endpoint);
            assert_eq!(reply.header("X-RateLimit-Reset"), Some(reset), "at {later} s");
        }
    }
}

// "(If rate limit changes in the future, this will also update)"
#[test]
fn a_changed_limit_shows_in_the_headers() {
    let model = company();
    let mut server = Server::new(&model);
    server.admits(100, s(0), TOKEN, "rest");
    server.resize(s(1), "rest", 1_500);
    let reply = server.get(s(1), TOKEN, "rest");
    assert_eq!(reply.header("X-Ratelimit-Limit"), Some(1_500));
    assert_eq!(reply.header("X-Ratelimit-Remaining"), Some(1_399));
    assert_eq!(server.admits(2_000, s(1), TOKEN, "rest"), 1_399);
}
