//! A trace of 10,000 keys, and what a limiter says to it.

use tollgate::limiter::Limiter;
use tollgate::rng::{Key, Purpose};
use tollgate::time::Instant;

pub(crate) const KEYS: u32 = 10_000;

/// The requests come this far apart, in nanoseconds: 20 a second of each key.
pub(crate) const GAP: u64 = 5_000;

/// Where real programs stand today, in nanoseconds since the epoch.
pub(crate) const START: u64 = 1_800_000_000_000_000_000;

/// The number of the key of each of so many requests.
pub(crate) fn keys(requests: u64) -> Vec<u32> {
    let run = Key::run(0, 0);
    let draw = |k: u64| u32::try_from(run.draw(Purpose::Arrival, k) % u64::from(KEYS));
    (0..requests).map(|k| draw(k).expect("keys are few")).collect()
}

/// Decides on all requests; how many were refused.
pub(crate) fn decide(limiter: &mut Limiter, keys: &[u32], start: u64) -> usize {
    let mut now = Instant(start);
    let mut refused = 0;
    for key in keys {
        now.0 += GAP;
        let verdict = limiter.test(*key, now, 1);
        if verdict.is_reject() {
            limiter.refuse(*key, now, 1);
            refused += 1;
        } else {
            limiter.admit(*key, now, 1);
            // Whoever holds a place gives it back at once.
            limiter.release(*key, 1);
        }
    }
    refused
}
