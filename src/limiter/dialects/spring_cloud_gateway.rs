//! Spring Cloud Gateway's Redis limiter: a token bucket in whole seconds of Redis.
//!
//! Tokens come back only when Redis' clock shows another second, however late
//! in the last one they were taken: with rate = capacity, two bursts pass
//! within a millisecond. A refusal writes too, which changes nothing.
//! It tells how many tokens are left, and no wait.
//!
//! # Formula
//!
//! `tokens = min(capacity, tokens + seconds since * rate)`, in doubles; admitted
//! iff `tokens >= requested-tokens * cost`. Tokens and second are two keys that
//! live `floor(capacity / rate * 2)` seconds, so long that a bucket is full
//! before they die, unless the rate has changed; with less than half a second's
//! capacity they are not stored at all, and every request finds a full bucket.
//!
//! # Source
//!
//! Spring Cloud Gateway (commit 5227205c7), `request_rate_limiter.lua` and
//! `RedisRateLimiter.java`, on Redis 7.0.15, where a key dies in the millisecond
//! after its time. The Java setter of this commit refuses a capacity below the
//! rate; the script, and the releases before, take it. When Redis cannot be
//! asked the gateway admits: that is not here.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{SpringCloudGateway, Table, Verdict};
//!
//! let mut limit =
//!     Table::<SpringCloudGateway>::read("replenish-rate = 5\nburst-capacity = 5")?;
//! let (verdict, view) = limit.ask(1_999_999_999, 5);
//! assert_eq!((verdict, view.remaining), (Verdict::Admit, Some(0)));
//! assert_eq!(limit.ask(1_999_999_999, 1).0, Verdict::NEVER);
//! // One nanosecond later it is another second, and all five are back.
//! assert_eq!(limit.ask(2_000_000_000, 5).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU32;

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::Instant;

/// A `redis-rate-limiter` filter.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SpringCloudGateway {
    replenish_rate: NonZeroU32,
    #[serde(default = "one")]
    burst_capacity: BurstCapacity,
    #[serde(default = "once")]
    requested_tokens: NonZeroU32,
}

const fn one() -> BurstCapacity {
    BurstCapacity(1)
}

const fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// What a Lua number can count exactly.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
struct BurstCapacity(u64);

impl TryFrom<u64> for BurstCapacity {
    type Error = String;

    fn try_from(tokens: u64) -> Result<Self, String> {
        if tokens < 1 << 53 {
            Ok(BurstCapacity(tokens))
        } else {
            Err("Redis cannot count so many: write at most 9007199254740991".to_owned())
        }
    }
}

/// One key's two Redis keys, which are always written together.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    tokens: f64,
    timestamp: u64,
    /// Milliseconds; the keys are still there in this one.
    expires: u64,
}

impl SpringCloudGateway {
    /// How long the keys live, in seconds.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 2^54, and not negative
    fn ttl(&self) -> u64 {
        let fill_time = self.burst_capacity.0 as f64 / f64::from(self.replenish_rate.get());
        libm::floor(fill_time * 2.0) as u64
    }

    /// The tokens that there are at `now`.
    fn filled(&self, stored: Option<&Stored>, now: Instant) -> f64 {
        let capacity = self.burst_capacity.0 as f64;
        let (tokens, refreshed) = stored
            .filter(|keys| now.epoch_millis() <= keys.expires)
            .map_or((capacity, 0), |keys| (keys.tokens, keys.timestamp));
        let delta = now.epoch_seconds().saturating_sub(refreshed) as f64;
        capacity.min(tokens + delta * f64::from(self.replenish_rate.get()))
    }

    fn requested(&self, cost: u32) -> f64 {
        f64::from(cost) * f64::from(self.requested_tokens.get())
    }

    fn store(&self, state: &mut Option<Stored>, now: Instant, tokens: f64) {
        let ttl = self.ttl();
        if ttl > 0 {
            let expires = now.epoch_millis().saturating_add(ttl.saturating_mul(1_000));
            *state = Some(Stored { tokens, timestamp: now.epoch_seconds(), expires });
        }
    }
}

impl Algorithm for SpringCloudGateway {
    type State = Option<Stored>;

    const CARD: Card = Card {
        implementation: Some("Spring Cloud Gateway RedisRateLimiter (commit 5227205c7)"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("replenish-rate", "tokens that come back each second"),
            ("burst-capacity", "the most tokens [1]"),
            ("requested-tokens", "that a request of cost 1 takes [1]"),
        ],
        example: "spring-cloud-gateway = { replenish-rate = 5, burst-capacity = 10 }",
        peculiar: "refills only when Redis' clock shows another whole second",
    };

    fn fresh(&self, _created: Instant) -> Option<Stored> {
        None
    }

    fn test(&self, state: &Option<Stored>, now: Instant, cost: u32) -> Verdict {
        if self.filled(state.as_ref(), now) >= self.requested(cost) {
            Verdict::Admit
        } else {
            Verdict::NEVER
        }
    }

    fn admit(&self, state: &mut Option<Stored>, now: Instant, cost: u32) -> Mark {
        let tokens = self.filled(state.as_ref(), now) - self.requested(cost);
        self.store(state, now, tokens);
        Mark::NONE
    }

    fn refuse(&self, state: &mut Option<Stored>, now: Instant, _cost: u32) {
        let tokens = self.filled(state.as_ref(), now);
        self.store(state, now, tokens);
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Redis cuts it off as well
    fn view(&self, state: &Option<Stored>, asked: &Asked) -> View {
        let filled = self.filled(state.as_ref(), asked.now);
        // What is not stored is told all the same.
        let unstored = self.ttl() == 0 && !asked.verdict.is_reject();
        let tokens = if unstored { filled - self.requested(asked.cost) } else { filled };
        View { limit: self.burst_capacity.0, remaining: Some(tokens as u64), reset: None }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let burst_capacity = BurstCapacity::try_from(quota).ok()?;
        Some(SpringCloudGateway { burst_capacity, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        let requested = u64::from(self.requested_tokens.get());
        Capacity {
            per_second: f64::from(self.replenish_rate.get()) / requested as f64,
            at_once: self.burst_capacity.0 / requested,
        }
    }

    fn rule(&self) -> String {
        format!("spring-cloud-gateway {} burst {}", self.pace(), self.burst_capacity.0)
    }

    fn pace(&self) -> String {
        format!("{}/s", self.replenish_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn gateway(parameters: &str) -> Table<SpringCloudGateway> {
        Table::read(parameters).unwrap()
    }

    /// Whether it is admitted, and what remains.
    fn ask(gateway: &mut Table<SpringCloudGateway>, at: u64, cost: u32) -> (bool, u64) {
        let (verdict, view) = gateway.ask(at, cost);
        (verdict == Verdict::Admit, view.remaining.unwrap())
    }

    #[test]
    fn each_second_of_the_clock_brings_the_rate_up_to_the_capacity() {
        let mut gateway = gateway("replenish-rate = 3\nburst-capacity = 7");
        assert_eq!(ask(&mut gateway, 5 * SECOND + 1, 7), (true, 0));
        assert_eq!(ask(&mut gateway, 6 * SECOND - 1, 1), (false, 0));
        assert_eq!(ask(&mut gateway, 6 * SECOND, 1), (true, 2));
        assert_eq!(ask(&mut gateway, 7 * SECOND, 6), (false, 5));
        assert_eq!(ask(&mut gateway, 7 * SECOND, 0), (true, 5));
        assert_eq!(ask(&mut gateway, 8 * SECOND, 8), (false, 7));
    }

    #[test]
    fn a_request_takes_as_many_tokens_as_its_route_says() {
        let mut gateway = gateway("replenish-rate = 1\nburst-capacity = 60\nrequested-tokens = 20");
        assert_eq!(ask(&mut gateway, 0, 2), (true, 20));
        assert_eq!(ask(&mut gateway, 0, 2), (false, 20));
        assert_eq!(ask(&mut gateway, 20 * SECOND, 2), (true, 0));
        assert_eq!(gateway.algorithm().capacity().at_once, 3);
    }

    #[test]
    fn less_than_half_a_second_s_capacity_is_not_stored() {
        let mut unstored = gateway("replenish-rate = 5\nburst-capacity = 2");
        assert_eq!(ask(&mut unstored, 0, 2), (true, 0));
        assert_eq!(ask(&mut unstored, 0, 1), (true, 1));
        assert_eq!(ask(&mut unstored, 0, 3), (false, 2));
        let mut stored = gateway("replenish-rate = 4\nburst-capacity = 2");
        assert_eq!(ask(&mut stored, 0, 2), (true, 0));
        assert_eq!(ask(&mut stored, 0, 1), (false, 0));
    }

    /// Only another rate shows that keys die: else the bucket is full before.
    #[test]
    fn keys_that_die_after_a_change_of_rate_leave_a_full_bucket() {
        let slow = gateway("replenish-rate = 1\nburst-capacity = 10").algorithm().clone();
        let mut gateway = gateway("replenish-rate = 5\nburst-capacity = 10");
        // Written at 0.5 s, for four seconds.
        gateway.ask(SECOND / 2, 10);
        gateway.replace(slow, Instant(SECOND / 2));
        assert_eq!(ask(&mut gateway.clone(), 4_500_999_999, 0), (true, 4));
        assert_eq!(ask(&mut gateway, 4_501_000_000, 0), (true, 10));
    }

    #[test]
    fn a_refusal_writes_too_and_the_keys_live_on() {
        let mut gateway = gateway("replenish-rate = 5\nburst-capacity = 10");
        gateway.ask(0, 10);
        gateway.ask(900_000_000, 1);
        gateway.resize(100, Instant(900_000_000));
        // Written at 0.9 s for 4 s: at 4.9 s they are there, at 4.901 s not.
        assert_eq!(ask(&mut gateway.clone(), 4_900_999_999, 0), (true, 20));
        assert_eq!(ask(&mut gateway, 4_901_000_000, 0), (true, 100));
    }

    #[test]
    fn what_redis_cannot_count_is_refused() {
        for (parameters, why) in [
            ("replenish-rate = 0", "nonzero"),
            ("replenish-rate = 1\nrequested-tokens = 0", "nonzero"),
            ("replenish-rate = 1\nburst-capacity = 9007199254740992", "9007199254740991"),
        ] {
            let error = Table::<SpringCloudGateway>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
        assert_eq!(gateway("replenish-rate = 1").algorithm().capacity().at_once, 1);
    }
}
