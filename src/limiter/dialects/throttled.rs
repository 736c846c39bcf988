//! Go's `throttled` v2: GCRA in whole nanoseconds, as headers on a handler.
//!
//! The interval between two requests is cut off to nanoseconds, so 7 in a
//! second are a little faster than that. A refusal changes nothing. Asked for
//! more than the burst it tells no wait, and as if the key were unused all that
//! there can be as remaining.
//!
//! # Formula
//!
//! `emission = period / count`, `tolerance = emission * (max-burst + 1)`; `new =
//! max(now, tat) + cost * emission`; admitted iff `new - tolerance <= now`, which
//! sets `tat = new`. Remaining is `(tolerance - (tat - now)) / emission`, reset
//! `tat - now`, the wait `new - tolerance - now`.
//!
//! # Source
//!
//! github.com/throttled/throttled v2.13.0 (commit 9e814f2), `rate.go`:
//! `RateLimitCtx`. Read in the source, not recorded; it was compared with the
//! running library. Its HTTP handler asks for 1 each time, and rounds wait and
//! reset up to whole seconds; here they are as `RateLimitCtx` returns them.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Table, Throttled, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<Throttled>::read("max-rate = '7/s'\nmax-burst = 0")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Reject { wait: Span(142_857_142) });
//! let (verdict, view) = limit.ask(0, 2);
//! assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(1)));
//! assert_eq!(limit.ask(142_857_142, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// A `RateQuota`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct Throttled {
    emission: i64,
    tolerance: i64,
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    max_rate: Rate,
    max_burst: u64,
}

impl TryFrom<Parameters> for Throttled {
    type Error = String;

    fn try_from(written: Parameters) -> Result<Self, String> {
        let Rate { count, period } = written.max_rate;
        let emission = i64::try_from(period.0 / count).unwrap_or(i64::MAX);
        if emission == 0 {
            return Err("more than one a nanosecond: write a lower max-rate".to_owned());
        }
        let limit = written.max_burst.checked_add(1).and_then(|limit| i64::try_from(limit).ok());
        // Room is left for the clock and for a cost.
        let tolerance = limit.and_then(|limit| emission.checked_mul(limit));
        match tolerance.filter(|tolerance| *tolerance < i64::MAX / 4) {
            Some(tolerance) => Ok(Throttled { emission, tolerance, written }),
            None => Err("rate and burst do not fit in 63 bits of nanoseconds: write a smaller \
                         max-burst"
                .to_owned()),
        }
    }
}

impl Throttled {
    fn increment(&self, cost: u32) -> i64 {
        self.emission.saturating_mul(i64::from(cost))
    }

    fn next(&self, tat: Option<i64>, now: i64, cost: u32) -> i64 {
        tat.map_or(now, |tat| tat.max(now)).saturating_add(self.increment(cost))
    }

    fn limit(&self) -> u64 {
        self.written.max_burst + 1
    }
}

fn clock(now: Instant) -> i64 {
    i64::try_from(now.0).unwrap_or(i64::MAX)
}

fn span(ns: i64) -> Span {
    Span(u64::try_from(ns).unwrap_or(0))
}

impl Algorithm for Throttled {
    /// The theoretical arrival time; none before the first.
    type State = Option<i64>;

    const CARD: Card = Card {
        implementation: Some("throttled (Go) v2.13.0"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("max-rate", "how many in how long: \"7/s\", \"1000/h\""),
            ("max-burst", "how many more than one may come at once"),
        ],
        example: "throttled = { max-rate = \"20/min\", max-burst = 5 }",
        peculiar: "asked for more than the burst it tells that all of it remains",
    };

    fn fresh(&self, _created: Instant) -> Option<i64> {
        None
    }

    fn test(&self, state: &Option<i64>, now: Instant, cost: u32) -> Verdict {
        let now = clock(now);
        let early = self.next(*state, now, cost).saturating_sub(self.tolerance).saturating_sub(now);
        if early <= 0 {
            Verdict::Admit
        } else if self.increment(cost) <= self.tolerance {
            Verdict::Reject { wait: span(early) }
        } else {
            Verdict::NEVER
        }
    }

    fn admit(&self, state: &mut Option<i64>, now: Instant, cost: u32) -> Mark {
        *state = Some(self.next(*state, clock(now), cost));
        Mark::NONE
    }

    fn view(&self, state: &Option<i64>, asked: &Asked) -> View {
        let ahead = match (asked.verdict, *state) {
            // It returns before it has computed how far ahead the key is.
            (Verdict::Reject { wait: Span::NEVER }, _) | (_, None) => 0,
            (_, Some(tat)) => (tat - clock(asked.now)).max(0),
        };
        let remaining = (self.tolerance - ahead) / self.emission;
        View {
            limit: self.limit(),
            remaining: Some(u64::try_from(remaining).unwrap_or(0)),
            reset: Some(span(ahead)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let max_burst = quota.checked_sub(1)?;
        Throttled::try_from(Parameters { max_burst, ..self.written }).ok()
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: 1e9 / self.emission as f64, at_once: self.limit() }
    }

    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        self.limit().saturating_add(span.0 / self.emission.unsigned_abs())
    }

    fn rule(&self) -> String {
        format!("throttled {} burst {}", self.pace(), self.written.max_burst)
    }

    fn pace(&self) -> String {
        self.written.max_rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn quota(parameters: &str) -> Table<Throttled> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn the_burst_passes_at_once_and_then_one_an_interval() {
        let mut quota = quota("max-rate = '10/s'\nmax-burst = 2");
        for left in [2, 1, 0] {
            let (verdict, view) = quota.ask(SECOND, 1);
            assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(left)));
        }
        let (verdict, view) = quota.ask(SECOND + 1, 1);
        assert_eq!(verdict, Verdict::Reject { wait: Span(99_999_999) });
        assert_eq!((view.remaining, view.reset), (Some(0), Some(Span(299_999_999))));
        assert_eq!(quota.ask(SECOND + 99_999_999, 1).0, Verdict::Reject { wait: Span(1) });
        assert_eq!(quota.ask(SECOND + 100_000_000, 1).0, Verdict::Admit);
    }

    #[test]
    fn a_cost_above_the_burst_tells_an_unused_key() {
        let mut quota = quota("max-rate = '10/s'\nmax-burst = 2");
        quota.ask(0, 3);
        let (verdict, view) = quota.ask(0, 4);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(3)));
        assert_eq!(view.reset, Some(Span::ZERO));
        let (verdict, view) = quota.ask(0, 3);
        assert_eq!(verdict, Verdict::Reject { wait: Span::millis(300) });
        assert_eq!((view.remaining, view.reset), (Some(0), Some(Span::millis(300))));
    }

    #[test]
    fn a_cost_of_zero_only_looks() {
        let mut quota = quota("max-rate = '10/s'\nmax-burst = 0");
        assert_eq!(quota.ask(5, 0).1.remaining, Some(1));
        quota.ask(5, 1);
        let (verdict, view) = quota.ask(6, 0);
        assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(0)));
        assert_eq!(view.reset, Some(Span(99_999_999)));
        // A key that has rested is not ahead, however long ago it was used.
        let asked = Asked { now: Instant(SECOND), cost: 1, verdict: Verdict::Admit };
        let view = quota.view(0, &asked);
        assert_eq!((view.remaining, view.reset), (Some(1), Some(Span::ZERO)));
        assert_eq!(quota.ask(SECOND, 1).0, Verdict::Admit);
        assert_eq!(quota.ask(SECOND, 1).0, Verdict::Reject { wait: Span::millis(100) });
    }

    #[test]
    fn what_cannot_be_computed_is_refused() {
        for (parameters, why) in [
            ("max-rate = '2/1ns'\nmax-burst = 0", "write a lower max-rate"),
            ("max-rate = '1/365d'\nmax-burst = 1000", "write a smaller max-burst"),
            ("max-rate = '1/s'\nmax-burst = -1", "invalid value"),
        ] {
            let error = Table::<Throttled>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
        assert!(quota("max-rate = '1/s'\nmax-burst = 0").algorithm().resized(0).is_none());
    }

    #[test]
    fn no_span_admits_more_than_promised() {
        let mut quota = quota("max-rate = '7/s'\nmax-burst = 3");
        let promised = quota.admits_within(Instant(0), Span::seconds(2));
        let step = 142_857_142;
        let admitted = (0..=2 * SECOND / step)
            .map(|k| (0..9).filter(|_| quota.ask(k * step, 1).0 == Verdict::Admit).count() as u64);
        assert_eq!(admitted.sum::<u64>(), promised);
    }
}
