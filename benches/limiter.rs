//! How long a decision takes: every limiter on one trace, beside `governor`.
//!
//! The trace has a million requests of 10,000 keys, about as many as the limits
//! let through and as many again, so that both answers are common. `time` is for
//! the million; criterion's `thrpt` is decisions per second. `governor` decides
//! on the same requests in the same run, once as a `Vec` of limiters by the
//! number of the key, as ours lie, and once in its own keyed store.

#[path = "work/decisions.rs"]
mod decisions;

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use decisions::{GAP, KEYS, START, decide, keys};
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use tollgate::limiter::{CARDS, Limiter};
use tollgate::scenario::file::api::Rule;
use tollgate::time::Instant;

const REQUESTS: u64 = 1_000_000;

fn ns_per_decision(c: &mut Criterion) {
    let keys = keys(REQUESTS);
    let mut group = c.benchmark_group("decisions");
    group.sample_size(10).throughput(Throughput::Elements(REQUESTS));
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    for (key, card) in CARDS {
        let rule: Rule = toml::from_str(card.example).expect("an example is a limiter");
        let limiter = Limiter::from(rule);
        group.bench_function(key.replace('_', "-"), |bench| {
            let mut limiter = limiter.clone();
            limiter.grow(KEYS as usize, Instant(START));
            let mut from = START;
            bench.iter(|| {
                let refused = decide(&mut limiter, &keys, from);
                from += GAP * REQUESTS;
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
