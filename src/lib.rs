//! tollgate: a deterministic discrete-event rate-limit simulator.
//!
//! It answers three questions before anything ships: which retry strategy, which
//! limit, and which picture to put into the design document. The same model,
//! seed and version give the same bytes.
//!
//! # The map
//!
//! Modules stand in the order of dependency: each uses only those above it, and
//! a test keeps it so. Data flows one way:
//!
//! `scenario -> engine (workload -> client -> api -> service -> client) ->
//! measure -> experiment -> report -> cli`
//!
//! The engine asks pure state machines what happens next and schedules it. They
//! get `now` and their random draws as arguments and never see the queue or each
//! other. Only `cli` prints; below `report` nothing knows a clock, an environment
//! variable or a file; threads live in `experiment`, and in `replay`, where one
//! trace is one task.

// One file may: `prefetch`.
#![deny(unsafe_code)]

pub mod time;
pub mod rng;
pub mod dist;
pub mod http;
pub mod stats;
mod prefetch;
pub mod limiter;
pub mod attribute;
pub mod api;
pub mod client;
pub mod workload;
pub mod service;
pub mod metric;
pub mod log;
pub mod scenario;
pub mod rehearsal;
pub mod engine;
pub mod measure;
pub mod experiment;
pub mod replay;
pub mod report;
pub mod cli;
