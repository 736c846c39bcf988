//! What `sweep` and `merge` do once all parts are there.

use std::num::NonZeroUsize;
use std::path::Path;

use super::super::{Failure, print, say};
use crate::experiment;
use crate::metric::Metric;
use crate::report::chart::Theme;
use crate::report::figures::{self, SCALE};
use crate::report::output::Folder;
use crate::report::sweep::{MergeError, Shown, merge};
use crate::report::table::Format;
use crate::report::text::{keep, visible, wrap};

/// What is printed.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Said {
    /// The table, in this format.
    pub(in crate::cli) format: Option<Format>,
    /// Nothing beside it.
    pub(in crate::cli) quiet: bool,
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::Nothing { .. }
            | MergeError::Unreadable { .. }
            | MergeError::Wrong { .. } => Failure::Data(error.to_string()),
            MergeError::Unwritable(error) => error.into(),
        }
    }
}

/// Puts the parts of a folder together, and shows what came of it.
pub(in crate::cli) fn finish(
    path: &Path,
    metric: Metric,
    said: Said,
    threads: NonZeroUsize,
) -> Result<(), Failure> {
    let mut folder = Folder::open(path)?;
    folder.tidy();
    let mut shown = Shown::new(metric);
    let merged = merge(&mut folder, |head, point| shown.add(head, point))?;
    let mut names = vec!["sweep.csv".to_owned(), "sweep.json".to_owned()];
    match figures::sweep(&merged.head, &shown) {
        Ok(chart) => {
            let make = |task| match task {
                0 => (format!("{}.svg", chart.name()), chart.svg().into_bytes()),
                _ => (format!("{}.png", chart.name()), chart.png(SCALE, Theme::Light)),
            };
            let write = |(name, bytes): (String, Vec<u8>)| folder.write(&name, &bytes);
            experiment::side_by_side(threads, 2, make, write)?;
            names.push(keep(&format!("{}.svg .png", chart.name())));
        }
        Err(why) if !said.quiet => say(&wrap(&format!("no chart: {why}"), 2)),
        Err(_) => {}
    }
    folder.keep()?;
    if let Some(format) = said.format {
        print(&shown.write(&merged.head, format))?;
    }
    if !said.quiet {
        let place = visible(path.display().to_string().trim_end_matches('/'));
        say(&wrap(&format!("wrote {}/: {}", keep(&place), names.join(" ")), 6));
    }
    Ok(())
}
