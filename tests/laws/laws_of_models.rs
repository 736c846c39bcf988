//! Laws that hold in every model: small models at random, everything in them
//! that a file can say, and every event looked at.
//!
//! `cargo test` tries a few hundred models a law, `--ignored` many more.

use std::collections::BTreeMap;

use crate::anything::{self, Algorithm, World, world};
use crate::bounds::Bounds;
use crate::lab;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestRunner};
use tollgate::engine::{Caller, End, Fact, Observer};
use tollgate::measure::Measures;
use tollgate::rng::Key;
use tollgate::time::{Instant, SECOND, Span};

/// The same cases each time, so that a commit that passes passes again. A
/// failure is written down nowhere: it prints the model that failed.
fn cases(quick: u32) -> Config {
    Config {
        cases: quick,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    }
}

/// Many more cases of a law, others each time.
fn many<S: Strategy>(of: S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { rng_seed: RngSeed::Random, ..cases(20_000) };
    let mut runner = TestRunner::new(config);
    runner.run(&of, law).unwrap_or_else(|e| panic!("{e}"));
}

// ---- Nothing is lost -------------------------------------------------------

/// Calls per population and client, from the facts alone.
#[derive(Default)]
struct Calls {
    offered: BTreeMap<(u16, u32), u64>,
    served: BTreeMap<(u16, u32), u64>,
    given_up: BTreeMap<(u16, u32), u64>,
    unfinished: BTreeMap<(u16, u32), u64>,
    sent: BTreeMap<(u16, u32), u64>,
    answered: BTreeMap<(u16, u32), u64>,
}

impl Observer for Calls {
    fn note(&mut self, _now: Instant, caller: Caller, fact: &Fact) {
        let table = match fact {
            Fact::Offered { .. } => &mut self.offered,
            Fact::Sent => &mut self.sent,
            Fact::Answered(_) => &mut self.answered,
            Fact::Ended { end, .. } if end.is_served() => &mut self.served,
            Fact::Ended { end: End::Unfinished, .. } => &mut self.unfinished,
            Fact::Ended { .. } => &mut self.given_up,
            _ => return,
        };
        *table.entry((caller.population, caller.client)).or_default() += 1;
    }
}

fn nothing_is_lost(world: &World) -> Result<(), TestCaseError> {
    let model = world.model();
    let key = Key::run(world.seed, 0);
    let mut both = (Measures::new(&model, key), Calls::default());
    // Conservation at every event is checked in there.
    lab::run(&model, world.seed, &mut both);
    let (measures, calls) = both;
    let of = |table: &BTreeMap<(u16, u32), u64>, who| table.get(&who).copied().unwrap_or(0);
    for (index, population) in (0..).zip(&model.populations) {
        for client in population.first_client..population.first_client + population.clients {
            let who = (index, client);
            let [offered, served, given_up, unfinished] =
                [&calls.offered, &calls.served, &calls.given_up, &calls.unfinished]
                    .map(|table| of(table, who));
            prop_assert_eq!(offered, served + given_up + unfinished, "client {:?}", who);
            // A client is done with every attempt that it sent, or the run ended first.
            prop_assert!(of(&calls.answered, who) <= of(&calls.sent, who));
            prop_assert!(of(&calls.sent, who) - of(&calls.answered, who) <= unfinished);
            let row = measures.clients()[client as usize];
            prop_assert_eq!(u64::from(row.calls), offered);
            prop_assert_eq!(u64::from(row.served), served);
            prop_assert_eq!(u64::from(row.given_up), given_up);
            prop_assert_eq!(u64::from(row.attempts), of(&calls.sent, who));
        }
        // After the warm-up the same holds of the calls that were meant to start there.
        let counts = measures.population(usize::from(index));
        let ended = counts.served() + counts.all_given_up() + counts.unfinished;
        prop_assert_eq!(counts.offered, ended, "population {}", index);
        prop_assert_eq!(measures.waits(usize::from(index)).count(), counts.offered);
    }
    let ledger = measures.ledger();
    let rows = measures.clients();
    let sum = |part: fn(&tollgate::measure::ClientRow) -> u32| -> u64 {
        rows.iter().map(|row| u64::from(part(row))).sum()
    };
    prop_assert_eq!(sum(|r| r.calls), ledger.offered);
    prop_assert_eq!(sum(|r| r.served), ledger.served);
    prop_assert_eq!(sum(|r| r.given_up), ledger.given_up);
    prop_assert_eq!(sum(|r| r.attempts), ledger.attempts);
    prop_assert_eq!(sum(|r| r.rejects), ledger.rejected);
    Ok(())
}

// ---- Limits are kept -------------------------------------------------------

fn limits_are_kept(world: &World) -> Result<(), TestCaseError> {
    let model = world.model();
    let mut bounds = Bounds::new(world, &model);
    let ending = lab::run(&model, world.seed, &mut bounds);
    bounds.close(&ending);
    prop_assert_eq!(bounds.breach, None);
    Ok(())
}

// ---- The same run again ----------------------------------------------------

fn same_again(world: &World) -> Result<(), TestCaseError> {
    let first = lab::lines(&world.model(), world.seed);
    prop_assert_eq!(&first, &lab::lines(&world.model(), world.seed));
    Ok(())
}

/// Windows, phases and headers are whole fractions or multiples of a second
/// that divide an hour, so a start that is hours later changes nothing.
fn start_does_not_matter(world: &World, hours: u64) -> Result<(), TestCaseError> {
    let first = lab::lines(&world.model(), world.seed);
    let later = Span::seconds(3_600 * hours);
    prop_assert_eq!(first, lab::lines(&world.model_from(later), world.seed));
    Ok(())
}

/// The lines of one population with its clients counted from zero. What the
/// run's end cuts off is told when and in the order in which the whole run
/// ends, so that is left out of the order.
fn stream(world: &World, name: &str) -> (Vec<String>, Vec<String>) {
    let model = world.model();
    let index = model.populations.iter().position(|p| p.name == name);
    let index = index.expect("it is one of the populations");
    let first = model.populations[index].first_client;
    let mut only = Only {
        population: u16::try_from(index).unwrap(),
        first,
        start: model.start,
        lines: vec![],
        cut_off: vec![],
    };
    lab::run(&model, world.seed, &mut only);
    only.cut_off.sort();
    (only.lines, only.cut_off)
}

struct Only {
    population: u16,
    first: u32,
    start: Instant,
    lines: Vec<String>,
    cut_off: Vec<String>,
}

impl Observer for Only {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        if caller.population != self.population {
            return;
        }
        let mut caller = caller;
        caller.population = 0;
        caller.client -= self.first;
        let end = matches!(fact, Fact::Ended { end: End::Unfinished, .. });
        if end {
            self.cut_off.push(lab::line(self.start, self.start, caller, fact));
        } else {
            self.lines.push(lab::line(self.start, now, caller, fact));
        }
    }
}

fn others_do_not_matter(world: &World) -> Result<(), TestCaseError> {
    let alone = stream(&world.only(1), "p0");
    prop_assert_eq!(&alone, &stream(world, "p0"));
    // Nor does the order in which they stand.
    prop_assert_eq!(&alone, &stream(&world.reversed(), "p0"));
    Ok(())
}

/// The random models are worth something only if everything happens in them.
#[test]
fn everything_happens_in_some_model() {
    #[derive(Default)]
    struct Seen(BTreeMap<String, u32>);
    impl Observer for Seen {
        fn note(&mut self, _now: Instant, _caller: Caller, fact: &Fact) {
            let what = match fact {
                Fact::Ended { end, .. } => format!("{end:?}"),
                Fact::Answered(record) => format!("{:?}", record.answer),
                Fact::Failed => "failed".to_owned(),
                _ => return,
            };
            *self.0.entry(what).or_default() += 1;
        }
    }
    let mut runner = TestRunner::new(cases(1));
    let (mut seen, mut refusals) = (Seen::default(), BTreeMap::<&str, u64>::new());
    for _ in 0..300 {
        let world = world(anything::Kind::Any).new_tree(&mut runner).unwrap().current();
        let ending = lab::run(&world.model(), world.seed, &mut seen);
        for (limit, counts) in world.limits.iter().zip(ending.limits) {
            let algorithm = match limit.algorithm {
                Algorithm::Window { first: false, .. } => "on the clock",
                Algorithm::Window { first: true, .. } => "from the first request",
                Algorithm::Bucket { .. } => "token bucket",
                Algorithm::Slots { .. } => "concurrency",
                Algorithm::Other(_) => "another",
            };
            *refusals.entry(algorithm).or_default() += counts.rejected;
        }
    }
    let causes = ["Attempts", "Deadline", "NotRetried", "Shed"].map(|c| format!("GivenUp({c})"));
    let statuses = [200, 404, 429, 500, 503].map(|s| format!("Status(Status({s}))"));
    let others = [
        "ByAttempt",
        "ByCache",
        "ByBatch",
        "Avoided",
        "Unfinished",
        "Refused",
        "TimedOut",
        "failed",
    ];
    let others = others.map(str::to_owned);
    for what in causes.iter().chain(&statuses).chain(&others) {
        assert!(seen.0.get(what).is_some_and(|n| *n > 20), "{what}: {:?}", seen.0);
    }
    assert!(refusals.len() == 5 && refusals.values().all(|n| *n > 100), "{refusals:?}");
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn nothing_is_lost_at_any_event(world in world(anything::Kind::Any)) {
        nothing_is_lost(&world)?;
    }

    #[test]
    fn every_limit_is_kept_at_every_slot(world in world(anything::Kind::Bounded)) {
        limits_are_kept(&world)?;
    }
}

proptest! {
    #![proptest_config(cases(700))]

    #[test]
    fn one_seed_is_one_run(world in world(anything::Kind::Any)) {
        same_again(&world)?;
    }

    #[test]
    fn a_run_hours_later_is_the_same_run(world in world(anything::Kind::Any), hours in 1_u64..50) {
        start_does_not_matter(&world, hours)?;
    }

    #[test]
    fn who_shares_nothing_changes_nothing(world in world(anything::Kind::Apart)) {
        others_do_not_matter(&world)?;
    }
}

#[test]
#[ignore = "minutes"]
fn nothing_is_lost_at_any_event_in_full() {
    many(world(anything::Kind::Any), |world| nothing_is_lost(&world));
}

#[test]
#[ignore = "minutes"]
fn every_limit_is_kept_at_every_slot_in_full() {
    many(world(anything::Kind::Bounded), |world| limits_are_kept(&world));
}

#[test]
#[ignore = "minutes"]
fn one_seed_is_one_run_whenever_it_starts_in_full() {
    many(world(anything::Kind::Any), |world| {
        same_again(&world)?;
        start_does_not_matter(&world, 17)
    });
}

#[test]
#[ignore = "minutes"]
fn who_shares_nothing_changes_nothing_in_full() {
    many(world(anything::Kind::Apart), |world| others_do_not_matter(&world));
}

/// The law of time shift holds of hours, not of any span: the windows of the
/// clock see a start that is half a second later.
#[test]
fn a_start_off_the_grid_is_seen() {
    let api = "name = \"a\"\n[[endpoint]]\nname = \"e\"\n[[limit]]\nname = \"l\"\nper = []\n\
               fixed-window = { quota = 2, window = \"1s\" }\n";
    let scenario = "name = \"s\"\nhorizon = \"5s\"\nservice = { time = \"0s\" }\n\
                    [[population]]\nname = \"p\"\npoisson = \"5/s\"\n";
    let mut model = lab::model(scenario, api, lab::ONCE);
    let first = lab::lines(&model, 7);
    let moved = |instant: Instant| Instant(instant.0 + SECOND / 2);
    (model.start, model.horizon) = (moved(model.start), moved(model.horizon));
    assert_ne!(first, lab::lines(&model, 7));
}
