//! What crosses between an API and its client: a status and header values.
//!
//! No duration passes behind the header's back: a hint is the value that stands
//! in the header, rounded by the server's clock, and the client reads it with
//! its own clock and rules.

mod method;

pub use method::{Method, Methods};

use std::fmt;

use crate::time::{Instant, SECOND, Span};

/// An HTTP status code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Status(pub u16);

impl Status {
    /// 200.
    pub const OK: Status = Status(200);
    /// 409.
    pub const CONFLICT: Status = Status(409);
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

/// A set of statuses: classes such as 5xx, and single ones.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Statuses(Vec<(u16, u16)>);

impl Statuses {
    /// No status.
    pub const NONE: Statuses = Statuses(Vec::new());

    /// All errors: 4xx and 5xx.
    #[must_use]
    pub fn errors() -> Statuses {
        Statuses(vec![(400, 599)])
    }

    /// Adds what a text names: `5xx`, or one status such as `429`.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let wrong = || format!("`{text}` is no status: write \"5xx\", or one status like \"429\"");
        let range = match text.strip_suffix("xx") {
            Some(class) => {
                let class: u16 = class.parse().map_err(|_| wrong())?;
                (class * 100, class * 100 + 99)
            }
            None => text.parse().map(|code| (code, code)).map_err(|_| wrong())?,
        };
        if !(100..600).contains(&range.0) {
            return Err(wrong());
        }
        self.0.push(range);
        Ok(())
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a status is in it.
    #[must_use]
    pub fn contains(&self, status: Status) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status.0))
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

/// The name under which an API tells the error code in a response's body, as if
/// it were a header.
pub const CODE: &str = ":code";

/// What a structured field tells of one limit. Counts and seconds beyond 32
/// bits are told as the most that there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// The policy's name, by its place among the API's texts.
    pub policy: u16,
    /// The most that can be used.
    pub limit: u32,
    /// Within so many seconds; 0 where that is not told.
    pub window: u32,
    /// What is left of it.
    pub remaining: u32,
    /// In so many seconds there is more.
    pub reset: u32,
}

/// A structured field about limits, by the IETF's draft that has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// Draft 3, `RateLimit-Limit: 10;w=60`.
    Draft3Limit,
    /// Draft 6, `RateLimit-Policy: 10;w=60`.
    Draft6Policy,
    /// Draft 7, `RateLimit: limit=10, remaining=5, reset=3`.
    Draft7,
    /// Draft 8 to 10, `RateLimit-Policy: "burst";q=100;w=60`.
    Policy,
    /// Draft 8 to 10, `RateLimit: "burst";r=50;t=30`.
    State,
}

/// The value of a header, as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number with decimals, in billionths, written with so many decimals.
    Decimal(i64, u8),
    /// An HTTP date: whole seconds since the epoch.
    Date(i64),
    /// An RFC 3339 time, in nanoseconds since the epoch: to the second, or to
    /// the minute.
    Timestamp(i64, Precision),
    /// A duration such as `6m0s` or `12ms`, in nanoseconds, as Go prints it.
    Duration(i64),
    /// So many of so many: `32/40`.
    Ratio(u32, u32),
    /// A structured field.
    Structured(Field, Quota),
    /// Words, by their place among the API's texts.
    Text(u16),
    /// Something that is no number and no date.
    Junk,
}

/// How far an RFC 3339 time goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    /// `2026-01-05T09:00Z`.
    Minute,
    /// `2026-01-05T09:00:00Z`.
    Second,
}

impl Value {
    /// A number as it is written: `2` or `2.0`; `None` where it is none.
    #[must_use]
    pub fn number(text: &str) -> Option<Value> {
        let Some((whole, decimals)) = text.split_once('.') else {
            return text.parse().ok().map(Value::Integer);
        };
        let places = u8::try_from(decimals.len()).ok().filter(|n| (1..=9).contains(n))?;
        let billionths: i64 = format!("{decimals:0<9}").parse().ok()?;
        let whole: i64 = whole.parse::<i64>().ok().filter(|whole| *whole >= 0)?;
        let number = whole.checked_mul(1_000_000_000)?.checked_add(billionths)?;
        Some(Value::Decimal(number, places))
    }

    /// The value read as a number of seconds from now, in the plain way that
    /// RFC 9110 gives for `Retry-After`: a number counts from now, a date from
    /// the reader's own clock. `None` for junk; a time gone by is zero.
    #[must_use]
    pub fn as_delay(self, reader: Instant) -> Option<Span> {
        match self {
            Value::Integer(seconds) => Some(seconds_span(seconds)),
            Value::Decimal(ns, _) | Value::Duration(ns) => Some(Span(natural(ns))),
            Value::Date(epoch) => Some(epoch_instant(epoch).since(reader)),
            Value::Timestamp(ns, _) => Some(Instant(natural(ns)).since(reader)),
            Value::Structured(Field::Draft7 | Field::State, quota) => {
                Some(Span::seconds(u64::from(quota.reset)))
            }
            Value::Structured(..) | Value::Ratio(..) | Value::Text(_) | Value::Junk => None,
        }
    }

    /// The value read as seconds since the epoch: how far that is from the
    /// reader's clock. `None` for junk; a time gone by is zero.
    #[must_use]
    pub fn as_epoch(self, reader: Instant) -> Option<Span> {
        match self {
            Value::Integer(epoch) | Value::Date(epoch) => Some(epoch_instant(epoch).since(reader)),
            Value::Decimal(ns, _) | Value::Timestamp(ns, _) => {
                Some(Instant(natural(ns)).since(reader))
            }
            Value::Duration(_)
            | Value::Structured(..)
            | Value::Ratio(..)
            | Value::Text(_)
            | Value::Junk => None,
        }
    }

    /// The value read as a count of what is left; `None` unless it is a whole
    /// number from 0, or a field that tells one.
    #[must_use]
    pub fn as_count(self) -> Option<u64> {
        match self {
            Value::Integer(count) => u64::try_from(count).ok(),
            Value::Structured(Field::Draft7 | Field::State, quota) => {
                Some(u64::from(quota.remaining))
            }
            Value::Ratio(used, of) => Some(u64::from(of.saturating_sub(used))),
            _ => None,
        }
    }

    /// The value as it stands on the wire; `texts` are the API's.
    #[must_use]
    pub fn written(self, texts: &[String]) -> String {
        match self {
            Value::Integer(number) => number.to_string(),
            Value::Decimal(billionths, places) => decimal(billionths, places),
            Value::Date(epoch) => {
                let format = jiff::fmt::rfc2822::DateTimePrinter::new();
                let stamp = jiff::Timestamp::from_second(epoch).ok();
                let date = stamp.and_then(|s| format.timestamp_to_rfc9110_string(&s).ok());
                date.unwrap_or_default()
            }
            Value::Timestamp(ns, precision) => {
                let stamp = Instant(natural(ns)).to_string();
                match precision {
                    Precision::Second => stamp,
                    Precision::Minute => format!("{}Z", stamp.get(..16).unwrap_or(&stamp)),
                }
            }
            Value::Duration(ns) => duration(natural(ns)),
            Value::Ratio(used, of) => format!("{used}/{of}"),
            Value::Structured(field, quota) => structured(field, quota, texts),
            Value::Text(index) => texts.get(usize::from(index)).cloned().unwrap_or_default(),
            Value::Junk => "soon".to_owned(),
        }
    }
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn decimal(billionths: i64, places: u8) -> String {
    let (whole, rest) = (billionths / 1_000_000_000, (billionths % 1_000_000_000).unsigned_abs());
    let digits = format!("{rest:09}");
    format!("{whole}.{}", digits.get(..usize::from(places.clamp(1, 9))).unwrap_or(&digits))
}

/// As Go's `time.Duration` prints it: `1m30s`, `250ms`, `1.5s`, `0s`.
fn duration(ns: u64) -> String {
    let trimmed = |value: u64, unit: u64| {
        let rest = format!("{:0width$}", value % unit, width = unit.ilog10() as usize);
        let rest = rest.trim_end_matches('0');
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{}{dot}{rest}", value / unit)
    };
    let (minutes, seconds) = (ns / (60 * SECOND), ns % (60 * SECOND));
    match ns {
        0 => "0s".to_owned(),
        1..1_000 => format!("{ns}ns"),
        1_000..1_000_000 => format!("{}µs", trimmed(ns, 1_000)),
        1_000_000..SECOND => format!("{}ms", trimmed(ns, 1_000_000)),
        _ if minutes == 0 => format!("{}s", trimmed(seconds, SECOND)),
        _ if minutes < 60 => format!("{minutes}m{}s", trimmed(seconds, SECOND)),
        _ => format!("{}h{}m{}s", minutes / 60, minutes % 60, trimmed(seconds, SECOND)),
    }
}

fn structured(field: Field, quota: Quota, texts: &[String]) -> String {
    let Quota { policy, limit, window, remaining, reset } = quota;
    let weighted = if window == 0 { limit.to_string() } else { format!("{limit};w={window}") };
    let name = texts.get(usize::from(policy)).map_or("default", String::as_str);
    // RFC 9651: a String holds printable ASCII, with `"` and `\\` escaped.
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    match field {
        Field::Draft3Limit => format!("{limit}, {weighted}"),
        Field::Draft6Policy => weighted,
        Field::Draft7 => format!("limit={limit}, remaining={remaining}, reset={reset}"),
        Field::Policy if window == 0 => format!("\"{name}\";q={limit}"),
        Field::Policy => format!("\"{name}\";q={limit};w={window}"),
        Field::State => format!("\"{name}\";r={remaining};t={reset}"),
    }
}

fn seconds_span(seconds: i64) -> Span {
    Span::seconds(u64::try_from(seconds).unwrap_or(0))
}

fn epoch_instant(epoch: i64) -> Instant {
    Instant(u64::try_from(epoch).unwrap_or(0).saturating_mul(SECOND))
}

/// The most headers about limits that one response carries.
pub const HEADERS_MAX: usize = 16;

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

    /// Adds another line of a header that may have several: a list's member. A
    /// model whose responses could have more than `HEADERS_MAX` lines is refused.
    pub fn add(&mut self, name: HeaderId, value: Value) {
        let len = usize::from(self.len);
        self.names[len] = name;
        self.values[len] = value;
        self.len += 1;
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
    fn a_constant_is_read_as_the_number_that_it_is() {
        let reader = Instant(0);
        assert_eq!(Value::number("2.0").and_then(|v| v.as_delay(reader)), Some(Span::seconds(2)));
        assert_eq!(Value::number("2.0").map(|v| v.written(&[])), Some("2.0".to_owned()));
        assert_eq!(Value::number("30"), Some(Value::Integer(30)));
        for text in ["", "user", "2.", ".5", "-1.5", "1.0e3", "1.0000000000"] {
            assert_eq!(Value::number(text), None, "{text}");
        }
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
