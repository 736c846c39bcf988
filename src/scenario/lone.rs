//! A client without a scenario: its policy by itself.

use super::build::{self, Vocabulary};
use super::bundle::{Fetch, LoadError, open};
use super::document::Document;
use super::file::AnswerKind;
use super::file::client::Client;
use super::file::retry::{Otherwise, Raises};
use super::library::Kind;
use super::plan::Release;
use super::reference::Reference;
use crate::client::{Cause, Policy};
use crate::http::{Answer, Headers};

/// A client's file that has no faults.
#[derive(Clone, Debug)]
pub struct Lone {
    file: Client,
}

impl Lone {
    /// Loads a client by name or path.
    pub fn load(name: &str, fetch: Fetch<'_>) -> Result<Lone, LoadError> {
        Lone::of(&open(&Reference::read(name, Kind::Client)?, fetch)?)
    }

    /// The same for a document that is at hand.
    pub fn of(document: &Document) -> Result<Lone, LoadError> {
        let mut parsed = document.parse::<Client>();
        let Some(file) = parsed.value.take() else {
            return Err(document.faults(parsed.faults().to_vec()).into());
        };
        let said = Vocabulary { headers: &[], words: &[] };
        let (_, faults) = build::policy_alone(&file, &said);
        let faults: Vec<_> = parsed.faults().iter().cloned().chain(faults).collect();
        if faults.is_empty() { Ok(Lone { file }) } else { Err(document.faults(faults).into()) }
    }

    /// The library that it does as.
    #[must_use]
    pub fn release(&self) -> Option<Release> {
        Release::of(&self.file)
    }

    /// Its policy at a server that sends these headers and says these words.
    #[must_use]
    pub fn policy(&self, headers: &[String], words: &[String]) -> Policy {
        build::policy_alone(&self.file, &Vocabulary { headers, words }).0
    }

    /// What the caller gets when the client gives up at such an answer.
    #[must_use]
    pub fn raises(&self, cause: Cause, answer: Answer) -> Option<&str> {
        if cause == Cause::Error {
            return self.own_error();
        }
        // What the caller gets hangs on the status: words are not looked at.
        let said = Vocabulary { headers: &[], words: &[] };
        let at = |of: &[AnswerKind]| said.kinds(of).contain(answer, &Headers::NONE);
        let here = |r: &&Raises| !r.retried || cause != Cause::NotRetried;
        let mut raises = self.file.raises.iter().filter(here);
        let raises = raises.find(|r| r.of.is_empty() || at(&r.of));
        raises.map(|raises| raises.error.as_str())
    }

    /// The error that it fails with at a header that it cannot read.
    fn own_error(&self) -> Option<&str> {
        let hint = self.file.hint.as_ref()?;
        let all = [&hint.bad, &hint.zero, &hint.past, &hint.negative];
        all.into_iter().flatten().find_map(|otherwise| match otherwise {
            Otherwise::Fail(error) => Some(error.as_str()),
            _ => None,
        })
    }
}
