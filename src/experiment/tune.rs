//! Tune: the values of knobs that meet goals, with confidence.
//!
//! What is searched is a function of a point and its seeds that anybody may give;
//! `bench` makes it of a scenario. Every point sees the same seeds (common
//! random numbers), so the response is as smooth as it can be, and effort is
//! decided by what all runs of a step gave, so threads never change it.

mod bench;
mod evidence;
mod front;
mod knob;
mod monotone;
mod probe;
mod search;

pub use bench::{Bench, BenchError};
pub use evidence::{Evidence, Question, Verdict};
pub use front::{BUDGET, Front, Objective, Standing, What, front};
pub use knob::{Knob, KnobError};
pub use monotone::Turn;
pub use probe::{Ask, Effort, Measure, Place, Point, Probes, Stop};
pub use search::{COARSE, FINE, Found, Way, search};
