//! The grammar of a limit: `[ALGORITHM] RATE [burst N] per KEY[,KEY]`, or
//! `N at-once per KEY[,KEY]`.

use std::fmt::Write;

use crate::scenario::fault::Fault;
use crate::time::Rate;

/// What a limit without a word for it is.
const WINDOW: &str = "fixed-window";
const FIRST: &str = "first-request";
const BUCKET: &str = "token-bucket";

/// A limit on the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Rule {
    pub(super) algorithm: Algorithm,
    pub(super) keys: Vec<String>,
}

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Algorithm {
    /// So many per window.
    Window { rate: Rate, on_the_clock: bool },
    /// Tokens at a rate.
    Bucket { rate: Rate, burst: u64 },
    /// So many in progress.
    Concurrency { max: u64 },
}

/// Reads a limit that stands at byte `at` of the text that faults are shown in.
pub(super) fn read(text: &str, at: usize) -> Result<Rule, Fault> {
    let example = format!("write it like `{BUCKET} 50/s burst 100 per app,token`");
    let whole =
        |why: &str| Fault::new(at..at + text.len(), why.to_owned()).with_help(example.clone());
    let Some((rule, keys)) = text.split_once(" per ") else {
        return Err(whole("the limit does not say per what"));
    };
    let keys: Vec<String> = keys.split(',').map(|key| key.trim().to_owned()).collect();
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if keys.iter().any(|key| key.is_empty() || !key.chars().all(letter)) {
        return Err(whole(
            "a key is one word of letters and digits, and keys are parted by commas",
        ));
    }
    let words: Vec<&str> = rule.split_whitespace().collect();
    let place = |word: &str| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        at + start..at + start + word.len()
    };
    let fault = |word: &str, why: String| Fault::new(place(word), why);
    let rate = |word: &str| word.parse::<Rate>().map_err(|why| fault(word, why));
    let number = |word: &str| {
        let number = word.replace(['_', ','], "").parse::<u64>().ok().filter(|n| *n > 0);
        number.ok_or_else(|| fault(word, format!("`{word}` is not a whole number above 0")))
    };
    let window =
        |word: &str, on_the_clock| Ok(Algorithm::Window { rate: rate(word)?, on_the_clock });
    let algorithm = match words.as_slice() {
        [max, "at-once"] => Algorithm::Concurrency { max: number(max)? },
        [one] | [WINDOW, one] => window(one, true)?,
        [FIRST, one] => window(one, false)?,
        [BUCKET, one] => {
            let rate = rate(one)?;
            let burst = rate.count;
            Algorithm::Bucket { rate, burst }
        }
        [BUCKET, one, "burst", most] => {
            Algorithm::Bucket { rate: rate(one)?, burst: number(most)? }
        }
        [first, ..] if words.contains(&"burst") => {
            return Err(fault(first, format!("only a `{BUCKET}` has a burst")).with_help(example));
        }
        [first, _] => {
            let why = format!("`{first}` is not an algorithm");
            let help = format!("write {WINDOW}, {FIRST} or {BUCKET}, or `5 at-once`");
            return Err(fault(first, why).with_help(help));
        }
        _ => return Err(whole("this is not a limit")),
    };
    Ok(Rule { algorithm, keys })
}

impl Rule {
    /// What it is called: `50/s per app`.
    pub(super) fn name(&self) -> String {
        let keys = self.keys.join(",");
        match self.algorithm {
            Algorithm::Window { rate, .. } | Algorithm::Bucket { rate, .. } => {
                format!("{rate} per {keys}")
            }
            Algorithm::Concurrency { max } => format!("{max} at once per {keys}"),
        }
    }

    /// The algorithm as a line of an API's file.
    pub(super) fn toml(&self) -> String {
        let mut text = String::new();
        let written = match self.algorithm {
            Algorithm::Window { rate, on_the_clock } => {
                let anchor = if on_the_clock { "clock" } else { FIRST };
                write!(
                    text,
                    "{WINDOW} = {{ quota = {}, window = \"{}\", anchor = \"{anchor}\" }}",
                    rate.count, rate.period
                )
            }
            Algorithm::Bucket { rate, burst } => {
                write!(text, "{BUCKET} = {{ rate = \"{rate}\", burst = {burst} }}")
            }
            Algorithm::Concurrency { max } => write!(text, "concurrency = {{ max = {max} }}"),
        };
        written.expect("a string takes every text");
        text
    }

    /// What was understood, in full.
    pub(super) fn echo(&self) -> String {
        let keys = self.keys.join(" and ");
        let what = match self.algorithm {
            Algorithm::Window { rate, on_the_clock } => {
                let word = if on_the_clock { WINDOW } else { FIRST };
                let from = if on_the_clock {
                    "aligned to the clock (UTC)"
                } else {
                    "from the first request after the last window"
                };
                format!("{word} {} in {}, {from}", rate.count, rate.period)
            }
            Algorithm::Bucket { rate, burst } => {
                format!("{BUCKET} {rate}, a burst of {burst}, full at the start")
            }
            Algorithm::Concurrency { max } => format!("at most {max} in progress at once"),
        };
        format!("limit: {what}, per {keys}; a refusal is a 429 without headers and does not count")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        for (text, toml) in [
            ("50/s per app", "fixed-window = { quota = 50, window = \"1s\", anchor = \"clock\" }"),
            (
                "first-request 10000/5min per site,token",
                "fixed-window = { quota = 10000, window = \"5min\", anchor = \"first-request\" }",
            ),
            ("token-bucket 10/s per ip", "token-bucket = { rate = \"10/s\", burst = 10 }"),
            ("token-bucket 10/s burst 5 per ip", "token-bucket = { rate = \"10/s\", burst = 5 }"),
            ("5 at-once per token", "concurrency = { max = 5 }"),
        ] {
            assert_eq!(read(text, 0).unwrap().toml(), toml, "{text}");
        }
    }

    #[test]
    fn a_fault_points_at_its_word() {
        for (text, word, why) in [
            ("leaky-bucket 5/s per app", "leaky-bucket", "not an algorithm"),
            ("50 per app", "50", "COUNT/UNIT"),
            ("0 at-once per app", "0", "above 0"),
            ("5/s burst 9 per app", "5/s", "only a `token-bucket`"),
            ("5/s", "5/s", "per what"),
            ("5/s per app token", "5/s per app token", "one word"),
        ] {
            let fault = read(text, 7).unwrap_err();
            assert_eq!(&text[fault.at.start - 7..fault.at.end - 7], word, "{text}");
            assert!(fault.message.contains(why), "{text}: {}", fault.message);
        }
    }
}
