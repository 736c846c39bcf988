//! tollgate: a discrete-event rate-limit simulator.

#![forbid(unsafe_code)]

pub mod time;
pub mod rng;
pub mod dist;
pub mod http;
pub mod stats;
pub mod limiter;
pub mod attribute;
pub mod api;
pub mod client;
pub mod workload;
pub mod service;
pub mod scenario;
pub mod engine;
pub mod measure;
pub mod experiment;
pub mod report;
pub mod cli;
