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
use crate::replay::{Outcome, Outcomes, Said, Trace};
use crate::time::Span;

/// The names of the columns.
const COLUMNS: [&str; 9] = [
    "t_ns",
    "key",
    "cost",
    "decision",
    "delay_ns",
    "remaining",
    "retry_after_ns",
    "reset_ns",
    "limit",
];

/// Writes all outcomes; where the headers of the responses are among them, a
/// column for each header of the API.
pub fn write(
    model: &ApiModel,
    trace: &Trace,
    outcomes: &Outcomes,
    out: impl Write,
) -> io::Result<()> {
    rows(model, trace, outcomes, out).map_err(cause)
}

fn rows(model: &ApiModel, trace: &Trace, outcomes: &Outcomes, out: impl Write) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let names: &[String] = if outcomes.headers.is_empty() { &[] } else { &model.header_names };
    writer.write_record(COLUMNS.into_iter().chain(names.iter().map(String::as_str)))?;
    for (index, (row, outcome)) in trace.rows.iter().zip(&outcomes.rows).enumerate() {
        let (decision, delay) = match outcome.said {
            Said::Admit => ("admit", None),
            Said::Delay(by) => ("delay", Some(by)),
            Said::Queue(by) => ("queue", Some(by)),
            Said::Reject => ("reject", None),
        };
        let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        let span = |span: Option<Span>| number(span.map(|span| span.0));
        let first = model.places(row.endpoint, row.principal).next();
        let cost = row
            .cost
            .or_else(|| first.map(|(id, _)| model.limit(id).costs[row.endpoint as usize].reserved));
        let limit = outcome.limit.map(|id| cell(&model.limit(id).name)).unwrap_or_default();
        writer.write_field(row.at.0.to_string())?;
        writer.write_field(cell(&trace.keys[row.key as usize]).as_bytes())?;
        writer.write_field(number(cost.map(u64::from)))?;
        writer.write_field(decision)?;
        writer.write_field(span(delay))?;
        writer.write_field(number(outcome.remaining))?;
        writer.write_field(span(outcome.retry_after))?;
        writer.write_field(span(outcome.reset))?;
        writer.write_field(limit.as_bytes())?;
        for id in (0..).map(HeaderId).take(names.len()) {
            let lines = outcomes.headers[index].iter().filter(|(name, _)| *name == id);
            let values: Vec<String> = lines.map(|(_, value)| value.written(&model.texts)).collect();
            writer.write_field(cell(&values.join(", ")).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(writer.flush()?)
}

/// What became of all requests, and at which limits, in a few lines.
#[must_use]
pub fn summary(model: &ApiModel, trace: &Trace, outcomes: &Outcomes) -> String {
    let all = trace.rows.len() as u64;
    let of = |is: fn(Said) -> bool| {
        outcomes.rows.iter().filter(|outcome| is(outcome.said)).count() as u64
    };
    let parts = [
        ("admitted", of(|said| said == Said::Admit)),
        ("delayed", of(|said| matches!(said, Said::Delay(_)))),
        ("queued", of(|said| matches!(said, Said::Queue(_)))),
        ("rejected", of(|said| said == Said::Reject)),
    ];
    let told = |(what, number): (&str, u64)| {
        (number > 0).then(|| format!("{} {what} ({})", count(number), percent(number, all)))
    };
    let parts: Vec<String> = parts.into_iter().filter_map(told).collect();
    let mut text = format!("{} requests: {}\n", count(all), parts.join(", "));
    for (id, limit) in (0..).map(LimitId).zip(&model.limits) {
        let bound = |said: &Outcome| said.limit == Some(id) && said.said == Said::Reject;
        let rejected = outcomes.rows.iter().filter(|outcome| bound(outcome)).count() as u64;
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
