//! The list of what limits do to the requests of a log.

use super::list::{Better, Measured, Unit, metrics};

metrics! {
    "a log" LogMetric LOG_METRICS;
    Requests = "requests" [] Count Neither: "requests that were decided on",
    Rejected = "rejected" ["429s", "rejects"] Count Less: "requests that a limit refused",
    RejectedShare = "rejected-share" ["429-share"] Share Less: "rejected / requests",
    Delayed = "delayed" [] Count Less: "requests that a limit held back",
    Keys = "keys" [] Count Neither: "keys that requests came with",
    KeysHit = "keys-hit" ["keys-hit-once"] Count Less: "keys that had a request refused",
    KeysHitShare = "keys-hit-share" [] Share Less: "keys-hit / keys",
    KeysHit10 = "keys-hit-10" [] Count Less: "keys that had 10 requests or more refused",
    KeysHit10Share = "keys-hit-10-share" [] Share Less: "keys-hit-10 / keys",
    KeysHit1Percent = "keys-hit-1-percent" [] Count Less: "keys that had 1 % of their requests or more refused",
    KeysHit1PercentShare = "keys-hit-1-percent-share" [] Share Less: "keys-hit-1-percent / keys",
    TrafficHitShare = "traffic-hit-share" [] Share Less: "requests of keys that were hit / requests",
    LongestLockOut = "longest-lock-out" [] Seconds Less: "the longest time from a key's first refusal to its last before one is let through",
    Undecided = "undecided" [] Count Less: "requests of keys beyond --keys-max",
}

impl Measured for LogMetric {
    fn all() -> &'static [LogMetric] {
        LOG_METRICS
    }

    fn name(self) -> &'static str {
        self.name()
    }

    fn aliases(self) -> &'static [&'static str] {
        self.aliases()
    }

    fn unit(self) -> Unit {
        self.unit()
    }

    fn meaning(self) -> &'static str {
        self.meaning()
    }

    fn as_share(self) -> Option<LogMetric> {
        match self {
            LogMetric::Rejected => Some(LogMetric::RejectedShare),
            LogMetric::KeysHit => Some(LogMetric::KeysHitShare),
            LogMetric::KeysHit10 => Some(LogMetric::KeysHit10Share),
            LogMetric::KeysHit1Percent => Some(LogMetric::KeysHit1PercentShare),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, Condition};
    use super::*;

    #[test]
    fn a_count_compared_with_a_percentage_is_a_share() {
        let bound = |text: &str| {
            let condition: Condition<LogMetric> = text.parse().unwrap();
            let bounds = condition.bounds();
            (bounds[0].0.metric, bounds[0].1, bounds[0].2)
        };
        let at_most = Comparison::AtMost;
        assert_eq!(bound("keys_hit <= 2"), (LogMetric::KeysHit, at_most, 2.0));
        assert_eq!(bound("keys_hit <= 0.1%"), (LogMetric::KeysHitShare, at_most, 0.001));
        assert_eq!(bound("keys_hit_share <= 0.5"), (LogMetric::KeysHitShare, at_most, 0.5));
        assert_eq!(bound("429s <= 1% of x"), (LogMetric::RejectedShare, at_most, 0.01));
        for (text, told) in [
            ("keys <= 5%", "`5%` is no value of keys"),
            ("keys_hi > 0", "did you mean keys-hit?"),
            ("jain > 0", "there is no metric `jain`"),
        ] {
            let error = text.parse::<Condition<LogMetric>>().unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn names_are_unique() {
        let names = LOG_METRICS.iter().flat_map(|m| m.aliases().iter().copied().chain([m.name()]));
        let mut names: Vec<&str> = names.collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }
}
