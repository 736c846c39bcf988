//! A comparison that runs until its numbers are known: what it stops at, and
//! that nothing but the seeds decides that.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use tollgate::experiment::{self, BATCH, Comparison, Outcome, Seeds, Until};
use tollgate::metric::Metric;
use tollgate::report::csv::SHEETS;
use tollgate::report::subject::Subject;
use tollgate::scenario::Plan;
use tollgate::scenario::quick::Quick;
use tollgate::scenario::{Bundle, LoadError};
use tollgate::stats::interval::Method;

/// Four clients that share 200 calls at a limit, some of them by luck.
fn plan() -> Plan {
    let quick = Quick::read(&["token-bucket 20/s burst 3 per app".to_owned()], 200, 8, 10).unwrap();
    let (scenario, api) = quick.documents().unwrap();
    let fetch = |path: &str| Err(path.to_owned());
    let bundle: Result<Bundle, LoadError> =
        Bundle::of_scenario(scenario, Some(api), None, &[], &fetch);
    bundle.unwrap().plan().unwrap()
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

fn until(within: f64, most: usize) -> Until {
    Until { within, most: NonZeroUsize::new(most).unwrap() }
}

fn run(plan: &Plan, until: Until, count: usize) -> Comparison {
    experiment::compare_until(plan, 7, until, threads(count), &|_, _| ()).unwrap()
}

/// All tables of a comparison.
fn tables(plan: &Plan, comparison: &Comparison) -> Vec<String> {
    let seeds = Seeds { root: 7, count: comparison.seeds() };
    let subject = Subject::new(plan, seeds, comparison);
    SHEETS.iter().map(|(_, sheet)| sheet(&subject)).collect()
}

/// Whether the first so many runs of a client are known well enough: the rule,
/// written down once more from its definition.
fn enough(outcome: &Outcome, runs: usize, within: f64) -> bool {
    let mut first = outcome.clone();
    first.runs.truncate(runs);
    [("time-to-99", 0.1), ("429-share", 0.05), ("served-share", 0.05)].iter().all(|(name, zero)| {
        let estimate = first.estimate(Metric::named(name).unwrap());
        // A time that some run does not have is replaced by the longest waits.
        let Some(e) = estimate.or_else(|| first.estimate(Metric::WaitP99)) else { return true };
        assert_ne!(e.method, Method::Single);
        (e.high - e.low) / 2.0 <= within / (1.0 + within) * e.mean.abs().max(*zero)
    })
}

#[test]
fn it_stops_at_the_first_batch_end_at_which_all_is_known_well_enough() {
    let plan = plan();
    let mut counts = vec![];
    for within in [0.3, 0.05, 0.03] {
        let comparison = run(&plan, until(within, 1_000), 2);
        let count = comparison.seeds().get();
        let stopping = comparison.stopping.unwrap();
        assert!(stopping.reached && stopping.widest.unwrap().excess <= 1.0);
        let ends = (1..).map(|batches| batches * BATCH);
        let first = ends
            .into_iter()
            .find(|runs| comparison.outcomes.iter().all(|outcome| enough(outcome, *runs, within)));
        assert_eq!(first, Some(count), "within {within}");
        assert_eq!(stopping.slowest.unwrap().excess > 1.0, count > BATCH);
        counts.push(count);
    }
    assert!(counts[0] == BATCH && counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
}

#[test]
fn threads_do_not_decide_and_the_numbers_are_those_of_as_many_seeds() {
    let plan = plan();
    let one = run(&plan, until(0.05, 1_000), 1);
    let expected = tables(&plan, &one);
    for count in [2, 5] {
        let other = run(&plan, until(0.05, 1_000), count);
        assert_eq!(other.stopping, one.stopping);
        assert!(tables(&plan, &other) == expected, "on {count} threads");
    }
    let seeds = Seeds { root: 7, count: one.seeds() };
    let given = experiment::compare(&plan, seeds, threads(2), &|_, _| ()).unwrap();
    assert!(seeds.count.get() > BATCH && tables(&plan, &given) == expected);
}

#[test]
fn it_stops_at_the_most_seeds_that_are_allowed_and_says_so() {
    let plan = plan();
    for most in [1, 7, 25] {
        let (told, last) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let tell = |done, all| {
            told.fetch_add(1, Ordering::Relaxed);
            last.fetch_max(done, Ordering::Relaxed);
            assert!(done <= all && all <= most * plan.variants.len(), "{done} of {all}");
        };
        let rule = until(0.001, most);
        let comparison = experiment::compare_until(&plan, 7, rule, threads(2), &tell).unwrap();
        let stopping = comparison.stopping.unwrap();
        assert_eq!((comparison.seeds().get(), stopping.reached), (most, false));
        assert!(stopping.widest.unwrap().excess > 1.0);
        let runs = most * plan.variants.len();
        assert_eq!((told.into_inner(), last.into_inner()), (runs, runs));
    }
}
