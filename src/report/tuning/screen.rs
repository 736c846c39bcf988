//! What is printed.

use serde_json::{Value, json};

use super::record::value;
use super::table::Table;
use super::words::{answer, question};
use super::{Sought, Tuning, sheet};
use crate::report::number::count;
use crate::report::screen::Screen;
use crate::report::table::Format;
use crate::report::text::{KEPT, visible, wrap};

/// What came of it, in a format.
#[must_use]
pub fn screen(tuning: &Tuning<'_>, format: Format) -> Screen {
    let table = Table::of(tuning);
    let title = visible(&tuning.plan.title);
    let said = answer(tuning);
    let plain = |text: &str| text.replace(KEPT, " ");
    let lines: String = said.iter().map(|line| wrap(line, 2) + "\n").collect();
    let head = format!("{}\n{}\n", wrap(&title, 0), wrap(&question(tuning), 2));
    let data = match format {
        Format::Text => {
            format!("{head}\n{}{}\n\n{lines}", table.text(), wrap(&footer(tuning), 0))
        }
        Format::Markdown => {
            let said: Vec<String> = said.iter().map(|line| plain(line)).collect();
            let said = said.join("\n");
            let (question, footer) = (plain(&question(tuning)), plain(&footer(tuning)));
            format!("## {title}\n\n{question}\n\n{}\n{footer}\n\n{said}\n", table.markdown())
        }
        Format::Csv => {
            return Screen { data: sheet(tuning), talk: head + &lines };
        }
        Format::Json => {
            let mut record = value(tuning);
            record["points"] = points(tuning);
            format!("{record:#}\n")
        }
    };
    Screen { data, talk: String::new() }
}

/// How sure that is.
fn footer(tuning: &Tuning<'_>) -> String {
    let points = count(tuning.points().count() as u64);
    let (least, most) = tuning.seeds();
    let seeds = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let shown = match tuning.sought {
        Sought::End(..) => String::new(),
        Sought::Front(..) => ", of which the beaten are in tune.csv".to_owned(),
    };
    let way = match tuning.sought {
        Sought::End(_, found) if found.turn.is_none() => {
            "; the response goes one way, as far as they show"
        }
        _ => "",
    };
    format!("{points} points, {seeds} paired seeds each, ± 95 % interval{shown}{way}")
}

/// All points, for a program.
fn points(tuning: &Tuning<'_>) -> Value {
    let text = sheet(tuning);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let rows = reader.records().filter_map(Result::ok).map(|row| {
        let cells = header.iter().zip(row.iter());
        let cell = |text: &str| match text.parse::<f64>() {
            _ if text.is_empty() => Value::Null,
            Ok(number) if number.is_finite() => crate::report::number::json(number),
            _ => json!(text),
        };
        Value::Object(cells.map(|(key, text)| (key.to_owned(), cell(text))).collect())
    });
    Value::Array(rows.collect())
}
