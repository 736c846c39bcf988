//! A scenario from a few words on the command line.

use super::document::Document;
use super::fault::Faults;

/// A backlog of calls at some limits.
#[derive(Clone, Debug)]
pub struct Quick {}

impl Quick {
    /// Reads limits.
    pub fn read(
        _limits: &[String],
        _calls: u32,
        _workers: u32,
        _identities: u32,
    ) -> Result<Quick, Faults> {
        todo!()
    }
    /// Arguments.
    pub fn arguments(&self) -> Vec<String> {
        todo!()
    }
    /// Echo.
    pub fn echo(&self) -> String {
        todo!()
    }
    /// Documents.
    pub fn documents(&self) -> Result<(Document, Document), Faults> {
        todo!()
    }
}
