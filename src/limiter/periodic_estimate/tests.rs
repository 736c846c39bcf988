use super::super::Table;
use super::*;
use proptest::prelude::*;

fn rule(parameters: &str) -> Table<PeriodicEstimate> {
    Table::read(parameters).unwrap()
}

fn rejected(wait: u64) -> Verdict {
    Verdict::Reject { wait: Span(wait) }
}

#[test]
fn exactly_at_the_limit_is_not_over_it() {
    for (cost, verdict) in [(10, Verdict::Admit), (11, rejected(300))] {
        let mut limiter = rule("limit = 10\nwindow = '300ns'\nevery = '100ns'");
        assert_eq!(limiter.ask(99, cost).0, Verdict::Admit);
        assert_eq!(limiter.ask(99, 900).0, Verdict::Admit, "none of them is seen yet");
        limiter.give_back(0, Instant(99), 900, Mark(0));
        assert_eq!(limiter.ask(100, 0).0, verdict);
    }
}

#[test]
fn the_refused_keep_it_shut() {
    let mut limiter = rule("limit = 2\nwindow = '200ns'\nevery = '100ns'");
    limiter.ask(0, 3);
    assert_eq!(limiter.ask(100, 1).0, rejected(200));
    assert_eq!(limiter.ask(199, 2).0, rejected(201));
    // Three in 0..100 are gone at 300, but then three that were refused count.
    assert_eq!(limiter.ask(300, 3).0, rejected(300));
    assert_eq!(limiter.ask(599, 0).0, rejected(1));
    assert_eq!(limiter.ask(600, 0).0, Verdict::Admit);
}

#[test]
fn a_look_has_its_effect_after_the_lag() {
    let mut limiter = rule("limit = 1\nwindow = '100ns'\nevery = '100ns'\nlag = '250ns'");
    limiter.ask(50, 2);
    assert_eq!(limiter.ask(349, 2).0, Verdict::Admit);
    // From 350 to 450 the two of 50 are seen, from 550 the two of 349 are not any more.
    assert_eq!(limiter.ask(350, 0).0, rejected(100));
    assert_eq!(limiter.ask(450, 0).0, Verdict::Admit);
    assert_eq!(limiter.ask(649, 0).0, Verdict::Admit);
    assert_eq!(limiter.ask(650, 0).0, rejected(100));
    assert_eq!(limiter.ask(749, 0).1.reset, Some(Span(1)));
    assert_eq!(limiter.ask(750, 0).1, View { limit: 1, remaining: Some(1), reset: Some(Span(0)) });
}

#[test]
fn recent_requests_weigh_more_and_an_even_stream_the_same() {
    let read = |weight: &str| {
        rule(&format!("limit = 40\nwindow = '400ns'\nevery = '100ns'\nweight = '{weight}'"))
    };
    let (mut even, mut recent) = (read("even"), read("recent"));
    for at in [0, 100, 200, 300] {
        even.ask(at, 10);
        recent.ask(at, 10);
    }
    assert_eq!(even.ask(400, 0).1.remaining, Some(0));
    assert_eq!(recent.ask(400, 0).1.remaining, Some(0));
    // 50 of one interval weigh 8/5, 6/5, 4/5 and 2/5 of it as they grow old.
    let mut recent = read("recent");
    recent.ask(0, 50);
    assert_eq!(recent.ask(150, 0).0, rejected(150));
    assert_eq!(recent.ask(250, 0).0, rejected(50));
    let left = [300, 400, 500].map(|at| recent.ask(at, 0).1.remaining.unwrap());
    assert_eq!(left, [0, 20, 40]);
}

#[test]
fn only_what_still_counts_is_given_back() {
    let mut limiter = rule("limit = 2\nwindow = '200ns'\nevery = '100ns'");
    let mark = limiter.admit(0, Instant(0), 3);
    // The look at 100 has seen three; the next one will see two.
    assert!(limiter.give_back(0, Instant(150), 1, mark));
    assert_eq!(limiter.ask(199, 0).0, rejected(1));
    assert_eq!(limiter.ask(200, 0).0, Verdict::Admit);
    assert!(!limiter.give_back(0, Instant(200), 1, mark));
    assert!(!limiter.give_back(0, Instant(900), 1, mark));
}

#[test]
fn other_counters_begin_anew_and_another_limit_does_not() {
    let mut limiter = rule("limit = 2\nwindow = '200ns'\nevery = '100ns'");
    limiter.ask(0, 3);
    limiter.resize(3, Instant(110));
    assert_eq!(limiter.ask(110, 0).1.remaining, Some(0));
    limiter.resize(2, Instant(110));
    assert_eq!(limiter.ask(110, 0).0, rejected(190));
    let recent = rule("limit = 2\nwindow = '200ns'\nevery = '100ns'\nweight = 'recent'");
    limiter.replace(recent.algorithm().clone(), Instant(120));
    // Three weigh four at first, then two.
    assert_eq!(limiter.ask(120, 0).0, rejected(80));
    let other = rule("limit = 2\nwindow = '300ns'\nevery = '100ns'");
    limiter.replace(other.algorithm().clone(), Instant(130));
    limiter.ask(130, 3);
    assert_eq!(limiter.ask(229, 0).0, Verdict::Admit);
    assert_eq!(limiter.ask(230, 0).0, rejected(300));
    assert_eq!(limiter.algorithm().rule(), "periodic-estimate 2/300ns every 100ns");
}

#[test]
fn what_would_not_be_exact_or_bounded_is_refused() {
    for (parameters, why) in [
        ("limit = 1\nwindow = '1min'\nevery = '7s'", "whole number of intervals of 7s: write"),
        ("limit = 1\nwindow = '1min'\nevery = '2min'", "like \"1min\""),
        ("limit = 1\nwindow = '1h'\nevery = '1s'", "3601 counters, more than 1000: write"),
        ("limit = 1\nwindow = '1min'\nevery = '1s'\nlag = '1h'", "3661 counters"),
        ("limit = 0\nwindow = '1min'\nevery = '1s'", "nonzero"),
    ] {
        let error = Table::<PeriodicEstimate>::read(parameters).unwrap_err();
        assert!(error.contains(why), "{parameters}: {error}");
    }
    rule("limit = 1\nwindow = '999s'\nevery = '1s'").ask(0, 1);
}

proptest! {
    /// Against all that was ever asked for, each line summed up anew.
    #[test]
    fn it_decides_by_the_definition(
        limit in 1_u64..30, every in 1_u64..90, counters in 1_u64..9, lag in 0_u64..300,
        recent: bool, created in 0_u64..900,
        steps in prop::collection::vec((0_u64..200, 0_u32..4), 1..300),
    ) {
        let (window, weight) = (counters * every, if recent { "recent" } else { "even" });
        let mut limiter = rule(&format!(
            "limit = {limit}\nwindow = '{window}ns'\nevery = '{every}ns'\nlag = '{lag}ns'\n\
             weight = '{weight}'"
        ));
        limiter.grow(0, Instant(0));
        limiter.grow(1, Instant(created));
        let mut all: Vec<(u64, u64)> = vec![];
        let mut now = created;
        for (gap, cost) in steps {
            now += gap.saturating_sub(60);
            let line = (now - created).saturating_sub(lag) / every * every;
            let weigh = |(at, cost): &(u64, u64)| {
                let age = if *at < line { (line - at).div_ceil(every) } else { u64::MAX };
                match age {
                    age if age > counters => 0,
                    age if recent => 2 * (counters + 1 - age) * cost,
                    _ => (counters + 1) * cost,
                }
            };
            let estimate: u64 = all.iter().map(weigh).sum();
            let admit = estimate <= limit * (counters + 1);
            let (verdict, view) = limiter.ask(now, cost);
            prop_assert_eq!(verdict == Verdict::Admit, admit, "at {}", now);
            let left = limit.saturating_sub(estimate.div_ceil(counters + 1));
            prop_assert_eq!(view.remaining, Some(left), "at {}", now);
            // Whole again at the reset, and not a nanosecond before.
            let left = |at: u64| {
                let asked = Asked { now: Instant(at), cost: 0, verdict };
                limiter.view(0, &asked).remaining.unwrap()
            };
            let reset = view.reset.unwrap().0;
            prop_assert_eq!(left(now + reset), limit);
            prop_assert!(reset == 0 || left(now + reset - 1) < limit);
            all.push((now - created, u64::from(cost)));
        }
    }
}
