//! `merge`: the parts of a sharded sweep become what it would have written alone.

use std::path::PathBuf;

use clap::Args;

use super::sweep::{Said, Show, finish};
use super::{Failure, Format, Threads};
use crate::report::table;

/// Merges.
#[derive(Debug, Args)]
#[command(after_help = "\
All parts of one sweep have to be there, each once and whole, and all of the
same models, version and values; else it is told what is missing or differs, and
nothing is written.

Examples:
  tollgate merge parts
  tollgate merge parts --show wait-p99 --format csv --quiet > waits.csv")]
pub(super) struct Merge {
    /// The folder with the parts, to which sweep.csv, sweep.json and the charts
    /// are written
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    show: Show,
    #[command(flatten)]
    threads: Threads,
    /// Print the table in this format [default: text]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Print nothing but errors, and the table if --format is given
    #[arg(short, long)]
    quiet: bool,
}

impl Merge {
    pub(super) fn run(self) -> Result<(), Failure> {
        if !self.folder.is_dir() {
            let why = format!("there is no folder {}", self.folder.display());
            return Err(Failure::Data(why));
        }
        let prints = !self.quiet || self.format.is_some();
        let format = prints.then(|| self.format.map_or(table::Format::Text, Into::into));
        let said = Said { format, quiet: self.quiet };
        finish(&self.folder, self.show.metric, said, self.threads.count())
    }
}
