//! What is wrong with a `--vary`, and what to write instead.

use std::fmt;

use super::MOST;

/// What is wrong with a `--vary`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VaryError {
    /// It is not `PATH=VALUES`.
    NoPath {
        /// As it was written.
        argument: String,
    },
    /// A path is varied twice.
    Twice {
        /// The path.
        path: String,
    },
    /// There is nothing between two commas, or nothing at all.
    NoValue {
        /// The path.
        path: String,
    },
    /// A value stands twice in its list.
    SameValue {
        /// The path.
        path: String,
        /// The value.
        value: String,
    },
    /// A range has something else than a number in it.
    NotANumber {
        /// The path.
        path: String,
        /// What is no number.
        text: String,
    },
    /// The numbers of a range have several units.
    Units {
        /// The path.
        path: String,
        /// Those of the ends and of the step; empty where there is none.
        units: Vec<String>,
    },
    /// A range ends where it begins, or before.
    Backwards {
        /// The path.
        path: String,
        /// The lower of its ends.
        low: String,
        /// The higher one.
        high: String,
    },
    /// A step does not lead upwards.
    NoStep {
        /// The path.
        path: String,
        /// The step.
        step: String,
    },
    /// A factor does not lead upwards.
    NoFactor {
        /// The path.
        path: String,
        /// Where the range begins.
        low: String,
        /// The factor.
        factor: String,
    },
    /// A plain range stands in a list.
    PlainInList {
        /// The path.
        path: String,
        /// The range.
        range: String,
    },
    /// Numbers of a range have more digits than are counted.
    TooFine {
        /// The path.
        path: String,
    },
    /// A path takes more values than are allowed.
    TooMany {
        /// The path.
        path: String,
        /// How many, where that was counted.
        count: Option<u64>,
    },
}

impl VaryError {
    /// What is wrong.
    fn message(&self) -> String {
        match self {
            VaryError::NoPath { .. } => "it is not PATH=VALUES".to_owned(),
            VaryError::Twice { .. } => "it is varied twice".to_owned(),
            VaryError::NoValue { .. } => "there is a value missing".to_owned(),
            VaryError::SameValue { value, .. } => format!("`{value}` stands twice in the list"),
            VaryError::NotANumber { text, .. } => format!("`{text}` is not a number"),
            VaryError::Units { units, .. } => {
                let name = |unit: &String| match unit.as_str() {
                    "" => "no unit".to_owned(),
                    unit => format!("`{unit}`"),
                };
                let names: Vec<String> = units.iter().map(name).collect();
                format!("the numbers of a range have one unit, and these {}", names.join(", "))
            }
            VaryError::Backwards { low, high, .. } if low == high => {
                format!("the range begins and ends at {low}")
            }
            VaryError::Backwards { low, high, .. } => {
                format!("the range begins at {high} and ends at {low}")
            }
            VaryError::NoStep { step, .. } => format!("a step of {step} leads nowhere"),
            VaryError::NoFactor { low, factor, .. } => {
                format!("from {low} by x{factor} there is no way up")
            }
            VaryError::PlainInList { range, .. } => format!("`{range}` in a list has no step"),
            VaryError::TooFine { .. } => "its numbers have more than 18 digits".to_owned(),
            VaryError::TooMany { count: Some(count), .. } => {
                format!("these are {count} values, and the most is {MOST}")
            }
            VaryError::TooMany { count: None, .. } => {
                format!("these are more values than the most, {MOST}")
            }
        }
    }

    /// What to write instead.
    fn help(&self) -> String {
        let example = "write it like api.limit.token-rate.quota=8,16,32 or =8..64:8".to_owned();
        match self {
            VaryError::NoPath { .. } => example,
            VaryError::Twice { path } => {
                format!("write all its values in one list, like {path}=8,16,32")
            }
            VaryError::NoValue { path } => {
                format!("write a value between all commas, like {path}=8,16,32")
            }
            VaryError::SameValue { .. } => "write it once".to_owned(),
            VaryError::NotANumber { .. } => {
                "write FROM..TO:STEP, like 8..64:8, 0.5..2:0.5 or 100ms..1s:100ms".to_owned()
            }
            VaryError::Units { .. } => {
                "write each with its unit, like 10/s..50/s:10/s or 100ms..1s:100ms".to_owned()
            }
            VaryError::Backwards { low, high, .. } if low == high => {
                format!("write {low} alone, or a higher end")
            }
            VaryError::Backwards { low, high, .. } => format!("write {low}..{high}"),
            VaryError::NoStep { .. } => "write a step above zero".to_owned(),
            VaryError::NoFactor { .. } => {
                "write a beginning above zero and a factor above 1, like 1..1000:x10".to_owned()
            }
            VaryError::PlainInList { range, .. } => {
                format!("write its step, like {range}:1, or let it stand alone")
            }
            VaryError::TooFine { .. } => "write the values as a list".to_owned(),
            VaryError::TooMany { .. } => "write a larger step".to_owned(),
        }
    }

    /// Where it is.
    fn place(&self) -> &str {
        match self {
            VaryError::NoPath { argument } => argument,
            VaryError::Twice { path }
            | VaryError::NoValue { path }
            | VaryError::SameValue { path, .. }
            | VaryError::NotANumber { path, .. }
            | VaryError::Units { path, .. }
            | VaryError::Backwards { path, .. }
            | VaryError::NoStep { path, .. }
            | VaryError::NoFactor { path, .. }
            | VaryError::PlainInList { path, .. }
            | VaryError::TooFine { path }
            | VaryError::TooMany { path, .. } => path,
        }
    }
}

/// `--vary PATH: what is wrong`, and below it what to write.
impl fmt::Display for VaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--vary {}: {}\n  help: {}", self.place(), self.message(), self.help())
    }
}

impl std::error::Error for VaryError {}
