//! GCRA, the generic cell rate algorithm: a key is known by one time, when its
//! next request is due if they come evenly; one may come early by so much.
//!
//! It decides as the token bucket of the same rate and burst, always, and tells
//! the same; its state is a time, so nothing has to be filled up. A request
//! exactly as early as allowed is admitted.
//!
//! # Formula
//!
//! With T = 1/rate and the theoretical arrival time TAT, admitted iff
//! `now >= max(TAT, now) + cost * T - burst * T`; then
//! `TAT = max(TAT, now) + cost * T`. Exact: TAT is kept as whole nanoseconds
//! and the numerator of a fraction, so T = 1/3 s is not 333,333,333 ns.
//!
//! # Source
//!
//! ITU-T I.371, virtual scheduling, with T and tau = (burst - 1) T. A charge
//! that was refused and counts all the same takes what there is, as in the bucket.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{Gcra, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<Gcra>::read("rate = '3/s'\nburst = 2")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Reject { wait: Span(333_333_334) });
//! assert_eq!(limit.ask(333_333_334, 1).0, Verdict::Admit);
//! // With T cut to 333,333,333 ns this one would pass.
//! assert_eq!(limit.ask(666_666_666, 1).0, Verdict::Reject { wait: Span(1) });
//! assert_eq!(limit.ask(666_666_667, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Kind, Mark, Verdict, View,
};
use super::burst::{Burst, TooFine};
use super::tat::{Tat, Units};
use crate::time::{Instant, Rate, Span};

/// Requests that are due at a rate, and may come early by a burst.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct Gcra {
    units: Units,
    /// As the model has them; decisions are made on the units above.
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    rate: Rate,
    burst: Burst,
}

impl TryFrom<Parameters> for Gcra {
    type Error = TooFine;

    fn try_from(written: Parameters) -> Result<Self, TooFine> {
        Ok(Gcra { units: Units::new(written.rate, written.burst)?, written })
    }
}

impl Algorithm for Gcra {
    type State = Tat;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("rate", "how fast requests are due: \"10/s\", \"1000/h\""),
            ("burst", "how many may come at once: 10, or a ratio such as \"5/2\""),
        ],
        example: "gcra = { rate = \"10/s\", burst = 20 }",
        peculiar: "decides as the token bucket, always; its state is one time, kept exactly",
    };

    fn fresh(&self, _created: Instant) -> Tat {
        Tat::START
    }

    fn test(&self, state: &Tat, now: Instant, cost: u32) -> Verdict {
        let (price, full) = (self.units.price(cost), u128::from(self.units.full));
        let after = state.lead(now, &self.units) + price;
        if after <= full {
            Verdict::Admit
        } else if price > full {
            Verdict::NEVER
        } else {
            Verdict::Reject { wait: self.units.until(after - full) }
        }
    }

    fn admit(&self, state: &mut Tat, now: Instant, cost: u32) -> Mark {
        let after = state.lead(now, &self.units) + self.units.price(cost);
        *state = Tat::ahead(now, after.min(u128::from(self.units.full)), &self.units);
        Mark::NONE
    }

    #[inline]
    fn answer(&self, state: &mut Tat, now: Instant, cost: u32) -> Kind {
        match cost {
            1 if state.take_one(now, &self.units) => Kind::Admit,
            1 => Kind::Reject,
            _ => self.decide(state, now, cost).into(),
        }
    }

    fn view(&self, state: &Tat, asked: &Asked) -> View {
        self.units.view(state.lead(asked.now, &self.units))
    }

    fn give_back(&self, state: &mut Tat, now: Instant, cost: u32, _mark: Mark) -> bool {
        state.take_back(now, cost, &self.units);
        true
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Gcra::try_from(Parameters { burst: Burst(quota, 1), ..self.written }).ok()
    }

    fn times(&self, factor: u64) -> Option<Self> {
        let Parameters { rate, burst } = self.written;
        Gcra::try_from(Parameters { rate: rate.times(factor)?, burst: burst.times(factor)? }).ok()
    }

    /// As many as could come at once still can, as far as the new burst allows.
    fn carry(&self, state: &mut Tat, old: &Self, now: Instant) {
        let level = u128::from(old.units.full).saturating_sub(state.lead(now, &old.units));
        let level = level * u128::from(self.units.token) / u128::from(old.units.token);
        let lead = u128::from(self.units.full).saturating_sub(level);
        *state = Tat::ahead(now, lead, &self.units);
    }

    fn capacity(&self) -> Capacity {
        self.units.capacity(self.written.rate)
    }

    fn admits_within(&self, _start: Instant, span: Span) -> u64 {
        self.units.within(span)
    }

    fn rule(&self) -> String {
        format!("gcra {} burst {}", self.pace(), self.written.burst)
    }

    fn pace(&self) -> String {
        self.written.rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Table, TokenBucket};
    use super::*;
    use crate::time::SECOND;
    use proptest::prelude::*;

    fn gcra(parameters: &str) -> Table<Gcra> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn as_early_as_allowed_is_admitted_and_a_nanosecond_earlier_is_not() {
        let mut limiter = gcra("rate = '10/s'\nburst = 2");
        let start = 1_800_000_000 * SECOND;
        for at in [0, 0, 100_000_000, 200_000_000] {
            let early = at > 0 && limiter.test(0, Instant(start + at - 1), 1) == Verdict::Admit;
            assert!(!early, "{at}");
            assert_eq!(limiter.ask(start + at, 1).0, Verdict::Admit, "{at}");
        }
        assert_eq!(limiter.ask(start + 200_000_000, 0).0, Verdict::Admit);
        assert_eq!(limiter.ask(start + 200_000_000, 3).0, Verdict::NEVER);
        let (verdict, view) = limiter.ask(start + 200_000_000, 2);
        assert_eq!(verdict, Verdict::Reject { wait: Span::millis(200) });
        let told = View { limit: 2, remaining: Some(0), reset: Some(Span::millis(200)) };
        assert_eq!(view, told);
    }

    #[test]
    fn a_ratio_has_room_for_its_whole_tokens() {
        let mut limiter = gcra("rate = '1/s'\nburst = '5/2'");
        assert_eq!(limiter.ask(0, 2).1.remaining, Some(0));
        assert_eq!(limiter.ask(0, 1).0, Verdict::Reject { wait: Span::millis(500) });
        assert_eq!(limiter.algorithm().rule(), "gcra 1/s burst 5/2");
        assert_eq!(limiter.admits_within(Instant(7), Span::millis(1_499)), 3);
        assert_eq!(limiter.admits_within(Instant(7), Span::millis(1_500)), 4);
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        let read = Table::<Gcra>::read(&format!("rate = '7/365d'\nburst = {}", i64::MAX));
        assert!(read.unwrap_err().contains("write a smaller burst"));
        let read = Table::<Gcra>::read("rate = '7/s'\nburst = 0");
        assert!(read.unwrap_err().contains("at least 1"));
    }

    /// Rates of many denominators; the last have one that is not whole in ns.
    const RATES: [&str; 8] =
        ["10/s", "7/3s", "100/min", "10/3s", "1000/h", "999983/s", "3/7ns", "13/300ns"];

    proptest! {
        /// The law of the design: a bucket and its GCRA decide and tell the
        /// same, always; also when refusals count, charges are given back and
        /// the burst or the rate becomes another.
        #[test]
        fn gcra_is_the_token_bucket(
            rate in 0_usize..8, other in 0_usize..8, extra in 0_u64..20, den in 1_u64..4,
            start in prop_oneof![Just(0), Just(1_800_000_000 * SECOND)],
            steps in prop::collection::vec((0_u64..400, 0_u32..4, 0_u8..40), 1..300),
        ) {
            let burst = format!("{}/{den}", den + extra);
            let read = |rate: &str| format!("rate = '{rate}'\nburst = '{burst}'");
            let (text, change) = (read(RATES[rate]), read(RATES[other]));
            let (mut one, mut two) = (gcra(&text), Table::<TokenBucket>::read(&text).unwrap());
            // A hundredth of a token's time is a step, so that edges are met.
            let period = RATES[rate].parse::<Rate>().unwrap().reduced();
            let token = period.period.0.div_ceil(period.count);
            let mut now = start;
            for (gap, cost, what) in steps {
                now += match gap.saturating_sub(120) {
                    0 => 0,
                    1..=100 => token,
                    101..=120 => token - 1,
                    gap => token * (gap - 100) / 100,
                };
                let cost = if what == 39 { 40 } else { cost };
                prop_assert_eq!(one.ask(now, cost), two.ask(now, cost), "at {}", now);
                let at = Instant(now);
                match what {
                    0 => prop_assert_eq!(one.admit(0, at, cost), two.admit(0, at, cost)),
                    1 => prop_assert_eq!(
                        one.give_back(0, at, cost, Mark::NONE),
                        two.give_back(0, at, cost, Mark::NONE)
                    ),
                    2 => {
                        one.resize(u64::from(cost) + 1, at);
                        two.resize(u64::from(cost) + 1, at);
                    }
                    3 => {
                        one.replace(gcra(&change).algorithm().clone(), at);
                        let other = Table::<TokenBucket>::read(&change).unwrap();
                        two.replace(other.algorithm().clone(), at);
                    }
                    _ => {}
                }
                let span = Span(gap * token);
                prop_assert_eq!(one.admits_within(at, span), two.admits_within(at, span));
            }
        }
    }
}
