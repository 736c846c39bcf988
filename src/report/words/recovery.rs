//! Who recovers from what disturbed the run, and who never does.

use crate::experiment::Outcome;
use crate::measure::SERVED_PERCENT;
use crate::metric::Metric;
use crate::report::number::{Quantity, decimal};
use crate::report::subject::Subject;
use crate::report::text::{keep, listed, visible};
use crate::stats::interval::Estimate;

/// What became of one client's runs after the trigger.
struct After {
    name: String,
    /// In how many runs it recovered.
    runs: usize,
    /// How long that took, where it did in all.
    time: Option<String>,
    /// The share that it serves before the trigger, and in the end.
    before: Option<f64>,
    end: Option<f64>,
}

impl After {
    /// Whether it served too little before already, so that the trigger is not to
    /// blame.
    fn was_overloaded(&self) -> bool {
        self.before.is_some_and(|share| share < ENOUGH)
    }
}

/// The share of new calls that is enough.
const ENOUGH: f64 = SERVED_PERCENT as f64 / 100.0;

/// Who recovers, when, and in how many seeds: a sentence. `None` where nothing
/// disturbs the run, or what is left of it after that is too short to say.
#[must_use]
pub fn recovery(subject: &Subject<'_>) -> Option<String> {
    let trigger = visible(&subject.model().trigger.as_ref()?.name);
    let seeds = subject.seeds.count.get();
    let all: Vec<After> = subject.ranked().filter_map(|(outcome, _)| after(outcome)).collect();
    let (never, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|after| after.runs == 0);
    let (ill, never): (Vec<_>, Vec<_>) = never.into_iter().partition(After::was_overloaded);
    let (always, some): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|after| after.runs == seeds);
    let mut clauses = vec![];
    if !never.is_empty() {
        let verb = if never.len() == 1 { "recovers" } else { "recover" };
        let of = of(seeds, seeds);
        clauses.push(format!("{} never {verb} ({of}): metastable", names(&never)));
    }
    if !ill.is_empty() {
        let enough = keep(&format!("{SERVED_PERCENT} %"));
        let names = names(&ill);
        clauses.push(format!("{names} served less than {enough} before the {trigger} already"));
    }
    for After { name, runs, .. } in &some {
        clauses.push(format!("{name} recovers in {} only", of(*runs, seeds)));
    }
    if !always.is_empty() {
        let verb = if always.len() == 1 { "recovers" } else { "recover" };
        let of = of(seeds, seeds);
        let when = times(&always).map_or("as soon as".to_owned(), |times| format!("{times} after"));
        let over = if when.ends_with("after") { "" } else { " is over" };
        clauses.push(format!("{} {verb} {when} the {trigger}{over} ({of})", names(&always)));
    }
    for After { name, end, .. } in &always {
        if let Some(share) = end.filter(|share| *share < ENOUGH) {
            let share = keep(&Quantity::Share.write(share));
            clauses.push(format!("but in the end {name} serves {share}"));
        }
    }
    (!clauses.is_empty()).then(|| clauses.join("; ") + ".")
}

fn after(outcome: &Outcome) -> Option<After> {
    let recovered = outcome.values(Metric::Recovered)?;
    let time = outcome.estimate(Metric::RecoveryTime);
    let share = |metric| outcome.estimate(metric).map(|share| share.mean);
    Some(After {
        name: visible(&outcome.name),
        runs: recovered.iter().filter(|is_so| **is_so > 0.5).count(),
        time: time.map(|time| seconds(&time)),
        before: share(Metric::GoodputBefore),
        end: share(Metric::GoodputAfter),
    })
}

/// `38.0 ±2.5 s`; in whole seconds, as it is counted, unless a mean knows better.
fn seconds(time: &Estimate) -> String {
    let half = time.half_width();
    let places = usize::from(half > 0.0 && half < 9.5);
    let spread = if half > 0.0 { format!(" ±{}", decimal(half, places)) } else { String::new() };
    keep(&format!("{}{spread} s", decimal(time.mean, places)))
}

fn names(all: &[After]) -> String {
    listed(&all.iter().map(|after| after.name.clone()).collect::<Vec<_>>())
}

/// The times of all, in their order; once where it is the same for all, and not
/// at all where none needs any.
fn times(all: &[After]) -> Option<String> {
    let times: Vec<String> = all.iter().filter_map(|after| after.time.clone()).collect();
    match &times[..] {
        [first, rest @ ..] if rest.iter().all(|time| time == first) => {
            (*first != keep("0 s")).then(|| first.clone())
        }
        _ => Some(listed(&times)),
    }
}

/// `13 of 20 seeds`.
fn of(some: usize, seeds: usize) -> String {
    let noun = if seeds == 1 { "seed" } else { "seeds" };
    keep(&format!("{some} of {seeds} {noun}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Sample;
    use crate::metric::METRICS;
    use crate::report::fixture::{outcome, plan, told};
    use crate::report::text::KEPT;
    use crate::scenario::Trigger;

    /// What is said of clients that took so long to recover, seed by seed, and
    /// served so much in the end, and all that is new before the trigger.
    fn said(clients: &[(&[f64], f64)]) -> Option<String> {
        said_of(clients, 1.0)
    }

    /// The same where they served this share before it.
    fn said_of(clients: &[(&[f64], f64)], before: f64) -> Option<String> {
        let mut plan = plan(&["a", "b", "c"][..clients.len()]);
        for variant in &mut plan.variants {
            let (from, until) = (variant.model.start, variant.model.start);
            variant.model.trigger = Some(Trigger { name: "outage".to_owned(), from, until });
        }
        let place = |name: &str| METRICS.iter().position(|metric| metric.name() == name).unwrap();
        let outcomes = clients.iter().enumerate().map(|(index, (times, end))| {
            let mut outcome = outcome(&plan, index, &vec![(100, 1.0, 0.0); times.len()]);
            for (run, time) in outcome.runs.iter_mut().zip(*times) {
                run.samples[place("recovered")] = Sample::YesNo(Some(time.is_finite()));
                run.samples[place("recovery-time")] = Sample::Plain(Some(*time));
                run.samples[place("goodput-before")] = Sample::Ratio(before * 100.0, 100.0);
                run.samples[place("goodput-after")] = Sample::Ratio(*end * 100.0, 100.0);
            }
            outcome
        });
        told(&plan, outcomes.collect(), recovery).map(|text| text.replace(KEPT, " "))
    }

    const NEVER: f64 = f64::INFINITY;

    #[test]
    fn who_never_recovers_comes_first() {
        assert_eq!(
            said(&[(&[38.0, 37.0, 39.0], 1.0), (&[NEVER; 3], 0.0)]).unwrap(),
            "b never recovers (3 of 3 seeds): metastable; \
             a recovers 38.0 ±2.5 s after the outage (3 of 3 seeds)."
        );
    }

    #[test]
    fn who_was_overloaded_before_is_not_metastable() {
        assert_eq!(
            said_of(&[(&[NEVER; 3], 0.5)], 0.55).unwrap(),
            "a served less than 90 % before the outage already."
        );
    }

    #[test]
    fn some_seeds_are_not_all() {
        assert_eq!(
            said(&[(&[3.0, NEVER, 4.0], 0.7), (&[2.0, 2.0, 2.0], 1.0), (&[2.0; 3], 1.0)]).unwrap(),
            "a recovers in 2 of 3 seeds only; b and c recover 2 s after the outage (3 of 3 seeds)."
        );
    }

    #[test]
    fn who_needs_no_time_recovers_as_soon_as_it_is_over() {
        assert_eq!(
            said(&[(&[0.0; 2], 1.0), (&[0.0; 2], 1.0)]).unwrap(),
            "a and b recover as soon as the outage is over (2 of 2 seeds)."
        );
    }

    #[test]
    fn a_recovery_that_does_not_last_is_told() {
        assert_eq!(
            said(&[(&[2.0], 0.25)]).unwrap(),
            "a recovers 2 s after the outage (1 of 1 seed); but in the end a serves 25.0 %."
        );
    }
}
