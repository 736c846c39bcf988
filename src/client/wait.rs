//! A wait before a retry: schedule, jitter, and what bounds them after that.
//!
//! A schedule's own cap holds before jitter, `longest` after it: the order
//! decides whether a client at its cap still spreads (or exceeds it), or is
//! in step with all others.

use super::{Jitter, Schedule};
use crate::rng::{Key, Purpose};
use crate::time::Span;

/// The random draws of one retry.
#[derive(Clone, Copy, Debug)]
pub enum Draw {
    /// Those of a key: the call's, or its client's where calls replay them.
    Of(Key, u64),
    /// All alike, to see the ends of a wait.
    Fixed(u64),
}

impl Draw {
    /// 64 uniform bits for `purpose`.
    #[must_use]
    #[inline]
    pub fn bits(self, purpose: Purpose) -> u64 {
        match self {
            Draw::Of(key, index) => key.draw(purpose, index),
            Draw::Fixed(bits) => bits,
        }
    }
}

/// The wait before a retry.
#[derive(Clone, PartialEq, Debug)]
pub struct Wait {
    /// Before jitter.
    pub schedule: Schedule,
    /// What is random about it.
    pub jitter: Jitter,
    /// Never shorter, jitter or not.
    pub shortest: Span,
    /// Never longer.
    pub longest: Span,
    /// In the end it is cut to a whole multiple of this; zero: it is not.
    pub rounding: Span,
    /// Before `longest` it goes to the nearest whole multiple of this, the later one
    /// from the middle; zero: it does not.
    pub nearest: Span,
}

impl Wait {
    /// None at all.
    pub const ZERO: Wait = Wait::plain(Schedule::Zero, Jitter::None);

    /// A schedule and a jitter without bounds.
    #[must_use]
    pub const fn plain(schedule: Schedule, jitter: Jitter) -> Wait {
        let (shortest, longest) = (Span::ZERO, Span::NEVER);
        let (rounding, nearest) = (Span::ZERO, Span::ZERO);
        Wait { schedule, jitter, shortest, longest, rounding, nearest }
    }

    /// Before jitter.
    pub fn scheduled(&self, retry: u32, draw: Draw, carried: &mut f64) -> Span {
        let bits = if self.schedule.draws() { draw.bits(Purpose::Schedule) } else { 0 };
        self.schedule.wait(retry, bits, carried)
    }

    /// The schedule's own wait before that retry, jittered and bounded.
    #[must_use]
    pub fn settled(&self, retry: u32, wait: Span, draw: Draw) -> Span {
        if self.schedule.is_plain(retry) { wait } else { self.jittered(wait, draw) }
    }

    /// A wait, the schedule's or one that it was combined with, jittered and
    /// bounded.
    #[must_use]
    pub fn jittered(&self, wait: Span, draw: Draw) -> Span {
        let wait = match self.jitter {
            Jitter::None => wait,
            jitter if self.rounding > Span::ZERO => {
                jitter.apply_cut(wait, draw.bits(Purpose::Jitter), self.rounding)
            }
            jitter => jitter.apply(wait, draw.bits(Purpose::Jitter)),
        };
        let wait = wait.plus(Span(self.nearest.0 / 2)).floored(self.nearest);
        wait.max(self.shortest).min(self.longest).floored(self.rounding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::schedule::Exponential;

    /// As recorded of urllib3 with `backoff_factor=1, backoff_jitter=1.0`.
    #[test]
    fn a_first_retry_at_once_has_no_jitter() {
        let (first, second) = (Some(Span::ZERO), Span::seconds(1));
        let doubling = Exponential { first, ..Exponential::doubling(second, Span::NEVER) };
        let jitter = Jitter::Add(Span::ZERO, second);
        let wait = Wait::plain(Schedule::Exponential(doubling), jitter);
        let draw = Draw::Fixed(1 << 63);
        let settled = |retry| wait.settled(retry, wait.scheduled(retry, draw, &mut 0.0), draw);
        assert_eq!([1, 2, 3].map(settled), [0, 2_500, 4_500].map(Span::millis));
    }

    /// backon exceeds its own maximum, p-retry is in step at it.
    #[test]
    fn the_order_of_cap_and_jitter_decides_what_happens_at_the_cap() {
        let jitter = Jitter::Multiply { low: 1.0, high: 2.0 };
        let schedule = |cap| Schedule::Exponential(Exponential::doubling(Span::seconds(1), cap));
        let before = Wait::plain(schedule(Span::seconds(60)), jitter);
        let after =
            Wait { longest: Span::seconds(60), ..Wait::plain(schedule(Span::NEVER), jitter) };
        let tenth = |wait: &Wait, bits| {
            let draw = Draw::Fixed(bits);
            wait.jittered(wait.scheduled(10, draw, &mut 0.0), draw).ceil_seconds()
        };
        assert_eq!((tenth(&before, 0), tenth(&before, u64::MAX)), (60, 120));
        assert_eq!((tenth(&after, 0), tenth(&after, u64::MAX)), (60, 60));
    }

    /// JavaScript's `Math.round`, in `retry` and `p-retry`: 5062.5 ms are 5063.
    #[test]
    fn a_wait_goes_to_the_nearest_multiple_and_from_the_middle_up() {
        let wait = Wait { nearest: Span::millis(1), ..Wait::plain(Schedule::Zero, Jitter::None) };
        let rounded = |us: u64| wait.jittered(Span(us * 1_000), Draw::Fixed(0));
        assert_eq!(rounded(5_062_500), Span::millis(5_063));
        assert_eq!(rounded(5_062_499), Span::millis(5_062));
        let exact = Wait { nearest: Span::ZERO, ..wait };
        assert_eq!(exact.jittered(Span(5_062_500), Draw::Fixed(0)), Span(5_062_500));
    }
}
