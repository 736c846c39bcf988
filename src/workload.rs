//! Workload: when calls start and what they ask.
//!
//! A population is so many clients of one kind. An open workload starts calls
//! whatever becomes of the earlier ones, so every strategy is offered the same
//! calls; in a closed one the next call waits for the last, so only the k-th
//! call is the same, not its instant. Draws belong to the call: (population,
//! client, number), whoever takes it and whenever.

mod arrival;
mod choice;

pub use arrival::{Arrivals, Nth};
pub use choice::Choice;

use crate::api::EndpointId;
use crate::attribute::Principal;
use crate::client::Levers;
use crate::dist::Dist;
use crate::rng::{Chance, Key, Purpose};
use crate::time::{Instant, Span};

/// How calls come about.
#[derive(Clone, Debug)]
pub enum Work {
    /// Sessions start by themselves; each has the population's steps.
    Open(Arrivals),
    /// Think, call, think: the next call waits for the last.
    Closed {
        /// The time between the end of a call and the next.
        think: Dist,
    },
    /// Calls that all are there at the start and wait for a free worker.
    Backlog {
        /// At least so many for each client.
        least: u32,
        /// At most so many for each client.
        most: u32,
    },
}

/// One call of a session.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it asks.
    pub endpoint: Choice<EndpointId>,
    /// How long after the session's start.
    pub after: Dist,
    /// The share of sessions that make it.
    pub share: Chance,
}

/// How many calls may be under way at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Workers {
    /// As many as there are.
    Unbounded,
    /// So many for each client; the others wait in its queue.
    PerClient(u32),
    /// So many over the whole population.
    Pool(u32),
}

/// So many clients of one kind.
#[derive(Clone, Debug)]
pub struct Population {
    /// As the scenario names it.
    pub name: String,
    /// Whether they count in what a client is judged by.
    pub wanted: bool,
    /// How many.
    pub clients: u32,
    /// The index of the first of them in the run.
    pub first_client: u32,
    /// Whom each client sends for; the first of `clients` rows in order.
    pub first_principal: Principal,
    /// How calls come about.
    pub work: Work,
    /// What a session does; one step for closed and backlog work.
    pub steps: Vec<Step>,
    /// What can be asked for; `None` when it does not matter.
    pub content: Option<Choice<u32>>,
    /// Which of the run's policies they follow.
    pub policy: u16,
    /// What they do before an attempt is made at all.
    pub levers: Levers,
    /// How many calls at once.
    pub workers: Workers,
    /// Whether a call that waits for its retry keeps its worker.
    pub holds_worker: bool,
    /// How many calls may wait for a worker; one more is shed.
    pub queue: u32,
    /// How long whoever makes a call waits for it.
    pub patience: Option<Span>,
    /// The way to the server.
    pub outward: Dist,
    /// The way back.
    pub homeward: Dist,
    /// How far the clients' clocks run ahead of the server's, in ns.
    pub skew: i64,
}

/// The most steps of a session; call number = session * this + step.
pub const STEPS_MAX: usize = 64;

impl Population {
    /// The key of a client's draws; `client` counts from 0 in this population.
    #[must_use]
    pub fn client_key(&self, run: Key, client: u32) -> Key {
        run.named(&self.name).member(u64::from(client))
    }

    /// How many calls a client has to make in all, where that is known at the start.
    #[must_use]
    pub fn calls_of(&self, client_key: Key) -> Option<u64> {
        match self.work {
            Work::Backlog { least, most } => {
                let span = Span(u64::from(most - least) + 1);
                let bits = client_key.draw(Purpose::Work, 0);
                let upto = Dist::Uniform(Span::ZERO, span).sample(bits).0.min(span.0 - 1);
                Some(u64::from(least) + upto)
            }
            Work::Open(Arrivals::Burst { calls, .. })
                if self.steps.iter().all(|s| s.share == Chance::new(1.0)) =>
            {
                Some(u64::from(calls) * self.steps.len() as u64)
            }
            _ => None,
        }
    }

    /// Whom a client sends for; `client` is its index in the run.
    #[must_use]
    pub const fn principal_of(&self, client: u32) -> Principal {
        self.first_principal + client - self.first_client
    }

    /// What the client's clock reads at `now`.
    #[must_use]
    pub fn clock(&self, now: Instant) -> Instant {
        Instant(now.0.saturating_add_signed(self.skew))
    }
}
