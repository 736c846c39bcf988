//! What can be wrong with logs, said with file and line.

use std::fmt;
use std::io;

use super::error::TraceError;
use super::seen::{Seen, Unreadable};
use crate::log::LayoutError;
use crate::time::Span;

/// Why logs could not be read.
#[derive(Debug)]
pub enum LogError {
    /// A file could not be opened or unpacked.
    File {
        /// Which.
        file: String,
        /// Near this line.
        line: u64,
        /// Why.
        why: io::Error,
    },
    /// Its lines are like nothing that is known.
    Layout {
        /// Which.
        file: String,
        /// Why, where something was asked for.
        why: Option<LayoutError>,
        /// Its first line.
        first: String,
    },
    /// A field is missing.
    Field {
        /// Which file.
        file: String,
        /// The field.
        field: String,
        /// The fields that there are.
        own: Vec<String>,
    },
    /// A line is later than it may be.
    Late {
        /// Which file.
        file: String,
        /// Which line.
        line: u64,
        /// By so much.
        by: Span,
        /// And it may be so much.
        most: Span,
    },
    /// Too many lines are unreadable.
    Unreadable(Box<Seen>),
    /// Something else, with its line.
    Row(TraceError),
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::File { file, line, why } => write!(f, "{file}: near line {line}: {why}"),
            LogError::Layout { file, why: Some(why), first } => {
                write!(f, "{file}: {why}\n  its first line: {first}")
            }
            LogError::Layout { file, why: None, first } => write!(
                f,
                "{file}: its lines are of no format that is known\n  its first line: {first}\n  \
                 = help: say what they are with --format, as a log_format of nginx"
            ),
            LogError::Field { file, field, own } => write!(
                f,
                "{file}: there is no field `{field}`\n  = help: there are {}",
                own.join(", ")
            ),
            LogError::Late { file, line, by, most } => write!(
                f,
                "{file}: line {line} comes {by} after one of a later time, and {most} are usual\n  \
                 = help: add --reorder {by}, or --sort"
            ),
            LogError::Unreadable(seen) => {
                let share = 100.0 * seen.unreadable as f64 / seen.lines as f64;
                write!(
                    f,
                    "{} of {} lines are unreadable ({share:.1} %)",
                    seen.unreadable, seen.lines
                )?;
                for Unreadable { file, line, why } in &seen.examples {
                    write!(f, "\n  {file}: line {line}: {why}")?;
                }
                write!(f, "\n  = help: say what they are with --format, or add --unreadable 5%")
            }
            LogError::Row(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LogError {}
