//! `go.uber.org/ratelimit`: a pacer that spreads requests evenly and refuses none.
//!
//! Each `Take` is due one interval after the one before it, and sleeps until
//! then. Idle time is a credit of up to `slack` intervals, so after a pause
//! `slack + 1` pass at once; at the very start only one does, because there has
//! been no pause yet. Without slack every pause is forgotten.
//!
//! # Formula
//!
//! `interval = per / rate`, cut off to nanoseconds. Due is `due + interval`; but
//! `now` at first, or where slack is 0 and `now - due > interval`; and `now -
//! slack * interval` where `now - due > (slack + 1) * interval`. The delay is
//! `max(0, due - now)`.
//!
//! # Source
//!
//! go.uber.org/ratelimit (commit 3e5300c), `limiter_atomic_int64.go`, which
//! `New` makes. Read in the source, not recorded; it was compared with the
//! running library. `Take` takes one: a cost of `n` is `n` calls in a row, and 0
//! is none.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Table, UberGoRatelimit, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<UberGoRatelimit>::read("rate = 3\nslack = 1")?;
//! // A third of a second is cut off: the pace is 3.000000009/s.
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span(333_333_333)));
//! // After a pause one is free on top.
//! assert_eq!(limit.ask(9_000_000_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(9_000_000_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(9_000_000_000, 1).0, Verdict::Delay(Span(333_333_333)));
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU32;

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Length, Rate, SECOND, Span};

/// `ratelimit.New(rate, Per(per), WithSlack(slack))`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct UberGoRatelimit {
    interval: i64,
    max_slack: i64,
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    rate: NonZeroU32,
    per: Option<Length>,
    #[serde(default = "ten")]
    slack: u32,
}

const fn ten() -> u32 {
    10
}

impl Parameters {
    fn rate(&self) -> Rate {
        let period = self.per.map_or(Span(SECOND), Length::span);
        Rate { count: u64::from(self.rate.get()), period }
    }
}

impl TryFrom<Parameters> for UberGoRatelimit {
    type Error = String;

    fn try_from(written: Parameters) -> Result<Self, String> {
        let Rate { count, period } = written.rate();
        let interval = i64::try_from(period.0 / count).ok();
        // Room is left for the clock and for a few costs.
        let slack = interval.and_then(|interval| interval.checked_mul(i64::from(written.slack)));
        match (interval, slack) {
            (Some(interval), Some(max_slack)) if max_slack < i64::MAX / 4 => {
                Ok(UberGoRatelimit { interval, max_slack, written })
            }
            _ => {
                Err("so much slack does not fit in 63 bits of nanoseconds: write less slack, or a \
                      shorter period"
                    .to_owned())
            }
        }
    }
}

impl UberGoRatelimit {
    /// When the last of `cost` calls is due.
    fn due(&self, state: Option<i64>, now: i64, cost: u32) -> Option<i64> {
        if cost == 0 {
            return state;
        }
        let first = match state {
            None => now,
            Some(due) if self.max_slack == 0 && now - due > self.interval => now,
            Some(due) if self.max_slack > 0 && now - due > self.max_slack + self.interval => {
                now - self.max_slack
            }
            Some(due) => due.saturating_add(self.interval),
        };
        // Once the first has its place, the others follow by the interval.
        Some(first.saturating_add(self.interval.saturating_mul(i64::from(cost - 1))))
    }
}

fn clock(now: Instant) -> i64 {
    i64::try_from(now.0).unwrap_or(i64::MAX)
}

impl Algorithm for UberGoRatelimit {
    /// When the last call was due; none before the first.
    type State = Option<i64>;

    const CARD: Card = Card {
        implementation: Some("go.uber.org/ratelimit (commit 3e5300c)"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("rate", "how many in a period"),
            ("per", "how long that is [1s]"),
            ("slack", "how many intervals of a pause are made up for [10]"),
        ],
        example: "uber-go-ratelimit = { rate = 100 }",
        peculiar: "refuses nothing: it only delays; the first burst of all has no slack",
    };

    const DELAYS: bool = true;

    fn fresh(&self, _created: Instant) -> Option<i64> {
        None
    }

    fn test(&self, state: &Option<i64>, now: Instant, cost: u32) -> Verdict {
        let now = clock(now);
        match self.due(*state, now, cost) {
            Some(due) if cost > 0 => Verdict::after(Span(u64::try_from(due - now).unwrap_or(0))),
            _ => Verdict::Admit,
        }
    }

    fn admit(&self, state: &mut Option<i64>, now: Instant, cost: u32) -> Mark {
        *state = self.due(*state, clock(now), cost);
        Mark::NONE
    }

    fn view(&self, _state: &Option<i64>, _asked: &Asked) -> View {
        View { limit: u64::from(self.written.slack) + 1, remaining: None, reset: None }
    }

    /// With another slack; 0 would be fewer than the one that always passes.
    fn resized(&self, quota: u64) -> Option<Self> {
        let slack = u32::try_from(quota.checked_sub(1)?).ok()?;
        UberGoRatelimit::try_from(Parameters { slack, ..self.written }).ok()
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            per_second: 1e9 / self.interval as f64,
            at_once: u64::from(self.written.slack) + 1,
        }
    }

    fn rule(&self) -> String {
        format!("uber-go-ratelimit {} slack {}", self.pace(), self.written.slack)
    }

    fn pace(&self) -> String {
        self.written.rate().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;

    fn pacer(parameters: &str) -> Table<UberGoRatelimit> {
        Table::read(parameters).unwrap()
    }

    const MS: u64 = 1_000_000;

    fn delay(ms: u64) -> Verdict {
        Verdict::after(Span::millis(ms))
    }

    #[test]
    fn without_slack_a_pause_is_forgotten() {
        let mut pacer = pacer("rate = 100\nslack = 0");
        pacer.ask(1_000 * MS, 1);
        // Not yet more than an interval late: the place stays on its grid.
        assert_eq!(pacer.ask(1_005 * MS, 1).0, delay(5));
        assert_eq!(pacer.ask(1_015 * MS, 1).0, delay(5));
        assert_eq!(pacer.ask(1_030 * MS + 1, 1).0, Verdict::Admit);
        assert_eq!(pacer.ask(1_030 * MS + 1, 1).0, delay(10));
    }

    #[test]
    fn a_pause_is_made_up_for_as_far_as_slack_reaches() {
        let mut pacer = pacer("rate = 100\nslack = 2");
        pacer.ask(1_000 * MS, 1);
        // The next were due at 1010 and 1020; the third is at 1030.
        for left in [0, 0, 5] {
            assert_eq!(pacer.ask(1_025 * MS, 1).0, delay(left));
        }
        // Three intervals late is one more than slack makes up for.
        assert_eq!(pacer.ask(1_060 * MS + 1, 4).0, delay(10));
        for left in [0, 0, 0, 10] {
            assert_eq!(pacer.ask(9_000 * MS, 1).0, delay(left));
        }
    }

    #[test]
    fn a_cost_is_as_many_calls_in_a_row() {
        let mut pacer = pacer("rate = 100\nslack = 2");
        assert_eq!(pacer.ask(0, 0).0, Verdict::Admit);
        assert_eq!(pacer.ask(0, 4).0, delay(30));
        assert_eq!(pacer.ask(0, 0).0, Verdict::Admit);
        assert_eq!(pacer.ask(9_000 * MS, 4).0, delay(10));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (parameters, why) in [
            ("rate = 0", "nonzero"),
            ("rate = 1\nslack = 4294967295\nper = '1d'", "write less slack"),
            ("rate = 1\nper = '0s'", "longer than zero"),
        ] {
            let error = Table::<UberGoRatelimit>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
