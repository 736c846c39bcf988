//! `run`.
use super::Failure;
use clap::Args;

/// X.
#[derive(Debug, Args)]
pub(super) struct Run {}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
