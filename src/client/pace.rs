//! What a client holds back by itself: pauses after refusals, its own rate, its
//! own concurrency, and the rate that headers leave it.
//!
//! A pace is one of a closed set of state machines, one a file: (state, now)
//! gives a turn, and what answers tell changes the state. Those whose rate
//! answers change hand out one turn at a time, so that a change reaches
//! everybody behind the first: their attempts stand in line at a door.

mod adaptive_sleep;
mod aimd;
mod aws_cubic;
mod header_gate;
mod header_pace;
mod machine;
mod reservoir;
mod rows;
mod spacing;
mod token_bucket;

pub use adaptive_sleep::{AdaptiveSleep, Decrease};
pub use aimd::Aimd;
pub use aws_cubic::{AwsCubic, CubicState};
pub use header_gate::HeaderGate;
pub use header_pace::{Allowance, Gauge, HeaderPace};
pub use machine::{Ask, Machine, Told, Turn};
pub use reservoir::Reservoir;
pub use spacing::Spacing;
pub use token_bucket::ReservingBucket;

pub(super) use rows::Rows;

use super::Whose;
use super::classify::Kinds;
use super::lever::Filter;
use crate::time::Span;

/// After some answers nobody of the scope sends anything for a while.
#[derive(Clone, Debug)]
pub struct Pause {
    /// After which answers.
    pub on: Kinds,
    /// For how long.
    pub span: Span,
    /// Who pauses.
    pub of: Whose,
}

/// Attempts of the scope leave when it is their turn.
#[derive(Clone, Debug)]
pub struct Pace {
    /// When that is.
    pub pacing: Pacing,
    /// Whose attempts.
    pub of: Whose,
    /// Which attempts.
    pub filter: Filter,
}

/// How turns are given.
#[derive(Clone, Debug)]
pub enum Pacing {
    /// A gap between any two.
    Spacing(Spacing),
    /// Tokens that come back at a rate, up to a burst.
    TokenBucket(ReservingBucket),
    /// So many, filled up at once on a heartbeat.
    Reservoir(Reservoir),
    /// A rate that creeps up, and falls on refusals.
    Aimd(Aimd),
    /// The send-rate limiter of the AWS SDKs' adaptive mode.
    AwsCubic(AwsCubic),
    /// A sleep before each that grows on refusals.
    AdaptiveSleep(AdaptiveSleep),
}

impl Pacing {
    /// Whether it gives one turn at a time, so that the others wait in line.
    #[must_use]
    pub const fn one_at_a_time(&self) -> bool {
        matches!(self, Pacing::Aimd(_) | Pacing::AwsCubic(_))
    }
}

/// The scope has at most so many attempts in flight; the others wait in line.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// At most.
    pub max: u32,
    /// Whose attempts.
    pub of: Whose,
    /// Which attempts.
    pub filter: Filter,
    /// Whether it is the door of a pace: a place there is free again when the
    /// attempt leaves, not when its answer comes.
    pub door: bool,
}
