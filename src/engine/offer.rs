//! Calls come about: sessions, thinking clients, backlogs; and the levers that
//! take a call before any attempt is made for it.

use super::call::{Call, NONE, Stage};
use super::line::Line;
use super::queue::{Event, What};
use super::{Caller, End, Engine, Fact, Observer};
use crate::api::EndpointId;
use crate::client::{Cache, Cause};
use crate::rng::{Key, Purpose};
use crate::time::{Instant, Span};
use crate::workload::{Nth, Population, STEPS_MAX, Work, Workers};

/// Where a population's calls come from.
#[derive(Debug)]
pub(super) struct Source {
    /// The key of the population's draws.
    key: Key,
    /// How many sessions or calls each client has begun.
    begun: Vec<u64>,
    /// The client whose backlog a pool takes from.
    cursor: u32,
    /// The leader of each client's open batch.
    batches: Vec<u32>,
    /// Until when each client's cache knows each content.
    known: Vec<Instant>,
    contents: usize,
    /// The next identity of those who spread their attempts.
    pub(super) turn: u32,
    /// Calls that were offered and have not ended.
    pub(super) alive: u64,
}

/// A call that is about to be.
#[derive(Clone, Copy, Debug)]
struct Intent {
    key: Key,
    number: u64,
    client: u32,
    endpoint: EndpointId,
    content: u32,
    /// An earlier call of the session asked the same.
    repeats: bool,
}

impl Source {
    pub(super) fn new(population: &Population, run: Key, contents: u32) -> Source {
        let clients = population.clients as usize;
        let caches = population
            .levers
            .caches
            .iter()
            .any(|(cache, _)| matches!(cache, Cache::Ttl(_)));
        let contents = if caches { contents.max(1) as usize } else { 0 };
        Source {
            key: run.named(&population.name),
            begun: vec![0; clients],
            cursor: 0,
            batches: vec![
                NONE;
                if population.levers.batch.is_some() {
                    clients
                } else {
                    0
                }
            ],
            known: vec![Instant(0); clients * contents],
            contents,
            turn: 0,
            alive: 0,
        }
    }
}

impl Source {
    /// The key of a client and the number of the call that it thinks about next.
    pub(super) fn thought(&self, local: u32) -> (Key, u64) {
        (
            self.key.member(u64::from(local)),
            self.begun[local as usize],
        )
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

impl<O: Observer> Engine<'_, O> {
    /// The population opens: first arrivals, or workers that look for work.
    pub(super) fn open(&mut self, index: usize) {
        let population = &self.model.populations[index];
        let first = population.first_client;
        match (&population.work, population.workers) {
            (Work::Backlog { .. }, Workers::Pool(_)) => {
                let at = self.model.start.after(self.off_peak(population));
                self.push_pull(at, first, index);
            }
            (Work::Backlog { .. }, _) => {
                for client in 0..population.clients {
                    let at = self.model.start.after(self.shift(population, client));
                    self.push_pull(at, first + client, index);
                }
            }
            (Work::Open(_), _) => {
                (0..population.clients)
                    .for_each(|client| self.arrive_next(index, client, self.model.start));
            }
            (Work::Closed { think }, _) => {
                for client in 0..population.clients {
                    let key = self.sources[index].key.member(u64::from(client));
                    let wait = think.sample(key.draw(Purpose::Think, 0));
                    let at = self
                        .model
                        .start
                        .after(self.shift(population, client))
                        .after(wait);
                    self.queue.push(
                        at,
                        Event {
                            what: What::Arrive,
                            index: first + client,
                            generation: index_u32(index),
                        },
                    );
                }
            }
        }
    }

    fn push_pull(&mut self, at: Instant, client: u32, population: usize) {
        self.queue.push(
            at,
            Event {
                what: What::Pull,
                index: client,
                generation: index_u32(population),
            },
        );
    }

    /// How much later work that can wait begins.
    fn off_peak(&self, population: &Population) -> Span {
        let index = self.index_of(population);
        let lever = population.levers.off_peak.as_ref();
        lever
            .filter(|(_, f)| f.populations.is_empty() || f.populations.contains(&index))
            .map_or(Span::ZERO, |(span, _)| *span)
    }

    /// How much later a client begins, by the levers that move its start.
    fn shift(&self, population: &Population, client: u32) -> Span {
        let index = self.index_of(population);
        let lever = population.levers.stagger.as_ref();
        let stagger =
            lever.filter(|(_, f)| f.populations.is_empty() || f.populations.contains(&index));
        let spread = stagger.map_or(0, |(span, _)| {
            u128::from(span.0) * u128::from(client) / u128::from(population.clients)
        });
        Span(u64::try_from(spread).unwrap_or(0)).plus(self.off_peak(population))
    }

    fn index_of(&self, population: &Population) -> u16 {
        let index = self
            .model
            .populations
            .iter()
            .position(|p| std::ptr::eq(p, population));
        u16::try_from(index.expect("the population is the model's own"))
            .expect("populations are few")
    }

    /// Schedules the next session of an open workload after the one at `last`.
    fn arrive_next(&mut self, index: usize, client: u32, last: Instant) {
        let population = &self.model.populations[index];
        let Work::Open(arrivals) = &population.work else {
            return;
        };
        let session = self.sources[index].begun[client as usize];
        let key = self.sources[index].key.member(u64::from(client));
        let nth = Nth {
            session,
            client,
            clients: population.clients,
        };
        let bits = key.draw(Purpose::Arrival, session);
        let Some(at) = arrivals.next(self.model.start, last, nth, bits) else {
            return;
        };
        if at < self.model.horizon {
            let at = at.after(self.shift(population, client));
            let event = Event {
                what: What::Arrive,
                index: population.first_client + client,
                generation: index_u32(index),
            };
            self.queue.push(at, event);
        }
    }

    /// A client's next session or call is here.
    pub(super) fn arrive(&mut self, client: u32) {
        let index = self.population_of(client);
        let population = &self.model.populations[index];
        let local = client - population.first_client;
        let source = &mut self.sources[index];
        let session = source.begun[local as usize];
        source.begun[local as usize] += 1;
        let client_key = source.key.member(u64::from(local));
        if let Work::Closed { .. } = population.work {
            if self.now < self.model.horizon {
                let intent = intent_of(population, client, client_key, session);
                self.offer(index, intent);
            }
            return;
        }
        let mut asked = [EndpointId::MAX; STEPS_MAX];
        for (place, step) in population.steps.iter().enumerate() {
            let number = session * STEPS_MAX as u64 + place as u64;
            let key = client_key.member(number);
            if !step.share.hits(key.draw(Purpose::Work, 1)) {
                continue;
            }
            let endpoint = step.endpoint.choose(key, Purpose::Endpoint, 0);
            let repeats = asked.contains(&endpoint);
            asked[place] = endpoint;
            let content = content_of(population, key);
            let intent = Intent {
                key,
                number,
                client,
                endpoint,
                content,
                repeats,
            };
            match step.after.sample(key.draw(Purpose::Think, 0)) {
                Span::ZERO => self.offer(index, intent),
                after => self.mean_to(index, intent, self.now.after(after)),
            }
        }
        let unshifted = Instant(self.now.0 - self.shift(population, local).0);
        self.arrive_next(index, local, unshifted);
    }

    /// A worker that is free takes the next call of the backlog.
    pub(super) fn pull(&mut self, client: u32, population: u32) {
        let index = population as usize;
        let population = &self.model.populations[index];
        let line = self.line_of(index, client);
        while self.now < self.model.horizon && self.workers[index][line].take() {
            let Some((client, number)) = self.next_of_backlog(index, client) else {
                self.workers[index][line].give();
                return;
            };
            let key = self.sources[index]
                .key
                .member(u64::from(client - population.first_client));
            let intent = intent_of(population, client, key, number);
            self.workers[index][line].give();
            self.offer(index, intent);
        }
    }

    /// The client and number of the next call that waits in a backlog.
    fn next_of_backlog(&mut self, index: usize, client: u32) -> Option<(u32, u64)> {
        let population = &self.model.populations[index];
        let source = &mut self.sources[index];
        let pool = matches!(population.workers, Workers::Pool(_));
        let mut local = if pool {
            source.cursor
        } else {
            client - population.first_client
        };
        while local < population.clients {
            let number = source.begun[local as usize];
            let calls = population.calls_of(source.key.member(u64::from(local)));
            if number < calls.unwrap_or(0) {
                source.begun[local as usize] += 1;
                return Some((population.first_client + local, number));
            }
            if !pool {
                return None;
            }
            local += 1;
            source.cursor = local;
        }
        None
    }

    /// What no worker has taken when the run ends was offered all the same.
    pub(super) fn drop_backlog(&mut self, index: usize) {
        let population = &self.model.populations[index];
        if !matches!(population.work, Work::Backlog { .. }) {
            return;
        }
        for local in 0..population.clients {
            self.sources[index].cursor = local;
            let client = population.first_client + local;
            let key = self.sources[index].key.member(u64::from(local));
            while let Some((owner, number)) = self
                .next_of_backlog(index, client)
                .filter(|(c, _)| *c == client)
            {
                let intent = intent_of(population, owner, key, number);
                let caller = Caller {
                    population: index_u16(index),
                    client,
                    endpoint: intent.endpoint,
                };
                self.observer.note(
                    self.now,
                    caller,
                    &Fact::Offered {
                        principal: population.first_principal + local,
                    },
                );
                let end = End::Unfinished;
                self.observer.note(
                    self.now,
                    caller,
                    &Fact::Ended {
                        end,
                        meant: self.now,
                        attempts: 0,
                    },
                );
            }
        }
    }

    /// A call is meant to start now: the levers first, then its worker.
    fn offer(&mut self, index: usize, intent: Intent) {
        let call = self.row(index, intent, Stage::New);
        self.begin_with(call, intent.repeats);
    }

    /// A later call of a session.
    fn mean_to(&mut self, index: usize, intent: Intent, at: Instant) {
        let call = self.row(index, intent, Stage::Meant);
        // The link is free until the call begins: it remembers the repetition.
        self.calls[call].link = u32::from(intent.repeats);
        self.push_call(at, What::Begin, call);
    }

    fn row(&mut self, index: usize, intent: Intent, stage: Stage) -> u32 {
        self.calls.insert(Call {
            key: intent.key,
            meant: self.now,
            last_sent: Instant::NEVER,
            at_once: 0,
            number: intent.number,
            client: intent.client,
            population: index_u16(index),
            stage,
            endpoint: intent.endpoint,
            asks: intent.endpoint,
            content: intent.content,
            attempts: 0,
            attempt: NONE,
            link: NONE,
            riders: NONE,
            rider_count: 0,
            held: 0,
            has_worker: false,
            passed: 0,
            ended: false,
        })
    }

    pub(super) fn begin(&mut self, call: u32) {
        let repeats = self.calls[call].link == 1;
        self.calls[call].link = NONE;
        self.calls[call].meant = self.now;
        self.calls[call].stage = Stage::New;
        self.begin_with(call, repeats);
    }

    fn begin_with(&mut self, call: u32, repeats: bool) {
        let row = &self.calls[call];
        let (index, local) = (
            usize::from(row.population),
            row.client - self.population(call).first_client,
        );
        self.sources[index].alive += 1;
        let principal = self.population(call).first_principal + local;
        self.note(call, &Fact::Offered { principal });
        if let Some(end) = self.lever(call, repeats) {
            return self.end(call, end);
        }
        if let Some(patience) = self.population(call).patience {
            self.push_call(self.now.after(patience), What::Deadline, call);
        }
        if !self.batch(call) {
            self.enroll(call);
        }
    }

    /// What a lever makes of a call before any attempt.
    fn lever(&self, call: u32, repeats: bool) -> Option<End> {
        let (row, levers) = (&self.calls[call], &self.population(call).levers);
        let bits = |n: usize| row.key.draw(Purpose::Lever, n as u64);
        let takes = |filter: &crate::client::Filter| filter.takes(row.population, row.endpoint);
        for (n, screen) in levers.screens.iter().enumerate() {
            if takes(&screen.filter) && screen.share.hits(bits(n)) {
                return Some(End::GivenUp(Cause::Shed));
            }
        }
        for (n, avoid) in levers.avoids.iter().enumerate() {
            if takes(&avoid.filter) && avoid.share.hits(bits(100 + n)) {
                return Some(End::Avoided);
            }
        }
        for (n, (cache, filter)) in levers.caches.iter().enumerate() {
            let hit = takes(filter)
                && match cache {
                    Cache::Share(share) => share.hits(bits(200 + n)),
                    Cache::Session => repeats,
                    Cache::Ttl(_) => {
                        self.now
                            < self.sources[usize::from(row.population)].known[self.known_at(call)]
                    }
                };
            if hit {
                return Some(End::ByCache);
            }
        }
        None
    }

    fn known_at(&self, call: u32) -> usize {
        let row = &self.calls[call];
        let local = row.client - self.population(call).first_client;
        local as usize * self.sources[usize::from(row.population)].contents + row.content as usize
    }

    /// The client's cache learns the answer to a call.
    pub(super) fn remember(&mut self, call: u32) {
        let (row, population) = (&self.calls[call], self.population(call));
        let ttl = population
            .levers
            .caches
            .iter()
            .find_map(|(cache, filter)| match cache {
                Cache::Ttl(ttl) if filter.takes(row.population, row.endpoint) => Some(*ttl),
                _ => None,
            });
        if let Some(ttl) = ttl {
            let (index, at) = (usize::from(row.population), self.known_at(call));
            self.sources[index].known[at] = self.now.after(ttl);
        }
    }

    /// Whether the call goes into a batch: joins the client's open one, or opens one.
    fn batch(&mut self, call: u32) -> bool {
        let row = &self.calls[call];
        let population = self.population(call);
        let Some(batch) = population
            .levers
            .batch
            .as_ref()
            .filter(|b| b.filter.takes(row.population, row.endpoint))
        else {
            return false;
        };
        let (index, local) = (
            usize::from(row.population),
            (row.client - population.first_client) as usize,
        );
        let leader = self.sources[index].batches[local];
        if leader == NONE {
            self.sources[index].batches[local] = call;
            self.calls[call].stage = Stage::Gathering;
            self.push_call(self.now.after(batch.wait), What::Flush, call);
            return true;
        }
        self.calls[call].stage = Stage::Riding;
        self.calls[call].link = self.calls[leader].riders;
        self.calls[leader].riders = call;
        self.calls[leader].rider_count += 1;
        if self.calls[leader].rider_count + 1 >= batch.calls {
            self.flush(leader);
        }
        true
    }

    /// A batch is full or has waited long enough.
    pub(super) fn flush(&mut self, leader: u32) {
        if self.calls[leader].stage != Stage::Gathering {
            return;
        }
        self.close_batch(leader);
        if let Some(batch) = &self.population(leader).levers.batch
            && self.calls[leader].rider_count > 0
        {
            self.calls[leader].asks = batch.endpoint;
        }
        self.enroll(leader);
    }

    /// No more calls join this one.
    pub(super) fn close_batch(&mut self, leader: u32) {
        let row = &self.calls[leader];
        let local = (row.client - self.population(leader).first_client) as usize;
        let index = usize::from(row.population);
        self.sources[index].batches[local] = NONE;
    }

    /// The population of a client.
    fn population_of(&self, client: u32) -> usize {
        self.model
            .populations
            .partition_point(|p| p.first_client <= client)
            - 1
    }
}

/// Call number `number` of a client that makes one call at a time.
fn intent_of(population: &Population, client: u32, client_key: Key, number: u64) -> Intent {
    let key = client_key.member(number);
    let endpoint = population.steps[0]
        .endpoint
        .choose(key, Purpose::Endpoint, 0);
    let content = content_of(population, key);
    Intent {
        key,
        number,
        client,
        endpoint,
        content,
        repeats: false,
    }
}

fn content_of(population: &Population, key: Key) -> u32 {
    population
        .content
        .as_ref()
        .map_or(0, |choice| choice.choose(key, Purpose::Content, 0))
}

fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("populations are few")
}

fn index_u16(index: usize) -> u16 {
    u16::try_from(index).expect("populations are few")
}
