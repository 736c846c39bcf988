//! A histogram of nanoseconds whose merge is exact.
//!
//! Values below 256 have a bucket each; above, every power of two is cut into
//! 128 buckets of equal width. A quantile is reported as the middle of its
//! bucket, which no value of the bucket misses by more than 1/256 of itself.
//! The counts are integers, so parts merge to the same histogram in any order.

use std::fmt;

/// Buckets in each power of two.
const PER_OCTAVE: usize = 128;

/// Octaves above the first, whose buckets are wider than one value.
const OCTAVES: u32 = 56;

/// All buckets: 128 for the values below 128, and 128 for each octave from there.
const BUCKETS: usize = PER_OCTAVE * (OCTAVES as usize + 2);

/// Counts of `u64` values (nanoseconds, as a rule) in fixed memory of 58 KiB.
///
/// `u64::MAX` means "never": an unserved call waits infinitely long. It counts
/// towards every quantile, but belongs to no bucket and is never the maximum.
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64]>,
    /// How many values are finite: the sum of `counts`.
    finite: u64,
    never: u64,
    /// The smallest finite value, `u64::MAX` while there is none.
    min: u64,
    /// The largest finite value, 0 while there is none.
    max: u64,
}

impl Histogram {
    /// An empty histogram; the only call that allocates.
    #[must_use]
    pub fn new() -> Histogram {
        let counts = vec![0; BUCKETS].into_boxed_slice();
        Histogram { counts, finite: 0, never: 0, min: u64::MAX, max: 0 }
    }

    /// Counts one value; `u64::MAX` is "never".
    #[inline]
    pub fn record(&mut self, value: u64) {
        if value == u64::MAX {
            self.never += 1;
            return;
        }
        self.counts[bucket_of(value)] += 1;
        self.finite += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds every value of `other`, exactly as if it had been recorded here.
    pub fn merge(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.finite += other.finite;
        self.never += other.never;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many values were recorded, "never" among them.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.finite + self.never
    }

    /// How many of the values were "never".
    #[must_use]
    pub fn never(&self) -> u64 {
        self.never
    }

    /// The smallest finite value, exactly; `None` when there is none.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (self.finite > 0).then_some(self.min)
    }

    /// The largest finite value, exactly; `None` when there is none.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.finite > 0).then_some(self.max)
    }

    /// The nearest-rank quantile over all values, "never" among them as the
    /// largest: the value of rank ⌈q n⌉, within 1/256 of itself.
    ///
    /// `Some(u64::MAX)` when that rank is "never", `None` when nothing was
    /// recorded. Exact below 256 and at the extremes.
    ///
    /// # Panics
    /// When `q` lies outside 0..=1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        assert!((0.0..=1.0).contains(&q), "{q} is not a share");
        if self.count() == 0 {
            return None;
        }
        let rank = nearest_rank(q, self.count());
        if rank > self.finite {
            return Some(u64::MAX);
        }
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let bucket = bucket.expect("the counts sum to the finite values, which the rank is among");
        let (lower, upper) = bounds(bucket);
        let middle = lower + (upper - lower).div_ceil(2);
        // An extreme that is known exactly beats the middle of its bucket.
        if rank == 1 {
            return Some(self.min);
        }
        if rank == self.finite {
            return Some(self.max);
        }
        Some(middle.clamp(self.min, self.max))
    }

    /// The steps of the cumulative distribution, in ascending order: for each
    /// bucket that holds a value, its largest value (of the last one, the
    /// maximum) and the exact number of values up to it.
    ///
    /// "Never" is no step: the last count falls short of [`Self::count`] by
    /// [`Self::never`].
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut seen = 0;
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(move |(bucket, count)| {
            seen += count;
            (bounds(bucket).1.min(self.max), seen)
        })
    }
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram::new()
    }
}

/// Prints the steps rather than thousands of empty buckets.
impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("never", &self.never)
            .field("min", &self.min())
            .field("max", &self.max())
            .field("cumulative", &self.cumulative().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The bucket of a value: its seven bits after the leading one, and its octave.
fn bucket_of(value: u64) -> usize {
    // The bit that is set here gives the values below 128 the width of one.
    let octave = OCTAVES - (value | PER_OCTAVE as u64).leading_zeros();
    // Below 256 once shifted, so no bits are lost on any platform.
    #[expect(clippy::cast_possible_truncation)]
    let within = (value >> octave) as usize;
    octave as usize * PER_OCTAVE + within
}

/// The smallest and the largest value of a bucket.
fn bounds(bucket: usize) -> (u64, u64) {
    // The first octave of width one holds two octaves of values, from 0 and 128.
    let octave = (bucket / PER_OCTAVE).saturating_sub(1);
    let lower = ((bucket - octave * PER_OCTAVE) as u64) << octave;
    (lower, lower + ((1 << octave) - 1))
}

/// ⌈q n⌉, at least 1, where a product within rounding of a whole number is that
/// number: 0.07 of 100 is rank 7, though the nearest double to 0.07 is above it.
fn nearest_rank(q: f64, n: u64) -> u64 {
    let product = q * n as f64;
    let whole = product.round();
    let rounding = 4.0 * f64::EPSILON * product;
    let rank = if (product - whole).abs() <= rounding { whole } else { product.ceil() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rank = rank as u64;
    rank.clamp(1, n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    /// Values of every size, small ones and "never" as often as large ones.
    fn any_value() -> impl Strategy<Value = u64> {
        prop_oneof![
            8 => (any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift),
            1 => Just(u64::MAX),
        ]
    }

    #[test]
    fn buckets_tile_all_values_in_order() {
        let mut next = 0;
        for bucket in 0..BUCKETS {
            let (lower, upper) = bounds(bucket);
            assert_eq!(lower, next, "bucket {bucket}");
            assert_eq!((bucket_of(lower), bucket_of(upper)), (bucket, bucket));
            next = upper.wrapping_add(1);
        }
        assert_eq!(next, 0, "the last bucket ends at u64::MAX");
    }

    #[test]
    fn no_bucket_is_wider_than_the_promise() {
        for bucket in 0..BUCKETS {
            let (lower, upper) = bounds(bucket);
            // A neighbour on each side keeps the extremes from answering.
            let mut histogram = of(&[0, lower, u64::MAX - 1]);
            let middle = histogram.quantile(0.5).unwrap();
            histogram.record(upper);
            for value in [u128::from(lower), u128::from(upper)] {
                let missed = value.abs_diff(u128::from(middle));
                assert!(missed * 256 <= value, "{value} came back as {middle}");
            }
        }
    }

    #[test]
    fn never_is_a_rank_but_no_value() {
        let histogram = of(&[10, u64::MAX, 30, u64::MAX]);
        assert_eq!((histogram.count(), histogram.never()), (4, 2));
        assert_eq!((histogram.min(), histogram.max()), (Some(10), Some(30)));
        assert_eq!(histogram.quantile(0.5), Some(30));
        assert_eq!(histogram.quantile(0.51), Some(u64::MAX));
        assert_eq!(histogram.cumulative().collect::<Vec<_>>(), [(10, 1), (30, 2)]);
    }

    #[test]
    fn empty_and_all_never() {
        let empty = Histogram::new();
        assert_eq!((empty.quantile(0.5), empty.min(), empty.max()), (None, None, None));
        let lost = of(&[u64::MAX]);
        assert_eq!((lost.quantile(0.0), lost.max()), (Some(u64::MAX), None));
    }

    #[test]
    fn ranks_are_those_that_people_mean() {
        let hundred = of(&(1..=100).collect::<Vec<_>>());
        for percent in 1..=100_u32 {
            let got = hundred.quantile(f64::from(percent) / 100.0);
            assert_eq!(got, Some(u64::from(percent)));
        }
        assert_eq!(hundred.quantile(0.0), Some(1));
        assert_eq!(hundred.quantile(0.001), Some(1));
        assert_eq!(hundred.quantile(0.011), Some(2));
    }

    #[test]
    fn extremes_are_exact() {
        let histogram = of(&[1_000_003, 1_000_001, 1_000_002]);
        assert_eq!(histogram.quantile(0.0), Some(1_000_001));
        assert_eq!(histogram.quantile(1.0), Some(1_000_003));
        assert_eq!(histogram.cumulative().collect::<Vec<_>>(), [(1_000_003, 3)]);
    }

    proptest! {
        #[test]
        fn quantiles_keep_the_promise(
            mut values in prop::collection::vec(any_value(), 1..200),
            q in 0.0..=1.0_f64,
        ) {
            let got = of(&values).quantile(q).unwrap();
            values.sort_unstable();
            let rank = (1..=values.len()).find(|rank| *rank as f64 >= q * values.len() as f64);
            let exact = values[rank.unwrap() - 1];
            prop_assert_eq!(got == u64::MAX, exact == u64::MAX);
            prop_assert!(u128::from(got.abs_diff(exact)) * 256 <= u128::from(exact));
        }

        #[test]
        fn merging_is_recording(
            left in prop::collection::vec(any_value(), 0..100),
            right in prop::collection::vec(any_value(), 0..100),
        ) {
            let (mut forth, mut back) = (of(&left), of(&right));
            forth.merge(&of(&right));
            back.merge(&of(&left));
            let all = of(&[left, right].concat());
            prop_assert_eq!(&forth, &all);
            prop_assert_eq!(&back, &all);
        }

        #[test]
        fn cumulative_counts_are_exact(values in prop::collection::vec(any_value(), 0..200)) {
            let histogram = of(&values);
            let mut last = 0;
            for (upper, count) in histogram.cumulative() {
                let exact = values.iter().filter(|value| **value <= upper).count();
                prop_assert_eq!(count, exact as u64);
                prop_assert!(count > last);
                last = count;
            }
            prop_assert_eq!(last + histogram.never(), histogram.count());
        }
    }
}
