//! Which answers a policy retries.

use crate::http::Answer;

/// A kind of answer that a policy may retry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One status, such as 429.
    Status(u16),
    /// A hundred of them: 5 for 5xx.
    Class(u16),
    /// A refused connection.
    Refused,
    /// A response that did not come in time.
    Timeout,
}

impl Kind {
    /// Whether an answer is of this kind.
    #[must_use]
    pub fn matches(self, answer: Answer) -> bool {
        match (self, answer) {
            (Kind::Status(code), Answer::Status(status)) => status.0 == code,
            (Kind::Class(class), Answer::Status(status)) => status.is_class(class),
            (Kind::Refused, Answer::Refused) | (Kind::Timeout, Answer::TimedOut) => true,
            _ => false,
        }
    }
}

/// The kinds of answers that a policy retries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Classify(pub Vec<Kind>);

impl Classify {
    /// Whether this answer is retried.
    #[must_use]
    pub fn retries(&self, answer: Answer) -> bool {
        self.0.iter().any(|kind| kind.matches(answer))
    }
}
