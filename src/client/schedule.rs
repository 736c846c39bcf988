//! The wait before each retry, before jitter.

use crate::time::Span;

/// The wait before retry i, where the first retry is i = 1.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Schedule {
    /// At once.
    Zero,
    /// Always the same.
    Fixed(Span),
    /// `min(cap, base * factor^(i-1))`.
    Exponential {
        /// The first wait.
        base: Span,
        /// What each wait is multiplied by.
        factor: f64,
        /// The longest wait.
        cap: Span,
    },
}

impl Schedule {
    /// The wait before retry number `retry`, from 1.
    #[must_use]
    pub fn wait(&self, retry: u32) -> Span {
        match *self {
            Schedule::Zero => Span::ZERO,
            Schedule::Fixed(span) => span,
            Schedule::Exponential { base, factor, cap } => {
                let mut seconds = base.as_secs_f64();
                for _ in 1..retry.min(1_000) {
                    seconds *= factor;
                    if seconds >= cap.as_secs_f64() {
                        return cap;
                    }
                }
                Span::from_secs_f64(seconds).min(cap)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_doubles_up_to_its_cap() {
        let schedule =
            Schedule::Exponential { base: Span::seconds(1), factor: 2.0, cap: Span::seconds(60) };
        let waits: Vec<u64> = (1..=8).map(|i| schedule.wait(i).ceil_seconds()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(schedule.wait(u32::MAX), Span::seconds(60));
        assert_eq!(Schedule::Fixed(Span::seconds(1)).wait(9), Span::seconds(1));
    }
}
