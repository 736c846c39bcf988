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

    /// So many are done.
    pub(super) fn tell(&self, done: usize, all: usize) {
        if let Some(since) = self.since.filter(|since| since.elapsed() >= PATIENCE) {
            let bar = self.bar.get_or_init(|| self.begin(all, since.elapsed()));
            bar.set_position(done as u64);
        }
    }

    /// The bar, as if it had been there from the beginning.
    fn begin(&self, all: usize, elapsed: Duration) -> ProgressBar {
        let template =
            format!("{{bar:30}} {{pos}} of {{len}} {}, {{per_sec}}, {{eta}} to go", self.things);
        let style = ProgressStyle::with_template(&template)
            .expect("the template is one that indicatif reads");
        ProgressBar::new(all as u64)
            .with_style(style)
            .with_elapsed(elapsed)
            .with_position(self.before as u64)
    }

    /// The runs are over: the bar is wiped away.
    pub(super) fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
