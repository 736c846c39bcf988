//! `--dry-run`: how many points, and about how long they take.

#![expect(
    clippy::disallowed_types,
    reason = "how long something takes is told by the clock of the wall"
)]

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::super::Failure;
use super::study::Study;
use crate::experiment::{self, ExperimentError, Seeds, Stride};
use crate::report::number::count;
use crate::report::sweep::Head;
use crate::report::text::{visible, wrap};

/// How many points are tried.
const TRIED: u64 = 5;

/// After so long no other is.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many points are listed.
const LISTED: u64 = 10;

/// Why the trial ended.
enum Halt {
    Failed(Failure),
    /// It took long enough.
    Enough,
}

impl From<ExperimentError> for Halt {
    fn from(error: ExperimentError) -> Self {
        Halt::Failed(error.into())
    }
}

/// What is known of a sweep before it runs.
pub(super) fn of(
    study: &Study<'_>,
    head: &Head,
    own: Stride,
    seeds: Seeds,
    threads: NonZeroUsize,
) -> Result<String, Failure> {
    let runs = own.count * study.clients() as u64 * seeds.count.get() as u64;
    let mut lines = vec![format!(
        "{} points x {} x {} = {} runs",
        count(own.count),
        plural(study.clients(), "client"),
        plural(seeds.count.get(), "seed"),
        count(runs)
    )];
    if let Some(each) = trial(study, own, seeds)? {
        let threads = threads.get();
        let whole = each.mul_f64(own.count as f64 / threads as f64);
        let on = plural(threads, "thread");
        lines.push(format!("about {} on {on}, as far as a few of them tell", words(whole)));
    }
    lines.push(String::new());
    let paths: Vec<&str> = head.axes.dimensions().iter().map(|d| d.path.as_str()).collect();
    for index in 0..own.count.min(LISTED) {
        let point = own.first + own.step * index;
        let values = head.axes.point(point);
        let pairs = paths.iter().zip(values).map(|(path, value)| format!("{path}={value}"));
        let pairs: Vec<String> = pairs.map(|pair| visible(&pair)).collect();
        lines.push(format!("point {point}: {}", pairs.join(" ")));
    }
    if own.count > LISTED {
        lines.push(format!("and {} more", count(own.count - LISTED)));
    }
    let lines = lines.iter().map(|line| wrap(line, 2));
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}

/// How long a point takes on one thread: the mean over a few, from the first to
/// the last, with one seed each. `None` without points.
fn trial(study: &Study<'_>, own: Stride, seeds: Seeds) -> Result<Option<Duration>, Failure> {
    if own.count == 0 {
        return Ok(None);
    }
    let begin = Instant::now();
    study.plan(own.first)?;
    let planning = begin.elapsed();
    let tried = own.count.min(TRIED);
    let step = own.step * (own.count - 1).checked_div(tried - 1).unwrap_or(1);
    let points = Stride { first: own.first, step, count: tried };
    let one = Seeds { root: seeds.root, count: NonZeroUsize::MIN };
    let (begin, mut done) = (Instant::now(), 0_u32);
    let plan = |point| study.plan(point).map_err(Halt::Failed);
    let swept = experiment::sweep(points, study.clients(), plan, one, NonZeroUsize::MIN, |_| {
        done += 1;
        if begin.elapsed() < PATIENCE { Ok(()) } else { Err(Halt::Enough) }
    });
    if let Err(Halt::Failed(failure)) = swept {
        return Err(failure);
    }
    let each = begin.elapsed() / done.max(1);
    let runs = each.saturating_sub(planning).mul_f64(seeds.count.get() as f64);
    Ok(Some(planning.min(each) + runs))
}

fn plural(number: usize, thing: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {thing}{s}", count(number as u64))
}

/// A time as one says it: nobody believes the seconds of an hour.
fn words(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..1.0 => "a second".to_owned(),
        ..100.0 => format!("{seconds:.0} s"),
        ..6_000.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}
