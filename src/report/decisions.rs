//! The decisions of a replay as CSV: one row a request, in the order of its trace.
//!
//! Times and spans are nanoseconds. A field is empty where the limiter tells
//! nothing: `delay_ns` of what was not held back, `retry_after_ns` of what was
//! not refused, `limit` where none bound.

use std::io::{self, Write};

use super::events::cause;
use super::number::{count, decimal};
use super::text::{cell, visible, wrap};
use crate::api::{ApiModel, LimitId};
use crate::http::HeaderId;
use crate::replay::{Decided, Outcome, Said, Trace};
use crate::time::Span;

/// What a column says of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// When it came.
    Time,
    /// Whose it is.
    Key,
    /// What it costs.
    Cost,
    /// What became of it.
    Decision,
    /// For how long it was held back.
    Delay,
    /// What is left.
    Remaining,
    /// When it may come again.
    RetryAfter,
    /// When the limit is whole again.
    Reset,
    /// The limit that bound.
    Limit,
    /// A header of its response.
    Header(HeaderId),
}

/// The columns by name, in the order in which they stand if nobody says another.
const COLUMNS: [(&str, Column); 9] = [
    ("t_ns", Column::Time),
    ("key", Column::Key),
    ("cost", Column::Cost),
    ("decision", Column::Decision),
    ("delay_ns", Column::Delay),
    ("remaining", Column::Remaining),
    ("retry_after_ns", Column::RetryAfter),
    ("reset_ns", Column::Reset),
    ("limit", Column::Limit),
];

impl Column {
    /// The columns of a list of names: those above, and headers of the API.
    pub fn list(names: &str, model: &ApiModel) -> Result<Vec<Column>, String> {
        let mut columns = vec![];
        for name in names.split(',').map(str::trim) {
            let column = Column::named(name, model).ok_or_else(|| {
                let known: Vec<&str> = all_names(model).collect();
                format!("there is no column `{name}`; there are: {}", known.join(", "))
            })?;
            if columns.contains(&column) {
                return Err(format!("the column `{name}` is named twice"));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// All of them, with those of the headers or without.
    #[must_use]
    pub fn all(model: &ApiModel, headers: bool) -> Vec<Column> {
        let names = if headers { model.header_names.len() } else { 0 };
        let headers = (0..).take(names).map(|id| Column::Header(HeaderId(id)));
        COLUMNS.into_iter().map(|(_, column)| column).chain(headers).collect()
    }

    /// Whether a limit has to be asked for it after its decision.
    #[must_use]
    pub fn is_told(self) -> bool {
        matches!(self, Column::Delay | Column::Remaining | Column::RetryAfter | Column::Reset)
    }

    fn named(name: &str, model: &ApiModel) -> Option<Column> {
        let own = COLUMNS.into_iter().find(|(known, _)| *known == name);
        let header = || {
            let place = model.header_names.iter().position(|h| h.eq_ignore_ascii_case(name))?;
            place.try_into().ok().map(|id| Column::Header(HeaderId(id)))
        };
        own.map(|(_, column)| column).or_else(header)
    }

    fn name(self, model: &ApiModel) -> &str {
        match self {
            Column::Header(id) => &model.header_names[usize::from(id.0)],
            own => COLUMNS.iter().find(|(_, column)| *column == own).map_or("", |(name, _)| name),
        }
    }
}

fn all_names(model: &ApiModel) -> impl Iterator<Item = &str> {
    COLUMNS.iter().map(|(name, _)| *name).chain(model.header_names.iter().map(String::as_str))
}

/// Writes all outcomes; where the headers of the responses are among them, a
/// column for each header of the API.
pub fn write(
    model: &ApiModel,
    trace: &Trace,
    decided: &impl Decided,
    out: impl Write,
) -> io::Result<()> {
    write_columns(model, trace, decided, &Column::all(model, !decided.headers().is_empty()), out)
}

/// Writes these columns of all outcomes.
pub fn write_columns(
    model: &ApiModel,
    trace: &Trace,
    decided: &impl Decided,
    columns: &[Column],
    out: impl Write,
) -> io::Result<()> {
    let rows = Rows { model, trace, decided, number: itoa::Buffer::new() };
    rows.write(columns, csv::Writer::from_writer(out)).map_err(cause)
}

struct Rows<'r, D> {
    model: &'r ApiModel,
    trace: &'r Trace,
    decided: &'r D,
    number: itoa::Buffer,
}

impl<D: Decided> Rows<'_, D> {
    fn write(mut self, columns: &[Column], mut out: csv::Writer<impl Write>) -> csv::Result<()> {
        out.write_record(columns.iter().map(|column| column.name(self.model)))?;
        for row in 0..self.trace.rows.len() {
            let outcome = self.decided.outcome(row);
            for column in columns {
                self.field(*column, row, &outcome, &mut out)?;
            }
            out.write_record(None::<&[u8]>)?;
        }
        Ok(out.flush()?)
    }

    fn field(
        &mut self,
        column: Column,
        row: usize,
        outcome: &Outcome,
        out: &mut csv::Writer<impl Write>,
    ) -> csv::Result<()> {
        let span = |span: Option<Span>| span.map(|span| span.0);
        let number = match column {
            Column::Time => Some(self.trace.rows.times()[row].0),
            Column::Cost => self.cost(row).map(u64::from),
            Column::Delay => match outcome.said {
                Said::Delay(by) | Said::Queue(by) => Some(by.0),
                Said::Admit | Said::Reject => None,
            },
            Column::Remaining => outcome.remaining,
            Column::RetryAfter => span(outcome.retry_after),
            Column::Reset => span(outcome.reset),
            Column::Key => return out.write_field(cell(self.trace.key(row)).as_bytes()),
            Column::Decision => return out.write_field(word(outcome.said)),
            Column::Limit => {
                let name = outcome.limit.map(|id| cell(&self.model.limit(id).name));
                return out.write_field(name.unwrap_or_default().as_bytes());
            }
            Column::Header(id) => {
                let lines = self.decided.headers()[row].iter().filter(|(name, _)| *name == id);
                let values: Vec<String> =
                    lines.map(|(_, value)| value.written(&self.model.texts)).collect();
                return out.write_field(cell(&values.join(", ")).as_bytes());
            }
        };
        out.write_field(number.map_or("", |number| self.number.format(number)))
    }

    /// What a request says that it costs, or else what its first limit takes.
    fn cost(&self, row: usize) -> Option<u32> {
        let rows = &self.trace.rows;
        rows.cost(row).or_else(|| {
            let endpoint = rows.endpoint(row);
            let (id, _) = self.model.places(endpoint, rows.principals()[row]).next()?;
            Some(self.model.limit(id).costs[endpoint as usize].reserved)
        })
    }
}

const fn word(said: Said) -> &'static str {
    match said {
        Said::Admit => "admit",
        Said::Delay(_) => "delay",
        Said::Queue(_) => "queue",
        Said::Reject => "reject",
    }
}

/// What became of all requests, and at which limits, in a few lines.
#[must_use]
pub fn summary(model: &ApiModel, trace: &Trace, decided: &impl Decided) -> String {
    let all = trace.rows.len() as u64;
    let mut of = [0_u64; 4];
    let mut rejected = vec![0_u64; model.limits.len()];
    for row in 0..trace.rows.len() {
        let outcome = decided.outcome(row);
        let kind = match outcome.said {
            Said::Admit => 0,
            Said::Delay(_) => 1,
            Said::Queue(_) => 2,
            Said::Reject => 3,
        };
        of[kind] += 1;
        if let (Said::Reject, Some(LimitId(limit))) = (outcome.said, outcome.limit) {
            rejected[usize::from(limit)] += 1;
        }
    }
    let told = |(what, number): (&str, u64)| {
        (number > 0).then(|| format!("{} {what} ({})", count(number), percent(number, all)))
    };
    let parts = ["admitted", "delayed", "queued", "rejected"].into_iter().zip(of);
    let parts: Vec<String> = parts.filter_map(told).collect();
    let mut text = format!("{} requests: {}\n", count(all), parts.join(", "));
    for (limit, rejected) in model.limits.iter().zip(rejected) {
        if rejected > 0 {
            let name = visible(&limit.name);
            let rule = &limit.limiter;
            text.push_str(&wrap(&format!("{name} ({rule}): {} rejected", count(rejected)), 2));
            text.push('\n');
        }
    }
    text
}

fn percent(part: u64, all: u64) -> String {
    format!("{} %", decimal(100.0 * part as f64 / all.max(1) as f64, 2))
}
