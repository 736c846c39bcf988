//! The golden tables that the unit tests of this module share.

use std::str::FromStr;

const STATS: &str = include_str!("../../tests/oracles/analytic/stats_golden.csv");
const SERIES: &str = include_str!("../../tests/oracles/analytic/stats_mser5_series.csv");

/// The rows of a table, each by position, without its comments and header.
pub(super) fn rows(table: &str) -> Vec<csv::StringRecord> {
    let rows: Vec<_> = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(table.as_bytes())
        .records()
        .map(Result::unwrap)
        .collect();
    assert!(!rows.is_empty(), "a golden table without rows proves nothing");
    rows
}

/// The numbers of a cell, which are parted by spaces.
pub(super) fn numbers<T: FromStr<Err: std::fmt::Debug>>(cell: &str) -> Vec<T> {
    cell.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// The numbers that `stats_golden.csv` holds under `key`.
pub(super) fn golden(key: &str) -> Vec<f64> {
    let row = rows(STATS).into_iter().find(|row| &row[0] == key);
    numbers(&row.unwrap_or_else(|| panic!("no golden row {key}"))[1])
}

/// What `stats_golden.csv` notes beside `key`.
pub(super) fn note(key: &str) -> String {
    let row = rows(STATS).into_iter().find(|row| &row[0] == key);
    row.unwrap_or_else(|| panic!("no golden row {key}"))[2].to_owned()
}

/// The series that the rows of MSER-5 and of batch means are of.
pub(super) fn series() -> Vec<f64> {
    rows(SERIES).iter().map(|row| row[1].parse().unwrap()).collect()
}

/// Fails unless both lie within `tolerance`, as a share of what was expected.
#[track_caller]
pub(super) fn assert_close(got: f64, expected: f64, tolerance: f64) {
    let scale = expected.abs().max(f64::MIN_POSITIVE);
    assert!(
        (got - expected).abs() <= tolerance * scale,
        "got {got}, expected {expected} within a share of {tolerance}"
    );
}
