//! Scenario: text becomes a valid typed model, in one place.

mod model;

pub use model::{Change, Model};
