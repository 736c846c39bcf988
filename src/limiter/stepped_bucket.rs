//! Stepped bucket: tokens come back so many at a time, in steps, and those over
//! the burst are lost.
//!
//! Between two steps nothing comes back, so requests are refused until the
//! clock strikes, and then come all at once. On the clock, with `refill` =
//! `burst`, it is the fixed window. A request exactly at a step has its tokens.
//!
//! # Formula
//!
//! At each line of the grid `level = min(burst, level + refill)`; admitted iff
//! `cost <= level`. The grid's lines are every `every`: on the clock from
//! `phase`; from the limiter's start; or from the key's first request,
//! admitted or not.
//!
//! # Source
//!
//! The definition: Bucket4j's "intervally" refill, Envoy's older local limit
//! and timers of the kind. The chain n' = min(B, max(n - N, 0) + g) is exact.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{SteppedBucket, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<SteppedBucket>::read("refill = 2\nevery = '1s'\nburst = 5")?;
//! assert_eq!(limit.ask(900_000_000, 5).0, Verdict::Admit);
//! assert_eq!(limit.ask(900_000_000, 3).0, Verdict::Reject { wait: Span::millis(1_100) });
//! assert_eq!(limit.ask(999_999_999, 1).0, Verdict::Reject { wait: Span(1) });
//! assert_eq!(limit.ask(1_000_000_000, 2).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::algorithm::{Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View};
use super::burst::Initial;
use super::fixed_window::into_grid;
use crate::time::{Instant, Length, Rate, Span};

/// Where the steps lie.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grid {
    /// At `phase + k * every` of the clock.
    #[default]
    Clock,
    /// From when the limiter was made.
    Start,
    /// From the key's first request.
    FirstRequest,
}

/// Tokens that come back in steps.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct SteppedBucket {
    refill: NonZeroU64,
    every: Length,
    burst: u64,
    initial: Initial,
    steps: Steps,
}

/// A grid with its phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Steps {
    Clock { phase: Span },
    Start,
    FirstRequest,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    refill: NonZeroU64,
    every: Length,
    burst: NonZeroU64,
    #[serde(default)]
    initial: Initial,
    #[serde(default)]
    grid: Grid,
    #[serde(default)]
    phase: Option<Span>,
}

impl TryFrom<Parameters> for SteppedBucket {
    type Error = &'static str;

    fn try_from(parameters: Parameters) -> Result<Self, Self::Error> {
        let Parameters { refill, every, burst, initial, grid, phase } = parameters;
        let steps = match (grid, phase) {
            (Grid::Clock, phase) => Steps::Clock { phase: phase.unwrap_or(Span::ZERO) },
            (Grid::Start, None) => Steps::Start,
            (Grid::FirstRequest, None) => Steps::FirstRequest,
            _ => return Err("only steps on the clock have a phase: leave it out"),
        };
        Ok(SteppedBucket { refill, every, burst: burst.get(), initial, steps })
    }
}

/// What is in one key's bucket, and when the next tokens come.
#[derive(Clone, Copy, Debug)]
pub struct Stock {
    level: u64,
    /// The next step; never before the first request, where that begins the grid.
    next: Instant,
}

impl SteppedBucket {
    /// With the tokens of all steps up to `now`.
    fn at(&self, stock: Stock, now: Instant) -> Stock {
        if now < stock.next {
            return stock;
        }
        let steps = now.since(stock.next).0 / self.every.ns() + 1;
        let level = stock.level.saturating_add(steps.saturating_mul(self.refill.get()));
        let next = stock.next.after(self.every.span().times(steps));
        Stock { level: level.min(self.burst), next }
    }

    /// The same for a request that is written down: it may be the first.
    fn reached(&self, stock: Stock, now: Instant) -> Stock {
        let next = self.next(&stock, now);
        self.at(Stock { next, ..stock }, now)
    }

    /// When the next tokens come if the first request is made by now.
    fn next(&self, stock: &Stock, now: Instant) -> Instant {
        if stock.next == Instant::NEVER { now.after(self.every.span()) } else { stock.next }
    }

    /// How long until the level is so high, no higher than the burst.
    fn until(&self, stock: &Stock, now: Instant, level: u64) -> Span {
        match level.saturating_sub(stock.level).div_ceil(self.refill.get()) {
            0 => Span::ZERO,
            steps => self.next(stock, now).since(now).plus(self.every.span().times(steps - 1)),
        }
    }

    /// How many tokens a step can bring: those over the burst are lost.
    fn gain(&self) -> u64 {
        self.refill.get().min(self.burst)
    }
}

impl Algorithm for SteppedBucket {
    type State = Stock;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("refill", "how many tokens come back in a step"),
            ("every", "how long from step to step: \"1s\", \"5min\""),
            ("burst", "how many tokens there can be"),
            ("grid", "steps on the \"clock\" (default), from \"start\" or \"first-request\""),
            ("phase", "of the clock's grid, from the Unix epoch [0s]"),
            ("initial", "\"full\" (default) or \"empty\""),
        ],
        example: "stepped-bucket = { refill = 10, every = \"1s\", burst = 20 }",
        peculiar: "nothing comes back between steps, so retries gather at the next one",
    };

    fn fresh(&self, created: Instant) -> Stock {
        let next = match self.steps {
            Steps::Clock { phase } => {
                let every = self.every.span();
                created.after(Span(every.0 - into_grid(created, every, phase)))
            }
            Steps::Start => created.after(self.every.span()),
            Steps::FirstRequest => Instant::NEVER,
        };
        Stock { level: if self.initial == Initial::Full { self.burst } else { 0 }, next }
    }

    fn test(&self, state: &Stock, now: Instant, cost: u32) -> Verdict {
        let (stock, cost) = (self.at(*state, now), u64::from(cost));
        if cost <= stock.level {
            Verdict::Admit
        } else if cost > self.burst {
            Verdict::NEVER
        } else {
            Verdict::Reject { wait: self.until(&stock, now, cost) }
        }
    }

    fn admit(&self, state: &mut Stock, now: Instant, cost: u32) -> Mark {
        *state = self.reached(*state, now);
        state.level = state.level.saturating_sub(u64::from(cost));
        Mark(state.next.0)
    }

    /// Nothing is taken, but a first request begins the grid.
    fn refuse(&self, state: &mut Stock, now: Instant, _cost: u32) {
        *state = self.reached(*state, now);
    }

    fn view(&self, state: &Stock, asked: &Asked) -> View {
        let stock = self.at(*state, asked.now);
        View {
            limit: self.burst,
            remaining: Some(stock.level),
            reset: Some(self.until(&stock, asked.now, self.burst)),
        }
    }

    /// Where a step fills the bucket, what was taken before it no longer lacks.
    fn give_back(&self, state: &mut Stock, now: Instant, cost: u32, mark: Mark) -> bool {
        *state = self.at(*state, now);
        let stands = self.refill.get() < self.burst || mark.0 == state.next.0;
        if stands {
            state.level = state.level.saturating_add(u64::from(cost)).min(self.burst);
        }
        stands
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(SteppedBucket { burst: quota, ..self.clone() })
    }

    /// As many tokens as there were, as far as the new bucket holds them; steps
    /// of another grid are counted from now.
    fn carry(&self, state: &mut Stock, old: &Self, now: Instant) {
        *state = old.at(*state, now);
        state.level = state.level.min(self.burst);
        if (self.every, self.steps) != (old.every, old.steps) {
            state.next = self.fresh(now).next;
        }
    }

    fn capacity(&self) -> Capacity {
        let rate = Rate { count: self.gain(), period: self.every.span() };
        Capacity { per_second: rate.per_second(), at_once: self.burst }
    }

    /// The limiter may be older than the run: then a bucket that was empty may
    /// be full, and the first step from its start may come at once.
    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let every = self.every.span();
        let (first, steps) = match (self.steps, self.initial) {
            (Steps::Clock { phase }, _) => {
                (self.burst, into_grid(start, every, phase).saturating_add(span.0) / every.0)
            }
            (Steps::Start, _) => (self.burst, span.0.div_ceil(every.0)),
            (Steps::FirstRequest, Initial::Full) => (self.burst, span.0 / every.0),
            (Steps::FirstRequest, Initial::Empty) => (0, span.0 / every.0),
        };
        first.saturating_add(steps.saturating_mul(self.gain()))
    }

    fn rule(&self) -> String {
        format!("stepped-bucket {} burst {}", self.pace(), self.burst)
    }

    fn pace(&self) -> String {
        Rate { count: self.refill.get(), period: self.every.span() }.to_string()
    }
}

#[cfg(test)]
mod tests;
