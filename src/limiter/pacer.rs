//! Pacer: refuses nobody, and delays requests until they are 1/rate apart;
//! after idling, `slack` more may follow the first at once.
//!
//! With `patience` it refuses who would be delayed longer; exactly so long is
//! still delayed. With a patience of zero it is the token bucket of a burst of
//! `slack + 1`.
//!
//! # Formula
//!
//! `level = min(slack + 1, level + rate * elapsed) - cost`, which may become
//! negative; let through after `max(0, -level) / rate`, rounded up to the
//! nanosecond. So a request of cost c goes as a whole when its last unit may
//! go, and t after the start no more than `slack + 1 + rate * t` have gone.
//!
//! # Source
//!
//! The definition. uber-go/ratelimit and the reservations of Go's `x/time/rate`
//! do the same, with their own rounding.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Pacer, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<Pacer>::read("rate = '3/s'\nslack = 1\npatience = '400ms'")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span(333_333_334)));
//! // The next would wait 666,666,667 ns, too long by 266,666,667.
//! assert_eq!(limit.ask(0, 1).0, Verdict::Reject { wait: Span(266_666_667) });
//! assert_eq!(limit.ask(266_666_667, 1).0, Verdict::Delay(Span::millis(400)));
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::algorithm::{Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View};
use super::burst::{Burst, TooFine};
use super::tat::{Tat, Units};
use crate::time::{Instant, Rate, Span};

/// Requests that are spaced, however many come.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct Pacer {
    /// The burst is the slack and the one that goes at once.
    units: Units,
    /// As the model has them; decisions are made on the units above.
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    rate: Rate,
    #[serde(default)]
    slack: u64,
    #[serde(default)]
    patience: Option<Span>,
}

impl TryFrom<Parameters> for Pacer {
    type Error = TooFine;

    fn try_from(written: Parameters) -> Result<Self, TooFine> {
        let burst = Burst(written.slack.checked_add(1).ok_or(TooFine)?, 1);
        Ok(Pacer { units: Units::new(written.rate, burst)?, written })
    }
}

impl Pacer {
    /// One that refuses nobody; `None` where rate and slack do not fit together
    /// exactly.
    #[must_use]
    pub fn new(rate: Rate, slack: u64) -> Option<Pacer> {
        Pacer::try_from(Parameters { rate, slack, patience: None }).ok()
    }

    /// How far what is used may reach, in units.
    fn reach(&self) -> u128 {
        let patience = self.written.patience.unwrap_or(Span::NEVER);
        u128::from(self.units.full) + u128::from(patience.0) * u128::from(self.units.gain)
    }
}

impl Algorithm for Pacer {
    type State = Tat;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("rate", "how fast requests are let through: \"10/s\", \"1000/h\""),
            ("slack", "how many more may follow at once after idling [0]"),
            ("patience", "who would be delayed longer is refused [nobody is]"),
        ],
        example: "pacer = { rate = \"10/s\", slack = 5 }",
        peculiar: "its queue has no end: under a steady overload delays grow for ever",
    };

    const DELAYS: bool = true;

    fn fresh(&self, _created: Instant) -> Tat {
        Tat::START
    }

    fn test(&self, state: &Tat, now: Instant, cost: u32) -> Verdict {
        let (price, full) = (self.units.price(cost), u128::from(self.units.full));
        let delay_at = |used: u128| self.units.until(used.saturating_sub(full));
        let delay = delay_at(state.lead(now, &self.units) + price);
        let patience = self.written.patience.unwrap_or(Span::NEVER);
        if now.after(delay) == Instant::NEVER || delay_at(price) > patience {
            // The clock ends before its turn, or even an idle key is too slow for it.
            Verdict::NEVER
        } else if delay <= patience {
            Verdict::after(delay)
        } else {
            Verdict::Reject { wait: Span(delay.0 - patience.0) }
        }
    }

    fn admit(&self, state: &mut Tat, now: Instant, cost: u32) -> Mark {
        let used = state.lead(now, &self.units) + self.units.price(cost);
        *state = Tat::ahead(now, used.min(self.reach()), &self.units);
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

    /// The quota is what is told as the limit: the slack and the one that goes.
    fn resized(&self, quota: u64) -> Option<Self> {
        Pacer::try_from(Parameters { slack: quota.checked_sub(1)?, ..self.written }).ok()
    }

    /// What is used stays used, in requests.
    fn carry(&self, state: &mut Tat, old: &Self, now: Instant) {
        let used = self.units.converted(state.lead(now, &old.units), &old.units);
        *state = Tat::ahead(now, used, &self.units);
    }

    fn capacity(&self) -> Capacity {
        self.units.capacity(self.written.rate)
    }

    /// Those let through by then; there is no bound on those that wait.
    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        self.units.within(span)
    }

    fn rule(&self) -> String {
        format!("pacer {}", self.pace())
    }

    fn pace(&self) -> String {
        self.written.rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LeakyQueue, Table, TokenBucket};
    use super::*;
    use crate::time::SECOND;
    use proptest::prelude::*;

    fn pacer(parameters: &str) -> Table<Pacer> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn slack_comes_back_by_idling_and_is_never_more() {
        let mut limiter = pacer("rate = '1/100ns'\nslack = 2");
        let mut delays = |at: u64| {
            let mut next = || limiter.ask(at, 1).0;
            [next(), next(), next(), next()]
        };
        let first = [Verdict::Admit, Verdict::Admit, Verdict::Admit, Verdict::Delay(Span(100))];
        assert_eq!(delays(1_000_000), first);
        // 400 ns are used; a nanosecond before they have passed one is still missing.
        let after = |delay| Verdict::after(Span(delay));
        assert_eq!(delays(1_000_399), [after(0), after(0), after(1), after(101)]);
        assert_eq!(delays(9_000_000), first);
    }

    #[test]
    fn nobody_is_refused_without_a_patience() {
        let mut limiter = pacer("rate = '1/s'");
        assert_eq!(limiter.ask(0, 1).0, Verdict::Admit);
        let year = 365 * 86_400;
        assert_eq!(limiter.ask(0, year).0, Verdict::Delay(Span::seconds(u64::from(year))));
        assert_eq!(limiter.ask(0, 0).0, Verdict::Delay(Span::seconds(u64::from(year))));
        // But a turn after the clock's end never comes.
        let mut slow = pacer("rate = '1/365d'");
        assert_eq!(slow.ask(0, u32::MAX).0, Verdict::NEVER);
        slow.admit(0, Instant(0), u32::MAX);
        assert_eq!(slow.ask(SECOND, 1).0, Verdict::NEVER);
    }

    #[test]
    fn patience_ends_after_its_last_nanosecond() {
        let mut limiter = pacer("rate = '1/100ns'\npatience = '150ns'");
        assert_eq!(limiter.ask(0, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(0, 1).0, Verdict::Delay(Span(100)));
        assert_eq!(limiter.ask(49, 1).0, Verdict::Reject { wait: Span(1) });
        assert_eq!(limiter.ask(50, 1).0, Verdict::Delay(Span(150)));
        // A cost of 3 goes 200 ns after the first unit at the soonest.
        assert_eq!(limiter.ask(9_999, 3).0, Verdict::NEVER);
        assert_eq!(limiter.ask(9_999, 2).0, Verdict::Delay(Span(100)));
        let (verdict, view) = limiter.ask(10_100, 2);
        assert_eq!(verdict, Verdict::Reject { wait: Span(49) });
        assert_eq!((view.limit, view.remaining, view.reset), (1, Some(0), Some(Span(99))));
    }

    #[test]
    fn what_is_used_stays_used_at_another_rate() {
        let mut limiter = pacer("rate = '1/100ns'");
        limiter.ask(0, 5);
        limiter.replace(pacer("rate = '1/10ns'\nslack = 1").algorithm().clone(), Instant(100));
        // Four are used of two: two and this one are too many.
        assert_eq!(limiter.ask(100, 1).0, Verdict::Delay(Span(30)));
        limiter.resize(5, Instant(100));
        assert_eq!(limiter.ask(100, 1).0, Verdict::Delay(Span(10)));
        assert!(limiter.give_back(0, Instant(100), 3, Mark::NONE));
        assert_eq!(limiter.ask(100, 1).1.remaining, Some(1));
    }

    proptest! {
        /// With no patience at all it is the bucket, also when refusals count.
        #[test]
        fn without_patience_it_is_the_token_bucket(
            count in 1_u64..20, period in 1_u64..2_000, slack in 0_u64..20,
            steps in prop::collection::vec((0_u64..400, 0_u32..4, 0_u8..9), 1..300),
        ) {
            let rate = format!("rate = '{count}/{period}ns'");
            let mut limiter = pacer(&format!("{rate}\nslack = {slack}\npatience = '0s'"));
            let bucket = format!("{rate}\nburst = {}", slack + 1);
            let mut bucket = Table::<TokenBucket>::read(&bucket).unwrap();
            let mut now = 0;
            for (gap, cost, count) in steps {
                now += gap.saturating_sub(120);
                prop_assert_eq!(limiter.ask(now, cost), bucket.ask(now, cost), "at {}", now);
                if count == 0 {
                    limiter.admit(0, Instant(now), cost);
                    bucket.admit(0, Instant(now), cost);
                }
            }
        }

        /// With all patience and no slack it delays as the queue that is never full.
        #[test]
        fn with_patience_it_is_the_leaky_queue(
            count in 1_u64..20, period in 1_u64..2_000,
            gaps in prop::collection::vec(0_u64..400, 1..300),
        ) {
            let rate = format!("rate = '{count}/{period}ns'");
            let mut limiter = pacer(&rate);
            let mut queue = Table::<LeakyQueue>::read(&format!("{rate}\nqueue = 999")).unwrap();
            let mut now = 0;
            for gap in gaps {
                now += gap.saturating_sub(120);
                prop_assert_eq!(limiter.ask(now, 1).0, queue.ask(now, 1).0, "at {}", now);
            }
        }
    }
}
