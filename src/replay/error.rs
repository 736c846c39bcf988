//! What can be wrong with a trace, said with its line.

use std::fmt;

/// Why a trace could not be read or decided on.
#[derive(Debug)]
pub enum TraceError {
    /// The file could not be read.
    Unreadable(String),
    /// A column is missing.
    Column(String),
    /// A row is wrong.
    Row {
        /// Its line, from 1.
        line: u64,
        /// What is wrong, and what to write instead.
        why: String,
    },
    /// The trace does not say what the limits need.
    Lacks(String),
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraceError::Unreadable(why) => write!(f, "cannot read it: {why}"),
            TraceError::Column(why) | TraceError::Lacks(why) => f.write_str(why),
            TraceError::Row { line, why } => write!(f, "line {line}: {why}"),
        }
    }
}

impl std::error::Error for TraceError {}
