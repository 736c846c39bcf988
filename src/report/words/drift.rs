//! What has become better or worse since a comparison that was kept.

use crate::experiment::{Baseline, Comparison, Drift, Word};
use crate::metric::Unit;
use crate::report::grid;
use crate::report::number::{self, Quantity};
use crate::report::subject::Against;
use crate::report::text::{listed, visible, wrap};

/// The numbers that are surely better or worse, and how many are not.
#[must_use]
pub fn drifts(against: Against<'_>, comparison: &Comparison) -> String {
    let Against { name, baseline, drifts } = against;
    let moved: Vec<&Drift> = drifts.iter().filter(|d| d.word != Word::WithinNoise).collect();
    let mut text = wrap(&heading(name, drifts.len(), moved.len()), 0) + "\n";
    let row = |drift: &&Drift| {
        let quantity = Quantity::of(drift.metric);
        let value = |value: Option<f64>| value.map_or("never".to_owned(), |v| quantity.write(v));
        vec![
            format!("  {}", visible(&comparison.outcomes[drift.client].name)),
            drift.metric.name().to_owned(),
            value(drift.then),
            value(drift.now),
            change(drift),
            word(drift.word).to_owned(),
        ]
    };
    if !moved.is_empty() {
        let rows: Vec<Vec<String>> = moved.iter().map(row).collect();
        let titles = ["  client", "metric", "then", "now", "change", ""];
        let lines = grid::lines(&titles, &rows, &[0, 1, 5]);
        text.extend(lines.iter().map(|line| format!("{line}\n")));
    }
    for (clients, what) in strangers(baseline, comparison) {
        if !clients.is_empty() {
            text.push_str(&(wrap(&format!("{what}: {}.", listed(&clients)), 2) + "\n"));
        }
    }
    text
}

/// Better, worse or within noise.
#[must_use]
pub const fn word(word: Word) -> &'static str {
    match word {
        Word::Better => "better",
        Word::Worse => "worse",
        Word::WithinNoise => "within noise",
    }
}

fn heading(name: &str, all: usize, moved: usize) -> String {
    let name = visible(name);
    match (moved, all - moved) {
        (0, 0) => format!("Against baseline {name}: no client is in both."),
        (0, _) => {
            format!("Against baseline {name}, paired by seed: all {all} numbers within noise.")
        }
        (_, 0) => format!("Against baseline {name}, paired by seed:"),
        (_, rest) => format!(
            "Against baseline {name}, paired by seed, {rest} of {all} numbers within noise; the others:"
        ),
    }
}

/// `-2,090 ±120`, in points where it is a share.
fn change(drift: &Drift) -> String {
    let Some(change) = drift.change else {
        return String::new();
    };
    let half = change.half_width();
    let (scale, unit) = match drift.metric.unit() {
        Unit::Share => (100.0, " points"),
        Unit::Seconds => (1.0, " s"),
        Unit::PerSecond => (1.0, "/s"),
        Unit::Count | Unit::Ratio => (1.0, ""),
    };
    let places = places(change.mean.abs().max(half) * scale);
    let sign = if change.mean > 0.0 { "+" } else { "" };
    let value = number::decimal(change.mean * scale, places);
    let half = number::decimal(half * scale, places);
    if change.has_interval() {
        format!("{sign}{value} ±{half}{unit}")
    } else {
        format!("{sign}{value}{unit}")
    }
}

/// As many decimals as show two figures.
fn places(value: f64) -> usize {
    let mut places = 0;
    let mut size = value;
    while size > 0.0 && size < 10.0 && places < 4 {
        size *= 10.0;
        places += 1;
    }
    places
}

/// Clients that only one of the two has.
fn strangers(baseline: &Baseline, comparison: &Comparison) -> [(Vec<String>, &'static str); 2] {
    let outcomes = &comparison.outcomes;
    let new = outcomes.iter().filter(|outcome| baseline.kept(&outcome.name).is_none());
    let is_gone = |name: &&String| outcomes.iter().all(|outcome| outcome.name != **name);
    let gone = baseline.clients.iter().map(|kept| &kept.client).filter(is_gone);
    [
        (new.map(|outcome| visible(&outcome.name)).collect(), "Not in the baseline"),
        (gone.map(|name| visible(name)).collect(), "In the baseline alone"),
    ]
}
