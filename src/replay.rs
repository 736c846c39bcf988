//! Replay: requests that somebody recorded meet the limits of a model.
//!
//! Times come from the trace and nothing is drawn, so what comes out are
//! decisions that can be held against a recording, row by row.

mod trace;
mod decide;

pub use decide::{Options, Outcome, Outcomes, Said, decide};
pub use trace::{Columns, Row, Trace, TraceError};
