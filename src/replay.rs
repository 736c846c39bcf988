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
mod whose;
mod keyed;
mod seen;
mod log_error;
mod reading;
mod decide;
mod brief;
mod parts;
mod impact;
mod headroom;
mod resolution;
mod levels;
mod smallest;

pub use decide::{Options, Outcome, Outcomes, Said, decide};
pub use error::TraceError;
pub use headroom::{Headroom, Hits, WINDOWS};
pub use impact::{Impact, KeyImpact, LimitImpact};
pub use levels::HIT;
pub use log_error::LogError;
pub use parts::{Decided, Decisions, Wanted, decisions};
pub use places::Columns;
pub use reading::{Asked, Reader, Reading};
pub use resolution::{Log, Readings};
pub use rows::{Row, Rows};
pub use seen::{Seen, Starts, Unreadable};
pub use smallest::{Smallest, smallest, unsearchable};
pub use trace::Trace;
