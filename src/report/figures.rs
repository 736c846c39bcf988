//! From what a comparison found to the charts.

use super::chart::Chart;
use super::subject::Subject;

/// How many pixels of a PNG make one of a chart.
pub const SCALE: u32 = 2;

/// All charts of a comparison.
#[must_use]
pub fn all(_subject: &Subject<'_>) -> Vec<Chart> {
    vec![]
}
