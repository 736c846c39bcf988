//! W1 in tollgate, desque, nexosim, `SimPy` and a hand-written loop over std's binary
//! heap, side by side: the table of the README.
//!
//! ```text
//! cargo bench --bench peers                  # up to a million clients, some minutes
//! cargo bench --bench peers -- --all         # ten million too, a quarter of an hour
//! cargo bench --bench peers -- --markdown    # and the table goes into the README
//! cargo bench --bench peers -- --clients 10000 --events 1000000000 --runs 1 --only tollgate
//! ```
//!
//! Every run has a process of its own, and the engines take turns. All but `SimPy`
//! make the same draws and so must count the same arrivals, retries, completions and
//! refusals to the last one; the command fails if they do not.

mod column;
mod desque;
mod engine;
mod heap;
mod machine;
mod nexosim;
mod table;
mod tollgate;
#[path = "../work/w1.rs"]
mod w1;
mod workload;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use column::Column;
use engine::Engine;
use table::{Table, caption};

/// How many events a run has at so many clients, unless it is said.
const SIZES: [(u32, u64); 4] =
    [(100, 2_000_000), (10_000, 3_000_000), (1_000_000, 5_000_000), (10_000_000, 20_000_000)];

#[derive(Parser)]
struct Options {
    /// So many clients, instead of 100, 10,000 and 1,000,000.
    #[arg(long, value_delimiter = ',')]
    clients: Vec<u32>,
    /// So many events a run.
    #[arg(long)]
    events: Option<u64>,
    /// So many runs of each engine.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// 10,000,000 clients too.
    #[arg(long)]
    all: bool,
    /// These engines alone, at any number of clients.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Engine>,
    /// Prints the table in Markdown, and puts it into the README.
    #[arg(long)]
    markdown: bool,
    /// One run of one engine, for the process that asks.
    #[arg(long, hide = true)]
    child: Option<Engine>,
    /// Said by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// The numbers of clients, each with its number of events.
    fn sizes(&self) -> Vec<(u32, u64)> {
        let all = &SIZES[..if self.all { 4 } else { 3 }];
        let usual = |clients: u32| {
            let found = SIZES.iter().rev().find(|(size, _)| *size <= clients);
            found.map_or(SIZES[0].1, |(_, events)| *events)
        };
        let sizes: Vec<u32> = match &self.clients[..] {
            [] => all.iter().map(|(clients, _)| *clients).collect(),
            said => said.to_vec(),
        };
        let events = |clients| self.events.unwrap_or_else(|| usual(clients));
        sizes.into_iter().map(|clients| (clients, events(clients))).collect()
    }

    /// The engines that run at so many clients.
    fn engines(&self, clients: u32) -> Vec<Engine> {
        let named = |engine: &Engine| self.only.contains(engine);
        let usual = |engine: &Engine| self.only.is_empty() && clients <= engine.clients_max();
        let able =
            |engine: &&Engine| (named(engine) || usual(engine)) && engine.missing().is_none();
        Engine::ALL.iter().filter(able).copied().collect()
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(engine) = options.child {
        let (clients, events) = options.sizes()[0];
        engine.tell(clients, events);
        return ExitCode::SUCCESS;
    }
    let mut columns = vec![];
    for (clients, events) in options.sizes() {
        let engines = options.engines(clients);
        columns.push(Column::measure(clients, events, options.runs, &engines));
    }
    let shown: Vec<Engine> = match &options.only[..] {
        [] => Engine::ALL.to_vec(),
        only => only.to_vec(),
    };
    let (table, caption) = (Table::of(&columns, &shown), caption(&columns, options.runs));
    let mut code = ExitCode::SUCCESS;
    for column in &columns {
        for (engine, counts) in column.astray() {
            let clients = column.clients;
            println!("{engine:?} at {clients} clients walked through another run: {counts:?}");
            code = ExitCode::FAILURE;
        }
    }
    if options.markdown && code == ExitCode::SUCCESS {
        let page = format!("{}\n{}", table.markdown(), filled(&caption));
        println!("{page}");
        into_readme(&page);
    } else {
        println!("{}\n{}", table.text(), filled(&caption));
    }
    code
}

const START: &str = "<!-- cargo bench --bench peers -- --markdown -->\n";
const END: &str = "<!-- peers end -->";

/// Puts a text between the README's marks.
fn into_readme(text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README is there");
    let (before, rest) = readme.split_once(START).expect("the README has the first mark");
    let (_, after) = rest.split_once(END).expect("the README has the second mark");
    let new = format!("{before}{START}\n{text}\n{END}{after}");
    std::fs::write(path, new).expect("the README can be written");
}

/// A paragraph in lines as long as the README's.
fn filled(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if line.len() + 1 + word.len() > 84 {
            lines.push(word.to_owned());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}
