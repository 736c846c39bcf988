//! Points that are probed: each with as many seeds as it takes to be judged.
//!
//! Every point sees the same seeds, the first ones first, so that two points are
//! paired by seed. Effort doubles in fixed steps and is decided between them, by
//! what all runs gave and never by which was done first.

use std::collections::BTreeMap;
use std::fmt;

use super::evidence::{Evidence, Question, Verdict};
use crate::metric::Unknown;

/// A point: which value each knob has.
pub type Place = Vec<usize>;

/// How much is spent on a point.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Effort {
    /// The seeds of every point, at least two.
    pub first: usize,
    /// The most seeds of any point.
    pub most: usize,
    /// An interval so narrow, half its width as a share of its mean, ends the
    /// effort too.
    pub until: Option<f64>,
}

/// Some runs that are wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Of which point.
    pub place: Place,
    /// From which seed on.
    pub first: usize,
    /// How many.
    pub count: usize,
}

/// A point that was probed.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// What its runs gave.
    pub evidence: Evidence,
    /// What that says.
    pub verdict: Verdict,
}

/// Why a search stopped.
#[derive(Clone, PartialEq, Debug)]
pub enum Stop<E> {
    /// Runs could not be made.
    Measure(E),
    /// There is no such metric at a point.
    Unknown(Place, Unknown),
}

impl<E: fmt::Display> fmt::Display for Stop<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Measure(error) => error.fmt(f),
            Stop::Unknown(_, unknown) => unknown.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Stop<E> {}

/// Makes runs: gives for each of the asks what its seeds gave.
pub type Measure<'m, E> = &'m mut dyn FnMut(&[Ask]) -> Result<Vec<Evidence>, E>;

/// The points so far.
pub struct Probes<'p, E> {
    question: &'p Question,
    effort: Effort,
    measure: Measure<'p, E>,
    points: BTreeMap<Place, Point>,
}

impl<E> fmt::Debug for Probes<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").field("points", &self.points).finish_non_exhaustive()
    }
}

impl<'p, E> Probes<'p, E> {
    /// No points yet.
    pub fn new(question: &'p Question, effort: Effort, measure: Measure<'p, E>) -> Self {
        Probes { question, effort, measure, points: BTreeMap::new() }
    }

    pub(super) fn question(&self) -> &'p Question {
        self.question
    }

    /// All points, in the order of their values.
    pub(super) fn points(&self) -> &BTreeMap<Place, Point> {
        &self.points
    }

    /// All points, for those who tell of them.
    pub(super) fn finish(self) -> BTreeMap<Place, Point> {
        self.points
    }

    /// Gives each of these points its first seeds.
    pub(super) fn begin(&mut self, places: &[Place]) -> Result<(), Stop<E>> {
        let new = places.iter().filter(|place| !self.points.contains_key(*place));
        let count = self.effort.first;
        let asks = new.map(|place| Ask { place: place.clone(), first: 0, count }).collect();
        self.run(asks)
    }

    /// Judges these points: for sure, or with all the seeds that a point may have.
    pub(super) fn settle(&mut self, places: &[Place]) -> Result<(), Stop<E>> {
        self.begin(places)?;
        loop {
            let open = |place: &&Place| self.points[*place].verdict == Verdict::Open;
            let open: Vec<Place> = places.iter().filter(open).cloned().collect();
            if !self.double(&open)? {
                return Ok(());
            }
        }
    }

    /// Doubles the seeds of these points where they may have more; whether any had.
    pub(super) fn double(&mut self, places: &[Place]) -> Result<bool, Stop<E>> {
        let ask = |place: &Place| {
            let evidence = &self.points[place].evidence;
            let seeds = evidence.seeds();
            let narrow = self.effort.until;
            let is_enough = narrow.is_some_and(|share| self.question.is_narrow(evidence, share));
            let count = (2 * seeds).min(self.effort.most).saturating_sub(seeds);
            (count > 0 && !is_enough).then(|| Ask { place: place.clone(), first: seeds, count })
        };
        let asks: Vec<Ask> = places.iter().filter_map(ask).collect();
        let some = !asks.is_empty();
        self.run(asks)?;
        Ok(some)
    }

    /// The verdict on a point.
    pub(super) fn verdict(&mut self, place: &Place) -> Result<Verdict, Stop<E>> {
        self.settle(std::slice::from_ref(place))?;
        Ok(self.points[place].verdict)
    }

    fn run(&mut self, asks: Vec<Ask>) -> Result<(), Stop<E>> {
        if asks.is_empty() {
            return Ok(());
        }
        let found = (self.measure)(&asks).map_err(Stop::Measure)?;
        for (ask, more) in asks.into_iter().zip(found) {
            let empty = Point { evidence: Evidence::default(), verdict: Verdict::Open };
            let point = self.points.entry(ask.place.clone()).or_insert(empty);
            point.evidence.extend(more);
            let judged = self.question.judge(&point.evidence);
            point.verdict = judged.map_err(|unknown| Stop::Unknown(ask.place, unknown))?;
        }
        Ok(())
    }
}
