//! The wait that a response asks for.

use super::classify::Kind;
use super::jitter::Jitter;
use crate::http::{Answer, HeaderId, Headers};
use crate::time::{Instant, Span};

/// A header that may hold a wait, and how it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// The header.
    pub name: HeaderId,
    /// Read as seconds since the epoch rather than from now.
    pub epoch: bool,
}

/// How a policy obeys the wait that a response asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct Hint {
    /// The headers that it looks at; the first that is there and readable counts.
    pub sources: Vec<Source>,
    /// On which answers it looks.
    pub on: Vec<Kind>,
    /// What it adds, so that not all come back at once.
    pub jitter: Jitter,
}

impl Hint {
    /// The wait asked for, as a client whose clock reads `clock` understands it.
    #[must_use]
    pub fn wait(
        &self,
        clock: Instant,
        answer: Answer,
        headers: &Headers,
        bits: u64,
    ) -> Option<Span> {
        if !self.on.iter().any(|kind| kind.matches(answer)) {
            return None;
        }
        let wait = self.sources.iter().find_map(|source| {
            let value = headers.get(source.name)?;
            if source.epoch { value.as_epoch(clock) } else { value.as_delay(clock) }
        })?;
        Some(self.jitter.apply(wait, bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Status, Value};
    use crate::time::SECOND;

    #[test]
    fn the_first_readable_source_counts_and_only_where_it_is_looked_for() {
        let hint = Hint {
            sources: vec![
                Source { name: HeaderId(0), epoch: false },
                Source { name: HeaderId(1), epoch: true },
            ],
            on: vec![Kind::Status(429)],
            jitter: Jitter::None,
        };
        let mut headers = Headers::NONE;
        headers.set(HeaderId(0), Value::Junk);
        headers.set(HeaderId(1), Value::Integer(30));
        let clock = Instant(23 * SECOND);
        let wait = |code| hint.wait(clock, Answer::Status(Status(code)), &headers, 0);
        assert_eq!(wait(429), Some(Span::seconds(7)));
        assert_eq!(wait(503), None);
    }
}
