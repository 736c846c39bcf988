//! What Guava's two rate limiters have in common: `SmoothRateLimiter`.
//!
//! A request never pays for itself: it goes when the next ticket is free, and
//! what it costs pushes the next ticket away from those who come after it. All
//! times are whole microseconds since the limiter was made, where its stopwatch
//! starts.

use serde::Deserialize;

use super::super::algorithm::{Capacity, Verdict};
use crate::time::{Instant, Span};

/// Which method is called.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Call {
    /// `tryAcquire(permits, timeout)`.
    #[default]
    Try,
    /// `acquire(permits)`, or `reserve(permits)` where only the wait is asked for.
    Reserve,
}

/// How long one may wait, in microseconds; endless where it is `acquire`.
pub(super) fn patience(call: Call, timeout: Option<Span>) -> Result<i64, String> {
    match (call, timeout) {
        (Call::Reserve, None) => Ok(i64::MAX),
        (Call::Reserve, Some(_)) => {
            Err("`acquire` has no timeout: leave it out, or write call = \"try\"".to_owned())
        }
        (Call::Try, timeout) => Ok(micros(timeout.unwrap_or(Span::ZERO))),
    }
}

/// Whole microseconds, rounded down.
pub(super) fn micros(span: Span) -> i64 {
    (span.0 / 1_000).cast_signed()
}

/// A rate that Guava takes, and that is not endless.
pub(super) fn check_rate(permits_per_second: f64) -> Result<f64, String> {
    if permits_per_second > 0.0 && permits_per_second.is_finite() {
        Ok(permits_per_second)
    } else {
        Err(format!("the rate is {permits_per_second}: write permits a second, like 5.0 or 0.5"))
    }
}

/// What `setRate` computes, for either limiter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smooth {
    pub(super) permits_per_second: f64,
    pub(super) stable_interval_micros: f64,
    pub(super) max_permits: f64,
    pub(super) cool_down_interval_micros: f64,
    pub(super) patience: i64,
}

/// One key's limiter.
#[derive(Clone, Copy, Debug)]
pub struct Tickets {
    created: Instant,
    next_free_micros: i64,
    stored_permits: f64,
}

impl Tickets {
    pub(super) const fn new(created: Instant, stored_permits: f64) -> Self {
        Tickets { created, next_free_micros: 0, stored_permits }
    }

    fn clock(&self, now: Instant) -> i64 {
        micros(now.since(self.created))
    }
}

impl Smooth {
    /// A ticket that was free already gathers permits, and is free now.
    fn resync(&self, state: &mut Tickets, now: i64) {
        if now > state.next_free_micros {
            let idle = (now - state.next_free_micros) as f64;
            let stored = state.stored_permits + idle / self.cool_down_interval_micros;
            state.stored_permits = stored.min(self.max_permits);
            state.next_free_micros = now;
        }
    }

    /// Guava refuses a request for 0 permits as an error of the program; here
    /// it passes and changes nothing.
    pub(super) fn test(&self, state: &Tickets, now: Instant, cost: u32) -> Verdict {
        let now = state.clock(now);
        if cost == 0 {
            Verdict::Admit
        } else if state.next_free_micros.saturating_sub(self.patience) <= now {
            let wait = u64::try_from(state.next_free_micros - now).unwrap_or(0);
            Verdict::after(Span(wait).times(1_000))
        } else {
            Verdict::NEVER
        }
    }

    /// `reserveEarliestAvailable`; `stored_wait` is what a part of the stored
    /// permits costs, of (stored permits, permits to take).
    #[allow(clippy::cast_possible_truncation)] // Java's cast cuts off and saturates as this one does
    pub(super) fn reserve(
        &self,
        state: &mut Tickets,
        now: Instant,
        cost: u32,
        stored_wait: impl Fn(f64, f64) -> i64,
    ) {
        if cost == 0 {
            return;
        }
        self.resync(state, state.clock(now));
        let cost = f64::from(cost);
        let spent = cost.min(state.stored_permits);
        let fresh = cost - spent;
        let wait = stored_wait(state.stored_permits, spent)
            .wrapping_add((fresh * self.stable_interval_micros) as i64);
        state.next_free_micros = state.next_free_micros.saturating_add(wait);
        state.stored_permits -= spent;
    }

    /// `setRate`: the permits gathered until now stay the same part of what can
    /// be stored; `initially` where nothing could be.
    pub(super) fn carry(&self, state: &mut Tickets, old: &Smooth, now: Instant, initially: f64) {
        old.resync(state, state.clock(now));
        state.stored_permits = if old.max_permits == 0.0 {
            initially
        } else {
            state.stored_permits * self.max_permits / old.max_permits
        };
    }

    /// What is stored at most, as a number of requests.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is not negative, and `as` saturates
    pub(super) fn limit(&self) -> u64 {
        (self.max_permits as u64).max(1)
    }

    pub(super) fn capacity(&self) -> Capacity {
        // One more than is stored, because the next one pays for it.
        Capacity { per_second: self.permits_per_second, at_once: self.limit().saturating_add(1) }
    }
}
