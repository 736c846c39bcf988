//! The clients of `models/clients` against what was recorded from the libraries.
//!
//! Every recorded row is either held to by a client, which the cover tables name
//! (`clients/cover.rs` says how they are read), or named with the reason why not.
//!
//! Delays: the exact columns to 1e-6 s, the recorded extremes inside our range,
//! the quantiles within 4 standard errors of the two samples. Responses: the
//! requests exactly, the waits exactly where there is no jitter and inside the
//! range where there is; a wait for a date or an epoch in N seconds lies in
//! (N - 1.1 s, N] before the library's own jitter or maximum; and of Python libraries
//! what the caller gets in the end. `google-api-core` under a deadline of 20 s ends
//! after a random wait: its rows are held to a range.

mod command;
mod cover;
mod delays;
mod responses;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use command::{Against, against, schedule, waits};
use cover::{Cover, Covers, Rule};
use csv::StringRecord;
use delays::Delay;
use responses::{Recorded, answer};

/// After so many requests a client without end is stopped.
const NEVER_STOPS: u32 = 50;
/// How many retries were recorded of each schedule.
const RETRIES: u32 = 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/clients")
}

/// The rows of the tables of a kind, by their file.
fn recordings(kind: &str) -> Vec<(String, StringRecord)> {
    let mut found = vec![];
    let mut names: Vec<_> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let name = name.into_string().unwrap();
        if name.starts_with(kind) {
            let mut reader = csv::Reader::from_path(folder().join(&name)).unwrap();
            found.extend(reader.records().map(|row| (name.clone(), row.unwrap())));
        }
    }
    found
}

/// A row with its file, the client that covers it, and how it is read.
type Covered = (String, StringRecord, String, Rule);

/// The rows of a kind with what covers them, and those that no table names. Says
/// which ones nothing covers.
fn covered(kind: &str) -> (Vec<Covered>, Vec<String>) {
    let covers = Covers::read();
    let (mut found, mut unnamed, mut named) = (vec![], vec![], BTreeMap::new());
    for (file, row) in recordings(kind) {
        let key = format!("{file}: {} {} {}", &row[0], &row[1], &row[2]);
        match covers.of(&row[0], &row[1], &row[2]) {
            Some(Cover::By { client, rule }) => found.push((file, row, client, rule)),
            Some(Cover::Nothing { why }) => *named.entry((key, why)).or_insert(0) += 1,
            None => unnamed.push(format!("neither covered nor named: {key}")),
        }
    }
    for ((key, why), rows) in named {
        println!("not covered, {rows} rows of {key}: {why}");
    }
    unnamed.dedup();
    (found, unnamed)
}

fn judge(kind: &str, rows: usize, wrong: &[String]) {
    println!("{kind}: {rows} rows, {} faults", wrong.len());
    assert!(wrong.is_empty(), "{} faults in {rows} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn schedules_wait_as_the_libraries_do() {
    let (rows, mut wrong) = covered("delays_");
    let mut ours = BTreeMap::new();
    for (file, row, client, rule) in &rows {
        let delay = Delay::read(row);
        let retry = match rule {
            Rule::Earlier if delay.retry == 1 => continue,
            Rule::Earlier => delay.retry - 1,
            _ => delay.retry,
        };
        let on = if let Rule::On(status) = rule { *status } else { 429 };
        let waits = ours.entry((client, on)).or_insert_with(|| schedule(client, RETRIES, on));
        let disagreements = match waits {
            Ok(waits) => {
                let late = if *rule == Rule::Clock { 1e-4 } else { 0.0 };
                delay.disagreements(&waits[retry - 1], late)
            }
            Err(said) => vec![said.clone()],
        };
        if !disagreements.is_empty() {
            let what = disagreements.join("; ");
            wrong.push(format!("{file}: {client} for {} retry {retry}: {what}", &row[2]));
        }
    }
    judge("delays", rows.len(), &wrong);
}

/// What a client is asked, and what was recorded of it.
struct Asked {
    answer: String,
    client: String,
    rule: Rule,
    recorded: Recorded,
    row: String,
}

#[test]
fn calls_are_sent_as_the_libraries_do() {
    let (rows, mut wrong) = covered("responses_");
    let asked = rows.into_iter().map(|(file, row, client, rule)| {
        let label = format!("{file}: {}", row.iter().collect::<Vec<_>>().join(","));
        let (answer, recorded) =
            if file == "responses_go.csv" { of_go(&row) } else { of_call(&file, &row) };
        Asked { answer, client, rule, recorded, row: label }
    });
    let asked: Vec<Asked> = asked.collect();
    let mut clients: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &asked {
        let clients = clients.entry(&one.answer).or_default();
        if !clients.contains(&one.client.as_str()) {
            clients.push(&one.client);
        }
    }
    let mut ours = BTreeMap::new();
    for (answer, clients) in clients {
        for (client, done) in clients.iter().zip(at_all_draws(&clients, answer)) {
            ours.insert((*client, answer), done);
        }
    }
    for one in &asked {
        let said = match &ours[&(one.client.as_str(), one.answer.as_str())] {
            Err(said) => Some(said.clone()),
            Ok(done) if one.rule == Rule::RandomEnd => of_end(one, done),
            Ok(done) => one.recorded.disagreement(done),
        };
        wrong.extend(said.map(|said| format!("{} for {}: {said}", one.client, one.row)));
    }
    judge("responses", asked.len(), &wrong);
}

/// Columns: `library,version,config,method,status,header,requests,sleeps_s,outcome`.
fn of_call(file: &str, row: &StringRecord) -> (String, Recorded) {
    let (answer, ahead) = answer(&row[3], &row[4], &row[5]);
    // JavaScript's are mostly called Error.
    let outcome = (file == "responses_python.csv").then(|| row[8].to_owned());
    let recorded = Recorded {
        requests: row[6].parse().unwrap(),
        waits: waits(&row[7]),
        ahead,
        picked: &[],
        outcome,
    };
    (answer, if file == "responses_js.csv" { recorded.in_node() } else { recorded })
}

/// Columns: `library,version,config,status,header,retry?`, the delay before the first
/// retry, before the fourth; what lies between them was not recorded.
fn of_go(row: &StringRecord) -> (String, Recorded) {
    let header = match &row[4] {
        "" => "none".to_owned(),
        // Recorded a minute after the one date and 7 s before the other.
        "Sun, 22 Nov 2026 07:33:25 GMT" => "date=-60".to_owned(),
        "Sun, 22 Nov 2026 07:34:32 GMT" => "date=7".to_owned(),
        value => format!("ra={value}"),
    };
    let (answer, ahead) = answer("GET", &row[3], &header);
    let retried = &row[5] == "true";
    let delays = [6, 7].map(|at| row[at].parse::<f64>().unwrap());
    let waits = if retried { delays.to_vec() } else { vec![] };
    (
        answer,
        Recorded {
            requests: 1 + usize::from(retried),
            waits,
            ahead,
            picked: &[0, 3],
            outcome: None,
        },
    )
}

/// What each client does with every draw at 0, at 0.5 and just below 1. A client
/// that cannot be asked has its own error: the others are asked without it.
fn at_all_draws(clients: &[&str], answer: &str) -> Vec<Result<[Against; 3], String>> {
    let ask = |clients: &[&str]| -> Result<[Vec<Against>; 3], String> {
        let [low, middle, high] = ["0", "0.5", "1"].map(|draw| against(clients, answer, draw));
        Ok([low?, middle?, high?])
    };
    match ask(clients) {
        Ok([low, middle, high]) => {
            let both = low.into_iter().zip(middle).zip(high);
            both.map(|((low, middle), high)| Ok([low, middle, high])).collect()
        }
        Err(said) if clients.len() == 1 => vec![Err(said)],
        Err(_) => clients.iter().flat_map(|client| at_all_draws(&[*client], answer)).collect(),
    }
}

/// Where a random wait decides over the end, each wait's range is the schedule's.
fn of_end(one: &Asked, done: &[Against; 3]) -> Option<String> {
    match schedule(&one.client, NEVER_STOPS, 429) {
        Err(said) => Some(said),
        Ok(waits) => {
            let ends = |exact: [f64; 3]| [exact[0].min(exact[2]), exact[0].max(exact[2])];
            let ranges = waits.iter().map(|wait| ends(wait.exact)).collect();
            one.recorded.disagreement_of_end(done, ranges)
        }
    }
}
