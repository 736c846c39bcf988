//! What is random about a wait, from one draw a retry.

use crate::rng;
use crate::time::{SECOND, Span};

/// How a draw moves a wait; AWS's names, "Exponential Backoff and Jitter" (2015).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Jitter {
    /// Nothing is random.
    None,
    /// Times `low + (high - low) u`: full jitter is 0 to 1, equal 0.5 to 1. Where
    /// `high` is the smaller, the smallest draw makes the longest wait.
    Multiply {
        /// For the smallest draw.
        low: f64,
        /// Towards the largest.
        high: f64,
    },
    /// Plus uniform in `[low, high)`.
    Add(Span, Span),
    /// Plus `(span * u)^exponent`, in seconds.
    AddPower(Span, u32),
    /// Uniform between this and the wait.
    From(Span),
    /// A whole multiple of this, evenly from 0 to the wait: `randrange(wait + 1)`.
    Whole(Span),
    /// Uniform from `wait * (1 - share) - span` to `wait * (1 + share) + span + over`,
    /// which no wait reaches: cenkalti's and resilience4j's, whose integers have
    /// both ends, and so reach one unit `over` the end.
    Around {
        /// Of the wait, to both sides.
        share: f64,
        /// To both sides too.
        span: Span,
        /// Beyond the longer end.
        over: Span,
    },
    /// Less 0 to `n - 1` per cent of the wait, or plus `n / 2` to `n - 1`, in whole
    /// per cents, halved: the crate exponential-backoff, whose draw from twice
    /// `n` is taken off as it is and added as its half.
    Percent(u32),
    /// Plus that share of the wait, of which the whole seconds are cut to whole
    /// seconds by themselves: tower's arithmetic.
    AddSubsecond {
        /// Less than this share.
        share: f64,
    },
}

impl Jitter {
    /// Uniform between nothing and the whole wait.
    pub const FULL: Jitter = Jitter::Multiply { low: 0.0, high: 1.0 };

    /// The same, for a client that cuts the wait to a whole multiple of `unit`:
    /// its arithmetic is on the wait in that unit, so that what is just below a
    /// multiple never becomes one on the way.
    #[must_use]
    pub fn apply_cut(&self, wait: Span, bits: u64, unit: Span) -> Span {
        let Jitter::Multiply { low, high } = *self else {
            return self.apply(wait, bits).floored(unit);
        };
        let units = wait.as_secs_f64() / unit.as_secs_f64();
        let moved = libm::floor(units * (low + (high - low) * rng::unit(bits)));
        Span::from_secs_f64(moved * unit.as_secs_f64())
    }

    /// The wait as these 64 uniform bits move it.
    #[must_use]
    pub fn apply(&self, wait: Span, bits: u64) -> Span {
        match *self {
            Jitter::None => wait,
            Jitter::Multiply { low, high } => {
                Span::from_secs_f64(wait.as_secs_f64() * (low + (high - low) * rng::unit(bits)))
            }
            Jitter::Add(low, high) => {
                let width = high.as_secs_f64() - low.as_secs_f64();
                wait.plus(low).plus(Span::from_secs_f64(width * rng::unit(bits)))
            }
            Jitter::AddPower(span, exponent) => {
                let part = span.as_secs_f64() * rng::unit(bits);
                let added = (0..exponent).fold(1.0, |product, _| product * part);
                wait.plus(Span::from_secs_f64(added))
            }
            Jitter::From(least) => {
                let width = wait.as_secs_f64() - least.as_secs_f64();
                Span::from_secs_f64(least.as_secs_f64() + width * rng::unit(bits))
            }
            Jitter::Whole(unit) => {
                let values = (wait.0 / unit.0.max(1)).saturating_add(1);
                // The draw's share of the values, in exact integers.
                let share = (u128::from(bits) * u128::from(values)) >> 64;
                unit.times(u64::try_from(share).expect("a share is below the whole"))
            }
            Jitter::Around { share, span, over } => {
                let aside = wait.as_secs_f64() * share + span.as_secs_f64();
                let width = 2.0 * aside + over.as_secs_f64();
                let moved = wait.as_secs_f64() - aside + width * rng::unit(bits);
                Span::from_secs_f64(moved)
            }
            Jitter::Percent(most) => {
                let draw = (u128::from(bits) * u128::from(2 * most)) >> 64;
                let draw = u64::try_from(draw).expect("a share is below the whole");
                let percent =
                    if draw < u64::from(most) { 100 - draw.min(100) } else { 100 + draw / 2 };
                Span(wait.times(percent).0 / 100)
            }
            Jitter::AddSubsecond { share } => {
                let share = share * rng::unit(bits);
                let (whole, rest) = (wait.0 / SECOND, wait.0 % SECOND);
                let whole = Span::from_secs_f64(libm::trunc(whole as f64 * share));
                wait.plus(whole).plus(Span::from_secs_f64(Span(rest).as_secs_f64() * share))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(jitter: Jitter, wait: Span) -> [f64; 3] {
        [0, 1 << 63, u64::MAX].map(|bits| jitter.apply(wait, bits).as_secs_f64())
    }

    #[test]
    fn the_ends_of_a_draw_are_the_ends_of_the_wait() {
        let (wait, second) = (Span::seconds(4), Span::seconds(1));
        for (jitter, expected) in [
            (Jitter::None, [4.0, 4.0, 4.0]),
            (Jitter::FULL, [0.0, 2.0, 4.0]),
            (Jitter::Multiply { low: 1.0, high: 0.75 }, [4.0, 3.5, 3.0]),
            (Jitter::Add(Span::ZERO, second), [4.0, 4.5, 5.0]),
            (Jitter::AddPower(Span::seconds(2), 2), [4.0, 5.0, 8.0]),
            (Jitter::From(second), [1.0, 2.5, 4.0]),
            (Jitter::Whole(second), [0.0, 2.0, 4.0]),
        ] {
            for (wait, expected) in ends(jitter, wait).iter().zip(expected) {
                assert!((wait - expected).abs() < 1e-9, "{jitter:?}: {wait} for {expected}");
            }
        }
    }

    /// `Math.floor(Math.random() * 1000)` is never 1000.
    #[test]
    fn a_wait_that_is_cut_never_reaches_the_end_of_its_draw() {
        let milli = Span::millis(1);
        // 1 - 1e-12, which is 1 s to the nanosecond.
        let bits = u64::MAX - 18_446_745;
        let second = Span::seconds(1);
        assert_eq!(Jitter::FULL.apply(second, bits).floored(milli), second);
        assert_eq!(Jitter::FULL.apply_cut(second, bits, milli), Span::millis(999));
        let middle = Jitter::FULL.apply_cut(Span::millis(25), 1 << 63, milli);
        assert_eq!(middle, Span::millis(12));
    }

    #[test]
    fn tower_cuts_the_seconds_of_a_jitter_by_themselves() {
        for (wait, expected) in [(800, 1.592), (1_600, 2.194), (3_200, 5.398), (6_400, 11.796)] {
            let [least, _, most] = ends(Jitter::AddSubsecond { share: 0.99 }, Span::millis(wait));
            assert!((least - wait as f64 / 1e3).abs() < 1e-9, "{least}");
            assert!((most - expected).abs() < 1e-9, "{most}");
        }
    }

    #[test]
    fn around_reaches_over_the_longer_end() {
        let wait = Span::millis(500);
        let near = |share, span, over, expected: [f64; 3]| {
            let ends = ends(Jitter::Around { share, span, over }, wait);
            let close = ends.iter().zip(expected).all(|(end, e)| (end - e).abs() < 1e-9);
            assert!(close, "{ends:?} for {expected:?}");
        };
        let none = Span::ZERO;
        near(0.5, none, none, [0.25, 0.5, 0.75]);
        near(0.5, none, Span::millis(1), [0.25, 0.5005, 0.751]);
        near(0.0, Span::millis(100), none, [0.4, 0.5, 0.6]);
        let [least, _, _] =
            ends(Jitter::Around { share: 0.0, span: Span::seconds(1), over: none }, wait);
        assert!(least < 1e-9, "none is below nothing");
    }

    /// Draws of 0 to 29 are taken off, those of 30 to 59 added as 15 to 29.
    #[test]
    fn the_per_cents_of_exponential_backoff_have_a_gap() {
        let percent = |draw: u64| {
            let bits = (u64::MAX / 60).saturating_mul(draw) + u64::MAX / 120;
            Jitter::Percent(30).apply(Span::seconds(100), bits).ceil_seconds()
        };
        let expected = [(0, 100), (1, 99), (29, 71), (30, 115), (31, 115), (32, 116), (59, 129)];
        assert_eq!(expected.map(|(draw, _)| (draw, percent(draw))), expected);
        assert_eq!(Jitter::Percent(0).apply(Span::seconds(7), 9), Span::seconds(7));
    }
}
