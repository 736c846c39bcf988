//! Every attempt of a run as a row of CSV, written while it runs.
//!
//! Times are seconds from the run's start, to the nanosecond. A row is written
//! when its client is done with the attempt, so rows are in that order;
//! attempts that are still under way at the end have none.

use std::io::{self, Write};

use super::number::seconds;
use super::text::cell;
use crate::engine::{AttemptRecord, Caller, Fact, Observer};
use crate::http::Answer;
use crate::scenario::Model;
use crate::time::Instant;

/// The names of the columns.
const COLUMNS: [&str; 10] = [
    "t_sent_s",
    "t_done_s",
    "population",
    "client",
    "call",
    "attempt",
    "endpoint",
    "answer",
    "rejected_by",
    "wait_before_next_s",
];

/// Writes a row for each attempt.
#[derive(Debug)]
pub struct Events<'m, W: Write> {
    model: &'m Model,
    writer: csv::Writer<W>,
    /// The first thing that went wrong: nothing is written after it.
    failed: Option<io::Error>,
}

impl<'m, W: Write> Events<'m, W> {
    /// The header is written at once.
    pub fn new(model: &'m Model, out: W) -> Self {
        let mut writer = csv::Writer::from_writer(out);
        let failed = writer.write_record(COLUMNS).err().map(cause);
        Events { model, writer, failed }
    }

    /// Writes what is left; the first error of all that was written.
    pub fn finish(mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.writer.flush(),
        }
    }

    fn row(&mut self, now: Instant, caller: Caller, record: &AttemptRecord) -> csv::Result<()> {
        let model = self.model;
        let population = &model.populations[usize::from(caller.population)];
        let answer = match record.answer {
            Answer::Status(status) => status.to_string(),
            Answer::Refused => "refused".to_owned(),
            Answer::TimedOut => "timeout".to_owned(),
        };
        let limit = record.rejected_by.map(|limit| cell(&model.api.limit(limit).name));
        self.writer.write_record([
            seconds(record.sent.since(model.start)).as_str(),
            &seconds(now.since(model.start)),
            &cell(&population.name),
            &(caller.client - population.first_client).to_string(),
            &record.call.to_string(),
            &record.number.to_string(),
            &cell(&model.api.endpoints[caller.endpoint as usize].name),
            &answer,
            limit.as_deref().unwrap_or(""),
            &record.then.map(seconds).unwrap_or_default(),
        ])
    }
}

/// What the system said, which tells a closed pipe from a full disk.
pub(super) fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

impl<W: Write> Observer for Events<'_, W> {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        if let (Fact::Answered(record), None) = (fact, &self.failed) {
            self.failed = self.row(now, caller, record).err().map(cause);
        }
    }
}
