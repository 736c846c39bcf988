//! `init`.
use super::Failure;
use clap::Args;

/// X.
#[derive(Debug, Args)]
pub(super) struct Init {}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
