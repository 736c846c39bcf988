//! `completions`.
use super::Failure;
use clap::Args;

/// X.
#[derive(Debug, Args)]
pub(super) struct Completions {}

impl Completions {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
