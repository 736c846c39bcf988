//! What must hold of every model: of models made at random, and of small ones
//! that are each about one law.

mod anything;
mod around;
mod backlogs;
mod bounded;
mod bounds;
mod budgets;
mod common_random_numbers;
mod determinism;
mod direct;
mod hedging;
mod held_back;
mod identities;
#[path = "../lab/mod.rs"]
mod lab;
mod laws_of_limiters;
mod laws_of_models;
mod limits;
mod logs;
mod paces;
mod parts;
mod recovery;
mod replay;
#[path = "../lab/table.rs"]
mod table;
mod ties;
mod tuning;
mod until;
mod warm_up;
