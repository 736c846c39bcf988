//! `run`: one client, one seed, and every attempt of it if wanted.

use std::io::Write;

use clap::Args;

use super::rows::{self, Written};
use super::{Common, Failure, Threads, load, print, say};
use crate::experiment::{Outcome, run_alone, run_once};
use crate::report::events::Events;
use crate::report::single::Single;
use crate::scenario::Model;

/// Runs one client.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate run clover --client clover-sample
  tollgate run clover --client naive --replicate 7 --events attempts.csv
  tollgate run keymint --client header-aware --events - | head")]
pub(super) struct Run {
    /// A scenario: a name (see `tollgate list`) or a file
    name: String,
    /// The client: a name or a file
    #[arg(long)]
    client: String,
    /// The seed that all draws come from, as in `compare`
    #[arg(long, value_name = "ROOT", default_value = "0")]
    seed: u64,
    /// Which of the seeds of a comparison, counted from 0
    #[arg(long, value_name = "N", default_value = "0")]
    replicate: u64,
    #[command(flatten)]
    threads: Threads,
    /// Write a row for each attempt to this CSV file; - is stdout
    #[arg(long, value_name = "FILE")]
    events: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        let clients = [self.client.clone()];
        let plan = load(&self.name, Some(&clients), &self.common.settings)?.plan()?;
        let Some(variant) = plan.variants.first() else {
            return Err(Failure::Usage("there is no client to run".to_owned()));
        };
        let outcome = match self.events.as_deref() {
            None => run_alone(&variant.model, self.seed, self.replicate, self.threads.count())?,
            Some(to) => rows::write(to, |out| self.attempts(&variant.model, out))?,
        };
        let single = Single {
            title: &plan.title,
            client: &variant.name,
            release: variant.release.as_ref(),
            seed: self.seed,
            replicate: self.replicate,
            model: &variant.model,
            outcome: &outcome,
        };
        let text = single.write(self.common.format());
        match self.events.as_deref() {
            // The rows are the data, so the numbers are talk.
            Some("-") if self.common.prints() => say(&text),
            _ if self.common.prints() => print(&text)?,
            _ => {}
        }
        if let Some(path) = self.events.as_deref().filter(|path| *path != "-" && !self.common.quiet)
        {
            say(&format!("wrote {path}"));
        }
        Ok(())
    }

    /// Every attempt as it happens.
    fn attempts(&self, model: &Model, out: &mut dyn Write) -> Written<Outcome> {
        let mut events = Events::new(model, out);
        let outcome = run_once(model, self.seed, self.replicate, &mut events)?;
        Ok((outcome, events.finish()))
    }
}
