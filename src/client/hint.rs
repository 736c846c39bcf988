//! The wait that a response asks for.

use serde::Deserialize;

use super::classify::Kinds;
use super::jitter::Jitter;
use super::wait::Draw;
use crate::http::{Answer, HeaderId, Headers, Value};
use crate::rng::Purpose;
use crate::time::{Instant, SECOND, Span};

/// One way to read a header's value as a time.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A whole number of seconds from now.
    Integer,
    /// Any number of seconds from now.
    Decimal,
    /// An HTTP date.
    Date,
    /// Milliseconds from now.
    Millis,
    /// Seconds since the epoch.
    Epoch,
    /// Seconds since the epoch where that is a time from 2024 on, else from now.
    EpochOrDelta,
    /// All that tells a time from now: numbers, durations, dates, structured fields.
    #[default]
    Delta,
}

/// The seconds since the epoch at which 2024 began.
const YEAR_2024: i64 = 1_704_067_200;

/// What a header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    /// So long from now.
    After(Span),
    /// A number 0.
    Zero,
    /// A number below 0.
    Negative,
    /// A date or an epoch gone by.
    Past,
    /// Nothing in this form.
    Unreadable,
}

impl Form {
    fn read(self, value: Value, clock: Instant) -> Reading {
        match (self, value) {
            (Form::Integer | Form::Decimal | Form::Delta, Value::Integer(n)) => number(n, SECOND),
            (Form::Decimal | Form::Delta, Value::Decimal(billionths, _)) => number(billionths, 1),
            (Form::Millis, Value::Integer(n)) => number(n, 1_000_000),
            (Form::Millis, Value::Decimal(billionths, _)) => number(billionths / 1_000, 1),
            (Form::EpochOrDelta, Value::Integer(n)) if n < YEAR_2024 => number(n, SECOND),
            (Form::EpochOrDelta, Value::Decimal(billionths, _))
                if billionths / 1_000_000_000 < YEAR_2024 =>
            {
                number(billionths, 1)
            }
            (Form::Date | Form::Delta, Value::Date(_)) => moment(value.as_delay(clock)),
            (Form::Epoch | Form::EpochOrDelta, _) => moment(value.as_epoch(clock)),
            (Form::Delta, _) => value.as_delay(clock).map_or(Reading::Unreadable, Reading::After),
            _ => Reading::Unreadable,
        }
    }
}

fn number(count: i64, unit: u64) -> Reading {
    match u64::try_from(count) {
        Ok(0) => Reading::Zero,
        Ok(count) => Reading::After(Span(count.saturating_mul(unit))),
        Err(_) => Reading::Negative,
    }
}

fn moment(wait: Option<Span>) -> Reading {
    match wait {
        None => Reading::Unreadable,
        Some(Span::ZERO) => Reading::Past,
        Some(wait) => Reading::After(wait),
    }
}

/// A header that may hold a wait, and how it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The header.
    pub name: HeaderId,
    /// In one of these forms.
    pub forms: Vec<Form>,
    /// At a number 0, where that differs from the hint's.
    pub zero: Option<Otherwise>,
    /// At a value that cannot be read, likewise.
    pub bad: Option<Otherwise>,
}

impl Source {
    fn read(&self, value: Value, clock: Instant) -> Reading {
        let mut readings = self.forms.iter().map(|form| form.read(value, clock));
        readings.find(|r| *r != Reading::Unreadable).unwrap_or(Reading::Unreadable)
    }
}

/// What a policy makes of a value that is no wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Otherwise {
    /// As if the header were not there.
    Ignore,
    /// Waits so long: nothing, or until the end of time.
    Wait(Span),
    /// Retries no more.
    GiveUp,
    /// Fails with an error of its own.
    Fail,
}

/// What bounds the wait that a policy obeys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Most {
    /// Nothing.
    Any,
    /// A longer one is cut to this.
    Clamp(Span),
    /// A longer one is ignored: the schedule counts.
    IgnoreAbove(Span),
    /// At a longer one it gives up.
    GiveUpAbove(Span),
}

/// How the wait asked for meets the policy's own.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Combine {
    /// It replaces it.
    #[default]
    Replace,
    /// The longer of the two before jitter; then both are jittered alike.
    Max,
    /// It is obeyed from the policy's own jittered wait `t` to `t` and so much.
    Within(Span),
}

/// What a response must have to be retried where only a hint is reason to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// One of the headers, readable or not.
    #[default]
    Header,
    /// A wait that is heeded.
    Wait,
}

/// How a policy obeys the wait that a response asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct Hint {
    /// The headers that it looks at; the first that is there and readable counts.
    pub sources: Vec<Source>,
    /// On which answers it looks; `None`: on all that are retried.
    pub on: Option<Kinds>,
    /// What counts as a hint where only one is reason to retry.
    pub presence: Presence,
    /// Only where this header counts nothing left.
    pub when_zero: Option<HeaderId>,
    /// How it meets the policy's own wait.
    pub combine: Combine,
    /// To whole seconds, upwards.
    pub rounds_up: bool,
    /// What it adds, so that not all come back at once.
    pub jitter: Jitter,
    /// What bounds it, before its jitter.
    pub most: Most,
    /// At a number 0.
    pub zero: Otherwise,
    /// At a time gone by.
    pub past: Otherwise,
    /// At a number below 0.
    pub negative: Otherwise,
    /// At a value that cannot be read.
    pub bad: Otherwise,
    /// The schedule begins anew after a wait that was obeyed.
    pub restarts: bool,
}

/// What a hint comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hinted {
    /// Nothing was asked, or it is ignored.
    Nothing,
    /// To wait so long, jitter included.
    Wait(Span),
    /// To retry no more.
    GiveUp,
    /// To fail with an error of the client's own.
    Fail,
}

impl Hint {
    /// Whether a response has what counts as a hint where only one is reason to
    /// retry.
    #[must_use]
    pub fn is_there(&self, clock: Instant, answer: Answer, headers: &Headers) -> bool {
        let has = |source: &Source| headers.get(source.name).is_some();
        match self.presence {
            Presence::Header => self.is_heeded(headers) && self.sources.iter().any(has),
            Presence::Wait => self.hear(clock, answer, headers, Draw::Fixed(0)) != Hinted::Nothing,
        }
    }

    fn is_heeded(&self, headers: &Headers) -> bool {
        let spent = |name| headers.get(name).and_then(Value::as_count) == Some(0);
        self.when_zero.is_none_or(spent)
    }

    /// The wait asked for, as a client whose clock reads `clock` understands it.
    #[must_use]
    pub fn hear(&self, clock: Instant, answer: Answer, headers: &Headers, draw: Draw) -> Hinted {
        let looks = self.on.as_ref().is_none_or(|on| on.contain(answer, headers));
        if !looks || !self.is_heeded(headers) {
            return Hinted::Nothing;
        }
        for source in &self.sources {
            let Some(value) = headers.get(source.name) else { continue };
            let otherwise = match source.read(value, clock) {
                Reading::After(wait) => return self.obey(wait, draw),
                Reading::Zero => source.zero.unwrap_or(self.zero),
                Reading::Past => self.past,
                Reading::Negative => self.negative,
                Reading::Unreadable => source.bad.unwrap_or(self.bad),
            };
            match otherwise {
                Otherwise::Ignore => {}
                Otherwise::Wait(wait) => return self.obey(wait, draw),
                Otherwise::GiveUp => return Hinted::GiveUp,
                Otherwise::Fail => return Hinted::Fail,
            }
        }
        Hinted::Nothing
    }

    fn obey(&self, wait: Span, draw: Draw) -> Hinted {
        let wait = match self.most {
            Most::Clamp(most) => wait.min(most),
            Most::IgnoreAbove(most) if wait > most => return Hinted::Nothing,
            Most::GiveUpAbove(most) if wait > most => return Hinted::GiveUp,
            Most::Any | Most::IgnoreAbove(_) | Most::GiveUpAbove(_) => wait,
        };
        let wait = if self.rounds_up { Span::seconds(wait.ceil_seconds()) } else { wait };
        Hinted::Wait(match self.jitter {
            Jitter::None => wait,
            jitter => jitter.apply(wait, draw.bits(Purpose::Hint)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Kind;
    use crate::http::Status;

    const DRAW: Draw = Draw::Fixed(0);

    fn hint(names: &[(u8, &[Form])]) -> Hint {
        let source = |(name, forms): &(u8, &[Form])| Source {
            name: HeaderId(*name),
            forms: forms.to_vec(),
            zero: None,
            bad: None,
        };
        Hint {
            sources: names.iter().map(source).collect(),
            on: Some(Kinds(vec![Kind::Status(429)])),
            presence: Presence::Header,
            when_zero: None,
            combine: Combine::Replace,
            rounds_up: false,
            jitter: Jitter::None,
            most: Most::Any,
            zero: Otherwise::Wait(Span::ZERO),
            past: Otherwise::Ignore,
            negative: Otherwise::Ignore,
            bad: Otherwise::Ignore,
            restarts: false,
        }
    }

    fn headers(values: &[(u8, Value)]) -> Headers {
        let mut headers = Headers::NONE;
        for (name, value) in values {
            headers.set(HeaderId(*name), *value);
        }
        headers
    }

    fn hear(hint: &Hint, code: u16, values: &[(u8, Value)]) -> Hinted {
        let clock = Instant(23 * SECOND);
        hint.hear(clock, Answer::Status(Status(code)), &headers(values), DRAW)
    }

    #[test]
    fn the_first_readable_source_counts_and_only_where_it_is_looked_for() {
        let hint = hint(&[(0, &[Form::Delta]), (1, &[Form::Epoch])]);
        let values = [(0, Value::Junk), (1, Value::Integer(30))];
        assert_eq!(hear(&hint, 429, &values), Hinted::Wait(Span::seconds(7)));
        assert_eq!(hear(&hint, 503, &values), Hinted::Nothing);
    }

    #[test]
    fn a_form_reads_its_own_and_nothing_else() {
        let value = |text| Value::number(text).unwrap();
        let wait = |span| Hinted::Wait(span);
        for (form, value, expected) in [
            (Form::Integer, value("7"), wait(Span::seconds(7))),
            (Form::Integer, value("1.5"), Hinted::Nothing),
            (Form::Decimal, value("1.5"), wait(Span::millis(1_500))),
            (Form::Millis, value("1500"), wait(Span::millis(1_500))),
            (Form::Millis, value("1500.5"), wait(Span(1_500_500_000))),
            (Form::Date, Value::Date(30), wait(Span::seconds(7))),
            (Form::Date, value("7"), Hinted::Nothing),
            (Form::Date, Value::Date(20), Hinted::Nothing),
            (Form::EpochOrDelta, value("7"), wait(Span::seconds(7))),
            (Form::EpochOrDelta, value("1.5"), wait(Span::millis(1_500))),
            (Form::Integer, value("0"), wait(Span::ZERO)),
            (Form::Integer, value("-5"), Hinted::Nothing),
        ] {
            assert_eq!(hear(&hint(&[(0, &[form])]), 429, &[(0, value)]), expected, "{form:?}");
        }
    }

    #[test]
    fn a_wait_too_long_is_cut_ignored_or_the_end() {
        let bounded = |most| Hint { most, ..hint(&[(0, &[Form::Integer])]) };
        let minute = Span::seconds(60);
        let hour = [(0, Value::Integer(3_600))];
        assert_eq!(hear(&bounded(Most::Clamp(minute)), 429, &hour), Hinted::Wait(minute));
        assert_eq!(hear(&bounded(Most::IgnoreAbove(minute)), 429, &hour), Hinted::Nothing);
        assert_eq!(hear(&bounded(Most::GiveUpAbove(minute)), 429, &hour), Hinted::GiveUp);
    }

    #[test]
    fn octokit_looks_only_at_nothing_left_and_comes_a_second_late() {
        let second = Span::seconds(1);
        let octokit = Hint {
            when_zero: Some(HeaderId(1)),
            rounds_up: true,
            jitter: Jitter::Add(second, second),
            ..hint(&[(0, &[Form::Decimal])])
        };
        let values = |left| [(0, Value::number("6.2").unwrap()), (1, Value::Integer(left))];
        assert_eq!(hear(&octokit, 429, &values(0)), Hinted::Wait(Span::seconds(8)));
        assert_eq!(hear(&octokit, 429, &values(1)), Hinted::Nothing);
        assert_eq!(hear(&octokit, 429, &values(0)[..1]), Hinted::Nothing);
    }

    /// got retries a 413 only for a wait above 0, ky for whatever the header says,
    /// octokit a 403 only where nothing is left.
    #[test]
    fn a_hint_that_is_a_reason_to_retry_is_a_header_or_a_wait() {
        let of = |presence, when_zero| Hint {
            presence,
            when_zero,
            zero: Otherwise::Ignore,
            on: None,
            ..hint(&[(0, &[Form::Decimal])])
        };
        let is_there = |hint: &Hint, values: &[(u8, Value)]| {
            hint.is_there(Instant(0), Answer::Status(Status(413)), &headers(values))
        };
        let (ky, got) = (of(Presence::Header, None), of(Presence::Wait, None));
        let values = [Value::Integer(7), Value::Integer(0), Value::Junk];
        assert_eq!(values.map(|value| is_there(&ky, &[(0, value)])), [true; 3]);
        assert_eq!(values.map(|value| is_there(&got, &[(0, value)])), [true, false, false]);
        assert!(!is_there(&ky, &[]) && !is_there(&got, &[]));
        let octokit = of(Presence::Header, Some(HeaderId(1)));
        let left = |count| [(0, Value::Integer(7)), (1, Value::Integer(count))];
        assert!(is_there(&octokit, &left(0)) && !is_there(&octokit, &left(1)));
    }

    /// openai for Node leaves 0 and junk to the next header, and comes back to the 0.
    #[test]
    fn one_header_may_be_no_wait_in_its_own_way() {
        let mut openai = Hint {
            bad: Otherwise::Wait(Span::ZERO),
            ..hint(&[(0, &[Form::Millis]), (1, &[Form::Decimal]), (0, &[Form::Millis])])
        };
        openai.sources[0].zero = Some(Otherwise::Ignore);
        for again in [0, 2] {
            openai.sources[again].bad = Some(Otherwise::Ignore);
        }
        let (now, seven) = (Hinted::Wait(Span::ZERO), Hinted::Wait(Span::seconds(7)));
        let [zero, junk, other] =
            [(0, Value::Integer(0)), (0, Value::Junk), (1, Value::Integer(7))];
        assert_eq!(hear(&openai, 429, &[junk]), Hinted::Nothing);
        assert_eq!(hear(&openai, 429, &[(1, Value::Junk)]), now);
        assert_eq!(hear(&openai, 429, &[zero]), now);
        assert_eq!([zero, junk].map(|first| hear(&openai, 429, &[first, other])), [seven; 2]);
    }
}
