use super::super::{FixedWindow, Table};
use super::*;
use proptest::prelude::*;

fn bucket(parameters: &str) -> Table<SteppedBucket> {
    Table::read(parameters).unwrap()
}

fn rejected(wait: u64) -> Verdict {
    Verdict::Reject { wait: Span(wait) }
}

#[test]
fn tokens_come_at_the_step_and_not_before() {
    let mut limiter = bucket("refill = 1\nevery = '100ns'\nburst = 2\nphase = '30ns'");
    assert_eq!(limiter.ask(29, 2).0, Verdict::Admit);
    assert_eq!(limiter.ask(29, 0).0, Verdict::Admit);
    assert_eq!(limiter.ask(29, 1).0, rejected(1));
    assert_eq!(limiter.ask(29, 2).0, rejected(101));
    assert_eq!(limiter.ask(29, 3).0, Verdict::NEVER);
    assert_eq!(limiter.ask(30, 1).0, Verdict::Admit);
    assert_eq!(limiter.ask(129, 1).0, rejected(1));
    let told = View { limit: 2, remaining: Some(1), reset: Some(Span(100)) };
    assert_eq!(limiter.ask(130, 0).1, told);
}

#[test]
fn tokens_over_the_burst_are_lost() {
    let mut limiter = bucket("refill = 3\nevery = '100ns'\nburst = 4");
    limiter.ask(0, 2);
    assert_eq!(limiter.ask(100, 0).1.remaining, Some(4));
    limiter.ask(100, 4);
    assert_eq!(limiter.ask(5_000_000, 4).0, Verdict::Admit);
    assert_eq!(limiter.ask(5_000_000, 4).0, rejected(200));
}

#[test]
fn a_grid_begins_on_the_clock_at_the_start_or_with_the_first_request() {
    for (grid, waits) in [("clock", [10, 93]), ("start", [53, 36]), ("first-request", [100, 83])] {
        let text = format!("refill = 1\nevery = '100ns'\nburst = 1\ngrid = '{grid}'");
        let mut limiter = bucket(&text);
        limiter.grow(0, Instant(0));
        limiter.grow(1, Instant(343));
        assert_eq!(limiter.ask(390, 1).0, Verdict::Admit, "{grid}");
        assert_eq!(limiter.ask(390, 1).0, rejected(waits[0]), "{grid}");
        assert_eq!(limiter.ask(1_007, 1).0, Verdict::Admit, "{grid}");
        assert_eq!(limiter.ask(1_007, 1).0, rejected(waits[1]), "{grid}");
    }
}

#[test]
fn a_first_request_that_is_refused_begins_the_grid() {
    let mut limiter =
        bucket("refill = 2\nevery = '100ns'\nburst = 6\ngrid = 'first-request'\ninitial = 'empty'");
    assert_eq!(limiter.test(0, Instant(5), 3), rejected(200));
    let (verdict, view) = limiter.ask(7, 3);
    assert_eq!((verdict, view.reset), (rejected(200), Some(Span(300))));
    assert_eq!(limiter.ask(206, 3).0, rejected(1));
    assert_eq!(limiter.ask(207, 3).0, Verdict::Admit);
}

#[test]
fn what_a_full_step_has_filled_is_not_given_back() {
    let mut limiter = bucket("refill = 2\nevery = '100ns'\nburst = 3");
    let mark = limiter.admit(0, Instant(0), 3);
    assert!(limiter.give_back(0, Instant(100), 2, mark));
    assert_eq!(limiter.ask(100, 0).1.remaining, Some(3));
    let mut limiter = bucket("refill = 3\nevery = '100ns'\nburst = 3");
    let mark = limiter.admit(0, Instant(0), 3);
    assert!(limiter.give_back(0, Instant(99), 1, mark));
    limiter.ask(100, 1);
    assert!(!limiter.give_back(0, Instant(100), 1, mark));
    assert_eq!(limiter.ask(100, 0).1.remaining, Some(2));
}

#[test]
fn tokens_stay_when_the_bucket_or_its_steps_become_others() {
    let mut limiter = bucket("refill = 1\nevery = '100ns'\nburst = 9\ngrid = 'start'");
    limiter.ask(0, 4);
    limiter.resize(3, Instant(250));
    assert_eq!(limiter.ask(250, 0).1.remaining, Some(3));
    limiter.ask(250, 3);
    assert_eq!(limiter.ask(250, 1).0, rejected(50));
    let slower = bucket("refill = 1\nevery = '1us'\nburst = 9\ngrid = 'start'");
    limiter.replace(slower.algorithm().clone(), Instant(460));
    assert_eq!(limiter.ask(460, 2).1.remaining, Some(0));
    assert_eq!(limiter.ask(460, 1).0, rejected(1_000));
    assert_eq!(limiter.algorithm().rule(), "stepped-bucket 1/us burst 9");
}

#[test]
fn what_it_admits_within_a_span_is_attained_and_not_exceeded() {
    let read = |grid: &str, initial: &str| {
        let rest = "refill = 2\nevery = '10ns'\nburst = 3";
        bucket(&format!("{rest}\ngrid = '{grid}'\ninitial = '{initial}'"))
    };
    for (grid, initial, more) in [
        ("clock", "full", 0),
        ("first-request", "full", 0),
        ("first-request", "empty", 0),
        // Created at 0 they have the most; what is promised knows no start.
        ("start", "full", 2),
        ("clock", "empty", 3),
    ] {
        for (start, span) in (0..10).flat_map(|start| (0..35).map(move |span| (start, span))) {
            let mut limiter = read(grid, initial);
            let admitted = (start..=start + span)
                .map(|at| (0..9).filter(|_| limiter.ask(at, 1).0 == Verdict::Admit).count() as u64)
                .sum::<u64>();
            let most = limiter.admits_within(Instant(start), Span(span));
            assert!(admitted <= most && most <= admitted + more, "{grid} {start} {span}");
        }
    }
    let limiter = bucket("refill = 9\nevery = '10ns'\nburst = 3");
    assert_eq!(limiter.admits_within(Instant(0), Span(10)), 6);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (parameters, why) in [
        ("refill = 1\nevery = '1s'\nburst = 1\ngrid = 'start'\nphase = '1s'", "leave it out"),
        ("refill = 1\nevery = '1s'\nburst = 1\ngrid = 'first-request'\nphase = '0s'", "phase: "),
        ("refill = 0\nevery = '1s'\nburst = 1", "nonzero"),
        ("refill = 1\nevery = '1s'\nburst = 0", "nonzero"),
        ("refill = 1\nevery = '0s'\nburst = 1", "longer than zero"),
    ] {
        let error = Table::<SteppedBucket>::read(parameters).unwrap_err();
        assert!(error.contains(why), "{parameters}: {error}");
    }
}

proptest! {
    /// A step that fills the bucket begins a fixed window: the same is decided,
    /// told and given back, also when refusals count.
    #[test]
    fn with_full_steps_it_is_the_fixed_window(
        quota in 1_u64..9, window in 1_u64..600, phase in 0_u64..900,
        steps in prop::collection::vec((0_u64..400, 1_u32..4, 0_u8..9), 1..300),
    ) {
        let both = format!("phase = '{phase}ns'\n");
        let mut limiter =
            bucket(&format!("{both}refill = {quota}\nevery = '{window}ns'\nburst = {quota}"));
        let fixed = format!("{both}quota = {quota}\nwindow = '{window}ns'");
        let mut fixed = Table::<FixedWindow>::read(&fixed).unwrap();
        let (mut now, mut mark) = (0, Mark::NONE);
        for (gap, cost, what) in steps {
            now += gap.saturating_sub(120);
            let at = Instant(now);
            let verdicts = (limiter.ask(now, cost), fixed.ask(now, cost));
            prop_assert_eq!(verdicts.0.0, verdicts.1.0, "at {}", now);
            prop_assert_eq!(verdicts.0.1.remaining, verdicts.1.1.remaining);
            match what {
                0 => {
                    mark = limiter.admit(0, at, cost);
                    prop_assert_eq!(fixed.admit(0, at, cost), mark);
                }
                1 => {
                    let given = limiter.give_back(0, at, 0, mark);
                    prop_assert_eq!(given, fixed.give_back(0, at, 0, mark));
                }
                _ => {}
            }
            let within = |span| (limiter.admits_within(at, span), fixed.admits_within(at, span));
            let (one, two) = within(Span(gap));
            prop_assert_eq!(one, two);
        }
    }

    /// Step by step, as a timer would do it.
    #[test]
    fn it_is_what_a_timer_does(
        refill in 1_u64..9, every in 1_u64..300, burst in 1_u64..9, phase in 0_u64..300,
        steps in prop::collection::vec((0_u64..400, 0_u32..4), 1..200),
    ) {
        let mut limiter = bucket(&format!(
            "refill = {refill}\nevery = '{every}ns'\nburst = {burst}\nphase = '{phase}ns'"
        ));
        let (mut clock, mut now, mut level) = (0_u64, 0_u64, burst);
        for (gap, cost) in steps {
            now += gap.saturating_sub(120);
            while clock < now {
                clock += 1;
                if clock % every == phase % every {
                    level = burst.min(level + refill);
                }
            }
            let admit = u64::from(cost) <= level;
            prop_assert_eq!(limiter.ask(now, cost).0 == Verdict::Admit, admit, "at {}", now);
            level -= if admit { u64::from(cost) } else { 0 };
        }
    }
}
