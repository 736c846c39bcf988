//! Envoy's rate limit service: fixed windows of the clock that count refusals.
//!
//! The count in Redis goes up before it is compared: a request that is refused
//! counts, with all it asked for. Windows lie on the epoch, whole seconds long;
//! a month is 30 days and a year 365, wherever the calendar's begin.
//!
//! # Formula
//!
//! `window = now / unit` in whole seconds, `after = INCRBY hits`; over the limit
//! iff `after > requests-per-unit`. `remaining = limit - after`, 0 once over;
//! `reset = unit - now mod unit`, from 1 to the unit. There is no Retry-After.
//!
//! With `local-cache` the service remembers which windows are over: it asks
//! Redis no more, refuses whatever comes, and the count stands still. The cost
//! is `hits_addend`; 0 asks whether the limit is passed and counts nothing.
//!
//! Several descriptors are several limits with `commit = "always"`: each counts,
//! whether or not another is over. `STOP_CACHE_KEY_INCREMENT_WHEN_OVERLIMIT`
//! changes that and nothing else, to `"all-or-nothing"`: the descriptor that is
//! over still counts. The jitter of expiry never changes a decision.
//!
//! # Source
//!
//! envoyproxy/ratelimit as of July 2026: `src/limiter/base_limiter.go`,
//! `src/redis/fixed_cache_impl.go`, `src/utils/utilities.go`. Read in the
//! source, not recorded.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{EnvoyRateLimitService, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let mut limit = Table::<EnvoyRateLimitService>::read(
//!     "requests-per-unit = 3\nunit = 'minute'",
//! )?;
//! assert_eq!(limit.ask(50 * SECOND, 1).0, Verdict::Admit);
//! // It asks for three where two are left, is refused, and has used them up.
//! assert_eq!(limit.ask(50 * SECOND, 3).0, Verdict::NEVER);
//! let (verdict, view) = limit.ask(59 * SECOND, 1);
//! assert_eq!((verdict, view.reset), (Verdict::NEVER, Some(Span::seconds(1))));
//! assert_eq!(limit.ask(60 * SECOND, 3).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, SECOND, Span};

/// A `rate_limit` of a descriptor.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EnvoyRateLimitService {
    requests_per_unit: u32,
    unit: Unit,
    #[serde(default)]
    local_cache: bool,
}

/// How long a window is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    const fn seconds(self) -> u64 {
        match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => 86_400,
            Unit::Week => 7 * 86_400,
            Unit::Month => 30 * 86_400,
            Unit::Year => 365 * 86_400,
        }
    }
}

/// One key's count in Redis, and what the service remembers of it.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// The second in which the window began, which is part of the key.
    start: u64,
    used: u64,
    /// Whether the local cache has this window as over the limit.
    over: bool,
}

impl EnvoyRateLimitService {
    fn limit(self) -> u64 {
        u64::from(self.requests_per_unit)
    }

    /// The count of the window that `now` falls into.
    fn at(self, count: Count, now: Instant) -> Count {
        let start = now.epoch_seconds() / self.unit.seconds() * self.unit.seconds();
        if start == count.start { count } else { Count { start, used: 0, over: false } }
    }
}

impl Algorithm for EnvoyRateLimitService {
    type State = Count;

    const CARD: Card = Card {
        implementation: Some("envoyproxy/ratelimit of July 2026"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("requests-per-unit", "how many in a window"),
            ("unit", "second, minute, hour, day, week, month (30 days) or year (365)"),
            ("local-cache", "what is over is not asked for, and counts no more [false]"),
        ],
        example: "envoy-rate-limit-service = { requests-per-unit = 100, unit = \"minute\" }",
        peculiar: "refusals count, with all they asked for: one that is too large uses up the rest",
    };

    fn fresh(&self, _created: Instant) -> Count {
        Count { start: 0, used: 0, over: false }
    }

    fn test(&self, state: &Count, now: Instant, cost: u32) -> Verdict {
        let count = self.at(*state, now);
        if count.over || count.used.saturating_add(u64::from(cost)) > self.limit() {
            Verdict::NEVER
        } else {
            Verdict::Admit
        }
    }

    fn admit(&self, state: &mut Count, now: Instant, cost: u32) -> Mark {
        *state = self.at(*state, now);
        state.used = state.used.saturating_add(u64::from(cost));
        Mark::NONE
    }

    fn refuse(&self, state: &mut Count, now: Instant, cost: u32) {
        if !self.at(*state, now).over {
            self.admit(state, now, cost);
            state.over = self.local_cache;
        }
    }

    fn view(&self, state: &Count, asked: &Asked) -> View {
        let used = self.at(*state, asked.now).used;
        let unit = self.unit.seconds();
        View {
            limit: self.limit(),
            remaining: Some(self.limit().saturating_sub(used)),
            reset: Some(Span::seconds(unit - asked.now.epoch_seconds() % unit)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(EnvoyRateLimitService { requests_per_unit: u32::try_from(quota).ok()?, ..*self })
    }

    fn capacity(&self) -> Capacity {
        let per_second = self.limit() as f64 / self.unit.seconds() as f64;
        Capacity { per_second, at_once: self.limit() }
    }

    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let length = self.unit.seconds() * SECOND;
        // The window that is open at the end counts as well: it can be taken at once.
        let windows = (start.0 % length).saturating_add(span.0) / length + 1;
        windows.saturating_mul(self.limit())
    }

    fn rule(&self) -> String {
        format!("envoy-rate-limit-service {}", self.pace())
    }

    fn pace(&self) -> String {
        let period = Span::seconds(self.unit.seconds());
        Rate { count: self.limit(), period }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;

    fn service(parameters: &str) -> Table<EnvoyRateLimitService> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn the_limit_itself_passes_and_the_next_second_is_new() {
        let mut second = service("requests-per-unit = 2\nunit = 'second'");
        let told = |asked: (Verdict, View)| (asked.0, asked.1.remaining, asked.1.reset);
        let one = Some(Span::seconds(1));
        assert_eq!(told(second.ask(5 * SECOND, 1)), (Verdict::Admit, Some(1), one));
        assert_eq!(told(second.ask(5 * SECOND, 1)), (Verdict::Admit, Some(0), one));
        assert_eq!(told(second.ask(6 * SECOND - 1, 1)), (Verdict::NEVER, Some(0), one));
        assert_eq!(told(second.ask(6 * SECOND, 1)), (Verdict::Admit, Some(1), one));
    }

    #[test]
    fn refusals_count_and_no_cost_asks_only() {
        let mut hour = service("requests-per-unit = 5\nunit = 'hour'");
        assert_eq!(hour.ask(0, 6).0, Verdict::NEVER);
        assert_eq!(hour.ask(0, 0).0, Verdict::NEVER);
        assert_eq!(hour.ask(0, 1).0, Verdict::NEVER);
        assert_eq!(hour.ask(3_600 * SECOND, 5).0, Verdict::Admit);
        assert_eq!(hour.ask(3_600 * SECOND, 0).0, Verdict::Admit);
    }

    #[test]
    fn the_local_cache_counts_only_the_first_refusal() {
        let count = |parameters: &str| {
            let limit = *service(parameters).algorithm();
            let mut state = limit.fresh(Instant(0));
            for _ in 0..9 {
                limit.decide(&mut state, Instant(0), 1);
            }
            state.used
        };
        assert_eq!(count("requests-per-unit = 5\nunit = 'day'"), 9);
        assert_eq!(count("requests-per-unit = 5\nunit = 'day'\nlocal-cache = true"), 6);
        // A request that would fit is refused as well once the window is over.
        let mut cached = service("requests-per-unit = 5\nunit = 'day'\nlocal-cache = true");
        cached.ask(0, 6);
        cached.resize(9, Instant(0));
        assert_eq!(cached.ask(0, 1).0, Verdict::NEVER);
    }

    #[test]
    fn windows_lie_on_the_epoch_and_months_have_thirty_days() {
        for (unit, day) in [("week", 7), ("month", 30), ("year", 365)] {
            let mut limit = service(&format!("requests-per-unit = 1\nunit = '{unit}'"));
            limit.ask(0, 1);
            let edge = day * 86_400 * SECOND;
            let (verdict, view) = limit.ask(edge - SECOND, 1);
            assert_eq!((verdict, view.reset), (Verdict::NEVER, Some(Span::seconds(1))), "{unit}");
            let (verdict, view) = limit.ask(edge, 1);
            assert_eq!((verdict, view.reset), (Verdict::Admit, Some(Span(edge))), "{unit}");
        }
    }

    #[test]
    fn a_limit_of_none_refuses_all() {
        let mut none = service("requests-per-unit = 0\nunit = 'second'");
        assert_eq!(none.ask(0, 1).0, Verdict::NEVER);
        assert_eq!(none.algorithm().rule(), "envoy-rate-limit-service 0/s");
    }

    #[test]
    fn what_the_service_would_not_read_is_refused() {
        for (parameters, why) in [
            ("requests-per-unit = 1\nunit = 'fortnight'", "unknown variant"),
            ("requests-per-unit = 4294967296\nunit = 'day'", "u32"),
            ("unit = 'day'", "requests-per-unit"),
        ] {
            let error = Table::<EnvoyRateLimitService>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
