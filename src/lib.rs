//! tollgate: a discrete-event rate-limit simulator.

#![forbid(unsafe_code)]

pub mod time;
pub mod report;
