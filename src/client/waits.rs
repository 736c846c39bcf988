//! The waits of a retry loop as a table, where they hang on nothing but the
//! number of the attempt.
//!
//! Most loops know no classes, hints or deadlines and draw only their jitter:
//! their waits are known before the run, and how far a call has come is the
//! number of its attempts.

use super::layer::Layer;
use super::wait::{Draw, Wait};
use super::{Cause, Jitter, Next, Policy};
use crate::http::{Answer, Method, Status};
use crate::rng::{self, Purpose};
use crate::time::Span;

/// A retry loop that asks for nothing but the number of the attempt.
#[derive(Clone, Debug)]
pub struct Waits<'p> {
    layer: &'p Layer,
    /// From the first retry on.
    table: Vec<Known>,
    /// By status, from 0: whether an answer without headers is retried, where
    /// the method is.
    retried: Vec<bool>,
}

/// What is known of a wait before the run.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// All of it.
    Fixed(Span),
    /// That it is so many seconds, times `low + width u`.
    Seconds { scheduled: f64, low: f64, width: f64 },
    /// What it is before jitter.
    Scheduled(Span),
}

/// The longest table.
const LENGTH_MAX: u32 = 64;

/// One more than the largest status.
const STATUSES: u16 = 600;

impl Policy {
    /// Its waits as a table, if they hang on the number of the attempt alone.
    #[must_use]
    pub fn waits(&self) -> Option<Waits<'_>> {
        let [layer] = &self.layers[..] else { return None };
        let alike = layer.classes.is_empty() && layer.hint.is_none() && layer.deadline.is_none();
        if !alike || layer.wait.schedule.draws() || !self.budgets.is_empty() {
            return None;
        }
        let retries = |status| layer.classify.takes(Answer::Status(Status(status)));
        Some(Waits {
            layer,
            table: (1..layer.attempts.min(LENGTH_MAX + 1))
                .map(|n| Known::of(&layer.wait, n))
                .collect(),
            retried: (0..STATUSES).map(retries).collect(),
        })
    }
}

impl Known {
    fn of(wait: &Wait, retry: u32) -> Known {
        let scheduled = wait.schedule.wait(retry, 0, &mut 0.0);
        let is_whole = wait.rounding > Span::ZERO || wait.nearest > Span::ZERO;
        match wait.jitter {
            _ if wait.schedule.is_plain(retry) => Known::Fixed(scheduled),
            Jitter::None => Known::Fixed(wait.jittered(scheduled, Draw::Fixed(0))),
            Jitter::Multiply { low, high } if !is_whole => {
                let (scheduled, width) = (scheduled.as_secs_f64(), high - low);
                Known::Seconds { scheduled, low, width }
            }
            _ => Known::Scheduled(scheduled),
        }
    }
}

impl Waits<'_> {
    /// What follows an error without headers to attempt number `attempts`, from 1.
    #[must_use]
    #[inline(always)]
    #[allow(clippy::inline_always)] // a call would take the draw from memory
    pub fn next(&self, attempts: u32, method: Method, status: Status, draw: Draw) -> Next {
        let Layer { classify, wait, attempts: most, .. } = self.layer;
        if !classify.methods.contain(method) || !self.retried[usize::from(status.0)] {
            return Next::GiveUp(Cause::NotRetried);
        }
        if attempts >= *most {
            return Next::GiveUp(Cause::Attempts);
        }
        Next::Retry(match self.table.get(attempts as usize - 1) {
            Some(Known::Fixed(span)) => *span,
            // As the jitter itself has it, with all done before that can be.
            Some(Known::Seconds { scheduled, low, width }) => {
                let share = low + width * rng::unit(draw.bits(Purpose::Jitter));
                Span::from_secs_f64(scheduled * share).max(wait.shortest).min(wait.longest)
            }
            Some(Known::Scheduled(span)) => wait.jittered(*span, draw),
            None => {
                let scheduled = wait.schedule.wait(attempts, 0, &mut 0.0);
                wait.settled(attempts, scheduled, draw)
            }
        })
    }
}
