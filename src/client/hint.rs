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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Most {
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
    /// What bounds it, before its jitter, if anything does.
    pub most: Option<Most>,
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
            Some(Most::Clamp(most)) => wait.min(most),
            Some(Most::IgnoreAbove(most)) if wait > most => return Hinted::Nothing,
            Some(Most::GiveUpAbove(most)) if wait > most => return Hinted::GiveUp,
            _ => wait,
        };
        let wait = if self.rounds_up { Span::seconds(wait.ceil_seconds()) } else { wait };
        Hinted::Wait(match self.jitter {
            Jitter::None => wait,
            jitter => jitter.apply(wait, draw.bits(Purpose::Hint)),
        })
    }
}

#[cfg(test)]
mod tests;
