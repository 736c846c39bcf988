//! `compare`: the main job.

mod kept;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::progress::Progress;
use super::{Common, Failure, Threads, conditions, fetch, folder, load, per_cent, print, say};
use crate::experiment::{self, Baseline, Comparison, Order, Seeds, Survival, Trial, Until};
use crate::report::chart::Theme;
use crate::report::output::Folder;
use crate::report::record::{self, Asked, base};
use crate::report::subject::{Against, Subject};
use crate::report::text::{keep, listed, visible, wrap};
use crate::report::{csv, figures, screen, words};
use crate::scenario::library::{self, Kind};
use crate::scenario::quick::Quick;
use crate::scenario::reference;
use crate::scenario::{Alternative, Bundle, Plan};

/// Compares clients.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate compare clover
  tollgate compare clover --clients clover-sample,my-client.toml
  tollgate compare clover --clients 'requests,openai@1,urllib3(total=3)'
  tollgate compare clover --set api.limit.app-rate.fixed-window.quota=60
  tollgate compare --limit '50/s per app' --limit '16/s per token' \\
      --calls 7000 --workers 64
  tollgate compare aiclicks --assumptions
  tollgate compare aiclicks --save-baseline main
  tollgate compare aiclicks --baseline main --set service.fails=1%
  tollgate compare clover --fail-if 'served-share < 99% of clover-advice'
  tollgate compare aiclicks --until 2%
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
    /// Instead of a number of seeds: 10, then 10 more at a time until the time,
    /// the 429 share and the served share of every client are known to within
    /// this
    #[arg(long, value_name = "PERCENT", conflicts_with = "seeds", value_parser = percent)]
    until: Option<f64>,
    /// No more seeds than this with --until
    #[arg(long, default_value = "1000", value_name = "N", requires = "until", value_parser = count(100_000))]
    seeds_max: u32,
    /// The seed that all others come from
    #[arg(long, default_value = "0", value_name = "ROOT")]
    seed: u64,
    /// What must not be: a metric (`tollgate list metrics`), a comparison and a
    /// value, joined by and, or; of each client, or of one: ... of CLIENT. If it
    /// is, exit with 99
    #[arg(long, value_name = "CONDITION")]
    fail_if: Vec<String>,
    /// Try each alternative to what the vendor does not document, and say
    /// whether the order of the clients survives
    #[arg(long)]
    assumptions: bool,
    /// Keep the numbers under this name in the output folder, or in this .json
    /// file
    #[arg(long, value_name = "NAME")]
    save_baseline: Option<String>,
    /// Say what is better or worse than the numbers kept under this name
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
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
    /// fixed-window (if left out), first-request, sliding, token-bucket or nginx;
    /// or N at-once per KEY
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
        let mut plan = bundle.plan()?;
        distinct(&plan)?;
        plan.fail_if.extend_from_slice(&asked.fail_if);
        known(&plan)?;
        if self.assumptions && plan.assumptions.is_empty() && !self.common.quiet {
            let api = visible(&plan.api);
            say(&wrap(&format!("the model of {api} assumes nothing that could be otherwise"), 2));
        }
        let place = folder(self.output.as_ref(), &plan.name);
        let earlier = self.baseline.as_deref();
        let earlier = earlier.map(|name| kept::load(name, &place, &plan, self.seed)).transpose()?;
        let mut folder = Folder::open(&place)?;
        let threads = self.threads.count();
        let progress = Progress::new(self.common.quiet);
        let result = self.experiment(&bundle, &plan, &progress);
        progress.end();
        let (comparison, trials) = result?;
        let seeds = Seeds { root: self.seed, count: comparison.seeds() };
        let thresholds = experiment::thresholds(&plan.fail_if, &comparison.outcomes);
        let judged = thresholds.as_deref().unwrap_or_default();
        let drifts = earlier.as_ref().map(|baseline| baseline.drifts(&comparison));
        let against = self.baseline.as_deref().zip(earlier.as_ref()).zip(drifts.as_deref());
        let against = against.map(|((name, baseline), drifts)| Against { name, baseline, drifts });
        let subject = Subject {
            plan: &plan,
            seeds,
            comparison: &comparison,
            thresholds: judged,
            trials: &trials,
            against,
        };
        let mut wrote = write(&mut folder, &subject, &asked, &bundle, threads)?;
        if let Some(name) = &self.save_baseline {
            let kept = Baseline::of(&comparison, &plan.name, &plan.digest, seeds);
            wrote.push_str(&kept::save(name, &kept, &mut folder)?);
        }
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
        // What was run is worth having even where a threshold asks for more.
        if let Err(unknown) = &thresholds {
            return Err(Failure::Usage(unknown.to_string()));
        }
        words::crossed(judged).map_or(Ok(()), |crossed| Err(Failure::Crossed(crossed)))
    }

    /// The comparison, and that of every alternative to what is assumed.
    fn experiment(
        &self,
        bundle: &Bundle,
        plan: &Plan,
        progress: &Progress,
    ) -> Result<(Comparison, Vec<Trial>), Failure> {
        let wanted = self.assumptions.then_some(&plan.assumptions[..]);
        let alternatives = Alternative::all(wanted.unwrap_or_default());
        let worlds = 1 + alternatives.len();
        let threads = self.threads.count();
        let tell = |done, all| progress.tell(done, worlds * all);
        let comparison = match self.until {
            None => experiment::compare(plan, self.seeds(self.seeds), threads, &tell),
            Some(within) => {
                let until = Until { within, most: self.seeds(self.seeds_max).count };
                experiment::compare_until(plan, self.seed, until, threads, &tell)
            }
        }?;
        let seeds = Seeds { root: self.seed, count: comparison.seeds() };
        let compare = |world: usize, plan: &Plan| {
            let tell = |done, all| progress.tell(world * all + done, worlds * all);
            experiment::compare(plan, seeds, threads, &tell)
        };
        let order = Order::of(&comparison.outcomes);
        let trial = |(place, alternative): (usize, Alternative)| {
            let there = compare(1 + place, &alternative.plan(bundle)?)?;
            Ok(Trial { survival: Survival::of(&order, &there.outcomes), alternative })
        };
        let trials: Result<_, Failure> = alternatives.into_iter().enumerate().map(trial).collect();
        Ok((comparison, trials?))
    }

    fn seeds(&self, count: u32) -> Seeds {
        let count = NonZeroUsize::new(count as usize).unwrap_or(NonZeroUsize::MIN);
        Seeds { root: self.seed, count }
    }

    fn bundle(&self) -> Result<(Bundle, Asked), Failure> {
        let all = self.clients.as_deref();
        let clients: Option<Vec<String>> =
            all.map(|all| all.iter().flat_map(|some| some.0.clone()).collect());
        let settings = &self.common.settings;
        let mut asked = Asked {
            what: vec![],
            clients: clients.clone(),
            settings: settings.clone(),
            fail_if: conditions("--fail-if", &self.fail_if)?,
            assumptions: self.assumptions,
        };
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
}

/// A relative error, as a share of one.
fn percent(text: &str) -> Result<f64, String> {
    match per_cent(text) {
        Some(share) if (0.001..=0.5).contains(&share) => Ok(share),
        Some(_) => Err("write 0.1% to 50%".to_owned()),
        None => Err("write a share in per cent, like 2%".to_owned()),
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

/// Conditions name clients that are compared.
fn known(plan: &Plan) -> Result<(), Failure> {
    let names: Vec<&str> = plan.variants.iter().map(|variant| variant.name.as_str()).collect();
    experiment::stranger(&plan.fail_if, &names).map_or(Ok(()), |name| {
        let names: Vec<String> = names.iter().map(|name| visible(name)).collect();
        let why = format!(
            "a condition names the client `{}`, which is not compared\n  = help: there are {}",
            visible(name),
            listed(&names)
        );
        Err(Failure::Usage(why))
    })
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
    let mut names: Vec<String> = csv::SHEETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    if !subject.trials.is_empty() {
        folder.write("assumptions.csv", csv::trials(subject).as_bytes())?;
        names.push("assumptions.csv".to_owned());
    }
    let record = record::json(subject, asked, bundle.documents());
    folder.write("run.json", record.as_bytes())?;
    names.push("run.json".to_owned());
    names.extend(charts.iter().map(|chart| keep(&format!("{}.svg .png", chart.name()))));
    Ok(names.join(" "))
}
