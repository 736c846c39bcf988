//! `ClickTerm`'s page, "Rate limits": its rules.

use super::server::{Server, Who};
use super::world::{self, ms, s};
use tollgate::scenario::Model;

/// One app on twelve servers, and another app on the first of them.
fn apps() -> Model {
    world::callers(
        "clickterm",
        "verify",
        &[
            ("shop", 1, r#"app = { is = "shop" }, ip = { is = "one" }"#),
            ("forum", 1, r#"app = { is = "forum" }, ip = { is = "one" }"#),
            ("branches", 11, r#"app = { is = "shop" }, ip = "each""#),
        ],
    )
}

const SHOP: Who = ("shop", 0);
const HOUR: u64 = 3_600;

// "`POST /clickwrap/verify` | 1,000 requests per hour"
#[test]
fn the_1001st_verify_in_an_hour_is_refused() {
    let model = apps();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(1_000, s(0), SHOP, "verify"), 1_000);
    let refused = server.get(s(HOUR - 1), SHOP, "verify");
    assert_eq!((refused.status, refused.refused_by.as_deref()), (429, Some("verify")));
    assert_eq!(server.admits(2_000, s(HOUR), SHOP, "verify"), 1_000);
}

// "`GET` endpoints (clickwrap, customizations) | 1,000 requests per hour"
#[test]
fn the_1001st_get_of_the_class_in_an_hour_is_refused() {
    let model = apps();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(600, s(0), SHOP, "status"), 600);
    assert_eq!(server.admits(600, s(0), SHOP, "customizations"), 400);
    let refused = server.get(s(HOUR - 1), SHOP, "status");
    assert_eq!((refused.status, refused.refused_by.as_deref()), (429, Some("get")));
    assert_eq!(server.admits(2_000, s(HOUR), SHOP, "customizations"), 1_000);
    // "Endpoint type": the two have nothing to do with each other.
    assert!(server.get(s(HOUR), SHOP, "verify").is_admitted());
}

// "(per app + IP)"
#[test]
fn the_key_is_the_app_and_the_address_together() {
    let model = apps();
    for endpoint in ["verify", "status"] {
        let mut server = Server::new(&model);
        server.admits(1_000, s(0), SHOP, endpoint);
        assert!(!server.get(s(0), SHOP, endpoint).is_admitted());
        assert!(server.get(s(0), ("forum", 0), endpoint).is_admitted(), "same address");
        assert!(server.get(s(0), ("branches", 0), endpoint).is_admitted(), "same app");
    }
}

// "Also subject to your plan's event quota.": the app's, wherever it runs. A spent
// quota is no 429, because no wait helps.
#[test]
fn verify_is_also_subject_to_the_plans_quota() {
    let model = apps();
    let mut server = Server::new(&model);
    for branch in 0..10 {
        assert_eq!(server.admits(1_000, s(0), ("branches", branch), "verify"), 1_000);
    }
    let refused = server.get(s(0), ("branches", 10), "verify");
    assert_eq!((refused.status, refused.refused_by.as_deref()), (402, Some("plan quota")));
    assert!(!server.get(s(5 * HOUR), ("branches", 10), "verify").is_admitted());
    assert!(server.get(s(0), ("forum", 0), "verify").is_admitted());
    assert!(server.get(s(0), SHOP, "status").is_admitted(), "events only");
}

// "`GET` endpoints (events, certificates) | No explicit rate limit", "SDK requests
// (`ClicktermDialog.show()`) | No explicit rate limit"
#[test]
fn events_certificates_and_the_sdk_have_no_limit() {
    let model = apps();
    let mut server = Server::new(&model);
    for endpoint in ["events", "certificates", "sdk"] {
        assert_eq!(server.admits(20_000, s(0), SHOP, endpoint), 20_000);
    }
}

// "Only `POST /clickwrap/verify` calls count toward your billing. All other
// requests are free."
#[test]
fn only_verify_counts_toward_billing() {
    let model = apps();
    let mut server = Server::new(&model);
    for endpoint in ["status", "customizations", "events", "certificates", "sdk"] {
        server.admits(100, s(0), SHOP, endpoint);
    }
    assert_eq!(server.counts("billed").charged, 0, "free");
    server.admits(100, s(0), SHOP, "verify");
    assert_eq!(server.counts("billed").charged, 100);
    // The bill refuses nobody; what the hourly limit refuses is not billed.
    server.admits(9_000, ms(1), SHOP, "verify");
    assert_eq!(server.counts("billed").charged, 1_000);
    assert_eq!(server.counts("billed").rejected, 0);
}

// "If you exceed the rate limit, the API returns: HTTP 429 Too Many Requests", and
// in the page's example nothing else.
#[test]
fn a_429_and_every_other_response_are_without_headers() {
    let model = apps();
    for endpoint in ["verify", "status"] {
        let mut server = Server::new(&model);
        for _ in 0..1_000 {
            assert!(server.get(s(0), SHOP, endpoint).headers.is_empty());
        }
        let refused = server.get(s(0), SHOP, endpoint);
        assert_eq!(refused.status, 429);
        assert!(refused.headers.is_empty());
    }
}
