//! Fixed window: so many per window, counted anew when the window has ended.
//!
//! A window is `[start, start + length)`. It starts on a grid of the clock
//! (`floor((now - phase) / length)`, as Envoy's rate limit service and Kong
//! do), or with the first request that lowers the quota (as express-rate-limit
//! and the Ironclad page do).

use super::{Limit, Mark, Slot, Verdict, View};
use crate::time::{Instant, Rate, Span};

/// Where windows begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// On the grid `phase + k * length` of the server's clock.
    Clock {
        /// Of the grid, from the Unix epoch.
        phase: Span,
    },
    /// At the first request after the last window has ended.
    FirstRequest,
}

/// So many per window.
#[derive(Clone, Debug)]
pub struct FixedWindow {
    quota: u64,
    length: Span,
    anchor: Anchor,
    windows: Vec<Window>,
}

/// One key's window; `start` is `NEVER` until the first one opens.
#[derive(Clone, Copy, Debug)]
struct Window {
    start: Instant,
    used: u64,
}

impl FixedWindow {
    /// `quota` per window of `length`, which is longer than zero.
    #[must_use]
    pub fn new(quota: u64, length: Span, anchor: Anchor) -> Self {
        assert!(length > Span::ZERO, "a window has a length");
        FixedWindow { quota, length, anchor, windows: Vec::new() }
    }

    /// Per second in the long run, and at once.
    #[must_use]
    pub fn capacity(&self) -> (f64, u64) {
        (self.quota as f64 / self.length.as_secs_f64(), self.quota)
    }

    /// So many per so long, as the model has it.
    #[must_use]
    pub fn rate(&self) -> Rate {
        Rate { count: self.quota, period: self.length }
    }

    /// Where its windows begin.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// The window that `now` falls into: the open one, or a new and empty one.
    fn at(&self, slot: Slot, now: Instant) -> Window {
        let window = self.windows[slot as usize];
        if window.start != Instant::NEVER && now < window.start.after(self.length) {
            return window;
        }
        let start = match self.anchor {
            Anchor::Clock { phase } => Instant(
                now.0
                    - (now.0 % self.length.0 + self.length.0 - phase.0 % self.length.0)
                        % self.length.0,
            ),
            Anchor::FirstRequest => now,
        };
        Window { start, used: 0 }
    }
}

impl Limit for FixedWindow {
    fn grow(&mut self, slots: usize) {
        self.windows.resize(slots, Window { start: Instant::NEVER, used: 0 });
    }

    fn test(&self, slot: Slot, now: Instant, cost: u32) -> Verdict {
        let window = self.at(slot, now);
        if u64::from(cost) > self.quota {
            return Verdict::Reject { wait: Span::NEVER };
        }
        if window.used + u64::from(cost) <= self.quota {
            return Verdict::Admit;
        }
        Verdict::Reject { wait: window.start.after(self.length).since(now) }
    }

    fn charge(&mut self, slot: Slot, now: Instant, cost: u32) -> Mark {
        let mut window = self.at(slot, now);
        window.used += u64::from(cost);
        self.windows[slot as usize] = window;
        Mark(window.start.0)
    }

    fn release(&mut self, _slot: Slot, _cost: u32) {}

    fn give_back(&mut self, slot: Slot, now: Instant, cost: u32, mark: Mark) -> bool {
        let window = self.at(slot, now);
        let stands = window.start.0 == mark.0;
        if stands {
            self.windows[slot as usize].used = window.used.saturating_sub(u64::from(cost));
        }
        stands
    }

    fn view(&self, slot: Slot, now: Instant) -> View {
        let window = self.at(slot, now);
        View {
            limit: self.quota,
            remaining: self.quota.saturating_sub(window.used),
            reset: window.start.after(self.length),
        }
    }

    fn resize(&mut self, quota: u64) {
        self.quota = quota;
    }

    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let before = match self.anchor {
            Anchor::Clock { phase } => {
                (start.0 % self.length.0 + self.length.0 - phase.0 % self.length.0) % self.length.0
            }
            Anchor::FirstRequest => 0,
        };
        // The window that is open at the end counts as well: its quota can be taken at once.
        ((before.saturating_add(span.0)) / self.length.0)
            .saturating_add(1)
            .saturating_mul(self.quota)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    const MINUTE: Span = Span::seconds(60);

    fn window(quota: u64, anchor: Anchor) -> FixedWindow {
        let mut limiter = FixedWindow::new(quota, MINUTE, anchor);
        limiter.grow(1);
        limiter
    }

    fn at(seconds: u64) -> Instant {
        Instant(seconds * SECOND)
    }

    fn clock() -> Anchor {
        Anchor::Clock { phase: Span::ZERO }
    }

    #[test]
    fn the_first_nanosecond_after_the_window_is_a_new_window() {
        let mut limiter = window(1, clock());
        limiter.charge(0, at(65), 1);
        let last = Instant(at(120).0 - 1);
        assert_eq!(limiter.test(0, last, 1), Verdict::Reject { wait: Span(1) });
        assert_eq!(limiter.test(0, at(120), 1), Verdict::Admit);
    }

    #[test]
    fn a_window_from_the_first_request_lasts_its_length_from_there() {
        let mut limiter = window(2, Anchor::FirstRequest);
        limiter.charge(0, at(65), 1);
        limiter.charge(0, at(100), 1);
        assert_eq!(limiter.test(0, at(124), 1), Verdict::Reject { wait: Span::seconds(1) });
        assert_eq!(limiter.view(0, at(124)).reset, at(125));
        assert_eq!(limiter.view(0, at(125)).remaining, 2);
    }

    #[test]
    fn a_phase_moves_the_grid() {
        let mut limiter = window(1, Anchor::Clock { phase: Span::seconds(12) });
        limiter.charge(0, at(71), 1);
        assert_eq!(limiter.view(0, at(71)).reset, at(72));
        assert_eq!(limiter.view(0, at(72)).reset, at(132));
    }

    #[test]
    fn a_mark_of_an_ended_window_gives_nothing_back() {
        let mut limiter = window(2, clock());
        let mark = limiter.charge(0, at(0), 1);
        limiter.charge(0, at(1), 1);
        limiter.give_back(0, at(2), 1, mark);
        assert_eq!(limiter.view(0, at(2)).remaining, 1);
        limiter.charge(0, at(60), 1);
        limiter.give_back(0, at(61), 1, mark);
        assert_eq!(limiter.view(0, at(61)).remaining, 1);
    }

    #[test]
    fn a_cost_above_the_quota_never_passes() {
        assert_eq!(window(2, clock()).test(0, at(0), 3), Verdict::Reject { wait: Span::NEVER });
    }

    #[test]
    fn what_it_admits_within_a_span_counts_the_windows_it_touches() {
        let limiter = window(60, clock());
        assert_eq!(limiter.admits_within(at(0), Span::seconds(239)), 240);
        assert_eq!(limiter.admits_within(at(0), Span::seconds(240)), 300);
        assert_eq!(limiter.admits_within(at(59), Span::seconds(1)), 120);
    }
}
