//! `--vary PATH=VALUES`: what is varied, and which values it takes.
//!
//! `client=naive,header-aware` names the clients to compare; every other path is
//! one of `--set`. The values are
//!
//! - a list, `8,16,32`: each is TOML, or text if it is not, as in `--set`;
//!   commas within brackets, quotes and parentheses are part of a value;
//! - a range with its step, `8..64:8`, which holds its end where a step hits it;
//! - a range with its factor, `1..1000:x10`;
//! - a plain range, `1..500`, out of which somebody else chooses. It is as fine
//!   as it is written: `1..5` has five values, `1.0..5.0` has 41.
//!
//! Numbers keep their unit (`100ms..1s:100ms`, `10/s..50/s:10/s`, `1%..5%:1%`) and
//! are counted in decimals as they are written: no float comes near them.

mod error;
mod number;
mod range;

pub use error::VaryError;
pub use number::{Number, Scale};
pub use range::Between;

use self::range::Range;
use super::reference::{self, Nesting};

/// The most values that one path may take.
pub const MOST: u64 = 1_000_000;

/// What stands for the compared clients, in place of a path.
const CLIENT: &str = "client";

/// All that is varied, as `--vary` says it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Vary {
    /// The clients that are compared, where they are given.
    pub clients: Option<Vec<String>>,
    /// The paths, in the order in which they were written.
    pub axes: Vec<Axis>,
}

/// A path and the values that it takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// As `--set` takes it.
    pub path: String,
    /// At least one.
    pub values: Values,
}

/// The values of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Values {
    /// Each of these, as `--set` takes them: a list, or a range with a step.
    Each(Vec<String>),
    /// Some of a plain range.
    Between(Between),
}

impl Vary {
    /// Reads the arguments of all `--vary`, and tells all that is wrong with them.
    pub fn read<S: AsRef<str>>(arguments: &[S]) -> Result<Vary, Vec<VaryError>> {
        let mut vary = Vary::default();
        let mut wrong = vec![];
        for argument in arguments {
            if let Err(error) = vary.add(argument.as_ref()) {
                wrong.push(error);
            }
        }
        if wrong.is_empty() { Ok(vary) } else { Err(wrong) }
    }

    fn add(&mut self, argument: &str) -> Result<(), VaryError> {
        let pair = argument.split_once('=').map(|(path, values)| (path.trim(), values.trim()));
        let Some((path, values)) = pair.filter(|(path, _)| !path.is_empty()) else {
            return Err(VaryError::NoPath { argument: argument.to_owned() });
        };
        let twice = || VaryError::Twice { path: path.to_owned() };
        if path == CLIENT {
            if self.clients.is_some() {
                return Err(twice());
            }
            let clients = reference::list(values);
            whole(path, &clients)?;
            self.clients = Some(clients);
            return Ok(());
        }
        if self.axes.iter().any(|axis| axis.path == path) {
            return Err(twice());
        }
        let values = Values::read(path, values)?;
        self.axes.push(Axis { path: path.to_owned(), values });
        Ok(())
    }
}

impl Values {
    /// Reads the values of a path, which errors name.
    pub fn read(path: &str, text: &str) -> Result<Values, VaryError> {
        let pieces = pieces(text);
        let mut each: Vec<String> = vec![];
        for piece in &pieces {
            match Range::read(path, piece)? {
                None => each.push((*piece).to_owned()),
                Some(Range::Each(values)) => each.extend(values),
                Some(Range::Plain(between)) if pieces.len() == 1 => {
                    return Ok(Values::Between(between));
                }
                Some(Range::Plain(between)) => {
                    let (path, range) = (path.to_owned(), between.to_string());
                    return Err(VaryError::PlainInList { path, range });
                }
            }
            if each.len() as u64 > MOST {
                return Err(VaryError::TooMany { path: path.to_owned(), count: None });
            }
        }
        whole(path, &each)?;
        Ok(Values::Each(each))
    }
}

/// Whether every value is there, and none twice.
fn whole(path: &str, values: &[String]) -> Result<(), VaryError> {
    if values.iter().any(String::is_empty) {
        return Err(VaryError::NoValue { path: path.to_owned() });
    }
    let mut sorted: Vec<&String> = values.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(VaryError::SameValue { path: path.to_owned(), value: pair[0].clone() }),
        None => Ok(()),
    }
}

/// A list cut at its commas. Unlike in a list of clients, whose names may be
/// paths with an apostrophe, a quote that begins a value holds its commas.
fn pieces(text: &str) -> Vec<&str> {
    let (mut nesting, mut start, mut found) = (Nesting::default(), 0, vec![]);
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        let begins = text[start..at].trim().is_empty();
        if escaped {
            escaped = false;
        } else if nesting.quote == Some('"') && c == '\\' {
            escaped = true;
        } else if begins && nesting.depth == 0 && matches!(c, '"' | '\'') {
            nesting.quote = Some(c);
        } else {
            nesting.step(c);
        }
        if c == ',' && nesting.depth == 0 && nesting.quote.is_none() {
            found.push(text[start..at].trim());
            start = at + 1;
        }
    }
    found.push(text[start..].trim());
    found
}

#[cfg(test)]
mod tests;
