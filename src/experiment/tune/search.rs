//! The search along one knob for the least value that meets the goals.
//!
//! The least in the wanted direction: `maximise` counts from the other end, and
//! positions are what is counted. A coarse look from end to end comes first. Where
//! nothing speaks against a response that goes one way, bisection finds the end of
//! what misses for sure and the beginning of what meets for sure; they are
//! neighbours unless the values between cannot be told apart. Where something does
//! speak against it, a finer look takes the place of the coarse one, and the answer
//! is the beginning of the last stretch that holds, as far as was seen.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Question, Verdict};
use super::knob::Knob;
use super::monotone::{self, Turn};
use super::probe::{Place, Point, Probes, Stop};
use crate::metric::{Condition, Subject};

/// The points of the coarse look.
pub const COARSE: usize = 9;

/// The points of the finer look.
pub const FINE: usize = 33;

/// Which end of the range is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The smallest value that will do.
    Minimise,
    /// The largest.
    Maximise,
}

/// What a search found. Values are numbered as the knob numbers them.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// All points that were probed.
    pub points: BTreeMap<Place, Point>,
    /// The least value, in the wanted direction, that meets for sure.
    pub best: Option<usize>,
    /// The value before it, or before the end of the range, that misses for sure
    /// and is nearest. With `best` beside it nothing is left open.
    pub misses: Option<usize>,
    /// The nearest value behind `best` that does not meet for sure.
    pub until: Option<usize>,
    /// What speaks against a response that goes one way.
    pub turn: Option<Turn>,
}

impl Found {
    /// How many seeds a point would need for the answer to be a value and not a
    /// range, if means stay what they are. `None` where that cannot be said, or is
    /// beyond all effort.
    #[must_use]
    pub fn seeds_to_decide(&self, question: &Question) -> Option<u64> {
        let open = self.points.iter().filter(|(_, point)| point.verdict == Verdict::Open);
        let within = |place: &Place| match (self.best, self.misses) {
            (Some(best), Some(misses)) => (best.min(misses)..best.max(misses)).contains(&place[0]),
            _ => true,
        };
        let open = open.filter(|(place, _)| within(place));
        let apart = self.apart(question);
        open.map(|(_, point)| question.seeds_to_decide(&point.evidence, &apart))
            .try_fold(0, |most, needed| Some(most.max(needed?)))
    }

    /// How far the value that is nearest to each bound of the goals is from it, if
    /// the response is straight between the two ends of what is open.
    fn apart(&self, question: &Question) -> Vec<Option<f64>> {
        let bounds = question.goals().iter().flat_map(Condition::bounds);
        let apart = |subject: &Subject, bound: f64| {
            let (best, misses) = (self.best?, self.misses?);
            let mean = |value: usize| {
                let point = self.points.get(&vec![value])?;
                Some(question.estimate(&point.evidence, subject)?.mean)
            };
            let (from, to) = (mean(misses)?, mean(best)?);
            let step = (to - from) / best.abs_diff(misses) as f64;
            let steps = (bound - from) / step;
            let part = steps - libm::floor(steps);
            // Nobody knows the place of a bound to a tenth of a step.
            let nearest = part.min(1.0 - part).max(0.1);
            Some(nearest * step.abs()).filter(|apart| *apart > 0.0)
        };
        bounds.map(|(subject, _, bound)| apart(subject, bound)).collect()
    }
}

/// Searches along a knob.
pub fn search<E>(knob: &Knob, way: Way, probes: Probes<'_, E>) -> Result<Found, Stop<E>> {
    let mut search = Search { count: knob.count(), way, probes };
    let coarse = search.positions(knob, COARSE);
    search.begin(&coarse)?;
    let last = search.count - 1;
    search.settle(&[0, last])?;
    let mut turn = search.turn();
    let mut ends = (None, None);
    if turn.is_none() {
        ends = search.ends()?;
        turn = search.turn();
    }
    if turn.is_some() {
        let fine = search.positions(knob, FINE);
        search.begin(&fine)?;
        let seen = search.seen();
        search.settle(&seen)?;
        ends = search.ends()?;
    }
    let (best, misses) = search.confirmed(ends)?;
    let until = search.until(best);
    let value = |position: Option<usize>| position.map(|p| way.value(p, last));
    let (best, misses, until) = (value(best), value(misses), value(until));
    Ok(Found { points: search.probes.finish(), best, misses, until, turn })
}

impl Way {
    /// The value at a position, and the position of a value.
    #[must_use]
    pub const fn value(self, position: usize, last: usize) -> usize {
        match self {
            Way::Minimise => position,
            Way::Maximise => last - position,
        }
    }
}

/// The beginning of what meets for sure, and the end of what misses before it.
type Ends = (Option<usize>, Option<usize>);

struct Search<'p, E> {
    count: usize,
    way: Way,
    probes: Probes<'p, E>,
}

impl<E> Search<'_, E> {
    fn place(&self, position: usize) -> Place {
        vec![self.way.value(position, self.count - 1)]
    }

    fn positions(&self, knob: &Knob, wanted: usize) -> Vec<usize> {
        let spread = knob.spread(wanted).into_iter();
        let mut all: Vec<usize> = spread.map(|v| self.way.value(v, self.count - 1)).collect();
        all.sort_unstable();
        all
    }

    /// All positions so far, in order.
    fn seen(&self) -> Vec<usize> {
        let places = self.probes.points().keys();
        let mut all: Vec<usize> =
            places.map(|place| self.way.value(place[0], self.count - 1)).collect();
        all.sort_unstable();
        all
    }

    fn begin(&mut self, positions: &[usize]) -> Result<(), Stop<E>> {
        let places: Vec<Place> = positions.iter().map(|p| self.place(*p)).collect();
        self.probes.begin(&places)
    }

    fn settle(&mut self, positions: &[usize]) -> Result<(), Stop<E>> {
        let places: Vec<Place> = positions.iter().map(|p| self.place(*p)).collect();
        self.probes.settle(&places)
    }

    /// The verdict so far on a position that was seen.
    fn known(&self, position: usize) -> Verdict {
        self.probes.points()[&self.place(position)].verdict
    }

    fn verdict(&mut self, position: usize) -> Result<Verdict, Stop<E>> {
        let place = self.place(position);
        self.probes.verdict(&place)
    }

    /// What speaks against a response that goes one way.
    fn turn(&self) -> Option<Turn> {
        let points: Vec<(usize, &Point)> =
            self.probes.points().iter().map(|(place, point)| (place[0], point)).collect();
        monotone::turn(self.probes.question(), &points)
    }

    /// The beginning of what meets for sure, and the end of what misses before it.
    fn ends(&mut self) -> Result<Ends, Stop<E>> {
        let seen = self.seen();
        let start = match self.stretch(&seen) {
            None => self.band(&seen)?,
            start => start,
        };
        let best = match start {
            Some(start) => Some(self.beginning(&seen, start)?),
            None => None,
        };
        let before = best.unwrap_or(self.count - 1);
        let seen = self.seen();
        let miss = |p: &&usize| self.known(**p) == Verdict::Misses;
        let miss = seen.iter().filter(|p| **p <= before).rfind(miss).copied();
        let misses = match miss {
            // All that was seen up to the end of the range misses.
            Some(miss) if miss < before => Some(self.end(miss, before)?),
            miss => miss,
        };
        Ok((best, misses))
    }

    /// The same ends once they held with twice the seeds that first spoke for them:
    /// who looks again and again until something is sure is sure too soon. Where one
    /// does not hold, the search goes on.
    fn confirmed(&mut self, mut ends: Ends) -> Result<Ends, Stop<E>> {
        let mut confirmed = BTreeSet::new();
        loop {
            let new = [ends.0, ends.1].into_iter().flatten().filter(|p| confirmed.insert(*p));
            let new: Vec<Place> = new.map(|position| self.place(position)).collect();
            if !self.probes.double(&new)? {
                return Ok(ends);
            }
            self.probes.settle(&new)?;
            ends = self.ends()?;
        }
    }

    /// Where the stretch begins that holds to the end of the range, or the first
    /// that holds at all, among the positions seen so far.
    fn stretch(&self, seen: &[usize]) -> Option<usize> {
        let meets = |p: &&usize| self.known(**p) == Verdict::Meets;
        let to_the_end = seen.iter().rev().take_while(meets).last();
        to_the_end.or_else(|| seen.iter().find(meets)).copied()
    }

    /// A position that meets between two that do not, where the response crosses more
    /// than one bound from the one to the other: `calls >= 5 and calls <= 6`.
    fn band(&mut self, seen: &[usize]) -> Result<Option<usize>, Stop<E>> {
        for pair in seen.windows(2) {
            let (mut low, mut high) = (pair[0], pair[1]);
            while high - low > 1 && self.crossed(low, high) > 1 {
                let middle = low + (high - low) / 2;
                if self.verdict(middle)? == Verdict::Meets {
                    return Ok(Some(middle));
                }
                if self.crossed(low, middle) > 1 { high = middle } else { low = middle }
            }
        }
        Ok(None)
    }

    /// How many bounds of the goals lie between the means of two positions.
    fn crossed(&self, one: usize, other: usize) -> usize {
        let question = self.probes.question();
        let mean = |position: usize, subject: &Subject| {
            let point = &self.probes.points()[&self.place(position)];
            question.level(&point.evidence, subject).map_or(0.0, |level| level.value())
        };
        let bounds = question.goals().iter().flat_map(Condition::bounds);
        let is_between = |(subject, _, bound): &(&Subject, _, f64)| {
            (mean(one, subject) < *bound) != (mean(other, subject) < *bound)
        };
        bounds.filter(is_between).count()
    }

    /// The first position of a stretch of which `start` is the first seen so far.
    fn beginning(&mut self, seen: &[usize], start: usize) -> Result<usize, Stop<E>> {
        let mut high = start;
        // What is open with few seeds may hold with more.
        for &before in seen.iter().rev().filter(|p| **p < start) {
            if self.verdict(before)? != Verdict::Meets {
                let mut low = before;
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    let meets = self.verdict(middle)? == Verdict::Meets;
                    if meets { high = middle } else { low = middle }
                }
                return Ok(high);
            }
            high = before;
        }
        Ok(high)
    }

    /// The last position that misses for sure, where `low` does and `high` does not.
    fn end(&mut self, mut low: usize, mut high: usize) -> Result<usize, Stop<E>> {
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let misses = self.verdict(middle)? == Verdict::Misses;
            if misses { low = middle } else { high = middle }
        }
        Ok(low)
    }

    /// The first position seen behind `best` that does not meet for sure.
    fn until(&self, best: Option<usize>) -> Option<usize> {
        let behind = self.seen().into_iter().filter(|p| best.is_some_and(|best| *p > best));
        behind.into_iter().find(|p| self.known(*p) == Verdict::Misses)
    }
}
