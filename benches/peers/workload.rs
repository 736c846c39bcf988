//! W1, written by hand: what a client does at each of its events. The peers run
//! this under their own loops and queues, so that they differ in nothing else.
//!
//! The draws are those that tollgate makes for the same client, call and attempt,
//! so that all engines walk through the same run, event for event.

use tollgate::client::Jitter;
use tollgate::dist::Dist;
use tollgate::rng::{Key, Purpose};
use tollgate::time::Span;

const SECOND: u64 = 1_000_000_000;
const THINK: Dist = Dist::Exponential(Span(SECOND));
const SERVICE: Dist = Dist::Exponential(Span(SECOND / 20));
const ATTEMPTS: u8 = 8;
const BASE: u64 = SECOND / 10;
const CAP: u64 = 20 * SECOND;

/// What happened in a run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Counts {
    pub(crate) arrivals: u64,
    pub(crate) retries: u64,
    pub(crate) completions: u64,
    pub(crate) rejects: u64,
}

impl Counts {
    pub(crate) fn events(&self) -> u64 {
        self.arrivals + self.retries + self.completions
    }
}

/// What a client does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// It asks: a new call, or the last one again.
    Ask,
    /// Its call is served.
    Complete,
}

/// A client: its call's number, and how often that was refused.
#[derive(Clone, Copy, Default)]
struct Client {
    call: u32,
    refusals: u8,
}

/// All clients, the bucket that they share, and the counts.
pub(crate) struct Population {
    key: Key,
    clients: Vec<Client>,
    bucket: Bucket,
    counts: Counts,
    events: u64,
}

impl Population {
    /// So many clients, for so many events.
    pub(crate) fn new(clients: u32, events: u64) -> Self {
        Population {
            key: Key::run(0, 0).named("clients"),
            clients: vec![Client::default(); clients as usize],
            bucket: Bucket::new(u64::from(clients) * 4 / 5),
            counts: Counts::default(),
            events,
        }
    }

    pub(crate) fn clients(&self) -> u32 {
        u32::try_from(self.clients.len()).expect("clients are numbered in 32 bits")
    }

    /// Whether all events have happened.
    pub(crate) fn is_done(&self) -> bool {
        self.counts.events() >= self.events
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// How long a client thinks before its next call.
    pub(crate) fn think(&self, client: u32) -> u64 {
        let number = u64::from(self.clients[client as usize].call);
        THINK.sample(self.key.member(u64::from(client)).draw(Purpose::Think, number)).0
    }

    /// A client does what is due: the step after it, and how far away that is.
    pub(crate) fn happen(&mut self, client: u32, step: Step, now: u64) -> (u64, Step) {
        match step {
            Step::Ask => self.ask(client, now),
            Step::Complete => {
                self.counts.completions += 1;
                (self.next_call(client), Step::Ask)
            }
        }
    }

    fn ask(&mut self, client: u32, now: u64) -> (u64, Step) {
        let row = &mut self.clients[client as usize];
        let attempt = u64::from(row.refusals) + 1;
        if attempt == 1 {
            self.counts.arrivals += 1;
        } else {
            self.counts.retries += 1;
        }
        let call = self.key.member(u64::from(client)).member(u64::from(row.call));
        if self.bucket.take(now) {
            return (SERVICE.sample(call.draw(Purpose::Service, attempt)).0, Step::Complete);
        }
        self.counts.rejects += 1;
        row.refusals += 1;
        if row.refusals == ATTEMPTS {
            return (self.next_call(client), Step::Ask);
        }
        let most = Span((BASE << (attempt - 1)).min(CAP));
        (Jitter::FULL.apply(most, call.draw(Purpose::Jitter, attempt)).0, Step::Ask)
    }

    /// The client is done with its call, and thinks.
    fn next_call(&mut self, client: u32) -> u64 {
        let row = &mut self.clients[client as usize];
        *row = Client { call: row.call + 1, refusals: 0 };
        self.think(client)
    }
}

/// A token bucket in whole numbers: a token is 10^9 units, and every nanosecond
/// brings `rate` of them. It holds a second's worth, and starts empty.
struct Bucket {
    rate: u64,
    level: u64,
    at: u64,
}

impl Bucket {
    fn new(rate: u64) -> Self {
        Bucket { rate, level: 0, at: 0 }
    }

    fn take(&mut self, now: u64) -> bool {
        // A second fills it, whatever more has passed.
        let gained = (now - self.at).min(SECOND) * self.rate;
        self.level = (self.level + gained).min(self.rate * SECOND);
        self.at = now;
        let admits = self.level >= SECOND;
        if admits {
            self.level -= SECOND;
        }
        admits
    }
}
