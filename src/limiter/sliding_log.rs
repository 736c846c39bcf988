//! Sliding log: at most so many in any window, wherever it lies; every request
//! that was let through is remembered until it is a window old.
//!
//! A request exactly one window after an entry no longer sees it, unless the
//! edge is closed. Refusals that count push out the oldest entries: the last
//! `quota` units decide alone, so a key never needs more memory than those.
//!
//! # Formula
//!
//! `used` = the units charged in `(now - window, now]`, with a closed edge in
//! `[now - window, now]`, of the newest `quota`; admitted iff
//! `used + cost <= quota`.
//!
//! # Source
//!
//! The definition. Under Poisson arrivals it loses what Erlang's M/D/c/c
//! loses. Closed edges: the moving window of Python `limits`.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{SlidingLog, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<SlidingLog>::read("quota = 2\nwindow = '1s'")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(600_000_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(999_999_999, 1).0, Verdict::Reject { wait: Span(1) });
//! // The first has left, the second has not.
//! assert_eq!(limit.ask(1_000_000_000, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(1_000_000_000, 1).0, Verdict::Reject { wait: Span::millis(600) });
//! # Ok::<(), String>(())
//! ```

use std::collections::VecDeque;
use std::num::NonZeroU64;

use serde::Deserialize;

use super::algorithm::{Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View};
use crate::time::{Instant, Length, Rate, Span};

/// Whether an entry that is exactly a window old still counts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edge {
    /// No: a window is half-open, and a request finds room again after its length.
    #[default]
    Open,
    /// Yes: room is found a nanosecond later.
    Closed,
}

/// So many in any window.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SlidingLog {
    quota: NonZeroU64,
    window: Length,
    #[serde(default)]
    edge: Edge,
}

/// What a key was charged, oldest first; each time stands once.
#[derive(Clone, Default, Debug)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// The units of all entries, of those that have ended as well.
    units: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Instant,
    /// At least one.
    units: u64,
}

impl SlidingLog {
    /// For how long an entry counts; at that age it does no more.
    fn lifetime(&self) -> Span {
        self.window.span().plus(Span(u64::from(self.edge == Edge::Closed)))
    }

    fn has_ended(&self, entry: &Entry, now: Instant) -> bool {
        entry.at.after(self.lifetime()) <= now
    }

    fn used(&self, log: &Log, now: Instant) -> u64 {
        let ended = log.entries.iter().take_while(|entry| self.has_ended(entry, now));
        log.units - ended.map(|entry| entry.units).sum::<u64>()
    }

    fn forget(&self, log: &mut Log, now: Instant) {
        while let Some(oldest) = log.entries.front()
            && self.has_ended(oldest, now)
        {
            log.units -= oldest.units;
            log.entries.pop_front();
        }
    }

    /// How long until so many units have ended.
    fn until_free(&self, log: &Log, now: Instant, units: u64) -> Span {
        let mut free = 0;
        let last = log.entries.iter().filter(|entry| !self.has_ended(entry, now)).find(|entry| {
            free += entry.units;
            free >= units
        });
        last.map_or(Span::NEVER, |entry| entry.at.after(self.lifetime()).since(now))
    }
}

impl Log {
    fn push(&mut self, at: Instant, units: u64) {
        match self.entries.back_mut() {
            Some(newest) if newest.at == at => newest.units += units,
            _ => self.entries.push_back(Entry { at, units }),
        }
        self.units += units;
    }

    /// Keeps the newest units, as many as `most`.
    fn shorten(&mut self, most: u64) {
        while let Some(oldest) = self.entries.front_mut()
            && self.units > most
        {
            let gone = oldest.units.min(self.units - most);
            oldest.units -= gone;
            self.units -= gone;
            if oldest.units == 0 {
                self.entries.pop_front();
            }
        }
    }
}

impl Algorithm for SlidingLog {
    type State = Log;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("quota", "how many in any window"),
            ("window", "how long: \"1s\", \"5min\""),
            ("edge", "\"open\" (default), or \"closed\": an entry exactly a window old counts"),
        ],
        example: "sliding-log = { quota = 100, window = \"1min\" }",
        peculiar: "never more than the quota in any window; who counts refusals keeps it shut",
    };

    fn fresh(&self, _created: Instant) -> Log {
        Log::default()
    }

    fn test(&self, state: &Log, now: Instant, cost: u32) -> Verdict {
        let (cost, quota) = (u64::from(cost), self.quota.get());
        if cost > quota {
            return Verdict::NEVER;
        }
        let used = self.used(state, now);
        if used + cost <= quota {
            return Verdict::Admit;
        }
        Verdict::Reject { wait: self.until_free(state, now, used + cost - quota) }
    }

    fn admit(&self, state: &mut Log, now: Instant, cost: u32) -> Mark {
        self.forget(state, now);
        let quota = self.quota.get();
        if cost > 0 {
            state.push(now, u64::from(cost));
            state.shorten(quota);
        }
        Mark(now.0)
    }

    /// Nothing is counted; but what has ended need not be looked at again.
    fn refuse(&self, state: &mut Log, now: Instant, _cost: u32) {
        self.forget(state, now);
    }

    fn view(&self, state: &Log, asked: &Asked) -> View {
        let used = self.used(state, asked.now);
        let newest = state.entries.back().map(|entry| entry.at.after(self.lifetime()));
        View {
            limit: self.quota.get(),
            remaining: Some(self.quota.get().saturating_sub(used)),
            reset: Some(newest.map_or(Span::ZERO, |end| end.since(asked.now))),
        }
    }

    /// What it had pushed out by then does not come back.
    fn give_back(&self, state: &mut Log, now: Instant, cost: u32, mark: Mark) -> bool {
        self.forget(state, now);
        let Ok(index) = state.entries.binary_search_by_key(&mark.0, |entry| entry.at.0) else {
            return false;
        };
        let entry = &mut state.entries[index];
        let gone = entry.units.min(u64::from(cost));
        entry.units -= gone;
        state.units -= gone;
        if entry.units == 0 {
            state.entries.remove(index);
        }
        true
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(SlidingLog { quota: NonZeroU64::new(quota)?, ..self.clone() })
    }

    fn times(&self, factor: u64) -> Option<Self> {
        let quota = NonZeroU64::new(self.quota.get().checked_mul(factor)?)?;
        Some(SlidingLog { quota, ..self.clone() })
    }

    /// Entries count as long as they would have from now on; none that has
    /// ended begins to count again.
    fn carry(&self, state: &mut Log, old: &Self, now: Instant) {
        old.forget(state, now);
    }

    fn capacity(&self) -> Capacity {
        let rate = Rate { count: self.quota.get(), period: self.window.span() };
        Capacity { per_second: rate.per_second(), at_once: self.quota.get() }
    }

    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        (span.0 / self.lifetime().0).saturating_add(1).saturating_mul(self.quota.get())
    }

    fn rule(&self) -> String {
        format!("sliding-log {}", self.pace())
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

    fn log(parameters: &str) -> Table<SlidingLog> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn an_entry_is_gone_at_the_windows_length_or_just_after() {
        for (edge, first) in [("open", 100), ("closed", 101)] {
            let mut limiter = log(&format!("quota = 1\nwindow = '100ns'\nedge = '{edge}'"));
            assert_eq!(limiter.ask(7, 1).0, Verdict::Admit);
            let last = Instant(7 + first - 1);
            assert_eq!(limiter.test(0, last, 1), Verdict::Reject { wait: Span(1) });
            assert_eq!(limiter.ask(7, 1).0, Verdict::Reject { wait: Span(first) });
            assert_eq!(limiter.ask(7 + first, 1).0, Verdict::Admit);
            assert_eq!(limiter.admits_within(Instant(7), Span(first - 1)), 1);
            assert_eq!(limiter.admits_within(Instant(7), Span(first)), 2);
        }
    }

    #[test]
    fn a_cost_waits_for_as_many_units_as_it_needs() {
        let mut limiter = log("quota = 4\nwindow = '100ns'");
        for (at, cost) in [(0, 1), (10, 2), (20, 1)] {
            assert_eq!(limiter.ask(at, cost).0, Verdict::Admit);
        }
        for (cost, wait) in [(1, 70), (2, 80), (3, 80), (4, 90)] {
            assert_eq!(limiter.ask(30, cost).0, Verdict::Reject { wait: Span(wait) }, "{cost}");
        }
        assert_eq!(limiter.ask(30, 0).0, Verdict::Admit);
        let (verdict, view) = limiter.ask(30, 5);
        assert_eq!(verdict, Verdict::NEVER);
        assert_eq!(view, View { limit: 4, remaining: Some(0), reset: Some(Span(90)) });
        assert_eq!(limiter.ask(120, 0).1.reset, Some(Span::ZERO));
    }

    #[test]
    fn memory_is_bounded_where_refusals_count() {
        let mut limiter = log("quota = 3\nwindow = '100ns'").algorithm().clone();
        let mut state = limiter.fresh(Instant(0));
        for at in 0..50 {
            limiter.admit(&mut state, Instant(at), 2);
            limiter.admit(&mut state, Instant(at), 0);
        }
        let kept: Vec<_> = state.entries.iter().map(|e| (e.at.0, e.units)).collect();
        assert_eq!((kept, state.units), (vec![(48, 1), (49, 2)], 3));
        limiter.admit(&mut state, Instant(50), 9);
        assert_eq!((state.entries.len(), state.units), (1, 3));
        limiter = limiter.resized(5).unwrap();
        assert_eq!(limiter.test(&state, Instant(50), 2), Verdict::Admit);
        assert!(limiter.resized(0).is_none());
    }

    #[test]
    fn what_is_given_back_is_that_of_its_time() {
        let mut limiter = log("quota = 3\nwindow = '100ns'");
        let first = limiter.admit(0, Instant(0), 2);
        let second = limiter.admit(0, Instant(50), 1);
        assert!(limiter.give_back(0, Instant(60), 1, first));
        assert_eq!(limiter.ask(60, 2).0, Verdict::Reject { wait: Span(40) });
        assert!(!limiter.give_back(0, Instant(100), 1, first));
        assert!(limiter.give_back(0, Instant(149), 1, second));
        assert!(!limiter.give_back(0, Instant(149), 1, second));
        let view = limiter.ask(149, 0).1;
        assert_eq!((view.remaining, view.reset), (Some(3), Some(Span::ZERO)));
    }

    #[test]
    fn a_longer_window_brings_nothing_back() {
        let mut limiter = log("quota = 2\nwindow = '100ns'");
        limiter.ask(0, 1);
        limiter.ask(40, 1);
        limiter.replace(log("quota = 2\nwindow = '1us'").algorithm().clone(), Instant(100));
        assert_eq!(limiter.ask(100, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(100, 1).0, Verdict::Reject { wait: Span(940) });
    }

    proptest! {
        /// Against all that was ever charged; also when refusals count.
        #[test]
        fn it_decides_by_the_definition(
            quota in 1_u64..9, window in 1_u64..600, closed: bool, counts: bool,
            steps in prop::collection::vec((0_u64..400, 0_u32..4), 1..300),
        ) {
            let edge = if closed { "closed" } else { "open" };
            let text = format!("quota = {quota}\nwindow = '{window}ns'\nedge = '{edge}'");
            let mut limiter = log(&text);
            let mut all: Vec<(u64, u64)> = vec![];
            let mut now = 0;
            for (gap, cost) in steps {
                now += gap.saturating_sub(120);
                let counted = |at: u64| now - at < window || closed && now - at == window;
                let used: u64 = all.iter().filter(|e| counted(e.0)).map(|e| e.1).sum();
                let admit = used.min(quota) + u64::from(cost) <= quota;
                let verdict = limiter.test(0, Instant(now), cost);
                prop_assert_eq!(verdict == Verdict::Admit, admit, "at {}", now);
                if admit || counts {
                    limiter.admit(0, Instant(now), cost);
                    all.push((now, u64::from(cost)));
                } else {
                    limiter.refuse(0, Instant(now), cost);
                }
            }
        }
    }
}
