//! Cloudflare's rate limiting rules: a rate estimated from two windows, and then
//! a block that lasts.
//!
//! Once the estimate is above the limit a key is blocked for the whole
//! `mitigation-timeout`, however little it asks by then. Without one the rule
//! throttles: it lets through what fits under the limit. An approximation by
//! design: Cloudflare counts in each data centre apart and with some delay.
//!
//! # Formula
//!
//! With windows on the clock and this request counted in the current one:
//! `estimate = previous * (period - elapsed) / period + current`, in exact
//! integers; over iff `estimate > requests-per-period`. Retry-After is the rest
//! of the block, or until a request fits, rounded up to seconds.
//!
//! # Source
//!
//! Cloudflare's documentation of the parameters (WAF, rate limiting rules), and
//! the estimate from the article "How we built rate limiting capable of scaling
//! to millions of domains" (June 2017). Documented only. Assumed: windows lie on
//! the epoch; the request that passes the limit is itself blocked, and counts if
//! a block begins; during a block, and when throttled, nothing counts; cost n
//! counts n, cost 0 nothing; Retry-After is sent and rounded up.
//!
//! # Example
//!
//! The article's: 42 requests in the previous minute and 18 in the first 15
//! seconds of this one are estimated at 42 * 45 / 60 + 18 = 49.5 a minute.
//!
//! ```
//! use tollgate::limiter::{CloudflareRateLimiting, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let mut limit = Table::<CloudflareRateLimiting>::read(
//!     "requests-per-period = 50\nperiod = '1min'\nmitigation-timeout = '10min'",
//! )?;
//! limit.ask(30 * SECOND, 42);
//! assert_eq!(limit.ask(75 * SECOND, 18).0, Verdict::Admit);
//! // One more in the same second would make 50.5.
//! assert_eq!(limit.ask(75 * SECOND, 1).0, Verdict::Reject { wait: Span::seconds(600) });
//! assert_eq!(limit.ask(674 * SECOND, 1).0, Verdict::Reject { wait: Span::seconds(1) });
//! assert_eq!(limit.ask(675 * SECOND, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Length, Rate, Span};

/// A rate limiting rule.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CloudflareRateLimiting {
    requests_per_period: NonZeroU64,
    period: Length,
    /// Zero throttles.
    #[serde(default)]
    mitigation_timeout: Span,
}

/// One key's counters, and until when it is blocked.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    window: u64,
    current: u64,
    previous: u64,
    blocked: Instant,
}

impl CloudflareRateLimiting {
    /// The counters at `now`.
    fn at(self, counters: Counters, now: Instant) -> Counters {
        let window = now.0 / self.period.ns();
        match window - counters.window {
            0 => counters,
            1 => Counters { window, current: 0, previous: counters.current, ..counters },
            _ => Counters { window, current: 0, previous: 0, ..counters },
        }
    }

    /// How many requests the counters stand for, times the period.
    fn estimate(self, counters: Counters, now: Instant) -> u128 {
        let rest = self.period.ns() - now.0 % self.period.ns();
        u128::from(counters.previous) * u128::from(rest)
            + u128::from(counters.current) * u128::from(self.period.ns())
    }

    /// How far into a window `counted` of the one before weigh no more than `room`.
    fn weighs(self, counted: u64, room: u64) -> u64 {
        let period = self.period.ns();
        let rest = u128::from(room) * u128::from(period) / u128::from(counted.max(1));
        period - u64::try_from(rest).unwrap_or(period).min(period)
    }

    /// Until `cost` fits, if nobody asks in the meantime.
    fn until_room(self, counters: Counters, now: Instant, cost: u32) -> Span {
        let (limit, cost) = (self.requests_per_period.get(), u64::from(cost));
        let Some(room) = limit.checked_sub(cost) else { return Span::NEVER };
        let elapsed = now.0 % self.period.ns();
        let wait = match room.checked_sub(counters.current) {
            Some(room) => self.weighs(counters.previous, room) - elapsed,
            None => self.period.ns() - elapsed + self.weighs(counters.current, room),
        };
        Span(wait)
    }
}

impl Algorithm for CloudflareRateLimiting {
    type State = Counters;

    const CARD: Card = Card {
        implementation: Some("Cloudflare rate limiting rules"),
        evidence: Evidence::Documented,
        clock: Clock::Wall,
        parameters: &[
            ("requests-per-period", "the rate above which the rule acts"),
            ("period", "in which they are counted: \"10s\" to \"1h\" with Cloudflare"),
            ("mitigation-timeout", "how long it blocks once the rate was passed [0s: throttles]"),
        ],
        example: "cloudflare-rate-limiting = { requests-per-period = 50, period = \"1min\", mitigation-timeout = \"10min\" }",
        peculiar: "an estimate, and a block that lasts however little is asked in the meantime",
    };

    fn fresh(&self, _created: Instant) -> Counters {
        Counters { window: 0, current: 0, previous: 0, blocked: Instant(0) }
    }

    fn test(&self, state: &Counters, now: Instant, cost: u32) -> Verdict {
        let mut counters = self.at(*state, now);
        let wait = if now < counters.blocked {
            counters.blocked.since(now)
        } else {
            counters.current = counters.current.saturating_add(u64::from(cost));
            let limit = u128::from(self.requests_per_period.get());
            if self.estimate(counters, now) <= limit * u128::from(self.period.ns()) {
                return Verdict::Admit;
            }
            match self.mitigation_timeout {
                Span::ZERO => self.until_room(self.at(*state, now), now, cost),
                timeout => timeout,
            }
        };
        if wait == Span::NEVER {
            return Verdict::NEVER;
        }
        Verdict::Reject { wait: Span::seconds(wait.ceil_seconds()) }
    }

    fn admit(&self, state: &mut Counters, now: Instant, cost: u32) -> Mark {
        *state = self.at(*state, now);
        state.current = state.current.saturating_add(u64::from(cost));
        Mark::NONE
    }

    fn refuse(&self, state: &mut Counters, now: Instant, cost: u32) {
        if now >= state.blocked && self.mitigation_timeout > Span::ZERO && cost > 0 {
            self.admit(state, now, cost);
            state.blocked = now.after(self.mitigation_timeout);
        }
    }

    fn view(&self, _state: &Counters, _asked: &Asked) -> View {
        View { limit: self.requests_per_period.get(), remaining: None, reset: None }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(CloudflareRateLimiting { requests_per_period: NonZeroU64::new(quota)?, ..*self })
    }

    /// The counts stay, as those of the new window and the one before.
    fn carry(&self, state: &mut Counters, old: &Self, now: Instant) {
        *state = Counters { window: now.0 / self.period.ns(), ..old.at(*state, now) };
    }

    fn capacity(&self) -> Capacity {
        let at_once = self.requests_per_period.get();
        Capacity { per_second: at_once as f64 / self.period.span().as_secs_f64(), at_once }
    }

    fn rule(&self) -> String {
        match self.mitigation_timeout {
            Span::ZERO => format!("cloudflare-rate-limiting {}", self.pace()),
            timeout => format!("cloudflare-rate-limiting {} block {timeout}", self.pace()),
        }
    }

    fn pace(&self) -> String {
        let rate = Rate { count: self.requests_per_period.get(), period: self.period.span() };
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;
    use proptest::prelude::*;

    fn rule(parameters: &str) -> Table<CloudflareRateLimiting> {
        Table::read(parameters).unwrap()
    }

    fn reject(seconds: u64) -> Verdict {
        Verdict::Reject { wait: Span::seconds(seconds) }
    }

    #[test]
    fn the_estimate_is_the_articles() {
        let rule = *rule("requests-per-period = 50\nperiod = '1min'").algorithm();
        let counters = Counters { window: 1, current: 18, previous: 42, blocked: Instant(0) };
        let at = |seconds| rule.estimate(counters, Instant(seconds * SECOND));
        let minute = u128::from(60 * SECOND);
        assert_eq!(at(75) * 10, 495 * minute);
        assert_eq!(at(60), 60 * minute);
    }

    #[test]
    fn the_limit_itself_passes() {
        let mut throttle = rule("requests-per-period = 2\nperiod = '10s'");
        assert_eq!(throttle.ask(0, 3).0, Verdict::NEVER);
        assert_eq!(throttle.ask(0, 2).0, Verdict::Admit);
        // Half of the two are gone in the middle of the next window.
        assert_eq!(throttle.ask(0, 1).0, reject(15));
        assert_eq!(throttle.ask(15 * SECOND - 1, 1).0, reject(1));
        assert_eq!(throttle.ask(15 * SECOND, 1).0, Verdict::Admit);
        // 2 * (10 - 6) / 10 + 1 = 1.8, and one more is 2.8.
        assert_eq!(throttle.ask(16 * SECOND, 0).0, Verdict::Admit);
        assert_eq!(throttle.ask(16 * SECOND, 1).0, reject(4));
    }

    #[test]
    fn a_block_lasts_and_what_is_refused_in_it_does_not_count() {
        let parameters = "requests-per-period = 1\nperiod = '10s'\nmitigation-timeout = '40s'";
        let mut block = rule(parameters);
        assert_eq!(block.ask(0, 1).0, Verdict::Admit);
        assert_eq!(block.ask(SECOND, 1).0, reject(40));
        assert_eq!(block.ask(40 * SECOND, 0).0, reject(1));
        assert_eq!(block.ask(41 * SECOND - 1, 1).0, reject(1));
        assert_eq!(block.ask(41 * SECOND, 1).0, Verdict::Admit);
        assert_eq!(block.algorithm().rule(), "cloudflare-rate-limiting 1/10s block 40s");
    }

    #[test]
    fn what_passed_the_limit_counts_when_the_block_ends_before_the_window() {
        let mut block = rule("requests-per-period = 4\nperiod = '60s'\nmitigation-timeout = '10s'");
        block.ask(0, 4);
        block.ask(0, 4);
        // Eight were counted: 8 * 30 / 60 is the limit already.
        assert_eq!(block.ask(90 * SECOND, 1).0, reject(10));
    }

    #[test]
    fn another_period_keeps_the_counts() {
        let mut throttle = rule("requests-per-period = 4\nperiod = '10s'");
        throttle.ask(9 * SECOND, 4);
        let longer = *rule("requests-per-period = 4\nperiod = '1min'").algorithm();
        throttle.replace(longer, Instant(11 * SECOND));
        // 4 * 49 / 60 + 1 is above 4, 4 * 45 / 60 + 1 is not.
        assert_eq!(throttle.ask(11 * SECOND, 1).0, reject(4));
        assert_eq!(throttle.ask(15 * SECOND, 1).0, Verdict::Admit);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (parameters, why) in [
            ("requests-per-period = 0\nperiod = '10s'", "nonzero"),
            ("requests-per-period = 1\nperiod = '0s'", "longer than zero"),
            ("requests-per-period = 1\nperiod = '10s'\ntimeout = '1s'", "unknown field"),
        ] {
            let error = Table::<CloudflareRateLimiting>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }

    proptest! {
        /// A throttled request fits at the end of its wait, and not a nanosecond before.
        #[test]
        fn the_wait_is_exact(
            limit in 1_u64..20, previous in 0_u64..20, current in 0_u64..20, cost in 1_u32..20,
            elapsed in 0_u64..1_000,
        ) {
            let (current, previous) = (current.min(limit), previous.min(limit));
            let rule = *rule(&format!("requests-per-period = {limit}\nperiod = '1us'")).algorithm();
            let state = Counters { window: 7, current, previous, blocked: Instant(0) };
            let now = Instant(7_000 + elapsed);
            if rule.test(&state, now, cost).is_reject() {
                let wait = rule.until_room(state, now, cost);
                let at = |ns| rule.test(&state, now.after(Span(ns)), cost).is_reject();
                prop_assert_eq!(wait == Span::NEVER, u64::from(cost) > limit);
                prop_assert!(wait == Span::NEVER || (at(wait.0 - 1) && !at(wait.0)));
            }
        }
    }
}
