//! How a run, or a part of one, ends; and why it may be stopped.

use std::fmt;

use super::fact::Census;
use super::standstill::AT_ONCE_MAX;
use crate::api::LimitCounts;
use crate::scenario::Model;
use crate::time::Instant;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// When the last event was.
    pub at: Instant,
    /// How many events there were.
    pub events: u64,
    /// What happened at each limit.
    pub limits: Vec<LimitCounts>,
    /// What was still under way.
    pub census: Census,
}

/// Why a run was stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunError {
    /// A call makes attempts without end while no time passes.
    Standstill {
        /// Of this population.
        population: String,
        /// Following this policy.
        policy: String,
    },
    /// The clients of a closed loop make calls without end while no time passes.
    Loop {
        /// Of this population.
        population: String,
    },
}

impl Ending {
    /// Adds how another part of the same run of `model` ended.
    pub fn add(&mut self, model: &Model, other: &Ending) {
        // A change of a limit is one event, though every part has it.
        let end = model.horizon.after(model.drain);
        let changes = model.changes.iter().filter(|change| change.at < end).count();
        self.at = self.at.max(other.at);
        self.events += other.events - changes as u64;
        self.limits.iter_mut().zip(&other.limits).for_each(|(sum, more)| sum.add(more));
        self.census.calls += other.census.calls;
        self.census.undecided += other.census.undecided;
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Standstill { population, policy } => write!(
                f,
                "a call of `{population}` made {AT_ONCE_MAX} attempts without time passing: \
                 give `{policy}` a wait, fewer attempts, or the network a latency"
            ),
            RunError::Loop { population } => write!(
                f,
                "the clients of `{population}` make calls without end while no time passes: \
                 give them a time to think, or the network a latency"
            ),
        }
    }
}

impl std::error::Error for RunError {}
