//! How long an event of the whole product takes: the reference workload W1,
//! with all measures on.
//!
//! An event is an arrival, a retry or a completion. `ns per event` is the time
//! that criterion prints divided by the events of a run, which is printed
//! first; criterion's `thrpt` is events per second.

#[path = "work/w1.rs"]
mod w1;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Events of one run: enough for the retry population to settle.
const EVENTS: u64 = 500_000;

fn ns_per_event(c: &mut Criterion) {
    let mut group = c.benchmark_group("w1");
    group.sample_size(10).throughput(Throughput::Elements(EVENTS));
    for clients in [100, 10_000] {
        let model = w1::model(clients, EVENTS);
        group.bench_with_input(BenchmarkId::new("clients", clients), &model, |bench, model| {
            bench.iter(|| black_box(w1::run(model)));
        });
        // Once more, to say what a single event costs in plain numbers.
        let started = wall_seconds();
        w1::run(&model);
        let ns = (wall_seconds() - started) * 1e9 / EVENTS as f64;
        println!(
            "w1/clients/{clients}: {ns:.1} ns per event, {:.2} million events per second",
            1e3 / ns
        );
    }
    group.finish();
}

/// A clock for the line above; criterion's own figures are the ones to quote.
#[allow(clippy::disallowed_types)] // a bench measures the machine, not the simulation
fn wall_seconds() -> f64 {
    use std::sync::OnceLock;
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64()
}

criterion_group!(benches, ns_per_event);
criterion_main!(benches);
