//! `list`.
use super::Failure;
use clap::Args;

/// X.
#[derive(Debug, Args)]
pub(super) struct List {}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
