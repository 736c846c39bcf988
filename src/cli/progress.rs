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

    /// The runs are over: the bar is wiped away.
    pub(super) fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn bar(all: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} runs, {eta} to go")
        .expect("the template is one that indicatif reads");
    ProgressBar::new(all as u64).with_style(style)
}
