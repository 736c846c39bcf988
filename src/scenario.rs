//! From TOML to a typed model: one parse, all faults at once.

pub mod document;
pub mod fault;
pub mod nearest;
