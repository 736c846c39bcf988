//! What crosses between an API and its client: a status and header values.
//!
//! No duration passes behind the header's back: a hint is the value that stands
//! in the header, rounded by the server's clock, and the client reads it with
//! its own clock and rules.

use std::fmt;

use crate::time::{Instant, SECOND, Span};

/// An HTTP status code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Status(pub u16);

impl Status {
    /// 200.
    pub const OK: Status = Status(200);
    /// 429.
    pub const TOO_MANY_REQUESTS: Status = Status(429);
    /// 503.
    pub const SERVICE_UNAVAILABLE: Status = Status(503);

    /// Whether the status is in `hundreds` (5 for 5xx).
    #[must_use]
    pub const fn is_class(self, hundreds: u16) -> bool {
        self.0 / 100 == hundreds
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an attempt comes to, as its client sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A response with this status.
    Status(Status),
    /// The connection was refused.
    Refused,
    /// The client stopped waiting for the response.
    TimedOut,
}

/// The index of a header name in its API's list of names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HeaderId(pub u8);

/// The value of a header, as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number with decimals, in billionths.
    Decimal(i64),
    /// An HTTP date: whole seconds since the epoch.
    Date(i64),
    /// Something that is no number and no date.
    Junk,
}

impl Value {
    /// The value read as a number of seconds from now, in the plain way that
    /// RFC 9110 gives for `Retry-After`: a number counts from now, a date from
    /// the reader's own clock. `None` for junk; a time gone by is zero.
    #[must_use]
    pub fn as_delay(self, reader: Instant) -> Option<Span> {
        match self {
            Value::Integer(seconds) => Some(seconds_span(seconds)),
            Value::Decimal(billionths) => Some(Span(u64::try_from(billionths).unwrap_or(0))),
            Value::Date(epoch) => Some(epoch_instant(epoch).since(reader)),
            Value::Junk => None,
        }
    }

    /// The value read as seconds since the epoch: how far that is from the
    /// reader's clock. `None` for junk; a time gone by is zero.
    #[must_use]
    pub fn as_epoch(self, reader: Instant) -> Option<Span> {
        match self {
            Value::Integer(epoch) | Value::Date(epoch) => Some(epoch_instant(epoch).since(reader)),
            Value::Decimal(billionths) => {
                Some(Instant(u64::try_from(billionths).unwrap_or(0)).since(reader))
            }
            Value::Junk => None,
        }
    }

    /// The value read as a count. `None` unless it is a whole number from 0.
    #[must_use]
    pub fn as_count(self) -> Option<u64> {
        match self {
            Value::Integer(count) => u64::try_from(count).ok(),
            _ => None,
        }
    }
}

fn seconds_span(seconds: i64) -> Span {
    Span::seconds(u64::try_from(seconds).unwrap_or(0))
}

fn epoch_instant(epoch: i64) -> Instant {
    Instant(u64::try_from(epoch).unwrap_or(0).saturating_mul(SECOND))
}

/// The most headers about limits that one response carries.
pub const HEADERS_MAX: usize = 8;

/// The headers about limits on one response, in a fixed space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Headers {
    names: [HeaderId; HEADERS_MAX],
    values: [Value; HEADERS_MAX],
    len: u8,
}

impl Headers {
    /// No headers.
    pub const NONE: Headers =
        Headers { names: [HeaderId(0); HEADERS_MAX], values: [Value::Junk; HEADERS_MAX], len: 0 };

    /// Sets a header; a model has at most `HEADERS_MAX` names, so there is room.
    pub fn set(&mut self, name: HeaderId, value: Value) {
        let len = usize::from(self.len);
        let place = self.names[..len].iter().position(|n| *n == name).unwrap_or(len);
        self.names[place] = name;
        self.values[place] = value;
        if place == len {
            self.len += 1;
        }
    }

    /// The value of a header, if it was sent.
    #[must_use]
    pub fn get(&self, name: HeaderId) -> Option<Value> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// All headers, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (HeaderId, Value)> + '_ {
        let len = usize::from(self.len);
        self.names[..len].iter().copied().zip(self.values[..len].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_reads_an_epoch_wrongly_and_a_delta_rightly() {
        let fast = Instant(103 * SECOND);
        assert_eq!(Value::Integer(107).as_epoch(fast), Some(Span::seconds(4)));
        assert_eq!(Value::Integer(7).as_delay(fast), Some(Span::seconds(7)));
        assert_eq!(Value::Date(100).as_delay(fast), Some(Span::ZERO));
        assert_eq!(Value::Junk.as_delay(fast), None);
        assert_eq!(Value::Integer(-3).as_delay(fast), Some(Span::ZERO));
    }

    #[test]
    fn a_header_is_set_once() {
        let mut headers = Headers::NONE;
        headers.set(HeaderId(2), Value::Integer(5));
        headers.set(HeaderId(0), Value::Junk);
        headers.set(HeaderId(2), Value::Integer(4));
        assert_eq!(headers.iter().count(), 2);
        assert_eq!(headers.get(HeaderId(2)), Some(Value::Integer(4)));
        assert_eq!(headers.get(HeaderId(1)), None);
    }
}
