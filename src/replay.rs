//! Replay: requests that somebody recorded meet the limits of a model.
//!
//! Times come from the trace and nothing is drawn, so what comes out are
//! decisions that can be held against a recording, row by row.

mod error;
mod index;
mod scan;
mod cell;
mod places;
mod rows;
mod building;
mod trace;
mod decide;
mod brief;
mod parts;

pub use decide::{Options, Outcome, Outcomes, Said, decide};
pub use error::TraceError;
pub use parts::{Decided, Decisions, Wanted, decisions};
pub use places::Columns;
pub use rows::{Row, Rows};
pub use trace::Trace;
