//! The most attempts in any second of the clock.

use crate::time::{Instant, SECOND};

/// Attempts by the second; the instants come in order.
#[derive(Clone, Default, Debug)]
pub(super) struct Peak {
    /// When the present second is over.
    edge: Instant,
    now: u64,
    /// In any second before.
    most: u64,
    /// The seconds before, each by its end, with what was sent in it: kept
    /// where other parts of the run have attempts in the same seconds.
    before: Option<Vec<(Instant, u64)>>,
}

impl Peak {
    /// Nothing sent yet in a part of a run.
    pub(super) fn of_part() -> Peak {
        Peak { before: Some(vec![]), ..Peak::default() }
    }

    /// An attempt is sent in the present second.
    #[inline]
    pub(super) fn count(&mut self) {
        self.now += 1;
    }

    /// An instant is here: its second becomes the present one; when that is over.
    pub(super) fn turn_to(&mut self, now: Instant) -> Instant {
        if now >= self.edge {
            self.turn(Instant((now.0 / SECOND + 1).saturating_mul(SECOND)));
        }
        self.edge
    }

    /// The present second is over, the next ends at `edge`.
    fn turn(&mut self, edge: Instant) {
        if let Some(before) = self.before.as_mut().filter(|_| self.now > 0) {
            before.push((self.edge, self.now));
        }
        self.most = self.most();
        (self.edge, self.now) = (edge, 0);
    }

    /// The most in any second.
    pub(super) fn most(&self) -> u64 {
        self.most.max(self.now)
    }

    /// Adds what another part of the run sent.
    pub(super) fn merge(&mut self, mut other: Peak) {
        self.turn(Instant(0));
        other.turn(Instant(0));
        let (ours, theirs) = (self.before.take().unwrap_or_default(), other.before);
        let mut ours = ours.into_iter().peekable();
        let mut both = vec![];
        for (edge, count) in theirs.unwrap_or_default() {
            while let Some(one) = ours.next_if(|(ours, _)| *ours < edge) {
                both.push(one);
            }
            let same = ours.next_if(|(ours, _)| *ours == edge);
            both.push((edge, count + same.map_or(0, |(_, count)| count)));
        }
        both.extend(ours);
        self.most = both.iter().map(|(_, count)| *count).max().unwrap_or(0);
        self.before = Some(both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;
    use proptest::prelude::*;

    fn peak(mut peak: Peak, millis: &[u64]) -> Peak {
        for ms in millis {
            peak.turn_to(Instant(0).after(Span::millis(*ms)));
            peak.count();
        }
        peak
    }

    proptest! {
        #[test]
        fn parts_together_are_the_whole(
            mut ones in prop::collection::vec(0_u64..9_000, 0..40),
            mut others in prop::collection::vec(0_u64..9_000, 0..40),
        ) {
            let mut all = [&ones[..], &others].concat();
            for list in [&mut ones, &mut others, &mut all] {
                list.sort_unstable();
            }
            let mut sum = Peak::of_part();
            sum.merge(peak(Peak::of_part(), &ones));
            sum.merge(peak(Peak::of_part(), &others));
            prop_assert_eq!(sum.most(), peak(Peak::default(), &all).most());
        }
    }
}
