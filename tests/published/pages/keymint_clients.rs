//! Keymint's page: how to handle a 429, its best practices, and the story of the
//! scenario.

use super::story;
use super::tale::{self, Tale};
use super::world::{self, s};
use tollgate::engine::End;
use tollgate::time::Span;

/// Seats that start one a second, each as in the scenario.
fn seats(client: &str) -> Tale {
    let body = r#"
        horizon = "20min"
        service = { time = "60ms" }
        [[population]]
        name = "seats"
        count = 10
        identity = { token = "shared", ip = "each" }
        poll = { every = "10s", staggered = true }
        [[population.step]]
        asks = { validate = 1 }
        [[population.step]]
        asks = { entitlements = 1 }
        after = "200ms"
    "#;
    tale::tell(&world::model("keymint", client, body))
}

/// A call that is refused for a day, after one that was not.
fn refused_time_and_again(client: &str) -> Tale {
    let body = r#"
        horizon = "1min"
        drain = "2h"
        service = { time = "60ms" }
        [[population]]
        name = "seat"
        identity = { token = "shared", ip = "shared" }
        burst = { calls = 2 }
        asks = { activate = 1 }
    "#;
    let settings = [
        ("api.limit.activate.fixed-window.quota", "1"),
        ("api.limit.activate.fixed-window.window", "1d"),
    ];
    tale::tell(&world::plan("keymint", client, body, &settings).variants[0].model)
}

/// How many attempts of a sync of entitlements are refused.
fn sync(client: &str, settings: &[(&str, &str)]) -> usize {
    let body = r#"
        horizon = "20min"
        service = { time = "60ms" }
        [[population]]
        name = "sync"
        identity = { token = "shared", ip = "shared" }
        backlog = { calls = 400 }
        asks = { entitlements = 1 }
        in-flight = 4
    "#;
    let tale = tale::tell(&world::plan("keymint", client, body, settings).variants[0].model);
    tale.refused().count()
}

// "Do Not Retry Immediately: Avoid sending repeated requests immediately after
// receiving a 429."
#[test]
fn nobody_retries_immediately() {
    for client in ["keymint-sample", "keymint-advice"] {
        let waits = refused_time_and_again(client).waits();
        assert!(waits.iter().all(|wait| *wait >= s(1)), "{client}: {waits:?}");
    }
    let naive = refused_time_and_again("naive").waits();
    assert!(naive.iter().all(|wait| *wait == Span::ZERO));
}

// "Wait for a short period (e.g., 1 second) before retrying." "If the request
// fails again, double the wait time (e.g., 2 seconds, then 4 seconds, etc.)."
// "Continue this pattern up to a reasonable maximum delay." "(e.g., 1s, 2s, 4s, 8s)"
#[test]
fn waits_double_from_one_second_up_to_a_maximum() {
    let pattern = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(s);
    for client in ["keymint-sample", "keymint-advice"] {
        assert_eq!(refused_time_and_again(client).waits(), pattern, "{client}");
    }
}

// "Reduce API calls by caching responses when appropriate, especially for license
// validation results."
#[test]
fn validations_are_cached() {
    let tale = seats("keymint-advice");
    let validations = tale.ended.iter().filter(|call| call.endpoint == "validate").count();
    assert_eq!(validations, 1_200);
    let cached = tale.ends(End::ByCache);
    assert!((540..=660).contains(&cached), "half of 1,200 is not {cached}");
    let others = tale.ended.iter().filter(|call| call.end == End::ByCache);
    assert!(others.into_iter().all(|call| call.endpoint == "validate"));
}

// "Where available, use batch endpoints to reduce the total number of API calls
// required."
#[test]
fn a_validation_and_its_entitlements_go_together() {
    let tale = seats("keymint-advice");
    let batches = tale.asked("batch");
    // Where neither the cache nor a webhook had one of the two: 0.5 * 0.75.
    assert!((390..=510).contains(&batches), "{batches} of 1,200");
    assert_eq!(tale.ends(End::ByBatch), batches, "each carries one call more");
    assert_eq!(seats("keymint-sample").sent.len(), 2_400);
    assert!(tale.sent.len() < 1_200, "{}", tale.sent.len());
}

// "Avoid polling endpoints unnecessarily. Implement webhook handlers where
// possible to receive real-time updates instead of frequent polling."
#[test]
fn webhooks_stand_in_for_polls() {
    let tale = seats("keymint-advice");
    let avoided = tale.ends(End::Avoided);
    assert!((250..=350).contains(&avoided), "a quarter of 1,200 is not {avoided}");
    let polls = tale.ended.iter().filter(|call| call.end == End::Avoided);
    assert!(polls.into_iter().all(|call| call.endpoint == "entitlements"));
}

// "Monitor Rate Limit Headers: Check for rate limit headers in responses to
// proactively adjust your request frequency." The page does not say that there
// are any, so it is an assumption that there are none, and the usual four are
// its alternative.
#[test]
fn the_advice_adjusts_where_there_are_headers() {
    let plan = world::built_in("keymint");
    let headers = plan.assumptions.iter().find(|a| a.field == "headers");
    let headers = headers.expect("it is assumed that there are none");
    let with = [(headers.path.as_str(), headers.alternatives[0].as_str())];
    assert!(sync("keymint-advice", &[]) > 20);
    assert!(sync("keymint-advice", &with) <= 5);
    assert_eq!(sync("keymint-sample", &[]), sync("keymint-sample", &with), "it looks at none");
}

// "Review Your Request Patterns: Persistent 429 errors may indicate overly
// frequent calls. Optimize your integration to reduce unnecessary requests."
// All four limits bind those who do not, the page's waits alone help little, and
// its best practices leave only the activations to wait for.
#[test]
fn the_scenario_tells_its_story() {
    let story = story::of("keymint");
    assert_eq!(story.too_long(), []);
    let others =
        ["naive", "fixed-interval", "exponential-jitter", "header-aware", "keymint-sample"];
    for limit in ["ip", "token", "validate", "activate"] {
        assert_eq!(story.unbound(limit, &others), [""; 0], "{limit} binds");
    }
    let order = story.unfinished();
    assert_eq!((story.finished().len(), order[0]), (0, "keymint-advice"));
    assert_eq!(order[order.len() - 2..], ["fixed-interval", "naive"]);
    let served = |client| story.mean(client, "served-share");
    assert!(served("keymint-advice") > served("exponential-jitter") + 0.03);
    assert!(served("keymint-sample") > served("naive") + 0.03);
    for limit in ["ip", "token", "validate"] {
        assert!(story.refused("keymint-advice", limit) < 30, "{limit} is out of the way");
    }
    let attempts = |client| story.mean(client, "attempts");
    assert!(attempts("keymint-advice") < attempts("keymint-sample") / 2.0);
    let twins = [story.mean("header-aware", "429s"), story.mean("exponential-jitter", "429s")];
    assert!((twins[0] - twins[1]).abs() < 0.5, "no headers: {twins:?}");
    // The office behind one address suffers the most from it.
    let validate = |who| story.served("keymint-sample", who, Some("validate"));
    assert!(validate("headquarters") < validate("homes") - 0.1);
}
