//! Whether a run recovers from what disturbed it, and when.
//!
//! After its trigger is gone a run has recovered at the first second from which
//! on, for [`HOLD`] seconds taken together, the calls served are at least
//! [`SERVED_PERCENT`] of the calls that were new; where no second is one by the
//! horizon, what the trigger began sustains itself: the run is metastable
//! (Bronson et al., "Metastable Failures in Distributed Systems", `HotOS` 2021).
//! Calls served late count where they are served: a backlog that is worked off
//! is goodput too, and how long its calls waited is for the waits to say.
//!
//! Who serves as little before the trigger never recovers either, but not for the
//! trigger's sake; so the [`HOLD`] seconds before it are counted as well.
//!
//! The series of a run has at most 2,000 bins, which are longer than a second
//! in a run of more than half an hour; so what this needs is counted apart, in
//! seconds of its own, for as long as [`WATCHED`].

use crate::scenario::Model;
use crate::time::{Instant, SECOND, Span};

/// The share of the new calls that must be served, in percent.
pub const SERVED_PERCENT: u64 = 90;

/// For how many seconds it must be, taken together.
pub const HOLD: usize = 20;

/// How long a run is watched after its trigger's end: a little more than a day,
/// for less than a megabyte. What a longer run does later decides nothing.
pub const WATCHED: Span = Span::seconds(100_000);

/// What happened to those who are wanted in one second.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Second {
    /// Calls that were meant to start.
    pub(super) offered: u32,
    /// Calls that were served, whenever they were meant to start.
    pub(super) served: u32,
}

/// A run around its trigger, second by second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// When the first second begins.
    from: Instant,
    /// How long it is watched from there: whole seconds; zero without a trigger.
    watched: Span,
    /// How many of the seconds are before the trigger.
    before: usize,
    /// Which is the first after it.
    after: usize,
    seconds: Vec<Second>,
}

impl Recovery {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(model: &Model) -> Recovery {
        let Some(trigger) = &model.trigger else {
            return Recovery::over(model.start, 0, 0, 0);
        };
        let lasts = trigger.until.since(trigger.from).ceil_seconds();
        let there = trigger.until.since(model.start).0 / SECOND;
        let lead = there.min(lasts.saturating_add(HOLD as u64));
        // Of what came before a trigger of days nothing is known.
        let lead = if Span::seconds(lead) > WATCHED { 0 } else { lead };
        let whole = model.horizon.since(trigger.until).min(WATCHED).0 / SECOND;
        let from = Instant(trigger.until.0 - Span::seconds(lead).0);
        let number = |seconds| usize::try_from(seconds).expect("a day has few seconds");
        Recovery::over(from, number(lead.saturating_sub(lasts)), number(lead), number(whole))
    }

    /// Nothing seen yet, from an instant on: so many seconds before the trigger,
    /// so many until its end, and so many after it.
    fn over(from: Instant, before: usize, until: usize, after: usize) -> Recovery {
        let seconds = vec![Second::default(); until + after];
        let watched = Span::seconds(seconds.len() as u64);
        Recovery { from, watched, before, after: until, seconds }
    }

    /// The second of an instant, if it is watched.
    #[inline]
    pub(super) fn at(&mut self, now: Instant) -> Option<&mut Second> {
        // Before the first second the difference wraps round and is too large.
        let since = now.0.wrapping_sub(self.from.0);
        if since >= self.watched.0 {
            return None;
        }
        self.seconds.get_mut(usize::try_from(since / SECOND).ok()?)
    }

    /// Adds what happened in another part of the same run.
    pub(super) fn merge(&mut self, other: &Recovery) {
        for (sum, more) in self.seconds.iter_mut().zip(&other.seconds) {
            sum.offered += more.offered;
            sum.served += more.served;
        }
    }

    /// Whether the run recovered. `None` where that is no question: without a
    /// trigger, with less than [`HOLD`] seconds after it, or when no call was
    /// new in them.
    #[must_use]
    pub fn recovered(&self) -> Option<bool> {
        self.windows().next()?;
        Some(self.second().is_some())
    }

    /// After how many seconds from the trigger's end it had; infinite where it
    /// never did.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        self.recovered()?;
        Some(self.second().map_or(f64::INFINITY, |second| second as f64))
    }

    /// The calls served and the calls new in the seconds before the trigger.
    #[must_use]
    pub fn at_first(&self) -> (u64, u64) {
        sum(&self.seconds[..self.before])
    }

    /// The calls served and the calls new in the last quarter of the time from
    /// the trigger's end to the horizon.
    #[must_use]
    pub fn at_last(&self) -> (u64, u64) {
        let after = &self.seconds[self.after..];
        sum(&after[after.len() * 3 / 4..])
    }

    /// The first second from which on enough is served.
    fn second(&self) -> Option<usize> {
        let enough =
            |(_, (served, new)): &(usize, (u64, u64))| served * 100 >= new * SERVED_PERCENT;
        self.windows().find(enough).map(|(second, _)| second)
    }

    /// The calls served and the calls new in each stretch of [`HOLD`] seconds in
    /// which any were, by its first second.
    fn windows(&self) -> impl Iterator<Item = (usize, (u64, u64))> + '_ {
        let windows = self.seconds[self.after..].windows(HOLD).map(sum).enumerate();
        windows.filter(|(_, (_, new))| *new > 0)
    }
}

/// The calls served and the calls new in these seconds.
fn sum(seconds: &[Second]) -> (u64, u64) {
    seconds.iter().fold((0, 0), |(served, new), second| {
        (served + u64::from(second.served), new + u64::from(second.offered))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A run of so many calls new and served in each second after its trigger.
    fn after(seconds: &[(u32, u32)]) -> Recovery {
        let from = Instant(7 * SECOND / 2);
        let mut run = Recovery::over(from, 0, 0, seconds.len());
        for (second, (offered, served)) in (0..).zip(seconds) {
            let first = from.after(Span::seconds(second));
            run.at(first).unwrap().offered += offered;
            run.at(first.after(Span(SECOND - 1))).unwrap().served += served;
        }
        run
    }

    #[test]
    fn nine_tenths_over_twenty_seconds_are_enough_and_less_is_not() {
        // Two empty seconds and eighteen full ones are nine tenths of twenty.
        let enough = after(&[&[(10, 0); 2][..], &[(10, 10); 18]].concat());
        assert_eq!((enough.recovered(), enough.seconds()), (Some(true), Some(0.0)));
        let short = after(&[&[(10, 0), (10, 0), (10, 9)][..], &[(10, 10); 17]].concat());
        assert_eq!((short.recovered(), short.seconds()), (Some(false), Some(f64::INFINITY)));
    }

    #[test]
    fn the_first_such_second_is_when_it_recovers() {
        let run = after(&[&[(100, 0); 33][..], &[(100, 100); 40]].concat());
        assert_eq!(run.seconds(), Some(31.0));
        // What comes later takes nothing back.
        let again = after(&[&[(100, 0); 33][..], &[(100, 100); 20], &[(100, 0); 20]].concat());
        assert_eq!(again.seconds(), Some(31.0));
        assert_eq!(again.at_last(), (0, 1_900), "but its end says so");
    }

    #[test]
    fn the_seconds_before_the_trigger_count_apart_and_those_in_it_not_at_all() {
        let mut run = Recovery::over(Instant(0), 2, 5, 24);
        for second in 0..29 {
            let at = run.at(Instant(second * SECOND)).unwrap();
            (at.offered, at.served) = (10, if second < 2 { 7 } else { 0 });
        }
        assert_eq!((run.at_first(), run.at_last()), ((14, 20), (0, 60)));
        assert_eq!(run.seconds(), Some(f64::INFINITY));
        (0..20).for_each(|second| run.at(Instant((8 + second) * SECOND)).unwrap().served = 9);
        assert_eq!(run.seconds(), Some(3.0), "counted from the trigger's end");
    }

    #[test]
    fn where_nothing_is_new_or_the_time_is_too_short_there_is_no_answer() {
        assert_eq!(after(&[(1, 1); HOLD - 1]).recovered(), None);
        assert_eq!(after(&[(0, 5); 60]).recovered(), None);
        assert_eq!(after(&[]).seconds(), None);
        assert_eq!(after(&[]).at_last(), (0, 0));
    }

    #[test]
    fn what_comes_before_the_trigger_ends_or_after_the_horizon_is_not_seen() {
        let mut run = after(&[(0, 0); 20]);
        for at in [0, 7 * SECOND / 2 - 1, 7 * SECOND / 2 + 20 * SECOND, u64::MAX] {
            assert_eq!(run.at(Instant(at)), None);
        }
    }

    proptest! {
        /// Against the definition, written without a window that slides.
        #[test]
        fn it_is_the_definition(seconds in prop::collection::vec((0_u32..6, 0_u32..6), 0..70)) {
            let run = after(&seconds);
            let of = |from: usize| {
                let window = &seconds[from..from + HOLD];
                let new: u32 = window.iter().map(|(new, _)| new).sum();
                let served: u32 = window.iter().map(|(_, served)| served).sum();
                (new, served)
            };
            let starts = 0..(seconds.len() + 1).saturating_sub(HOLD);
            let meant = |from: &usize| of(*from).0 > 0;
            let first = starts.clone().filter(meant).find(|from| {
                let (new, served) = of(*from);
                f64::from(served) / f64::from(new) >= 0.9 - 1e-9
            });
            prop_assert_eq!(run.recovered(), starts.clone().any(|s| meant(&s)).then_some(first.is_some()));
            if let Some(first) = first {
                prop_assert_eq!(run.seconds(), Some(first as f64));
            }
        }
    }
}
