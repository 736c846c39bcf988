//! A throttle of rack-attack, the Ruby middleware.
//!
//! A fixed window on the grid of whole seconds since 1970. A request is counted
//! before it is judged, so refused requests count as well; they change nothing,
//! because the window ends when it ends. The clock has no fractions.
//!
//! # Formula
//!
//! `now = floor(seconds)`; window `floor(now / period)`; `count += 1`; refused iff
//! `count > limit`; retry-after and reset `period - now % period`, at least 1.
//!
//! # Source
//!
//! rack-attack 6.8.0 (git 728d610), `throttle.rb`, `cache.rb`, `configuration.rb`.
//! Read in the source, not recorded. The response has a Retry-After only where
//! `throttled_response_retry_after_header` is set: that is for a header scheme to
//! say. Counters outlive their window by a second in the store, unseen.
//!
//! Requests have no cost there. Here a cost of n counts n: an extension of ours;
//! 1 is what the program does, and 0 looks and counts nothing.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{RackAttackThrottle, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<RackAttackThrottle>::read("limit = 1\nperiod = '1min'")?;
//! assert_eq!(limit.ask(119_000_000_000, 1).0, Verdict::Admit);
//! // The window ends a nanosecond later, but the program sees 119 whole seconds.
//! assert_eq!(limit.ask(119_999_999_999, 1).0, Verdict::Reject { wait: Span::seconds(1) });
//! assert_eq!(limit.ask(120_000_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::whole_seconds::WholeSeconds;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// So many in a window of whole seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RackAttackThrottle {
    /// 0 is legal there and refuses everything.
    limit: u64,
    period: WholeSeconds,
}

/// The last window in which one key came, by number, and what it counted.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    window: u64,
    count: u64,
}

impl RackAttackThrottle {
    fn window(&self, now: Instant) -> u64 {
        now.epoch_seconds() / self.period.count()
    }

    fn count(&self, state: &Count, now: Instant) -> u64 {
        if state.window == self.window(now) { state.count } else { 0 }
    }

    fn until_end(&self, now: Instant) -> Span {
        let period = self.period.count();
        Span::seconds(period - now.epoch_seconds() % period)
    }

    fn hit(&self, state: &mut Count, now: Instant, cost: u32) {
        let count = self.count(state, now).saturating_add(u64::from(cost));
        *state = Count { window: self.window(now), count };
    }
}

impl Algorithm for RackAttackThrottle {
    type State = Count;

    const CARD: Card = Card {
        implementation: Some("rack-attack 6.8.0, throttle"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("limit", "how many in a window"),
            ("period", "how long it is, in whole seconds: \"1min\""),
        ],
        example: "rack-attack-throttle = { limit = 300, period = \"5min\" }",
        peculiar: "its clock has whole seconds: windows begin and end on them, waits are at least 1 s",
    };

    fn fresh(&self, _created: Instant) -> Count {
        Count { window: 0, count: 0 }
    }

    fn test(&self, state: &Count, now: Instant, cost: u32) -> Verdict {
        let count = self.count(state, now).saturating_add(u64::from(cost));
        if count > self.limit {
            Verdict::Reject { wait: self.until_end(now) }
        } else {
            Verdict::Admit
        }
    }

    fn admit(&self, state: &mut Count, now: Instant, cost: u32) -> Mark {
        self.hit(state, now, cost);
        Mark::NONE
    }

    fn refuse(&self, state: &mut Count, now: Instant, cost: u32) {
        self.hit(state, now, cost);
    }

    fn view(&self, state: &Count, asked: &Asked) -> View {
        View {
            limit: self.limit,
            remaining: Some(self.limit.saturating_sub(self.count(state, asked.now))),
            reset: Some(self.until_end(asked.now)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(RackAttackThrottle { limit: quota, ..self.clone() })
    }

    /// The store's key names the window by its number only, so that another
    /// period finds a counter at most by chance: it begins anew.
    fn carry(&self, state: &mut Count, old: &Self, now: Instant) {
        if self.period != old.period {
            *state = self.fresh(now);
        }
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.limit as f64 / self.period.as_f64(), at_once: self.limit }
    }

    /// Windows lie on the clock's grid; that which is open at the end counts as well.
    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let windows = self.window(start.after(span)) - self.window(start) + 1;
        windows.saturating_mul(self.limit)
    }

    fn rule(&self) -> String {
        format!("rack-attack-throttle {}", self.pace())
    }

    fn pace(&self) -> String {
        Rate { count: self.limit, period: self.period.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::SECOND;

    fn throttle(parameters: &str) -> Table<RackAttackThrottle> {
        Table::read(parameters).unwrap()
    }

    fn wait(seconds: u64) -> Verdict {
        Verdict::Reject { wait: Span::seconds(seconds) }
    }

    #[test]
    fn windows_lie_on_the_grid_of_whole_seconds() {
        let mut limit = throttle("limit = 2\nperiod = '10s'");
        assert_eq!(limit.ask(18 * SECOND, 1).1.reset, Some(Span::seconds(2)));
        assert_eq!(limit.ask(19 * SECOND + 1, 1).1.reset, Some(Span::seconds(1)));
        assert_eq!(limit.ask(20 * SECOND - 1, 1).0, wait(1));
        let (verdict, view) = limit.ask(20 * SECOND, 1);
        assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(1)));
        assert_eq!(view.reset, Some(Span::seconds(10)));
    }

    #[test]
    fn refused_requests_count_and_change_nothing() {
        let mut limit = throttle("limit = 1\nperiod = '10s'");
        limit.ask(0, 1);
        for at in 0..10 {
            let (verdict, view) = limit.ask(at * SECOND, 1);
            assert_eq!((verdict, view.remaining), (wait(10 - at), Some(0)));
        }
        assert_eq!(limit.ask(10 * SECOND, 1).0, Verdict::Admit);
    }

    #[test]
    fn a_cost_counts_whole() {
        let mut limit = throttle("limit = 3\nperiod = '10s'");
        assert_eq!(limit.ask(SECOND, 0).0, Verdict::Admit);
        assert_eq!(limit.ask(SECOND, 4).0, wait(9));
        assert_eq!(limit.ask(SECOND, 0).0, wait(9));
        assert_eq!(limit.ask(10 * SECOND, 3).0, Verdict::Admit);
        assert_eq!(limit.ask(10 * SECOND, 0).0, Verdict::Admit);
    }

    #[test]
    fn a_limit_of_zero_refuses_all() {
        assert_eq!(throttle("limit = 0\nperiod = '1s'").ask(0, 1).0, wait(1));
    }

    #[test]
    fn what_it_admits_within_a_span_counts_the_windows_it_touches() {
        let limit = throttle("limit = 3\nperiod = '10s'");
        let within = |start, span| limit.admits_within(Instant(start * SECOND), Span(span));
        assert_eq!(within(0, 10 * SECOND - 1), 3);
        assert_eq!(within(0, 10 * SECOND), 6);
        assert_eq!(within(9, SECOND), 6);
    }

    #[test]
    fn another_period_begins_anew_and_another_limit_does_not() {
        let mut limit = throttle("limit = 2\nperiod = '10s'");
        limit.ask(0, 2);
        limit.resize(3, Instant(0));
        assert_eq!(limit.ask(0, 2).0, wait(10));
        let other = throttle("limit = 2\nperiod = '20s'").algorithm().clone();
        limit.replace(other, Instant(0));
        assert_eq!(limit.ask(0, 2).0, Verdict::Admit);
    }

    #[test]
    fn a_period_is_whole_seconds() {
        let error = Table::<RackAttackThrottle>::read("limit = 1\nperiod = '1ms'").unwrap_err();
        assert!(error.contains("whole seconds: write a period like \"1s\""), "{error}");
    }
}
