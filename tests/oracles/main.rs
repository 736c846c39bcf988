//! What is known from elsewhere: closed forms, and recordings of real servers
//! and libraries. The folders beside this file hold the tables.

mod analytic;
mod budgets;
mod clients;
mod closed_forms;
mod cubic;
mod curl;
mod cycles;
mod grpc;
#[path = "../lab/mod.rs"]
mod lab;
mod limiters;
mod metastable;
mod pacing;
mod pairing;
mod queues;
mod retries;
mod schedule;
#[path = "../lab/table.rs"]
mod table;
mod tower;
mod tuning;
mod windows;
