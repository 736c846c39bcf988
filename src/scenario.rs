//! Scenario: text becomes a valid typed model, in one place.

pub mod assumption;
mod build;
pub mod bundle;
pub mod catalogue;
pub mod alone;
pub mod lone;
pub mod document;
pub mod fault;
pub mod file;
pub mod library;
mod model;
pub mod nearest;
mod parts;
mod plan;
mod preset;
pub mod quick;
pub mod reference;
pub mod vary;

pub use alone::Alone;
pub use assumption::Assumption;
pub use bundle::{Bundle, LoadError};
pub use lone::Lone;
pub use model::{Change, Changed, Model};
pub use parts::{PARTS_MAX, Part, Parts};
pub use plan::{Plan, Release, Variant};
