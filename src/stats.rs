//! The statistics that every number in a report goes through.
//!
//! Pure functions and small types: nanoseconds come in as `u64`, all else as
//! `f64`, and nothing here reads a clock, a file or another part of the crate.
//! Sums run in the order of their slices and every transcendental function is
//! `libm`'s, so that the same input gives the same bits on every platform.

pub mod histogram;
pub mod quantile;
pub mod interval;
mod ratio;
pub mod student;
mod gamma;
pub mod fairness;
pub mod max_min;
pub mod chance;
pub mod rise;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod coverage;
