//! Periodic estimate: requests are counted, and every so often a rule is
//! evaluated on what was counted in the last window; until the next evaluation
//! all are let through or all are refused.
//!
//! So it is a switch, not a ceiling: before it is seen any number passes. The
//! refused count as well, so who does not slow down stays refused. An estimate
//! exactly at the limit is not over it. Real programs of the kind (AWS WAF's
//! rate-based rules, load shedders) are approximate by design, and promise
//! neither when they look nor what exactly they see: this is an idea of them.
//!
//! # Formula
//!
//! Counters of `every`, on a grid from the limiter's start, n = window/every of
//! them. At a line of the grid the estimate is the sum of the last n whole
//! counters; with recent weight, counter a (1 is the newest) weighs
//! 2 (n + 1 - a) / (n + 1), so that an even stream is estimated the same.
//! Refused iff `estimate > limit` at the last line up to `now - lag`.
//!
//! # Source
//!
//! AWS WAF, "Rate-based rule caveats" and "high-level settings": windows of 1, 2,
//! 5 or 10 minutes, a look about every 10 s, more weight on recent requests, a
//! lag usually below 30 s. Documented, not recorded. That the refused count is
//! how we read "requests that came in"; the straight line of the weights is ours.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{PeriodicEstimate, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let rule = "limit = 100\nwindow = '1min'\nevery = '10s'\nlag = '5s'";
//! let mut limit = Table::<PeriodicEstimate>::read(rule)?;
//! // 150 at once pass, and more until the line at 10 s is seen at 15 s.
//! assert_eq!(limit.ask(1_000_000_000, 150).0, Verdict::Admit);
//! assert_eq!(limit.ask(14_999_999_999, 1).0, Verdict::Admit);
//! // They are in the window until the line at 70 s, which is seen at 75 s.
//! assert_eq!(limit.ask(15_000_000_000, 1).0, Verdict::Reject { wait: Span::seconds(60) });
//! assert_eq!(limit.ask(75_000_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use serde::Deserialize;

use super::algorithm::{Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View};
use crate::time::{Instant, Length, Rate, Span};

/// What an older request counts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// As much as a new one, until it is a window old.
    #[default]
    Even,
    /// Less, the older it is, in a straight line.
    Recent,
}

/// The most counters of one key.
const COUNTERS: u64 = 1_000;

/// So many in a window, by a look every so often.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct PeriodicEstimate {
    limit: u64,
    every: Length,
    lag: Span,
    weight: Weight,
    /// Counters in a window.
    counters: u64,
    /// Counters that are kept: a window's, those that are not seen yet, and
    /// the one that counts.
    kept: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    limit: NonZeroU64,
    window: Length,
    every: Length,
    #[serde(default)]
    lag: Span,
    #[serde(default)]
    weight: Weight,
}

impl TryFrom<Parameters> for PeriodicEstimate {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { limit, window, every, lag, weight } = parameters;
        if window.ns() % every.ns() != 0 {
            return Err(format!(
                "the window of {window} is not a whole number of intervals of {every}: write \
                 another `every`, like \"{}\"",
                Span(window.ns() / window.ns().div_ceil(every.ns())),
            ));
        }
        let counters = window.ns() / every.ns();
        let kept = counters.saturating_add(lag.0.div_ceil(every.ns())).saturating_add(1);
        if kept > COUNTERS {
            return Err(format!(
                "a key would need {kept} counters, more than {COUNTERS}: write a longer `every`"
            ));
        }
        Ok(PeriodicEstimate { limit: limit.get(), every, lag, weight, counters, kept })
    }
}

/// What one key has asked for, and what the last look came to.
#[derive(Clone, Debug)]
pub struct Traffic {
    created: Instant,
    /// A ring, empty until the first request; the newest is `counts[newest % kept]`.
    counts: Vec<u64>,
    newest: u64,
    /// The last line that was evaluated, and what it came to, in parts.
    line: u64,
    estimate: u128,
}

/// What a window counts, on its way from line to line.
#[derive(Clone, Copy)]
struct Sums {
    even: u128,
    recent: u128,
}

impl PeriodicEstimate {
    /// The counter that counts now; the line that begins it has the same number.
    fn counter(&self, traffic: &Traffic, now: Instant) -> u64 {
        now.since(traffic.created).0 / self.every.ns()
    }

    /// The last line that is seen by now.
    fn line(&self, traffic: &Traffic, now: Instant) -> u64 {
        now.since(traffic.created).0.saturating_sub(self.lag.0) / self.every.ns()
    }

    fn place(&self, counter: u64) -> usize {
        usize::try_from(counter % self.kept).expect("it is below the ring's length")
    }

    /// What was counted there: one that the ring still has, or one to come.
    fn count(&self, traffic: &Traffic, counter: u64) -> u64 {
        let begun = counter <= traffic.newest;
        if begun { traffic.counts.get(self.place(counter)).copied().unwrap_or(0) } else { 0 }
    }

    fn sums(&self, line: u64, count: impl Fn(u64) -> u64) -> Sums {
        let mut sums = Sums { even: 0, recent: 0 };
        for counter in line.saturating_sub(self.counters)..line {
            let weight = u128::from(self.counters + 1 - (line - counter));
            sums.even += u128::from(count(counter));
            sums.recent += weight * u128::from(count(counter));
        }
        sums
    }

    /// The estimate in parts, of which one request has as many as `part` says.
    fn parts(&self, sums: Sums) -> u128 {
        match self.weight {
            Weight::Even => sums.even,
            Weight::Recent => 2 * sums.recent,
        }
    }

    fn part(&self) -> u128 {
        match self.weight {
            Weight::Even => 1,
            Weight::Recent => u128::from(self.counters) + 1,
        }
    }

    /// The last line that is seen by now, with its estimate.
    fn evaluated(&self, traffic: &Traffic, now: Instant) -> (u64, u128) {
        let line = self.line(traffic, now);
        if line == traffic.line {
            return (line, traffic.estimate);
        }
        (line, self.parts(self.sums(line, |counter| self.count(traffic, counter))))
    }

    fn is_over(&self, estimate: u128) -> bool {
        estimate > u128::from(self.limit) * self.part()
    }

    /// When a line is seen.
    fn seen(&self, traffic: &Traffic, line: u64) -> Instant {
        traffic.created.after(self.every.span().times(line)).after(self.lag)
    }

    /// The first line from which it is let through, if nothing more is asked
    /// for than this, which counts though it is refused.
    fn wait(&self, traffic: &Traffic, now: Instant, cost: u32) -> Span {
        let this = self.counter(traffic, now);
        let count = |counter: u64| {
            self.count(traffic, counter) + if counter == this { u64::from(cost) } else { 0 }
        };
        let mut line = self.line(traffic, now);
        let mut sums = self.sums(line, count);
        loop {
            // Each counter weighs one less, and the one that ends here the most.
            let gone = line.checked_sub(self.counters).map_or(0, count);
            sums.recent =
                sums.recent + u128::from(self.counters) * u128::from(count(line)) - sums.even;
            sums.even = sums.even + u128::from(count(line)) - u128::from(gone);
            line += 1;
            if !self.is_over(self.parts(sums)) {
                return self.seen(traffic, line).since(now);
            }
        }
    }

    /// Looks, if it is time to, before anything else is counted.
    fn look(&self, traffic: &mut Traffic, now: Instant) {
        (traffic.line, traffic.estimate) = self.evaluated(traffic, now);
    }

    fn note(&self, traffic: &mut Traffic, now: Instant, cost: u32) -> Mark {
        self.look(traffic, now);
        let this = self.counter(traffic, now);
        if cost > 0 {
            let kept = usize::try_from(self.kept).expect("it is checked when it is read");
            traffic.counts.resize(kept, 0);
            for begun in (traffic.newest + 1..=this).rev().take(kept) {
                traffic.counts[self.place(begun)] = 0;
            }
            traffic.newest = this;
            traffic.counts[self.place(this)] += u64::from(cost);
        }
        Mark(this)
    }
}

impl Algorithm for PeriodicEstimate {
    type State = Traffic;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("limit", "how many in a window, refused ones included"),
            ("window", "how long: \"1min\", \"5min\""),
            ("every", "how long from look to look, a whole part of the window: \"10s\""),
            ("lag", "how long until a look has an effect [0s]"),
            ("weight", "\"even\" (default), or \"recent\": old requests weigh less"),
        ],
        example: "periodic-estimate = { limit = 2000, window = \"5min\", every = \"10s\" }",
        peculiar: "a switch, not a ceiling: all pass until it looks, and the refused count too",
    };

    fn fresh(&self, created: Instant) -> Traffic {
        Traffic { created, counts: Vec::new(), newest: 0, line: 0, estimate: 0 }
    }

    fn test(&self, state: &Traffic, now: Instant, cost: u32) -> Verdict {
        let (_, estimate) = self.evaluated(state, now);
        if self.is_over(estimate) {
            Verdict::Reject { wait: self.wait(state, now, cost) }
        } else {
            Verdict::Admit
        }
    }

    fn admit(&self, state: &mut Traffic, now: Instant, cost: u32) -> Mark {
        self.note(state, now, cost)
    }

    /// The refused count as well.
    fn refuse(&self, state: &mut Traffic, now: Instant, cost: u32) {
        self.note(state, now, cost);
    }

    /// As the last look saw it.
    fn view(&self, state: &Traffic, asked: &Asked) -> View {
        let (line, estimate) = self.evaluated(state, asked.now);
        let used = u64::try_from(estimate.div_ceil(self.part())).unwrap_or(u64::MAX);
        let first = line.saturating_sub(self.counters);
        let last = (first..=state.newest).rev().find(|counter| self.count(state, *counter) > 0);
        let reset = last.map_or(Span::ZERO, |counter| {
            self.seen(state, counter + self.counters + 1).since(asked.now)
        });
        View {
            limit: self.limit,
            remaining: Some(self.limit.saturating_sub(used)),
            reset: Some(reset),
        }
    }

    /// Looks that were made stand.
    fn give_back(&self, state: &mut Traffic, now: Instant, cost: u32, mark: Mark) -> bool {
        self.look(state, now);
        let stands = mark.0.saturating_add(self.counters) > state.line;
        if !stands || self.count(state, mark.0) == 0 {
            return false;
        }
        let count = &mut state.counts[self.place(mark.0)];
        *count = count.saturating_sub(u64::from(cost));
        true
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(PeriodicEstimate { limit: NonZeroU64::new(quota)?.get(), ..self.clone() })
    }

    /// Counters of another kind begin anew, and so does their grid. (AWS WAF
    /// begins anew at any change, also of the limit alone.)
    fn carry(&self, state: &mut Traffic, old: &Self, now: Instant) {
        if (self.every, self.counters, self.lag) != (old.every, old.counters, old.lag) {
            *state = self.fresh(now);
        } else if self.weight != old.weight {
            old.look(state, now);
            let sums = self.sums(state.line, |counter| self.count(state, counter));
            state.estimate = self.parts(sums);
        }
    }

    /// What an even stream may ask for; a burst may be as large as it likes.
    fn capacity(&self) -> Capacity {
        let window = self.every.span().times(self.counters);
        let rate = Rate { count: self.limit, period: window };
        Capacity { per_second: rate.per_second(), at_once: u64::MAX }
    }

    fn rule(&self) -> String {
        format!("periodic-estimate {} every {}", self.pace(), self.every)
    }

    fn pace(&self) -> String {
        Rate { count: self.limit, period: self.every.span().times(self.counters) }.to_string()
    }
}

#[cfg(test)]
mod tests;
