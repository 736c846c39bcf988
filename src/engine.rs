//! Engine: the event queue and the one loop; the only owner of virtual time.
//!
//! workload -> client -> network -> API -> service -> client. The engine asks
//! pure state machines what happens next and schedules it; they get `now` and
//! their draws as arguments and never see the queue or each other. A hop of no
//! latency takes no event. Arrivals stop at the horizon; calls in flight are
//! followed through a bounded drain, so that the slow ones are not cut off.

mod answer;
mod backlog;
mod call;
mod fact;
mod hedge;
mod lever;
mod line;
mod offer;
mod queue;
mod send;
mod serve;
mod slab;

use std::collections::VecDeque;
use std::fmt;

pub use fact::{AttemptRecord, Caller, Census, End, Fact, Observer};

use crate::api::{Api, LimitCounts, Receipt};
use crate::client::{Account, Memory, Policy, Progress};
use crate::http::Headers;
use crate::rng::Key;
use crate::scenario::{Changed, Model};
use crate::service::Service;
use crate::time::{Instant, Span};
use crate::workload::Population;
use call::{Attempt, Call, Phase};
use lever::Session;
use line::Line;
use offer::Source;
use queue::{Event, Queue, What};
use slab::Slab;

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

/// The most attempts that one call may make at one instant.
const AT_ONCE_MAX: u32 = 100_000;

/// The most calls that the clients of a closed loop may make at one instant, each.
const LOOPS_MAX: u32 = 1_000;

/// Runs a model once; `run` is the key of all its draws.
pub fn run<O: Observer>(model: &Model, run: Key, observer: &mut O) -> Result<Ending, RunError> {
    let mut engine = Engine::new(model, run, observer);
    engine.start();
    let end = model.horizon.after(model.drain);
    let most = model.events.unwrap_or(u64::MAX);
    while engine.events < most
        && let Some((at, event)) = engine.queue.pop_before(end)
    {
        engine.now = at;
        engine.happen(event);
        if let Some(error) = engine.stopped.take() {
            return Err(error);
        }
    }
    let census = engine.finish();
    Ok(Ending {
        at: engine.now,
        events: engine.events,
        limits: engine.api.counts().to_vec(),
        census,
    })
}

/// All the state of a run.
struct Engine<'m, O> {
    model: &'m Model,
    observer: &'m mut O,
    now: Instant,
    queue: Queue,
    events: u64,
    calls: Slab<Call>,
    attempts: Slab<Attempt>,
    /// Sessions that are open, where caches last for one.
    sessions: Slab<Session>,
    /// How many attempts nobody has decided on.
    undecided: u64,
    /// `receipts_max` for each row of attempts.
    receipts: Vec<Receipt>,
    receipts_max: usize,
    /// The headers that travel with each row of attempts, where the API has any.
    headers: Vec<Headers>,
    api: Api<'m>,
    service: Service<'m>,
    /// Attempts that wait for a place of the service.
    waiting: VecDeque<u32>,
    /// Those who wait are being served.
    serving_line: bool,
    /// `layers` for each row of calls: how far it has come in each retry loop.
    progress: Vec<Progress>,
    layers: usize,
    /// By policy.
    memories: Vec<Memory>,
    /// By policy: the budgets of its retry loops.
    accounts: Vec<Account>,
    /// By policy, part and slot: the lines for places in flight.
    in_flight: Vec<Vec<Vec<Line>>>,
    /// By population: one line for a pool, one a client, or none.
    workers: Vec<Vec<Line>>,
    /// By population: where its calls come from.
    sources: Vec<Source>,
    stopped: Option<RunError>,
}

impl<'m, O: Observer> Engine<'m, O> {
    fn new(model: &'m Model, run: Key, observer: &'m mut O) -> Self {
        let clients = model.clients();
        let lines = |policy: &Policy| {
            let of =
                |part: &crate::client::InFlight| vec![Line::new(part.max); part.of.len(clients)];
            policy.in_flight.iter().map(of).collect()
        };
        Engine {
            model,
            observer,
            now: model.start,
            queue: Queue::default(),
            events: 0,
            calls: Slab::new(),
            attempts: Slab::new(),
            sessions: Slab::new(),
            undecided: 0,
            receipts: Vec::new(),
            receipts_max: model.api.receipts_max(),
            headers: Vec::new(),
            api: Api::new(&model.api),
            service: Service::new(&model.service, model.contents),
            waiting: VecDeque::new(),
            serving_line: false,
            progress: Vec::new(),
            layers: model.policies.iter().map(|p| p.layers.len()).max().unwrap_or(1),
            memories: model.policies.iter().map(|p| Memory::new(p, clients)).collect(),
            accounts: model
                .policies
                .iter()
                .map(|p| Account::new(p, clients, model.start))
                .collect(),
            in_flight: model.policies.iter().map(lines).collect(),
            workers: model.populations.iter().map(offer::worker_lines).collect(),
            sources: model
                .populations
                .iter()
                .map(|p| Source::new(p, run, model.contents))
                .collect(),
            stopped: None,
        }
    }

    fn start(&mut self) {
        for (index, change) in (0_u32..).zip(&self.model.changes) {
            self.queue.push(change.at, Event { what: What::Change, index, generation: 0 });
        }
        for population in 0..self.model.populations.len() {
            self.open(population);
        }
    }

    fn happen(&mut self, event: Event) {
        let Event { what, index, generation } = event;
        let of_call =
            matches!(what, What::Begin | What::Flush | What::Wake | What::Hedge | What::Deadline);
        let of_attempt = matches!(
            what,
            What::Reach | What::Pass | What::Tire | What::Leave | What::Answer | What::Timeout
        );
        if of_call && self.calls.generation(index) != generation
            || of_attempt && self.attempts.generation(index) != generation
        {
            return;
        }
        self.events += 1;
        match what {
            What::Arrive => self.arrive(index),
            What::Begin => self.begin(index),
            What::Pull => self.pull(index, generation),
            What::Flush => self.flush(index),
            What::Wake => self.wake(index),
            What::Hedge => self.hedge(index),
            What::Deadline => self.deadline(index),
            What::Reach => self.reach(index),
            What::Pass => self.pass(index),
            What::Tire => self.tire(index),
            What::Leave => self.leave(index),
            What::Answer => self.answer(index),
            What::Timeout => self.time_out(index),
            What::Change => {
                let change = &self.model.changes[index as usize];
                match &change.to {
                    Changed::Quota(quota) => self.api.resize(self.now, change.limit, *quota),
                    Changed::Limiter(other) => self.api.replace(self.now, change.limit, other),
                }
                self.grant();
            }
        }
        let census = Census { calls: self.calls_alive(), undecided: self.undecided };
        self.observer.census(self.now, census);
    }

    /// Calls that were offered and have not ended; rows that only wait for
    /// their time in a session or to be unlinked are neither.
    fn calls_alive(&self) -> u64 {
        self.sources.iter().map(|source| source.alive).sum()
    }

    fn population(&self, call: u32) -> &'m Population {
        &self.model.populations[usize::from(self.calls[call].population)]
    }

    fn policy(&self, call: u32) -> &'m Policy {
        &self.model.policies[usize::from(self.population(call).policy)]
    }

    /// How far a call has come in each retry loop of its policy.
    fn progress(&mut self, call: u32) -> &mut [Progress] {
        let first = call as usize * self.layers;
        &mut self.progress[first..first + self.layers]
    }

    /// The budgets of a call's policy, and how far it has come.
    fn account(&mut self, call: u32) -> (&mut Account, &mut [Progress]) {
        let policy = self.population(call).policy;
        let first = call as usize * self.layers;
        let progress = &mut self.progress[first..first + self.layers];
        (&mut self.accounts[usize::from(policy)], progress)
    }

    fn caller(&self, call: u32) -> Caller {
        let call = &self.calls[call];
        Caller { population: call.population, client: call.client, endpoint: call.endpoint }
    }

    fn note(&mut self, call: u32, fact: &Fact) {
        let caller = self.caller(call);
        self.observer.note(self.now, caller, fact);
    }

    fn push_call(&mut self, at: Instant, what: What, call: u32) {
        let generation = self.calls.generation(call);
        self.queue.push(at, Event { what, index: call, generation });
    }

    fn push_attempt(&mut self, at: Instant, what: What, attempt: u32) {
        let generation = self.attempts.generation(attempt);
        self.queue.push(at, Event { what, index: attempt, generation });
    }

    /// Sends an attempt on its way to the next stage; no latency takes no event.
    fn hop(&mut self, after: Span, what: What, attempt: u32) {
        if after == Span::ZERO {
            match what {
                What::Reach => self.reach(attempt),
                What::Leave => self.leave(attempt),
                _ => self.answer(attempt),
            }
        } else {
            self.push_attempt(self.now.after(after), what, attempt);
        }
    }

    /// The run is over: whoever is still under way is unfinished.
    fn finish(&mut self) -> Census {
        let live: Vec<u32> = self.calls.live().collect();
        for call in live {
            let row = &self.calls[call];
            if row.ended || row.stage == call::Stage::Meant {
                continue;
            }
            let (meant, attempts) = (row.meant, row.attempts);
            self.note(call, &Fact::Ended { end: End::Unfinished, meant, attempts });
            self.sources[usize::from(self.calls[call].population)].alive -= 1;
        }
        for population in 0..self.model.populations.len() {
            self.drop_backlog(population);
        }
        let is_undecided =
            |a: &u32| matches!(self.attempts[*a].phase, Phase::Outward | Phase::HeldBack);
        let undecided = self.attempts.live().filter(is_undecided).count();
        debug_assert_eq!(undecided as u64, self.undecided, "every undecided attempt is on its way");
        let census = Census { calls: self.calls_alive(), undecided: self.undecided };
        self.observer.census(self.now, census);
        census
    }
}
