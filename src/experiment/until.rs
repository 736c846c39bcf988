//! Seeds until the intervals are narrow enough: sequential stopping.
//!
//! Ten seeds, then ten more at a time. What is decided is decided at the end of
//! a batch, on all replicates up to there in the order of their numbers, so the
//! threads that made them do not matter; and the numbers are those of a
//! comparison over as many seeds that were asked for at once. An interval that
//! was watched until it was narrow is slightly optimistic: the table of coverage
//! in [`crate::stats`] says by how much.

use std::num::NonZeroUsize;

use super::outcome::Outcome;
use super::ranking::is_about_completion;
use crate::metric::Metric;
use crate::stats::precision::Precision;

/// How many seeds are run before anything is decided, and how many more each time.
pub const BATCH: usize = 10;

/// A share below 5 % is held to the half-width that is allowed at 5 %: within
/// 2 %, that is 0.1 points.
const SHARE_NEAR_ZERO: f64 = 0.05;

/// A time below 0.1 s is held to what is allowed there: within 2 %, that is 2 ms.
const SECONDS_NEAR_ZERO: f64 = 0.1;

/// When enough seeds are run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Until {
    /// The relative error of every client's numbers: 0.02 is 2 %.
    pub within: f64,
    /// No more seeds than this.
    pub most: NonZeroUsize,
}

/// A client's number, and how many times as wide its interval is as allowed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Widest {
    /// The client, by index.
    pub client: usize,
    /// The metric.
    pub metric: Metric,
    /// At most 1 where it is narrow enough.
    pub excess: f64,
}

/// How a comparison came to its number of seeds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stopping {
    /// What was asked for.
    pub until: Until,
    /// Whether all intervals are narrow enough; else there were no more seeds.
    pub reached: bool,
    /// What kept it going: the widest interval at the end of the batch before
    /// the last, or of the only one. `None` where nothing has an interval.
    pub slowest: Option<Widest>,
    /// The widest interval at the end.
    pub widest: Option<Widest>,
}

impl Until {
    /// How many seeds come after so many.
    pub(super) fn next(&self, done: usize) -> usize {
        BATCH.min(self.most.get() - done)
    }

    /// The widest interval of what every client is judged by: the time that it
    /// is ranked by, its share of 429s and the share that it served. What a run
    /// does not have, or is infinite, no number of seeds makes narrow.
    pub(super) fn widest(&self, outcomes: &[Outcome]) -> Option<Widest> {
        let time = |outcome: &Outcome| {
            let ends =
                is_about_completion(outcomes) && outcome.estimate(Metric::TimeTo99).is_some();
            if ends { Metric::TimeTo99 } else { Metric::WaitP99 }
        };
        let all = outcomes.iter().enumerate().flat_map(|(client, outcome)| {
            let metrics = [
                (time(outcome), SECONDS_NEAR_ZERO),
                (Metric::RejectedShare, SHARE_NEAR_ZERO),
                (Metric::ServedShare, SHARE_NEAR_ZERO),
            ];
            metrics.into_iter().filter_map(move |(metric, near_zero)| {
                let excess =
                    Precision::new(self.within, near_zero).excess(&outcome.estimate(metric)?);
                Some(Widest { client, metric, excess })
            })
        });
        all.reduce(|widest, next| if next.excess > widest.excess { next } else { widest })
    }

    /// How many seeds it will take, by how wide the widest interval is now.
    pub(super) fn expected(&self, done: usize, widest: Option<Widest>) -> usize {
        let excess = widest.map_or(1.0, |widest| widest.excess.max(1.0));
        let needed = done as f64 * excess * excess;
        let most = self.most.get();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // positive and small
        let needed = if needed < most as f64 { needed as usize } else { most };
        needed.next_multiple_of(BATCH).max(done + 1).min(most)
    }
}
