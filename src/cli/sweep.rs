//! `sweep`: a comparison at every value of what is varied.

mod estimate;
mod finish;
mod study;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

pub(super) use finish::{Said, finish};
use study::Study;

use super::progress::Progress;
use super::shard::Sharding;
use super::{Common, Failure, Threads, folder, print, say};
use crate::experiment::{self, Design, Seeds};
use crate::metric::Metric;
use crate::report::number::count;
use crate::report::output::Folder;
use crate::report::sweep::{Head, Opened, Part, PartError, Shard};
use crate::report::text::{keep, visible, wrap};
use crate::scenario::nearest::nearest;
use crate::scenario::vary::Vary;

/// Sweeps.
#[derive(Debug, Args)]
#[command(after_help = "\
VALUES are a list (8,16,32), a range with its step (8..64:8, 100ms..1s:100ms,
10/s..50/s:10/s, 1%..5%:1%) or its factor (1..1000:x10). Of a plain range
(1..500) --latin N takes N samples: each lies in a part of its own of N equal
parts of each plain range (a Latin hypercube), and is drawn from --seed. Values
are as fine as the range is written: 1..5 or 1.0..5.0. Every value of a path
meets every value of the others; the path written last varies fastest. There
are at most 1,000,000 points.

Every client of every point runs over the same seeds as in `compare`, so that
`tollgate compare SCENARIO --set PATH=VALUE ...` gives the numbers of a point.

What is finished is kept: after Ctrl-C, a kill or a full disk the same command
goes on where it was, and the result is the same to the byte. It is also the
same on any number of threads or shards; `tollgate merge DIR` puts the parts of
shards together. --shard auto reads SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX
(with --shards N), AWS_BATCH_JOB_ARRAY_INDEX or CLOUD_RUN_TASK_INDEX, and how
many there are from the variables that come with them.

Examples:
  tollgate sweep aiclicks --vary api.limit.default.quota=50,100 --seeds 2
  tollgate sweep hourly-quota --vary population.count=20..60:20 \\
      --vary client=openai-v1,anthropic --seeds 2 --show served-share
  tollgate sweep overload --vary population.count=5..40 --latin 4 --seeds 2 \\
      --vary client=sre-adaptive -o latin
  tollgate sweep aiclicks --vary api.limit.default.quota=50..150:25 --dry-run
  tollgate sweep aiclicks --vary population.agency.in-flight=2,4 --seeds 2 \\
      --shard 0/2 -o parts
  tollgate sweep aiclicks --vary population.agency.in-flight=2,4 --seeds 2 \\
      --shard 1/2 -o parts
  tollgate merge parts")]
pub(super) struct Sweep {
    /// A scenario: a name (see `tollgate list`) or a file
    name: String,
    /// Take each of these values: PATH is one of --set, or `client` for the
    /// clients to compare; may be given several times
    #[arg(long = "vary", value_name = "PATH=VALUES", required = true)]
    vary: Vec<String>,
    /// Sample the plain ranges N times, as a Latin hypercube
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    latin: Option<u32>,
    /// How many seeds each client is run with, at every point
    #[arg(long, default_value = "10", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: u32,
    /// The seed that all others come from
    #[arg(long, default_value = "0", value_name = "ROOT")]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    sharding: Sharding,
    /// Write files to this folder [default: out/<scenario>]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Say how many points there are and about how long they take, and stop
    #[arg(long)]
    dry_run: bool,
    /// Delete what an earlier sweep left in the folder, and begin anew
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    show: Show,
    #[command(flatten)]
    common: Common,
}

/// Which metric is seen; the files have all.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The metric of the table and the charts (see `tollgate list metrics`)
    #[arg(long = "show", value_name = "METRIC", default_value = "429-share", value_parser = metric)]
    pub(super) metric: Metric,
}

fn metric(name: &str) -> Result<Metric, String> {
    use crate::metric::METRICS;
    Metric::named(name).ok_or_else(|| {
        let near = nearest(name, METRICS.iter().map(|metric| metric.name()));
        match near.first() {
            Some(near) => format!("there is no metric `{name}`: did you mean `{near}`?"),
            None => format!("there is no metric `{name}`: see `tollgate list metrics`"),
        }
    })
}

impl From<PartError> for Failure {
    fn from(error: PartError) -> Self {
        match error {
            // What stands there was made by another command.
            PartError::Differs { .. } => Failure::Usage(error.to_string()),
            PartError::Taken { .. } | PartError::Failed { .. } => {
                Failure::Failed(error.to_string())
            }
        }
    }
}

impl Sweep {
    pub(super) fn run(self) -> Result<(), Failure> {
        let shard = self.sharding.read()?;
        let vary = Vary::read(&self.vary).map_err(|wrong| {
            Failure::All(wrong.iter().map(|error| Failure::Usage(error.to_string())).collect())
        })?;
        let design = Design::new(&vary.axes, self.latin, self.seed)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let study = Study::new(&self.name, vary.clients, &self.common.settings, &design)?;
        let checked = study.check()?;
        let seeds = Seeds {
            root: self.seed,
            count: NonZeroUsize::new(self.seeds as usize).unwrap_or(NonZeroUsize::MIN),
        };
        let commands = study.commands(&self.vary, self.latin, seeds);
        let head = Head::new(&checked.plan, checked.digest, design.clone(), seeds, commands);
        if self.dry_run {
            let threads = self.threads.count();
            let own = shard.unwrap_or(Shard::WHOLE).points(design.points());
            return print(&estimate::of(&study, &head, own, seeds, threads)?);
        }
        let folder = folder(self.output.as_ref(), &checked.plan.name);
        // Made for good: what is finished stays in it whatever happens.
        Folder::open(&folder)?.keep()?;
        let own = shard.unwrap_or(Shard::WHOLE);
        match Part::open(&folder, own, &head, self.fresh)? {
            Opened::Whole if !self.common.quiet => say(&wrap(
                &format!(
                    "all {} points are there already; --fresh runs them again",
                    count(own.points(design.points()).count)
                ),
                2,
            )),
            Opened::Whole => {}
            Opened::Begun(part) => self.go_on(&study, part, own, seeds)?,
        }
        if let Some(shard) = shard {
            if !self.common.quiet {
                let place = folder.display().to_string();
                let place = keep(visible(place.trim_end_matches('/')).as_str());
                let line =
                    format!("wrote {place}/{}; once all {} are there:", shard.file(), shard.of);
                say(&format!("{}\n  tollgate merge {place}", wrap(&line, 6)));
            }
            return Ok(());
        }
        finish(&folder, self.show.metric, self.common_said(), self.threads.count())
    }

    /// Runs the points that are missing, and gives the part its name.
    fn go_on(
        &self,
        study: &Study<'_>,
        mut part: Part,
        own: Shard,
        seeds: Seeds,
    ) -> Result<(), Failure> {
        let (mut points, done) = (own.points(study.points()), part.done());
        if done > 0 && !self.common.quiet {
            let (done, all) = (count(done), count(points.count));
            say(&format!("{done} of {all} points are there already"));
        }
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let (mut told, all) = (whole(done), whole(points.count));
        let progress = Progress::of(self.common.quiet, "points", told);
        points.first += points.step * done;
        points.count -= done;
        let plan = |point| study.plan(point);
        let swept = experiment::sweep(
            points,
            study.clients(),
            plan,
            seeds,
            self.threads.count(),
            |swept| {
                part.append(&swept.into())?;
                told += 1;
                progress.tell(told, all);
                Ok(())
            },
        );
        progress.end();
        swept?;
        Ok(part.finish()?)
    }

    fn common_said(&self) -> Said {
        let format = self.common.prints().then(|| self.common.format());
        Said { format, quiet: self.common.quiet }
    }
}
