//! Replay: requests that somebody recorded meet the limits of a model.
//!
//! Times come from the trace and nothing is drawn, so what comes out are
//! decisions that can be held against a recording, row by row.

mod error;
mod trace;
mod decide;

pub use decide::{Options, Outcome, Outcomes, Said, decide};
pub use error::TraceError;
pub use trace::{Columns, Row, Trace};
