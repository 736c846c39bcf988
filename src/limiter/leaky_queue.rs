//! Leaky bucket as a queue: requests are let through one each 1/rate, the first
//! at once; those that come sooner wait in order, and when the queue is full
//! the next is refused.
//!
//! It refuses what the token bucket with a burst of `queue + 1` refuses, and
//! delays what that bucket would let through in a burst. A request exactly when
//! a place in the queue becomes free has it.
//!
//! # Formula
//!
//! `backlog = max(0, backlog - rate * elapsed)`; admitted iff
//! `backlog + cost <= queue + 1`, then let through after `backlog / rate`,
//! rounded up to the nanosecond. A request of cost c goes when those before it
//! have gone, and the next goes c/rate later. Exact, as the token bucket is.
//!
//! # Source
//!
//! ITU-T I.371, virtual scheduling; nginx's `limit_req` without `nodelay` is
//! this with its own rounding, and `queue` its `burst`.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{LeakyQueue, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<LeakyQueue>::read("rate = '10/s'\nqueue = 2")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span::millis(100)));
//! assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span::millis(200)));
//! assert_eq!(limit.ask(0, 1).0, Verdict::Reject { wait: Span::millis(100) });
//! // One has gone, one place is free; it is still 200 ms to its turn.
//! assert_eq!(limit.ask(100_000_000, 1).0, Verdict::Delay(Span::millis(200)));
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::algorithm::{Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View};
use super::burst::{Burst, TooFine};
use super::tat::{Tat, Units};
use crate::time::{Instant, Rate, Span};

/// Requests that are let through at a rate, and wait until then.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct LeakyQueue {
    /// The burst is the queue and the one that goes at once.
    units: Units,
    /// As the model has them; decisions are made on the units above.
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    rate: Rate,
    queue: u64,
}

impl TryFrom<Parameters> for LeakyQueue {
    type Error = TooFine;

    fn try_from(written: Parameters) -> Result<Self, TooFine> {
        let burst = Burst(written.queue.checked_add(1).ok_or(TooFine)?, 1);
        Ok(LeakyQueue { units: Units::new(written.rate, burst)?, written })
    }
}

impl Algorithm for LeakyQueue {
    type State = Tat;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("rate", "how fast requests are let through: \"10/s\", \"1000/h\""),
            ("queue", "how many may wait"),
        ],
        example: "leaky-queue = { rate = \"10/s\", queue = 20 }",
        peculiar: "lets none through sooner than the rate: it delays where a bucket bursts",
    };

    const DELAYS: bool = true;

    fn fresh(&self, _created: Instant) -> Tat {
        Tat::START
    }

    fn test(&self, state: &Tat, now: Instant, cost: u32) -> Verdict {
        let (price, full) = (self.units.price(cost), u128::from(self.units.full));
        let backlog = state.lead(now, &self.units);
        if backlog + price <= full {
            Verdict::after(self.units.until(backlog))
        } else if price > full {
            Verdict::NEVER
        } else {
            Verdict::Reject { wait: self.units.until(backlog + price - full) }
        }
    }

    fn admit(&self, state: &mut Tat, now: Instant, cost: u32) -> Mark {
        let backlog = state.lead(now, &self.units) + self.units.price(cost);
        *state = Tat::ahead(now, backlog.min(u128::from(self.units.full)), &self.units);
        Mark::NONE
    }

    fn view(&self, state: &Tat, asked: &Asked) -> View {
        self.units.view(state.lead(asked.now, &self.units))
    }

    /// Those who wait already keep their time; who comes next goes sooner.
    fn give_back(&self, state: &mut Tat, now: Instant, cost: u32, _mark: Mark) -> bool {
        state.take_back(now, cost, &self.units);
        true
    }

    /// The quota is what is told as the limit: those who wait and the one that goes.
    fn resized(&self, quota: u64) -> Option<Self> {
        LeakyQueue::try_from(Parameters { queue: quota.checked_sub(1)?, ..self.written }).ok()
    }

    fn times(&self, factor: u64) -> Option<Self> {
        let Parameters { rate, queue } = self.written;
        let (rate, queue) = (rate.times(factor)?, queue.checked_mul(factor)?);
        LeakyQueue::try_from(Parameters { rate, queue }).ok()
    }

    /// Those who wait still wait, also when they are more than the new queue holds.
    fn carry(&self, state: &mut Tat, old: &Self, now: Instant) {
        let backlog = self.units.converted(state.lead(now, &old.units), &old.units);
        *state = Tat::ahead(now, backlog, &self.units);
    }

    fn capacity(&self) -> Capacity {
        self.units.capacity(self.written.rate)
    }

    /// The last to be let through may cost as much as the queue holds.
    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        self.units.within(span)
    }

    fn rule(&self) -> String {
        format!("leaky-queue {} queue {}", self.pace(), self.written.queue)
    }

    fn pace(&self) -> String {
        self.written.rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Table, TokenBucket};
    use super::*;
    use proptest::prelude::*;

    fn queue(parameters: &str) -> Table<LeakyQueue> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn a_delay_is_rounded_up_to_the_nanosecond() {
        let mut limiter = queue("rate = '3/s'\nqueue = 3");
        let delays = [0, 333_333_334, 666_666_667, 1_000_000_000];
        for delay in delays {
            assert_eq!(limiter.ask(5, 1).0, Verdict::after(Span(delay)));
        }
        assert_eq!(limiter.ask(5, 1).0, Verdict::Reject { wait: Span(333_333_334) });
    }

    #[test]
    fn a_place_is_free_at_the_instant_not_a_nanosecond_sooner() {
        let mut limiter = queue("rate = '1/100ns'\nqueue = 1");
        limiter.ask(0, 1);
        assert_eq!(limiter.ask(0, 1).0, Verdict::Delay(Span(100)));
        assert_eq!(limiter.ask(99, 1).0, Verdict::Reject { wait: Span(1) });
        assert_eq!(limiter.ask(100, 1).0, Verdict::Delay(Span(100)));
        // When all have gone the next goes at once.
        assert_eq!(limiter.ask(299, 0).0, Verdict::Delay(Span(1)));
        assert_eq!(limiter.ask(300, 1).0, Verdict::Admit);
    }

    #[test]
    fn without_a_queue_it_spaces_or_refuses() {
        let mut limiter = queue("rate = '1/100ns'\nqueue = 0");
        assert_eq!(limiter.ask(0, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(0, 0).0, Verdict::Delay(Span(100)));
        assert_eq!(limiter.ask(0, 1).0, Verdict::Reject { wait: Span(100) });
        assert_eq!(limiter.ask(0, 2).0, Verdict::NEVER);
    }

    #[test]
    fn a_large_cost_delays_the_next_and_not_itself() {
        let mut limiter = queue("rate = '1/100ns'\nqueue = 4");
        assert_eq!(limiter.ask(0, 3).0, Verdict::Admit);
        let (verdict, view) = limiter.ask(0, 1);
        assert_eq!(verdict, Verdict::Delay(Span(300)));
        let told = View { limit: 5, remaining: Some(1), reset: Some(Span(400)) };
        assert_eq!(view, told);
    }

    #[test]
    fn those_who_wait_still_wait_in_a_smaller_queue() {
        let mut limiter = queue("rate = '1/100ns'\nqueue = 4");
        limiter.ask(0, 5);
        limiter.resize(2, Instant(0));
        assert_eq!(limiter.algorithm().rule(), "leaky-queue 1/100ns queue 1");
        let (verdict, view) = limiter.ask(0, 1);
        assert_eq!(verdict, Verdict::Reject { wait: Span(400) });
        assert_eq!((view.remaining, view.reset), (Some(0), Some(Span(500))));
        let faster = queue("rate = '1/10ns'\nqueue = 4").algorithm().clone();
        limiter.replace(faster, Instant(300));
        assert_eq!(limiter.ask(300, 1).0, Verdict::Delay(Span(20)));
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        let read = Table::<LeakyQueue>::read(&format!("rate = '7/365d'\nqueue = {}", i64::MAX));
        assert!(read.unwrap_err().contains("write a smaller burst"));
    }

    proptest! {
        /// Decisions are the bucket's; who is let through goes when those
        /// before it have gone, in fractions by the definition.
        #[test]
        fn it_refuses_as_the_bucket_and_goes_in_turn(
            count in 1_u64..20, period in 1_u64..2_000, waiting in 0_u64..20,
            steps in prop::collection::vec((0_u64..400, 0_u32..4), 1..300),
        ) {
            let rate = format!("rate = '{count}/{period}ns'");
            let mut limiter = queue(&format!("{rate}\nqueue = {waiting}"));
            let burst = waiting + 1;
            let mut bucket = Table::<TokenBucket>::read(&format!("{rate}\nburst = {burst}")).unwrap();
            // Times are multiplied by the count, so that 1/rate is whole.
            let (mut now, mut free) = (0_u64, 0_u64);
            for (gap, cost) in steps {
                now += gap.saturating_sub(120);
                let (verdict, view) = limiter.ask(now, cost);
                let (decision, told) = bucket.ask(now, cost);
                prop_assert_eq!(view, told, "at {}", now);
                if decision == Verdict::Admit {
                    let turn = free.max(now * count);
                    let delay = turn.div_ceil(count) - now;
                    prop_assert_eq!(verdict, Verdict::after(Span(delay)), "at {}", now);
                    free = turn + u64::from(cost) * period;
                } else {
                    prop_assert_eq!(verdict, decision, "at {}", now);
                }
            }
        }
    }
}
