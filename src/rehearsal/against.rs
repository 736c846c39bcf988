//! One call against a server that gives the same answer for ever.

use std::str::FromStr;

use crate::client::{Account, Cause, Deadline, Draw, Exceed, Heard, Next, Policy, Progress, Who};
use crate::http::{Answer, CODE, HEADERS_MAX, HeaderId, Headers, Method, Status, Value};
use crate::time::{Instant, SECOND, Span};

/// The value of a header, as people write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Template {
    /// A number.
    Number(Value),
    /// An HTTP date, so many seconds from now: `date+7`, `date-60`.
    Date(i64),
    /// Seconds since the epoch, so many from now: `epoch+7`.
    Epoch(i64),
    /// A word: `true`, `soon`.
    Word(String),
}

impl Template {
    fn read(text: &str) -> Template {
        let from_now = |name| {
            let rest = text.strip_prefix(name)?;
            if rest.starts_with(['+', '-']) { rest.parse::<i64>().ok() } else { None }
        };
        if let Some(seconds) = from_now("date") {
            return Template::Date(seconds);
        }
        if let Some(seconds) = from_now("epoch") {
            return Template::Epoch(seconds);
        }
        Value::number(text).map_or_else(|| Template::Word(text.to_owned()), Template::Number)
    }

    /// What stands on the wire at `now`; `words` are those that the server says.
    fn value(&self, now: Instant, words: &[String]) -> Value {
        let seconds = now.epoch_seconds().cast_signed();
        match self {
            Template::Number(value) => *value,
            Template::Date(after) => Value::Date(seconds + after),
            Template::Epoch(after) => Value::Integer(seconds + after),
            Template::Word(word) => words
                .iter()
                .position(|known| known == word)
                .and_then(|place| u16::try_from(place).ok())
                .map_or(Value::Junk, Value::Text),
        }
    }
}

/// A request, and the answer that it gets for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Against {
    /// What is asked with.
    pub method: Method,
    /// What is answered.
    pub status: Status,
    /// The error code and the headers as they were written, for reports.
    pub written: String,
    /// The headers; the error code is the one named [`CODE`].
    pub headers: Vec<(String, Template)>,
}

impl FromStr for Against {
    type Err = String;

    /// Reads `[METHOD] STATUS [code=C] [Header: value; ...]`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!(
                "{what}: write [METHOD] STATUS [code=C] [Header: value; ...], like \"429 Retry-After: 7\""
            )
        };
        let mut rest = text.trim();
        let mut word = || {
            let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = after.trim_start();
            first
        };
        let mut first = word();
        let named = |name: &str| {
            Method::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(name))
        };
        let method = named(first);
        if method.is_some() {
            first = word();
        }
        let status = first.parse().ok().filter(|status| (100..600).contains(status));
        let Some(status) = status.map(Status) else {
            return Err(wrong(&format!("`{first}` is no status and no method")));
        };
        let written = rest.to_owned();
        let mut headers = vec![];
        if let Some(after) = rest.strip_prefix("code=") {
            let (code, after) = after.split_once([' ', ';']).unwrap_or((after, ""));
            headers.push((CODE.to_owned(), Template::Word(code.to_owned())));
            rest = after.trim_start();
        }
        for header in rest.split(';').map(str::trim).filter(|header| !header.is_empty()) {
            let Some((name, value)) = header.split_once(':') else {
                return Err(wrong(&format!("`{header}` is no header")));
            };
            headers.push((name.trim().to_owned(), Template::read(value.trim())));
        }
        if headers.len() > HEADERS_MAX {
            return Err(format!(
                "{} headers are too many: write at most {HEADERS_MAX}",
                headers.len()
            ));
        }
        Ok(Against { method: method.unwrap_or_default(), status, written, headers })
    }
}

impl Against {
    /// The names of its headers.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.headers.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The words that its headers say.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let word = |template: &Template| match template {
            Template::Word(word) => Some(word.clone()),
            _ => None,
        };
        self.headers.iter().filter_map(|(_, template)| word(template)).collect()
    }

    fn at(&self, now: Instant, words: &[String]) -> Headers {
        let mut headers = Headers::NONE;
        for (name, (_, template)) in (0..).zip(&self.headers) {
            headers.set(HeaderId(name), template.value(now, words));
        }
        headers
    }
}

/// How a rehearsal ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    /// The requests that the server saw.
    pub requests: u32,
    /// The waits that the client asked for, one before each request but the first.
    pub waits: Vec<Span>,
    /// How long all of them took: a timer may overflow.
    pub slept: Span,
    /// Why it stopped; `None`: it never does.
    pub cause: Option<Cause>,
    /// What the last answer was to the client: a deadline may have ended it.
    pub answer: Answer,
}

/// After so many requests, a client without end is not followed on.
pub const ENDLESS: u32 = 50;

/// Half past a second: a date in whole seconds is early by half of one.
const START: Instant = Instant(1_767_603_600 * SECOND + SECOND / 2);

/// One call of a client that follows `policy`, which knows the headers and words
/// of `against` by their places; with `fixed` all draws are these 64 uniform bits.
#[must_use]
pub fn against(policy: &Policy, against: &Against, fixed: Option<u64>) -> Ended {
    let words = against.words();
    let key = super::key();
    let answer = Answer::Status(against.status);
    // One client, whose budgets nobody has used before.
    let mut account = Account::new(policy, 1, START);
    let mut who = Who {
        client: 0,
        population: 0,
        deadline: Instant::NEVER,
        principal: 0,
        endpoint: 0,
        attempts: 0,
        key,
    };
    let mut progress = vec![Progress::since(START); policy.layers.len()];
    let endless =
        policy.layers.iter().any(|layer| layer.is_endless(answer, &against.at(START, &words)));
    let killed = policy.layers.last().and_then(|layer| layer.deadline);
    let killed = killed.filter(|deadline| deadline.exceed == Exceed::Kill);
    let mut ended = Ended { requests: 1, waits: vec![], slept: Span::ZERO, cause: None, answer };
    loop {
        let now = START.after(ended.slept);
        let headers = against.at(now, &words);
        let heard = Heard { now, clock: now, method: against.method, answer, headers: &headers };
        who.attempts = ended.requests;
        if !account.admits(policy, &who, &progress, now) {
            let (requests, cause) = (ended.requests - 1, Some(Cause::Throttle));
            return Ended { requests, cause, ..ended };
        }
        let draw = fixed.map_or(Draw::Of(key, u64::from(ended.requests)), Draw::Fixed);
        let mut purse = account.paying(policy, &who, &who);
        let wait = match policy.next(&heard, &mut progress, draw, &mut purse) {
            Next::Retry(wait) => wait,
            Next::Served => return ended,
            Next::GiveUp(cause) => return Ended { cause: Some(cause), ..ended },
        };
        if endless && ended.requests == ENDLESS {
            return ended;
        }
        let sleeps = policy.timer.sleeps(wait);
        if let Some(Deadline { total, .. }) = killed
            && ended.slept.plus(sleeps) >= total
        {
            let (cause, answer) = (Some(Cause::Deadline), Answer::TimedOut);
            return Ended { slept: total, cause, answer, ..ended };
        }
        ended.slept = ended.slept.plus(sleeps);
        ended.waits.push(wait);
        ended.requests += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_in_one_line() {
        let read = |text: &str| text.parse::<Against>();
        let full = read("POST 400 code=Throttling x-amz-retry-after: 3000; Retry-After: date-60");
        let full = full.unwrap();
        assert_eq!((full.method, full.status), (Method::Post, Status(400)));
        let number = |text| Template::Number(Value::number(text).unwrap());
        assert_eq!(
            full.headers,
            [
                (CODE.to_owned(), Template::Word("Throttling".into())),
                ("x-amz-retry-after".to_owned(), number("3000")),
                ("Retry-After".to_owned(), Template::Date(-60)),
            ]
        );
        assert_eq!(full.words(), ["Throttling"]);
        let plain = read("429").unwrap();
        assert_eq!((plain.method, plain.headers.len()), (Method::Get, 0));
        for wrong in ["", "GET", "4299", "429 Retry-After", "PULL 429"] {
            assert!(read(wrong).unwrap_err().contains("write [METHOD] STATUS"), "{wrong}");
        }
    }

    #[test]
    fn a_date_stands_in_whole_seconds_of_the_server() {
        let now = Instant(10 * SECOND + SECOND / 2);
        assert_eq!(Template::read("date+7").value(now, &[]), Value::Date(17));
        assert_eq!(Template::read("epoch+7").value(now, &[]), Value::Integer(17));
        assert_eq!(Template::read("datebook").value(now, &[]), Value::Junk);
        assert_eq!(Template::read("true").value(now, &["true".into()]), Value::Text(0));
    }
}
