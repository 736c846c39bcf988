//! What a server says, by name: its headers and its words become indices.

use crate::client::{Kind, Kinds};
use crate::http::{CODE, HeaderId};
use crate::scenario::file::AnswerKind;

/// The names of a server's headers, and the words that they say.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Vocabulary<'v> {
    pub(in crate::scenario) headers: &'v [String],
    pub(in crate::scenario) words: &'v [String],
}

impl Vocabulary<'_> {
    /// The header of that name, whatever its case; `None` if it is never sent.
    pub(super) fn header(&self, name: &str) -> Option<HeaderId> {
        let place = self.headers.iter().position(|n| n.eq_ignore_ascii_case(name))?;
        u8::try_from(place).ok().map(HeaderId)
    }

    /// The place of a word; `None` if it is never said.
    pub(super) fn word(&self, word: &str) -> Option<u16> {
        u16::try_from(self.words.iter().position(|text| text == word)?).ok()
    }

    /// Kinds of answers; those of words that are never said are left out.
    pub(in crate::scenario) fn kinds(&self, kinds: &[AnswerKind]) -> Kinds {
        let kind = |kind: &AnswerKind| match kind {
            AnswerKind::Plain(kind) => Some(*kind),
            AnswerKind::Code(word) => Some(Kind::Code(self.header(CODE)?, self.word(word)?)),
        };
        Kinds(kinds.iter().filter_map(kind).collect())
    }
}
