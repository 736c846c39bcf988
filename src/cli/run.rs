//! `run`: one client, one seed, and every attempt of it if wanted.

use std::io::Write;

use clap::Args;

use super::rows::{self, Written};
use super::stats::Stats;
use super::{Common, Failure, Threads, load, print, say};
use crate::engine::Ending;
use crate::experiment::{self, Once, Split};
use crate::report::events::Events;
use crate::report::single::Single;
use crate::report::table::Format;
use crate::report::text::{visible, wrap};
use crate::report::words;
use crate::scenario::{Model, Variant};

/// Runs one client.
#[derive(Debug, Args)]
#[command(after_help = "\
--stats says after the table, also with --quiet, what the run cost: CPU time for
each event (of the run alone, with the rows of --events), CPU time until the run
began, the most memory that the process had, and what of it came for each client
on top of the bare program. The numbers differ each time: they are in no file,
and where stdout is data (csv, json, rows) they are said on stderr.

Examples:
  tollgate run clover --client clover-sample
  tollgate run clover --client naive --replicate 7 --events attempts.csv
  tollgate run keymint --client header-aware --events - | head
  tollgate run w1 --stats
  tollgate run w1 --stats --quiet --set population.count=100000")]
pub(super) struct Run {
    /// A scenario: a name (see `tollgate list`) or a file
    name: String,
    /// The client: a name or a file [default: the first that the scenario
    /// lists]
    #[arg(long)]
    client: Option<String>,
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
    /// Say what the run cost in CPU time and memory
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    common: Common,
}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut stats = Stats::begin();
        let clients = self.client.as_ref().map(std::slice::from_ref);
        let bundle = load(&self.name, clients, &self.common.settings)?;
        let listed = bundle.compared();
        let mut plan = bundle.first().plan()?;
        let Some(variant) = plan.variants.pop() else {
            let why = format!("{} lists no client: name one with --client", visible(&plan.name));
            return Err(Failure::Usage(why));
        };
        if listed > 1 && !self.common.quiet {
            self.tell_first(&variant, listed);
        }
        let settled = if plan.finds_warm_up { Some(self.settle(&variant.model)?) } else { None };
        let model = settled.as_ref().unwrap_or(&variant.model);
        // The rows of --events stand in the order of time, which parts do not keep.
        let whole = self.events.is_some();
        let split = if whole { None } else { Split::new(model, self.seed, self.replicate) };
        let run = if let Some(split) = split {
            stats.is_set_up();
            split.run(self.threads.count())?
        } else {
            let mut once = Once::new(model, self.seed, self.replicate);
            stats.is_set_up();
            let ending = match self.events.as_deref() {
                None => once.run(&mut ())?,
                Some(to) => rows::write(to, |out| attempts(model, &mut once, out))?,
            };
            once.read(&ending)
        };
        stats.has_run();
        let single = Single {
            title: &plan.title,
            client: &variant.name,
            release: variant.release.as_ref(),
            seed: self.seed,
            replicate: self.replicate,
            model,
            run: &run,
        };
        self.tell(&single.write(self.common.format()))?;
        if self.stats {
            self.tell_stats(&stats.lines(run.events, model.clients()))?;
        }
        Ok(())
    }

    /// The model with the warm-up that the run itself shows.
    fn settle(&self, model: &Model) -> Result<Model, Failure> {
        let threads = self.threads.count();
        let (model, found) = experiment::settled(model, self.seed, self.replicate, threads)?;
        if !self.common.quiet {
            say(&wrap(&words::warm_up(&found), 2));
        }
        Ok(model)
    }

    fn tell_first(&self, variant: &Variant, listed: usize) {
        let (client, scenario) = (visible(&variant.name), visible(&self.name));
        let line = format!(
            "client {client}, the first of {listed} of {scenario}: --client NAME runs another"
        );
        say(&wrap(&line, 2));
    }

    /// What the run cost is for whoever reads the table, and no data.
    fn tell_stats(&self, lines: &str) -> Result<(), Failure> {
        let is_table = matches!(self.common.format(), Format::Text | Format::Markdown);
        if !is_table || self.events.as_deref() == Some("-") {
            say(lines);
            return Ok(());
        }
        let gap = if self.common.prints() { "\n" } else { "" };
        print(&format!("{gap}{}\n", lines.trim_end()))
    }

    fn tell(&self, text: &str) -> Result<(), Failure> {
        match self.events.as_deref() {
            // The rows are the data, so the numbers are talk.
            Some("-") if self.common.prints() => say(text),
            _ if self.common.prints() => print(text)?,
            _ => {}
        }
        if let Some(path) = self.events.as_deref().filter(|path| *path != "-" && !self.common.quiet)
        {
            say(&format!("wrote {path}"));
        }
        Ok(())
    }
}

/// Every attempt as it happens.
fn attempts(model: &Model, once: &mut Once<'_>, out: &mut dyn Write) -> Written<Ending> {
    let mut events = Events::new(model, out);
    let ending = once.run(&mut events)?;
    Ok((ending, events.finish()))
}
