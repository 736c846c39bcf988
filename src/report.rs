//! What a run looks like when it is told: the charts.

pub mod chart;
