//! Guava's `RateLimiter.create(permitsPerSecond, warmupPeriod)`: `SmoothWarmingUp`.
//!
//! It starts cold: after idle time requests are let through slower, at first a
//! third as fast, and come to the full rate over the warm-up. Idle time is
//! stored as permits, which cost more than fresh ones, along a line between the
//! threshold and the most that is stored. As in its sister a request is let
//! through when the one before it is paid for.
//!
//! # Formula
//!
//! With `stable = 1e6 / permits-per-second`, `cold = stable * cold-factor`:
//! `threshold = 0.5 * warmup / stable`, `max = threshold + 2 * warmup /
//! (stable + cold)`, `slope = (cold - stable) / (max - threshold)`. Idle time
//! gathers a permit each `warmup / max`. Stored permits are taken from the top;
//! `k` of the `a` above the threshold cost `long(k * (t(a) + t(a - k)) / 2)`,
//! `t(x) = stable + x * slope`; those below it and fresh ones `long(k * stable)`.
//!
//! # Source
//!
//! Guava 31.1, `com.google.common.util.concurrent.SmoothRateLimiter` and
//! `RateLimiter`, whose cold factor is always 3. It has no cost of 0: here that
//! passes and changes nothing. A warm-up of 0 makes Guava divide by zero and
//! limit nothing: it is refused here.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{GuavaSmoothWarmingUp, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let parameters = "permits-per-second = 10.0\nwarmup-period = '4s'\ncall = 'reserve'";
//! let mut limit = Table::<GuavaSmoothWarmingUp>::read(parameters)?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! // Cold: the first one cost 295 ms, the second 285, not 100.
//! assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span::millis(295)));
//! assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span::millis(295 + 285)));
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use super::guava::{Call, Smooth, Tickets, check_rate, micros, patience};
use crate::time::{Instant, Length, Span};

/// A rate, and how long it takes to come to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct GuavaSmoothWarmingUp {
    smooth: Smooth,
    threshold_permits: f64,
    slope: f64,
    warmup_period: Length,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    permits_per_second: f64,
    warmup_period: Length,
    #[serde(default = "three")]
    cold_factor: f64,
    #[serde(default)]
    call: Call,
    timeout: Option<Span>,
}

const fn three() -> f64 {
    3.0
}

impl TryFrom<Parameters> for GuavaSmoothWarmingUp {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { permits_per_second, warmup_period, cold_factor, call, timeout } =
            parameters;
        let permits_per_second = check_rate(permits_per_second)?;
        let warmup_micros = micros(warmup_period.span()) as f64;
        if warmup_micros < 1.0 {
            return Err("the warm-up is shorter than a microsecond: write a time like \"4s\", or \
                        use guava-smooth-bursty"
                .to_owned());
        }
        if !(cold_factor >= 1.0 && cold_factor.is_finite()) {
            return Err(format!(
                "the cold factor is {cold_factor}: write 3.0, which is Guava's, or another from 1 up"
            ));
        }
        let stable = 1e6 / permits_per_second;
        let cold = stable * cold_factor;
        let threshold_permits = 0.5 * warmup_micros / stable;
        let max_permits = threshold_permits + 2.0 * warmup_micros / (stable + cold);
        Ok(GuavaSmoothWarmingUp {
            smooth: Smooth {
                permits_per_second,
                stable_interval_micros: stable,
                max_permits,
                cool_down_interval_micros: warmup_micros / max_permits,
                patience: patience(call, timeout)?,
            },
            threshold_permits,
            slope: (cold - stable) / (max_permits - threshold_permits),
            warmup_period,
        })
    }
}

impl GuavaSmoothWarmingUp {
    /// The time that one permit takes, so many above the threshold.
    fn permits_to_time(&self, permits: f64) -> f64 {
        self.smooth.stable_interval_micros + permits * self.slope
    }

    /// What `taken` of the `stored` permits cost: the area under the line that
    /// climbs, and the rest at the full rate.
    #[allow(clippy::cast_possible_truncation)] // Java's casts cut off and saturate as these do
    fn stored_wait(&self, stored: f64, mut taken: f64) -> i64 {
        let above = stored - self.threshold_permits;
        let mut wait = 0;
        if above > 0.0 {
            let climbing = above.min(taken);
            let length = self.permits_to_time(above) + self.permits_to_time(above - climbing);
            wait = (climbing * length / 2.0) as i64;
            taken -= climbing;
        }
        wait.wrapping_add((self.smooth.stable_interval_micros * taken) as i64)
    }
}

impl Algorithm for GuavaSmoothWarmingUp {
    type State = Tickets;

    const CARD: Card = Card {
        implementation: Some("Guava 31.1 RateLimiter (SmoothWarmingUp)"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("permits-per-second", "a float: 10.0, 0.5"),
            ("warmup-period", "how long it takes to come to that rate: \"4s\""),
            ("cold-factor", "how much slower it is when cold [3.0, as Guava has it]"),
            ("call", "\"try\" (default: tryAcquire) or \"reserve\" (acquire, which only waits)"),
            ("timeout", "of \"try\": the longest wait [0s]"),
        ],
        example: "guava-smooth-warming-up = { permits-per-second = 10.0, warmup-period = \"4s\" }",
        peculiar: "idle time makes it slower, not faster; a request's cost is paid by the next",
    };

    const DELAYS: bool = true;

    fn fresh(&self, created: Instant) -> Tickets {
        Tickets::new(created, self.smooth.max_permits)
    }

    fn test(&self, state: &Tickets, now: Instant, cost: u32) -> Verdict {
        self.smooth.test(state, now, cost)
    }

    fn admit(&self, state: &mut Tickets, now: Instant, cost: u32) -> Mark {
        self.smooth.reserve(state, now, cost, |stored, taken| self.stored_wait(stored, taken));
        Mark::NONE
    }

    fn view(&self, _state: &Tickets, _asked: &Asked) -> View {
        View { limit: self.smooth.limit(), remaining: None, reset: None }
    }

    fn carry(&self, state: &mut Tickets, old: &Self, now: Instant) {
        self.smooth.carry(state, &old.smooth, now, self.smooth.max_permits);
    }

    /// Nothing stored is free here, so at once pass only one and who pays for it.
    fn capacity(&self) -> Capacity {
        Capacity { at_once: 1, ..self.smooth.capacity() }
    }

    fn rule(&self) -> String {
        format!("guava-smooth-warming-up {} warmup {}", self.pace(), self.warmup_period)
    }

    fn pace(&self) -> String {
        format!("{}/s", self.smooth.permits_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn limiter(parameters: &str) -> Table<GuavaSmoothWarmingUp> {
        Table::read(parameters).unwrap()
    }

    /// How long each of so many that come at once after a pause keeps the next waiting, in ms.
    fn costs(limiter: &mut Table<GuavaSmoothWarmingUp>, at: u64, count: usize) -> Vec<u64> {
        let due = |limiter: &mut Table<GuavaSmoothWarmingUp>| match limiter.ask(at, 1).0 {
            Verdict::Delay(delay) => delay.0 / 1_000_000,
            verdict => {
                assert_eq!(verdict, Verdict::Admit);
                0
            }
        };
        let dues: Vec<_> = (0..=count).map(|_| due(limiter)).collect();
        dues.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    const SIX: &str = "permits-per-second = 10.0\nwarmup-period = '1s'\ncall = 'reserve'";

    #[test]
    fn it_comes_to_its_rate_over_the_warm_up() {
        // Threshold 5, most 10, slope 40 ms: five cost 1 s together, the rest 100 ms each.
        let warm = [280, 240, 200, 160, 120, 100, 100, 100];
        assert_eq!(costs(&mut limiter(SIX), 0, 8), warm);
    }

    #[test]
    fn a_pause_as_long_as_the_warm_up_makes_it_cold_again() {
        let mut limiter = limiter(SIX);
        let busy: u64 = costs(&mut limiter, 0, 20).iter().sum();
        // The last one asked cost 100 ms as well; after it half the warm-up passes.
        let rested = (busy + 100 + 500) * 1_000_000;
        assert_eq!(costs(&mut limiter, rested, 3), [100, 100, 100]);
        let cold = rested + 60 * SECOND;
        assert_eq!(costs(&mut limiter, cold, 3), [280, 240, 200]);
    }

    #[test]
    fn one_that_takes_across_the_threshold_pays_both_parts() {
        let mut limiter = limiter(SIX);
        assert_eq!(limiter.ask(0, 7).0, Verdict::Admit);
        assert_eq!(limiter.ask(0, 1).0, Verdict::Delay(Span::millis(1_000 + 200)));
    }

    #[test]
    fn try_refuses_until_the_one_before_is_paid_for() {
        let mut limiter = limiter("permits-per-second = 10.0\nwarmup-period = '1s'");
        assert_eq!(limiter.ask(0, 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(279_999_999, 1).0, Verdict::NEVER);
        assert_eq!(limiter.ask(280_000_000, 1).0, Verdict::Admit);
    }

    #[test]
    fn another_rate_is_as_cold_as_the_old_one_was() {
        let mut table = limiter(SIX);
        costs(&mut table, 0, 2);
        let same = limiter(SIX).algorithm().clone();
        table.replace(same, Instant(0));
        let dues = [table.ask(0, 1).0, table.ask(0, 1).0];
        assert_eq!(dues, [720, 880].map(|ms| Verdict::Delay(Span::millis(ms))));
    }

    /// With Guava's own factor a pause gathers one permit in the time that one takes.
    #[test]
    fn another_cold_factor_makes_it_cold_sooner() {
        let mut limiter = limiter(&format!("{SIX}\ncold-factor = 2.0"));
        let busy: u64 = costs(&mut limiter, 0, 30).iter().sum();
        // Of 11 2/3 permits half are stored, 5/6 of one above the threshold of 5.
        let rested = (busy + 100 + 500) * 1_000_000;
        assert_eq!(costs(&mut limiter, rested, 2), [105, 100]);
    }

    #[test]
    fn a_cold_factor_of_one_never_warms() {
        assert_eq!(costs(&mut limiter(&format!("{SIX}\ncold-factor = 1.0")), 0, 2), [100, 100]);
    }

    #[test]
    fn what_guava_does_not_take_is_refused() {
        for (parameters, why) in [
            ("permits-per-second = -1.0\nwarmup-period = '1s'", "write permits a second"),
            ("permits-per-second = 1.0\nwarmup-period = '0s'", "longer than zero"),
            ("permits-per-second = 1.0\nwarmup-period = '999ns'", "guava-smooth-bursty"),
            ("permits-per-second = 1.0\nwarmup-period = '1s'\ncold-factor = 0.5", "from 1 up"),
        ] {
            let error = Table::<GuavaSmoothWarmingUp>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
