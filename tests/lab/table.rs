//! Tables of exact values, and when a sample disagrees with one.

#![allow(dead_code)] // each test binary uses its own part of this

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The bound on a row's statistic: 1 in 3,600 at 39 degrees of freedom.
pub(crate) const BOUND: f64 = 4.0;

/// The rows of a table, each as its texts by column.
pub(crate) fn table(text: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.records().map(Result::unwrap).collect()
}

pub(crate) fn column(text: &str, name: &str) -> usize {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let headers = reader.headers().unwrap();
    headers.iter().position(|h| h == name).unwrap()
}

/// A decimal such as `3.7` as an exact ratio.
pub(crate) fn ratio(decimal: &str) -> (u64, u64) {
    let (whole, decimals) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = format!("{whole}{decimals}").parse().unwrap();
    (digits, 10_u64.pow(u32::try_from(decimals.len()).unwrap()))
}

/// Student's statistic of `y - p x` over runs.
pub(crate) fn student(expected: f64, runs: &[(f64, f64)]) -> f64 {
    let n = runs.len() as f64;
    let residuals: Vec<f64> = runs.iter().map(|(y, x)| y - expected * x).collect();
    let mean = residuals.iter().sum::<f64>() / n;
    let variance = residuals.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0);
    mean / (variance / n).sqrt()
}

/// No statistic beyond the bound, and their mean square where it should be.
pub(crate) fn judge(name: &str, rows: &[(String, f64)]) {
    let beyond: Vec<_> = rows.iter().filter(|(_, z)| z.abs() >= BOUND || z.is_nan()).collect();
    assert!(beyond.is_empty(), "{name}: {beyond:?}");
    let n = rows.len() as f64;
    let mean_square = rows.iter().map(|(_, z)| z * z).sum::<f64>() / n;
    // 99.9 % of what so many squares of Student's law with 39 degrees come to.
    let (law, widening) = (ChiSquared::new(n).unwrap(), 39.0 / 37.0 / n);
    let band = [0.0005, 0.9995].map(|p| law.inverse_cdf(p) * widening);
    println!("{name}: mean square {mean_square:.3} over {n} rows, band {band:.3?}");
    assert!(band[0] <= mean_square && mean_square <= band[1], "{name}: {mean_square}, {rows:?}");
}
