//! Metrics: one list of names, units and meanings for tables, files and
//! conditions, and the one grammar of conditions on them.
//!
//! How each is read off a run is `measure`'s business; here they are words,
//! so that a scenario can name them and be found wrong when it is read.

mod list;
mod condition;
mod grammar;

pub use condition::{Comparison, Condition, Judgement, Level, Subject, Unknown};
pub use list::{Better, METRICS, Metric, Unit};
