//! A baseline as a file.

use std::fmt;

use crate::experiment::{Baseline, Mismatch};
use crate::report::text::visible;

/// The text of a baseline's file.
#[must_use]
pub fn write(baseline: &Baseline) -> String {
    let text = serde_json::to_string(baseline).expect("numbers and names are JSON");
    text + "\n"
}

/// Reads a baseline's file.
pub fn read(text: &[u8]) -> Result<Baseline, String> {
    serde_json::from_slice(text).map_err(|why| format!("this is no baseline: {why}"))
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Scenario(name) => write!(f, "it is of the scenario `{}`", visible(name)),
            Mismatch::Seed(root) => {
                write!(f, "its draws come from another seed\n  = help: add --seed {root}")
            }
        }
    }
}

impl std::error::Error for Mismatch {}
