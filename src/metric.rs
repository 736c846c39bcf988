//! Metrics: one list of names, units and meanings for tables, files and
//! conditions, and the one grammar of conditions on them.
//!
//! How each is read off a run is `measure`'s business, and off a log `replay`'s;
//! here they are words,
//! so that a scenario can name them and be found wrong when it is read.

mod list;
mod log;
mod condition;
mod grammar;

pub use condition::{Comparison, Condition, Judgement, Level, Subject, Unknown};
pub use list::{Better, METRICS, Measured, Metric, Unit};
pub use log::{LOG_METRICS, LogMetric};
