//! tokio's timer, which wakes at whole milliseconds since its runtime started.

use crate::time::{Instant, Span};

const TICK: u64 = 1_000_000;

/// When a sleep until `deadline` is over, in a runtime that started at `start`.
pub(super) const fn fires(deadline: Instant, start: Instant) -> Instant {
    start.after(rounded(deadline.since(start)))
}

/// A time rounded up to whole milliseconds.
pub(super) const fn rounded(span: Span) -> Span {
    Span(span.0.div_ceil(TICK).saturating_mul(TICK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_wakes_at_whole_milliseconds_from_its_start() {
        let start = Instant(300_000);
        assert_eq!(fires(Instant(2_300_000), start), Instant(2_300_000));
        assert_eq!(fires(Instant(2_300_001), start), Instant(3_300_000));
        assert_eq!(fires(Instant(0), start), start);
    }
}
