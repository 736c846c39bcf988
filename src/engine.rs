//! Engine: the event queue and the one loop; the only owner of virtual time.
//!
//! workload -> client -> network -> API -> service -> client. The engine asks
//! pure state machines what happens next and schedules it; they get `now` and
//! their draws as arguments and never see the queue or each other. A hop of no
//! latency takes no event. Arrivals stop at the horizon; calls in flight are
//! followed through a bounded drain, so that the slow ones are not cut off.
//!
//! # Why it is fast
//!
//! - An event is 16 bytes: its time, its number, what happens to which row.
//! - The queue sorts only the next few dozen events; all others lie in buckets
//!   that are written and read in sequence, so it does not slow down as they
//!   become more (`queue`).
//! - A call is one cache line; what few models need of it lies elsewhere, and
//!   most calls need nothing but that line (`direct`).
//! - The rows of coming events are fetched while others run (`ahead`): that
//!   keeps a million clients nearly as fast as ten thousand.
//! - What a population's calls can meet is known before the run (`lane`): what
//!   a model does not have costs a call one look.
//! - A hop of no time is a step of a loop, not an event; draws have no state;
//!   nothing is allocated once the tables have their size; and an observer is
//!   compiled in, so that each fact costs what that observer does with it.

mod ahead;
mod answer;
mod backlog;
mod belongs;
mod call;
mod direct;
mod ending;
mod event;
mod fact;
mod hedge;
mod lane;
mod lever;
mod line;
mod offer;
mod queue;
mod send;
mod serve;
mod slab;
mod standstill;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use ending::{Ending, RunError};
pub use fact::{AttemptRecord, Caller, Census, End, Fact, Observer, Soon};

use crate::api::{Api, Receipt};
use crate::client::{Account, Memory, Policy, Progress};
use crate::http::Headers;
use crate::rng::Key;
use crate::scenario::{Changed, Model, Part};
use crate::service::Service;
use crate::time::{Instant, Span};
use ahead::Ahead;
use call::{Attempt, Call, Hop, Phase, Stage, Ties};
use event::{Event, Then, What, Whose};
use lane::Lane;
use lever::Session;
use line::Line;
use offer::Source;
use queue::{Entry, Queue};
use slab::Slab;
use standstill::Standstill;

/// The most calls that the clients of a closed loop may make at one instant, each.
const LOOPS_MAX: u32 = 1_000;

/// Runs a model once; `run` is the key of all its draws.
pub fn run<O: Observer>(model: &Model, run: Key, observer: &mut O) -> Result<Ending, RunError> {
    run_part(model, Part::WHOLE, run, observer)
}

/// Runs one part of a model, as it goes in the whole run: what its clients do
/// and meet is the same. All parts have the model's changes of limits.
pub fn run_part<O: Observer>(
    model: &Model,
    part: Part<'_>,
    run: Key,
    observer: &mut O,
) -> Result<Ending, RunError> {
    run_in(&Lane::all(model), model, part, run, observer)
}

/// A run with every call on the long way, for tests that hold the direct one to it.
#[doc(hidden)]
pub fn run_the_long_way<O: Observer>(
    model: &Model,
    run: Key,
    observer: &mut O,
) -> Result<Ending, RunError> {
    let mut lanes = Lane::all(model);
    for way in &mut lanes {
        way.is_direct = false;
    }
    run_in(&lanes, model, Part::WHOLE, run, observer)
}

fn run_in<O: Observer>(
    lanes: &[Lane<'_>],
    model: &Model,
    part: Part<'_>,
    run: Key,
    observer: &mut O,
) -> Result<Ending, RunError> {
    Engine::new(model, part, lanes, run, observer).run()
}

/// All the state of a run.
#[allow(clippy::struct_excessive_bools)] // what a model has is known, and what goes on
struct Engine<'m, O> {
    model: &'m Model,
    /// Whose calls it makes.
    part: Part<'m>,
    /// By population.
    lanes: &'m [Lane<'m>],
    observer: &'m mut O,
    now: Instant,
    queue: Queue,
    events: u64,
    ahead: Ahead,
    calls: Slab<Call>,
    /// For each row of calls, where calls can be tied to each other.
    ties: Vec<Ties>,
    is_tied: bool,
    attempts: Slab<Attempt>,
    /// Sessions that are open, where caches last for one.
    sessions: Slab<Session>,
    /// Calls that were offered and have not ended; those that only wait for
    /// their time in a session or to be unlinked are neither.
    alive: u64,
    /// How many attempts nobody has decided on.
    undecided: u64,
    standstill: Standstill,
    /// `receipts_max` for each row of attempts.
    receipts: Vec<Receipt>,
    receipts_max: usize,
    /// The headers that travel with each row of attempts, where the API has any.
    headers: Vec<Headers>,
    has_headers: bool,
    /// Receipts, headers or the lines of limits know attempts by their rows.
    has_rows_beside: bool,
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
    fn new(
        model: &'m Model,
        part: Part<'m>,
        lanes: &'m [Lane<'m>],
        run: Key,
        observer: &'m mut O,
    ) -> Self {
        let clients = model.clients();
        let places = |policy: &Policy| {
            let of =
                |part: &crate::client::InFlight| vec![Line::new(part.max); part.of.len(clients)];
            policy.in_flight.iter().map(of).collect()
        };
        Engine {
            model,
            part,
            lanes,
            observer,
            now: model.start,
            queue: Queue::default(),
            events: 0,
            ahead: Ahead::new(clients),
            calls: Slab::new(),
            ties: Vec::new(),
            is_tied: lanes.iter().any(Lane::ties),
            attempts: Slab::new(),
            sessions: Slab::new(),
            alive: 0,
            undecided: 0,
            standstill: Standstill::new(),
            receipts: Vec::new(),
            receipts_max: model.api.receipts_max(),
            headers: Vec::new(),
            has_headers: !model.api.header_names.is_empty(),
            has_rows_beside: !model.api.header_names.is_empty()
                || model.api.receipts_max() > 0
                || model.api.limits.iter().any(|limit| limit.limiter.queue().is_some()),
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
            in_flight: model.policies.iter().map(places).collect(),
            workers: model.populations.iter().map(offer::worker_lines).collect(),
            sources: model
                .populations
                .iter()
                .map(|p| Source::new(p, run, model.contents))
                .collect(),
            stopped: None,
        }
    }

    /// From the first event to the last.
    fn run(mut self) -> Result<Ending, RunError> {
        self.start();
        let end = self.model.horizon.after(self.model.drain);
        let most = self.model.events.unwrap_or(u64::MAX);
        while self.events < most
            && let Some(entry) = self.queue.pop_before(end.0)
        {
            self.look_ahead();
            self.now = Instant(entry.at);
            self.happen(&entry);
            if self.stopped.is_some() {
                break;
            }
            if self.queue.needs_renumbering() {
                self.renumber();
            }
        }
        if let Some(error) = self.stopped {
            return Err(error);
        }
        let census = self.finish();
        let limits = self.api.counts().to_vec();
        Ok(Ending { at: self.now, events: self.events, limits, census })
    }

    fn start(&mut self) {
        for (index, change) in (0_u32..).zip(&self.model.changes) {
            self.queue.push(change.at, Event::new(What::Change, index));
        }
        for stall in &self.model.service.stalls {
            self.queue.push(stall.until, Event::new(What::Unstall, 0));
        }
        for population in 0..self.model.populations.len() {
            self.open(population);
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // it is the loop
    fn happen(&mut self, entry: &Entry) {
        let (what, index) = (entry.event().what(), entry.event().index());
        // Most events of large models are of these two kinds, and never stale.
        let straight = match what {
            What::Resume => Some((index, self.calls[index])),
            What::Arrive => self.arrive(index),
            _ if is_stale(entry, &self.calls, &self.attempts) => return,
            _ => {
                self.turn(what, index);
                None
            }
        };
        if let Some((call, row)) = straight {
            let way = &self.lanes[usize::from(row.population)];
            if way.is_direct {
                self.go_straight(call, row, way);
            } else {
                self.begin(call);
            }
        }
        self.events += 1;
        if O::COUNTS {
            self.observer.census(self.now, self.census());
        }
    }

    /// What happens on the long way.
    #[inline(never)]
    fn turn(&mut self, what: What, index: u32) {
        let then = match what {
            What::Wake => self.wake(index),
            What::Flush => self.flush(index),
            What::Hedge => self.hedge(index),
            What::Begin => return self.begin(index),
            What::Pull => return self.pull(index),
            What::Deadline => return self.deadline(index),
            What::Change => return self.change(index),
            What::Unstall => return self.serve_next(),
            What::Timeout => return self.time_out(index),
            _ => {
                let flight = self.take_up(index);
                return self.go_on(flight, Hop::After(Span::ZERO, what));
            }
        };
        self.launch_for(then);
    }

    /// An attempt leaves, if one does.
    #[inline]
    fn launch_for(&mut self, then: Then) {
        if let Some(call) = then {
            self.launch(call);
        }
    }

    /// A limit becomes another.
    fn change(&mut self, index: u32) {
        let change = &self.model.changes[index as usize];
        match &change.to {
            Changed::Quota(quota) => self.api.resize(self.now, change.limit, *quota),
            Changed::Limiter(other) => self.api.replace(self.now, change.limit, other),
        }
        self.grant();
    }

    /// What is under way.
    fn census(&self) -> Census {
        Census { calls: self.alive, undecided: self.undecided }
    }

    /// The numbers of events are about to run out: those that are pending get
    /// new ones, but for the stale.
    #[cold]
    fn renumber(&mut self) {
        let (calls, attempts) = (&self.calls, &self.attempts);
        self.queue.renumber(|entry| !is_stale(entry, calls, attempts));
        self.calls.renumber();
        self.attempts.renumber();
    }

    fn push_call(&mut self, at: Instant, what: What, call: u32) {
        self.queue.push(at, Event::new(what, call));
    }

    fn push_attempt(&mut self, at: Instant, what: What, attempt: u32) {
        self.queue.push(at, Event::new(what, attempt));
    }

    /// The run is over: whoever is still under way is unfinished.
    fn finish(&mut self) -> Census {
        let live: Vec<u32> = self.calls.live().collect();
        for call in live {
            let row = &self.calls[call];
            if row.stage == Stage::Meant || self.has_ended(call) {
                continue;
            }
            let (meant, attempts) = (row.meant, row.attempts);
            self.note(call, &Fact::Ended { end: End::Unfinished, meant, attempts });
            self.alive -= 1;
        }
        for population in 0..self.model.populations.len() {
            self.drop_backlog(population);
        }
        let is_undecided =
            |a: &u32| matches!(self.attempts[*a].phase, Phase::Outward | Phase::HeldBack);
        let direct = self.calls.live().filter(|c| self.calls[*c].stage == Stage::Outward);
        let undecided = self.attempts.live().filter(is_undecided).count() + direct.count();
        debug_assert_eq!(undecided as u64, self.undecided, "every undecided attempt is on its way");
        let census = self.census();
        self.observer.census(self.now, census);
        census
    }
}

/// Whether an event was meant for whoever had its row before.
fn is_stale(entry: &Entry, calls: &Slab<Call>, attempts: &Slab<Attempt>) -> bool {
    let index = entry.event().index();
    match entry.event().what().whose() {
        Whose::Client => false,
        Whose::Call => calls.is_stale(index, entry.sequence()),
        Whose::Attempt => attempts.is_stale(index, entry.sequence()),
    }
}
