//! The grammar of a limit:
//! `[ALGORITHM] RATE [burst N] [nodelay] per KEY[,KEY] [where EXPR]`, or
//! `N at-once per KEY[,KEY] [where EXPR]`.
//!
//! Only the requests of logs have keys that are more than a word, and fields that
//! `where` can ask about.

use std::fmt::Write;

use crate::log::Key;
use crate::scenario::fault::Fault;
use crate::time::{Rate, SECOND};

/// What a limit without a word for it is.
const WINDOW: &str = "fixed-window";
const FIRST: &str = "first-request";
const SLIDING: &str = "sliding-log";
const BUCKET: &str = "token-bucket";
const NGINX: &str = "nginx-limit-req";

/// What people call them for short.
const SHORT: [(&str, &str); 3] = [("sliding", SLIDING), ("bucket", BUCKET), ("nginx", NGINX)];

/// A limit on the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Rule {
    pub(super) algorithm: Algorithm,
    pub(super) keys: Vec<String>,
    /// Which requests it is asked about; all where nothing is said.
    pub(super) only: Option<String>,
}

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Algorithm {
    /// So many per window.
    Window { rate: Rate, kind: Window },
    /// Tokens at a rate; the burst is the rate's count where nothing is said.
    Bucket { rate: Rate, burst: Option<u64> },
    /// nginx's `limit_req`.
    Nginx { rate: Rate, burst: u64, nodelay: bool },
    /// So many in progress.
    Concurrency { max: u64 },
}

/// Where windows begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Window {
    /// At whole multiples of their length.
    OnTheClock,
    /// With the first request after the last one.
    FirstRequest,
    /// Everywhere: any of that length counts.
    Sliding,
}

/// What the keys of limits may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keys {
    /// Attributes of clients, which are words.
    Words,
    /// Fields of logs and parts of them.
    Fields,
}

/// Reads a limit that stands at byte `at` of the text that faults are shown in.
pub(super) fn read(text: &str, at: usize, kind: Keys) -> Result<Rule, Fault> {
    let example = format!("write it like `{BUCKET} 50/s burst 100 per app,token`");
    let whole = |why: &str| Fault::new(at..at + text.len(), why.to_owned());
    let Some((rule, keys)) = text.split_once(" per ") else {
        return Err(whole("the limit does not say per what").with_help(example));
    };
    let (keys, only) = match kind {
        Keys::Words => (words(keys).map_err(|why| whole(why).with_help(example.clone()))?, None),
        Keys::Fields => fields(keys).map_err(|why| whole(&why))?,
    };
    let algorithm = algorithm(rule, text, at)?;
    Ok(Rule { algorithm, keys, only })
}

/// Keys that are words.
fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let keys: Vec<String> = text.split(',').map(|key| key.trim().to_owned()).collect();
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if keys.iter().any(|key| key.is_empty() || !key.chars().all(letter)) {
        return Err("a key is one word of letters and digits, and keys are parted by commas");
    }
    Ok(keys)
}

/// Keys that logs have, and which requests are meant.
fn fields(text: &str) -> Result<(Vec<String>, Option<String>), String> {
    let (keys, only) = match text.split_once(" where ") {
        Some((keys, only)) => (keys, Some(only.trim())),
        None => (text, None),
    };
    // A comma within a regular expression's braces parts no keys.
    let mut depth = 0_usize;
    let parts = keys.split(|c: char| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let keys: Vec<String> = parts.map(|key| key.trim().to_owned()).collect();
    for key in &keys {
        key.parse::<Key>()?;
    }
    if let Some(only) = only {
        only.parse::<crate::log::Filter>()?;
    }
    Ok((keys, only.map(str::to_owned)))
}

/// Reads what stands before the keys of a limit.
fn algorithm(rule: &str, text: &str, at: usize) -> Result<Algorithm, Fault> {
    let example = format!("write it like `{BUCKET} 50/s burst 100 per app,token`");
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
    let window = |word: &str, kind| Ok(Algorithm::Window { rate: rate(word)?, kind });
    let nginx = |word: &str, burst: u64, nodelay| {
        let rate = rate(word)?;
        if ![SECOND, 60 * SECOND].contains(&rate.period.0) {
            return Err(fault(word, "nginx counts by the second or by the minute".to_owned())
                .with_help("write a rate like 10/s or 90/min".to_owned()));
        }
        Ok(Algorithm::Nginx { rate, burst, nodelay })
    };
    let long = |word: &str| SHORT.iter().find(|(short, _)| *short == word).map(|(_, long)| *long);
    let name = words.first().map(|first| long(first).unwrap_or(first));
    Ok(match (name, words.get(1..).unwrap_or_default()) {
        (Some(max), ["at-once"]) => Algorithm::Concurrency { max: number(max)? },
        (Some(_), []) => window(words[0], Window::OnTheClock)?,
        (Some(WINDOW), [one]) => window(one, Window::OnTheClock)?,
        (Some(FIRST), [one]) => window(one, Window::FirstRequest)?,
        (Some(SLIDING), [one]) => window(one, Window::Sliding)?,
        (Some(BUCKET), [one]) => Algorithm::Bucket { rate: rate(one)?, burst: None },
        (Some(BUCKET), [one, "burst", most]) => {
            Algorithm::Bucket { rate: rate(one)?, burst: Some(number(most)?) }
        }
        (Some(NGINX), [one, rest @ ..]) => match rest {
            [] => nginx(one, 0, false)?,
            ["burst", most] => nginx(one, number(most)?, false)?,
            ["burst", most, "nodelay"] => nginx(one, number(most)?, true)?,
            [word, ..] => {
                let why = format!("`{word}` does not follow the rate of nginx's limit_req");
                return Err(fault(word, why).with_help("write nginx 10/s burst 20 nodelay"));
            }
        },
        (Some(_), rest) if rest.contains(&"burst") => {
            let why = format!("only a `{BUCKET}` has a burst, and nginx");
            return Err(fault(words[0], why).with_help(example));
        }
        (Some(first), [_]) => {
            let why = format!("`{first}` is not an algorithm");
            let help = format!("write {WINDOW}, {FIRST}, sliding, bucket, nginx, or `5 at-once`");
            return Err(fault(words[0], why).with_help(help));
        }
        _ => {
            let why = "this is not a limit".to_owned();
            return Err(Fault::new(at..at + text.len(), why).with_help(example));
        }
    })
}

impl Rule {
    /// What it is called: `50/s per app`.
    pub(super) fn name(&self) -> String {
        let keys = self.keys.join(",");
        let only = self.only.as_ref().map_or(String::new(), |only| format!(" where {only}"));
        match self.algorithm {
            Algorithm::Window { rate, .. }
            | Algorithm::Bucket { rate, .. }
            | Algorithm::Nginx { rate, .. } => format!("{rate} per {keys}{only}"),
            Algorithm::Concurrency { max } => format!("{max} at once per {keys}{only}"),
        }
    }

    /// The attributes of its key. Requests that it is not asked about lack the
    /// first of them.
    pub(super) fn attributes(&self) -> Vec<String> {
        let mut keys = self.keys.clone();
        if let (Some(only), Some(first)) = (&self.only, keys.first_mut()) {
            first.push_str(" where ");
            first.push_str(only);
        }
        keys
    }

    /// How many requests it lets through in what time.
    pub(super) fn rate(&self) -> Option<Rate> {
        match self.algorithm {
            Algorithm::Window { rate, .. }
            | Algorithm::Bucket { rate, .. }
            | Algorithm::Nginx { rate, .. } => Some(rate),
            Algorithm::Concurrency { .. } => None,
        }
    }

    /// The same with another count, where it has a rate.
    pub(super) fn with_count(&self, count: u64) -> Rule {
        let mut rule = self.clone();
        match &mut rule.algorithm {
            Algorithm::Window { rate, .. }
            | Algorithm::Bucket { rate, .. }
            | Algorithm::Nginx { rate, .. } => rate.count = count,
            Algorithm::Concurrency { max } => *max = count,
        }
        rule
    }

    /// The algorithm as a line of an API's file.
    pub(super) fn toml(&self) -> String {
        let mut text = String::new();
        let written = match self.algorithm {
            Algorithm::Window { rate, kind } => {
                let quota = format!("quota = {}, window = \"{}\"", rate.count, rate.period);
                match kind {
                    Window::OnTheClock => {
                        write!(text, "{WINDOW} = {{ {quota}, anchor = \"clock\" }}")
                    }
                    Window::FirstRequest => {
                        write!(text, "{WINDOW} = {{ {quota}, anchor = \"{FIRST}\" }}")
                    }
                    Window::Sliding => write!(text, "{SLIDING} = {{ {quota} }}"),
                }
            }
            Algorithm::Bucket { rate, burst } => {
                let burst = burst.unwrap_or(rate.count);
                write!(text, "{BUCKET} = {{ rate = \"{rate}\", burst = {burst} }}")
            }
            Algorithm::Nginx { rate, burst, nodelay } => {
                let unit = if rate.period.0 == SECOND { "r/s" } else { "r/m" };
                let nodelay = if nodelay { ", nodelay = true" } else { "" };
                let rate = rate.count;
                write!(text, "{NGINX} = {{ rate = \"{rate}{unit}\", burst = {burst}{nodelay} }}")
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
            Algorithm::Window { rate, kind } => {
                let (word, from) = match kind {
                    Window::OnTheClock => (WINDOW, "aligned to the clock (UTC)"),
                    Window::FirstRequest => (FIRST, "from the first request after the last window"),
                    Window::Sliding => (SLIDING, "in any window, exactly"),
                };
                format!("{word} {} in {}, {from}", rate.count, rate.period)
            }
            Algorithm::Bucket { rate, burst } => {
                let burst = burst.unwrap_or(rate.count);
                format!("{BUCKET} {rate}, a burst of {burst}, full at the start")
            }
            Algorithm::Nginx { rate, burst, nodelay } => {
                let then = match (burst, nodelay) {
                    (0, _) => "without a burst".to_owned(),
                    (_, true) => format!("a burst of {burst} at once"),
                    (_, false) => format!("a burst of {burst} that is delayed"),
                };
                format!("{NGINX} {rate}, {then}")
            }
            Algorithm::Concurrency { max } => format!("at most {max} in progress at once"),
        };
        let only = self.only.as_ref().map_or(String::new(), |only| format!(", where {only}"));
        format!(
            "limit: {what}, per {keys}{only}; a refusal is a 429 without headers and does not count"
        )
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
            ("sliding 60/min per ip", "sliding-log = { quota = 60, window = \"1min\" }"),
            ("bucket 10/s burst 5 per ip", "token-bucket = { rate = \"10/s\", burst = 5 }"),
            ("nginx 10/s per ip", "nginx-limit-req = { rate = \"10r/s\", burst = 0 }"),
            (
                "nginx 90/min burst 20 nodelay per ip",
                "nginx-limit-req = { rate = \"90r/m\", burst = 20, nodelay = true }",
            ),
        ] {
            assert_eq!(read(text, 0, Keys::Words).unwrap().toml(), toml, "{text}");
        }
    }

    #[test]
    fn logs_have_keys_that_are_more_than_words() {
        let read = |text| read(text, 0, Keys::Fields);
        let rule = read("9/s per ip/24,path~^/v[0-9]{1,2}/ where path ~ ^/api per x").unwrap_err();
        assert!(rule.message.contains("`per x` follows it"), "{}", rule.message);
        let rule = read("9/s per ip/24,path~^/v[0-9]{1,2}/ where status != 429").unwrap();
        assert_eq!(rule.keys, ["ip/24", "path~^/v[0-9]{1,2}/"]);
        assert_eq!(rule.attributes()[0], "ip/24 where status != 429");
        assert_eq!(rule.name(), "9/s per ip/24,path~^/v[0-9]{1,2}/ where status != 429");
        for (text, why) in [("9/s per ip/99", "between 1 and 32"), ("9/s per ip where", "key")] {
            let fault = read(text).unwrap_err();
            assert!(fault.message.contains(why), "{text}: {}", fault.message);
        }
    }

    #[test]
    fn another_count_is_another_rule() {
        for (text, toml) in [
            (
                "60/min per ip",
                "fixed-window = { quota = 7, window = \"1min\", anchor = \"clock\" }",
            ),
            ("bucket 60/min per ip", "token-bucket = { rate = \"7/min\", burst = 7 }"),
            ("bucket 60/min burst 9 per ip", "token-bucket = { rate = \"7/min\", burst = 9 }"),
        ] {
            assert_eq!(read(text, 0, Keys::Words).unwrap().with_count(7).toml(), toml, "{text}");
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
            ("5/s per ip/24", "5/s per ip/24", "one word"),
            ("nginx 5/h per app", "5/h", "by the second or by the minute"),
            ("nginx 5/s nodelay per app", "nodelay", "does not follow"),
        ] {
            let fault = read(text, 7, Keys::Words).unwrap_err();
            assert_eq!(&text[fault.at.start - 7..fault.at.end - 7], word, "{text}");
            assert!(fault.message.contains(why), "{text}: {}", fault.message);
        }
    }
}
