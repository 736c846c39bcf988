//! How long runs take to become steady, found from runs.
//!
//! Pilot runs without a warm-up are averaged over their seeds, bin by bin of
//! their series, so that what is left is the course that all of them have in
//! common; MSER-5 says how much of its beginning to delete. Two courses are
//! looked at, the calls served and the attempts refused: a bucket that begins
//! full shows in the second long before it shows in the first. The latest end of
//! a beginning, over both and over all clients, is the warm-up of all of them,
//! so that all count the same calls. A beginning that goes on far into the second
//! half of the run looks like the steady state, and its end like noise: no rule
//! of this kind sees it, and a horizon must be long enough for what is modelled.

use super::Run;
use super::outcome::Outcome;
use crate::measure::Bin;
use crate::scenario::Model;
use crate::stats::mser::{is_at_half, mser5};
use crate::time::Span;

/// How many seeds are pilots, at most: they are the first of the runs themselves.
pub const PILOTS_MAX: usize = 10;

/// A warm-up that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WarmUp {
    /// How long it is.
    pub span: Span,
    /// Over how many seeds the runs were averaged.
    pub pilots: usize,
    /// Whether it is half of the run, which is as much as the rule may delete:
    /// then the beginning may not be over.
    pub at_half: bool,
}

impl WarmUp {
    /// The warm-up of all clients, from their first runs.
    pub(super) fn find(model: &Model, outcomes: &[Outcome]) -> WarmUp {
        let of = |outcome: &Outcome| {
            let pilots = outcome.runs.len().min(PILOTS_MAX);
            WarmUp::of(model, &outcome.runs[..pilots])
        };
        let none = WarmUp { span: Span::ZERO, pilots: 0, at_half: false };
        outcomes.iter().map(of).fold(none, |all, one| WarmUp {
            span: all.span.max(one.span),
            pilots: all.pilots.max(one.pilots),
            at_half: all.at_half || one.at_half,
        })
    }

    /// The warm-up of one client, from these runs.
    pub(super) fn of(model: &Model, runs: &[Run]) -> WarmUp {
        let pilots = runs.len();
        let Some(first) = runs.first() else {
            return WarmUp { span: Span::ZERO, pilots, at_half: false };
        };
        let width = first.series.width();
        // A bin that the horizon cuts off would look like an end of everything.
        let bins = usize::try_from(model.horizon.since(model.start).0 / width.0);
        let bins = bins.expect("a series has few bins");
        let course = |count: fn(&Bin) -> u32| -> Vec<f64> {
            let sum = |bin: usize| -> u64 {
                let bins = runs.iter().filter_map(|run| run.series.bins().get(bin));
                bins.map(|bin| u64::from(count(bin))).sum()
            };
            (0..bins).map(|bin| sum(bin) as f64 / pilots as f64).collect()
        };
        let courses = [course(|bin| bin.served), course(|bin| bin.rejected)];
        let deleted = courses.iter().filter_map(|course| mser5(course)).max().unwrap_or(0);
        let span = width.times(deleted as u64);
        WarmUp { span, pilots, at_half: is_at_half(deleted, bins) }
    }

    /// The model with this warm-up.
    #[must_use]
    pub fn model(&self, model: &Model) -> Model {
        Model { warm_up: model.start.after(self.span), ..model.clone() }
    }
}
