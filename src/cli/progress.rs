//! A progress bar for runs that take longer than half a second.

#![expect(
    clippy::disallowed_types,
    reason = "people wait by the clock of the wall, and only they see the bar"
)]

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How long nobody wants a bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar whose end is not known yet.
const SO_FAR: &str = "{bar:24} {pos} of {len} runs so far, {per_sec}, {eta} to go";

/// A bar on stderr, where that is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    since: Option<Instant>,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// No bar yet; `quiet` for none at all.
    pub(super) fn new(quiet: bool) -> Self {
        let wanted = !quiet && std::io::stderr().is_terminal();
        Progress { since: wanted.then(Instant::now), bar: OnceLock::new() }
    }

    /// So many runs are done.
    pub(super) fn tell(&self, done: usize, all: usize) {
        if self.since.is_some_and(|since| since.elapsed() >= PATIENCE) {
            self.bar.get_or_init(|| bar(all)).set_position(done as u64);
        }
    }

    /// So many runs are done of those that were asked for so far: there may be more.
    pub(super) fn tell_so_far(&self, done: usize, asked: usize) {
        if self.since.is_some_and(|since| since.elapsed() >= PATIENCE) {
            let bar = self.bar.get_or_init(|| {
                let style = ProgressStyle::with_template(SO_FAR);
                let style = style.expect("the template is one that indicatif reads");
                ProgressBar::new(asked as u64).with_style(style)
            });
            bar.set_length(asked as u64);
            bar.set_position(done as u64);
        }
    }

    /// The runs are over: the bar is wiped away.
    pub(super) fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
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

fn bar(all: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} runs, {eta} to go")
        .expect("the template is one that indicatif reads");
    ProgressBar::new(all as u64).with_style(style)
}
