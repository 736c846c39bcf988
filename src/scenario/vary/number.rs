//! Numbers as they are written: decimals with a unit, exact.

use crate::time::Span;

/// The most digits of a number: what is finer or larger is written as a list.
const DIGITS: u32 = 18;

/// A decimal number and its unit: `0.25`, `100ms`, `50/s`, `5%`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number {
    /// The number without its point; below 10^18 either way.
    pub(super) digits: i128,
    /// How many of them stand behind the point, at most 18.
    pub(super) places: u32,
    /// What follows them, without blanks around it.
    pub(super) unit: String,
}

/// What the numbers of a list have in common, so that they can lie on one axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// Numbers without a unit.
    Plain,
    /// Times, in seconds.
    Seconds,
    /// Rates, per second.
    PerSecond,
    /// Shares of 1.
    Share,
}

impl Number {
    /// Reads a number, underscores and a sign allowed; `None` where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Number> {
        let text = text.trim();
        let (negative, rest) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
        let (number, unit) = rest.split_at(end.unwrap_or(rest.len()));
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let is_part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_digit())
                && part.ends_with(|c: char| c.is_ascii_digit())
                && !part.contains('.')
        };
        if !is_part(whole) || !is_part(decimals) {
            return None;
        }
        let decimals = if number.contains('.') { decimals.replace('_', "") } else { String::new() };
        let places = u32::try_from(decimals.len()).ok()?;
        let digits: i128 = format!("{}{decimals}", whole.replace('_', "")).parse().ok()?;
        let digits = if negative { -digits } else { digits };
        Number { digits, places, unit: unit.trim().to_owned() }.bounded()
    }

    /// The number if it has no more digits than are counted.
    pub(super) fn bounded(self) -> Option<Number> {
        let fits = self.places <= DIGITS && self.digits.unsigned_abs() < 10_u128.pow(DIGITS);
        fits.then_some(self)
    }

    /// The digits with so many of them behind the point, at least as many as now.
    pub(super) fn digits_at(&self, places: u32) -> i128 {
        self.digits * 10_i128.pow(places - self.places)
    }

    /// The same time in a finer unit.
    pub(super) fn in_unit(&self, unit: &str) -> Option<Number> {
        let (own, finer) = (length(&self.unit)?, length(unit)?);
        let digits = self.digits.checked_mul(i128::from(own / finer))?;
        Number { digits, places: self.places, unit: unit.to_owned() }.bounded()
    }

    /// The number on the axis of a chart, in the unit of its scale.
    #[must_use]
    pub fn on_axis(&self) -> Option<(f64, Scale)> {
        let number = self.digits as f64 / 10_u64.pow(self.places) as f64;
        match self.unit.as_str() {
            "" => Some((number, Scale::Plain)),
            "%" => Some((number / 100.0, Scale::Share)),
            unit => match unit.strip_prefix('/') {
                None => Some((number * seconds(length(unit)?), Scale::Seconds)),
                Some(period) => {
                    let period = period.trim();
                    let one = format!("1{period}");
                    let many = period.starts_with(|c: char| c.is_ascii_digit());
                    let ns = (if many { period } else { &one }).parse::<Span>().ok()?.0;
                    (ns > 0).then(|| (number / seconds(ns), Scale::PerSecond))
                }
            },
        }
    }
}

/// As `--set` takes it, without zeros that say nothing.
impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let places = self.places as usize;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = places + 1);
        let (whole, decimals) = digits.split_at(digits.len() - places);
        let decimals = decimals.trim_end_matches('0');
        let minus = if self.digits < 0 { "-" } else { "" };
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{minus}{whole}{point}{decimals}{}", self.unit)
    }
}

/// The nanoseconds of a unit of time.
pub(super) fn length(unit: &str) -> Option<u64> {
    let is_word = !unit.is_empty() && unit.chars().all(char::is_alphabetic);
    is_word.then(|| format!("1{unit}").parse::<Span>().ok()).flatten().map(|span| span.0)
}

fn seconds(ns: u64) -> f64 {
    Span(ns).as_secs_f64()
}
