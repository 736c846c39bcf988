//! express-rate-limit with its `MemoryStore`: so many hits in a window that
//! begins with a key's first hit.
//!
//! It counts first and compares then, so that refusals count. At the very
//! millisecond where a window ends a hit opens the next one. With
//! `skip-failed-requests` a response of 400 and up gives its hit back while the
//! window lasts; a refusal is such a response, and so does not count in the end.
//!
//! # Formula
//!
//! With `reset <= now_ms`: `hits = 0`, `reset = now_ms + window-ms`. Then `hits
//! += 1`; refused iff `hits > limit`. Remaining: `max(limit - hits, 0)`.
//! Retry-After: `ceil((reset - now_ms) / 1000)` seconds.
//!
//! # Source
//!
//! express-rate-limit 8.7.4, `dist/index.mjs`; recorded with fake timers. The
//! store drops a key after one to two windows without a hit, when its own window
//! is over in any case. It knows no cost: whatever it is, a request is one hit.
//! `skipSuccessfulRequests` is left out. Reset here is exact; its headers round
//! it up to whole seconds.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{ExpressRateLimit, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<ExpressRateLimit>::read("window-ms = 1000\nlimit = 2")?;
//! assert_eq!(limit.ask(1_644_000_000, 1).1.reset, Some(Span::millis(1_000)));
//! assert_eq!(limit.ask(2_640_000_000, 1).0, Verdict::Admit);
//! // Four milliseconds are left; it tells to wait a second.
//! let (verdict, view) = limit.ask(2_640_000_000, 1);
//! assert_eq!(verdict, Verdict::Reject { wait: Span::seconds(1) });
//! assert_eq!(view.reset, Some(Span::millis(4)));
//! assert_eq!(limit.ask(2_644_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::millis_clock;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// What `rateLimit` is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct ExpressRateLimit {
    window_ms: u64,
    limit: u64,
    skip_failed_requests: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    window_ms: Option<u64>,
    limit: Option<u64>,
    #[serde(default)]
    skip_failed_requests: bool,
}

impl TryFrom<Parameters> for ExpressRateLimit {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        // Node's timers hold no more; above that the store forgets everything each millisecond.
        const LONGEST: u64 = (1 << 31) - 1;
        let window_ms = parameters.window_ms.unwrap_or(60_000);
        if window_ms == 0 || window_ms > LONGEST {
            return Err(format!(
                "the library takes no window of {window_ms} ms: write window-ms from 1 to {LONGEST}"
            ));
        }
        Ok(ExpressRateLimit {
            window_ms,
            limit: parameters.limit.unwrap_or(5),
            skip_failed_requests: parameters.skip_failed_requests,
        })
    }
}

/// What the store has of a key; its window ends at 0 until the first hit.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    hits: u64,
    /// When the window ends, in milliseconds.
    reset: u64,
}

impl ExpressRateLimit {
    /// The client with a hit now.
    fn hit(&self, client: &Client, now: Instant) -> Client {
        let now = now.epoch_millis();
        if client.reset <= now {
            Client { hits: 1, reset: now.saturating_add(self.window_ms) }
        } else {
            Client { hits: client.hits.saturating_add(1), ..*client }
        }
    }

    fn rate(&self) -> Rate {
        Rate { count: self.limit, period: Span::millis(self.window_ms) }
    }
}

impl Algorithm for ExpressRateLimit {
    type State = Client;

    const CARD: Card = Card {
        implementation: Some("express-rate-limit 8.7.4"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("window-ms", "how long a window is, in milliseconds [60000]"),
            ("limit", "how many hits in it; each request is one, whatever its cost [5]"),
            ("skip-failed-requests", "whether a response of 400 and up gives its hit back [false]"),
        ],
        example: "express-rate-limit = { window-ms = 60000, limit = 100, skip-failed-requests = true }",
        peculiar: "the window begins with a key's first hit; refusals count",
    };

    fn fresh(&self, _created: Instant) -> Client {
        Client { hits: 0, reset: 0 }
    }

    fn test(&self, state: &Client, now: Instant, _cost: u32) -> Verdict {
        let client = self.hit(state, now);
        if client.hits > self.limit {
            let wait = millis_clock::until(client.reset, now);
            Verdict::Reject { wait: Span::seconds(wait.ceil_seconds()) }
        } else {
            Verdict::Admit
        }
    }

    fn admit(&self, state: &mut Client, now: Instant, _cost: u32) -> Mark {
        *state = self.hit(state, now);
        Mark(state.reset)
    }

    fn refuse(&self, state: &mut Client, now: Instant, cost: u32) {
        let mark = self.admit(state, now, cost);
        if self.skip_failed_requests {
            self.give_back(state, now, cost, mark);
        }
    }

    fn view(&self, state: &Client, asked: &Asked) -> View {
        View {
            limit: self.limit,
            remaining: Some(self.limit.saturating_sub(state.hits)),
            reset: Some(millis_clock::until(state.reset, asked.now)),
        }
    }

    fn give_back(&self, state: &mut Client, now: Instant, _cost: u32, mark: Mark) -> bool {
        let stands = now.epoch_millis() < state.reset && state.reset == mark.0;
        if stands {
            state.hits = state.hits.saturating_sub(1);
        }
        stands
    }

    fn skips_failures(&self) -> bool {
        self.skip_failed_requests
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(ExpressRateLimit { limit: quota, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate().per_second(), at_once: self.limit }
    }

    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        if self.skip_failed_requests {
            return u64::MAX;
        }
        let passed = start.after(span).epoch_millis() - start.epoch_millis();
        (passed / self.window_ms + 1).saturating_mul(self.limit)
    }

    fn rule(&self) -> String {
        format!("express-rate-limit {}", self.rate())
    }

    fn pace(&self) -> String {
        self.rate().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;

    const MS: u64 = 1_000_000;

    fn limiter(rule: &str) -> Table<ExpressRateLimit> {
        Table::read(rule).unwrap()
    }

    /// The wait in milliseconds if refused, what remains, and the reset.
    fn hit(limit: &mut Table<ExpressRateLimit>, at: u64) -> (Option<u64>, u64, u64) {
        let (verdict, view) = limit.ask(at, 1);
        let wait = match verdict {
            Verdict::Reject { wait } => Some(wait.0 / MS),
            _ => None,
        };
        (wait, view.remaining.unwrap(), at + view.reset.unwrap().0)
    }

    #[test]
    fn a_window_begins_with_a_hit_and_ends_at_its_millisecond() {
        let mut limit = limiter("window-ms = 1500\nlimit = 2");
        assert_eq!(hit(&mut limit, 700_999_999), (None, 1, 2_200 * MS));
        assert_eq!(hit(&mut limit, 701 * MS), (None, 0, 2_200 * MS));
        assert_eq!(hit(&mut limit, 701 * MS), (Some(2_000), 0, 2_200 * MS));
        assert_eq!(hit(&mut limit, 2_199_999_999), (Some(1_000), 0, 2_200 * MS));
        assert_eq!(hit(&mut limit, 2_200 * MS), (None, 1, 3_700 * MS));
    }

    #[test]
    fn refusals_count_as_a_give_back_shows() {
        let mut limit = limiter("window-ms = 1000\nlimit = 1");
        let mark = limit.admit(0, Instant(0), 1);
        hit(&mut limit, 0);
        assert!(limit.give_back(0, Instant(0), 1, mark));
        assert_eq!(hit(&mut limit, 0).0, Some(1_000));
        assert!(!limit.algorithm().skips_failures());
    }

    #[test]
    fn a_refusal_is_a_failure_and_a_failure_gives_back_while_its_window_lasts() {
        let mut limit = limiter("window-ms = 1000\nlimit = 1\nskip-failed-requests = true");
        assert!(limit.algorithm().skips_failures());
        let mark = limit.admit(0, Instant(0), 1);
        assert_eq!(hit(&mut limit, 5), (Some(1_000), 0, 1_000 * MS));
        assert!(limit.give_back(0, Instant(999 * MS), 1, mark));
        assert_eq!(hit(&mut limit, 999 * MS), (None, 0, 1_000 * MS));
        assert!(!limit.give_back(0, Instant(1_000 * MS), 1, mark));
        assert_eq!(hit(&mut limit, 1_000 * MS), (None, 0, 2_000 * MS));
        assert!(!limit.give_back(0, Instant(1_001 * MS), 1, mark));
    }

    #[test]
    fn whatever_the_cost_a_request_is_one_hit() {
        let mut limit = limiter("window-ms = 1000\nlimit = 2");
        assert_eq!(limit.ask(0, 9).1.remaining, Some(1));
        assert_eq!(limit.ask(0, 0).1.remaining, Some(0));
        assert!(limit.ask(0, 0).0.is_reject());
    }

    #[test]
    fn a_limit_of_zero_refuses_all_and_still_opens_windows() {
        let mut limit = limiter("limit = 0\nskip-failed-requests = true");
        assert_eq!(hit(&mut limit, 0), (Some(60_000), 0, 60_000 * MS));
        assert_eq!(hit(&mut limit, 59_000 * MS), (Some(1_000), 0, 60_000 * MS));
    }

    #[test]
    fn defaults_and_windows_are_those_of_the_library() {
        let limit = limiter("");
        assert_eq!(limit.algorithm().rule(), "express-rate-limit 5/min");
        let within = |ms| limit.admits_within(Instant(900_000), Span(ms * MS + 99_999));
        assert_eq!((within(59_999), within(60_000)), (5, 10));
        for (parameters, why) in [
            ("window-ms = 0", "from 1 to 2147483647"),
            ("window-ms = 2147483648", "from 1 to 2147483647"),
            ("max = 5", "unknown field"),
        ] {
            let error = Table::<ExpressRateLimit>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
