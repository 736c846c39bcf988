//! What clients do by themselves, as tables: their waits, and one call each.

use super::csv::sheet;
use super::grid;
use super::number::{self, Quantity};
use super::table::Format;
use super::text::{cell, visible, wrap};
use crate::rehearsal::{Against, Ended, Row};
use crate::scenario::Release;
use crate::time::Span;

/// The waits of one client.
#[derive(Clone, Debug)]
pub struct Waits {
    /// As it was asked for.
    pub client: String,
    /// The library that it does as.
    pub release: Option<Release>,
    /// A row for each retry.
    pub rows: Vec<Row>,
}

/// One client against one answer.
#[derive(Clone, Debug)]
pub struct Encounter {
    /// As it was asked for.
    pub client: String,
    /// The library that it does as.
    pub release: Option<Release>,
    /// The answer.
    pub against: Against,
    /// What came of it.
    pub ended: Ended,
    /// What the caller gets.
    pub outcome: String,
}

const WAITS: [&str; 12] =
    ["client", "retry", "u0", "u05", "u1", "n", "min", "q05", "q50", "q95", "max", "mean"];

const ENCOUNTERS: [&str; 7] =
    ["client", "method", "status", "header", "requests", "waits", "outcome"];

/// The waits of all clients.
#[must_use]
pub fn waits(all: &[Waits], format: Format) -> String {
    let rows = |all: &[Waits], number: fn(f64) -> String| -> Vec<Vec<String>> {
        let of = |client: &Waits| {
            let row = |row: &Row| {
                let [u0, u05, u1] = row.fixed.map(number);
                let [q05, q50, q95] = row.quantiles.map(number);
                let (least, most, mean) = (number(row.min), number(row.max), number(row.mean));
                let (name, n) = (client.client.clone(), row.draws.to_string());
                let retry = row.retry.to_string();
                vec![name, retry, u0, u05, u1, n, least, q05, q50, q95, most, mean]
            };
            client.rows.iter().map(row).collect::<Vec<_>>()
        };
        all.iter().flat_map(of).collect()
    };
    match format {
        Format::Csv => csv(&WAITS, rows(all, exact)),
        Format::Json => json(&WAITS, &rows(all, exact)),
        Format::Markdown => markdown(&WAITS, &rows(all, seconds)),
        Format::Text => all.iter().map(waits_of).collect::<Vec<_>>().join("\n"),
    }
}

/// A client's waits on a screen: one number where nothing is random.
fn waits_of(client: &Waits) -> String {
    let random = client.rows.iter().any(|row| row.min < row.max);
    let titles: &[&str] =
        if random { &["retry", "least", "median", "mean", "most"] } else { &["retry", "wait"] };
    let row = |row: &Row| {
        let mut fields = vec![row.retry.to_string()];
        if random {
            let ends = [row.fixed[0].min(row.fixed[2]), row.fixed[0].max(row.fixed[2])];
            // The ends of all draws; those of what was drawn where they lie further out.
            let (least, most) = (ends[0].min(row.min), ends[1].max(row.max));
            fields.extend([least, row.quantiles[1], row.mean, most].map(seconds));
        } else {
            fields.push(seconds(row.min));
        }
        fields
    };
    let rows: Vec<Vec<String>> = client.rows.iter().map(row).collect();
    let release = client.release.as_ref();
    let version = release.map_or(String::new(), |release| format!(" ({release})"));
    let heading = wrap(
        &format!("{}{version}: the wait before each retry, in seconds", visible(&client.client)),
        2,
    );
    format!("{heading}\n{}", columns(titles, &rows, &[]))
}

/// One call of each client against each of `answers` answers.
#[must_use]
pub fn encounters(all: &[Encounter], answers: usize, format: Format) -> String {
    let rows = || -> Vec<Vec<String>> {
        let row = |e: &Encounter| {
            vec![
                e.client.clone(),
                e.against.method.name().to_owned(),
                e.against.status.to_string(),
                e.against.written.clone(),
                e.ended.requests.to_string(),
                list(&e.ended.waits),
                e.outcome.clone(),
            ]
        };
        all.iter().map(row).collect()
    };
    match format {
        Format::Csv => csv(&ENCOUNTERS, rows()),
        Format::Json => json(&ENCOUNTERS, &rows()),
        Format::Markdown => {
            let (titles, rows) = table(all, answers);
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            markdown(&titles, &rows)
        }
        Format::Text => text(all, answers),
    }
}

/// A list of seconds as JSON has it, which a cell of a sheet holds.
fn list(waits: &[Span]) -> String {
    let waits: Vec<String> = waits.iter().map(|wait| number::seconds(*wait)).collect();
    format!("[{}]", waits.join(","))
}

/// Clients by answers: requests, and seconds waited in all.
fn table(all: &[Encounter], answers: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let mut titles = vec!["client".to_owned()];
    titles.extend(all.iter().take(answers).map(|e| asked(&e.against)));
    let row = |one: &[Encounter]| {
        let mut fields = vec![visible(&one[0].client)];
        fields.extend(one.iter().map(|e| {
            if e.ended.cause.is_none() {
                return "never stops".to_owned();
            }
            format!(
                "{} / {}",
                e.ended.requests,
                Quantity::Seconds.write(e.ended.slept.as_secs_f64())
            )
        }));
        fields
    };
    (titles, all.chunks(answers.max(1)).map(row).collect())
}

/// An answer as it was written, without the method where that is GET.
fn asked(against: &Against) -> String {
    let method = match against.method {
        crate::http::Method::Get => String::new(),
        other => format!("{} ", other.name()),
    };
    format!("{method}{} {}", against.status, visible(&against.written)).trim_end().to_owned()
}

fn text(all: &[Encounter], answers: usize) -> String {
    let mut out = String::new();
    if answers == 1 {
        out.extend(["one call against ", &asked(&all[0].against), " for ever\n"]);
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|e| {
                let total = Quantity::Seconds.write(e.ended.slept.as_secs_f64());
                let waits = waits_in_short(&e.ended.waits);
                vec![
                    visible(&e.client),
                    e.ended.requests.to_string(),
                    total,
                    waits,
                    e.outcome.clone(),
                ]
            })
            .collect();
        out += &columns(
            &["client", "requests", "waited", "waits", "the caller gets"],
            &rows,
            &[0, 3, 4],
        );
    } else {
        let (titles, rows) = table(all, answers);
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        out += "one call against each answer for ever: requests / seconds waited\n";
        out += &columns(&titles, &rows, &[0]);
    }
    out + &versions(all)
}

/// The waits on a screen: `7 s 4 times`, or one by one.
fn waits_in_short(waits: &[Span]) -> String {
    let mut runs: Vec<(Span, usize)> = vec![];
    for wait in waits {
        match runs.last_mut() {
            Some((same, times)) if same == wait => *times += 1,
            _ => runs.push((*wait, 1)),
        }
    }
    let run = |(wait, times): &(Span, usize)| {
        let wait = seconds(wait.as_secs_f64());
        if *times == 1 { wait } else { format!("{times}x {wait}") }
    };
    let mut shown: Vec<String> = runs.iter().take(4).map(run).collect();
    if runs.len() > 4 {
        shown.push("...".to_owned());
    }
    if shown.is_empty() { "-".to_owned() } else { shown.join(", ") }
}

/// Which versions of which libraries the clients are.
fn versions(all: &[Encounter]) -> String {
    let mut told: Vec<String> = vec![];
    for encounter in all {
        if let Some(release) = &encounter.release {
            let sentence = format!("{} is {release}", visible(&encounter.client));
            if !told.contains(&sentence) {
                told.push(sentence);
            }
        }
    }
    if told.is_empty() { String::new() } else { wrap(&told.join("; "), 0) + "\n" }
}

/// Seconds with about three figures, without the unit.
fn seconds(value: f64) -> String {
    let text = Quantity::Seconds.write(value);
    text.trim_end_matches(" s").to_owned()
}

/// A grid as a text of lines.
fn columns(titles: &[&str], rows: &[Vec<String>], words: &[usize]) -> String {
    grid::lines(titles, rows, words).join("\n") + "\n"
}

/// Seconds to the nanosecond, for programs.
fn exact(value: f64) -> String {
    number::seconds(Span::from_secs_f64(value))
}

fn csv(titles: &[&str], rows: Vec<Vec<String>>) -> String {
    let header = titles.iter().map(|title| (*title).to_owned()).collect();
    let rows = rows.into_iter().map(|mut row| {
        row[0] = cell(&row[0]).into_owned();
        row
    });
    sheet(std::iter::once(header).chain(rows))
}

fn markdown(titles: &[&str], rows: &[Vec<String>]) -> String {
    let escaped = |text: &str| visible(text).replace('|', "\\|");
    let line = |fields: Vec<String>| format!("| {} |\n", fields.join(" | "));
    let mut out = line(titles.iter().map(|title| escaped(title)).collect());
    out.extend(["|:---|", &"---:|".repeat(titles.len() - 1), "\n"]);
    for row in rows {
        out += &line(row.iter().map(|field| escaped(field)).collect());
    }
    out
}

fn json(titles: &[&str], rows: &[Vec<String>]) -> String {
    const WORDS: [&str; 4] = ["client", "method", "header", "outcome"];
    let value = |title: &str, text: &String| {
        let number = serde_json::from_str::<serde_json::Value>(text).ok();
        number.filter(|_| !WORDS.contains(&title)).unwrap_or_else(|| text.clone().into())
    };
    let object = |row: &Vec<String>| {
        let pairs = titles.iter().zip(row);
        let pairs = pairs.map(|(title, field)| ((*title).to_owned(), value(title, field)));
        serde_json::Value::Object(pairs.collect())
    };
    let all: Vec<serde_json::Value> = rows.iter().map(object).collect();
    let text = serde_json::to_string_pretty(&all).expect("strings and numbers are JSON");
    text + "\n"
}
