//! `SimpleRateThrottle` of Django REST framework.
//!
//! A log of request times, kept in Django's cache: a request exactly one
//! duration old has left. Refused requests are not logged. What it suggests to
//! wait is divided by the requests that are left; when it refuses there is one,
//! so the wait is until the oldest leaves.
//!
//! # Formula
//!
//! In float64 seconds, `now = ns / 1e9`: entries `<= now - duration` are
//! dropped; refused iff `entries >= N`; wait `(duration - (now - oldest)) /
//! (N - entries + 1)`. The cache forgets the whole log at `newest + duration`,
//! which is the same but for the rounding of floats.
//!
//! # Source
//!
//! Django REST framework 3.18.3, `rest_framework/throttling.py`; the cache is
//! Django's default, `LocMemCache`, on the same clock. The response's
//! Retry-After is the wait rounded up (`exceptions.py`), which a header scheme
//! does; here the wait is as `wait()` returns it.
//!
//! Requests have no cost there. Here a cost of n is n requests at one instant,
//! all or none: an extension of ours, 1 is what the program does, and 0 looks
//! and logs nothing.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{DrfSimpleRateThrottle, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let mut limit = Table::<DrfSimpleRateThrottle>::read("rate = '2/minute'")?;
//! assert_eq!(limit.ask(10 * SECOND, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(15 * SECOND, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(30 * SECOND, 1).0, Verdict::Reject { wait: Span::seconds(40) });
//! assert_eq!(limit.ask(70 * SECOND, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::collections::VecDeque;

use serde::Deserialize;

use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// So many requests in any second, minute, hour or day.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct DrfSimpleRateThrottle {
    /// 0 is legal there and refuses everything.
    num_requests: u64,
    /// In seconds.
    duration: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    rate: String,
}

impl TryFrom<Parameters> for DrfSimpleRateThrottle {
    type Error = String;

    fn try_from(Parameters { rate }: Parameters) -> Result<Self, String> {
        let refused = |why: &str| format!("`{rate}` is not a throttle rate: {why}");
        let Some((number, period)) = rate.split_once('/') else {
            return Err(refused("write NUMBER/PERIOD, like 10/s or 100/hour"));
        };
        let num_requests = number.trim().parse();
        let num_requests = num_requests
            .map_err(|_| refused("the number is a whole number from 0 up, like 10/s"))?;
        // Only the first letter counts, whatever follows.
        let duration = match period.chars().next() {
            _ if period.contains('/') => None,
            Some('s') => Some(1),
            Some('m') => Some(60),
            Some('h') => Some(3_600),
            Some('d') => Some(86_400),
            _ => None,
        };
        let duration = duration
            .ok_or_else(|| refused("the period begins with s, m, h or d, like 10/s or 10/day"))?;
        Ok(DrfSimpleRateThrottle { num_requests, duration })
    }
}

/// One key's requests in seconds of the clock, oldest first, and when the cache forgets them.
#[derive(Clone, Debug)]
pub struct History {
    times: VecDeque<f64>,
    expires: f64,
}

impl DrfSimpleRateThrottle {
    fn seconds(&self) -> f64 {
        f64::from(self.duration)
    }

    /// How many of the history, from its oldest on, have passed.
    fn passed(&self, state: &History, now: f64) -> usize {
        if state.expires <= now {
            return state.times.len();
        }
        let since = now - self.seconds();
        state.times.partition_point(|time| *time <= since)
    }
}

impl Algorithm for DrfSimpleRateThrottle {
    type State = History;

    const CARD: Card = Card {
        implementation: Some("Django REST framework 3.18.3, SimpleRateThrottle, LocMemCache"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[(
            "rate",
            "\"10/s\", \"100/hour\": of the period only the first letter counts",
        )],
        example: "drf-simple-rate-throttle = { rate = \"100/day\" }",
        peculiar: "a request exactly one duration old has left; refusals are not logged",
    };

    fn fresh(&self, _created: Instant) -> History {
        History { times: VecDeque::new(), expires: 0.0 }
    }

    fn test(&self, state: &History, now: Instant, cost: u32) -> Verdict {
        let now = now.as_secs_f64();
        let passed = self.passed(state, now);
        let entries = (state.times.len() - passed) as u64;
        let cost = u64::from(cost);
        if entries.saturating_add(cost) <= self.num_requests {
            return Verdict::Admit;
        }
        // Of requests as the program has them this is true of a rate of 0 only,
        // for which it tells to wait for the duration all the same.
        if cost > self.num_requests.max(1) {
            return Verdict::NEVER;
        }
        let remaining = match state.times.get(passed) {
            Some(oldest) => self.seconds() - (now - oldest),
            None => self.seconds(),
        };
        match (self.num_requests + 1).checked_sub(entries) {
            // After the rate was lowered there may be more entries than it allows.
            None | Some(0) => Verdict::NEVER,
            Some(available) => {
                Verdict::Reject { wait: Span::from_secs_f64(remaining / available as f64) }
            }
        }
    }

    fn admit(&self, state: &mut History, now: Instant, cost: u32) -> Mark {
        let now = now.as_secs_f64();
        let passed = self.passed(state, now);
        state.times.drain(..passed);
        if cost > 0 {
            state.times.extend(std::iter::repeat_n(now, cost as usize));
            state.expires = now + self.seconds();
        }
        Mark::NONE
    }

    fn view(&self, state: &History, asked: &Asked) -> View {
        let passed = self.passed(state, asked.now.as_secs_f64());
        let entries = (state.times.len() - passed) as u64;
        View {
            limit: self.num_requests,
            remaining: Some(self.num_requests.saturating_sub(entries)),
            reset: None,
        }
    }

    /// The cache's key does not name the rate: the history stays what it is.
    fn resized(&self, quota: u64) -> Option<Self> {
        Some(DrfSimpleRateThrottle { num_requests: quota, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            per_second: self.num_requests as f64 / self.seconds(),
            at_once: self.num_requests,
        }
    }

    fn rule(&self) -> String {
        format!("drf-simple-rate-throttle {}", self.pace())
    }

    fn pace(&self) -> String {
        let period = Span::seconds(u64::from(self.duration));
        Rate { count: self.num_requests, period }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::SECOND;

    fn throttle(rate: &str) -> Table<DrfSimpleRateThrottle> {
        Table::read(&format!("rate = '{rate}'")).unwrap()
    }

    fn wait(ns: u64) -> Verdict {
        Verdict::Reject { wait: Span(ns) }
    }

    #[test]
    fn a_request_exactly_one_duration_old_has_left() {
        let mut limit = throttle("1/s");
        assert_eq!(limit.ask(SECOND, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(2 * SECOND - 1, 1).0, wait(1));
        let (verdict, view) = limit.ask(2 * SECOND, 1);
        assert_eq!((verdict, view.remaining, view.reset), (Verdict::Admit, Some(0), None));
    }

    /// 1.9 - 1 is a float below 0.9, so the log would keep the request; but the
    /// cache reckons 0.9 + 1, which is the float 1.9, and has forgotten it.
    #[test]
    fn the_cache_forgets_by_its_own_sum() {
        let mut limit = throttle("1/s");
        assert_eq!(limit.ask(900_000_000, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(1_899_999_999, 1).0, wait(1));
        assert_eq!(limit.ask(1_900_000_000, 1).0, Verdict::Admit);
    }

    /// Only the newest request moves the cache's end: 1.9 - 1 keeps that of 0.9 here.
    #[test]
    fn a_later_request_keeps_the_history_in_the_cache() {
        let mut limit = throttle("2/s");
        limit.ask(900_000_000, 1);
        limit.ask(SECOND, 1);
        assert_eq!(limit.ask(1_900_000_000, 1).0, wait(0));
        assert_eq!(limit.ask(1_900_000_001, 1).0, Verdict::Admit);
    }

    /// At 2^31 seconds the steps of a float double, so that a sum of the request's
    /// time and a second would be rounded: 238 ns less would be told.
    #[test]
    fn the_wait_is_reckoned_in_the_programs_order() {
        let mut limit = throttle("1/s");
        limit.ask(2_147_483_647_871_375_481, 1);
        assert_eq!(limit.ask(2_147_483_648_342_706_942, 1).0, wait(528_668_165));
    }

    #[test]
    fn refused_requests_are_not_logged() {
        let mut limit = throttle("2/min");
        limit.ask(SECOND, 1);
        limit.ask(31 * SECOND, 1);
        for at in 32..61 {
            assert_eq!(limit.ask(at * SECOND, 1).0, wait((61 - at) * SECOND));
        }
        let (verdict, view) = limit.ask(61 * SECOND, 1);
        assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(0)));
    }

    #[test]
    fn a_cost_is_so_many_requests_all_or_none() {
        let mut limit = throttle("3/s");
        assert_eq!(limit.ask(SECOND, 2).1.remaining, Some(1));
        // Two do not fit. The program's wait is for one: half a second's part of two.
        assert_eq!(limit.ask(SECOND + SECOND / 2, 2).0, wait(SECOND / 4));
        assert_eq!(limit.ask(SECOND + SECOND / 2, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(SECOND + SECOND / 2, 0).0, Verdict::Admit);
        assert_eq!(limit.ask(9 * SECOND, 4).0, Verdict::NEVER);
    }

    #[test]
    fn a_lower_rate_keeps_the_history() {
        let mut limit = throttle("5/s");
        limit.ask(SECOND, 4);
        limit.resize(3, Instant(SECOND));
        // Four entries, three allowed: the program has no wait to tell.
        let (verdict, view) = limit.ask(SECOND, 1);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(0)));
        limit.resize(4, Instant(SECOND));
        assert_eq!(limit.ask(SECOND, 1).0, wait(SECOND));
    }

    #[test]
    fn a_rate_is_in_the_throttles_own_grammar() {
        for (rate, pace) in
            [("10/s", "10/s"), ("100/hour", "100/h"), ("7/minute", "7/min"), ("2/decade", "2/d")]
        {
            assert_eq!(throttle(rate).algorithm().pace(), pace);
        }
        assert_eq!(throttle("0/s").ask(0, 1).0, wait(SECOND));
        for (rate, why) in [
            ("10", "write NUMBER/PERIOD"),
            ("-1/s", "from 0 up"),
            ("10/", "begins with s, m, h or d"),
            ("10/S", "begins with s, m, h or d"),
            ("10/5s", "begins with s, m, h or d"),
            ("10/s/s", "begins with s, m, h or d"),
        ] {
            let error = Table::<DrfSimpleRateThrottle>::read(&format!("rate = '{rate}'"));
            let error = error.unwrap_err();
            assert!(error.contains(why), "{rate}: {error}");
        }
    }
}
