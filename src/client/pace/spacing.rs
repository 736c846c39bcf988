//! Spacing: a gap between any two attempts.
//!
//! # Formula
//!
//! `turn = max(next, now)`, then `next = turn + gap`. Turns are reserved in the
//! order in which they are asked for.
//!
//! # Source
//!
//! The definition; `minTime` of bottleneck 2.19.5 does the same.

use super::machine::{Ask, Machine, Turn};
use crate::time::{Instant, Rate, Span};

/// Attempts are at least `gap` apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spacing {
    /// Between two attempts.
    pub gap: Span,
}

impl Spacing {
    /// The gap that keeps to a rate, rounded up to the nanosecond.
    #[must_use]
    pub const fn of(rate: Rate) -> Spacing {
        Spacing { gap: Span(rate.period.0.div_ceil(rate.count)) }
    }
}

impl Machine for Spacing {
    /// When the next may leave.
    type State = Instant;

    fn fresh(&self) -> Instant {
        Instant(0)
    }

    fn turn(&self, next: &mut Instant, ask: &Ask) -> Turn {
        let at = (*next).max(ask.now);
        let turn = ask.turn_at(at);
        if turn != Turn::TooLate {
            *next = at.after(self.gap);
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    #[test]
    fn turns_are_a_gap_apart_and_who_would_be_late_takes_none() {
        let spacing = Spacing::of("3/s".parse().unwrap());
        let mut next = spacing.fresh();
        let at = Instant(SECOND);
        let third = at.after(Span(333_333_334));
        assert_eq!(spacing.turn(&mut next, &Ask::at(at)), Turn::Now);
        let hasty = Ask { deadline: Instant(third.0 - 1), ..Ask::at(at) };
        assert_eq!(spacing.turn(&mut next, &hasty), Turn::TooLate);
        assert_eq!(spacing.turn(&mut next, &Ask::at(at)), Turn::At(third));
        assert_eq!(next, third.after(spacing.gap));
    }
}
