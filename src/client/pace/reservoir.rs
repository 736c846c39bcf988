//! Reservoir: so many attempts, and a heartbeat that fills it up at once.
//!
//! # Formula
//!
//! The heartbeat beats every `tick` from the first attempt on. A beat at which
//! `every` has passed since the last filling, or since the first attempt, fills
//! the reservoir up to `amount`. So it is filled every
//! `ceil(every / tick) * tick`, and all who wait leave in that instant.
//!
//! # Source
//!
//! bottleneck 2.19.5, `LocalDatastore`: `reservoir`, `reservoirRefreshAmount`,
//! `reservoirRefreshInterval`, and its `heartbeatInterval` of 250 ms. There the
//! clock of the beat and the clock that is compared are two, so a beat at just
//! `every` may find that a millisecond is missing and leave it to the next one:
//! in the recording with a `minTime` it did, in all reruns of ours it did not.
//! Here it fills.

use super::machine::{Ask, Machine, Turn};
use crate::time::{Instant, Length, Span};

/// So many attempts between two fillings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reservoir {
    amount: u32,
    /// Between two fillings.
    period: Span,
}

impl Reservoir {
    /// `amount` is at least one.
    #[must_use]
    pub const fn new(amount: u32, every: Length, tick: Length) -> Reservoir {
        Reservoir { amount, period: tick.span().times(every.ns().div_ceil(tick.ns())) }
    }
}

/// The fillings that attempts were told of.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    /// When the last of them is; never where there was no attempt yet.
    at: Instant,
    /// How many attempts it has.
    used: u32,
}

impl Machine for Reservoir {
    type State = Filled;

    fn fresh(&self) -> Filled {
        Filled { at: Instant::NEVER, used: 0 }
    }

    fn turn(&self, state: &mut Filled, ask: &Ask) -> Turn {
        let mut filled = *state;
        if filled.at == Instant::NEVER {
            filled.at = ask.now;
        }
        let beats = ask.now.since(filled.at).0 / self.period.0;
        if beats > 0 {
            filled = Filled { at: filled.at.after(self.period.times(beats)), used: 0 };
        }
        if filled.used == self.amount {
            filled = Filled { at: filled.at.after(self.period), used: 0 };
        }
        let turn = ask.turn_at(filled.at.max(ask.now));
        if turn != Turn::TooLate {
            *state = Filled { used: filled.used + 1, ..filled };
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::super::spacing::Spacing;
    use super::*;
    use crate::time::SECOND;

    /// When `jobs` that come at once leave, in milliseconds.
    fn leave(reservoir: Reservoir, spacing: Spacing, jobs: usize) -> Vec<u64> {
        let (mut state, mut next) = (reservoir.fresh(), spacing.fresh());
        let start = Instant(7 * SECOND);
        let one_by_one = |_| {
            let at = match reservoir.turn(&mut state, &Ask::at(start)) {
                Turn::At(at) => at,
                _ => start,
            };
            match spacing.turn(&mut next, &Ask::at(at)) {
                Turn::At(at) => at.since(start).0 / 1_000_000,
                _ => at.since(start).0 / 1_000_000,
            }
        };
        (0..jobs).map(one_by_one).collect()
    }

    fn of(amount: u32, every: u64, tick: u64) -> Reservoir {
        let length = |ms| Length::try_from(Span::millis(ms)).unwrap();
        Reservoir::new(amount, length(every), length(tick))
    }

    const NO_GAP: Spacing = Spacing { gap: Span::ZERO };
    const MIN_TIME: Spacing = Spacing { gap: Span::millis(200) };

    /// The three timelines that were recorded from bottleneck 2.19.5; they have
    /// up to 20 ms of a real machine in them.
    #[test]
    fn bottleneck_leaves_when_it_was_seen_to() {
        let all_at_once = [0, 0, 0, 0, 0, 1000, 1000, 1000, 1000, 1000, 2000, 2000];
        assert_eq!(leave(of(5, 1000, 250), NO_GAP, 12), all_at_once);
        let in_steps: Vec<u64> = (0..10).map(|n| n * 100).collect();
        let plenty = of(100, 1000, 250);
        assert_eq!(leave(plenty, Spacing { gap: Span::millis(100) }, 10), in_steps);
        // There the beat at 1 s came a millisecond early, by the other clock.
        let late = [0, 200, 400, 600, 800, 1250, 1450, 1650];
        assert_eq!(leave(of(5, 1001, 250), MIN_TIME, 8), late);
        let punctual = [0, 200, 400, 600, 800, 1000, 1200, 1400];
        assert_eq!(leave(of(5, 1000, 250), MIN_TIME, 8), punctual);
    }

    #[test]
    fn what_was_not_used_is_not_saved() {
        let reservoir = of(2, 900, 250);
        let mut state = reservoir.fresh();
        let mut turn = |ms: u64| reservoir.turn(&mut state, &Ask::at(Instant(ms * 1_000_000)));
        assert_eq!([turn(100), turn(5_150)], [Turn::Now; 2]);
        // Filled at 100 ms and every second after, because 900 is no multiple of 250.
        assert_eq!([turn(5_150), turn(5_150)], [Turn::Now, Turn::At(Instant(6_100_000_000))]);
    }

    #[test]
    fn who_would_be_late_takes_none() {
        let reservoir = of(1, 1000, 250);
        let mut state = reservoir.fresh();
        let now = Instant(SECOND);
        let hasty = Ask { deadline: Instant(2 * SECOND - 1), ..Ask::at(now) };
        assert_eq!(reservoir.turn(&mut state, &hasty), Turn::Now);
        assert_eq!(reservoir.turn(&mut state, &hasty), Turn::TooLate);
        assert_eq!(reservoir.turn(&mut state, &Ask::at(now)), Turn::At(Instant(2 * SECOND)));
    }
}
