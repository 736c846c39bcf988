//! Access logs: lines become fields, whatever program wrote them.
//!
//! A layout says where in a line each field is. It is found by looking at the
//! first lines, or given. Fields go by one set of names (`time`, `ip`, `method`,
//! `path`, `status`, `took`, ...), and any other by its own name in the log.

mod stamp;
mod field;
mod filter;
mod key;
mod mask;
mod pattern;
mod json;
mod layout;
mod lines;
mod input;

pub use field::{Cut, Source, begins, find, span, took};
pub use filter::Filter;
pub use input::{Packing, head, unpacked};
pub use key::Key;
pub use layout::{Cutter, Fields, LOOKED_AT, Layout, LayoutError};
pub use lines::{LINE_MAX, Line, Lines};
pub use mask::Mask;
pub use pattern::{Pattern, PatternError};
pub use stamp::{Stamp, Stamps};
