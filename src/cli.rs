//! The command line: clap's types and one file a subcommand; the only place
//! that prints, reads a clock or looks at the machine.
//!
//! Data goes to stdout, talk to stderr. Exit codes: 0 ok, 1 failure, 2 usage or
//! model, 3 data, 99 a threshold was crossed.

mod check;
mod compare;
mod completions;
mod init;
mod list;
mod machine;
mod merge;
mod progress;
mod rows;
mod replay;
mod run;
mod schedule;
mod shard;
mod show;
mod stats;
mod sweep;
mod tune;

use std::fmt;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::experiment::ExperimentError;
use crate::metric::Condition;
use crate::report::output::Unwritable;
use crate::report::table;
use crate::report::text::{keep, visible, wrap};
use crate::scenario::document::{LONGEST, slug};
use crate::scenario::fault::Faults;
use crate::scenario::{Bundle, LoadError};

/// Rate limits, simulated: which retry strategy finishes soonest?
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, max_term_width = 80)]
#[command(after_help = "Examples:
  tollgate compare clover          the main job: a table, a verdict, charts
  tollgate list                    what is built in
  tollgate init --from clover      files to edit")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare clients at one API over the same seeds
    Compare(compare::Compare),
    /// Compare clients at every value of what is varied
    Sweep(sweep::Sweep),
    /// Put the parts of a sharded sweep together
    Merge(merge::Merge),
    /// Find the value of a limit, or of anything else, that meets goals
    Tune(tune::Tune),
    /// Run one client with one seed
    Run(run::Run),
    /// Let limits decide on the requests of a trace
    Replay(Box<replay::Replay>),
    /// Show a client's waits, and what it does against one answer
    Schedule(schedule::Schedule),
    /// List what is built in
    List(list::List),
    /// Print a model
    Show(show::Show),
    /// Look for all faults of model files
    Check(check::Check),
    /// Write a built-in scenario and all it names as files to edit
    Init(init::Init),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// How a table is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Csv,
    Json,
}

impl From<Format> for table::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => table::Format::Text,
            Format::Markdown => table::Format::Markdown,
            Format::Csv => table::Format::Csv,
            Format::Json => table::Format::Json,
        }
    }
}

/// What every subcommand that runs something takes.
#[derive(Debug, Args)]
struct Common {
    /// Change a value of the model, such as service.fails=2% or
    /// api.limit.app-rate.fixed-window.quota=60
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Print the table in this format [default: text]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Print nothing but errors, and the table if --format is given
    #[arg(short, long)]
    quiet: bool,
}

/// What runs may use of the machine.
#[derive(Debug, Args)]
struct Threads {
    /// Threads to use; the result is the same [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
}

impl Threads {
    fn count(&self) -> NonZeroUsize {
        let asked = self.threads.and_then(|n| NonZeroUsize::new(n as usize));
        asked.unwrap_or_else(all_threads)
    }
}

impl Common {
    /// Whether the table is wanted.
    fn prints(&self) -> bool {
        !self.quiet || self.format.is_some()
    }

    fn format(&self) -> table::Format {
        self.format.unwrap_or(Format::Text).into()
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("write PATH=VALUE, like service.fails=2%")?;
    Ok((path.trim().to_owned(), value.trim().to_owned()))
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
enum Failure {
    /// The command line asks for something that there is not.
    Usage(String),
    /// A model has faults or cannot be had.
    Model(LoadError),
    /// Data that was given is wrong.
    Data(String),
    /// Something went wrong on the way.
    Failed(String),
    /// All went well, and what must not be is.
    Crossed(String),
    /// All of these at once.
    All(Vec<Failure>),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::All(all) => all.iter().map(Failure::code).max().unwrap_or(1),
            Failure::Failed(_) => 1,
            Failure::Usage(_) | Failure::Model(_) => 2,
            Failure::Data(_) => 3,
            Failure::Crossed(_) => 99,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::All(all) => {
                let each: Vec<String> = all.iter().map(Failure::to_string).collect();
                f.write_str(&each.join("\n"))
            }
            Failure::Usage(why) | Failure::Data(why) | Failure::Failed(why) => {
                f.write_str(&fitted(&format!("error: {why}")))
            }
            Failure::Crossed(what) => f.write_str(&fitted(what)),
            Failure::Model(LoadError::Faults(faults)) => f.write_str(&faults.render(true)),
            Failure::Model(error) => f.write_str(&fitted(&error.to_string())),
        }
    }
}

/// Lines that fit a screen; what is broken goes on deeper than it began.
fn fitted(text: &str) -> String {
    let line = |line: &str| {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        let first = keep(&line[..indent]);
        wrap(&format!("{first}{}", visible(words)), indent + 6)
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Failure::Model(error)
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Failure::Model(faults.into())
    }
}

impl From<Unwritable> for Failure {
    fn from(error: Unwritable) -> Self {
        Failure::Failed(error.to_string())
    }
}

impl From<ExperimentError> for Failure {
    fn from(error: ExperimentError) -> Self {
        match error {
            // The model cannot be run as it is.
            ExperimentError::Run(error) => Failure::Usage(error.to_string()),
            ExperimentError::Breach(breach) => Failure::Failed(breach.to_string()),
        }
    }
}

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Compare(command) => command.run(),
        Command::Sweep(command) => command.run(),
        Command::Merge(command) => command.run(),
        Command::Tune(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Schedule(command) => command.run(),
        Command::List(command) => command.run(),
        Command::Show(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Completions(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

/// Prints data. Who reads it may stop: that is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something beside the data.
fn say(text: &str) {
    // Where nobody hears it, there is nobody to tell that either.
    let _ = writeln!(anstream::stderr().lock(), "{}", text.trim_end());
}

/// Reads a file, but no more of it than any model may have.
fn fetch(path: &str) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = vec![];
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// A scenario by name or path, with all it names.
fn load(
    name: &str,
    clients: Option<&[String]>,
    settings: &[(String, String)],
) -> Result<Bundle, Failure> {
    Bundle::load(name, clients, settings, &fetch).map_err(|error| show::other_kind(error, name))
}

/// The folder of what is written: the one that was asked for, or the scenario's.
fn folder(asked: Option<&PathBuf>, scenario: &str) -> PathBuf {
    asked.cloned().unwrap_or_else(|| {
        // A name from a file must not lead out of the folder.
        let slug = slug(scenario);
        let name = if slug.is_empty() { "scenario" } else { &slug };
        PathBuf::from("out").join(name)
    })
}

/// A number of per cent, such as `2%`, as a share.
fn per_cent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim().parse::<f64>();
    number.ok().map(|percent| percent / 100.0)
}

/// The conditions that a flag gives.
fn conditions(flag: &str, texts: &[String]) -> Result<Vec<Condition>, Failure> {
    let read = |text: &String| {
        let why = |why: String| Failure::Usage(format!("{flag}: {}", visible(&why)));
        text.parse::<Condition>().map_err(why)
    };
    texts.iter().map(read).collect()
}

/// As many threads as the machine runs at once.
fn all_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
