//! One retry loop: what it makes of an answer.
//!
//! The order is that of real libraries: classify, attempts left, the wait, the
//! hint, the deadline. A budget is asked last, by the policy.

use serde::Deserialize;

use super::classify::{Classify, Kinds};
use super::hint::{Combine, Hint, Hinted};
use super::wait::{Draw, Wait};
use super::{Cause, Next};
use crate::http::{Answer, Headers, Method};
use crate::time::{Instant, Span};

/// What a client hears of one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'h> {
    /// When.
    pub now: Instant,
    /// What the client's clock reads then.
    pub clock: Instant,
    /// What it asked with.
    pub method: Method,
    /// What came of it.
    pub answer: Answer,
    /// The headers of the response; none where there was no response.
    pub headers: &'h Headers,
}

/// How far a call has come in one retry loop.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Progress {
    /// When its first attempt was sent.
    pub since: Instant,
    /// What one wait hands on to the next.
    carried: f64,
    /// Attempts that count.
    attempts: u32,
    /// Which wait of the schedule was last, from 1; 0 before the first.
    retry: u32,
    /// What its budgets took for the last retry; `NEVER` before the first.
    paid: u32,
}

/// No retry was paid for.
const NEVER: u32 = u32::MAX;

impl Progress {
    /// Nothing tried yet.
    pub const NEW: Progress =
        Progress { since: Instant(0), carried: 0.0, attempts: 0, retry: 0, paid: NEVER };

    /// Nothing tried yet, and the first attempt leaves at `now`.
    #[must_use]
    pub const fn since(now: Instant) -> Progress {
        Progress { since: now, ..Progress::NEW }
    }

    /// What the loop's budgets took for the last retry; `None` where the first
    /// attempt is the last so far.
    #[must_use]
    pub const fn paid(&self) -> Option<u32> {
        if self.paid == NEVER { None } else { Some(self.paid) }
    }

    /// Another retry was paid for.
    pub(super) const fn retries_for(&mut self, price: u32) {
        self.paid = price;
    }
}

/// What differs for some answers.
#[derive(Clone, PartialEq, Debug)]
pub struct Class {
    /// For these.
    pub of: Kinds,
    /// The most attempts of a call that ends in one of them.
    pub attempts: u32,
    /// Whether they leave the attempts that are left alone.
    pub free: bool,
    /// The wait before the retry.
    pub wait: Wait,
}

/// When a call has taken too long, from its first attempt on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Deadline {
    /// So long.
    pub total: Span,
    /// What becomes of a wait that would end after it.
    #[serde(default)]
    pub exceed: Exceed,
}

/// What becomes of a wait that would end after the deadline.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exceed {
    /// It is not begun.
    #[default]
    GiveUp,
    /// It is cut to what is left, for one last attempt.
    Clip,
    /// The deadline ends it, or the attempt in flight.
    Kill,
}

/// One retry loop.
#[derive(Clone, PartialEq, Debug)]
pub struct Layer {
    /// The most attempts of a call, the first included; `u32::MAX` without end.
    pub attempts: u32,
    /// Which answers are retried.
    pub classify: Classify,
    /// The waits before retries.
    pub wait: Wait,
    /// What differs for some answers; the first that matches counts.
    pub classes: Vec<Class>,
    /// What the response may say about the wait.
    pub hint: Option<Hint>,
    /// How long all of it may take.
    pub deadline: Option<Deadline>,
}

impl Layer {
    /// What follows an answer, as far as this loop knows.
    #[must_use]
    pub fn next(&self, heard: &Heard<'_>, progress: &mut Progress, draw: Draw) -> Next {
        let Heard { answer, headers, .. } = *heard;
        if let Answer::Status(status) = answer
            && status.is_class(2)
        {
            return Next::Served;
        }
        let is_there = |hint: &Hint| hint.is_there(heard.clock, answer, headers);
        let hinted = || self.hint.as_ref().is_some_and(is_there);
        if !self.classify.retries(heard.method, answer, headers, hinted) {
            return Next::GiveUp(Cause::NotRetried);
        }
        let class = self.class(answer, headers);
        progress.attempts += u32::from(!class.is_some_and(|class| class.free));
        if progress.attempts >= class.map_or(self.attempts, |class| class.attempts) {
            return Next::GiveUp(Cause::Attempts);
        }
        progress.retry += 1;
        let wait = class.map_or(&self.wait, |class| &class.wait);
        match self.asked(wait, heard, progress, draw) {
            Ok(wait) => self.within_deadline(wait, heard.now, progress.since),
            Err(cause) => Next::GiveUp(cause),
        }
    }

    /// The wait before a retry after such an answer, as far as the response has
    /// no say in it.
    #[must_use]
    pub fn wait_after(&self, answer: Answer, headers: &Headers) -> &Wait {
        self.class(answer, headers).map_or(&self.wait, |class| &class.wait)
    }

    /// Whether no number of such answers is too many.
    #[must_use]
    pub fn is_endless(&self, answer: Answer, headers: &Headers) -> bool {
        let class = self.class(answer, headers);
        class.map_or(self.attempts, |class| class.attempts) == u32::MAX
    }

    /// What differs for such an answer, if anything does.
    fn class(&self, answer: Answer, headers: &Headers) -> Option<&Class> {
        self.classes.iter().find(|class| class.of.contain(answer, headers))
    }

    /// The wait before the next attempt: the schedule's, the response's, or both.
    fn asked(
        &self,
        wait: &Wait,
        heard: &Heard<'_>,
        progress: &mut Progress,
        draw: Draw,
    ) -> Result<Span, Cause> {
        let Progress { carried, retry, .. } = progress;
        let Some(hint) = &self.hint else {
            return Ok(wait.settled(*retry, wait.scheduled(*retry, draw, carried), draw));
        };
        let own = wait.scheduled(*retry, draw, carried);
        let asked = match hint.hear(heard.clock, heard.answer, heard.headers, draw) {
            Hinted::Wait(asked) => asked,
            Hinted::Nothing => return Ok(wait.settled(*retry, own, draw)),
            Hinted::GiveUp => return Err(Cause::Hint),
            Hinted::Fail => return Err(Cause::Error),
        };
        let combined = match hint.combine {
            Combine::Replace => asked,
            Combine::Max => wait.jittered(own.max(asked), draw),
            Combine::Within(span) => {
                let own = wait.settled(*retry, own, draw);
                asked.max(own).min(own.plus(span))
            }
        };
        if hint.restarts {
            *retry = 0;
        }
        Ok(combined)
    }

    fn within_deadline(&self, wait: Span, now: Instant, since: Instant) -> Next {
        let Some(Deadline { total, exceed }) = self.deadline else {
            return Next::Retry(wait);
        };
        let end = since.after(total);
        match exceed {
            // Of a kill the engine ends the call at that instant, wherever it stands.
            _ if exceed == Exceed::Kill || now.after(wait) <= end => Next::Retry(wait),
            Exceed::Clip if now < end => Next::Retry(end.since(now)),
            _ => Next::GiveUp(Cause::Deadline),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Presence;
    use crate::client::hint::{Form, Otherwise, Source};
    use crate::client::{Jitter, Kind, Schedule};
    use crate::http::{HeaderId, Status, Value};
    use crate::time::SECOND;

    fn layer() -> Layer {
        Layer {
            attempts: 4,
            classify: Classify {
                retries: Kinds(vec![Kind::Status(429), Kind::Class(5)]),
                ..Classify::default()
            },
            wait: Wait::plain(Schedule::Fixed(Span::seconds(2)), Jitter::None),
            classes: vec![],
            hint: None,
            deadline: None,
        }
    }

    fn hint(combine: Combine) -> Hint {
        Hint {
            sources: vec![Source {
                name: HeaderId(0),
                forms: vec![Form::Integer],
                zero: None,
                bad: None,
            }],
            on: None,
            presence: Presence::Header,
            when_zero: None,
            combine,
            rounds_up: false,
            jitter: Jitter::None,
            most: None,
            zero: Otherwise::Ignore,
            past: Otherwise::Ignore,
            negative: Otherwise::Ignore,
            bad: Otherwise::Fail,
            restarts: false,
        }
    }

    /// What follows each of these statuses, one after the other, 1 s apart.
    fn follow(layer: &Layer, statuses: &[u16], asks: Option<Value>) -> Vec<Next> {
        let mut headers = Headers::NONE;
        if let Some(value) = asks {
            headers.set(HeaderId(0), value);
        }
        let mut progress = Progress::since(Instant(0));
        let next = |(second, status): (u64, &u16)| {
            let now = Instant(second * SECOND);
            let answer = Answer::Status(Status(*status));
            let method = Method::Get;
            let heard = Heard { now, clock: now, method, answer, headers: &headers };
            layer.next(&heard, &mut progress, Draw::Fixed(0))
        };
        (0..).zip(statuses).map(next).collect()
    }

    const fn retry(seconds: u64) -> Next {
        Next::Retry(Span::seconds(seconds))
    }

    #[test]
    fn attempts_end_and_a_class_may_not_count() {
        let mut layer = layer();
        let ended = Next::GiveUp(Cause::Attempts);
        assert_eq!(follow(&layer, &[500; 4], None), [retry(2), retry(2), retry(2), ended]);
        assert_eq!(follow(&layer, &[404, 200], None)[1], Next::Served);
        let of = Kinds(vec![Kind::Status(429)]);
        let (attempts, wait) = (u32::MAX, Wait::ZERO);
        layer.classes.push(Class { of, attempts, free: true, wait });
        let next = follow(&layer, &[429, 500, 429, 500, 500, 429, 500], None);
        assert_eq!(next[..3], [retry(0), retry(2), retry(0)]);
        assert_eq!(next[5..], [retry(0), ended]);
    }

    #[test]
    fn what_the_response_asks_for_meets_the_wait_in_three_ways() {
        let asks = |combine, seconds| {
            let layer = Layer { hint: Some(hint(combine)), ..layer() };
            follow(&layer, &[429], Some(Value::Integer(seconds)))[0]
        };
        assert_eq!((asks(Combine::Replace, 1), asks(Combine::Replace, 9)), (retry(1), retry(9)));
        assert_eq!((asks(Combine::Max, 1), asks(Combine::Max, 9)), (retry(2), retry(9)));
        let within = Combine::Within(Span::seconds(5));
        assert_eq!([1, 6, 9].map(|s| asks(within, s)), [retry(2), retry(6), retry(7)]);
        assert_eq!(asks(Combine::Replace, 0), retry(2));
        let layer = Layer { hint: Some(hint(Combine::Replace)), ..layer() };
        let error = follow(&layer, &[429], Some(Value::Junk));
        assert_eq!(error, [Next::GiveUp(Cause::Error)]);
    }

    #[test]
    fn a_schedule_may_begin_anew_after_a_hint() {
        let schedule = Schedule::List(vec![Span::seconds(1), Span::seconds(3)]);
        let hint = Hint {
            restarts: true,
            on: Some(Kinds(vec![Kind::Status(429)])),
            ..hint(Combine::Replace)
        };
        let layer = Layer {
            attempts: u32::MAX,
            wait: Wait::plain(schedule, Jitter::None),
            hint: Some(hint),
            ..layer()
        };
        let next = follow(&layer, &[500, 500, 429, 500], Some(Value::Integer(7)));
        assert_eq!(next, [retry(1), retry(3), retry(7), retry(1)]);
    }

    #[test]
    fn a_wait_beyond_the_deadline_is_not_begun_cut_or_ended_by_it() {
        let until = |exceed| {
            let deadline = Some(Deadline { total: Span::seconds(3), exceed });
            follow(&Layer { deadline, ..layer() }, &[500; 3], None)
        };
        let gone = Next::GiveUp(Cause::Deadline);
        assert_eq!(until(Exceed::GiveUp), [retry(2), retry(2), gone]);
        assert_eq!(until(Exceed::Clip), [retry(2), retry(2), retry(1)]);
        assert_eq!(until(Exceed::Kill), [retry(2); 3]);
    }
}
