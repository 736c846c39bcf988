//! Sliding counter: two windows on the clock estimate what a sliding log would
//! count, as if the requests of the last window had come evenly.
//!
//! It needs two numbers a key, and errs: up to `2 * quota - 1` pass in a
//! window's length, and it refuses where a log would not. An estimate that is
//! exactly full after the request is admitted.
//!
//! # Formula
//!
//! `estimate = previous * (window - elapsed) / window + current`; admitted iff
//! `estimate + cost <= quota`. Exact: both sides are multiplied by the window.
//!
//! # Source
//!
//! The definition; Cloudflare, "How we built rate limiting capable of scaling
//! to millions of domains" (2017). Real programs round in ways of their own.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{SlidingCounter, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<SlidingCounter>::read("quota = 50\nwindow = '1min'")?;
//! // Cloudflare's example: 42 in the last minute, 18 in the first 15 s of this one.
//! assert_eq!(limit.ask(59_000_000_000, 42).0, Verdict::Admit);
//! assert_eq!(limit.ask(75_000_000_000, 18).0, Verdict::Admit);
//! // 42 * 45 s / 60 s + 18 = 49.5: half a request is missing, 1/84 of a minute.
//! assert_eq!(limit.ask(75_000_000_000, 1).0, Verdict::Reject { wait: Span(714_285_715) });
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::algorithm::{Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View};
use super::fixed_window::into_grid;
use crate::time::{Instant, Length, Rate, Span};

/// So many in a window, by an estimate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SlidingCounter {
    quota: NonZeroU64,
    window: Length,
    #[serde(default)]
    phase: Span,
}

/// One key's window and the one before.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Of the current window; 0 until the first one opens.
    end: Instant,
    current: u64,
    previous: u64,
}

impl SlidingCounter {
    /// The counts in the window that `now` falls into.
    fn at(&self, counts: Counts, now: Instant) -> Counts {
        if now < counts.end {
            return counts;
        }
        let window = self.window.span();
        let end = now.after(Span(window.0 - into_grid(now, window, self.phase)));
        let follows = counts.end.after(window) == end;
        Counts { end, current: 0, previous: if follows { counts.current } else { 0 } }
    }

    /// What so many in this window count, in parts: `window` parts are one.
    fn parts(&self, count: u64) -> u128 {
        u128::from(count) * u128::from(self.window.ns())
    }

    /// The estimate, in parts; `counts` are those of `now`.
    fn estimate(&self, counts: &Counts, now: Instant) -> u128 {
        let left = u128::from(counts.end.since(now).0);
        (u128::from(counts.previous) * left).saturating_add(self.parts(counts.current))
    }

    /// For how long before a window's end so many, of the window before, count
    /// no more than `room`.
    fn light(&self, count: u64, room: u64) -> u64 {
        let light = self.parts(room) / u128::from(count.max(1));
        u64::try_from(light).map_or(self.window.ns(), |light| light.min(self.window.ns()))
    }

    /// The estimate falls evenly to this window's count at its end, and
    /// from there evenly to nothing at the end of the next.
    fn wait(&self, counts: &Counts, now: Instant, cost: u64) -> Span {
        let left = counts.end.since(now);
        let room = self.quota.get() - cost;
        match room.checked_sub(counts.current) {
            Some(room) => Span(left.0 - self.light(counts.previous, room)),
            None => left.plus(Span(self.window.ns() - self.light(counts.current, room))),
        }
    }
}

impl Algorithm for SlidingCounter {
    type State = Counts;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("quota", "how many in a window"),
            ("window", "how long: \"1s\", \"5min\""),
            ("phase", "of the clock's grid, from the Unix epoch [0s]"),
        ],
        example: "sliding-counter = { quota = 100, window = \"1min\" }",
        peculiar: "estimates: its rate is nearly a log's, single decisions often are not",
    };

    fn fresh(&self, _created: Instant) -> Counts {
        Counts { end: Instant(0), current: 0, previous: 0 }
    }

    fn test(&self, state: &Counts, now: Instant, cost: u32) -> Verdict {
        let (cost, quota) = (u64::from(cost), self.quota.get());
        if cost > quota {
            return Verdict::NEVER;
        }
        let counts = self.at(*state, now);
        let after = self.estimate(&counts, now).saturating_add(self.parts(cost));
        if after <= self.parts(quota) {
            return Verdict::Admit;
        }
        Verdict::Reject { wait: self.wait(&counts, now, cost) }
    }

    fn admit(&self, state: &mut Counts, now: Instant, cost: u32) -> Mark {
        *state = self.at(*state, now);
        state.current = state.current.saturating_add(u64::from(cost));
        Mark(state.end.0)
    }

    fn view(&self, state: &Counts, asked: &Asked) -> View {
        let counts = self.at(*state, asked.now);
        let room = self.parts(self.quota.get()).saturating_sub(self.estimate(&counts, asked.now));
        let left = counts.end.since(asked.now);
        let reset = match counts {
            Counts { current: 0, previous: 0, .. } => Span::ZERO,
            Counts { current: 0, .. } => left,
            _ => left.plus(self.window.span()),
        };
        View {
            limit: self.quota.get(),
            remaining: u64::try_from(room / u128::from(self.window.ns())).ok(),
            reset: Some(reset),
        }
    }

    /// A window counts until the next one has ended.
    fn give_back(&self, state: &mut Counts, now: Instant, cost: u32, mark: Mark) -> bool {
        *state = self.at(*state, now);
        let count = if mark.0 == state.end.0 {
            &mut state.current
        } else if Instant(mark.0).after(self.window.span()) == state.end {
            &mut state.previous
        } else {
            return false;
        };
        *count = count.saturating_sub(u64::from(cost));
        true
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(SlidingCounter { quota: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn times(&self, factor: u64) -> Option<Self> {
        let quota = NonZeroU64::new(self.quota.get().checked_mul(factor)?)?;
        Some(SlidingCounter { quota, ..self.clone() })
    }

    /// In windows of another grid what counts now counts as if it came now.
    fn carry(&self, state: &mut Counts, old: &Self, now: Instant) {
        if (self.window, self.phase) != (old.window, old.phase) {
            let used = old.estimate(&old.at(*state, now), now);
            let used = used.div_ceil(u128::from(old.window.ns()));
            *state = self.at(self.fresh(now), now);
            state.current = u64::try_from(used).unwrap_or(u64::MAX);
        }
    }

    fn capacity(&self) -> Capacity {
        let rate = Rate { count: self.quota.get(), period: self.window.span() };
        Capacity { per_second: rate.per_second(), at_once: self.quota.get() }
    }

    /// Those who come in the last nanosecond of each window get the most: the
    /// whole quota in the first, and in others one less, as the last one still
    /// counts a little. (Even fewer if there are more than one a nanosecond.)
    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let (quota, window) = (self.quota.get(), self.window.span());
        let gone = into_grid(start, window, self.phase).saturating_add(span.0);
        let (before, left) = (gone / window.0, window.0 - gone % window.0);
        if before == 0 {
            quota
        } else if quota == 1 {
            // After a window that was used one is shut.
            before / 2 + 1
        } else {
            let (whole, previous) = if before == 1 {
                (quota, quota)
            } else {
                (quota.saturating_add((before - 1).saturating_mul(quota - 1)), quota - 1)
            };
            let still = (u128::from(previous) * u128::from(left)).div_ceil(u128::from(window.0));
            whole.saturating_add(quota - u64::try_from(still).unwrap_or(quota))
        }
    }

    fn rule(&self) -> String {
        format!("sliding-counter {}", self.pace())
    }

    fn pace(&self) -> String {
        Rate { count: self.quota.get(), period: self.window.span() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;
    use proptest::prelude::*;

    fn counter(parameters: &str) -> Table<SlidingCounter> {
        Table::read(parameters).unwrap()
    }

    fn rejected(wait: u64) -> Verdict {
        Verdict::Reject { wait: Span(wait) }
    }

    #[test]
    fn an_estimate_exactly_full_is_admitted() {
        let mut limiter = counter("quota = 4\nwindow = '100ns'");
        limiter.ask(90, 4);
        assert_eq!(limiter.ask(99, 1).0, rejected(26));
        assert_eq!(limiter.ask(124, 1).0, rejected(1));
        assert_eq!(limiter.ask(125, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(125, 1).0, rejected(25));
        assert_eq!(limiter.ask(125, 0).1.remaining, Some(0));
        assert_eq!(limiter.ask(125, 5).0, Verdict::NEVER);
        // The whole quota fits only when both windows count nothing any more.
        assert_eq!(limiter.ask(125, 4).0, rejected(175));
        assert_eq!(limiter.ask(125, 0).1.reset, Some(Span(175)));
    }

    #[test]
    fn a_wait_may_end_exactly_with_the_window() {
        let mut limiter = counter("quota = 4\nwindow = '100ns'");
        limiter.ask(99, 4);
        limiter.ask(199, 3);
        // 4 * 1/100 + 3 are used; at 200 it is 3 * 100/100.
        assert_eq!(limiter.ask(199, 1).0, rejected(1));
        assert_eq!(limiter.ask(200, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(200, 0).1.reset, Some(Span(200)));
        assert_eq!(
            limiter.ask(400, 0).1,
            View { limit: 4, remaining: Some(4), reset: Some(Span(0)) }
        );
    }

    #[test]
    fn a_phase_moves_the_grid() {
        let mut limiter = counter("quota = 2\nwindow = '100ns'\nphase = '30ns'");
        limiter.ask(29, 2);
        assert_eq!(limiter.ask(29, 1).0, rejected(51));
        assert_eq!(limiter.ask(80, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(230, 0).1.remaining, Some(2));
    }

    #[test]
    fn a_windows_length_may_see_nearly_two_quotas() {
        let mut limiter = counter("quota = 5\nwindow = '100ns'");
        let asked =
            (99..199).map(|at| (0..5).filter(|_| limiter.ask(at, 1).0 == Verdict::Admit).count());
        assert_eq!(asked.sum::<usize>(), 9);
    }

    #[test]
    fn what_is_given_back_is_that_of_its_window() {
        let mut limiter = counter("quota = 4\nwindow = '100ns'");
        let mark = limiter.admit(0, Instant(10), 4);
        assert!(limiter.give_back(0, Instant(20), 1, mark));
        assert_eq!(limiter.ask(20, 0).1.remaining, Some(1));
        assert!(limiter.give_back(0, Instant(100), 1, mark));
        assert_eq!(limiter.ask(150, 0).1.remaining, Some(3));
        assert!(!limiter.give_back(0, Instant(200), 1, mark));
    }

    #[test]
    fn what_counts_stays_counted_in_another_window() {
        let mut limiter = counter("quota = 4\nwindow = '100ns'");
        limiter.ask(50, 4);
        limiter.resize(5, Instant(150));
        assert_eq!(limiter.ask(150, 0).1.remaining, Some(3));
        limiter.replace(counter("quota = 5\nwindow = '1us'").algorithm().clone(), Instant(160));
        // 4 * 40/100 are 2 when rounded up.
        assert_eq!(limiter.ask(160, 0).1.remaining, Some(3));
        assert_eq!(limiter.ask(160, 0).1.reset, Some(Span(1_840)));
    }

    #[test]
    fn the_most_within_a_span_is_attained() {
        for quota in [1, 2, 3, 7, 9] {
            for (start, span) in (0..10).flat_map(|start| (0..55).map(move |span| (start, span))) {
                let mut limiter = counter(&format!("quota = {quota}\nwindow = '10ns'"));
                let most = limiter.admits_within(Instant(start), Span(span));
                let asked = (start..=start + span).filter(|at| at % 10 == 9 || *at == start + span);
                let mut all =
                    |at| (0..quota).filter(|_| limiter.ask(at, 1).0 == Verdict::Admit).count();
                let admitted: usize = asked.map(&mut all).sum();
                assert_eq!(admitted as u64, most, "{quota} from {start} in {span}");
            }
        }
    }

    proptest! {
        /// Against all that was ever charged, in fractions; also when refusals count.
        #[test]
        fn it_decides_by_the_definition(
            quota in 1_u64..30, window in 1_u64..600, phase in 0_u64..600, counts: bool,
            steps in prop::collection::vec((0_u64..400, 0_u32..4), 1..300),
        ) {
            let text = format!("quota = {quota}\nwindow = '{window}ns'\nphase = '{phase}ns'");
            let mut limiter = counter(&text);
            let mut all: Vec<(u64, u64)> = vec![];
            let mut now = 10_000;
            for (gap, cost) in steps {
                now += gap.saturating_sub(120);
                let (index, elapsed) = ((now - phase) / window, (now - phase) % window);
                let of = |w: u64| all.iter().filter(|e| e.0 == w).map(|e| e.1).sum::<u64>();
                let used = of(index - 1) * (window - elapsed) + of(index) * window;
                let admit = used + u64::from(cost) * window <= quota * window;
                let verdict = limiter.test(0, Instant(now), cost);
                prop_assert_eq!(verdict == Verdict::Admit, admit, "at {}", now);
                if admit || counts {
                    limiter.admit(0, Instant(now), cost);
                    all.push((index, u64::from(cost)));
                }
            }
        }

        /// No way of asking gets more than what is promised to be the most.
        #[test]
        fn nobody_gets_more_within_a_span(
            quota in 1_u64..14, window in 1_u64..12, start in 0_u64..12,
            steps in prop::collection::vec((0_u64..6, 1_u32..15), 1..60),
        ) {
            let mut limiter = counter(&format!("quota = {quota}\nwindow = '{window}ns'"));
            let (mut now, mut admitted) = (start, 0);
            for (gap, cost) in steps {
                now += gap;
                if limiter.ask(now, cost).0 == Verdict::Admit {
                    admitted += u64::from(cost);
                }
                let most = limiter.admits_within(Instant(start), Span(now - start));
                prop_assert!(admitted <= most, "{} > {} at {}", admitted, most, now);
            }
        }
    }
}
