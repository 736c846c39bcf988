//! A column of the table: all engines at one number of clients, in turns.

use crate::engine::{Engine, Run};
use crate::workload::Counts;

/// What the runs of one engine say together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// Nanoseconds of CPU time an event.
    pub(crate) median: f64,
    pub(crate) least: f64,
    /// The median of the peaks of memory, in bytes.
    pub(crate) peak: f64,
    pub(crate) counts: Counts,
}

/// All engines at one number of clients.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) clients: u32,
    pub(crate) events: u64,
    pub(crate) figures: Vec<(Engine, Figure)>,
}

impl Column {
    /// Runs the engines A B C A B C, so that whatever slows the machine down for a
    /// while slows all of them down.
    pub(crate) fn measure(clients: u32, events: u64, rounds: usize, engines: &[Engine]) -> Self {
        let mut runs: Vec<(Engine, Vec<Run>)> = engines.iter().map(|e| (*e, vec![])).collect();
        for round in 1..=rounds {
            for (engine, runs) in &mut runs {
                let run = engine.measure(clients, events);
                let ns = run.ns_per_event();
                eprintln!("{clients} clients, round {round} of {rounds}: {ns:.1} ns {engine:?}");
                runs.push(run);
            }
        }
        let figures = runs.iter().map(|(engine, runs)| (*engine, Figure::of(runs))).collect();
        Column { clients, events, figures }
    }

    pub(crate) fn figure(&self, engine: Engine) -> Option<&Figure> {
        self.figures.iter().find(|(other, _)| *other == engine).map(|(_, figure)| figure)
    }

    /// Those who walked through another run than the first of them did.
    pub(crate) fn astray(&self) -> Vec<(Engine, Counts)> {
        let mut together = self.figures.iter().filter(|(engine, _)| engine.walks_with_us());
        let Some((_, first)) = together.next() else { return vec![] };
        let astray = together.filter(|(_, figure)| figure.counts != first.counts);
        astray.map(|(engine, figure)| (*engine, figure.counts)).collect()
    }
}

impl Figure {
    fn of(runs: &[Run]) -> Self {
        let (least, median) = ends(runs.iter().map(Run::ns_per_event));
        let (_, peak) = ends(runs.iter().map(|run| run.peak as f64));
        let counts = runs[0].counts;
        assert!(runs.iter().all(|run| run.counts == counts), "an engine is not repeatable");
        Figure { median, least, peak, counts }
    }
}

/// The least and the median.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let odd = sorted.len() % 2 == 1;
    let median =
        if odd { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
    (sorted[0], median)
}
