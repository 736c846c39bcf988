//! A clock of milliseconds since the epoch: JavaScript's `Date.now()`, and Redis.

use crate::time::{Instant, Span};

const MILLI: u64 = 1_000_000;

/// From `now` until a clock of milliseconds shows `millis`, to the nanosecond.
pub(super) const fn until(millis: u64, now: Instant) -> Span {
    Span(millis.saturating_mul(MILLI).saturating_sub(now.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_cut_off_and_what_is_left_is_exact() {
        assert_eq!(Instant(1_999_999).epoch_millis(), 1);
        assert_eq!(until(2, Instant(1_999_999)), Span(1));
        assert_eq!(until(1, Instant(1_999_999)), Span::ZERO);
    }
}
