//! The smallest count of a limit that fulfils a condition.
//!
//! A higher limit refuses no key more than a lower one, so what holds at a count
//! holds at every higher one, and halving finds the smallest.

use crate::metric::{Comparison, Condition, LogMetric};

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Smallest<T> {
    /// The smallest count that holds, and what comes of it.
    pub count: u64,
    /// What comes of it.
    pub at: T,
    /// What comes of one less, which does not hold; `None` of 0.
    pub below: Option<T>,
}

/// Finds the smallest count from 1 to `most` at which `meets` says yes, beside
/// what comes of it; `None` where none does.
pub fn smallest<T, E>(
    most: u64,
    mut meets: impl FnMut(u64) -> Result<(bool, T), E>,
) -> Result<Option<Smallest<T>>, E> {
    let (holds, at) = meets(most)?;
    if !holds {
        return Ok(None);
    }
    let mut found = Smallest { count: most, at, below: None };
    let mut low = 0;
    while low + 1 < found.count {
        let middle = low + (found.count - low) / 2;
        match meets(middle)? {
            (true, at) => (found.count, found.at) = (middle, at),
            (false, at) => (low, found.below) = (middle, Some(at)),
        }
    }
    Ok(Some(found))
}

/// Why a condition cannot be searched for; `None` where it can.
#[must_use]
pub fn unsearchable(condition: &Condition<LogMetric>) -> Option<String> {
    const FALLING: [LogMetric; 9] = [
        LogMetric::Rejected,
        LogMetric::RejectedShare,
        LogMetric::KeysHit,
        LogMetric::KeysHitShare,
        LogMetric::KeysHit10,
        LogMetric::KeysHit10Share,
        LogMetric::KeysHit1Percent,
        LogMetric::KeysHit1PercentShare,
        LogMetric::TrafficHitShare,
    ];
    condition.bounds().into_iter().find_map(|(subject, comparison, _)| {
        let name = subject.metric.name();
        if !FALLING.contains(&subject.metric) {
            let names: Vec<&str> = FALLING.iter().map(|metric| metric.name()).collect();
            let names = names.join(", ");
            return Some(format!("`{name}` need not fall as a limit rises; write one of {names}"));
        }
        if subject.of.is_some() {
            return Some("there is one limit only: leave `of` out".to_owned());
        }
        let is_upper = matches!(comparison, Comparison::AtMost | Comparison::Below);
        (!is_upper).then(|| format!("write {name} <= or {name} <, which a higher limit fulfils"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_found_and_the_one_below_it_misses() {
        for most in [1, 2, 3, 7, 1_000_000] {
            for wanted in [1, 2, 3, 6, 999_999].into_iter().filter(|wanted| *wanted <= most) {
                let meets = |count| Ok::<_, ()>((count >= wanted, count));
                let found = smallest(most, meets).unwrap().unwrap();
                assert_eq!((found.count, found.at), (wanted, wanted), "{most}");
                assert_eq!(found.below, (wanted > 1).then(|| wanted - 1), "{wanted} of {most}");
            }
        }
        assert_eq!(smallest(9, |count| Ok::<_, ()>((false, count))).unwrap(), None);
    }

    #[test]
    fn only_what_falls_as_limits_rise_is_searched_for() {
        let why = |text: &str| unsearchable(&text.parse().unwrap());
        assert_eq!(why("keys_hit <= 0.1% and rejected < 5"), None);
        for (text, told) in [
            ("longest_lock_out < 5s", "need not fall"),
            ("keys_hit > 0", "write keys-hit <="),
            ("keys_hit <= 1 of x", "leave `of` out"),
        ] {
            assert!(why(text).unwrap().contains(told), "{text}");
        }
    }
}
