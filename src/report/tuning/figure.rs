//! The chart: the response of a knob, or a front.

use super::value::{named, plain, point, short};
use super::words::{answer, objective};
use super::{Sought, Tuning};
use crate::experiment::tune::{Found, Front, Knob, Objective, Place, Standing, Verdict, What};
use crate::metric::{Condition, Subject, Unit};
use crate::report::chart::knob::Number;
use crate::report::chart::{Chart, Estimate, front, knob};
use crate::report::text::{KEPT, visible};
use crate::scenario::vary::Scale;

/// The chart of what was tuned.
#[must_use]
pub fn figure(tuning: &Tuning<'_>) -> Chart {
    match tuning.sought {
        Sought::End(_, found) => of_response(tuning, found),
        Sought::Front(objectives, front) => of_front(tuning, objectives, front),
    }
}

/// The finding, without what was measured: that is in the picture.
fn title(tuning: &Tuning<'_>) -> String {
    let said = answer(tuning).first().cloned().unwrap_or_default().replace(KEPT, " ");
    let said = said.strip_prefix("Answer: ").unwrap_or(&said);
    let end = [": ", ". "].iter().filter_map(|mark| said.find(mark)).min();
    said[..end.unwrap_or(said.len())].trim_end_matches('.').to_owned()
}

/// What was run, over how many seeds.
fn run(tuning: &Tuning<'_>, what: &str) -> String {
    let (least, most) = tuning.seeds();
    let seeds = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let (what, client) = (visible(what), visible(tuning.client));
    let end = if what.ends_with('?') { "" } else { ";" };
    format!("{what}{end} client {client}, {seeds} seeds a point, mean with 95% interval")
}

const fn number(unit: Unit) -> Number {
    match unit {
        Unit::Share => Number::Share,
        Unit::Seconds => Number::Seconds,
        Unit::Count | Unit::PerSecond | Unit::Ratio => Number::Plain,
    }
}

fn knob_number(knob: &Knob) -> Number {
    match knob.scale() {
        Scale::Share => Number::Share,
        Scale::Seconds => Number::Seconds,
        Scale::Plain | Scale::PerSecond => Number::Plain,
    }
}

/// What a knob is, with the unit that its numbers on an axis lack.
fn knob_title(knob: &Knob) -> String {
    match knob.scale() {
        Scale::PerSecond => format!("{} (per second)", knob.path()),
        _ => knob.path().to_owned(),
    }
}

fn subject_title(subject: &Subject) -> String {
    match subject.metric.unit() {
        Unit::PerSecond => format!("{} (per second)", named(subject)),
        _ => named(subject),
    }
}

fn drawn(e: crate::stats::interval::Estimate) -> Estimate {
    Estimate { mean: e.mean, low: e.low, high: e.high }
}

fn of_response(tuning: &Tuning<'_>, found: &Found) -> Chart {
    let knob = &tuning.knobs[0];
    let measured = |subject: &Subject| {
        let points = found.points.iter().map(|(place, point)| knob::Point {
            at: knob.number(place[0]),
            found: tuning.question.estimate(&point.evidence, subject).map(drawn),
            meets: match point.verdict {
                Verdict::Meets => Some(true),
                Verdict::Misses => Some(false),
                Verdict::Open => None,
            },
        });
        let bounds = tuning.question.goals().iter().flat_map(Condition::bounds);
        let bounds = bounds
            .filter(|(about, _, _)| *about == subject)
            .map(|(about, _, value)| (value, format!("goal: {}", plain(about.metric, value))));
        knob::Measured {
            name: subject_title(subject),
            unit: number(subject.metric.unit()),
            points: points.collect(),
            bounds: bounds.collect(),
        }
    };
    knob::Knob {
        title: title(tuning),
        subtitle: run(tuning, &tuning.plan.title),
        knob: knob_title(knob) + if knob.is_wide() { " (log scale)" } else { "" },
        unit: knob_number(knob),
        wide: knob.is_wide(),
        measured: tuning.question.subjects().iter().map(measured).collect(),
        chosen: found
            .best
            .map(|best| (knob.number(best), format!("{} {}", short(knob), knob.text(best)))),
    }
    .chart()
}

fn of_front(tuning: &Tuning<'_>, objectives: &[Objective], found: &Front) -> Chart {
    // What is wanted comes first; where that is one thing, a knob is beside it.
    let knobs = (0..tuning.knobs.len()).map(What::Knob);
    let mut shown: Vec<What> = objectives.iter().map(|objective| objective.what.clone()).collect();
    for knob in knobs {
        if !shown.contains(&knob) && shown.len() < 2 {
            shown.insert(0, knob);
        }
    }
    let axis = |what: &What| match what {
        What::Knob(knob) => {
            let knob = &tuning.knobs[*knob];
            front::Axis { title: knob_title(knob), unit: knob_number(knob) }
        }
        What::Measured(subject) => {
            front::Axis { title: subject_title(subject), unit: number(subject.metric.unit()) }
        }
    };
    let on = |what: &What, place: &Place| match what {
        What::Knob(knob) => Some(Estimate::exact(tuning.knobs[*knob].number(place[*knob]))),
        What::Measured(subject) => {
            tuning.question.estimate(&found.points[place].evidence, subject).map(drawn)
        }
    };
    let drawn = |(place, standing): (&Place, &Standing)| {
        Some(front::Point {
            name: point(tuning.knobs, place),
            x: on(&shown[0], place)?,
            y: on(&shown[1], place)?,
            is: match standing {
                Standing::Front => front::Is::Front,
                Standing::Open => front::Is::Open,
                Standing::Beaten => front::Is::Beaten,
                Standing::Misses => front::Is::Missing,
            },
        })
    };
    let wanted: Vec<String> = objectives.iter().map(|o| objective(tuning, o)).collect();
    front::Front {
        title: title(tuning),
        subtitle: format!("{}; {}", wanted.join(", "), run(tuning, &tuning.plan.name)),
        x: axis(&shown[0]),
        y: axis(&shown[1]),
        points: found.standings.iter().filter_map(drawn).collect(),
    }
    .chart()
}
