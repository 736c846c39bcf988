//! Guava's `RateLimiter.create(permitsPerSecond)`: `SmoothBursty`.
//!
//! Idle time is stored as permits, up to `max-burst-seconds` of them; it starts
//! with none. Each request is let through as soon as the one before it is paid
//! for, whatever its own cost, so the first passes with any cost and the next
//! one pays. Doubles in microseconds, each wait cut off to whole ones.
//!
//! # Formula
//!
//! Where `now > next`: `stored = min(max, stored + (now - next) / stable)` and
//! `next = now`, with `stable = 1e6 / permits-per-second`. `tryAcquire` admits
//! iff `next - timeout <= now`. Admitted it waits for `next`, and then
//! `next += long((cost - spent) * stable)`, `spent = min(cost, stored)`.
//!
//! # Source
//!
//! Guava 31.1, `com.google.common.util.concurrent.SmoothRateLimiter` and
//! `RateLimiter`. It has no cost of 0: here that passes and changes nothing.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{GuavaSmoothBursty, Table, Verdict};
//!
//! let mut limit = Table::<GuavaSmoothBursty>::read("permits-per-second = 5.0")?;
//! // Nothing is stored yet, and yet 100 pass at once: the next one pays, 20 s.
//! assert_eq!(limit.ask(0, 100).0, Verdict::Admit);
//! assert_eq!(limit.ask(19_999_999_999, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(20_000_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use super::guava::{Call, Smooth, Tickets, check_rate, patience};
use crate::time::{Instant, Span};

/// A rate, and how many seconds of it are stored.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct GuavaSmoothBursty(Smooth);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    permits_per_second: f64,
    #[serde(default = "one")]
    max_burst_seconds: f64,
    #[serde(default)]
    call: Call,
    timeout: Option<Span>,
}

const fn one() -> f64 {
    1.0
}

impl TryFrom<Parameters> for GuavaSmoothBursty {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let permits_per_second = check_rate(parameters.permits_per_second)?;
        let max_permits = parameters.max_burst_seconds * permits_per_second;
        if !(max_permits >= 0.0 && max_permits.is_finite()) {
            return Err("so many permits cannot be stored: write max-burst-seconds = 1.0, or \
                        another number from 0 up"
                .to_owned());
        }
        let stable_interval_micros = 1e6 / permits_per_second;
        Ok(GuavaSmoothBursty(Smooth {
            permits_per_second,
            stable_interval_micros,
            max_permits,
            cool_down_interval_micros: stable_interval_micros,
            patience: patience(parameters.call, parameters.timeout)?,
        }))
    }
}

impl Algorithm for GuavaSmoothBursty {
    type State = Tickets;

    const CARD: Card = Card {
        implementation: Some("Guava 31.1 RateLimiter (SmoothBursty)"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("permits-per-second", "a float: 5.0, 0.5"),
            ("max-burst-seconds", "how much idle time is stored [1.0]"),
            ("call", "\"try\" (default: tryAcquire) or \"reserve\" (acquire, which only waits)"),
            ("timeout", "of \"try\": the longest wait [0s]"),
        ],
        example: "guava-smooth-bursty = { permits-per-second = 5.0 }",
        peculiar: "a request's cost is paid by the next one; the first passes with any cost",
    };

    const DELAYS: bool = true;

    fn fresh(&self, created: Instant) -> Tickets {
        Tickets::new(created, 0.0)
    }

    fn test(&self, state: &Tickets, now: Instant, cost: u32) -> Verdict {
        self.0.test(state, now, cost)
    }

    fn admit(&self, state: &mut Tickets, now: Instant, cost: u32) -> Mark {
        // What is stored is free.
        self.0.reserve(state, now, cost, |_, _| 0);
        Mark::NONE
    }

    fn view(&self, _state: &Tickets, _asked: &Asked) -> View {
        View { limit: self.0.limit(), remaining: None, reset: None }
    }

    fn carry(&self, state: &mut Tickets, old: &Self, now: Instant) {
        self.0.carry(state, &old.0, now, 0.0);
    }

    fn capacity(&self) -> Capacity {
        self.0.capacity()
    }

    fn rule(&self) -> String {
        format!("guava-smooth-bursty {}", self.pace())
    }

    fn pace(&self) -> String {
        format!("{}/s", self.0.permits_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn limiter(parameters: &str) -> Table<GuavaSmoothBursty> {
        Table::read(parameters).unwrap()
    }

    fn delay(micros: u64) -> Verdict {
        Verdict::after(Span(micros * 1_000))
    }

    #[test]
    fn a_ticket_is_free_in_the_microsecond_in_which_it_is_due() {
        let mut limiter = limiter("permits-per-second = 3.0");
        assert_eq!(limiter.ask(0, 1).0, Verdict::Admit);
        // A third of a second is 333,333.33 microseconds, cut off.
        assert_eq!(limiter.ask(333_332_999, 1).0, Verdict::NEVER);
        assert_eq!(limiter.ask(333_333_000, 1).0, Verdict::Admit);
    }

    #[test]
    fn idle_time_is_stored_as_far_as_it_may_be() {
        // (max-burst-seconds, how many pass at once after a long pause)
        for (seconds, most) in [("1.0", 6), ("0.0", 1), ("2.5", 13)] {
            let parameters = format!("permits-per-second = 5.0\nmax-burst-seconds = {seconds}");
            let mut limiter = limiter(&parameters);
            let admitted =
                (0..20).take_while(|_| limiter.ask(100 * SECOND, 1).0 == Verdict::Admit).count();
            assert_eq!(admitted, most, "{seconds}");
        }
    }

    #[test]
    fn the_clock_starts_when_the_limiter_was_made() {
        let mut limiter = limiter("permits-per-second = 5.0\ncall = 'reserve'");
        limiter.grow(2, Instant(SECOND + 999));
        // A nanosecond short of 400 ms: a millionth of the second permit is fresh.
        let at = Instant(SECOND + 400_000_998);
        let waits = [0, 0, 1, 200_001].map(delay);
        assert_eq!([(); 4].map(|()| limiter.decide(1, at, 1)), waits);
    }

    #[test]
    fn a_timeout_that_is_just_long_enough_waits() {
        let parameters = "permits-per-second = 5.0\ntimeout = '200ms'";
        let mut limiter = limiter(parameters);
        assert_eq!(limiter.ask(0, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(0, 1).0, delay(200_000));
        assert_eq!(limiter.ask(199_999_999, 1).0, Verdict::NEVER);
        assert_eq!(limiter.ask(200_000_000, 0).0, Verdict::Admit);
        assert_eq!(limiter.ask(200_000_000, 1).0, delay(200_000));
    }

    #[test]
    fn what_is_stored_is_free_and_fresh_permits_are_not() {
        let mut limiter = limiter("permits-per-second = 10.0\ncall = 'reserve'");
        // Half of five permits were stored, so the next one waits for the other half.
        assert_eq!(limiter.ask(250_000_000, 5).0, Verdict::Admit);
        assert_eq!(limiter.ask(250_000_000, 1).0, delay(250_000));
        let before = format!("{limiter:?}");
        assert_eq!(limiter.ask(SECOND, 0).0, Verdict::Admit);
        assert_eq!(format!("{limiter:?}"), before);
    }

    #[test]
    fn another_rate_keeps_the_part_that_is_stored() {
        let after = |old: &str, new: &str| {
            let read = |rest: &str| limiter(&format!("call = 'reserve'\n{rest}"));
            let mut table = read(old);
            table.replace(read(new).algorithm().clone(), Instant(SECOND / 2));
            table.ask(SECOND / 2, 5);
            table.ask(SECOND / 2, 1).0
        };
        let new = "permits-per-second = 2.0\nmax-burst-seconds = 4.0";
        // Five of ten were stored: four of eight are, and one is fresh.
        assert_eq!(after("permits-per-second = 10.0", new), delay(500_000));
        // Where nothing could be stored, nothing is.
        let nothing = "permits-per-second = 10.0\nmax-burst-seconds = 0.0";
        assert_eq!(after(nothing, new), delay(2_500_000));
    }

    #[test]
    fn what_guava_does_not_take_is_refused() {
        for (parameters, why) in [
            ("permits-per-second = 0.0", "write permits a second"),
            ("permits-per-second = inf", "write permits a second"),
            ("permits-per-second = nan", "write permits a second"),
            ("permits-per-second = 1.0\nmax-burst-seconds = -1.0", "from 0 up"),
            ("permits-per-second = 1.0\nmax-burst-seconds = nan", "from 0 up"),
            ("permits-per-second = 1.0\ncall = 'reserve'\ntimeout = '1s'", "leave it out"),
        ] {
            let error = Table::<GuavaSmoothBursty>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
