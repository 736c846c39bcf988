//! How fast a recorded trace is read and decided on, through the door that
//! `tollgate replay` takes.
//!
//! `reading` is bytes of CSV a second on one core: five million rows of a time,
//! a key and a cost from a file in the page cache, alone and with twenty columns
//! beside them that nobody needs.

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Write as _};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tollgate::replay::{Columns, Trace};
use tollgate::rng::{Key, Purpose};

const CSV_ROWS: u64 = 5_000_000;
const CSV_KEYS: u64 = 100_000;

/// A file of requests, and how long it is; with `more` columns behind.
fn csv(rows: u64, more: usize) -> (File, u64) {
    let run = Key::run(0, 0);
    let mut text = String::from("t_ns,key,cost");
    (0..more).for_each(|column| write!(text, ",more_{column}").expect("text grows"));
    let beside: String = (0..more).map(|column| format!(",{}", 1_000_003 * column)).collect();
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
    use std::io::{Seek, SeekFrom};
    let mut file = file;
    file.seek(SeekFrom::Start(0)).expect("a file has a start");
    let columns = Columns::default();
    let attributes = ["key".to_owned()];
    Trace::read(BufReader::new(file), &columns, &attributes, &["request"]).expect("it is a trace")
}

fn reading(c: &mut Criterion) {
    let mut group = c.benchmark_group("reading");
    group.sample_size(10).warm_up_time(Duration::from_millis(200));
    for (name, rows, more) in
        [("three columns", CSV_ROWS, 0), ("and twenty more", CSV_ROWS / 5, 20)]
    {
        let (file, bytes) = csv(rows, more);
        group.throughput(Throughput::BytesDecimal(bytes));
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let trace = read(&file);
                assert_eq!(trace.rows.len() as u64, rows);
                black_box(trace)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
