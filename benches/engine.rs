//! How long an event of the whole product takes: the reference workload W1,
//! with all measures on.
//!
//! An event is an arrival, a retry or a completion. `ns per event` is the time
//! that criterion prints divided by the events of a run, which is printed
//! first; criterion's `thrpt` is events per second.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tollgate::engine;
use tollgate::measure::Measures;
use tollgate::rng::Key;
use tollgate::scenario::{Bundle, Model};

/// Events of one run: enough for the retry population to settle.
const EVENTS: u64 = 500_000;

/// W1 with so many clients; its limit grows with them.
fn w1(clients: u32) -> Model {
    let settings = [
        ("events".to_owned(), EVENTS.to_string()),
        ("population.count".to_owned(), clients.to_string()),
    ];
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    let bundle = Bundle::load("w1", None, &settings, &no_files).expect("w1 is built in");
    let mut plan = bundle.plan().expect("w1 has no faults");
    plan.variants.remove(0).model
}

fn ns_per_event(c: &mut Criterion) {
    let mut group = c.benchmark_group("w1");
    group.sample_size(10).throughput(Throughput::Elements(EVENTS));
    for clients in [100, 10_000] {
        let model = w1(clients);
        let run = Key::run(0, 0);
        group.bench_with_input(BenchmarkId::new("clients", clients), &model, |bench, model| {
            bench.iter(|| {
                let mut measures = Measures::new(model, run);
                let ending =
                    engine::run(model, run, &mut measures).expect("w1 does not stand still");
                assert_eq!(ending.events, EVENTS);
                black_box(measures.total())
            });
        });
        // Once more, to say what a single event costs in plain numbers.
        let started = wall_seconds();
        let mut measures = Measures::new(&model, run);
        engine::run(&model, run, &mut measures).expect("w1 does not stand still");
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
