//! `AIclicks`' page: its best practices, and the story of the scenario.

use super::story;
use super::tale::{self, Tale};
use super::world::{self, minutes, ms, s};
use tollgate::client::{Cause, Draw, Heard, Next, Progress};
use tollgate::engine::End;
use tollgate::http::{Answer, HeaderId, Headers, Method, Status, Value};
use tollgate::time::{Instant, Span};

/// Keys with a backlog of calls each.
fn refresh(client: &str, keys: u32, calls: u32, workers: &str, more: &str) -> Tale {
    let body = format!(
        r#"
        horizon = "30min"
        [service]
        time = "400ms"
        {more}
        [[population]]
        name = "team"
        count = {keys}
        identity = {{ token = "each", auth = {{ is = "key" }} }}
        backlog = {{ calls = {calls} }}
        asks = {{ query = 1 }}
        content = {{ count = 100000 }}
        {workers}
    "#
    );
    tale::tell(&world::model("aiclicks", client, &body))
}

/// A key that asks for one thing every half a second, for `calls` calls.
fn hot_loop(client: &str, more: &str, contents: u32) -> Tale {
    let body = format!(
        r#"
        horizon = "50s"
        [service]
        time = "400ms"
        {more}
        [[population]]
        name = "loop"
        identity = {{ token = "each", auth = {{ is = "key" }} }}
        poll = {{ every = "500ms" }}
        asks = {{ query = 1 }}
        content = {{ count = {contents} }}
    "#
    );
    tale::tell(&world::model("aiclicks", client, &body))
}

const CACHE: &str = r#"cache = { ttl = "1h", hit = "10ms", endpoints = ["query"] }"#;

// "Watch X-RateLimit-Remaining and slow down before hitting zero, rather than
// relying on 429."
#[test]
fn the_advice_slows_down_before_zero() {
    let advice = refresh("aiclicks-advice", 1, 300, "in-flight = 4", "");
    assert_eq!((advice.refused().count(), advice.served()), (0, 300));
    let mut sent: Vec<Span> = advice.sent.iter().map(|a| a.sent).collect();
    sent.sort();
    let within = |time: std::ops::Range<Span>| sent.iter().filter(|at| time.contains(at)).count();
    // Spread over the window, not all of it at once as four workers could.
    assert!(within(s(0)..s(30)) <= 40);
    assert!(within(s(30)..s(60)) >= 20);
    let naive = refresh("naive", 1, 300, "in-flight = 4", "");
    assert!(naive.refused().count() > 1_000);
}

// "Respect Retry-After exactly — fixed-interval retries will hit the same wall."
#[test]
fn retry_after_is_respected_exactly_and_fixed_intervals_hit_the_wall() {
    let burst = |client: &str| {
        let body = r#"
            horizon = "10min"
            service = { time = "400ms" }
            [[population]]
            name = "burst"
            identity = { token = "each", auth = { is = "key" } }
            burst = { calls = 61 }
            asks = { query = 1 }
        "#;
        tale::tell(&world::model("aiclicks", client, body))
    };
    let advice = burst("aiclicks-advice");
    assert_eq!(advice.waits(), [s(60)], "told 60 s, waits 60 s");
    assert_eq!(advice.ends(End::ByAttempt), 61);
    let fixed = burst("fixed-interval");
    assert_eq!(fixed.refused().count(), 10);
    assert_eq!(fixed.ends(End::GivenUp(Cause::Attempts)), 1);
}

// "The server-side 1-hour cache only helps when query params match byte-for-byte."
#[test]
fn the_servers_cache_hits_only_on_equal_parameters() {
    let slow = |contents: u32| {
        let tale = hot_loop("clover-sample", CACHE, contents);
        let first = tale.sent.iter().take(50);
        let took = |a: &&tale::Attempt| a.took() >= ms(440);
        first.filter(took).count()
    };
    assert_eq!(slow(1), 1);
    assert_eq!(slow(1_000_000), 50);
}

// "Cache on your side. [...] Local caching is what protects against hot loops."
#[test]
fn a_local_cache_protects_against_hot_loops() {
    let blind = hot_loop("naive", CACHE, 1);
    assert!(blind.refused().count() > 0);
    let cached = hot_loop("aiclicks-advice", CACHE, 1);
    assert_eq!((cached.sent.len(), cached.ends(End::ByCache)), (1, 99));
}

// "Stagger key usage. If you have multiple keys, distribute traffic across them".
#[test]
fn traffic_is_distributed_across_keys() {
    // One pool of workers takes key after key unless it spreads its attempts.
    let done = |client: &str| {
        let tale = refresh(client, 4, 60, "workers = 8", "");
        assert_eq!(tale.served(), 240);
        tale.ended.last().expect("there are calls").at
    };
    // Four keys give 240 calls in a minute.
    assert!(done("aiclicks-advice") < s(61));
    assert!(done("header-aware") > minutes(2));
}

// "Use exponential backoff for 5xx, fixed Retry-After for 429. Don't conflate them."
#[test]
fn backoff_is_for_5xx_and_retry_after_for_429() {
    let body = r#"
        horizon = "1min"
        service = { time = "400ms" }
        [[population]]
        name = "key"
        identity = { token = "each", auth = { is = "key" } }
        once = { at = "0s" }
        asks = { query = 1 }
    "#;
    let model = world::model("aiclicks", "aiclicks-advice", body);
    let names = &model.api.header_names;
    let name = names.iter().position(|n| n == "Retry-After").expect("the API sends it");
    let mut headers = Headers::NONE;
    let name = HeaderId(u8::try_from(name).expect("headers are few"));
    headers.set(name, Value::Integer(23));
    let wait = |attempt: u32, status: u16, bits: u64| {
        let answer = Answer::Status(Status(status));
        let (now, clock, method) = (Instant(0), Instant(0), Method::Get);
        let heard = Heard { now, clock, method, answer, headers: &headers };
        let mut progress = [Progress::NEW];
        let next = |_| model.policies[0].next(&heard, &mut progress, Draw::Fixed(bits), &mut ());
        match (0..attempt).map(next).last().expect("there is an attempt") {
            Next::Retry(wait) => wait,
            other => panic!("{other:?} after {status}"),
        }
    };
    for (attempt, most) in [(1, s(1)), (2, s(2)), (3, s(4)), (7, s(60)), (9, s(60))] {
        for bits in [0, 1 << 63, u64::MAX] {
            assert_eq!(wait(attempt, 429, bits), s(23));
            assert!(wait(attempt, 500, bits) <= most, "attempt {attempt}");
        }
        let nearly = Span(most.0 - most.0 / 1_000);
        assert!(wait(attempt, 503, u64::MAX) >= nearly, "attempt {attempt}");
    }
}

// "Every HTTP call to /api/v1/* increments the counter, including: Cache hits
// (X-Cache: HIT)."
#[test]
fn a_cache_hit_counts() {
    let tale = hot_loop("clover-sample", CACHE, 1);
    let first_tries = tale.sent.iter().filter(|a| a.number == 1 && a.status == 200);
    let took: Vec<Span> = first_tries.map(tale::Attempt::took).collect();
    assert_eq!(took.len(), 60);
    assert!(took[1..].iter().all(|took| *took == ms(50)), "all but one are hits");
    let first_refused = tale.refused().next().expect("the 61st");
    assert_eq!(first_refused.call, 60 * 64, "sessions have 64 numbers each");
}

// "5xx responses do not count": a service that fails all the time refuses nobody.
#[test]
fn failing_calls_are_never_refused() {
    let tale = hot_loop("clover-sample", "fails = \"100%\"", 1_000_000);
    assert_eq!(tale.sent.len(), 100);
    assert!(tale.sent.iter().all(|a| a.status == 500));
    assert_eq!(tale.limits[0].charged, 0);
}

// Each key's limit binds those who retry blindly; who paces by the headers is
// done with the work and never refused; no limit holds the dashboard.
#[test]
fn the_scenario_tells_its_story() {
    let story = story::of("aiclicks");
    assert_eq!(story.too_long(), []);
    let blind = ["naive", "fixed-interval", "exponential-jitter"];
    for limit in ["default", "custom"] {
        assert_eq!(story.unbound(limit, &blind), [""; 0], "{limit} binds");
    }
    assert_eq!(story.finished(), ["aiclicks-advice", "header-aware"]);
    assert_eq!(story.unfinished(), ["exponential-jitter", "fixed-interval", "naive"]);
    for client in ["aiclicks-advice", "header-aware"] {
        assert!(story.mean(client, "429s") < 1.0, "{client}");
    }
    // No client can be done with 300 calls a key before the fifth window.
    assert!(story.mean("aiclicks-advice", "time-to-99") >= 230.0);
    for client in blind {
        let served = story.served(client, "dashboard", None);
        assert!(served > 0.999, "{client} serves {served} of the dashboard");
    }
}
