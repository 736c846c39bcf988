//! Gubernator's token bucket, which is a fixed window from the first hit.
//!
//! The window holds the tokens that are left and gives all back when it has
//! ended, a millisecond after its reset time. Who asks for more than is left is
//! refused and charged nothing, unless over-asking drains what is left. Asking
//! with 0 hits looks: it tells whether the last hit found nothing left.
//!
//! # Formula
//!
//! In whole milliseconds: none, or `expires < now`: a new window with `expires =
//! now + duration`, and `limit` left. Then `hits > left` is refused, else
//! `left -= hits`. Reset is `expires`, an epoch in milliseconds.
//!
//! # Source
//!
//! gubernator 2.19.1 (git 3182244), `algorithms.go` (`tokenBucket`), `cache.go`
//! (`IsExpired`). Read in the source, not recorded. Not here: behaviours
//! `DURATION_IS_GREGORIAN` and `RESET_REMAINING`, negative hits, a persistent
//! store, and what peers do with each other. It tells no retry-after.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{GubernatorToken, Table, Verdict};
//!
//! let mut limit = Table::<GubernatorToken>::read("limit = 5\nduration = '1s'")?;
//! limit.ask(0, 3);
//! // Two are left: three are refused and cost nothing, so two still pass.
//! assert_eq!(limit.ask(0, 3).0, Verdict::NEVER);
//! assert_eq!(limit.ask(0, 2).0, Verdict::Admit);
//! // At its reset time the window is still the old one.
//! assert_eq!(limit.ask(1_000_000_000, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(1_001_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::whole_millis::WholeMillis;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate};

/// So many hits in a window that begins with the first.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GubernatorToken {
    /// 0 is legal there and refuses every hit.
    limit: u64,
    duration: WholeMillis,
    #[serde(default)]
    drain_over_limit: bool,
}

/// One key's window; none before its first hit.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    window: Option<Window>,
}

/// In milliseconds of the clock, with the parameters of the last hit.
#[derive(Clone, Copy, Debug)]
struct Window {
    limit: u64,
    duration: u64,
    created: u64,
    expires: u64,
    remaining: u64,
    /// Whether a hit found nothing left: what later answers begin with.
    over: bool,
}

impl GubernatorToken {
    /// The window that stands now, with today's parameters, or one that begins now.
    fn window(&self, state: &Item, now: u64) -> (Window, bool) {
        let (limit, duration) = (self.limit, self.duration.count());
        let expires = now + duration;
        let Some(mut window) = state.window.filter(|window| window.expires >= now) else {
            let begun =
                Window { limit, duration, created: now, expires, remaining: limit, over: false };
            return (begun, false);
        };
        // The difference of the limits is added to what is left.
        window.remaining = (window.remaining + limit).saturating_sub(window.limit);
        window.limit = limit;
        if window.duration != duration {
            window.duration = duration;
            window.expires = window.created + duration;
            if window.expires <= now {
                window = Window { created: now, expires, remaining: limit, ..window };
            }
        }
        (window, true)
    }

    fn is_over(window: &Window, cost: u32) -> bool {
        // An answer begins with what the last ones said: after the limit was
        // raised it says over, and charges, until the window has ended.
        window.over || u64::from(cost) > window.remaining
    }
}

impl Algorithm for GubernatorToken {
    type State = Item;

    const CARD: Card = Card {
        implementation: Some("gubernator 2.19.1, TOKEN_BUCKET"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("limit", "how many hits in a window"),
            ("duration", "how long it is, in whole milliseconds: \"1s\""),
            ("drain-over-limit", "whether asking for more than is left takes what is left [false]"),
        ],
        example: "gubernator-token = { limit = 100, duration = \"10s\" }",
        peculiar: "a window from the first hit that still stands at its reset time; over-asking is free",
    };

    fn fresh(&self, _created: Instant) -> Item {
        Item { window: None }
    }

    fn test(&self, state: &Item, now: Instant, cost: u32) -> Verdict {
        let (window, _) = self.window(state, now.epoch_millis());
        if Self::is_over(&window, cost) { Verdict::NEVER } else { Verdict::Admit }
    }

    fn admit(&self, state: &mut Item, now: Instant, cost: u32) -> Mark {
        let (mut window, _) = self.window(state, now.epoch_millis());
        window.remaining = window.remaining.saturating_sub(u64::from(cost));
        state.window = Some(window);
        Mark::NONE
    }

    fn refuse(&self, state: &mut Item, now: Instant, cost: u32) {
        let (mut window, stood) = self.window(state, now.epoch_millis());
        let cost = u64::from(cost);
        if cost > 0 && stood {
            if window.remaining == 0 {
                window.over = true;
            } else if cost <= window.remaining {
                window.remaining -= cost;
            } else if self.drain_over_limit {
                window.remaining = 0;
            }
        }
        state.window = Some(window);
    }

    fn view(&self, state: &Item, asked: &Asked) -> View {
        let (window, _) = self.window(state, asked.now.epoch_millis());
        let expires = Instant(window.expires.saturating_mul(1_000_000));
        View {
            limit: self.limit,
            remaining: Some(window.remaining),
            reset: Some(expires.since(asked.now)),
        }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(GubernatorToken { limit: quota, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        let per_second = self.limit as f64 / self.duration.span().as_secs_f64();
        Capacity { per_second, at_once: self.limit }
    }

    fn rule(&self) -> String {
        format!("gubernator-token {}", self.pace())
    }

    fn pace(&self) -> String {
        Rate { count: self.limit, period: self.duration.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::{SECOND, Span};

    const MS: u64 = 1_000_000;

    fn bucket(parameters: &str) -> Table<GubernatorToken> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn the_window_ends_one_millisecond_after_its_reset_time() {
        let mut limit = bucket("limit = 1\nduration = '1s'");
        // 0.9 ms are 0: the reset is told in whole milliseconds of the clock.
        assert_eq!(limit.ask(900_000, 1).1.reset, Some(Span(999_100_000)));
        let (verdict, view) = limit.ask(SECOND + 999_999, 1);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(0)));
        assert_eq!(view.reset, Some(Span(0)));
        let (verdict, view) = limit.ask(SECOND + MS, 1);
        assert_eq!((verdict, view.reset), (Verdict::Admit, Some(Span::seconds(1))));
    }

    #[test]
    fn over_asking_is_free_or_drains() {
        for (drain, left) in [(false, 3), (true, 0)] {
            let mut limit =
                bucket(&format!("limit = 5\nduration = '1s'\ndrain-over-limit = {drain}"));
            limit.ask(0, 2);
            let (verdict, view) = limit.ask(0, 4);
            assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(left)));
        }
        // The first hit of a window drains nothing.
        let mut limit = bucket("limit = 5\nduration = '1s'\ndrain-over-limit = true");
        let (verdict, view) = limit.ask(0, 6);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(5)));
        assert_eq!(limit.ask(1_000 * MS, 5).0, Verdict::Admit);
    }

    #[test]
    fn no_hits_look_and_open_a_window() {
        let mut limit = bucket("limit = 1\nduration = '1s'");
        assert_eq!(limit.ask(0, 0).0, Verdict::Admit);
        limit.ask(500 * MS, 1);
        // Nothing is left, but no hit has found that yet.
        assert_eq!(limit.ask(600 * MS, 0).0, Verdict::Admit);
        assert_eq!(limit.ask(700 * MS, 1).0, Verdict::NEVER);
        let (verdict, view) = limit.ask(800 * MS, 0);
        assert_eq!((verdict, view.reset), (Verdict::NEVER, Some(Span::millis(200))));
        assert_eq!(limit.ask(1_001 * MS, 0).0, Verdict::Admit);
    }

    #[test]
    fn another_limit_adds_the_difference() {
        let mut limit = bucket("limit = 3\nduration = '1s'");
        limit.ask(0, 2);
        limit.resize(5, Instant(0));
        assert_eq!(limit.ask(0, 0).1.remaining, Some(3));
        limit.resize(1, Instant(0));
        assert_eq!(limit.ask(0, 1).0, Verdict::NEVER);
        // What was said once is said again, though the hits are charged now.
        limit.resize(3, Instant(0));
        let (verdict, view) = limit.ask(0, 1);
        assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(1)));
        assert_eq!(limit.ask(1_001 * MS, 3).0, Verdict::Admit);
    }

    #[test]
    fn another_duration_moves_the_end() {
        let mut limit = bucket("limit = 2\nduration = '1s'");
        limit.ask(0, 1);
        limit.replace(bucket("limit = 2\nduration = '3s'").algorithm().clone(), Instant(MS));
        assert_eq!(limit.ask(MS, 0).1.reset, Some(Span::millis(2_999)));
        limit.replace(bucket("limit = 2\nduration = '1ms'").algorithm().clone(), Instant(MS));
        let view = limit.ask(MS, 0).1;
        assert_eq!((view.remaining, view.reset), (Some(2), Some(Span::millis(1))));
        // It moves with the next hit only: until then the old end stands.
        limit.replace(bucket("limit = 2\nduration = '9s'").algorithm().clone(), Instant(2 * MS));
        assert_eq!(limit.ask(3 * MS, 0).1.reset, Some(Span::seconds(9)));
    }

    #[test]
    fn a_duration_is_whole_milliseconds() {
        let error = Table::<GubernatorToken>::read("limit = 1\nduration = '1500us'").unwrap_err();
        assert!(error.contains("whole milliseconds: write a time like \"2ms\""), "{error}");
        assert_eq!(bucket("limit = 0\nduration = '1s'").ask(0, 1).0, Verdict::NEVER);
    }
}
