//! A progress bar for what takes longer than half a second.

#![expect(
    clippy::disallowed_types,
    reason = "people wait by the clock of the wall, and only they see the bar"
)]

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::report::number::decimal;

/// How long nobody wants a bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar on stderr, where that is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    since: Option<Instant>,
    bar: OnceLock<ProgressBar>,
    /// What is counted.
    things: &'static str,
    /// How many of them were done before.
    before: usize,
}

impl Progress {
    /// No bar yet; `quiet` for none at all.
    pub(super) fn new(quiet: bool) -> Self {
        Progress::of(quiet, "runs", 0)
    }

    /// The same for other things than runs, of which so many were done before.
    pub(super) fn of(quiet: bool, things: &'static str, before: usize) -> Self {
        let wanted = !quiet && std::io::stderr().is_terminal();
        Progress { since: wanted.then(Instant::now), bar: OnceLock::new(), things, before }
    }

    /// So many are done, of so many that there may be: the more is known, the
    /// better that is guessed where nobody gave it.
    pub(super) fn tell(&self, done: usize, all: usize) {
        let Some(elapsed) = self.since.map(|since| since.elapsed()) else { return };
        if elapsed >= PATIENCE {
            let bar = self.bar.get_or_init(|| self.begin());
            bar.set_length(all as u64);
            bar.set_message(pace(done - self.before.min(done), all - done.min(all), elapsed));
            bar.set_position(done as u64);
        }
    }

    fn begin(&self) -> ProgressBar {
        let template = format!("{{bar:30}} {{pos}} of {{len}} {}, {{msg}}", self.things);
        let style = ProgressStyle::with_template(&template)
            .expect("the template is one that indicatif reads");
        ProgressBar::new(0).with_style(style)
    }

    /// All is over: the bar is wiped away.
    pub(super) fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

/// How many a second were done, and how long the rest takes at that.
fn pace(done: usize, left: usize, elapsed: Duration) -> String {
    let each = elapsed.as_secs_f64() / done.max(1) as f64;
    let rate = if each < 0.1 { decimal(1.0 / each, 0) } else { decimal(1.0 / each, 2) };
    let left = Duration::from_secs_f64(each * left as f64);
    format!("{rate}/s, {} to go", HumanDuration(left))
}

/// How long runs take here.
#[derive(Debug)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    /// It runs.
    pub(super) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// How long `more` runs would take, as `done` took until now: `about 3 min`.
    pub(super) fn told(&self, done: u64, more: u64) -> String {
        let seconds = self.0.elapsed().as_secs_f64() * more as f64 / done.max(1) as f64;
        if seconds < 90.0 {
            format!("about {} s", seconds.ceil())
        } else if seconds < 5_400.0 {
            format!("about {} min", (seconds / 60.0).ceil())
        } else {
            format!("about {} h", (seconds / 3_600.0).ceil())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_all_so_far_and_the_rest_takes_as_long() {
        assert_eq!(pace(50, 100, Duration::from_secs(2)), "25/s, 4 seconds to go");
        assert_eq!(pace(1, 240, Duration::from_secs(2)), "0.50/s, 8 minutes to go");
        assert_eq!(pace(150, 0, Duration::from_secs(6)), "25/s, 0 seconds to go");
    }
}
