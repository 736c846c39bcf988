//! Keymint's page on rate limiting: its rules. It publishes no number, so these
//! are ours; the kinds of limits and how they work together are the page's.

use super::server::{Server, Who};
use super::world::{self, s};
use tollgate::scenario::Model;

/// A product's office and its users at home, and another product that is used
/// in the same office and in homes of its own.
fn products() -> Model {
    world::callers(
        "keymint",
        "validate",
        &[
            ("office", 1, r#"token = { is = "product" }, ip = { is = "office" }"#),
            ("tenant", 1, r#"token = { is = "other" }, ip = { is = "office" }"#),
            ("homes", 700, r#"token = { is = "product" }, ip = "each""#),
            ("strangers", 20, r#"token = { is = "other" }, ip = "each""#),
        ],
    )
}

const OFFICE: Who = ("office", 0);
const ALL: [&str; 4] = ["entitlements", "batch", "validate", "activate"];

/// How many requests are admitted, one from each home.
fn from_homes(server: &mut Server<'_>, homes: std::ops::Range<u32>, endpoint: &str) -> usize {
    let admitted = homes.filter(|home| server.get(s(0), ("homes", *home), endpoint).is_admitted());
    admitted.count()
}

// "Limits are applied per source IP address to prevent abuse from specific
// locations."
#[test]
fn an_address_is_limited_whatever_it_asks_and_with_any_token() {
    let model = products();
    let mut server = Server::new(&model);
    for n in 0..60 {
        let endpoint = ALL[n % 3];
        let who = if n % 2 == 0 { OFFICE } else { ("tenant", 0) };
        assert!(server.get(s(0), who, endpoint).is_admitted(), "request {n}");
    }
    for endpoint in ALL {
        let refused = server.get(s(59), OFFICE, endpoint);
        assert_eq!((refused.status, refused.refused_by.as_deref()), (429, Some("ip")));
    }
    assert!(server.get(s(60), OFFICE, "validate").is_admitted());
}

// "This helps prevent abuse from specific sources while allowing legitimate
// distributed usage."
#[test]
fn distributed_usage_is_allowed() {
    let model = products();
    let mut server = Server::new(&model);
    assert_eq!(from_homes(&mut server, 0..500, "entitlements"), 500);
    assert_eq!(server.admits(500, s(60), OFFICE, "entitlements"), 60);
}

// "Each API access token has its own rate limit allocation for fair resource
// distribution." "[...] ensuring fair usage across different applications and
// users."
#[test]
fn each_token_has_its_own_allocation() {
    let model = products();
    let mut server = Server::new(&model);
    assert_eq!(from_homes(&mut server, 0..700, "entitlements"), 600);
    let refused = server.get(s(0), ("homes", 699), "entitlements");
    assert_eq!((refused.status, refused.refused_by.as_deref()), (429, Some("token")));
    assert!(server.get(s(0), ("strangers", 0), "entitlements").is_admitted());
}

// "Endpoint-Specific Limits: Critical endpoints like license validation have
// additional protective limits." "License Key validation and activation".
#[test]
fn critical_endpoints_have_stricter_limits() {
    let model = products();
    for (endpoint, quota) in [("validate", 270), ("activate", 15)] {
        let mut server = Server::new(&model);
        assert_eq!(from_homes(&mut server, 0..400, endpoint), quota);
        let refused = server.get(s(0), ("homes", 500), endpoint);
        assert_eq!((refused.status, refused.refused_by.as_deref()), (429, Some(endpoint)));
        assert!(server.get(s(0), ("homes", 500), "entitlements").is_admitted());
    }
}

// "additional protective limits": on top of the others, not in their place.
#[test]
fn a_validation_counts_for_address_and_token_too() {
    let model = products();
    let mut server = Server::new(&model);
    assert_eq!(server.admits(10, s(0), OFFICE, "validate"), 10);
    assert_eq!(server.admits(10, s(0), OFFICE, "activate"), 10);
    assert_eq!(server.admits(100, s(0), OFFICE, "entitlements"), 40);
    assert_eq!(from_homes(&mut server, 0..260, "validate"), 260);
    assert_eq!(from_homes(&mut server, 0..700, "entitlements"), 600 - 60 - 260);
}

// "Rate limits are calculated based on: Source IP Address, API Access Token,
// Specific Resources": all at once, and what one refuses takes nothing from the
// others.
#[test]
fn all_limits_hold_at_once() {
    let model = products();
    let mut server = Server::new(&model);
    server.admits(1_000, s(0), OFFICE, "validate");
    assert_eq!(server.counts("ip").charged, 60);
    assert_eq!(server.counts("token").charged, 60);
    assert_eq!(server.counts("validate").charged, 60);
    assert_eq!(from_homes(&mut server, 0..400, "validate"), 210);
}

// "Rate limiting helps ensure fair usage and protects against abuse": who hammers
// from one address does not use up what others need.
#[test]
fn abuse_from_one_address_leaves_the_others_alone() {
    let model = products();
    let mut server = Server::new(&model);
    server.admits(10_000, s(0), OFFICE, "entitlements");
    assert_eq!(from_homes(&mut server, 0..540, "entitlements"), 540);
}

// "When you exceed the rate limit, the API responds with:" the section is called
// "Handling 429 Too Many Requests". No header of it is on the page.
#[test]
fn every_limit_answers_429() {
    let model = products();
    for (endpoint, limit) in
        [("validate", "validate"), ("activate", "activate"), ("batch", "token")]
    {
        let mut server = Server::new(&model);
        from_homes(&mut server, 0..650, endpoint);
        let refused = server.get(s(0), ("homes", 660), endpoint);
        assert_eq!((refused.status, refused.refused_by.as_deref()), (429, Some(limit)));
        assert!(refused.headers.is_empty());
    }
}
