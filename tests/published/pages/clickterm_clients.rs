//! `ClickTerm`'s page: its tips, and the story of the scenario.

use super::story;
use super::tale::{self, Tale};
use super::world::{self, s};
use tollgate::client::Cause;
use tollgate::engine::End;
use tollgate::time::Span;

/// Runs `populations` beside an archive and abusers who do nothing, because the
/// advice speaks of both by name.
fn run(client: &str, horizon: &str, populations: &str, settings: &[(&str, &str)]) -> Tale {
    let idle = |name: &str| {
        let named = format!("name = \"{name}\"");
        if populations.contains(&named) {
            return String::new();
        }
        format!(
            "[[population]]\n{named}\nidentity = {{ app = \"shared\", ip = \"shared\" }}\n\
             once = {{ at = \"100d\" }}\nasks = {{ verify = 1 }}\n"
        )
    };
    let body = format!(
        "horizon = \"{horizon}\"\ndrain = \"2h\"\nservice = {{ time = \"100ms\" }}\n\
         {populations}\n{}{}",
        idle("abusers"),
        idle("archive")
    );
    tale::tell(&world::plan("clickterm", client, &body, settings).variants[0].model)
}

/// Verifications in an hour of which only one is admitted.
fn refused_time_and_again(calls: u32) -> Tale {
    let populations = format!(
        r#"
        [[population]]
        name = "sign-ups"
        identity = {{ app = "shared", ip = "shared" }}
        burst = {{ calls = {calls} }}
        asks = {{ verify = 1 }}
    "#
    );
    let settings = [
        ("api.limit.verify.fixed-window.quota", "1"),
        ("api.limit.verify.fixed-window.window", "30d"),
    ];
    run("clickterm-advice", "1min", &populations, &settings)
}

// "Implement exponential backoff with a sensible initial delay (e.g. 1–5 seconds)
// for production integrations."
#[test]
fn the_first_delay_is_1_to_5_seconds() {
    let tale = refused_time_and_again(1_001);
    let first = tale.sent.iter().filter(|a| a.number == 1);
    let delays: Vec<Span> = first.filter_map(|a| a.then).collect();
    assert_eq!(delays.len(), 1_000);
    assert!(delays.iter().all(|delay| (s(1)..s(5)).contains(delay)));
    for from in 1..5 {
        let there = delays.iter().filter(|d| (s(from)..s(from + 1)).contains(d));
        assert!(there.count() > 200, "a quarter of them from {from} s");
    }
}

// "Use exponential backoff for 429 responses"
#[test]
fn delays_double_after_every_429() {
    let waits = refused_time_and_again(2).waits();
    assert_eq!(waits.len(), 9, "ten attempts");
    for (k, wait) in waits.iter().enumerate() {
        let least = s(1 << k);
        assert!((least..least.times(5)).contains(wait), "{wait} for k = {k}");
    }
}

// "Call `GET /clickwraps/{endUserId}/status` once per session rather than before
// every action"
#[test]
fn the_status_is_asked_once_a_session() {
    let populations = r#"
        [[population]]
        name = "pages"
        identity = { app = "shared", ip = "shared" }
        poll = { every = "1min" }
        [[population.step]]
        asks = { status = 1 }
        [[population.step]]
        asks = { customizations = 1 }
        [[population.step]]
        asks = { status = 1 }
        after = "10s"
        [[population.step]]
        asks = { status = 1 }
        after = "90s"
    "#;
    let before_every_action = run("naive", "1h", populations, &[]);
    assert_eq!(before_every_action.asked("status"), 3 * 60);
    let once = run("clickterm-advice", "1h", populations, &[]);
    assert_eq!((once.asked("status"), once.asked("customizations")), (60, 60));
    assert_eq!(once.ends(End::ByCache), 2 * 60);
}

// "Add a Captcha or rate limiter before `POST /clickwrap/verify` to prevent abuse
// from end users"
#[test]
fn a_captcha_stops_abusers_and_nobody_else() {
    let populations = r#"
        [[population]]
        name = "sign-ups"
        identity = { app = "shared", ip = "shared" }
        poll = { every = "6s" }
        asks = { verify = 1 }
        [[population]]
        name = "abusers"
        unwanted = true
        identity = { app = "shared", ip = "shared" }
        poll = { every = "3s" }
        asks = { verify = 1 }
    "#;
    let of = |tale: &Tale, who: &str| {
        tale.sent.iter().filter(|a| a.population == who && a.number == 1).count()
    };
    let open = run("naive", "1h", populations, &[]);
    assert_eq!((of(&open, "sign-ups"), of(&open, "abusers")), (600, 1_200));
    assert!(open.refused().count() > 0);
    let guarded = run("clickterm-advice", "1h", populations, &[]);
    assert_eq!(of(&guarded, "sign-ups"), 600);
    let through = of(&guarded, "abusers");
    assert!((30..=90).contains(&through), "{through} of 1,200 got through");
    assert_eq!(guarded.ends(End::GivenUp(Cause::Shed)), 1_200 - through);
    assert_eq!(guarded.refused().count(), 0);
}

// "Use the verification response directly rather than polling event details"
#[test]
fn events_are_not_polled() {
    let populations = r#"
        [[population]]
        name = "sign-ups"
        identity = { app = "shared", ip = "shared" }
        poll = { every = "1min" }
        [[population.step]]
        asks = { verify = 1 }
        [[population.step]]
        asks = { events = 1 }
        after = "2s"
    "#;
    assert_eq!(run("naive", "1h", populations, &[]).asked("events"), 60);
    let advice = run("clickterm-advice", "1h", populations, &[]);
    assert_eq!((advice.asked("events"), advice.asked("verify")), (0, 60));
    assert_eq!(advice.ends(End::Avoided), 60);
}

// "If archiving certificates, spread downloads over time rather than fetching all
// at once"
#[test]
fn certificate_downloads_are_spread_over_time() {
    let populations = r#"
        [[population]]
        name = "archive"
        count = 600
        identity = { app = "shared", ip = "shared" }
        once = { at = "10min" }
        asks = { certificates = 1 }
    "#;
    let most_in_a_minute = |client: &str| {
        let tale = run(client, "2h", populations, &[]);
        assert_eq!(tale.asked("certificates"), 600);
        let mut minutes = vec![0; 240];
        for attempt in &tale.sent {
            minutes[usize::try_from(attempt.sent.0 / s(60).0).expect("a run is short")] += 1;
        }
        minutes.into_iter().max()
    };
    assert_eq!(most_in_a_minute("naive"), Some(600), "all at once");
    assert_eq!(most_in_a_minute("clickterm-advice"), Some(10), "over an hour");
}

// The peak of sign-ups is above the hourly limit, and the pages ask too often: both
// limits bind. The advice serves more of everything; what has no limit is the
// control; and no headers are sent, so that `header-aware` is `exponential-jitter`.
#[test]
fn the_scenario_tells_its_story() {
    let story = story::of("clickterm");
    assert_eq!(story.too_long(), []);
    let generic = ["naive", "fixed-interval", "exponential-jitter", "header-aware"];
    for limit in ["verify", "get"] {
        assert_eq!(story.unbound(limit, &generic), [""; 0], "{limit} binds");
        assert_eq!(story.unbound(limit, &["clickterm-advice"]), [""; 0], "{limit} binds");
    }
    let all = ["clickterm-advice", "exponential-jitter", "header-aware", "fixed-interval", "naive"];
    assert_eq!((story.finished(), story.unfinished()), (vec![], all.to_vec()));
    for client in all {
        let served = |population, endpoint| story.served(client, population, Some(endpoint));
        assert!(served("archive", "certificates") > 0.999, "{client}");
        assert!(served("sign-ups", "events") > 0.999, "{client}");
        assert!(served("pages", "sdk") > 0.999, "{client}");
    }
    let verified = |client| story.served(client, "sign-ups", Some("verify"));
    let status = |client| story.served(client, "pages", Some("status"));
    for client in generic {
        assert!(verified("clickterm-advice") > verified(client) + 0.1, "{client}");
        assert!(status("clickterm-advice") > status(client) + 0.3, "{client}");
    }
    let twins = [story.mean("header-aware", "429s"), story.mean("exponential-jitter", "429s")];
    assert!((twins[0] - twins[1]).abs() < 0.5, "{twins:?}");
    assert!(story.served("clickterm-advice", "abusers", None) < 0.1);
}
