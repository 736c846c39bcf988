//! Calls come about: sessions, thinking clients, backlogs; and the levers that
//! take a call before any attempt is made for it.

use super::call::{Call, NONE, Outcome, Stage, Ties};
use super::event::{Event, Then, What};
use super::lane::Lane;
use super::line::Line;
use super::slab::Birth;
use super::{Engine, Fact, Observer};
use crate::api::EndpointId;
use crate::client::Cache;
use crate::prefetch::prefetch;
use crate::rng::{Key, Members, Purpose};
use crate::time::{Instant, Span};
use crate::workload::{Nth, Population, STEPS_MAX, Work, Workers};

/// Where a population's calls come from.
#[derive(Debug)]
pub(super) struct Source {
    /// The keys of its clients' draws.
    members: Members,
    /// How many sessions or calls each client has begun.
    pub(super) begun: Vec<u64>,
    /// The client whose backlog a pool takes from.
    pub(super) cursor: u32,
    /// The leader of each client's open batch.
    pub(super) batches: Vec<u32>,
    /// Until when each client's cache knows each content.
    pub(super) known: Vec<Instant>,
    pub(super) contents: usize,
    /// Whether its caches last for a session.
    by_session: bool,
    /// The next identity of those who spread their attempts.
    pub(super) turn: u32,
    /// How many calls of a closed loop were followed by another at the instant of
    /// the last that was.
    turned: (Instant, u64),
}

/// A call that is about to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent {
    pub(super) key: Key,
    pub(super) number: u64,
    pub(super) client: u32,
    pub(super) endpoint: EndpointId,
    pub(super) content: u32,
    /// The session that it belongs to, where caches last for one.
    session: u32,
}

impl Source {
    pub(super) fn new(population: &Population, run: Key, contents: u32) -> Source {
        let clients = population.clients as usize;
        let caches =
            population.levers.caches.iter().any(|(cache, _)| matches!(cache, Cache::Ttl(_)));
        let contents = if caches { contents.max(1) as usize } else { 0 };
        Source {
            members: run.named(&population.name).members(),
            begun: vec![0; clients],
            cursor: 0,
            batches: vec![NONE; if population.levers.batch.is_some() { clients } else { 0 }],
            known: vec![Instant(0); clients * contents],
            by_session: population.levers.caches.iter().any(|(cache, _)| *cache == Cache::Session),
            contents,
            turn: 0,
            turned: (Instant(0), 0),
        }
    }
}

impl Source {
    /// A call of a closed loop ends and the next comes at once: whether that was
    /// so for more than `most` at this instant, per client.
    #[cold]
    pub(super) fn turns_too_often(&mut self, now: Instant, most: u32) -> bool {
        let before = if self.turned.0 == now { self.turned.1 } else { 0 };
        self.turned = (now, before + 1);
        before >= u64::from(most) * self.begun.len() as u64
    }

    /// The number of what a client begins now.
    #[inline]
    pub(super) fn begin(&mut self, local: u32) -> u64 {
        let begun = &mut self.begun[local as usize];
        *begun += 1;
        *begun - 1
    }

    /// A client will begin something soon.
    #[inline]
    pub(super) fn expect(&self, local: u32) {
        prefetch(&self.begun[local as usize]);
    }

    /// The key of all draws of a client.
    pub(super) fn client_key(&self, local: u32) -> Key {
        self.members.key(u64::from(local))
    }
}

/// The lines of a population's workers.
pub(super) fn worker_lines(population: &Population) -> Vec<Line> {
    match population.workers {
        Workers::Unbounded => vec![],
        Workers::PerClient(places) => vec![Line::new(places); population.clients as usize],
        Workers::Pool(places) => vec![Line::new(places)],
    }
}

impl<'m, O: Observer> Engine<'m, O> {
    /// The population opens: first arrivals, or workers that look for work.
    pub(super) fn open(&mut self, index: usize) {
        let population = &self.model.populations[index];
        let first = population.first_client;
        let mut clients = self.part.clients_of(population);
        match (&population.work, population.workers) {
            (Work::Backlog { .. }, Workers::Pool(_)) => {
                // All of them take from it, so all are in one part.
                if let Some(first) = clients.next() {
                    let at = self.model.start.after(self.off_peak(index));
                    self.push_pull(at, first);
                }
            }
            (Work::Backlog { .. }, _) => {
                for client in clients {
                    let at = self.model.start.after(self.shift(index, client - first));
                    self.push_pull(at, client);
                }
            }
            (Work::Open(_), _) => {
                clients.for_each(|client| {
                    self.arrive_next(index, client - first, self.model.start);
                });
            }
            (Work::Closed { think }, _) => {
                for client in clients {
                    let key = self.sources[index].client_key(client - first);
                    let wait = think.sample(key.draw(Purpose::Think, 0));
                    let at = self.model.start.after(self.shift(index, client - first)).after(wait);
                    self.queue.push(at, Event::new(What::Arrive, client));
                }
            }
        }
    }

    fn push_pull(&mut self, at: Instant, client: u32) {
        self.queue.push(at, Event::new(What::Pull, client));
    }

    /// How much later work that can wait begins.
    fn off_peak(&self, index: usize) -> Span {
        let lever = self.model.populations[index].levers.off_peak.as_ref();
        lever
            .filter(|(_, f)| f.takes_population(index_u16(index)))
            .map_or(Span::ZERO, |(by, _)| *by)
    }

    /// How much later a client begins, by the levers that move its start.
    fn shift(&self, index: usize, client: u32) -> Span {
        let population = &self.model.populations[index];
        let lever = population.levers.stagger.as_ref();
        let stagger = lever.filter(|(_, f)| f.takes_population(index_u16(index)));
        let spread = stagger.map_or(0, |(span, _)| {
            u128::from(span.0) * u128::from(client) / u128::from(population.clients)
        });
        Span(u64::try_from(spread).unwrap_or(0)).plus(self.off_peak(index))
    }

    /// Schedules the next session of an open workload after the one at `last`.
    fn arrive_next(&mut self, index: usize, client: u32, last: Instant) {
        let population = &self.model.populations[index];
        let Work::Open(arrivals) = &population.work else {
            return;
        };
        let session = self.sources[index].begun[client as usize];
        let key = self.sources[index].client_key(client);
        let nth = Nth { session, client, clients: population.clients };
        let bits = key.draw(Purpose::Arrival, session);
        let Some(at) = arrivals.next(self.model.start, last, nth, bits) else {
            return;
        };
        if at < self.model.horizon {
            let at = at.after(self.shift(index, client));
            self.queue.push(at, Event::new(What::Arrive, population.first_client + client));
        }
    }

    /// A client's next session or call is here; the call that begins, and its row.
    #[inline]
    pub(super) fn arrive(&mut self, client: u32) -> Option<(u32, Call)> {
        let index = self.population_of(client);
        let population = self.lanes[index].population;
        let local = client - population.first_client;
        let source = &mut self.sources[index];
        let session = source.begin(local);
        let client_key = source.client_key(local);
        if !matches!(population.work, Work::Closed { .. }) {
            self.open_session_of(client, index, session, client_key);
            return None;
        }
        let intent = intent_of(population, client, client_key, session);
        (self.now < self.model.horizon).then(|| self.row(index, intent, Stage::New))
    }

    /// A session of an open workload begins.
    fn open_session_of(&mut self, client: u32, index: usize, session: u64, client_key: Key) {
        let population = &self.model.populations[index];
        let local = client - population.first_client;
        let shared = if self.sources[index].by_session { self.open_session() } else { NONE };
        for (place, step) in population.steps.iter().enumerate() {
            let number = session * STEPS_MAX as u64 + place as u64;
            let key = client_key.member(number);
            if !step.share.hits(key.draw(Purpose::Work, 1)) {
                continue;
            }
            let endpoint = step.endpoint.choose(key, Purpose::Endpoint, 0);
            let content = content_of(population, key);
            let intent = Intent { key, number, client, endpoint, content, session: shared };
            self.join_session(shared);
            match step.after.sample(key.draw(Purpose::Think, 0)) {
                Span::ZERO => self.offer(index, intent),
                after => self.mean_to(index, intent, self.now.after(after)),
            }
        }
        self.leave_session(shared);
        let unshifted = Instant(self.now.0 - self.shift(index, local).0);
        self.arrive_next(index, local, unshifted);
    }

    /// A call is meant to start now.
    pub(super) fn offer(&mut self, index: usize, intent: Intent) {
        let (call, _) = self.row(index, intent, Stage::New);
        self.begin(call);
    }

    /// A later call of a session.
    fn mean_to(&mut self, index: usize, intent: Intent, at: Instant) {
        let (call, _) = self.row(index, intent, Stage::Meant);
        self.push_call(at, What::Begin, call);
    }

    /// A row for a call, and for its ties where calls can be tied; what lies in it.
    #[inline(always)]
    #[allow(clippy::inline_always)] // a call would take the intent from memory
    fn row(&mut self, index: usize, intent: Intent, stage: Stage) -> (u32, Call) {
        let call = Call {
            key: intent.key,
            meant: self.now,
            sent: self.now,
            birth: Birth::NONE,
            number: intent.number,
            client: intent.client,
            population: index_u16(index),
            stage,
            endpoint: intent.endpoint,
            content: intent.content,
            attempts: 0,
            attempt: NONE,
            came_to: Outcome::NONE,
        };
        let row = self.calls.insert(call, self.queue.sequence());
        if self.is_tied {
            self.tie(row, intent.session);
        }
        (row, call)
    }

    /// A call is tied to nobody but its session.
    fn tie(&mut self, call: u32, session: u32) {
        let ties = Ties::of(session, self.own_principal(call), self.calls[call].endpoint);
        match self.ties.get_mut(call as usize) {
            Some(of_another) => *of_another = ties,
            None => self.ties.push(ties),
        }
    }

    /// A call begins, on the direct way or the long one.
    #[inline(never)]
    pub(super) fn begin(&mut self, call: u32) {
        let (now, way) = (self.now, self.lane(call));
        let row = &mut self.calls[call];
        (row.meant, row.stage) = (now, Stage::New);
        if way.is_direct {
            let row = self.calls[call];
            return self.go_straight(call, row, way);
        }
        let (number, content) = (row.number, row.content);
        let principal = self.principal(call);
        self.alive += 1;
        self.note(call, &Fact::Offered { principal, call: number, content });
        let then = self.set_off(call, way);
        self.launch_for(then);
    }

    /// What stands before the attempts of a call: the levers first, then its worker.
    fn set_off(&mut self, call: u32, way: &'m Lane<'m>) -> Then {
        if way.has_levers {
            if let Some(end) = self.lever(call) {
                self.end(call, end);
                return None;
            }
            self.spread(call);
        }
        if let Some(patience) = way.population.patience {
            self.push_call(self.now.after(patience), What::Deadline, call);
        }
        if way.has_levers && self.batch(call) {
            return None;
        }
        self.enroll(call)
    }

    pub(super) fn population_of(&self, client: u32) -> usize {
        population_of(self.lanes, client)
    }
}

/// The population of a client.
#[inline]
pub(super) fn population_of(lanes: &[Lane<'_>], client: u32) -> usize {
    match lanes {
        [_] => 0,
        _ => lanes.partition_point(|way| way.population.first_client <= client) - 1,
    }
}

/// Call number `number` of a client that makes one call at a time.
#[inline(always)]
#[allow(clippy::inline_always)] // a call would build the intent in memory
pub(super) fn intent_of(
    population: &Population,
    client: u32,
    client_key: Key,
    number: u64,
) -> Intent {
    let key = client_key.member(number);
    let endpoint = population.steps[0].endpoint.choose(key, Purpose::Endpoint, 0);
    let content = content_of(population, key);
    Intent { key, number, client, endpoint, content, session: NONE }
}

#[inline]
fn content_of(population: &Population, key: Key) -> u32 {
    population.content.as_ref().map_or(0, |choice| choice.choose(key, Purpose::Content, 0))
}

pub(super) fn index_u16(index: usize) -> u16 {
    u16::try_from(index).expect("populations are few")
}
