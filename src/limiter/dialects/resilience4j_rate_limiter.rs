//! Resilience4j's `RateLimiter`: cycles from when it was made, and reservations
//! of cycles to come.
//!
//! A cycle brings so many permissions, and what is left of it is lost. A
//! request that finds too few may take those of later cycles, if it has not to
//! wait longer than its timeout; the permissions are negative then. Exactly the
//! timeout is not too long. A refused caller of `acquirePermission` has slept
//! through its whole timeout when it learns so: that is not here.
//!
//! # Formula
//!
//! `cycle = (now - created) / period`; in a new one `permissions =
//! min(permissions + cycles * limit, limit)`. The wait is 0 iff `permissions >=
//! cost`, else the time to the next cycle and `ceil((cost - permissions - limit)
//! / limit)` whole ones. Let through, after that wait, iff it is `<= timeout`.
//! Permissions are int32.
//!
//! # Source
//!
//! Resilience4j (commit af9e7c979), `AtomicRateLimiter` and `RateLimiterConfig`.
//! Read in the source, not recorded; it was compared with the running library.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Resilience4jRateLimiter, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<Resilience4jRateLimiter>::read(
//!     "limit-for-period = 1\nlimit-refresh-period = '1s'\ntimeout-duration = '1500ms'",
//! )?;
//! assert_eq!(limit.ask(600_000_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(600_000_000, 1).0, Verdict::Delay(Span::millis(400)));
//! assert_eq!(limit.ask(600_000_000, 1).0, Verdict::Delay(Span::millis(1_400)));
//! assert_eq!(limit.ask(600_000_000, 1).0, Verdict::NEVER);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Length, Rate, Span};

/// A `RateLimiterConfig`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct Resilience4jRateLimiter {
    limit_for_period: i32,
    limit_refresh_period: Length,
    period: i64,
    timeout: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    #[serde(default = "fifty")]
    limit_for_period: u64,
    limit_refresh_period: Option<Length>,
    timeout_duration: Option<Span>,
}

const fn fifty() -> u64 {
    50
}

impl TryFrom<Parameters> for Resilience4jRateLimiter {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { limit_for_period, limit_refresh_period, timeout_duration } = parameters;
        let limit_for_period =
            i32::try_from(limit_for_period).ok().filter(|limit| *limit > 0).ok_or_else(|| {
                format!("the limit is {limit_for_period}: write 1 to 2147483647 for a period")
            })?;
        let limit_refresh_period = match limit_refresh_period {
            Some(period) => period,
            None => Length::try_from(Span(500))?,
        };
        let timeout = timeout_duration.unwrap_or(Span::seconds(5));
        Ok(Resilience4jRateLimiter {
            limit_for_period,
            limit_refresh_period,
            period: i64::try_from(limit_refresh_period.ns()).unwrap_or(i64::MAX),
            timeout: i64::try_from(timeout.0).unwrap_or(i64::MAX),
        })
    }
}

/// One key's limiter.
#[derive(Clone, Copy, Debug)]
pub struct Cycle {
    created: Instant,
    number: i64,
    /// Below zero where those of later cycles are taken.
    permissions: i32,
}

impl Resilience4jRateLimiter {
    #[allow(clippy::cast_possible_truncation)] // Java's cast to int cuts off the same bits
    fn at(&self, mut state: Cycle, clock: i64) -> Cycle {
        let number = clock / self.period;
        if number != state.number {
            let limit = i64::from(self.limit_for_period);
            let brought = (number - state.number).wrapping_mul(limit);
            let permissions = i64::from(state.permissions).wrapping_add(brought);
            state.permissions = permissions.min(limit) as i32;
            state.number = number;
        }
        state
    }

    /// How long until there are as many permissions, in a state brought up to now.
    fn wait(&self, state: &Cycle, clock: i64, cost: i32) -> i64 {
        if state.permissions >= cost {
            return 0;
        }
        let limit = self.limit_for_period;
        let next = (state.number + 1).wrapping_mul(self.period).wrapping_sub(clock);
        let missing = cost.wrapping_sub(state.permissions.wrapping_add(limit));
        let cycles = missing.wrapping_add(limit).wrapping_sub(1) / limit;
        i64::from(cycles).wrapping_mul(self.period).wrapping_add(next)
    }
}

impl Cycle {
    fn clock(&self, now: Instant) -> i64 {
        i64::try_from(now.since(self.created).0).unwrap_or(i64::MAX)
    }
}

/// Java counts permits in an int.
fn int(cost: u32) -> i32 {
    i32::try_from(cost).unwrap_or(i32::MAX)
}

impl Algorithm for Resilience4jRateLimiter {
    type State = Cycle;

    const CARD: Card = Card {
        implementation: Some("Resilience4j AtomicRateLimiter (commit af9e7c979)"),
        evidence: Evidence::Read,
        clock: Clock::Monotonic,
        parameters: &[
            ("limit-for-period", "permissions that a cycle brings [50]"),
            ("limit-refresh-period", "how long a cycle is [500ns]"),
            ("timeout-duration", "the longest wait, that long included [5s]"),
        ],
        example: "resilience4j-rate-limiter = { limit-for-period = 50, limit-refresh-period = \"1s\", timeout-duration = \"0s\" }",
        peculiar: "takes the permissions of cycles to come as far as its timeout reaches",
    };

    const DELAYS: bool = true;

    fn fresh(&self, created: Instant) -> Cycle {
        Cycle { created, number: 0, permissions: self.limit_for_period }
    }

    fn test(&self, state: &Cycle, now: Instant, cost: u32) -> Verdict {
        let clock = state.clock(now);
        let wait = self.wait(&self.at(*state, clock), clock, int(cost));
        if wait > self.timeout {
            return Verdict::NEVER;
        }
        Verdict::after(Span(u64::try_from(wait).unwrap_or(0)))
    }

    fn admit(&self, state: &mut Cycle, now: Instant, cost: u32) -> Mark {
        *state = self.at(*state, state.clock(now));
        state.permissions = state.permissions.wrapping_sub(int(cost));
        Mark::NONE
    }

    fn refuse(&self, state: &mut Cycle, now: Instant, _cost: u32) {
        *state = self.at(*state, state.clock(now));
    }

    /// `getAvailablePermissions`; it tells no wait.
    fn view(&self, state: &Cycle, asked: &Asked) -> View {
        let cycle = self.at(*state, state.clock(asked.now));
        View {
            limit: u64::from(self.limit_for_period.unsigned_abs()),
            remaining: Some(u64::try_from(cycle.permissions).unwrap_or(0)),
            reset: None,
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let limit_for_period = i32::try_from(quota).ok().filter(|limit| *limit > 0)?;
        Some(Resilience4jRateLimiter { limit_for_period, ..self.clone() })
    }

    /// Limit and timeout can be changed, the next cycle has the new limit. The
    /// period cannot: cycles of another length are another limiter's.
    fn carry(&self, state: &mut Cycle, old: &Self, now: Instant) {
        if self.period != old.period {
            *state = self.fresh(now);
        }
    }

    fn capacity(&self) -> Capacity {
        let limit = self.limit_for_period.unsigned_abs();
        Capacity {
            per_second: f64::from(limit) * 1e9 / self.period as f64,
            at_once: u64::from(limit),
        }
    }

    fn rule(&self) -> String {
        format!("resilience4j-rate-limiter {}", self.pace())
    }

    fn pace(&self) -> String {
        let count = u64::from(self.limit_for_period.unsigned_abs());
        Rate { count, period: self.limit_refresh_period.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn limiter(parameters: &str) -> Table<Resilience4jRateLimiter> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn cycles_begin_when_the_limiter_was_made() {
        let mut limiter =
            limiter("limit-for-period = 1\nlimit-refresh-period = '1s'\ntimeout-duration = '0s'");
        limiter.grow(2, Instant(300));
        let mut ask = |at| limiter.decide(1, Instant(at), 1);
        assert_eq!(ask(300), Verdict::Admit);
        assert_eq!(ask(SECOND + 299), Verdict::NEVER);
        assert_eq!(ask(SECOND + 300), Verdict::Admit);
    }

    #[test]
    fn a_wait_as_long_as_the_timeout_is_not_too_long() {
        let parameters =
            "limit-for-period = 2\nlimit-refresh-period = '1s'\ntimeout-duration = '1s'";
        assert_eq!(limiter(parameters).ask(0, 4).0, Verdict::Delay(Span::seconds(1)));
        assert_eq!(limiter(parameters).ask(0, 5).0, Verdict::NEVER);
        let mut limiter = limiter(parameters);
        let (verdict, view) = limiter.ask(1, 5);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(2)));
        assert_eq!(limiter.ask(1, 4).0, Verdict::Delay(Span(SECOND - 1)));
        assert_eq!(limiter.ask(1, 0).0, Verdict::Delay(Span(SECOND - 1)));
        // The next cycle's two are taken: nothing is left of it.
        assert_eq!(limiter.ask(SECOND, 0), (Verdict::Admit, View { remaining: Some(0), ..view }));
        assert_eq!(limiter.ask(3 * SECOND, 0).1.remaining, Some(2));
    }

    #[test]
    fn what_the_config_refuses_is_refused() {
        assert_eq!(limiter("").algorithm().rule(), "resilience4j-rate-limiter 50/500ns");
        for (parameters, why) in [
            ("limit-for-period = 0", "write 1 to 2147483647"),
            ("limit-for-period = 2147483648", "write 1 to 2147483647"),
            ("limit-refresh-period = '0s'", "longer than zero"),
        ] {
            let error = Table::<Resilience4jRateLimiter>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }

    #[test]
    fn another_limit_keeps_the_cycle_and_another_period_begins_anew() {
        let mut table = limiter("limit-for-period = 4\nlimit-refresh-period = '1s'");
        table.ask(0, 3);
        table.resize(10, Instant(0));
        assert_eq!(table.ask(0, 0).1.remaining, Some(1));
        assert_eq!(table.ask(SECOND, 0).1.remaining, Some(10));
        table.ask(SECOND, 10);
        let minutes = limiter("limit-for-period = 4\nlimit-refresh-period = '1min'");
        table.replace(minutes.algorithm().clone(), Instant(SECOND));
        assert_eq!(table.ask(SECOND, 0).1.remaining, Some(4));
    }
}
