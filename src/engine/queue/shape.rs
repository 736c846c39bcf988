//! How the entries of a bucket are spread over the buckets of a new rung.
//!
//! A pure function of the entries, so that a run is the same everywhere.

use super::pool::{Chain, Pool};

/// Entries that a bucket should have.
const FILL: usize = 12;

/// A rung has at most two to this power of buckets: the blocks at their ends
/// have to stay in the cache.
const MOST: u32 = 11;

/// How many times are looked at to know how they are spread.
const SAMPLE: usize = 128;

/// Where the buckets of a rung begin.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Shape {
    pub(super) start: u64,
    /// A bucket is as wide as two to this power.
    pub(super) shift: u32,
    pub(super) buckets: usize,
}

impl Shape {
    /// Of the times of a chain that is not empty. The buckets reach twice as
    /// far as nine tenths of the times, so that a few that are far away do not
    /// make all others share one bucket.
    pub(super) fn of(chain: &Chain, pool: &Pool) -> Self {
        let times = || pool.entries(chain).map(|entry| entry.at);
        let start = times().min().expect("a rung is made of entries");
        // Odd, so as not to keep step with entries that come in pairs.
        let stride = chain.len().div_ceil(SAMPLE) | 1;
        let mut sample: Vec<u64> = times().step_by(stride).collect();
        let nine_tenths = sample.len() * 9 / 10;
        let span = *sample.select_nth_unstable(nine_tenths).1 - start;

        let width = span / (chain.len() / FILL).max(1) as u64;
        let finest = (u64::BITS - span.leading_zeros()).saturating_sub(MOST - 1);
        let shift = width.max(1).ilog2().max(finest);
        let buckets = usize::try_from(2 * ((span >> shift) + 1)).expect("at most two to MOST");
        Shape { start, shift, buckets }
    }

    /// Whether all entries of a bucket are of one instant.
    pub(super) fn is_instant(&self, bucket: usize) -> bool {
        self.shift == 0 && bucket < self.buckets
    }

    /// When a bucket begins, the rest counted as one.
    pub(super) fn begin(&self, bucket: usize) -> u64 {
        if bucket > self.buckets {
            return u64::MAX;
        }
        let begin = u128::from(self.start) + ((bucket as u128) << self.shift);
        u64::try_from(begin).unwrap_or(u64::MAX)
    }
}
