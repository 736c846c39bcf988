//! Scenario: text becomes a valid typed model, in one place.

pub mod file;
mod model;

pub use model::{Change, Model};
