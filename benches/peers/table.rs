//! The table that the README shows.

use std::fmt::Write;

use crate::column::Column;
use crate::engine::Engine;
use crate::machine;

/// Growth is told against this many clients.
const GROWTH_FROM: u32 = 10_000;

/// Rows of cells, the head first.
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn of(columns: &[Column], engines: &[Engine]) -> Self {
        let mut head = vec!["ns an event, at so many clients".to_owned()];
        head.extend(columns.iter().map(|column| grouped(u64::from(column.clients))));
        let mut rows = vec![head];
        for engine in engines {
            let mut row = vec![engine.title().to_owned()];
            row.extend(columns.iter().map(|column| cell(column, *engine)));
            rows.push(row);
        }
        let mut growth = vec!["growth of tollgate".to_owned()];
        let from = columns.iter().find(|column| column.clients == GROWTH_FROM);
        growth.extend(columns.iter().map(|column| growth_of(column, from)));
        rows.push(growth);
        let mut memory = vec!["memory of tollgate".to_owned()];
        memory.extend(columns.iter().map(memory_of));
        rows.push(memory);
        Table(rows)
    }

    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        let width = |at: usize| self.0.iter().map(|row| row[at].chars().count()).max();
        let widths: Vec<usize> = (0..self.0[0].len()).filter_map(width).collect();
        let line = |row: &Vec<String>| {
            let mut line = format!("{:<1$}", row[0], widths[0]);
            for (cell, width) in row.iter().zip(&widths).skip(1) {
                write!(line, "  {cell:>width$}").expect("a text takes all");
            }
            line + "\n"
        };
        self.0.iter().map(line).collect()
    }

    /// For a page.
    pub(crate) fn markdown(&self) -> String {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let rule = format!("|---|{}\n", "---:|".repeat(self.0[0].len() - 1));
        let body: String = self.0[1..].iter().map(line).collect();
        format!("{}{rule}{body}", line(&self.0[0]))
    }
}

/// What was run, and on what.
pub(crate) fn caption(columns: &[Column], rounds: usize) -> String {
    let events: Vec<String> = columns.iter().map(|c| grouped(c.events)).collect();
    format!(
        "Medians of {rounds} interleaved runs and, in brackets, the least; CPU time; {} events \
         (SimPy: a tenth); the ratio is to tollgate in the same run. {}.\n",
        events.join(" / "),
        machine::description()
    )
}

fn cell(column: &Column, engine: Engine) -> String {
    let Some(figure) = column.figure(engine) else {
        let asked = column.clients <= engine.clients_max();
        return engine.missing().filter(|_| asked).unwrap_or("-").to_owned();
    };
    let (median, least) = (digits(figure.median), digits(figure.least));
    match column.figure(Engine::Tollgate) {
        Some(ours) if engine != Engine::Tollgate => {
            let ratio = figure.median / ours.median;
            format!(
                "{median} ({least}), {} x",
                if ratio < 10.0 { format!("{ratio:.1}") } else { format!("{ratio:.0}") }
            )
        }
        _ => format!("{median} ({least})"),
    }
}

/// Three digits are all that a noisy machine can tell.
fn digits(ns: f64) -> String {
    if ns < 100.0 { format!("{ns:.1}") } else { format!("{ns:.0}") }
}

fn growth_of(column: &Column, from: Option<&Column>) -> String {
    let ours = column.figure(Engine::Tollgate);
    match (ours, from.and_then(|from| from.figure(Engine::Tollgate))) {
        (Some(ours), Some(from)) => format!("{:.2} x", ours.median / from.median),
        _ => "-".to_owned(),
    }
}

/// A process is a few megabytes whatever it does: only where clients are many does
/// a client's share say anything.
fn memory_of(column: &Column) -> String {
    match column.figure(Engine::Tollgate) {
        Some(ours) if column.clients >= 1_000_000 => {
            format!("{:.0} B a client", ours.peak / f64::from(column.clients))
        }
        Some(ours) => format!("{:.1} MB", ours.peak / 1e6),
        None => "-".to_owned(),
    }
}

/// Digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
