//! `show`.
use super::Failure;
use clap::Args;

/// X.
#[derive(Debug, Args)]
pub(super) struct Show {}

impl Show {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
pub(super) fn other_kind(error: crate::scenario::LoadError, _name: &str) -> Failure {
    error.into()
}
