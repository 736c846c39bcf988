//! A run over time: counts in bins of a round width.

use crate::time::{Instant, SECOND, Span};

/// The most bins.
pub const BINS_MAX: u64 = 2_000;

/// What happened in one bin.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Bin {
    /// Calls that were meant to start.
    pub offered: u32,
    /// Attempts that the limits admitted.
    pub admitted: u32,
    /// Attempts that a limit refused.
    pub rejected: u32,
    /// Attempts that failed before a decision.
    pub failed: u32,
    /// Calls served.
    pub served: u32,
}

/// The shortest of `least` nanoseconds, five times it, twice that and so on as
/// clocks have it, at most `parts` of which make the whole.
pub(super) fn round_width(whole: Span, least: u64, parts: u64) -> Span {
    let whole = whole.0.max(1);
    let mut width = least;
    let mut steps = [5, 2, 2, 5, 2, 3, 2, 5, 2, 3, 2].iter().cycle();
    while whole.div_ceil(width) > parts {
        width = width.saturating_mul(*steps.next().expect("the steps go round"));
    }
    Span(width)
}

/// Counts over time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Series {
    start: Instant,
    width: Span,
    bins: Vec<Bin>,
    /// The bin that was asked for last, and where it begins: the next instant
    /// is nearly always in it.
    current: usize,
    from: Instant,
}

impl Series {
    /// Bins from `start` to `end`: the shortest round width of at least a
    /// tenth of a second that needs at most `BINS_MAX` of them.
    #[must_use]
    pub fn new(start: Instant, end: Instant) -> Series {
        let width = round_width(end.since(start), SECOND / 10, BINS_MAX);
        Series { start, width, bins: vec![Bin::default()], current: 0, from: start }
    }

    /// The width of a bin.
    #[must_use]
    pub fn width(&self) -> Span {
        self.width
    }

    /// The bins up to the last in which something happened.
    #[must_use]
    pub fn bins(&self) -> &[Bin] {
        if self.bins == [Bin::default()] { &[] } else { &self.bins }
    }

    /// The same counts, whatever was asked for last.
    #[must_use]
    pub fn at_rest(&self) -> Series {
        Series { current: 0, from: self.start, bins: self.bins.clone(), ..*self }
    }

    /// The bin of an instant.
    #[inline]
    pub fn at(&mut self, now: Instant) -> &mut Bin {
        // Before `from` the difference wraps round and is large too.
        if now.0.wrapping_sub(self.from.0) >= self.width.0 {
            self.turn_to(now);
        }
        &mut self.bins[self.current]
    }

    /// Adds what happened in another part of the same run.
    pub(super) fn merge(&mut self, other: &Series) {
        let bins = self.bins.len().max(other.bins.len());
        self.bins.resize(bins, Bin::default());
        for (sum, more) in self.bins.iter_mut().zip(&other.bins) {
            sum.offered += more.offered;
            sum.admitted += more.admitted;
            sum.rejected += more.rejected;
            sum.failed += more.failed;
            sum.served += more.served;
        }
    }

    #[cold]
    fn turn_to(&mut self, now: Instant) {
        let index = now.since(self.start).0 / self.width.0;
        self.from = self.start.after(self.width.times(index));
        self.current = usize::try_from(index).expect("a run is shorter than the clock");
        if self.current >= self.bins.len() {
            self.bins.resize(self.current + 1, Bin::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_round_and_few() {
        let width = |seconds| Series::new(Instant(0), Instant(seconds * SECOND)).width();
        assert_eq!(width(100), Span::millis(100));
        assert_eq!(width(900), Span::millis(500));
        assert_eq!(width(1_500), Span::seconds(1));
        assert_eq!(width(18_600), Span::seconds(10));
        assert!(86_400 * 365 / width(86_400 * 365).ceil_seconds() <= BINS_MAX);
    }
}
