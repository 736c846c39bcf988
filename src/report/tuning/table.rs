//! The table of the points: what was tried, what came of it, what that says.

use super::value::{measured, named, short};
use super::{Sought, Tuning};
use crate::experiment::tune::{Place, Point, Standing};
use crate::report::grid;

/// Longer paths than this leave no room for numbers.
const PATH: usize = 22;

/// Titles and rows.
pub(super) struct Table {
    pub(super) titles: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// The points that matter to a reader: all of a search, those that may be the
    /// best of a front.
    pub(super) fn of(tuning: &Tuning<'_>) -> Table {
        let knob = |knob: &crate::experiment::tune::Knob| {
            let path = knob.path();
            if path.len() <= PATH && tuning.knobs.len() == 1 { path } else { short(knob) }
                .to_owned()
        };
        let mut titles: Vec<String> = tuning.knobs.iter().map(knob).collect();
        titles.extend(tuning.question.subjects().iter().map(named));
        titles.extend(["seeds".to_owned(), String::new()]);
        let rows = tuning.points().filter_map(|(place, point)| row(tuning, place, point));
        Table { titles, rows: rows.collect() }
    }

    pub(super) fn text(&self) -> String {
        let titles: Vec<&str> = self.titles.iter().map(String::as_str).collect();
        let last = self.titles.len() - 1;
        grid::lines(&titles, &self.rows, &[last]).join("\n") + "\n"
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace("| |", "|"));
        let rule = "---:|".repeat(self.titles.len() - 1);
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}|{rule}:---|\n{rows}", line(&self.titles))
    }
}

fn row(tuning: &Tuning<'_>, place: &Place, point: &Point) -> Option<Vec<String>> {
    let says = match tuning.sought {
        Sought::End(_, found) => {
            let chosen = found.best == Some(place[0]);
            format!("{}{}", point.verdict, if chosen { ", the answer" } else { "" })
        }
        Sought::Front(_, front) => match front.standings[place] {
            Standing::Front => "of the front".to_owned(),
            Standing::Open => "not told apart".to_owned(),
            Standing::Beaten | Standing::Misses => return None,
        },
    };
    let mut cells: Vec<String> =
        tuning.knobs.iter().zip(place).map(|(knob, value)| knob.text(*value)).collect();
    cells.extend(tuning.question.subjects().iter().map(|subject| {
        let level = tuning.question.level(&point.evidence, subject);
        level.map_or("-".to_owned(), |level| measured(subject.metric, level))
    }));
    cells.extend([point.evidence.seeds().to_string(), says]);
    Some(cells)
}
