//! The retry loop of a client's file.

use std::ops::Range;

use crate::client::{
    Class, Classify, Exponential, Force, Form, Hint, Jitter, Layer, Otherwise, Schedule, Source,
    Wait,
};
use crate::http::Methods;
use crate::scenario::file::{client as of, retry as file};
use crate::time::Span;

use super::Checks;
use super::vocabulary::Vocabulary;

/// The retry loop that a client's file describes.
pub(super) fn build(client: &of::Client, said: &Vocabulary<'_>, checks: &mut Checks) -> Layer {
    let at = client.name.span();
    let attempts = client
        .attempts
        .as_ref()
        .map_or(u32::MAX, |n| checks.above_zero(n, "the number of attempts"));
    let wait = Wait {
        schedule: schedule(&client.wait, &at, checks),
        jitter: jitter(client.jitter, &at, checks),
        shortest: client.shortest,
        longest: client.longest,
        rounding: client.rounding,
        nearest: client.nearest,
    };
    let classes = client.class.iter().map(|class| Class {
        of: said.kinds(&class.of),
        attempts: match &class.attempts {
            _ if class.endless => u32::MAX,
            Some(n) => checks.above_zero(n, "the number of attempts"),
            None => attempts,
        },
        free: class.endless,
        wait: Wait {
            schedule: class
                .wait
                .as_ref()
                .map_or_else(|| wait.schedule.clone(), |wait| schedule(wait, &at, checks)),
            jitter: class.jitter.map_or(wait.jitter, |other| jitter(other, &at, checks)),
            ..wait
        },
    });
    Layer {
        attempts,
        classify: classify(client, said),
        classes: classes.collect(),
        hint: client.hint.as_ref().and_then(|hint| build_hint(hint, said, &at, checks)),
        deadline: client.deadline,
        wait,
    }
}

fn classify(client: &of::Client, said: &Vocabulary<'_>) -> Classify {
    let force = |name: &String| {
        Some(Force { name: said.header(name)?, yes: said.word("true"), no: said.word("false") })
    };
    Classify {
        retries: said.kinds(&client.retries),
        except: said.kinds(&client.except),
        only_with_hint: said.kinds(&client.only_with_hint),
        methods: client.methods.as_deref().map_or_else(Methods::default, Methods::of),
        force: client.force.as_ref().and_then(force),
    }
}

/// A schedule as it is written, if it makes sense.
fn schedule(schedule: &Schedule, at: &Range<usize>, checks: &mut Checks) -> Schedule {
    match schedule {
        Schedule::List(waits) if waits.is_empty() => {
            checks.fault(at.clone(), "the list of waits is empty", "write at least one");
        }
        Schedule::Exponential(Exponential { factor, .. })
            if !(factor.is_finite() && *factor >= 1.0) =>
        {
            let message = format!("the factor {factor} makes waits shorter");
            checks.fault(at.clone(), message, "write at least 1");
        }
        _ => {}
    }
    schedule.clone()
}

fn jitter(jitter: file::Jitter, at: &Range<usize>, checks: &mut Checks) -> Jitter {
    match jitter {
        file::Jitter::None => Jitter::None,
        file::Jitter::Full => Jitter::FULL,
        file::Jitter::Equal => Jitter::Multiply { low: 0.5, high: 1.0 },
        file::Jitter::Add(range) => Jitter::Add(range.0, range.1),
        file::Jitter::Multiply(low, high) => {
            if !(low >= 0.0 && high >= 0.0 && low.is_finite() && high.is_finite()) {
                let message = format!("the jitter multiplies by {low} to {high}");
                checks.fault(at.clone(), message, "write two numbers from 0");
            }
            Jitter::Multiply { low, high }
        }
        file::Jitter::AddPower { span, exponent } => Jitter::AddPower(span, exponent),
        file::Jitter::From(span) => Jitter::From(span),
        file::Jitter::Whole(span) => Jitter::Whole(span),
        file::Jitter::Stretch(share) => {
            not_negative(share, at, checks);
            Jitter::Multiply { low: 1.0, high: 1.0 + share }
        }
        file::Jitter::Around { share, span, over } => {
            not_negative(share, at, checks);
            Jitter::Around { share, span, over }
        }
        file::Jitter::Percent(most) => {
            if most > 100 {
                let message = format!("the jitter takes {most} per cent off");
                checks.fault(at.clone(), message, "write 0 to 100");
            }
            Jitter::Percent(most.min(100))
        }
        file::Jitter::AddSubsecond(share) => {
            not_negative(share, at, checks);
            Jitter::AddSubsecond { share }
        }
    }
}

fn not_negative(share: f64, at: &Range<usize>, checks: &mut Checks) {
    if !(share >= 0.0 && share.is_finite()) {
        let message = format!("the jitter moves the wait by {share} times of it");
        checks.fault(at.clone(), message, "write a number from 0");
    }
}

/// The hint, if the API sends any of the headers that it looks at.
fn build_hint(
    hint: &file::Hint,
    said: &Vocabulary<'_>,
    at: &Range<usize>,
    checks: &mut Checks,
) -> Option<Hint> {
    let source = |header: &file::HintHeader| {
        let own = |written: &Option<file::Otherwise>| {
            written.as_ref().map(|own| otherwise(Some(own), Otherwise::Ignore))
        };
        Some(Source {
            name: said.header(&header.name)?,
            forms: forms(&header.form.0),
            zero: own(&header.zero),
            bad: own(&header.bad),
        })
    };
    let sources: Vec<Source> = hint.headers.iter().filter_map(source).collect();
    // A client that heeds the hint only beside another header never heeds it
    // where the API sends no such header.
    let when_zero = match &hint.when_zero {
        Some(name) => Some(said.header(name)?),
        None => None,
    };
    if sources.is_empty() {
        return None;
    }
    let zero = otherwise(hint.zero.as_ref(), Otherwise::Wait(Span::ZERO));
    Some(Hint {
        sources,
        on: hint.on.as_deref().map(|on| said.kinds(on)),
        presence: hint.presence,
        when_zero,
        combine: hint.combine,
        rounds_up: hint.round.is_some(),
        jitter: jitter(hint.jitter, at, checks),
        most: hint.limit,
        zero,
        past: otherwise(hint.past.as_ref(), zero),
        negative: otherwise(hint.negative.as_ref(), zero),
        bad: otherwise(hint.bad.as_ref(), Otherwise::Ignore),
        restarts: hint.restarts,
    })
}

fn otherwise(written: Option<&file::Otherwise>, default: Otherwise) -> Otherwise {
    match written {
        None => default,
        Some(file::Otherwise::Schedule) => Otherwise::Ignore,
        Some(file::Otherwise::Immediate) => Otherwise::Wait(Span::ZERO),
        Some(file::Otherwise::GiveUp) => Otherwise::GiveUp,
        Some(file::Otherwise::Fail(_)) => Otherwise::Fail,
        Some(file::Otherwise::Wait(span)) => Otherwise::Wait(*span),
    }
}

/// Without a form, a header is read in every way that tells a time from now.
fn forms(forms: &[Form]) -> Vec<Form> {
    if forms.is_empty() { vec![Form::Delta] } else { forms.to_vec() }
}
