//! What was seen of logs beside their requests.

use crate::log::Stamp;
use crate::time::Span;

/// What was seen of logs beside their requests.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What the lines were taken for: a layout a file.
    pub layouts: Vec<String>,
    /// The form of the stamps.
    pub stamps: Option<Stamp>,
    /// The shortest step that stamps show, in nanoseconds.
    pub tick: Option<Span>,
    /// Whether stamps are of the ends of requests, and starts could be told.
    pub starts: Starts,
    /// Lines that hold something.
    pub lines: u64,
    /// Requests that the filter left out.
    pub filtered: u64,
    /// Requests of keys beyond the most.
    pub undecided: u64,
    /// How far a line came behind one of a later time.
    pub late: Span,
    /// Lines that could not be read, and the first of them: file, line and why.
    pub unreadable: u64,
    /// The first few of them.
    pub examples: Vec<Unreadable>,
    /// How many requests came in each minute of the hour, in UTC.
    pub minutes: Vec<u64>,
}

/// Which end of a request its stamp is of.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Starts {
    /// The log says when requests began.
    Stamped,
    /// It says when they ended and how long they took.
    Subtracted,
    /// It says when they ended, most likely, and not how long they took.
    #[default]
    Unknown,
}

/// A line that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// Its file.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// Why.
    pub why: String,
}

impl Starts {
    /// What is known of two files together.
    pub(super) fn worse(self, other: Starts) -> Starts {
        match (self, other) {
            (Starts::Unknown, _) | (_, Starts::Unknown) => Starts::Unknown,
            (Starts::Subtracted, _) | (_, Starts::Subtracted) => Starts::Subtracted,
            _ => Starts::Stamped,
        }
    }
}
