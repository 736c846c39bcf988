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
    /// The bin of the present, which lies here until it is over, and its index.
    present: Bin,
    index: usize,
}

impl Series {
    /// Bins from `start` to `end`: the shortest round width of at least a
    /// tenth of a second that needs at most `BINS_MAX` of them.
    #[must_use]
    pub fn new(start: Instant, end: Instant) -> Series {
        let width = round_width(end.since(start), SECOND / 10, BINS_MAX);
        Series { start, width, bins: vec![], present: Bin::default(), index: 0 }
    }

    /// The width of a bin.
    #[must_use]
    pub fn width(&self) -> Span {
        self.width
    }

    /// The bins up to the last in which something happened, as they are when
    /// the counts are [at rest](Series::at_rest).
    #[must_use]
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// The counts when nothing more will come: all are in their bins.
    #[must_use]
    pub fn at_rest(&self) -> Series {
        let mut rest = self.clone();
        rest.lay_down();
        rest.index = 0;
        rest
    }

    /// The bin of the present.
    #[inline]
    pub(super) fn present(&mut self) -> &mut Bin {
        &mut self.present
    }

    /// The bin of an instant becomes the present one; when it is over.
    pub(super) fn turn_to(&mut self, now: Instant) -> Instant {
        self.lay_down();
        let index = now.since(self.start).0 / self.width.0;
        self.index = usize::try_from(index).expect("a run is shorter than the clock");
        if let Some(bin) = self.bins.get_mut(self.index) {
            self.present = std::mem::take(bin);
        }
        self.start.after(self.width.times(index + 1))
    }

    /// What was counted in the present bin is put in its place.
    fn lay_down(&mut self) {
        let present = std::mem::take(&mut self.present);
        if present == Bin::default() {
            return;
        }
        if self.index >= self.bins.len() {
            self.bins.resize(self.index + 1, Bin::default());
        }
        self.bins[self.index] = present;
    }

    /// Adds what happened in another part of the same run.
    pub(super) fn merge(&mut self, other: &Series) {
        self.lay_down();
        let other = other.at_rest();
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
