//! How the entries of a bucket are spread over the buckets of a new rung.
//!
//! A pure function of the entries, so that a run is the same everywhere.

use super::pool::{Chain, Pool};

/// Entries that a bucket should have when it is opened.
pub(super) const FILL: usize = 48;

/// A rung has at most two to this power of buckets: the blocks at their ends
/// have to stay in the cache.
const MOST: u32 = 11;

/// How many times are looked at to know how they are spread.
const SAMPLE: usize = 128;

/// Where the buckets of a rung begin; by default there are none, but the rest.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Shape {
    pub(super) start: u64,
    /// A bucket is as wide as two to this power.
    pub(super) shift: u32,
    pub(super) buckets: usize,
}

impl Shape {
    /// Of the times of a chain that is not empty.
    ///
    /// Until a bucket is opened, more comes into it, but hardly into the first
    /// ones: so it is their entries that tell how wide a bucket has to be. It is
    /// not wider than if all were spread evenly. The buckets reach twice as far
    /// as seven eighths of the times, so that a few that are far away do not make
    /// all others share one bucket.
    pub(super) fn of(chain: Chain, pool: &Pool) -> Self {
        let len = pool.len(chain);
        let times = || pool.blocks(chain).flatten().map(|entry| entry.at);
        let first = times().min().expect("a rung is made of entries");
        // Odd, so as not to keep step with entries that come in pairs.
        let stride = len.div_ceil(SAMPLE) | 1;
        let mut sample: Vec<u64> = times().step_by(stride).collect();
        sample.sort_unstable();

        let span = |eighths: usize| sample[sample.len() * eighths / 8] - first;
        let width =
            |eighths| u128::from(span(eighths)) * (8 * FILL) as u128 / (eighths * len) as u128;
        let wanted = width(1).min(width(7)).clamp(1, u128::from(span(7)).max(1)).ilog2();
        let most = MOST.min(len.ilog2() + 1);
        let finest = (u64::BITS - span(7).leading_zeros()).saturating_sub(most - 1);
        let shift = wanted.max(finest);
        let buckets = usize::try_from(2 * ((span(7) >> shift) + 1)).expect("at most two to MOST");
        // Where the bits of time turn over, so that the times of a bucket have
        // all the higher ones in common.
        Shape { start: first >> shift << shift, shift, buckets }
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
