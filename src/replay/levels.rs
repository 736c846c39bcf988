//! What limits do to a log in numbers, as conditions name them.

use super::impact::{Impact, KeyImpact, LimitImpact};
use super::resolution::Readings;
use crate::api::ApiModel;
use crate::metric::{Condition, Level, LogMetric, Subject, Unknown};
use crate::stats::interval::Estimate;

impl LimitImpact {
    /// How many requests came with keys that were hit.
    #[must_use]
    pub fn traffic_hit(&self) -> u64 {
        self.keys.iter().filter(|key| key.rejected > 0).map(|key| key.requests).sum()
    }
}

/// Whether a key was hit so often.
type Enough = fn(&KeyImpact) -> bool;

/// Keys hit at least once, ten times, and by 1 % of their requests.
pub const HIT: [Enough; 3] =
    [|_| true, |key| key.rejected >= 10, |key| key.rejected * 100 >= key.requests];

impl Impact {
    /// The value of a metric, of a limit or of all; `None` where no limit has
    /// that name. Keys of several limits are several keys.
    #[must_use]
    pub fn value(
        &self,
        model: &ApiModel,
        undecided: u64,
        subject: &Subject<LogMetric>,
    ) -> Option<f64> {
        let is_meant = |limit: &&LimitImpact| {
            subject.of.as_ref().is_none_or(|name| model.limit(limit.limit).name == *name)
        };
        let limits: Vec<&LimitImpact> = self.limits.iter().filter(is_meant).collect();
        if limits.is_empty() && subject.of.is_some() {
            return None;
        }
        let sum = |of: &dyn Fn(&LimitImpact) -> u64| limits.iter().map(|limit| of(limit)).sum();
        let hit = |enough: Enough| sum(&|limit| limit.hit(enough) as u64);
        let keys: u64 = sum(&|limit| limit.keys.len() as u64);
        // What no limit was asked about was decided on all the same.
        let (requests, rejected) = match subject.of {
            None => (self.requests, self.rejected),
            Some(_) => (sum(&|limit| limit.requests().0), sum(&|limit| limit.requests().1)),
        };
        let asked: u64 = sum(&|limit| limit.requests().0);
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        let longest = || limits.iter().flat_map(|limit| &limit.keys).map(|key| key.longest).max();
        Some(match subject.metric {
            LogMetric::Requests => requests as f64,
            LogMetric::Rejected => rejected as f64,
            LogMetric::RejectedShare => share(rejected, requests),
            LogMetric::Delayed => {
                sum(&|limit| limit.keys.iter().map(|key| key.delayed).sum::<u64>()) as f64
            }
            LogMetric::Keys => keys as f64,
            LogMetric::KeysHit => hit(HIT[0]) as f64,
            LogMetric::KeysHitShare => share(hit(HIT[0]), keys),
            LogMetric::KeysHit10 => hit(HIT[1]) as f64,
            LogMetric::KeysHit10Share => share(hit(HIT[1]), keys),
            LogMetric::KeysHit1Percent => hit(HIT[2]) as f64,
            LogMetric::KeysHit1PercentShare => share(hit(HIT[2]), keys),
            LogMetric::TrafficHitShare => share(sum(&LimitImpact::traffic_hit), asked),
            LogMetric::LongestLockOut => longest().map_or(0.0, crate::time::Span::as_secs_f64),
            LogMetric::Undecided => undecided as f64,
        })
    }
}

impl Readings {
    /// The value of a metric by each reading.
    #[must_use]
    pub fn values(
        &self,
        model: &ApiModel,
        undecided: u64,
        subject: &Subject<LogMetric>,
    ) -> Option<Vec<f64>> {
        self.all().map(|impact| impact.value(model, undecided, subject)).collect()
    }

    /// Whether a condition holds, by each reading.
    pub fn judge(
        &self,
        model: &ApiModel,
        undecided: u64,
        condition: &Condition<LogMetric>,
    ) -> Result<Vec<bool>, Unknown<LogMetric>> {
        let judge = |impact: &Impact| {
            let level = |subject: &Subject<LogMetric>| {
                impact.value(model, undecided, subject).map(|v| Level::Known(Estimate::single(v)))
            };
            condition.judge(&level).map(|judgement| judgement.by_mean)
        };
        self.all().map(judge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hit_once_or_ten_times_or_by_a_hundredth() {
        for (requests, rejected, hit) in [
            (1_000, 9, [true, false, false]),
            (1_000, 10, [true, true, true]),
            (1_001, 10, [true, true, false]),
            (100, 1, [true, false, true]),
        ] {
            let mut key = KeyImpact::new(0);
            (key.requests, key.rejected) = (requests, rejected);
            assert_eq!(HIT.map(|enough| enough(&key)), hit, "{rejected} of {requests}");
        }
    }
}
