//! `@upstash/ratelimit`, `Ratelimit.fixedWindow`: a counter for each window of
//! the epoch, in Redis.
//!
//! It counts first and compares then: refusals count, with their whole cost, so
//! that one large refusal closes the window to small requests. A cost of 0 asks,
//! and is refused where more is counted than the limit.
//!
//! # Formula
//!
//! `bucket = floor(now_ms / window)`; `used += cost`; admitted iff `used <=
//! tokens`. Remaining: `max(0, tokens - used)`; reset: `(bucket + 1) * window`.
//!
//! # Source
//!
//! @upstash/ratelimit 2.2.0: `src/single.ts`, `src/lua-scripts/single.ts`;
//! recorded with Redis 7.0.15. The counter's expiry, a window after its first
//! hit, never comes before the window's end. It tells `reset`, an epoch in
//! milliseconds, and no time to wait. The ephemeral cache is off here unless it
//! is asked for; the library has it unless it is told `ephemeralCache: false`.
//! `give_back` is its refund, a negative `rate`, held to the window it is of:
//! read in the source, not recorded.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Table, UpstashFixedWindow, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<UpstashFixedWindow>::read("tokens = 10\nwindow = '1s'")?;
//! let (verdict, view) = limit.ask(1_137_000_000, 4);
//! assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(6)));
//! assert_eq!(view.reset, Some(Span::millis(863)));
//! // Seven do not fit, but are counted: after that not even one does.
//! assert_eq!(limit.ask(1_137_000_000, 7).0, Verdict::NEVER);
//! assert_eq!(limit.ask(1_999_999_999, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(2_000_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::upstash::Blocked;
use super::{millis_clock, whole_millis::WholeMillis};
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Rate, Span};

/// What `Ratelimit.fixedWindow` is called with.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UpstashFixedWindow {
    tokens: NonZeroU64,
    window: WholeMillis,
    #[serde(default)]
    ephemeral_cache: bool,
}

impl UpstashFixedWindow {
    fn bucket(&self, now: Instant) -> u64 {
        now.epoch_millis() / self.window.count()
    }

    /// When the bucket ends, in milliseconds.
    fn end(&self, bucket: u64) -> u64 {
        bucket.saturating_add(1).saturating_mul(self.window.count())
    }

    fn used(&self, state: &Counter, now: Instant) -> u64 {
        if state.bucket == self.bucket(now) { state.used } else { 0 }
    }

    fn fits(&self, used: u64) -> bool {
        used <= self.tokens.get()
    }

    fn count(&self, state: &mut Counter, now: Instant, cost: u32) {
        state.used = self.used(state, now).saturating_add(u64::from(cost));
        state.bucket = self.bucket(now);
    }

    fn rate(&self) -> Rate {
        Rate { count: self.tokens.get(), period: self.window.span() }
    }
}

/// The counter of one key's last window.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    bucket: u64,
    used: u64,
    blocked: Blocked,
}

impl Algorithm for UpstashFixedWindow {
    type State = Counter;

    const CARD: Card = Card {
        implementation: Some("@upstash/ratelimit 2.2.0 fixedWindow"),
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
        example: "upstash-fixed-window = { tokens = 10, window = \"10s\" }",
        peculiar: "refusals count with their whole cost, and close the window to smaller ones",
    };

    fn fresh(&self, _created: Instant) -> Counter {
        Counter { bucket: 0, used: 0, blocked: Blocked::default() }
    }

    fn test(&self, state: &Counter, now: Instant, cost: u32) -> Verdict {
        let used = self.used(state, now).saturating_add(u64::from(cost));
        if state.blocked.until(now, cost).is_none() && self.fits(used) {
            Verdict::Admit
        } else {
            Verdict::NEVER
        }
    }

    fn admit(&self, state: &mut Counter, now: Instant, cost: u32) -> Mark {
        self.count(state, now, cost);
        Mark(state.bucket)
    }

    fn refuse(&self, state: &mut Counter, now: Instant, cost: u32) {
        if state.blocked.until(now, cost).is_none() {
            self.count(state, now, cost);
            state.blocked.remember(self.ephemeral_cache, self.end(state.bucket));
        }
    }

    fn view(&self, state: &Counter, asked: &Asked) -> View {
        let blocked = state.blocked.until(asked.now, asked.cost);
        let used = self.used(state, asked.now);
        View {
            limit: self.tokens.get(),
            remaining: Some(match blocked {
                Some(_) => 0,
                None => self.tokens.get().saturating_sub(used),
            }),
            reset: Some(millis_clock::until(
                blocked.unwrap_or_else(|| self.end(self.bucket(asked.now))),
                asked.now,
            )),
        }
    }

    fn give_back(&self, state: &mut Counter, now: Instant, cost: u32, mark: Mark) -> bool {
        let stands = self.bucket(now) == mark.0 && state.bucket == mark.0;
        if stands {
            state.used = state.used.saturating_sub(u64::from(cost));
            state.blocked.forget();
        }
        stands
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(UpstashFixedWindow { tokens: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate().per_second(), at_once: self.tokens.get() }
    }

    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let windows = self.bucket(start.after(span)) - self.bucket(start) + 1;
        windows.saturating_mul(self.tokens.get())
    }

    fn rule(&self) -> String {
        format!("upstash-fixed-window {}", self.rate())
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
    /// A window of 7 s begins 2 s before.
    const START: u64 = 1_800_000_001_000 * MS;

    fn limiter(cache: bool) -> Table<UpstashFixedWindow> {
        let rule = format!("tokens = 3\nwindow = '7s'\nephemeral-cache = {cache}");
        Table::read(&rule).unwrap()
    }

    /// Success, remaining, and reset from `START` in milliseconds.
    fn limit(table: &mut Table<UpstashFixedWindow>, at: u64, cost: u32) -> (bool, u64, u64) {
        let (verdict, view) = table.ask(START + at, cost);
        (!verdict.is_reject(), view.remaining.unwrap(), (at + view.reset.unwrap().0) / MS)
    }

    #[test]
    fn windows_lie_on_the_epoch_and_refusals_count() {
        let mut table = limiter(false);
        assert_eq!(START / MS % 7_000, 2_000);
        assert_eq!(limit(&mut table, 0, 2), (true, 1, 5_000));
        assert_eq!(limit(&mut table, 0, 1), (true, 0, 5_000));
        assert_eq!(limit(&mut table, 4_999_999_999, 1), (false, 0, 5_000));
        assert_eq!(limit(&mut table, 5_000 * MS, 3), (true, 0, 12_000));
        assert_eq!(limit(&mut table, 12_000 * MS, 4), (false, 0, 19_000));
        assert_eq!(limit(&mut table, 12_000 * MS, 1), (false, 0, 19_000));
    }

    #[test]
    fn a_cost_of_zero_is_refused_once_too_much_is_counted() {
        let mut table = limiter(false);
        assert_eq!(limit(&mut table, 0, 0), (true, 3, 5_000));
        limit(&mut table, 0, 3);
        assert_eq!(limit(&mut table, 0, 0), (true, 0, 5_000));
        limit(&mut table, 0, 1);
        assert_eq!(limit(&mut table, 0, 0), (false, 0, 5_000));
    }

    #[test]
    fn the_cache_refuses_unasked_also_in_the_millisecond_of_the_reset() {
        let mut table = limiter(true);
        assert_eq!(limit(&mut table, 0, 4), (false, 0, 5_000));
        assert_eq!(limit(&mut table, 1, 0), (false, 0, 5_000));
        assert_eq!(limit(&mut table, 5_000 * MS, 0), (true, 3, 12_000));
        assert_eq!(limit(&mut table, 5_000 * MS, 1), (false, 0, 5_000));
        // It was not counted.
        assert_eq!(limit(&mut table, 5_001 * MS, 3), (true, 0, 12_000));
    }

    #[test]
    fn a_refund_stands_in_its_window() {
        let mut table = limiter(true);
        let mark = table.admit(0, Instant(START), 3);
        assert!(!limit(&mut table, 0, 1).0);
        assert!(table.give_back(0, Instant(START + 1), 2, mark));
        assert_eq!(limit(&mut table, 2, 1), (true, 0, 5_000));
        assert!(!table.give_back(0, Instant(START + 5_000 * MS), 2, mark));
        assert_eq!(limit(&mut table, 5_000 * MS, 1), (true, 2, 12_000));
    }

    #[test]
    fn what_it_admits_at_the_best_moments_is_known() {
        let table = limiter(false);
        let within = |span| table.admits_within(Instant(START), Span::millis(span));
        assert_eq!((within(0), within(4_999), within(5_000), within(12_000)), (3, 3, 6, 9));
        assert_eq!(table.algorithm().rule(), "upstash-fixed-window 3/7s");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (parameters, why) in [
            ("tokens = 0\nwindow = '1s'", "nonzero"),
            ("tokens = 1\nwindow = '0s'", "longer than zero"),
            ("tokens = 1\nwindow = '10us'", "whole milliseconds"),
        ] {
            let error = Table::<UpstashFixedWindow>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
