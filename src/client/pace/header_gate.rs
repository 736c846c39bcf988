//! Header gate: while headers say that nothing is left, nobody of the scope sends.
//!
//! # Formula
//!
//! A response with `remaining <= at_most` closes the gate until
//! `now + reset + plus`; every other response opens it, one without the headers
//! too. No response at all changes nothing.
//!
//! # Source
//!
//! @discordjs/rest 2.6.3, `SequentialHandler.runRequest`: `remaining` is what
//! the header says or 1, and `reset = Number(X-RateLimit-Reset-After) * 1000 +
//! now + offset`; `getTimeToReset` adds the offset of 50 ms once more, so a
//! request of a route out of budget leaves 100 ms after the reset.

use crate::client::Whose;
use crate::http::{Answer, HeaderId, Headers};
use crate::time::{Instant, Span};

/// Nobody sends when little is left, until the reset.
#[derive(Clone, Debug)]
pub struct HeaderGate {
    /// How much is left.
    pub remaining: HeaderId,
    /// When the limit is whole again.
    pub reset: HeaderId,
    /// Whether that is seconds since the epoch rather than from now.
    pub epoch: bool,
    /// So little closes it.
    pub at_most: u64,
    /// It opens so long after the reset.
    pub plus: Span,
    /// Who shares it.
    pub of: Whose,
}

impl HeaderGate {
    /// For how long an answer closes the gate, zero where it opens it; `None`
    /// where it says nothing.
    #[must_use]
    pub fn closes_for(&self, clock: Instant, answer: Answer, headers: &Headers) -> Option<Span> {
        if !matches!(answer, Answer::Status(_)) {
            return None;
        }
        let left = || {
            let remaining = headers.get(self.remaining)?.as_count()?;
            let reset = headers.get(self.reset)?;
            let left = if self.epoch { reset.as_epoch(clock) } else { reset.as_delay(clock) }?;
            (remaining <= self.at_most).then_some(left)
        };
        Some(left().map_or(Span::ZERO, |left| left.plus(self.plus)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Status, Value};

    #[test]
    fn only_a_response_with_too_little_left_closes_it() {
        let (remaining, reset) = (HeaderId(0), HeaderId(1));
        let plus = Span::millis(100);
        let gate =
            HeaderGate { remaining, reset, epoch: false, at_most: 0, plus, of: Whose::Client };
        let closes = |left: i64| {
            let mut headers = Headers::NONE;
            headers.set(remaining, Value::Integer(left));
            headers.set(reset, Value::Decimal(1_250_000_000, 3));
            gate.closes_for(Instant(0), Answer::Status(Status::OK), &headers)
        };
        assert_eq!(closes(0), Some(Span::millis(1_350)));
        assert_eq!(closes(1), Some(Span::ZERO));
        let none = |answer| gate.closes_for(Instant(0), answer, &Headers::NONE);
        assert_eq!(none(Answer::Status(Status::TOO_MANY_REQUESTS)), Some(Span::ZERO));
        assert_eq!([none(Answer::TimedOut), none(Answer::Refused)], [None, None]);
    }
}
