//! What virtual scheduling has in common: a rate in whole units, and when a
//! key's next request is due, exact to the fraction of a nanosecond.
//!
//! Units are so small that a token and a nanosecond are whole numbers of them,
//! as in the token bucket: with rate n/p (reduced) and burst u/v, a token is
//! p*v units, a nanosecond n*v, and the burst u*p.

use std::hint::select_unpredictable;

use super::algorithm::{Capacity, View};
use super::burst::{Burst, TooFine};
use crate::time::{Instant, Rate, Span};

/// A rate and a burst in whole units: of the token bucket as well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units {
    /// Units in a token.
    pub(super) token: u64,
    /// Units that pass in a nanosecond.
    pub(super) gain: u64,
    /// Units in the whole burst.
    pub(super) full: u64,
    /// A token in nanoseconds, and the units that remain.
    token_ns: u64,
    token_fraction: u64,
}

impl Units {
    /// Refused where they do not fit; sums of two then fit as well.
    pub(super) fn new(rate: Rate, burst: Burst) -> Result<Self, TooFine> {
        let Rate { count, period } = rate.reduced();
        let product =
            |a: u64, b: u64| a.checked_mul(b).filter(|p| *p < u64::MAX / 2).ok_or(TooFine);
        let (token, gain) = (product(period.0, burst.1)?, product(count, burst.1)?);
        Ok(Units {
            token,
            gain,
            full: product(burst.0, period.0)?,
            token_ns: token / gain,
            token_fraction: token % gain,
        })
    }

    /// What a cost comes to.
    pub(super) fn price(&self, cost: u32) -> u128 {
        u128::from(self.token) * u128::from(cost)
    }

    /// The first whole nanosecond at which so much has passed.
    pub(super) fn until(&self, units: u128) -> Span {
        u64::try_from(units.div_ceil(u128::from(self.gain))).map_or(Span::NEVER, Span)
    }

    /// What is told of a key that has used so much of the burst.
    pub(super) fn view(&self, used: u128) -> View {
        let remaining =
            u64::try_from(used).map_or(0, |used| self.full.saturating_sub(used) / self.token);
        View {
            limit: self.full / self.token,
            remaining: Some(remaining),
            reset: Some(self.until(used)),
        }
    }

    /// What passes at the rate that the units are of.
    pub(super) fn capacity(&self, rate: Rate) -> Capacity {
        Capacity { per_second: rate.per_second(), at_once: self.full / self.token }
    }

    /// The burst and what comes in `span`, in whole tokens.
    pub(super) fn within(&self, span: Span) -> u64 {
        let units = u128::from(self.full) + u128::from(span.0) * u128::from(self.gain);
        u64::try_from(units / u128::from(self.token)).unwrap_or(u64::MAX)
    }

    /// As many tokens, and parts of one, as `units` were in `old`; rounded up.
    pub(super) fn converted(&self, units: u128, old: &Units) -> u128 {
        let (new, old) = (u128::from(self.token), u128::from(old.token));
        (units / old).saturating_mul(new).saturating_add((units % old * new).div_ceil(old))
    }
}

/// The theoretical arrival time (TAT): when a key's next request is due if its
/// requests come evenly, in nanoseconds and units, less than one nanosecond's.
#[derive(Clone, Copy, Debug)]
pub struct Tat {
    at: Instant,
    fraction: u64,
}

impl Tat {
    /// Due long ago.
    pub(super) const START: Tat = Tat { at: Instant(0), fraction: 0 };

    /// How far it lies ahead, in units.
    pub(super) fn lead(self, now: Instant, units: &Units) -> u128 {
        if self.at < now {
            return 0;
        }
        u128::from(self.at.since(now).0) * u128::from(units.gain) + u128::from(self.fraction)
    }

    /// Charges one token if there is room for it, and says whether there was. It
    /// comes to what `lead` and `ahead` do, but divides nothing, and what it
    /// does hangs on no branch.
    #[inline]
    pub(super) fn take_one(&mut self, now: Instant, units: &Units) -> bool {
        let past = self.at < now;
        let at = if past { now } else { self.at };
        let fraction = if past { 0 } else { self.fraction };
        // What does not fit into 64 bits is more than any burst.
        let lead = at.since(now).0.saturating_mul(units.gain).saturating_add(fraction);
        let admits = lead.saturating_add(units.token) <= units.full;
        let units_over = fraction + units.token_fraction;
        let carry = units_over >= units.gain;
        let later = Tat {
            at: at.after(Span(units.token_ns)).after(Span(u64::from(carry))),
            fraction: if carry { units_over - units.gain } else { units_over },
        };
        *self = select_unpredictable(admits, later, *self);
        admits
    }

    /// A charge is given back: the next is due sooner, as far as it is not past.
    pub(super) fn take_back(&mut self, now: Instant, cost: u32, units: &Units) {
        let lead = self.lead(now, units).saturating_sub(units.price(cost));
        *self = Tat::ahead(now, lead, units);
    }

    /// That which lies so far ahead.
    pub(super) fn ahead(now: Instant, lead: u128, units: &Units) -> Tat {
        // Division of 128 bits is slow, and few leads need it.
        if let Ok(lead) = u64::try_from(lead) {
            return Tat { at: now.after(Span(lead / units.gain)), fraction: lead % units.gain };
        }
        let (ns, fraction) = (lead / u128::from(units.gain), lead % u128::from(units.gain));
        let at = u64::try_from(ns).map_or(Instant::NEVER, |ns| now.after(Span(ns)));
        Tat { at, fraction: u64::try_from(fraction).expect("a remainder is below its divisor") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(rate: &str, burst: Burst) -> Units {
        Units::new(rate.parse().unwrap(), burst).unwrap()
    }

    #[test]
    fn a_third_of_a_nanosecond_is_kept() {
        let thirds = units("3/s", Burst(1, 1));
        let now = Instant(1_800_000_000_000_000_000);
        let due = Tat::ahead(now, u128::from(thirds.token), &thirds);
        assert_eq!((due.at, due.fraction), (now.after(Span(333_333_333)), 1));
        assert_eq!(due.lead(due.at, &thirds), 1);
        assert_eq!(due.lead(due.at.after(Span(1)), &thirds), 0);
        assert_eq!(thirds.until(1), Span(1));
    }

    #[test]
    fn tokens_of_another_rate_are_never_fewer() {
        let (old, new) = (units("1/3ns", Burst(5, 1)), units("1/7ns", Burst(5, 1)));
        assert_eq!(new.converted(6, &old), 14);
        assert_eq!(new.converted(7, &old), 17);
    }

    proptest! {
        /// One token, without dividing or branching, is as any other charge.
        #[test]
        fn taking_one_is_charging_one(
            rate in 0_usize..4, den in 1_u64..4, extra in 0_u64..9,
            gaps in prop::collection::vec(0_u64..700, 1..60), late in any::<bool>(),
        ) {
            let rate = ["3/1000ns", "7/3ns", "1/300ns", "999983/s"][rate];
            let units = units(rate, Burst(den + extra, den));
            let mut now = Instant(if late { u64::MAX - 20_000 } else { 1 << 60 });
            let (mut one, mut other) = (Tat::START, Tat::START);
            for gap in gaps {
                now = now.after(Span(gap));
                let after = other.lead(now, &units) + units.price(1);
                let admits = after <= u128::from(units.full);
                if admits {
                    other = Tat::ahead(now, after, &units);
                }
                prop_assert_eq!(one.take_one(now, &units), admits, "at {}", now);
                prop_assert_eq!((one.at, one.fraction), (other.at, other.fraction), "at {}", now);
            }
        }

        /// Both ways of division, and back.
        #[test]
        fn what_lies_ahead_is_read_back(lead in 0_u128..1 << 80, now in 0_u64..1 << 61) {
            let sevenths = units("1000000/7ns", Burst(5, 3));
            let due = Tat::ahead(Instant(now), lead, &sevenths);
            prop_assume!(due.at != Instant::NEVER);
            prop_assert_eq!(due.lead(Instant(now), &sevenths), lead);
            prop_assert!(due.fraction < sevenths.gain);
        }
    }
}
