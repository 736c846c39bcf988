//! A warm-up that is found from the runs.

use crate::lab;

use std::num::NonZeroUsize;

use tollgate::experiment::{self, Comparison, Seeds};
use tollgate::metric::Metric;
use tollgate::scenario::Plan;
use tollgate::time::Span;

/// Twenty calls a second at a bucket of `burst` tokens that gets ten: until it is
/// empty, `burst / 10` seconds later, nothing is refused.
fn plan(burst: u32, work: &str, more: &str) -> Result<Plan, String> {
    let scenario = format!(
        "name = \"s\"\ntitle = \"t\"\napi = \"given\"\n\
         clients = [\"./one.toml\", \"./two.toml\"]\n\
         horizon = \"5min\"\ndrain = \"0s\"\n{more}\nservice = {{ time = \"0s\" }}\n\
         [[population]]\nname = \"p\"\n{work}\nidentity = {{ app = \"shared\" }}\n"
    );
    let api = format!(
        "name = \"a\"\n[[endpoint]]\nname = \"call\"\n[[limit]]\nname = \"l\"\nper = [\"app\"]\n\
         token-bucket = {{ rate = \"10/s\", burst = {burst} }}\n"
    );
    let two = lab::ONCE.replace("once", "twice").replace("attempts = 1", "attempts = 2");
    lab::plan(&scenario, &api, &[("one", lab::ONCE), ("two", &two)])
}

const POISSON: &str = "poisson = \"20/s\"";
const AUTO: &str = "kind = \"steady\"\nwarm-up = \"auto\"";

fn compared(plan: &Plan, seeds: usize, threads: usize) -> Comparison {
    let seeds = Seeds { root: 3, count: NonZeroUsize::new(seeds).unwrap() };
    let threads = NonZeroUsize::new(threads).unwrap();
    experiment::compare(plan, seeds, threads, &|_, _| ()).unwrap()
}

/// The samples of every run of every client.
fn samples(comparison: &Comparison) -> String {
    let runs = comparison.outcomes.iter().flat_map(|outcome| &outcome.runs);
    format!("{:?}", runs.map(|run| &run.samples).collect::<Vec<_>>())
}

#[test]
fn a_bucket_that_begins_full_is_a_warm_up_until_it_is_empty() {
    let comparison = compared(&plan(600, POISSON, AUTO).unwrap(), 12, 2);
    let found = comparison.warm_up.unwrap();
    // The tokens last a minute, give or take what Poisson calls do in it: the
    // standard deviation is the root of 1,200 calls over ten a second.
    assert!((found.span.as_secs_f64() - 60.0).abs() < 4.0 * 3.5, "{:?}", found.span);
    assert_eq!((found.pilots, found.at_half), (10, false));
    // All calls that count meet an empty bucket.
    for outcome in &comparison.outcomes {
        assert_eq!(outcome.runs.len(), 12);
        let share = outcome.estimate(Metric::ServedShare).unwrap().mean;
        assert!((share - 0.5).abs() < 0.02, "{share}");
    }
    let given = format!("kind = \"steady\"\nwarm-up = \"{}ns\"", found.span.0);
    let same = compared(&plan(600, POISSON, &given).unwrap(), 12, 1);
    assert_eq!((samples(&comparison), same.warm_up), (samples(&same), None));
}

#[test]
fn threads_do_not_change_what_is_found() {
    let plan = plan(300, POISSON, AUTO).unwrap();
    let (one, three) = (compared(&plan, 3, 1), compared(&plan, 3, 3));
    assert_eq!((one.warm_up, samples(&one)), (three.warm_up, samples(&three)));
    // A single run finds its own.
    let model = &plan.variants[0].model;
    let (model, found) = experiment::settled(model, 3, 0, NonZeroUsize::MIN).unwrap();
    assert_eq!(model.warm_up, model.start.after(found.span));
    assert!(found.span > Span::seconds(15) && found.pilots == 1);
}

/// Of runs whose beginning is like the rest nothing is deleted, and the pilots
/// are the runs.
#[test]
fn where_nothing_warms_up_the_runs_are_as_without() {
    let steady = |more| compared(&plan(1, "poll = { every = \"500ms\" }", more).unwrap(), 12, 2);
    let (auto, none) = (steady(AUTO), steady("kind = \"steady\""));
    assert_eq!(auto.warm_up.map(|found| found.span), Some(Span::ZERO));
    assert_eq!(samples(&auto), samples(&none));
}

#[test]
fn half_of_the_run_is_a_warning() {
    // The tokens last for 160 of 300 seconds, and the rule deletes no more than 150.
    let found = compared(&plan(1_600, POISSON, AUTO).unwrap(), 2, 1).warm_up.unwrap();
    assert_eq!((found.span, found.at_half), (Span::seconds(150), true));
}

#[test]
fn only_what_goes_on_alike_has_a_warm_up_to_find() {
    let faults = plan(600, POISSON, "warm-up = \"auto\"").unwrap_err();
    assert!(faults.contains("where things go on alike"), "{faults}");
    assert!(faults.contains("write kind = \"steady\""), "{faults}");
    let disturbed = format!("{AUTO}\ntrigger = {{ from = \"1min\" }}");
    let faults = plan(600, POISSON, &disturbed).unwrap_err();
    assert!(faults.contains("disturbed later"), "{faults}");
    let faults = plan(600, POISSON, "kind = \"steady\"\nwarm-up = \"some\"").unwrap_err();
    assert!(faults.contains("some"), "{faults}");
}
