//! Clover's page: what it advises, its sample, and the story of the scenario.

use super::tale::{self, Tale};
use super::world::{self, s};
use super::{server::Server, story};
use tollgate::client::Cause;
use tollgate::engine::End;
use tollgate::time::Span;

/// A call in a world where a token gets one request a day: it is refused for
/// ever, by a rate, so nothing is told about when to come back.
fn refused_for_ever(client: &str) -> Tale {
    let body = r#"
        horizon = "30min"
        service = { time = "100ms" }
        [[population]]
        name = "loop"
        identity = { app = "shared", token = "shared" }
        burst = { calls = 2 }
        asks = { read = 1 }
    "#;
    let settings = [
        ("api.limit.token-rate.fixed-window.quota", "1"),
        ("api.limit.token-rate.fixed-window.window", "1d"),
    ];
    tale::tell(&world::plan("clover", client, body, &settings).variants[0].model)
}

/// Merchants that poll every minute all together, for ten minutes.
fn polls(client: &str, levers: &str) -> Tale {
    let body = format!(
        r#"
        horizon = "10min"
        service = {{ time = "100ms" }}
        [[population]]
        name = "merchants"
        count = 400
        identity = {{ app = "shared", token = "each" }}
        poll = {{ every = "60s" }}
        asks = {{ read = 1 }}
        {levers}
    "#
    );
    tale::tell(&world::model("clover", client, &body))
}

/// The most attempts that left within a second of the run.
fn most_in_a_second(tale: &Tale) -> usize {
    let mut seconds = vec![0; 1200];
    for attempt in &tale.sent {
        seconds[usize::try_from(attempt.sent.0 / s(1).0).expect("a run is short")] += 1;
    }
    seconds.into_iter().max().expect("there are seconds")
}

// "Use Webhooks to avoid constant polling for updates." "Cache your data [...]"
// "Query with the `modifiedTime` filters to avoid re-polling unmodified data."
// Each leaves out a part of the polls: 0.8 * 0.7 * 0.9 of them are still made.
#[test]
fn webhooks_caches_and_modified_time_leave_work_out() {
    let all = polls("clover-advice", "");
    assert_eq!((all.sent.len(), all.ends(End::ByAttempt)), (4_000, 4_000));
    let less = polls("clover-less-work", "");
    let made = less.sent.len() as f64 / 4_000.0;
    assert!((made - 0.8 * 0.7 * 0.9).abs() < 0.03, "{made}");
    let avoided = less.ends(End::Avoided) as f64 / 4_000.0;
    assert!((avoided - (1.0 - 0.8 * 0.7)).abs() < 0.03, "{avoided}");
    assert!(less.ends(End::ByCache) > 0);
    assert_eq!(less.ended.len(), 4_000, "and nobody misses anything");
}

// "Stagger requests to multiple merchants to avoid bursts of high traffic volume."
#[test]
fn staggered_merchants_make_no_bursts() {
    let together = polls("exponential-jitter", "");
    assert!(most_in_a_second(&together) >= 400);
    assert!(together.refused().count() > 0);
    let staggered = polls("clover-advice", "");
    assert!(most_in_a_second(&staggered) <= 50);
    assert_eq!(staggered.refused().count(), 0);
    // The lever alone, without the pacer.
    let lever = polls("exponential-jitter", r#"levers = { stagger = { by = "10s" } }"#);
    assert_eq!((most_in_a_second(&lever), lever.refused().count()), (40, 0));
}

// "Backfill data only during non-peak business hours."
#[test]
fn backfill_waits_for_the_night() {
    let backfill = |levers: &str| {
        let body = format!(
            r#"
            horizon = "12h"
            service = {{ time = "100ms" }}
            [[population]]
            name = "backfill"
            identity = {{ app = "shared", token = "shared" }}
            backlog = {{ calls = 100 }}
            asks = {{ export = 1 }}
            {levers}
        "#
        );
        tale::tell(&world::model("clover", "clover-advice", &body)).sent[0].sent
    };
    assert_eq!(backfill(""), Span::ZERO);
    assert_eq!(backfill(r#"levers = { off-peak = { by = "8h" } }"#), s(8 * 3_600));
    // The scenario's sync runs at midnight in California.
    let start = world::built_in("clover").variants[0].model.start;
    assert_eq!(start.to_string(), "2026-01-05T08:00:00Z");
}

// "Also, use our Export API to backfill orders or payments data older than two
// months old": one of the CPU-intensive endpoints.
#[test]
fn the_export_api_is_there_and_limited_at_once() {
    let model = world::callers("clover", "read", &[("app", 1, "app = 'shared', token = 'shared'")]);
    let mut server = Server::new(&model);
    let refused = (0..6).map(|_| server.ask(s(0), ("app", 0), "export")).last();
    assert_eq!(refused.and_then(|r| r.header("X-RateLimit-tokenConcurrentLimit")), Some(5));
}

// "The value of this header is the number of seconds your app must wait before
// making another request." The advice obeys it, to the second.
#[test]
fn the_advice_waits_as_long_as_retry_after_says() {
    let advised = refusals_told_21s("clover-advice");
    assert!(advised.iter().all(|wait| *wait == s(21)), "{advised:?}");
    // "time.sleep((2 ** attempts) + random.random())": the sample does not.
    let sampled = refusals_told_21s("clover-sample");
    assert!(sampled[0] < s(2), "{sampled:?}");
}

/// The waits of a client that is told to come back in 21 seconds. It shares its
/// token with a program that holds all five places, so that no pacer helps.
fn refusals_told_21s(client: &str) -> Vec<Span> {
    let body = r#"
        horizon = "10min"
        service = { time = "60s" }
        [[population]]
        name = "hog"
        client = "naive"
        identity = { app = "shared", token = "shared" }
        burst = { calls = 5 }
        asks = { export = 1 }
        [[population]]
        name = "late"
        identity = { app = "shared", token = "shared" }
        once = { at = "1s" }
        asks = { export = 1 }
    "#;
    let settings = [
        ("api.limit.token-concurrency.penalty.first", "21s"),
        ("api.limit.token-concurrency.penalty.step", "0s"),
    ];
    let waits =
        tale::tell(&world::plan("clover", client, body, &settings).variants[0].model).waits();
    assert!(!waits.is_empty(), "the sixth is refused");
    waits
}

// "In response to a 429 message, your app must pause for one second before making
// another API request." All of it, not only the call that was refused.
#[test]
fn the_whole_app_pauses_for_one_second() {
    let body = r#"
        horizon = "5min"
        service = { time = "100ms" }
        [[population]]
        name = "rivals in the app"
        client = "naive"
        count = 50
        identity = { app = "shared", token = "each" }
        poll = { every = "2s" }
        asks = { read = 1 }
        [[population]]
        name = "ours"
        count = 20
        identity = { app = "shared", token = "each" }
        backlog = { calls = 20 }
        asks = { read = 1 }
        workers = 8
    "#;
    let tale = tale::tell(&world::model("clover", "clover-advice", body));
    let ours: Vec<_> = tale.sent.iter().filter(|a| a.population == "ours").collect();
    let refused: Vec<_> = ours.iter().filter(|a| a.refused_by.is_some()).collect();
    assert!(refused.len() >= 10, "only {} refusals", refused.len());
    for refusal in refused {
        let silence = refusal.heard..refusal.heard.plus(s(1));
        let broken = ours.iter().find(|a| a.sent > silence.start && a.sent < silence.end);
        assert!(broken.is_none(), "{broken:?} within a second of {refusal:?}");
    }
}

// "If you continue to receive 429 messages, your app must exponentially increase
// the time between API requests until you receive a successful response."
#[test]
fn the_advice_increases_its_waits_exponentially() {
    assert_doubling(&refused_for_ever("clover-advice").waits());
}

// "max_attempts = 10"; "time.sleep((2 ** attempts) + random.random())"
#[test]
fn the_sample_waits_2_to_the_k_and_up_to_a_second_for_ten_attempts() {
    let tale = refused_for_ever("clover-sample");
    let waits = tale.waits();
    assert_doubling(&waits);
    let fractions: Vec<u64> = waits.iter().map(|wait| wait.0 % s(1).0).collect();
    assert!(fractions.windows(2).all(|two| two[0] != two[1]), "random()");
    assert_eq!(tale.refused().count(), 10);
    assert_eq!(tale.ends(End::GivenUp(Cause::Attempts)), 1);
}

/// Ten attempts have nine waits between them: 1, 2, 4, ... 256 s and up to 1 s.
fn assert_doubling(waits: &[Span]) {
    assert_eq!(waits.len(), 9);
    for (k, wait) in waits.iter().enumerate() {
        let least = s(1 << k);
        assert!(*wait >= least && *wait < least.plus(s(1)), "{wait} for k = {k}");
    }
}

// "if response.status_code != 429: break"
#[test]
fn the_sample_retries_nothing_but_429() {
    let body = r#"
        horizon = "1min"
        service = { time = "100ms", fails = "100%" }
        [[population]]
        name = "loop"
        identity = { app = "shared", token = "shared" }
        once = { at = "0s" }
        asks = { read = 1 }
    "#;
    let tale = tale::tell(&world::model("clover", "clover-sample", body));
    assert_eq!((tale.sent.len(), tale.sent[0].status), (1, 500));
    assert_eq!(tale.ends(End::GivenUp(Cause::NotRetried)), 1);
}

// "For consistent access to the API services, ensure that your apps adhere to the
// rate limits and best practices": four limits bind those who do not, and hardly
// one refusal meets those who do.
#[test]
fn the_scenario_tells_its_story() {
    let story = story::of("clover");
    assert_eq!(story.too_long(), []);
    for limit in ["app rate", "token rate", "app concurrency", "token concurrency"] {
        assert_eq!(story.unbound(limit, &["clover-sample"]), [""; 0], "{limit} binds");
    }
    let finished = story.finished();
    let place = |name| finished.iter().position(|client| *client == name);
    assert_eq!(place("clover-advice"), Some(0));
    assert!(place("clover-sample").is_some());
    assert_eq!(story.unfinished().last(), Some(&"naive"));
    assert!(story.mean("clover-advice", "429s") < 20.0);
    assert!(story.mean("clover-sample", "429s") > 1_000.0);
    assert!(story.mean("naive", "served-share") < 0.6);
}
