//! The Rust crate `governor`: GCRA in whole nanoseconds.
//!
//! The time between two cells is cut off to whole nanoseconds, so that seven a
//! second are a little more than seven. Equality admits: a request is let in at
//! the very nanosecond that its refusal told it to wait for. A cost above the
//! burst is an `InsufficientCapacity`, which tells nothing and writes nothing;
//! a refusal writes nothing either.
//!
//! # Formula
//!
//! `t = max(1ns, period / n)`, `tau = t * (burst - 1)`. Admitted iff
//! `now >= tat + t * (cost - 1) - tau`; then `tat = max(tat, now) + t * cost`.
//! Remaining: `min(now + tau + t - tat, tau + t) / t` after an admission. A
//! refusal has no snapshot of the state: 0 stands for it.
//!
//! # Source
//!
//! governor 0.10.4: `src/gcra.rs`, `src/quota.rs`, `src/middleware.rs` with
//! `StateInformationMiddleware`; recorded with its `FakeRelativeClock`. The
//! crate takes no cost of 0 (`NonZeroU32`): here 0 is admitted and changes
//! nothing. Where its `u64` would overflow, sums here stay at the greatest.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Governor, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<Governor>::read("per-second = 7\nburst = 1")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! // A seventh of a second is 142,857,142.86 ns; the crate has 142,857,142.
//! assert_eq!(limit.ask(142_857_141, 1).0, Verdict::Reject { wait: Span(1) });
//! assert_eq!(limit.ask(142_857_142, 1).0, Verdict::Admit);
//! // Above the burst it tells neither a wait nor what remains.
//! let (verdict, view) = limit.ask(999_999_999, 2);
//! assert_eq!((verdict, view.remaining), (Verdict::NEVER, None));
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Length, Rate, SECOND, Span};

/// A `governor::Quota`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct Governor {
    /// Nanoseconds from one cell to the next.
    t: u64,
    /// How many cells at once.
    burst: NonZeroU32,
    /// As the model has it; decisions are made on the numbers above.
    rate: Rate,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    per_second: Option<NonZeroU32>,
    per_minute: Option<NonZeroU32>,
    per_hour: Option<NonZeroU32>,
    period: Option<Length>,
    burst: Option<NonZeroU32>,
}

impl TryFrom<Parameters> for Governor {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { per_second, per_minute, per_hour, period, burst } = parameters;
        let many = |count: Option<NonZeroU32>, seconds| Some((count?, Span::seconds(seconds)));
        let given = [
            many(per_second, 1),
            many(per_minute, 60),
            many(per_hour, 3_600),
            period.map(|period| (NonZeroU32::MIN, period.span())),
        ];
        let mut given = given.into_iter().flatten();
        let (Some((count, period)), None) = (given.next(), given.next()) else {
            return Err("a quota is one of four: write per-second, per-minute, per-hour or period"
                .to_owned());
        };
        let quota = Governor {
            t: (period.0 / u64::from(count.get())).max(1),
            burst: burst.unwrap_or(count),
            rate: Rate { count: u64::from(count.get()), period },
        };
        match quota.t.checked_mul(u64::from(quota.burst.get())) {
            Some(refill) if refill < u64::MAX / 2 => Ok(quota),
            _ => Err("the burst takes more than 292 years to come back: write a smaller burst or \
                      a shorter period"
                .to_owned()),
        }
    }
}

impl Governor {
    /// How far the theoretical arrival time may lie ahead of a request.
    fn tau(&self) -> u64 {
        self.t * u64::from(self.burst.get() - 1)
    }

    fn exceeds(&self, cost: u32) -> bool {
        cost > self.burst.get()
    }
}

/// The theoretical arrival time of a key; 0 acts as one that was never used.
#[derive(Clone, Copy, Debug)]
pub struct Tat(u64);

impl Algorithm for Governor {
    type State = Tat;

    const CARD: Card = Card {
        implementation: Some("governor 0.10.4"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("per-second", "how many a second; also the burst, unless that is written"),
            ("per-minute", "instead: how many a minute"),
            ("per-hour", "instead: how many an hour"),
            ("period", "instead: the time that one takes, like \"100ms\"; the burst is then 1"),
            ("burst", "how many at once (allow_burst)"),
        ],
        example: "governor = { per-second = 50, burst = 10 }",
        peculiar: "the time between two is cut off to whole nanoseconds; equality admits",
    };

    fn fresh(&self, _created: Instant) -> Tat {
        Tat(0)
    }

    fn test(&self, state: &Tat, now: Instant, cost: u32) -> Verdict {
        if self.exceeds(cost) {
            return Verdict::NEVER;
        }
        let Some(others) = cost.checked_sub(1) else { return Verdict::Admit };
        let earliest = state.0.saturating_add(self.t * u64::from(others));
        let wait = earliest.saturating_sub(self.tau()).saturating_sub(now.0);
        if wait == 0 { Verdict::Admit } else { Verdict::Reject { wait: Span(wait) } }
    }

    fn admit(&self, state: &mut Tat, now: Instant, cost: u32) -> Mark {
        let cells = self.t.saturating_mul(u64::from(cost));
        state.0 = state.0.max(now.0).saturating_add(cells);
        Mark::NONE
    }

    fn view(&self, state: &Tat, asked: &Asked) -> View {
        let full = self.tau() + self.t;
        let left = asked.now.0.saturating_add(full).saturating_sub(state.0).min(full) / self.t;
        View {
            limit: u64::from(self.burst.get()),
            remaining: match asked.verdict {
                _ if self.exceeds(asked.cost) => None,
                Verdict::Reject { .. } => Some(0),
                _ => Some(left),
            },
            reset: None,
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let burst = NonZeroU32::new(u32::try_from(quota).ok()?)?;
        self.t.checked_mul(quota).filter(|refill| *refill < u64::MAX / 2)?;
        Some(Governor { burst, ..self.clone() })
    }

    /// As many cells stay used as were; each takes the new time to come back.
    fn carry(&self, state: &mut Tat, old: &Self, now: Instant) {
        let ahead = u128::from(state.0.saturating_sub(now.0)) * u128::from(self.t);
        let ahead = u64::try_from(ahead / u128::from(old.t)).unwrap_or(u64::MAX);
        state.0 = now.0.saturating_add(ahead);
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: SECOND as f64 / self.t as f64, at_once: u64::from(self.burst.get()) }
    }

    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        u64::from(self.burst.get()) + span.0 / self.t
    }

    fn rule(&self) -> String {
        format!("governor {} burst {}", self.rate, self.burst)
    }

    fn pace(&self) -> String {
        self.rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;

    fn limiter(parameters: &str) -> Table<Governor> {
        Table::read(parameters).unwrap()
    }

    fn wait(limit: &mut Table<Governor>, at: u64, cost: u32) -> u64 {
        match limit.ask(at, cost).0 {
            Verdict::Admit => 0,
            Verdict::Reject { wait } => wait.0,
            Verdict::Delay(_) => panic!("nothing is delayed"),
        }
    }

    #[test]
    fn the_burst_comes_back_cell_by_cell() {
        let mut limit = limiter("per-second = 10\nburst = 3");
        for remaining in [2, 1, 0] {
            assert_eq!(limit.ask(50, 1).1.remaining, Some(remaining));
        }
        assert_eq!(wait(&mut limit, 100_000_049, 1), 1);
        assert_eq!(limit.ask(100_000_050, 1), limit_of(3, 0));
        // Never more than the burst, however long it rests.
        let asked = Asked { now: Instant(99 * SECOND), cost: 1, verdict: Verdict::Admit };
        assert_eq!(limit.view(0, &asked).remaining, Some(3));
        assert_eq!(limit.ask(99 * SECOND, 1), limit_of(3, 2));
    }

    fn limit_of(limit: u64, remaining: u64) -> (Verdict, View) {
        (Verdict::Admit, View { limit, remaining: Some(remaining), reset: None })
    }

    #[test]
    fn a_cost_is_taken_whole_or_not_at_all() {
        let mut limit = limiter("per-second = 10\nburst = 5");
        assert_eq!(limit.ask(0, 4), limit_of(5, 1));
        assert_eq!(wait(&mut limit, 0, 2), 100_000_000);
        // The refusal told 0, but one is left.
        assert_eq!(limit.ask(0, 2).1.remaining, Some(0));
        assert_eq!(limit.ask(0, 1), limit_of(5, 0));
        assert_eq!(wait(&mut limit, 0, 5), 500_000_000);
        assert_eq!(limit.ask(500_000_000, 5), limit_of(5, 0));
    }

    #[test]
    fn a_cost_of_zero_passes_and_a_cost_above_the_burst_never_does() {
        let mut limit = limiter("per-minute = 2");
        assert_eq!(limit.ask(7, 0), limit_of(2, 2));
        assert_eq!(limit.ask(7, 2), limit_of(2, 0));
        assert_eq!(limit.ask(7, 0), limit_of(2, 0));
        let view = View { limit: 2, remaining: None, reset: None };
        assert_eq!(limit.ask(7, 3), (Verdict::NEVER, view));
        assert_eq!(limit.ask(900 * SECOND, u32::MAX), (Verdict::NEVER, view));
    }

    #[test]
    fn periods_are_cut_off_but_never_to_nothing() {
        let t = |parameters: &str| limiter(parameters).algorithm().t;
        assert_eq!(t("per-second = 7"), 142_857_142);
        assert_eq!(t("per-minute = 7"), 8_571_428_571);
        assert_eq!(t("per-hour = 7"), 514_285_714_285);
        assert_eq!(t("period = '350ms'\nburst = 4"), 350_000_000);
        assert_eq!(t("per-second = 4294967295"), 1);
        assert_eq!(limiter("period = '350ms'").algorithm().rule(), "governor 1/350ms burst 1");
        assert_eq!(limiter("per-hour = 7").algorithm().rule(), "governor 7/h burst 7");
    }

    #[test]
    fn what_it_admits_at_the_best_moments_is_known() {
        let mut limit = limiter("per-second = 3\nburst = 2");
        let span = Span::seconds(10);
        let mut admitted = 0;
        for at in (0..=span.0).step_by(111_111_111).chain([span.0]) {
            admitted += u64::from(limit.ask(at, 1).0 == Verdict::Admit);
        }
        assert_eq!(admitted, limit.admits_within(Instant(0), span));
    }

    #[test]
    fn what_is_used_stays_used_under_another_quota() {
        let mut limit = limiter("per-second = 10");
        limit.ask(0, 10);
        limit.resize(12, Instant(0));
        assert_eq!(limit.ask(0, 2), limit_of(12, 0));
        let slower = limiter("per-second = 5\nburst = 12").algorithm().clone();
        limit.replace(slower, Instant(0));
        assert_eq!(wait(&mut limit, 0, 1), 200_000_000);
    }

    #[test]
    fn a_quota_that_cannot_be_is_refused() {
        for (parameters, why) in [
            ("burst = 3", "write per-second"),
            ("per-second = 1\nper-hour = 1", "one of four"),
            ("per-second = 0", "nonzero"),
            ("period = '0s'", "longer than zero"),
            ("period = '1d'\nburst = 4294967295", "292 years"),
            ("per-second = 1\nmax = 3", "unknown field"),
        ] {
            let error = Table::<Governor>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
