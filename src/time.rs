//! Virtual time: instants, spans and exact rates, all in integer nanoseconds.
//!
//! People write `"1.5s"`, `"10min"`, `"16/s"` or `"10000/5min"`; a bare number
//! is refused, because a limit that is off by a factor of a thousand looks
//! right in every table. The grammar is our own forty lines, not a crate's,
//! because a rate shares it with a span and both must be exact to the
//! nanosecond.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// The units that people write, in nanoseconds; the first name is printed.
const UNITS: [(&[&str], u64); 7] = [
    (&["d", "day", "days"], 86_400 * SECOND),
    (&["h", "hour", "hours", "hr"], 3_600 * SECOND),
    (&["min", "m", "minute", "minutes"], 60 * SECOND),
    (&["s", "sec", "second", "seconds"], SECOND),
    (&["ms"], 1_000_000),
    (&["us", "µs"], 1_000),
    (&["ns"], 1),
];

/// A point on the virtual clock: nanoseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Instant(pub u64);

impl Instant {
    /// The instant that never comes.
    pub const NEVER: Instant = Instant(u64::MAX);

    /// This instant moved later by `span`; `NEVER` absorbs every overflow.
    #[must_use]
    pub const fn after(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }

    /// The span since `earlier`, zero when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Whole milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn epoch_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Seconds since the Unix epoch, as a float: the whole number of
    /// nanoseconds becomes one first, as in most programs that do so.
    #[must_use]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn epoch_seconds(self) -> u64 {
        self.0 / SECOND
    }
}

/// An RFC 3339 time such as `2026-01-05T09:00:00Z` becomes an instant.
impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("`{text}` is not a time: write it like 2026-01-05T09:00:00Z");
        let stamp: jiff::Timestamp = text.parse().map_err(|_| refused())?;
        u64::try_from(stamp.as_nanosecond()).map(Instant).map_err(|_| refused())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => f.write_str("never"),
        }
    }
}

/// A length of virtual time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than every run; it saturates and is never queued.
    pub const NEVER: Span = Span(u64::MAX);

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Span {
        Span(seconds.saturating_mul(SECOND))
    }

    /// A span of whole milliseconds.
    #[must_use]
    pub const fn millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000_000))
    }

    /// The nearest span to `seconds`; negative and NaN give zero, too long gives `NEVER`.
    #[must_use]
    #[inline]
    pub fn from_secs_f64(seconds: f64) -> Span {
        Span::from_ns_f64(seconds * 1e9)
    }

    /// The nearest span to so many nanoseconds, the longer one from the middle;
    /// negative and NaN give zero, too long gives `NEVER`. As `libm::round` has
    /// it, in a few instructions: what is cut off is exact.
    #[must_use]
    #[inline]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, which is what is promised
    pub fn from_ns_f64(ns: f64) -> Span {
        // The conversions of signed numbers are single instructions. A double
        // beyond them has no fraction.
        if ns < i64::MAX as f64 {
            let whole = (ns as i64).max(0);
            return Span(whole as u64 + u64::from(ns - whole as f64 >= 0.5));
        }
        Span(ns as u64)
    }

    /// The span in seconds.
    #[must_use]
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whole seconds, rounded up.
    #[must_use]
    pub const fn ceil_seconds(self) -> u64 {
        self.0.div_ceil(SECOND)
    }

    /// The sum, saturating at `NEVER`.
    #[must_use]
    pub const fn plus(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }

    /// Cut to a whole multiple of `unit`; `NEVER` stays what it is.
    #[must_use]
    pub const fn floored(self, unit: Span) -> Span {
        if unit.0 == 0 || self.0 == u64::MAX { self } else { Span(self.0 - self.0 % unit.0) }
    }

    /// Lengthened to a whole multiple of `unit`; `NEVER` stays what it is.
    #[must_use]
    pub const fn ceiled(self, unit: Span) -> Span {
        self.plus(Span(unit.0.saturating_sub(1))).floored(unit)
    }

    /// The product, saturating at `NEVER`.
    #[must_use]
    pub const fn times(self, factor: u64) -> Span {
        Span(self.0.saturating_mul(factor))
    }

    /// The largest unit that keeps the number whole, and its nanoseconds.
    fn unit(self) -> (&'static str, u64) {
        let whole = UNITS.iter().find(|(_, unit)| self.0.is_multiple_of(*unit));
        let (names, unit) = whole.expect("every count is whole in ns");
        (names[0], *unit)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_span(text.trim())
            .map(Span)
            .map_err(|why| format!("`{text}` is not a time span: {why}"))
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Prints the largest unit that keeps the number whole: `90s`, `1500ms`, `10min`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Span::NEVER => f.write_str("never"),
            Span::ZERO => f.write_str("0s"),
            Span(ns) => {
                let (name, unit) = self.unit();
                write!(f, "{}{name}", ns / unit)
            }
        }
    }
}

/// A span longer than zero: a window, an interval.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "Span")]
pub struct Length(Span);

impl Length {
    /// The span.
    #[must_use]
    pub const fn span(self) -> Span {
        self.0
    }

    /// In nanoseconds, at least one.
    #[must_use]
    pub const fn ns(self) -> u64 {
        self.0.0
    }
}

impl TryFrom<Span> for Length {
    type Error = String;

    fn try_from(span: Span) -> Result<Self, String> {
        if span == Span::ZERO {
            return Err("it is zero: write a time longer than zero, like \"1s\"".to_owned());
        }
        Ok(Length(span))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// So many of something in a period: count and period as written, never reduced.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Rate {
    /// How many, at least one.
    pub count: u64,
    /// In how long, at least one nanosecond.
    pub period: Span,
}

impl Rate {
    /// The rate per second, for tables and charts only.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.count as f64 / self.period.as_secs_f64()
    }

    /// The same rate in lowest terms, for arithmetic: `1/s` for `60/min`.
    #[must_use]
    pub const fn reduced(self) -> Rate {
        let common = common(self.count, self.period.0);
        Rate { count: self.count / common, period: Span(self.period.0 / common) }
    }

    /// So many times the rate, as people write it: ten times `4/5s` is `8/s`.
    /// `None` where the count is more than can be counted.
    #[must_use]
    pub fn times(self, factor: u64) -> Option<Rate> {
        let count = self.count.checked_mul(factor)?;
        let units = self.period.0 / self.period.unit().1;
        let common = common(count, units);
        Some(Rate { count: count / common, period: Span(self.period.0 / common) })
    }
}

/// The greatest number that divides both; at least one of them is not zero.
#[must_use]
pub const fn common(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |why: &str| format!("`{text}` is not a rate: {why}");
        let Some((count, period)) = text.split_once('/') else {
            return Err(refused(&format!("write COUNT/UNIT, like {}/s", digits_of(text))));
        };
        let count = count.trim().replace(['_', ','], "");
        let count: u64 = count
            .parse()
            .map_err(|_| refused("the count is a whole number, like 60/min or 1/100ms"))?;
        if count == 0 {
            return Err(refused("the count must be at least 1"));
        }
        let period = period.trim();
        let period = match unit_of(period) {
            Some(unit) => unit,
            None => parse_span(period).map_err(|why| refused(&why))?,
        };
        if period == 0 {
            return Err(refused("the period must be longer than zero"));
        }
        Ok(Rate { count, period: Span(period) })
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, unit)| *unit == self.period.0) {
            Some((names, _)) => write!(f, "{}/{}", self.count, names[0]),
            None => write!(f, "{}/{}", self.count, self.period),
        }
    }
}

/// The digits at the head of a text, for a hint; `16` where there are none.
fn digits_of(text: &str) -> &str {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 { "16" } else { &text[..end] }
}

fn unit_of(name: &str) -> Option<u64> {
    UNITS.iter().find(|(names, _)| names.contains(&name)).map(|(_, unit)| *unit)
}

/// Reads `NUMBER UNIT` exactly: the decimals are integers too, no float on the way.
fn parse_span(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim());
    if number.is_empty() {
        return Err("write a number and a unit, like 1.5s or 10min".to_owned());
    }
    if unit.is_empty() {
        return Err(format!("it has no unit: write {number}s, {number}ms or {number}min"));
    }
    let unit = unit_of(unit)
        .ok_or_else(|| format!("`{unit}` is not a unit: use d, h, min, s, ms, us or ns"))?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || decimals.contains('.') {
        return Err(format!("`{number}` is not a number"));
    }
    let too_long = || "it is longer than 584 years, the most that the clock can hold".to_owned();
    let mut ns =
        whole.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(too_long)?;
    let mut place = unit;
    for digit in decimals.bytes() {
        if place % 10 != 0 && digit != b'0' {
            return Err("it is finer than a nanosecond".to_owned());
        }
        place /= 10;
        ns = ns.checked_add(u64::from(digit - b'0') * place).ok_or_else(too_long)?;
    }
    if ns == u64::MAX { Err(too_long()) } else { Ok(ns) }
}

#[cfg(test)]
mod tests;
