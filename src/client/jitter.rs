//! What is random about a wait, from one draw a retry.

use crate::rng;
use crate::time::Span;

/// How a draw moves a wait; AWS's names, "Exponential Backoff and Jitter" (2015).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Jitter {
    /// Nothing is random.
    None,
    /// Uniform in `[low, high)` times the wait: full jitter is 0 to 1, equal 0.5 to 1.
    Multiply {
        /// At least.
        low: f64,
        /// Less than.
        high: f64,
    },
    /// Plus uniform in `[0, span)`.
    Add(Span),
}

impl Jitter {
    /// Uniform between nothing and the whole wait.
    pub const FULL: Jitter = Jitter::Multiply { low: 0.0, high: 1.0 };

    /// The wait as these 64 uniform bits move it.
    #[must_use]
    pub fn apply(&self, wait: Span, bits: u64) -> Span {
        match *self {
            Jitter::None => wait,
            Jitter::Multiply { low, high } => {
                Span::from_secs_f64(wait.as_secs_f64() * (low + (high - low) * rng::unit(bits)))
            }
            Jitter::Add(span) => {
                wait.plus(Span::from_secs_f64(span.as_secs_f64() * rng::unit(bits)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_draw_are_the_ends_of_the_wait() {
        let wait = Span::seconds(4);
        assert!(Jitter::FULL.apply(wait, 0) < Span::millis(1));
        assert!(Jitter::FULL.apply(wait, u64::MAX) > Span::millis(3_999));
        assert_eq!(Jitter::Add(Span::seconds(1)).apply(wait, 1 << 63).ceil_seconds(), 5);
        assert_eq!(Jitter::None.apply(wait, 77), wait);
    }
}
