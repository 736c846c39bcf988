//! Ironclad Clickwrap's page: what it advises, and the story of the scenario.

use super::story;
use super::tale::{self, Tale};
use super::world::{self, ms, s};
use tollgate::scenario::Changed;
use tollgate::time::Span;

/// An import of 2,100 records at once, of which 100 are too many.
fn import(client: &str) -> Tale {
    let body = r#"
        horizon = "5min"
        service = { time = "1s", reject-time = "5ms" }
        [[population]]
        name = "import"
        identity = { token = "each", ip = "each", site = "each", auth = { is = "yes" } }
        burst = { calls = 2100 }
        asks = { rest = 1 }
    "#;
    tale::tell(&world::model("ironclad-clickwrap", client, body))
}

/// A site that shows the same page to a visitor every second.
fn page_loads(client: &str) -> Tale {
    let body = r#"
        horizon = "10min"
        service = { time = "100ms" }
        [[population]]
        name = "visitors"
        identity = { token = "each", ip = "each", site = "each", auth = { is = "yes" } }
        poll = { every = "1s" }
        asks = { page = 1 }
        content = { count = 1 }
        [[population]]
        name = "signers"
        identity = { token = "each", ip = "each", site = "each", auth = { is = "yes" } }
        poll = { every = "1s" }
        asks = { rest = 1 }
        content = { count = 1 }
    "#;
    tale::tell(&world::model("ironclad-clickwrap", client, body))
}

// "When a rate limit is exceeded, a 429 error will be thrown, the request will
// not be processed".
#[test]
fn a_refused_request_is_not_processed() {
    let tale = import("ironclad-advice");
    let refused: Vec<&tale::Attempt> = tale.refused().collect();
    assert_eq!(refused.len(), 100);
    for attempt in refused {
        assert_eq!((attempt.status, attempt.took()), (429, ms(45)), "no second of work");
    }
}

// "you will need to resend the request again once the rate limit quota has been
// reset": not before, and then it is served.
#[test]
fn the_advice_resends_once_the_quota_is_reset() {
    let tale = import("ironclad-advice");
    let resent: Vec<&tale::Attempt> = tale.sent.iter().filter(|a| a.number > 1).collect();
    assert_eq!(resent.len(), 100);
    for attempt in resent {
        assert!(attempt.sent >= s(60), "{attempt:?}");
        assert_eq!(attempt.status, 200);
    }
    assert_eq!(tale.served(), 2_100);
}

// "Checking and handling the a 429 response is the basic way to gracefully handle
// a rate limit occurrence." "[Retry-After] will specify the number of seconds".
#[test]
fn the_advice_waits_as_long_as_retry_after_says() {
    let waits = import("ironclad-advice").waits();
    assert_eq!(waits.len(), 100);
    assert!(waits.iter().all(|wait| *wait == s(60)), "{waits:?}");
}

// "Using the response header information that we provide, to actively adjust and
// avoid being rate limited."
#[test]
fn the_advice_adjusts_by_the_headers() {
    let body = r#"
        horizon = "5min"
        service = { time = "100ms" }
        [[population]]
        name = "import"
        identity = { token = "each", ip = "each", site = "each", auth = { is = "yes" } }
        backlog = { calls = 5000 }
        asks = { rest = 1 }
        workers = 16
    "#;
    let run = |client: &str| tale::tell(&world::model("ironclad-clickwrap", client, body));
    let advice = run("ironclad-advice");
    assert_eq!((advice.refused().count(), advice.served()), (0, 5_000));
    assert!(run("exponential-jitter").refused().count() > 100);
}

// "If your site or app uses data from Ironclad on each page load, that data should
// be cached and loaded from that cache instead of being requested from the
// Ironclad APIs each time."
#[test]
fn data_of_page_loads_is_cached() {
    let blind = page_loads("naive");
    assert_eq!((blind.asked("page"), blind.asked("rest")), (600, 600));
    let cached = page_loads("ironclad-advice");
    assert_eq!(cached.asked("rest"), 600, "what a signer does is never cached");
    let asked = cached.asked("page");
    assert!((9..=11).contains(&asked), "{asked} in ten minutes");
    assert_eq!(cached.ended.len(), 1_200);
}

// "(If rate limit changes in the future, this will also update)": during a run too,
// and who paces by the headers keeps within the new quota without a refusal.
#[test]
fn the_advice_keeps_within_a_quota_that_is_lowered() {
    let body = r#"
        horizon = "10min"
        service = { time = "100ms" }
        [[population]]
        name = "import"
        identity = { token = "each", ip = "each", site = "each", auth = { is = "yes" } }
        backlog = { calls = 5000 }
        asks = { rest = 1 }
        workers = 16
        [[change]]
        at = "90s"
        limit = "rest"
        quota = 500
    "#;
    let tale = tale::tell(&world::model("ironclad-clickwrap", "ironclad-advice", body));
    assert_eq!(tale.served(), 5_000);
    let third = tale.sent.iter().filter(|a| (s(130)..s(180)).contains(&a.sent));
    let third = third.count();
    assert!((300..=500).contains(&third), "{third} in most of a window");
    assert!(tale.refused().count() < 20, "{}", tale.refused().count());
}

// Each of the four limits binds those who retry blindly. Live users, who wait for
// half a minute, lose to the backfill unless both pace by the headers. A limit
// that is lowered on the way shows in the headers, and so nobody is hurt.
#[test]
fn the_scenario_tells_its_story() {
    let story = story::of("ironclad-clickwrap");
    assert_eq!(story.too_long(), []);
    let blind = ["naive", "fixed-interval", "exponential-jitter"];
    let limits = ["rest", "rest unauthenticated", "activity", "activity unauthenticated"];
    for limit in limits {
        assert_eq!(story.unbound(limit, &blind), [""; 0], "{limit} binds");
    }
    assert_eq!(story.finished(), ["ironclad-advice", "header-aware"]);
    assert_eq!(story.unfinished(), ["exponential-jitter", "fixed-interval", "naive"]);
    for client in blind {
        let (live, backfill) =
            (story.served(client, "live", None), story.served(client, "backfill", None));
        assert!(live < backfill && live < 0.95, "{client}: {live} and {backfill}");
    }
    assert!(story.refused("ironclad-advice", "rest") < 100);
    let start = world::built_in("ironclad-clickwrap").variants[0].model.start;
    let changes = &world::built_in("ironclad-clickwrap").variants[0].model.changes;
    assert_eq!(changes[0].at.since(start), Span::seconds(480));
    assert!(matches!(changes[0].to, Changed::Quota(1_500)));
}
