//! Token bucket: tokens come back at a rate, up to a burst, and who finds none
//! reserves one of those to come.
//!
//! # Formula
//!
//! `level = min(burst, level + rate * elapsed) - 1`, which may become negative:
//! the turn is after `max(0, -level) / rate`, rounded up to the nanosecond. It
//! begins full. Exact: the arithmetic is that of the pacer among the limiters.
//!
//! # Source
//!
//! client-go's `flowcontrol.NewTokenBucketRateLimiter(qps, burst)`, which waits
//! at a `golang.org/x/time/rate` limiter (`reserveN`: who would wait beyond the
//! context's deadline reserves nothing). Go reckons in floats and cuts the wait
//! off where this rounds it up, so they differ by a nanosecond at most.

use super::machine::{Ask, Machine, Turn};
use crate::limiter::{Algorithm, Pacer, Verdict};
use crate::time::{Instant, Rate};

/// Turns by tokens, reserved ahead.
#[derive(Clone, Debug)]
pub struct ReservingBucket(Pacer);

impl ReservingBucket {
    /// `None` where the burst is none, or both are too fine to be kept exactly.
    #[must_use]
    pub fn new(rate: Rate, burst: u64) -> Option<ReservingBucket> {
        Pacer::new(rate, burst.checked_sub(1)?).map(ReservingBucket)
    }
}

impl Machine for ReservingBucket {
    type State = <Pacer as Algorithm>::State;

    fn fresh(&self) -> Self::State {
        self.0.fresh(Instant(0))
    }

    fn turn(&self, state: &mut Self::State, ask: &Ask) -> Turn {
        let turn = match self.0.test(state, ask.now, 1) {
            Verdict::Admit => Turn::Now,
            Verdict::Delay(wait) => ask.turn_at(ask.now.after(wait)),
            Verdict::Reject { .. } => Turn::TooLate,
        };
        if turn != Turn::TooLate {
            self.0.admit(state, ask.now, 1);
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{SECOND, Span};

    #[test]
    fn a_burst_leaves_at_once_and_the_rest_at_the_rate() {
        // client-go's default: 5 a second, and 10 at once.
        let bucket = ReservingBucket::new("5/s".parse().unwrap(), 10).unwrap();
        let mut state = bucket.fresh();
        let at = Instant(SECOND);
        let turns: Vec<Turn> = (0..12).map(|_| bucket.turn(&mut state, &Ask::at(at))).collect();
        assert_eq!(turns[..10], [Turn::Now; 10]);
        let after = |ms| Turn::At(at.after(Span::millis(ms)));
        assert_eq!(turns[10..], [after(200), after(400)]);
        // Who would be gone by then takes no token from others.
        let hasty = Ask { deadline: at.after(Span::millis(599)), ..Ask::at(at) };
        assert_eq!(bucket.turn(&mut state, &hasty), Turn::TooLate);
        assert_eq!(bucket.turn(&mut state, &Ask::at(at)), after(600));
        // What was reserved is paid back before any is saved.
        let later = at.after(Span::seconds(1));
        assert_eq!(bucket.turn(&mut state, &Ask::at(later)), Turn::Now);
        assert_eq!(bucket.turn(&mut state, &Ask::at(later)), Turn::Now);
        assert_eq!(
            bucket.turn(&mut state, &Ask::at(later)),
            Turn::At(later.after(Span::millis(200)))
        );
        assert!(ReservingBucket::new("5/s".parse().unwrap(), 0).is_none());
    }
}
