//! Measures: observers that count a run in integers and know nothing of output.
//!
//! Rates and shares count attempts in [warm-up, horizon); calls are those that
//! were meant to start there, followed through the drain. A latency counts from
//! the moment a call was meant to start, and a call that is not served counts
//! as infinitely late: it is never dropped.

mod client;
mod completion;
mod counting;
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
}
