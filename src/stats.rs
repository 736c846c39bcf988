//! The statistics that every number in a report goes through.
//!
//! Pure functions and small types: nanoseconds come in as `u64`, all else as
//! `f64`, and nothing here reads a clock or a file; of the crate it uses the
//! draws alone (a bootstrap is random, and the same each time). Sums run in the
//! order of their slices and every transcendental function is `libm`'s, so that
//! the same input gives the same bits on every platform.

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
pub mod warm_up;
pub mod precision;
pub mod student;
mod beta;
mod gamma;
pub mod fairness;
pub mod max_min;
pub mod chance;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod coverage;
