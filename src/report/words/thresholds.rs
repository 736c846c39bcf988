//! What must not be, and whether it is: a tick or a cross for each client.

use crate::experiment::{Comparison, Threshold};
use crate::metric::Level;
use crate::report::grid;
use crate::report::number::Quantity;
use crate::report::text::{visible, wrap};

/// A block of lines for each condition, with a line for each client; empty
/// where there is no threshold.
#[must_use]
pub fn thresholds(thresholds: &[Threshold], comparison: &Comparison) -> String {
    let mut text = String::new();
    for block in thresholds.chunk_by(|a, b| a.condition == b.condition) {
        let row = |threshold: &Threshold| {
            let client = threshold.client.map(|client| visible(&comparison.outcomes[client].name));
            let is_sure = threshold.crossed.for_sure.is_some();
            let sure = if is_sure { "" } else { "not told apart" }.to_owned();
            let mark = format!("  {}", mark(threshold));
            std::iter::once(mark).chain(client).chain([levels(threshold), sure]).collect()
        };
        let rows: Vec<Vec<String>> = block.iter().map(row).collect();
        let title = wrap(&format!("fail if {}", visible(&block[0].condition.to_string())), 2);
        let columns = rows[0].len();
        let words: Vec<usize> = (0..columns).collect();
        let lines = grid::lines(&vec![""; columns], &rows, &words);
        let lines = lines[1..].iter().map(|line| format!("{line}\n"));
        text.extend(std::iter::once(title + "\n").chain(lines));
    }
    text
}

/// How many were crossed, as a sentence; `None` where none was.
#[must_use]
pub fn crossed(thresholds: &[Threshold]) -> Option<String> {
    let all = thresholds.len();
    match thresholds.iter().filter(|threshold| threshold.crossed.by_mean).count() {
        0 => None,
        1 if all == 1 => Some("the threshold was crossed".to_owned()),
        1 => Some(format!("1 of {all} thresholds was crossed")),
        crossed => Some(format!("{crossed} of {all} thresholds were crossed")),
    }
}

const fn mark(threshold: &Threshold) -> &'static str {
    if threshold.crossed.by_mean { "✗" } else { "✓" }
}

/// `429-share 55.3 ±1.2 %, wait-p99 never`; one metric alone needs no name.
fn levels(threshold: &Threshold) -> String {
    let mut told: Vec<String> = vec![];
    let several = threshold.levels.len() > 1 || threshold.client.is_none();
    for (subject, level) in &threshold.levels {
        let quantity = Quantity::of(subject.metric);
        let value = match level {
            Level::Known(estimate) => quantity.write_estimate(estimate),
            Level::Never => "never".to_owned(),
        };
        let of = subject.of.as_ref().map_or(String::new(), |of| format!(" of {}", visible(of)));
        let name = if several { format!("{}{of} ", subject.metric.name()) } else { String::new() };
        let line = format!("{name}{value}");
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told.join(", ")
}
