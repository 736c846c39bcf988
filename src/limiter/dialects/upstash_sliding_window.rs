//! `@upstash/ratelimit`, `Ratelimit.slidingWindow`: two counters, the last window's weighted.
//!
//! The cost is not in the test: while anything is left a request is counted with
//! its whole cost. If it then lies above the limit it is refused although it is
//! counted, and weighs on the next window too. Other refusals do not count.
//!
//! # Formula
//!
//! In doubles `previous = floor((1 - (now_ms mod window) / window) * previous)`.
//! Refused uncounted iff `cost > 0` and `previous + current >= tokens`; else
//! `current += cost`, and admitted iff `tokens - (current + previous) >= 0`.
//! Reset: the end of the current window, where only part of it comes back.
//!
//! # Source
//!
//! @upstash/ratelimit 2.2.0: `src/single.ts`, `src/lua-scripts/single.ts`;
//! recorded with Redis 7.0.15. The counters live two windows and a second, so
//! that their expiry never shows. It tells `reset`, an epoch in milliseconds,
//! and no time to wait. The ephemeral cache is off here unless it is asked for;
//! the library has it unless it is told `ephemeralCache: false`. `give_back` is
//! its refund, a negative `rate`, held to the window it is of: read in the
//! source, not recorded.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Table, UpstashSlidingWindow, Verdict};
//!
//! let mut limit = Table::<UpstashSlidingWindow>::read("tokens = 10\nwindow = '1s'")?;
//! assert_eq!(limit.ask(500_000_000, 9).0, Verdict::Admit);
//! // One is left: five are refused, but 14 are counted now.
//! let (verdict, view) = limit.ask(500_000_000, 5);
//! assert_eq!((verdict, view.remaining), (Verdict::NEVER, Some(0)));
//! // After 285 ms of the next window they weigh 10, after 286 ms 9.
//! assert_eq!(limit.ask(1_285_000_000, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(1_286_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::upstash::Blocked;
use super::{millis_clock, whole_millis::WholeMillis};
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate};

/// What `Ratelimit.slidingWindow` is called with.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UpstashSlidingWindow {
    tokens: NonZeroU64,
    window: WholeMillis,
    #[serde(default)]
    ephemeral_cache: bool,
}

/// The counters of one key's last two windows.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    window: u64,
    current: u64,
    previous: u64,
    blocked: Blocked,
}

impl UpstashSlidingWindow {
    fn window(&self, now: Instant) -> u64 {
        now.epoch_millis() / self.window.count()
    }

    /// When the window ends, in milliseconds.
    fn end(&self, window: u64) -> u64 {
        window.saturating_add(1).saturating_mul(self.window.count())
    }

    /// The counters as the windows of `now` have them.
    fn at(&self, state: &Counters, now: Instant) -> Counters {
        let window = self.window(now);
        let (current, previous) = match window.saturating_sub(state.window) {
            0 => (state.current, state.previous),
            1 => (0, state.current),
            _ => (0, 0),
        };
        Counters { window, current, previous, ..*state }
    }

    /// What the last window still weighs.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a count times at most 1
    fn weight(&self, counters: &Counters, now: Instant) -> u64 {
        let into = now.epoch_millis() % self.window.count();
        let share = into as f64 / self.window.count() as f64;
        libm::floor((1.0 - share) * counters.previous as f64) as u64
    }

    /// How much is used, as the script sums it up.
    fn used(&self, counters: &Counters, now: Instant) -> u64 {
        self.weight(counters, now).saturating_add(counters.current)
    }

    /// Whether the script counts a request, to be admitted or not.
    fn counts(&self, used: u64, cost: u32) -> bool {
        cost == 0 || used < self.tokens.get()
    }

    fn count(&self, state: &mut Counters, now: Instant, cost: u32) {
        *state = self.at(state, now);
        state.current = state.current.saturating_add(u64::from(cost));
    }

    fn rate(&self) -> Rate {
        Rate { count: self.tokens.get(), period: self.window.span() }
    }
}

impl Algorithm for UpstashSlidingWindow {
    type State = Counters;

    const CARD: Card = Card {
        implementation: Some("@upstash/ratelimit 2.2.0 slidingWindow"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("tokens", "how many in a window"),
            ("window", "how long, in whole milliseconds: \"10s\""),
            (
                "ephemeral-cache",
                "whether a refused key is refused unasked until its reset [false; the library's \
                 own default is true]",
            ),
        ],
        example: "upstash-sliding-window = { tokens = 10, window = \"10s\" }",
        peculiar: "a cost that does not fit is refused and counted all the same",
    };

    fn fresh(&self, _created: Instant) -> Counters {
        Counters { window: 0, current: 0, previous: 0, blocked: Blocked::default() }
    }

    fn test(&self, state: &Counters, now: Instant, cost: u32) -> Verdict {
        let used = self.used(&self.at(state, now), now);
        let fits = used.saturating_add(u64::from(cost)) <= self.tokens.get();
        if state.blocked.until(now, cost).is_none() && self.counts(used, cost) && fits {
            Verdict::Admit
        } else {
            Verdict::NEVER
        }
    }

    fn admit(&self, state: &mut Counters, now: Instant, cost: u32) -> Mark {
        self.count(state, now, cost);
        Mark(state.window)
    }

    fn refuse(&self, state: &mut Counters, now: Instant, cost: u32) {
        if state.blocked.until(now, cost).is_some() {
            return;
        }
        if self.counts(self.used(&self.at(state, now), now), cost) {
            self.count(state, now, cost);
        }
        state.blocked.remember(self.ephemeral_cache, self.end(self.window(now)));
    }

    fn view(&self, state: &Counters, asked: &Asked) -> View {
        let blocked = state.blocked.until(asked.now, asked.cost);
        let used = self.used(&self.at(state, asked.now), asked.now);
        View {
            limit: self.tokens.get(),
            remaining: Some(match blocked {
                Some(_) => 0,
                None => self.tokens.get().saturating_sub(used),
            }),
            reset: Some(millis_clock::until(
                blocked.unwrap_or_else(|| self.end(self.window(asked.now))),
                asked.now,
            )),
        }
    }

    fn give_back(&self, state: &mut Counters, now: Instant, cost: u32, mark: Mark) -> bool {
        let stands = self.window(now) == mark.0 && state.window == mark.0;
        if stands {
            state.current = state.current.saturating_sub(u64::from(cost));
            state.blocked.forget();
        }
        stands
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(UpstashSlidingWindow { tokens: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate().per_second(), at_once: self.tokens.get() }
    }

    fn rule(&self) -> String {
        format!("upstash-sliding-window {}", self.rate())
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
    const START: u64 = 1_800_000_000_000 * MS;

    fn limiter(tokens: u64, cache: bool) -> Table<UpstashSlidingWindow> {
        let rule = format!("tokens = {tokens}\nwindow = '1s'\nephemeral-cache = {cache}");
        Table::read(&rule).unwrap()
    }

    /// Success, remaining, and reset from `START` in milliseconds.
    fn limit(table: &mut Table<UpstashSlidingWindow>, ms: u64, cost: u32) -> (bool, u64, u64) {
        let (verdict, view) = table.ask(START + ms * MS, cost);
        (!verdict.is_reject(), view.remaining.unwrap(), ms + view.reset.unwrap().0 / MS)
    }

    #[test]
    fn what_the_last_window_weighs_is_rounded_down() {
        let mut table = limiter(10, false);
        assert_eq!(limit(&mut table, 999, 10), (true, 0, 1_000));
        assert_eq!(limit(&mut table, 999, 1), (false, 0, 1_000));
        assert_eq!(limit(&mut table, 1_000, 1), (false, 0, 2_000));
        // 9.99 are 9 already.
        assert_eq!(limit(&mut table, 1_001, 1), (true, 0, 2_000));
        assert_eq!(limit(&mut table, 1_100, 1), (false, 0, 2_000));
        assert_eq!(limit(&mut table, 1_101, 1), (true, 0, 2_000));
        // The window before the last weighs nothing.
        assert_eq!(limit(&mut table, 3_000, 1), (true, 9, 4_000));
    }

    #[test]
    fn the_weight_is_of_doubles() {
        // 1 - 0.9 is a little below 0.1: of 10 nothing is left, not 1.
        let mut table = limiter(10, false);
        limit(&mut table, 0, 10);
        assert_eq!(limit(&mut table, 1_900, 1), (true, 9, 2_000));
        assert_eq!(limit(&mut table, 1_900, 0), (true, 9, 2_000));
    }

    #[test]
    fn a_cost_that_does_not_fit_is_refused_and_counted() {
        let mut table = limiter(10, false);
        assert_eq!(limit(&mut table, 0, 25), (false, 0, 1_000));
        // At the limit it is not counted any more.
        assert_eq!(limit(&mut table, 0, 25), (false, 0, 1_000));
        assert_eq!(limit(&mut table, 1_600, 1), (false, 0, 2_000));
        assert_eq!(limit(&mut table, 1_601, 1), (true, 0, 2_000));
    }

    #[test]
    fn a_cost_of_zero_is_refused_above_the_limit_only() {
        let mut table = limiter(10, false);
        limit(&mut table, 0, 10);
        assert_eq!(limit(&mut table, 0, 0), (true, 0, 1_000));
        limit(&mut table, 1_500, 6);
        assert_eq!(limit(&mut table, 1_500, 0), (false, 0, 2_000));
    }

    #[test]
    fn the_cache_refuses_unasked_until_the_window_ends() {
        let mut table = limiter(2, true);
        limit(&mut table, 0, 2);
        assert_eq!(limit(&mut table, 0, 1), (false, 0, 1_000));
        assert_eq!(limit(&mut table, 1_000, 1), (false, 0, 1_000));
        // Asked, it is refused anew, until the next end.
        assert_eq!(limit(&mut table, 1_000, 0), (true, 0, 2_000));
        assert_eq!(limit(&mut table, 1_001, 1), (true, 0, 2_000));
        assert_eq!(limit(&mut table, 1_001, 1), (false, 0, 2_000));
        assert_eq!(limit(&mut table, 1_999, 1), (false, 0, 2_000));
    }

    #[test]
    fn a_refund_stands_in_its_window() {
        let mut table = limiter(3, true);
        let mark = table.admit(0, Instant(START), 3);
        assert!(!limit(&mut table, 1, 1).0);
        assert!(table.give_back(0, Instant(START + 2), 2, mark));
        assert_eq!(limit(&mut table, 3, 1), (true, 1, 1_000));
        assert!(!table.give_back(0, Instant(START + 1_000 * MS), 2, mark));
        assert_eq!(table.algorithm().rule(), "upstash-sliding-window 3/s");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (parameters, why) in [
            ("tokens = 0\nwindow = '1s'", "nonzero"),
            ("tokens = 1\nwindow = '0s'", "longer than zero"),
            ("tokens = 1\nwindow = '10us'", "whole milliseconds"),
        ] {
            let error = Table::<UpstashSlidingWindow>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
