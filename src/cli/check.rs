//! `check`.
use super::Failure;
use clap::Args;

/// X.
#[derive(Debug, Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
