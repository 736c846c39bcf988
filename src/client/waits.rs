//! The waits of a retry loop as a table, where they hang on nothing but the
//! number of the attempt.
//!
//! Most loops know no classes, hints or deadlines and draw only their jitter:
//! their waits are known before the run, and how far a call has come is the
//! number of its attempts.

use super::layer::Layer;
use super::wait::Draw;
use super::{Cause, Next, Policy};
use crate::http::{Answer, Headers, Method};
use crate::time::Span;

/// A retry loop that asks for nothing but the number of the attempt.
#[derive(Clone, Debug)]
pub struct Waits<'p> {
    layer: &'p Layer,
    /// Before jitter, from the first retry on.
    scheduled: Vec<Span>,
}

/// The longest table.
const LENGTH_MAX: u32 = 64;

impl Policy {
    /// Its waits as a table, if they hang on the number of the attempt alone.
    #[must_use]
    pub fn waits(&self) -> Option<Waits<'_>> {
        let [layer] = &self.layers[..] else { return None };
        let schedule = &layer.wait.schedule;
        let alike = layer.classes.is_empty() && layer.hint.is_none() && layer.deadline.is_none();
        if !alike || schedule.draws() || !self.budgets.is_empty() {
            return None;
        }
        let of = |retry| schedule.wait(retry, 0, &mut 0.0);
        let scheduled = (1..layer.attempts.min(LENGTH_MAX + 1)).map(of).collect();
        Some(Waits { layer, scheduled })
    }
}

impl Waits<'_> {
    /// What follows an answer without headers to attempt number `attempts`, from 1.
    #[must_use]
    #[inline]
    pub fn next(&self, attempts: u32, method: Method, answer: Answer, draw: Draw) -> Next {
        let Layer { classify, wait, .. } = self.layer;
        if !classify.retries(method, answer, &Headers::NONE, || false) {
            return Next::GiveUp(Cause::NotRetried);
        }
        if attempts >= self.layer.attempts {
            return Next::GiveUp(Cause::Attempts);
        }
        let scheduled = match self.scheduled.get(attempts as usize - 1) {
            Some(scheduled) => *scheduled,
            None => wait.schedule.wait(attempts, 0, &mut 0.0),
        };
        Next::Retry(wait.settled(attempts, scheduled, draw))
    }
}
