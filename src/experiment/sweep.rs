//! Many comparisons that differ in their models and in nothing else: all points
//! of a sweep, each over the same seeds.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outcome::{Sample, estimate};
use super::replicate::{Piece, Wanted, parts_of};
use super::{ExperimentError, Seeds, settle, side_by_side};
use crate::metric::{METRICS, Metric};
use crate::rng::Key;
use crate::scenario::{Model, Plan};
use crate::stats::interval::Estimate;

/// Which points: so many from the first on, each so far behind the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stride {
    /// The first.
    pub first: u64,
    /// From one to the next.
    pub step: u64,
    /// How many.
    pub count: u64,
}

impl Stride {
    fn at(self, index: u64) -> u64 {
        self.first + self.step * index
    }
}

/// What came of a point.
#[derive(Clone, PartialEq, Debug)]
pub struct Swept {
    /// Its number.
    pub point: u64,
    /// By client, in the order of its plan: the name, and all [`METRICS`].
    pub clients: Vec<(String, Vec<Option<Estimate>>)>,
}

/// Compares the clients of every point, as [`compare`](super::compare) does, and
/// gives what came of each to `fold`, in order. The runs of all points go side by
/// side; `plan` makes the plan of a point, with so many clients, once it is due.
pub fn sweep<E: From<ExperimentError> + Send>(
    points: Stride,
    clients: usize,
    plan: impl Fn(u64) -> Result<Plan, E> + Sync,
    seeds: Seeds,
    threads: NonZeroUsize,
    mut fold: impl FnMut(Swept) -> Result<(), E> + Send,
) -> Result<(), E> {
    let plan = |point: u64| {
        let plan = plan(point)?;
        let settled = settle(&plan, seeds.root, seeds.count.get(), NonZeroUsize::MIN)?;
        Ok::<_, E>(settled.map_or(plan, |(settled, _)| settled))
    };
    let plans = Plans { open: Mutex::new(BTreeMap::new()), plan };
    let runs = clients * seeds.count.get();
    let tasks = usize::try_from(points.count).unwrap_or(usize::MAX).saturating_mul(runs);
    let work = |task: usize| {
        let point = points.at((task / runs) as u64);
        let plan = plans.of(point)?;
        let variant = &plan.variants[task % runs / seeds.count];
        let seed = (task % runs % seeds.count) as u64;
        let samples = run(&variant.model, Key::run(seeds.root, seed))?;
        Ok((point, variant.name.clone(), samples))
    };
    let mut whole: Vec<(String, Vec<Vec<Sample>>)> = vec![];
    let fold = |done: Result<(u64, String, Vec<Sample>), E>| {
        let (point, name, samples) = done?;
        match whole.last_mut().filter(|(_, runs)| runs.len() < seeds.count.get()) {
            Some((_, runs)) => runs.push(samples),
            None => whole.push((name, vec![samples])),
        }
        let is_whole = |(_, runs): &(String, Vec<_>)| runs.len() == seeds.count.get();
        if whole.len() < clients || !whole.last().is_some_and(is_whole) {
            return Ok(());
        }
        plans.close(point);
        let clients = std::mem::take(&mut whole).into_iter();
        fold(Swept { point, clients: clients.map(|(name, runs)| (name, metrics(&runs))).collect() })
    };
    side_by_side(threads, tasks, work, fold)
}

/// All metrics over the runs of a client.
fn metrics(runs: &[Vec<Sample>]) -> Vec<Option<Estimate>> {
    let of = |(place, metric): (usize, &Metric)| {
        let samples: Vec<Sample> = runs.iter().map(|run| run[place]).collect();
        estimate(*metric, &samples)
    };
    METRICS.iter().enumerate().map(of).collect()
}

/// One run, part by part: there are runs enough for all threads.
fn run(model: &Model, key: Key) -> Result<Vec<Sample>, ExperimentError> {
    let parts = parts_of(model);
    let mut whole = None;
    for number in 0..parts.count() {
        let part = parts.part(number);
        let piece = Piece::run(model, part, key, Wanted::default())?;
        whole = Some(match parts.count() {
            1 => piece,
            _ => Piece::add(whole, model, part, piece),
        });
    }
    let whole = whole.expect("a model has at least one part");
    Ok(whole.finish()?.run.samples)
}

/// The plans of the points that are under way.
struct Plans<P> {
    open: Mutex<BTreeMap<u64, Cell>>,
    plan: P,
}

/// A plan, once somebody has made it; others wait for them meanwhile.
type Cell = Arc<Mutex<Option<Arc<Plan>>>>;

impl<E, P: Fn(u64) -> Result<Plan, E>> Plans<P> {
    fn of(&self, point: u64) -> Result<Arc<Plan>, E> {
        let cell = Arc::clone(held(&self.open).entry(point).or_default());
        let mut cell = held(&cell);
        if let Some(plan) = &*cell {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new((self.plan)(point)?);
        *cell = Some(Arc::clone(&plan));
        Ok(plan)
    }

    fn close(&self, point: u64) {
        held(&self.open).remove(&point);
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
