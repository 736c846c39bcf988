//! `FROM..TO`, `FROM..TO:STEP` and `FROM..TO:xFACTOR`.

use std::fmt;

use super::number::{Number, length};
use super::{MOST, VaryError};

/// A range as it was written.
pub(super) enum Range {
    /// With its step or factor, counted out.
    Each(Vec<String>),
    /// Without.
    Plain(Between),
}

/// A range without a step: every number from one end to the other that has no
/// more decimals than the ends are written with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Between {
    low: Number,
    high: Number,
}

impl Between {
    /// How many values there are, both ends among them: two or more.
    #[must_use]
    pub fn count(&self) -> u64 {
        let span = self.high.digits - self.low.digits + 1;
        u64::try_from(span).expect("both have at most 18 digits, and the high one is higher")
    }

    /// Value number `index` from the low end, as `--set` takes it; beyond the
    /// high end it is that.
    #[must_use]
    pub fn at(&self, index: u64) -> String {
        let digits = self.low.digits + i128::from(index.min(self.count() - 1));
        Number { digits, ..self.low.clone() }.to_string()
    }
}

/// As it can be written again.
impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", Exact(&self.low), Exact(&self.high))
    }
}

/// A number with all its decimals, which say how fine a range is.
struct Exact<'n>(&'n Number);

impl fmt::Display for Exact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.0.places as usize;
        let digits = format!("{:0>width$}", self.0.digits.unsigned_abs(), width = places + 1);
        let (whole, decimals) = digits.split_at(digits.len() - places);
        let minus = if self.0.digits < 0 { "-" } else { "" };
        let point = if places == 0 { "" } else { "." };
        write!(f, "{minus}{whole}{point}{decimals}{}", self.0.unit)
    }
}

impl Range {
    /// Reads a range; `None` of a text that is a value.
    pub(super) fn read(path: &str, text: &str) -> Result<Option<Range>, VaryError> {
        let is_number =
            text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
        let Some((from, rest)) = text.split_once("..").filter(|_| is_number) else {
            return Ok(None);
        };
        let (to, step) = match rest.split_once(':') {
            Some((to, step)) => (to, Some(step.trim())),
            None => (rest, None),
        };
        let number = |text: &str| {
            let (path, text) = (path.to_owned(), text.trim().to_owned());
            Number::read(&text).ok_or(VaryError::NotANumber { path, text })
        };
        let (from, to) = (number(from)?, number(to)?);
        let factor = step.and_then(|step| step.strip_prefix('x'));
        let (mut ends, step) = match (factor, step) {
            (Some(factor), _) => (vec![from, to], Some(Step::Times(number(factor)?))),
            (None, Some(step)) => (vec![from, to, number(step)?], None),
            (None, None) => (vec![from, to], None),
        };
        in_one_unit(path, &mut ends)?;
        let places = ends.iter().map(|end| end.places).max().unwrap_or(0);
        for end in &mut ends {
            let level = Number { digits: end.digits_at(places), places, unit: end.unit.clone() };
            *end = level.bounded().ok_or_else(|| fine(path))?;
        }
        let plus = (ends.len() == 3).then(|| ends.remove(2)).map(Step::Plus);
        let [low, high]: [Number; 2] = ends.try_into().expect("the two ends are left");
        if high.digits <= low.digits {
            let (low, high) = (high.to_string(), low.to_string());
            return Err(VaryError::Backwards { path: path.to_owned(), low, high });
        }
        Ok(Some(match step.or(plus) {
            None => Range::Plain(Between { low, high }),
            Some(Step::Plus(step)) => Range::Each(by_step(path, &low, &high, &step)?),
            Some(Step::Times(factor)) => Range::Each(by_factor(path, &low, &high, &factor)?),
        }))
    }
}

/// How a range goes on from one value to the next.
enum Step {
    Plus(Number),
    Times(Number),
}

fn by_step(
    path: &str,
    low: &Number,
    high: &Number,
    step: &Number,
) -> Result<Vec<String>, VaryError> {
    if step.digits <= 0 {
        let (path, step) = (path.to_owned(), step.to_string());
        return Err(VaryError::NoStep { path, step });
    }
    let count = (high.digits - low.digits) / step.digits + 1;
    if count > i128::from(MOST) {
        let count = u64::try_from(count).ok();
        return Err(VaryError::TooMany { path: path.to_owned(), count });
    }
    let at = |index| Number { digits: low.digits + index * step.digits, ..low.clone() };
    Ok((0..count).map(|index| at(index).to_string()).collect())
}

fn by_factor(
    path: &str,
    low: &Number,
    high: &Number,
    factor: &Number,
) -> Result<Vec<String>, VaryError> {
    let one = 10_i128.pow(factor.places);
    if !factor.unit.is_empty() || factor.digits <= one || low.digits <= 0 {
        let (low, factor) = (low.to_string(), factor.to_string());
        return Err(VaryError::NoFactor { path: path.to_owned(), low, factor });
    }
    let mut values = vec![];
    let mut value = low.clone();
    // `high` has as many decimals as `low` has, and every product has more.
    while value.digits <= high.digits * 10_i128.pow(value.places - high.places) {
        values.push(value.to_string());
        if values.len() as u64 > MOST {
            return Err(VaryError::TooMany { path: path.to_owned(), count: None });
        }
        let digits = value.digits * factor.digits;
        let places = value.places + factor.places;
        value = shortened(digits, places, high.places, &value.unit).ok_or_else(|| fine(path))?;
    }
    Ok(values)
}

/// A product without the zeros at its end, but with so many decimals at least.
fn shortened(mut digits: i128, mut places: u32, least: u32, unit: &str) -> Option<Number> {
    while places > least && digits % 10 == 0 {
        (digits, places) = (digits / 10, places - 1);
    }
    Number { digits, places, unit: unit.to_owned() }.bounded()
}

/// Writes times in the finest unit among them; of other units there is one.
fn in_one_unit(path: &str, numbers: &mut [Number]) -> Result<(), VaryError> {
    if numbers.iter().all(|number| number.unit == numbers[0].unit) {
        return Ok(());
    }
    let finest = numbers.iter().map(|number| length(&number.unit).zip(Some(&number.unit)));
    let finest = finest.collect::<Option<Vec<_>>>().and_then(|units| {
        units.into_iter().min_by_key(|(ns, _)| *ns).map(|(_, unit)| unit.clone())
    });
    let Some(unit) = finest else {
        let units = numbers.iter().map(|number| number.unit.clone()).collect();
        return Err(VaryError::Units { path: path.to_owned(), units });
    };
    for number in numbers {
        *number = number.in_unit(&unit).ok_or_else(|| fine(path))?;
    }
    Ok(())
}

fn fine(path: &str) -> VaryError {
    VaryError::TooFine { path: path.to_owned() }
}
