//! `compare`: the main job.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::progress::Progress;
use super::{Common, Failure, Threads, fetch, load, print, say};
use crate::experiment::{self, Seeds};
use crate::report::chart::Theme;
use crate::report::output::Folder;
use crate::report::record::{self, Asked, base};
use crate::report::subject::Subject;
use crate::report::text::{keep, wrap};
use crate::report::{csv, figures, screen};
use crate::scenario::document::slug;
use crate::scenario::library::{self, Kind};
use crate::scenario::quick::Quick;
use crate::scenario::reference;
use crate::scenario::{Bundle, Plan};

/// Compares clients.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate compare clover
  tollgate compare clover --clients clover-sample,my-client.toml
  tollgate compare clover --clients 'requests,openai@1,urllib3(total=3)'
  tollgate compare clover --set api.limit.app-rate.fixed-window.quota=60
  tollgate compare --limit '50/s per app' --limit '16/s per token' \\
      --calls 7000 --workers 64
  tollgate compare clover --format csv --quiet > clover.csv")]
pub(super) struct Compare {
    /// A scenario: a name (see `tollgate list`) or a file
    #[arg(conflicts_with = "limits")]
    name: Option<String>,
    /// Compare these clients: names of libraries, of our own or of files, each
    /// also as NAME@VERSION and NAME(parameter=value)
    #[arg(long, alias = "client", value_name = "A,B,C")]
    clients: Option<Vec<Clients>>,
    /// How many seeds each client is run with
    #[arg(long, default_value = "20", value_name = "N", value_parser = count(100_000))]
    seeds: u32,
    /// The seed that all others come from
    #[arg(long, default_value = "0", value_name = "ROOT")]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    /// Write files to this folder [default: out/<scenario>]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    #[command(flatten, next_help_heading = "Without a scenario")]
    quick: Flags,
}

/// Some of the clients to compare.
#[derive(Clone, Debug)]
struct Clients(Vec<String>);

impl From<&str> for Clients {
    fn from(text: &str) -> Self {
        Clients(reference::list(text))
    }
}

/// A scenario on the command line.
#[derive(Debug, Args)]
struct Flags {
    /// A limit: [ALGORITHM] RATE [burst N] per KEY[,KEY], where ALGORITHM is
    /// fixed-window (if left out), first-request or token-bucket; or
    /// N at-once per KEY
    #[arg(long = "limit", value_name = "LIMIT")]
    limits: Vec<String>,
    /// How many calls there are to make in all
    #[arg(long, default_value = "1000", value_name = "N", requires = "limits", value_parser = count(100_000_000))]
    calls: u32,
    /// How many calls are under way at once
    #[arg(long, default_value = "16", value_name = "N", requires = "limits", value_parser = count(1_000_000))]
    workers: u32,
    /// How many tokens (or other keys than `app`) share the calls
    #[arg(long, default_value = "100", value_name = "N", requires = "limits", value_parser = count(1_000_000))]
    identities: u32,
}

fn count(most: u32) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(most))
}

impl Compare {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (bundle, asked) = self.bundle()?;
        let plan = bundle.plan()?;
        distinct(&plan)?;
        let mut folder = Folder::open(&self.folder(&plan))?;
        let seeds = Seeds {
            root: self.seed,
            count: NonZeroUsize::new(self.seeds as usize).unwrap_or(NonZeroUsize::MIN),
        };
        let threads = self.threads.count();
        let progress = Progress::new(self.common.quiet);
        let tell = |done, all| progress.tell(done, all);
        let result = experiment::compare(&plan, seeds, threads, &tell);
        progress.end();
        let comparison = result?;
        let subject = Subject { plan: &plan, seeds, comparison: &comparison };
        let wrote = write(&mut folder, &subject, &asked, &bundle, threads)?;
        let place = folder.path().display().to_string();
        folder.keep()?;
        if self.common.prints() {
            let screen = screen::of(&subject, &asked, self.common.format());
            print(&screen.data)?;
            if !self.common.quiet && !screen.talk.is_empty() {
                say(&screen.talk);
            }
        }
        if !self.common.quiet {
            let place = keep(place.trim_end_matches('/'));
            say(&wrap(&format!("wrote {place}/: {wrote}"), 6));
        }
        Ok(())
    }

    fn bundle(&self) -> Result<(Bundle, Asked), Failure> {
        let all = self.clients.as_deref();
        let clients: Option<Vec<String>> =
            all.map(|all| all.iter().flat_map(|some| some.0.clone()).collect());
        let settings = &self.common.settings;
        let mut asked =
            Asked { what: vec![], clients: clients.clone(), settings: settings.clone() };
        let clients = clients.as_deref();
        if let Some(name) = &self.name {
            asked.what = vec![base(name).to_owned()];
            return Ok((load(name, clients, settings)?, asked));
        }
        if self.quick.limits.is_empty() {
            let help = library::did_you_mean(Kind::Scenario, "");
            return Err(Failure::Usage(format!(
                "name a scenario, or give a limit like --limit '50/s per app'\n  = help: {help}"
            )));
        }
        let quick = Quick::read(
            &self.quick.limits,
            self.quick.calls,
            self.quick.workers,
            self.quick.identities,
        )?;
        asked.what = quick.arguments();
        if !self.common.quiet {
            let lines: Vec<String> = quick.echo().iter().map(|l| wrap(l, 2)).collect();
            say(&lines.join("\n"));
        }
        let (scenario, api) = quick.documents()?;
        let bundle = Bundle::of_scenario(scenario, Some(api), clients, settings, &fetch)?;
        Ok((bundle, asked))
    }

    fn folder(&self, plan: &Plan) -> PathBuf {
        self.output.clone().unwrap_or_else(|| {
            // A name from a file must not lead out of the folder.
            let slug = slug(&plan.name);
            let name = if slug.is_empty() { "scenario" } else { &slug };
            PathBuf::from("out").join(name)
        })
    }
}

/// Clients are told apart by their names.
pub(super) fn distinct(plan: &Plan) -> Result<(), Failure> {
    if plan.variants.is_empty() {
        return Err(Failure::Usage("there is no client to compare".to_owned()));
    }
    for (place, variant) in plan.variants.iter().enumerate() {
        if plan.variants[..place].iter().any(|v| v.name == variant.name) {
            let why = format!("two clients are called `{}`", variant.name);
            return Err(Failure::Usage(why));
        }
    }
    Ok(())
}

/// Writes all files of a comparison; gives their names.
fn write(
    folder: &mut Folder,
    subject: &Subject<'_>,
    asked: &Asked,
    bundle: &Bundle,
    threads: NonZeroUsize,
) -> Result<String, Failure> {
    let charts = figures::all(subject);
    // Tables and pictures take as long as many a comparison.
    let make = |task: usize| -> (String, Vec<u8>) {
        if let Some((name, sheet)) = csv::SHEETS.get(task) {
            return ((*name).to_owned(), sheet(subject).into_bytes());
        }
        let task = task - csv::SHEETS.len();
        let chart = &charts[task / 2];
        if task.is_multiple_of(2) {
            (format!("{}.svg", chart.name()), chart.svg().into_bytes())
        } else {
            (format!("{}.png", chart.name()), chart.png(figures::SCALE, Theme::Light))
        }
    };
    let write = |(name, bytes): (String, Vec<u8>)| folder.write(&name, &bytes);
    experiment::side_by_side(threads, csv::SHEETS.len() + charts.len() * 2, make, write)?;
    let record = record::json(subject, asked, bundle.documents());
    folder.write("run.json", record.as_bytes())?;
    let mut names: Vec<String> = csv::SHEETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.push("run.json".to_owned());
    names.extend(charts.iter().map(|chart| keep(&format!("{}.svg .png", chart.name()))));
    Ok(names.join(" "))
}
