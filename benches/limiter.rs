//! How long a decision takes: every limiter on one trace, beside `governor`.
//!
//! The trace has a million requests of 10,000 keys, about as many as the limits
//! let through and as many again, so that both answers are common. `time` is for
//! the million; criterion's `thrpt` is decisions per second. `governor` decides
//! on the same requests in the same run, once as a `Vec` of limiters by the
//! number of the key, as ours lie, and once in its own keyed store.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use tollgate::limiter::{CARDS, Limiter};
use tollgate::rng::{Key, Purpose};
use tollgate::scenario::file::api::Rule;
use tollgate::time::Instant;

const REQUESTS: usize = 1_000_000;
const KEYS: u32 = 10_000;

/// The requests come this far apart, in nanoseconds: 20 a second of each key.
const GAP: u64 = 5_000;

/// The number of the key of each request.
fn keys() -> Vec<u32> {
    let run = Key::run(0, 0);
    let draw = |k: u64| u32::try_from(run.draw(Purpose::Arrival, k) % u64::from(KEYS));
    (0..REQUESTS as u64).map(|k| draw(k).expect("keys are few")).collect()
}

/// Decides on all requests; how many were refused.
fn decide(limiter: &mut Limiter, keys: &[u32], start: u64) -> usize {
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

fn ns_per_decision(c: &mut Criterion) {
    let keys = keys();
    let mut group = c.benchmark_group("decisions");
    group.sample_size(10).throughput(Throughput::Elements(REQUESTS as u64));
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    for (key, card) in CARDS {
        let rule: Rule = toml::from_str(card.example).expect("an example is a limiter");
        let limiter = Limiter::from(rule);
        // Where real programs stand today, in nanoseconds since the epoch.
        let start = 1_800_000_000_000_000_000;
        group.bench_function(key.replace('_', "-"), |bench| {
            let mut limiter = limiter.clone();
            limiter.grow(KEYS as usize, Instant(start));
            let mut from = start;
            bench.iter(|| {
                let refused = decide(&mut limiter, &keys, from);
                from += GAP * REQUESTS as u64;
                black_box(refused)
            });
        });
    }
    let quota = Quota::per_second(NonZeroU32::new(10).expect("10 is not 0"));
    let gap = Duration::from_nanos(GAP);
    group.bench_function("the crate governor, in a Vec", |bench| {
        let clock = FakeRelativeClock::default();
        let made = |_| RateLimiter::direct_with_clock(quota, clock.clone());
        let limiters: Vec<_> = (0..KEYS).map(made).collect();
        bench.iter(|| {
            let refused = keys.iter().filter(|key| {
                clock.advance(gap);
                limiters[**key as usize].check().is_err()
            });
            black_box(refused.count())
        });
    });
    group.bench_function("the crate governor, keyed", |bench| {
        let clock = FakeRelativeClock::default();
        let limiter = RateLimiter::dashmap_with_clock(quota, clock.clone());
        bench.iter(|| {
            let refused = keys.iter().filter(|key| {
                clock.advance(gap);
                limiter.check_key(*key).is_err()
            });
            black_box(refused.count())
        });
    });
    group.finish();
}

criterion_group!(benches, ns_per_decision);
criterion_main!(benches);
