//! What is random about a wait, from one draw a retry.

use crate::rng;
use crate::time::Span;

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
    /// Plus that share of what the wait has beyond whole seconds: what tower's
    /// arithmetic leaves of a jitter.
    AddSubsecond {
        /// At most this share.
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
            Jitter::AddSubsecond { share } => {
                let rest = Span(wait.0 % crate::time::SECOND);
                wait.plus(Span::from_secs_f64(rest.as_secs_f64() * share * rng::unit(bits)))
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
    fn tower_moves_only_what_is_beyond_whole_seconds() {
        let [least, _, most] = ends(Jitter::AddSubsecond { share: 0.99 }, Span::millis(1_600));
        assert!((least - 1.6).abs() < 1e-9 && (most - 2.194).abs() < 1e-9);
    }
}
