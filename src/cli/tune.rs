//! `tune`: the value of a knob that meets goals, with confidence.

mod asked;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use super::progress::{Progress, Stopwatch};
use super::{Common, Failure, Threads, folder, load, per_cent, print, say};
use crate::experiment::tune::{
    self, Ask, Bench, Effort, Found, Front, Place, Probes, Question, Stop,
};
use crate::metric::Condition;
use crate::report::chart::Theme;
use crate::report::figures::SCALE;
use crate::report::number::count;
use crate::report::output::Folder;
use crate::report::record::base;
use crate::report::text::{keep, shell, visible, wrap};
use crate::report::tuning::{self, Home, Sought, Tuning};
use crate::scenario::{Bundle, Plan};
use asked::{Asked, Wanted};

/// The most seeds of a point where nothing else is said.
const MOST: usize = 320;

/// The same where an interval's width is to end the effort.
const MOST_UNTIL: usize = 10_000;

/// Tunes a scenario.
#[derive(Debug, Args)]
#[command(after_help = "\
A value meets the goals when the whole 95 % interval of each does, and misses
when one misses so; what does neither gets twice as many seeds, up to
--seeds-max. All values are run with the same seeds. One knob whose smallest or
largest value is wanted is searched by bisection, or from end to end where its
response turns. Two knobs, or an objective that is measured, give the points
that nobody beats, on a grid of at most 121 that is refined around them.

Examples:
  tollgate tune burst --vary api.limit.burst=1..500 \\
      --goal 'rejected_share <= 9.5%' --minimise api.limit.burst
  tollgate tune burst --vary population.count=10..60 \\
      --goal 'rejected_share <= 1%' --maximise population.count --until 2%
  tollgate tune burst --vary api.limit.burst=5..15 \\
      --vary population.count=32..38 --goal 'rejected_share <= 2%' \\
      --minimise api.limit.burst --maximise population.count --seeds-max 40
  tollgate tune aiclicks --client exponential-jitter \\
      --vary client.exponential-jitter.wait.base=1s..9s:2s \\
      --minimise p99_wait --minimise 429s --seeds 5 --seeds-max 10")]
pub(super) struct Tune {
    /// A scenario: a name (see `tollgate list`) or a file
    name: String,
    /// What is turned: PATH=A..B, as fine as the ends are written, or
    /// PATH=A..B:STEP; at most two
    #[arg(long, value_name = "PATH=A..B", required = true)]
    vary: Vec<String>,
    /// A condition to meet, such as 'wait-p99 < 2s' (see `list metrics`); of
    /// several, all
    #[arg(long = "goal", value_name = "CONDITION", value_parser = condition)]
    goals: Vec<Condition>,
    /// Look for the smallest: a path that is varied, or a metric
    #[arg(long, alias = "minimize", value_name = "PATH")]
    minimise: Vec<String>,
    /// Look for the largest
    #[arg(long, alias = "maximize", value_name = "PATH")]
    maximise: Vec<String>,
    /// The client that is judged: a name or a file [default: the first that the
    /// scenario lists]
    #[arg(long)]
    client: Option<String>,
    /// How many seeds each value is run with at first
    #[arg(long, default_value = "10", value_name = "N", value_parser = seeds())]
    seeds: u32,
    /// How many seeds a value is run with at most [default: 320, or 10000 with
    /// --until]
    #[arg(long, value_name = "N", value_parser = seeds())]
    seeds_max: Option<u32>,
    /// Leave a value undecided once its intervals are so narrow, ± as a share of
    /// the mean
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    until: Option<f64>,
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
}

/// Of one seed nothing is known for sure.
fn seeds() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(2..=1_000_000)
}

fn condition(text: &str) -> Result<Condition, String> {
    text.parse()
}

fn share(text: &str) -> Result<f64, String> {
    let share = per_cent(text).filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| "write a share above 0 %, like 2%".to_owned())
}

impl Tune {
    pub(super) fn run(self) -> Result<(), Failure> {
        let asked = Asked::read(&self)?;
        let bundle = self.bundle(&asked, &self.common.settings)?;
        let plan = bundle.plan()?;
        let client = asked.judged(&plan)?;
        if plan.variants.len() > 1 && self.client.is_none() && !self.common.quiet {
            let all = plan.variants.len();
            let name = visible(&client);
            say(&wrap(
                &format!("client {name}, the first of {all}: --client NAME judges another"),
                2,
            ));
        }
        let mut folder = Folder::open(&folder(self.output.as_ref(), &plan.name))?;
        let question = Question::new(self.goals.clone(), &asked.measured());
        let effort = self.effort();
        let watch = Stopwatch::start();
        let (found, runs) = self.search(&asked, &question, effort, &client)?;
        let sought = match &found {
            Came::End(way, found) => Sought::End(*way, found),
            Came::Front(front) => Sought::Front(&asked.objectives, front),
        };
        let tuning = Tuning {
            plan: &plan,
            client: &client,
            knobs: &asked.knobs,
            question: &question,
            effort,
            root: self.seed,
            command: &self.command(&asked, effort),
            sought,
        };
        self.write(&mut folder, &tuning, &asked, &bundle)?;
        let place = folder.path().display().to_string();
        folder.keep()?;
        self.tell(&tuning, &place, &watch, runs)
    }

    fn effort(&self) -> Effort {
        let most = if self.until.is_some() { MOST_UNTIL } else { MOST };
        let first = self.seeds as usize;
        let most = self.seeds_max.map_or(most, |most| most as usize).max(first);
        Effort { first, most, until: self.until }
    }

    /// The scenario with settings, and the clients that are judged or named.
    fn bundle(&self, asked: &Asked, settings: &[(String, String)]) -> Result<Bundle, Failure> {
        let clients = asked.clients(self.client.as_deref());
        load(&self.name, clients.as_deref(), settings)
    }

    fn search(
        &self,
        asked: &Asked,
        question: &Question,
        effort: Effort,
        client: &str,
    ) -> Result<(Came, usize), Failure> {
        let progress = Progress::of(self.common.quiet, "runs so far", 0);
        let done = AtomicUsize::new(0);
        let wanted = AtomicUsize::new(0);
        let tell = |more| {
            let done = done.fetch_add(more, Ordering::Relaxed) + more;
            progress.tell(done, wanted.load(Ordering::Relaxed));
        };
        let plan_at = |place: &Place| -> Result<Plan, Failure> {
            let mut settings = self.common.settings.clone();
            let knobs = asked.knobs.iter().zip(place);
            settings.extend(knobs.map(|(knob, v)| (knob.path().to_owned(), knob.text(*v))));
            Ok(self.bundle(asked, &settings)?.plan()?)
        };
        let bench = Bench {
            plan_at: &plan_at,
            subjects: question.subjects(),
            client,
            root: self.seed,
            threads: self.threads.count(),
            progress: &tell,
        };
        let each = bench.runs_a_seed();
        let mut measure = |asks: &[Ask]| {
            let more: usize = asks.iter().map(|ask| ask.count * each).sum();
            wanted.fetch_add(more, Ordering::Relaxed);
            bench.measure(asks)
        };
        // What the model does not have is told by one run, and not after all of them.
        let first: Place = vec![0; asked.knobs.len()];
        let trial = measure(&[Ask { place: first.clone(), first: 0, count: 1 }]);
        let trial = trial.map_err(|error| asked.failure(Stop::Measure(error)))?;
        for evidence in &trial {
            let judged = question.judge(evidence);
            judged.map_err(|unknown| asked.failure(Stop::Unknown(first.clone(), unknown)))?;
        }
        let probes = Probes::new(question, effort, &mut measure);
        let found = match &asked.wanted {
            Wanted::End(way) => {
                tune::search(&asked.knobs[0], *way, probes).map(|found| Came::End(*way, found))
            }
            Wanted::Front => tune::front(&asked.knobs, &asked.objectives, probes).map(Came::Front),
        };
        progress.end();
        let runs = done.into_inner();
        found.map(|found| (found, runs)).map_err(|stop| asked.failure(stop))
    }

    /// The command that this came of, without folders and threads.
    fn command(&self, asked: &Asked, effort: Effort) -> String {
        let mut words = vec!["tollgate tune".to_owned(), shell(base(&self.name))];
        let mut add = |flag: &str, value: &str| words.push(format!("{flag} {}", shell(value)));
        asked.knobs.iter().for_each(|knob| add("--vary", &knob.to_string()));
        self.goals.iter().for_each(|goal| add("--goal", &goal.to_string()));
        self.minimise.iter().for_each(|what| add("--minimise", what));
        self.maximise.iter().for_each(|what| add("--maximise", what));
        self.client.iter().for_each(|client| add("--client", base(client)));
        self.until.iter().for_each(|share| add("--until", &format!("{}%", share * 100.0)));
        for (path, value) in &self.common.settings {
            add("--set", &format!("{path}={value}"));
        }
        let Effort { first, most, .. } = effort;
        format!("{} --seeds {first} --seeds-max {most} --seed {}", words.join(" "), self.seed)
    }

    fn write(
        &self,
        folder: &mut Folder,
        tuning: &Tuning<'_>,
        asked: &Asked,
        bundle: &Bundle,
    ) -> Result<(), Failure> {
        let chart = tuning::figure(tuning);
        folder.write("tune.csv", tuning::sheet(tuning).as_bytes())?;
        folder.write("tune.svg", chart.svg().as_bytes())?;
        folder.write("tune.png", &chart.png(SCALE, Theme::Light))?;
        let record = tuning::record(tuning, bundle.documents());
        folder.write("tune.json", record.as_bytes())?;
        let homes = self.homes(tuning, asked)?;
        let patch = tuning::patch(tuning, &self.name, &homes);
        folder.write("patch.toml", patch.as_bytes())?;
        Ok(())
    }

    /// The files of the knobs, turned to the answer.
    fn homes(&self, tuning: &Tuning<'_>, asked: &Asked) -> Result<Vec<Home>, Failure> {
        let Some(place) = tuning.chosen() else { return Ok(vec![]) };
        let mut settings = self.common.settings.clone();
        let knobs = asked.knobs.iter().zip(&place);
        settings.extend(knobs.map(|(knob, value)| (knob.path().to_owned(), knob.text(*value))));
        let bundle = self.bundle(asked, &settings)?;
        let home = |knob: &tune::Knob| {
            let (document, path) = bundle.home(knob.path())?;
            Some(Home { document: document.clone(), path: path.to_owned() })
        };
        Ok(asked.knobs.iter().filter_map(home).collect())
    }

    fn tell(
        &self,
        tuning: &Tuning<'_>,
        place: &str,
        watch: &Stopwatch,
        runs: usize,
    ) -> Result<(), Failure> {
        if self.common.prints() {
            let screen = tuning::screen(tuning, self.common.format());
            print(&screen.data)?;
            if !self.common.quiet && !screen.talk.is_empty() {
                say(&screen.talk);
            }
        }
        if !self.common.quiet {
            if let Some(seeds) = tuning::seeds_to_decide(tuning) {
                let each = (runs / tuning.seeds_in_all().max(1)).max(1);
                let more = seeds.saturating_mul(each as u64);
                let time = watch.told(runs as u64, more);
                say(&wrap(&format!("that is up to {} more runs, {time} here", count(more)), 2));
            }
            let place = keep(place.trim_end_matches('/'));
            let files = "tune.csv tune.json patch.toml tune.svg\u{a0}.png";
            say(&wrap(&format!("wrote {place}/: {files}"), 6));
        }
        Ok(())
    }
}

/// What a search came to.
enum Came {
    End(tune::Way, Found),
    Front(Front),
}
