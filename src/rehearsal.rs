//! Rehearsal: what a policy does by itself, without an API, a network or others.
//!
//! Its waits before each retry, whatever ends it ([`waits()`]); and one call
//! against a server that gives the same answer for ever ([`against()`]).

pub mod against;
pub mod waits;

pub use against::{Against, Ended, Template, against};
pub use waits::{FIXED, Row, drawn, waits};

use crate::rng::Key;

/// The key of all draws of a rehearsal: the same waits every time.
fn key() -> Key {
    Key::run(0, 0).named("rehearsal")
}
