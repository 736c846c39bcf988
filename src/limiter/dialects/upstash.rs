//! What the limiters of `@upstash/ratelimit` have in common: the ephemeral cache.
//!
//! Once a key is refused, the process remembers until when, and refuses it
//! until then without asking Redis, whatever the request costs.

use crate::time::Instant;

/// Until when a key is refused unasked, on a clock of milliseconds; that
/// millisecond is still refused.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Blocked(Option<u64>);

impl Blocked {
    /// The millisecond until which a request is refused unasked. One that costs
    /// nothing is always asked.
    pub(super) fn until(self, now: Instant, cost: u32) -> Option<u64> {
        self.0.filter(|until| cost > 0 && *until >= now.epoch_millis())
    }

    /// Remembers a refusal, if there is a cache.
    pub(super) const fn remember(&mut self, cache: bool, until: u64) {
        if cache {
            self.0 = Some(until);
        }
    }

    /// What a refund does.
    pub(super) const fn forget(&mut self) {
        self.0 = None;
    }
}
