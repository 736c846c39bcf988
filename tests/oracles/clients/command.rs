//! `tollgate schedule`, as people run it.

use std::process::Command;

use csv::StringRecord;
use tollgate::http::{Answer, Status};
use tollgate::rehearsal;
use tollgate::scenario::Lone;

/// How often each wait is drawn.
pub(crate) const DRAWS: f64 = 10_000.0;

/// One wait of a schedule, in seconds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Wait {
    /// With every draw at 0, 0.5 and just below 1.
    pub(crate) exact: [f64; 3],
    /// The least and the most that was drawn.
    pub(crate) drawn: [f64; 2],
    /// All that was drawn, in ascending order.
    pub(crate) sample: Vec<f64>,
}

/// What one call sends against an answer that never changes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Against {
    pub(crate) requests: usize,
    /// Seconds; no number stands for the immediate.
    pub(crate) waits: Vec<f64>,
    /// What the caller gets.
    pub(crate) outcome: String,
}

/// The rows that a command prints, or what it said instead.
fn rows(arguments: &[&str]) -> Result<Vec<StringRecord>, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .arg("schedule")
        .args(arguments)
        .args(["--format", "csv"])
        .output()
        .unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or_default();
        return Err(format!("schedule {}: {said}", arguments.join(" ")));
    }
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    Ok(reader.records().map(Result::unwrap).collect())
}

/// The waits of a client before its first retries after a status.
pub(crate) fn schedule(client: &str, retries: u32, on: u16) -> Result<Vec<Wait>, String> {
    let (count, draws, status) = (retries.to_string(), DRAWS.to_string(), on.to_string());
    let rows = rows(&[client, "--retries", &count, "--draws", &draws, "--on", &status])?;
    let wait = |row: &StringRecord| {
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        Wait { exact: [2, 3, 4].map(number), drawn: [6, 10].map(number), sample: vec![] }
    };
    let mut waits: Vec<Wait> = rows.iter().map(wait).collect();
    for ((row, wait), sample) in rows.iter().zip(&mut waits).zip(samples(client, retries, on)) {
        // The table is made of these very draws.
        assert!((row[8].parse::<f64>().unwrap() - median(&sample)).abs() < 1e-6, "{client}");
        wait.sample = sample;
    }
    Ok(waits)
}

/// What the table of a schedule is made of: a row of the command has only three
/// quantiles of it.
fn samples(client: &str, retries: u32, on: u16) -> Vec<Vec<f64>> {
    let nothing = |path: &str| Err(format!("no {path}"));
    let policy = Lone::load(client, &nothing).unwrap().policy(&[], &[]);
    rehearsal::drawn(&policy, Answer::Status(Status(on)), retries, 10_000)
}

fn median(ascending: &[f64]) -> f64 {
    f64::midpoint(ascending[ascending.len() / 2 - 1], ascending[ascending.len() / 2])
}

/// What each client does against an answer, with every draw at a value.
pub(crate) fn against(clients: &[&str], answer: &str, draw: &str) -> Result<Vec<Against>, String> {
    let mut arguments = clients.to_vec();
    arguments.extend(["--against", answer, "--draw", draw]);
    let found: Vec<Against> = rows(&arguments)?
        .iter()
        .map(|row| Against {
            requests: row[4].parse().unwrap(),
            waits: waits(&row[5]),
            outcome: row[6].to_owned(),
        })
        .collect();
    assert_eq!(found.len(), clients.len(), "a row each: {arguments:?}");
    Ok(found)
}

/// A list of seconds; what is no number or below 0 is the immediate.
pub(crate) fn waits(json: &str) -> Vec<f64> {
    let list: Vec<Option<f64>> = serde_json::from_str(json).unwrap();
    list.into_iter().map(|wait| wait.unwrap_or(0.0).max(0.0)).collect()
}
