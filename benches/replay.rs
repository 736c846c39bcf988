//! How fast a recorded trace is read and decided on, through the door that
//! `tollgate replay` takes. Everything is time on a processor, not on the wall,
//! so that other work on the machine shows less; of two threads it is half of
//! both, because their shares of the keys are even.
//!
//! - `deciding` takes requests of one to ten million keys, in memory, on one
//!   thread and on two; the state of all keys is made within that time. Beside
//!   it, in the same run, the crate `governor` decides on the same requests with
//!   its keyed store and its fake clock, and must admit as many.
//! - `reading` is bytes of CSV a second on one core: five million rows of a
//!   time, a key and a cost from a file in the page cache, alone and with twenty
//!   columns beside them that nobody needs.

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Seek, SeekFrom, Write as _};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use cpu_time::ProcessTime;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use tollgate::api::ApiModel;
use tollgate::attribute::Principals;
use tollgate::http::Status;
use tollgate::replay::{Columns, Decided, Row, Rows, Said, Trace, Wanted, decisions};
use tollgate::rng::{Key, Purpose};
use tollgate::scenario::Alone;
use tollgate::scenario::document::Document;
use tollgate::time::{Instant, Span};

const API: &str = "name = \"a\"\n[[limit]]\nname = \"l\"\nper = [\"key\"]\n\
                   gcra = { rate = \"10/s\", burst = 10 }\n";

/// Requests of so many keys, about 20 a second of each or a million a second.
fn requests(keys: u32, count: u64) -> (Vec<u32>, Duration) {
    let run = Key::run(0, 0);
    let draw = |k: u64| u32::try_from(run.draw(Purpose::Arrival, k) % u64::from(keys));
    let gap = 50_000_000 / u64::from(keys.min(1_000_000));
    let keys = (0..count).map(|k| draw(k).expect("keys are few")).collect();
    (keys, Duration::from_nanos(gap))
}

/// The same as a trace, with the limit that decides on it.
fn traced(keys: u32, of: &[u32], gap: Duration) -> (ApiModel, Trace) {
    let gap = u64::try_from(gap.as_nanos()).expect("it is short");
    let row = |(line, principal): (u64, &u32)| Row {
        at: Instant(1_700_000_000_000_000_000 + line * gap),
        line,
        principal: *principal,
        endpoint: 0,
        cost: None,
        used: None,
        status: Status::OK,
        took: Span::ZERO,
    };
    let rows: Rows = (1..).zip(of).map(row).collect();
    let document = Document::new("api", API).unwrap_or_else(|faults| panic!("{faults}"));
    let api = Alone::of(document, &[]).unwrap_or_else(|error| panic!("{error}"));
    let mut principals = Principals::new(api.attributes());
    for _ in 0..keys {
        let value = principals.fresh();
        principals.push(&[Some(value)]);
    }
    let model = api.model(&mut principals, false);
    (model, Trace::of(rows, principals))
}

/// How long some work takes on all processors together, so many times.
fn busy(times: u64, mut work: impl FnMut()) -> Duration {
    let start = ProcessTime::now();
    (0..times).for_each(|_| work());
    start.elapsed()
}

fn deciding(c: &mut Criterion) {
    let mut group = c.benchmark_group("deciding");
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    for (keys, count) in [(1_000, 10_000_000), (100_000, 10_000_000), (10_000_000, 50_000_000)] {
        let (of, gap) = requests(keys, count);
        let (model, trace) = traced(keys, &of, gap);
        let mut admitted = 0;
        for threads in [1, 2] {
            let wanted = Wanted { threads: NonZeroUsize::new(threads), ..Wanted::default() };
            group.throughput(Throughput::Elements(count));
            group.bench_function(BenchmarkId::new(format!("{keys} keys, threads"), threads), |b| {
                b.iter_custom(|times| {
                    let mut last = None;
                    let time = busy(times, || {
                        last = Some(decisions(&model, &trace, wanted).expect("it is in order"));
                    });
                    let last = last.expect("it is done at least once");
                    let admits = |row: &usize| last.outcome(*row).said == Said::Admit;
                    admitted = (0..of.len().min(5_000_000)).filter(admits).count();
                    time / u32::try_from(threads).expect("there are two")
                });
            });
        }
        let of = &of[..of.len().min(5_000_000)];
        group.throughput(Throughput::Elements(of.len() as u64));
        group.bench_function(BenchmarkId::new("the crate governor, keyed", keys), |b| {
            b.iter_custom(|times| {
                let quota = Quota::per_second(NonZeroU32::new(10).expect("10 is not 0"));
                let mut same = 0;
                let time = busy(times, || {
                    let clock = FakeRelativeClock::default();
                    let limiter = RateLimiter::hashmap_with_clock(quota, clock.clone());
                    same = of
                        .iter()
                        .filter(|key| {
                            clock.advance(gap);
                            limiter.check_key(*key).is_ok()
                        })
                        .count();
                });
                assert_eq!(same, admitted, "both admit as many");
                time
            });
        });
    }
    group.finish();
}

const CSV_ROWS: u64 = 5_000_000;
const CSV_KEYS: u64 = 100_000;

/// A file of requests, and how long it is; with `more` columns behind.
fn csv(rows: u64, more: usize) -> (File, u64) {
    let run = Key::run(0, 0);
    let mut text = String::from("t_ns,key,cost");
    (0..more).for_each(|column| write!(text, ",more_{column}").expect("text grows"));
    let mut beside = String::new();
    (0..more).for_each(|n| write!(beside, ",{}", 1_000_003 * n).expect("text grows"));
    text.push('\n');
    for row in 0..rows {
        let draw = run.draw(Purpose::Arrival, row);
        let (at, key) = (1_700_000_000_000_000_000 + 946 * row, draw % CSV_KEYS);
        let cost = 1 + (draw >> 32) % 9;
        writeln!(text, "{at},user-{key},{cost}{beside}").expect("text grows");
    }
    let mut file = tempfile::tempfile().expect("there is room for a file");
    file.write_all(text.as_bytes()).expect("there is room for a trace");
    (file, text.len() as u64)
}

fn read(file: &File) -> Trace {
    let mut file = file;
    file.seek(SeekFrom::Start(0)).expect("a file has a start");
    let columns = Columns::default();
    let attributes = ["key".to_owned()];
    Trace::read(BufReader::new(file), &columns, &attributes, &["request"]).expect("it is a trace")
}

fn reading(c: &mut Criterion) {
    let mut group = c.benchmark_group("reading");
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    for (name, rows, more) in
        [("three columns", CSV_ROWS, 0), ("and twenty more", CSV_ROWS / 5, 20)]
    {
        let (file, bytes) = csv(rows, more);
        group.throughput(Throughput::BytesDecimal(bytes));
        group.bench_function(name, |bench| {
            bench.iter_custom(|times| {
                busy(times, || {
                    let trace = read(&file);
                    assert_eq!(trace.rows.len() as u64, rows);
                    black_box(trace);
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, deciding, reading);
criterion_main!(benches);
