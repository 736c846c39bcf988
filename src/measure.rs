//! Measures: observers that count a run in integers and know nothing of output.
//!
//! Rates and shares count attempts in [warm-up, horizon); calls are those that
//! were meant to start there, followed through the drain. A latency counts from
//! the moment a call was meant to start, and a call that is not served counts
//! as infinitely late: it is never dropped.

mod client;
mod completion;
mod counts;
mod floor;
mod ledger;
mod merge;
mod metric;
mod peak;
mod recovery;
mod series;
mod waves;

pub use client::ClientRow;
pub use completion::Completion;
pub use counts::Counts;
pub use floor::{Demand, Floor};
pub use ledger::{Breach, Ledger};
pub use metric::{Value, metrics_of};
pub use recovery::{HOLD, Recovery, SERVED_PERCENT, WATCHED};
pub use series::{BINS_MAX, Bin, Series};
pub use waves::{Actor, Fates, Waves};

use std::sync::Arc;

use peak::Peak;

use crate::api::Decision;
use crate::engine::{Caller, End, Fact, Observer};
use crate::http::Answer;
use crate::prefetch::prefetch;
use crate::rng::Key;
use crate::scenario::{Model, Part};
use crate::stats::histogram::Histogram;
use crate::time::{Instant, Span};

/// What is measured in one run.
#[derive(Clone, Debug)]
pub struct Measures {
    endpoints: usize,
    limits: usize,
    warm_up: Instant,
    horizon: Instant,
    start: Instant,
    /// By population: whether it counts in the totals.
    wanted: Vec<bool>,
    /// By population: how many clients it has.
    sizes: Vec<usize>,
    /// By population and endpoint.
    cells: Vec<Counts>,
    /// By population, endpoint and the limit that refused.
    rejected_by: Vec<u64>,
    /// How long calls took, by population.
    waits: Vec<Histogram>,
    /// By client.
    clients: Vec<ClientRow>,
    /// By client of the run, which row is its own; where all have rows, each
    /// stands at its own place.
    places: Option<Arc<[u32]>>,
    /// Since when and for how long it is the same bin, the same second, and
    /// whether the warm-up is over and attempts count the same.
    present: Instant,
    stays: Span,
    begun: bool,
    counts: bool,
    series: Series,
    completion: Completion,
    recovery: Recovery,
    peak: Peak,
    /// The whole run, for the conservation laws.
    ledger: Ledger,
    /// The most that all limits admit per second in the long run.
    capacity: f64,
}

impl Measures {
    /// Nothing measured yet, of the run `run` of a model.
    #[must_use]
    pub fn new(model: &Model, run: Key) -> Measures {
        Measures {
            clients: vec![ClientRow::new(model.start); model.clients() as usize],
            completion: Completion::new(model, Part::WHOLE, run),
            ..Measures::of_nobody(model)
        }
    }

    /// Nothing measured, without a row for anybody.
    fn of_nobody(model: &Model) -> Measures {
        let (populations, endpoints) = (model.populations.len(), model.api.endpoints.len());
        let capacity = |(limit, slots): (&crate::api::LimitModel, &crate::attribute::SlotMap)| {
            if limit.shadow {
                f64::INFINITY
            } else {
                limit.limiter.capacity().per_second * slots.len() as f64
            }
        };
        let capacities = model
            .api
            .limits
            .iter()
            .zip(&model.api.slots)
            .filter(|(_, s)| !s.is_empty())
            .map(capacity);
        Measures {
            endpoints,
            limits: model.api.limits.len(),
            warm_up: model.warm_up,
            horizon: model.horizon,
            start: model.start,
            sizes: model.populations.iter().map(|p| p.clients as usize).collect(),
            wanted: model.populations.iter().map(|p| p.wanted).collect(),
            cells: vec![Counts::default(); populations * endpoints],
            rejected_by: vec![0; populations * endpoints * model.api.limits.len()],
            waits: vec![Histogram::new(); populations],
            clients: vec![],
            places: None,
            present: model.start,
            stays: Span::ZERO,
            begun: false,
            counts: false,
            series: Series::new(model.start, model.horizon.after(model.drain)),
            completion: Completion::of_nobody(model),
            recovery: Recovery::new(model),
            peak: Peak::default(),
            ledger: Ledger::default(),
            capacity: capacities.fold(f64::INFINITY, f64::min),
        }
    }

    /// The counts of one population's calls and attempts at one endpoint.
    #[must_use]
    pub fn cell(&self, population: usize, endpoint: usize) -> &Counts {
        &self.cells[population * self.endpoints + endpoint]
    }

    /// The counts of all cells, by population and endpoint.
    #[must_use]
    pub fn cells_by_population(&self) -> Vec<Vec<Counts>> {
        self.cells.chunks(self.endpoints.max(1)).map(<[Counts]>::to_vec).collect()
    }

    /// The counts of everybody who is wanted.
    #[must_use]
    pub fn total(&self) -> Counts {
        let wanted = (0..self.wanted.len()).filter(|population| self.wanted[*population]);
        wanted.fold(Counts::default(), |sum, population| sum.plus(&self.population(population)))
    }

    /// The counts of a population.
    #[must_use]
    pub fn population(&self, population: usize) -> Counts {
        let cells = &self.cells[population * self.endpoints..(population + 1) * self.endpoints];
        cells.iter().fold(Counts::default(), Counts::plus)
    }

    /// The counts of an endpoint.
    #[must_use]
    pub fn endpoint(&self, endpoint: usize) -> Counts {
        let cells = self.cells.iter().skip(endpoint).step_by(self.endpoints);
        cells.fold(Counts::default(), Counts::plus)
    }

    /// Attempts that a limit refused.
    #[must_use]
    pub fn rejected_by(&self, limit: usize) -> u64 {
        self.rejected_by.iter().skip(limit).step_by(self.limits.max(1)).sum()
    }

    /// How many populations there are.
    #[must_use]
    pub fn populations(&self) -> usize {
        self.waits.len()
    }

    /// How long the calls of a population took.
    #[must_use]
    pub fn waits(&self, population: usize) -> &Histogram {
        &self.waits[population]
    }

    /// How long all calls of those who are wanted took.
    #[must_use]
    pub fn all_waits(&self) -> Histogram {
        let mut all = Histogram::new();
        let wanted = self.waits.iter().zip(&self.wanted).filter(|(_, wanted)| **wanted);
        wanted.for_each(|(waits, _)| all.merge(waits));
        all
    }

    /// What each client got.
    #[must_use]
    pub fn clients(&self) -> &[ClientRow] {
        &self.clients
    }

    /// What each client of those who are wanted got.
    pub fn wanted_clients(&self) -> impl Iterator<Item = &ClientRow> {
        let mut rest = &self.clients[..];
        let populations = self.sizes.iter().zip(&self.wanted);
        populations.flat_map(move |(size, wanted)| {
            let (own, others) = rest.split_at(*size);
            rest = others;
            if *wanted { own } else { &[] }
        })
    }

    /// The run over time.
    #[must_use]
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// When the work was done.
    #[must_use]
    pub fn completion(&self) -> &Completion {
        &self.completion
    }

    /// How it went on after what disturbed it.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The conservation laws' counts of the whole run.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// For how long rates count.
    #[must_use]
    pub fn window(&self) -> Span {
        self.horizon.since(self.warm_up)
    }

    /// The most attempts in a second, over what the limits admit in one.
    #[must_use]
    pub fn overshoot(&self) -> Option<f64> {
        self.capacity.is_finite().then(|| self.peak.most() as f64 / self.capacity)
    }

    /// What the limits admitted, over what they admit in the long run.
    #[must_use]
    pub fn utilisation(&self) -> Option<f64> {
        let busy = self.completion.all().map_or(self.window(), |all| all.since(self.start));
        let seconds = busy.as_secs_f64();
        (self.capacity.is_finite() && seconds > 0.0)
            .then(|| self.total().admitted as f64 / (self.capacity * seconds))
    }

    /// The row of a client.
    #[inline]
    fn client(&mut self, client: u32) -> &mut ClientRow {
        let row = self.row_of(client);
        &mut self.clients[row]
    }

    /// Where that row lies.
    #[inline]
    fn row_of(&self, client: u32) -> usize {
        self.places.as_ref().map_or(client, |places| places[client as usize]) as usize
    }

    /// The counts of what a caller asks.
    #[inline]
    fn cell_of(&mut self, caller: Caller) -> &mut Counts {
        let cell = self.index_of(caller);
        &mut self.cells[cell]
    }

    #[inline]
    fn index_of(&self, caller: Caller) -> usize {
        usize::from(caller.population) * self.endpoints + usize::from(caller.endpoint)
    }

    /// Whether attempts count now, as 0 or 1. What holds for all facts of a
    /// moment changes so rarely that they look at nothing but when it does.
    #[inline]
    fn reach(&mut self, now: Instant) -> u64 {
        // Before it began the difference wraps round and is large too.
        if now.0.wrapping_sub(self.present.0) >= self.stays.0 {
            self.turn_to(now);
        }
        u64::from(self.counts)
    }

    /// The bin, the second or the phase of the run becomes another.
    #[cold]
    fn turn_to(&mut self, now: Instant) {
        self.begun = now >= self.warm_up;
        self.counts = self.begun && now < self.horizon;
        let edges = [self.series.turn_to(now), self.peak.turn_to(now), self.warm_up, self.horizon];
        let next = edges.into_iter().filter(|edge| *edge > now).min();
        (self.present, self.stays) = (now, next.unwrap_or(Instant::NEVER).since(now));
    }
}

// The arms of `note`.
#[allow(clippy::inline_always)] // as `note` itself
impl Measures {
    #[inline(always)]
    fn offered(&mut self, now: Instant, caller: Caller) {
        self.reach(now);
        self.series.present().offered += 1;
        self.client(caller.client).calls += 1;
        let begun = u64::from(self.begun);
        self.cell_of(caller).offered += begun;
        if let Some(second) = self.recovery.at(now)
            && self.wanted[usize::from(caller.population)]
        {
            second.offered += 1;
        }
    }

    #[inline(always)]
    fn sent(&mut self, now: Instant, caller: Caller) {
        let counts = self.reach(now);
        self.peak.count();
        self.client(caller.client).attempts += 1;
        self.cell_of(caller).attempts += counts;
    }

    #[inline(always)]
    fn decided(&mut self, now: Instant, caller: Caller, decision: Decision) {
        let counts = self.reach(now);
        match decision {
            Decision::Admit => {
                self.series.present().admitted += 1;
                self.cell_of(caller).admitted += counts;
            }
            Decision::Reject { limit, .. } => {
                self.series.present().rejected += 1;
                self.client(caller.client).rejects += 1;
                let cell = self.index_of(caller);
                self.cells[cell].rejected += counts;
                self.rejected_by[cell * self.limits + usize::from(limit.0)] += counts;
            }
        }
    }

    #[inline(always)]
    fn ended(&mut self, now: Instant, caller: Caller, end: End, meant: Instant) {
        let population = usize::from(caller.population);
        self.client(caller.client).ended(now, end);
        if end.is_served() {
            self.reach(now);
            self.series.present().served += 1;
            self.completion.served(now, population);
            if let Some(second) = self.recovery.at(now)
                && self.wanted[population]
            {
                second.served += 1;
            }
        }
        if meant >= self.warm_up {
            self.cell_of(caller).ended(end);
            let wait = if end.is_served() { now.since(meant).0 } else { u64::MAX };
            self.waits[population].record(wait);
        }
    }
}

impl Observer for Measures {
    #[inline]
    fn expect(&self, client: u32) {
        let row = &self.clients[self.row_of(client)];
        // It is no power of two long, so that half of the rows lie in two lines.
        prefetch(row);
        prefetch(&row.rejects);
    }

    // In the engine each note is of a known fact, and only its arm is left.
    #[inline(always)]
    #[allow(clippy::inline_always)] // a call would build the fact in memory
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        self.ledger.note(now, caller, fact);
        match *fact {
            Fact::Offered { .. } => self.offered(now, caller),
            Fact::Sent => self.sent(now, caller),
            Fact::Decided(decision) => self.decided(now, caller, decision),
            Fact::Failed => {
                let counts = self.reach(now);
                self.series.present().failed += 1;
                self.cell_of(caller).failed += counts;
            }
            Fact::Left(Answer::Status(status)) if status.is_class(5) => {
                let counts = self.reach(now);
                self.cell_of(caller).errors += counts;
            }
            Fact::Answered(record) if record.answer == Answer::TimedOut => {
                let counts = self.reach(now);
                self.cell_of(caller).timeouts += counts;
            }
            Fact::Left(_) | Fact::Answered(_) => {}
            Fact::Ended { end, meant, .. } => self.ended(now, caller, end, meant),
        }
    }
}
