//! A knob: a value of the model that is turned, and the numbers it may have.

use std::fmt;

use crate::scenario::vary::{Axis, Number, Scale, Values};

/// Where the greatest value is so many times the least, equal steps would leave
/// out all that is near the least.
const WIDE: f64 = 50.0;

/// A path, and the rising values that it may have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Knob {
    path: String,
    values: Values,
    count: usize,
}

/// Why what is varied is no knob.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KnobError {
    /// A value is no number.
    NotANumber {
        /// The path.
        path: String,
        /// The value.
        value: String,
    },
    /// Values do not rise from one to the next, or have different units.
    NotRising {
        /// The path.
        path: String,
        /// The value before.
        before: String,
        /// The value that should be above it.
        value: String,
    },
    /// There is one value alone.
    Single {
        /// The path.
        path: String,
    },
}

impl fmt::Display for KnobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = "write a range, like api.limit.burst=1..500";
        match self {
            KnobError::NotANumber { path, value } => {
                write!(f, "--vary {path}: `{value}` is not a number\n  help: {range}")
            }
            KnobError::NotRising { path, before, value } => write!(
                f,
                "--vary {path}: {value} is not above {before}\n  help: write rising values of one unit, or {range}"
            ),
            KnobError::Single { path } => {
                write!(f, "--vary {path}: there is one value alone\n  help: {range}")
            }
        }
    }
}

impl std::error::Error for KnobError {}

impl Knob {
    /// The knob of what `--vary` says.
    pub fn new(axis: Axis) -> Result<Knob, KnobError> {
        let Axis { path, values } = axis;
        let count = match &values {
            Values::Between(between) => usize::try_from(between.count()).unwrap_or(usize::MAX),
            Values::Each(each) => each.len(),
        };
        let knob = Knob { path, values, count };
        let Knob { path, values, .. } = &knob;
        if let Values::Each(each) = values {
            let on_axis = |value: &String| Number::read(value).and_then(|number| number.on_axis());
            if let Some(value) = each.iter().find(|value| on_axis(value).is_none()) {
                return Err(KnobError::NotANumber { path: path.clone(), value: value.clone() });
            }
            let rises = |pair: &&[String]| {
                let (one, other) = (on_axis(&pair[0]), on_axis(&pair[1]));
                one.zip(other).is_some_and(|(one, other)| one.1 == other.1 && one.0 < other.0)
            };
            if let Some(pair) = each.windows(2).find(|pair| !rises(pair)) {
                let (path, before) = (path.clone(), pair[0].clone());
                return Err(KnobError::NotRising { path, before, value: pair[1].clone() });
            }
        } else if knob.axis(0).is_none() {
            return Err(KnobError::NotANumber { path: path.clone(), value: knob.text(0) });
        }
        if count < 2 {
            return Err(KnobError::Single { path: path.clone() });
        }
        Ok(knob)
    }

    /// What is turned, as `--set` names it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many values there are, at least two.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Value number `value`, the least being 0, as `--set` takes it.
    #[must_use]
    pub fn text(&self, value: usize) -> String {
        match &self.values {
            Values::Between(between) => between.at(value as u64),
            Values::Each(each) => each[value.min(self.count - 1)].clone(),
        }
    }

    /// The same in seconds, per second, as a share or as it is.
    #[must_use]
    pub fn number(&self, value: usize) -> f64 {
        self.axis(value).map_or(0.0, |(number, _)| number)
    }

    /// What its numbers are.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.axis(0).map_or(Scale::Plain, |(_, scale)| scale)
    }

    fn axis(&self, value: usize) -> Option<(f64, Scale)> {
        Number::read(&self.text(value))?.on_axis()
    }

    /// Whether only steps that grow show both ends.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        let (first, last) = (self.number(0), self.number(self.count - 1));
        first > 0.0 && last / first >= WIDE
    }

    /// So many values from end to end, or all where there are not so many: at
    /// equal steps, or at equal factors where the range is wide.
    #[must_use]
    pub fn spread(&self, wanted: usize) -> Vec<usize> {
        let last = self.count - 1;
        if self.count <= wanted {
            return (0..=last).collect();
        }
        let parts = wanted - 1;
        let (low, high) = (self.number(0), self.number(last));
        let at = |part: usize| match part {
            0 => 0,
            part if part == parts => last,
            part if self.is_wide() => {
                let share = part as f64 / parts as f64;
                self.nearest(libm::exp(libm::log(low) + share * (libm::log(high) - libm::log(low))))
            }
            part => (last as u128 * part as u128 / parts as u128) as usize,
        };
        let mut all: Vec<usize> = (0..=parts).map(at).collect();
        all.dedup();
        all
    }

    /// The last value that is not above a number.
    fn nearest(&self, number: f64) -> usize {
        let (mut low, mut high) = (0, self.count - 1);
        while low < high {
            let middle = high - (high - low) / 2;
            if self.number(middle) <= number { low = middle } else { high = middle - 1 }
        }
        low
    }
}

/// As it can be written again.
impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.values {
            Values::Between(between) => write!(f, "{}={between}", self.path),
            Values::Each(each) => write!(f, "{}={}", self.path, each.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::vary::Vary;

    fn knob(text: &str) -> Result<Knob, KnobError> {
        Knob::new(Vary::read(&[text]).unwrap().axes.remove(0))
    }

    fn spread(text: &str, wanted: usize) -> Vec<String> {
        let knob = knob(text).unwrap();
        knob.spread(wanted).into_iter().map(|value| knob.text(value)).collect()
    }

    #[test]
    fn values_are_spread_from_end_to_end() {
        assert_eq!(spread("a=1..500", 9), ["1", "2", "4", "10", "22", "48", "105", "229", "500"]);
        assert_eq!(spread("a=10/s..18/s", 5), ["10/s", "12/s", "14/s", "16/s", "18/s"]);
        assert_eq!(spread("a=3..5", 9), ["3", "4", "5"]);
        assert_eq!(spread("a=0..1000", 3), ["0", "500", "1000"]);
        assert_eq!(spread("a=5,7,100", 2), ["5", "100"]);
    }

    #[test]
    fn what_does_not_rise_is_no_knob() {
        for (text, told) in [
            ("a=clock,first", "`clock` is not a number"),
            ("a=3,2", "2 is not above 3"),
            ("a=1s,2", "2 is not above 1s"),
            ("a=5", "one value alone"),
        ] {
            let error = knob(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
