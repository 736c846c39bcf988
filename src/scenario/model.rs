//! The model of a run: typed, valid by construction, the same for every seed.

use crate::api::{ApiModel, LimitId};
use crate::client::Policy;
use crate::limiter::Limiter;
use crate::rng::Key;
use crate::service::ServiceModel;
use crate::time::{Instant, Span};
use crate::workload::Population;

/// A limit becomes another during the run.
#[derive(Clone, Debug)]
pub struct Change {
    /// When.
    pub at: Instant,
    /// Which limit.
    pub limit: LimitId,
    /// What it becomes.
    pub to: Changed,
}

/// What a limit becomes.
#[derive(Clone, Debug)]
pub enum Changed {
    /// The same with another quota, burst or number of slots.
    Quota(u64),
    /// One with these parameters.
    Limiter(Box<Limiter>),
}

/// What disturbs a run, so that it is a question whether it recovers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trigger {
    /// What reports call it: `outage`.
    pub name: String,
    /// When it begins.
    pub from: Instant,
    /// From here on it is gone.
    pub until: Instant,
}

/// Everything that a run needs but its seed.
#[derive(Clone, Debug)]
pub struct Model {
    /// When the run starts.
    pub start: Instant,
    /// When arrivals stop.
    pub horizon: Instant,
    /// How long calls in flight are followed after the horizon.
    pub drain: Span,
    /// Rates and shares count from here.
    pub warm_up: Instant,
    /// The run ends after so many events, if it has not ended before.
    pub events: Option<u64>,
    /// The API under load.
    pub api: ApiModel,
    /// What stands behind its limits.
    pub service: ServiceModel,
    /// What disturbs it; `None` where nothing does, or something does to the end.
    pub trigger: Option<Trigger>,
    /// Who calls.
    pub populations: Vec<Population>,
    /// The policies that they follow.
    pub policies: Vec<Policy>,
    /// The names of what identifies whom they call for.
    pub attributes: Vec<String>,
    /// Limits that change, in order of time.
    pub changes: Vec<Change>,
    /// How many different things can be asked for, at most.
    pub contents: u32,
}

impl Model {
    /// How many clients there are in all.
    #[must_use]
    pub fn clients(&self) -> u32 {
        self.populations.iter().map(|p| p.clients).sum()
    }

    /// How many calls a population has to make in all, where that is known at
    /// the start of a run.
    #[must_use]
    pub fn calls_of(&self, population: &Population, run: Key) -> Option<u64> {
        let key = run.named(&population.name);
        (0..population.clients)
            .map(|client| population.calls_of(key.member(u64::from(client))))
            .sum()
    }
}
