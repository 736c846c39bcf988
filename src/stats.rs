//! The statistics that every number in a report goes through.
//!
//! Pure functions and small types: nanoseconds come in as `u64`, all else as
//! `f64`, and nothing here reads a clock or a file; of the crate it uses the
//! draws alone (a bootstrap is random, and the same each time). Sums run in the
//! order of their slices and every transcendental function is `libm`'s, so that
//! the same input gives the same bits on every platform.
//!
//! # Coverage
//!
//! How often the 95 % intervals hold the truth: 2,000 experiments a row, each of
//! R replicates that are made of n values of a law. Within 0.934 to 0.966 lie
//! 99.9 % of the counts of an honest interval; one over whole numbers, or of
//! several things at once, may hold the truth more often. The rows at the end
//! say where an interval is too narrow: Student's t and `bca` of few and very
//! skewed values, Wilson's near none of few runs, and Holm's adjustment if it
//! forgets that the data chose who is best.
//!
#![doc = include_str!("stats/coverage.md")]

pub mod histogram;
pub mod quantile;
pub mod interval;
mod ratio;
pub mod share;
pub mod pair;
pub mod signed_rank;
pub mod welch;
pub mod multiple;
pub mod order;
pub mod bootstrap;
pub mod batch;
pub mod precision;
pub mod student;
mod beta;
mod gamma;
pub mod fairness;
pub mod max_min;
pub mod chance;
pub mod mser;
pub mod rise;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod coverage;
