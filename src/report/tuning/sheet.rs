//! `tune.csv`: all points that were probed, whatever came of them.

use super::value::named;
use super::{Sought, Tuning};
use crate::experiment::tune::Standing;
use crate::metric::Level;
use crate::report::number::data;
use crate::report::text::cell;

/// The text of `tune.csv`: a row a point, in the order of the values.
#[must_use]
pub fn sheet(tuning: &Tuning<'_>) -> String {
    let mut header: Vec<String> =
        tuning.knobs.iter().map(|knob| cell(knob.path()).into_owned()).collect();
    for subject in tuning.question.subjects() {
        let name = named(subject);
        header.extend([name.clone(), format!("{name}-low"), format!("{name}-high")]);
    }
    header.extend(["seeds", "verdict", "standing"].map(str::to_owned));
    let rows = tuning.points().map(|(place, point)| {
        let mut row: Vec<String> = tuning
            .knobs
            .iter()
            .zip(place)
            .map(|(knob, value)| cell(&knob.text(*value)).into_owned())
            .collect();
        for subject in tuning.question.subjects() {
            row.extend(three(tuning.question.level(&point.evidence, subject)));
        }
        let standing = match tuning.sought {
            Sought::End(_, found) if found.best == Some(place[0]) => "answer",
            Sought::End(..) => "",
            Sought::Front(_, front) => match front.standings[place] {
                Standing::Front => "front",
                Standing::Open => "open",
                Standing::Beaten => "beaten",
                Standing::Misses => "misses",
            },
        };
        let seeds = point.evidence.seeds().to_string();
        row.extend([seeds, point.verdict.to_string(), standing.to_owned()]);
        row
    });
    crate::report::csv::sheet(std::iter::once(header).chain(rows))
}

fn three(level: Option<Level>) -> [String; 3] {
    match level {
        Some(Level::Known(e)) if e.has_interval() => [data(e.mean), data(e.low), data(e.high)],
        Some(Level::Known(e)) => [data(e.mean), String::new(), String::new()],
        Some(Level::Never) => [data(f64::INFINITY), String::new(), String::new()],
        None => [const { String::new() }; 3],
    }
}
