//! Stamps of a log stand for all of the tick that their last digit counts.
//!
//! Sixty requests with one stamp of a second may have come in its first
//! millisecond, or one every 17. A limit that looks at less than a tick takes
//! those for two different things, so there are two readings of such a log.

use super::decide::Options;
use super::error::TraceError;
use super::impact::Impact;
use super::parts::{Decisions, Wanted, decisions};
use super::rows::{Row, Rows};
use super::seen::Starts;
use super::trace::Trace;
use crate::api::ApiModel;
use crate::limiter::Limiter;
use crate::time::{Instant, Span};

/// How far two ways of working out the same span may lie apart.
const SAME: f64 = 1e-9;

/// The requests of a log, and how they may be read.
#[derive(Debug)]
pub struct Log {
    /// As they are stamped.
    pub trace: Trace,
    tick: Span,
    of_ends: bool,
    /// When they came if they lie evenly in their ticks, once that was asked for.
    spread: Option<Rows>,
}

/// What limits do to a log, by one reading of its stamps or by two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Readings {
    /// Requests of one stamp come at one instant.
    pub at_once: Impact,
    /// They lie evenly in the tick, in the order of the file; where no limit is
    /// so fine, nobody asks.
    pub spread: Option<Impact>,
}

impl Readings {
    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &Impact> {
        std::iter::once(&self.at_once).chain(&self.spread)
    }
}

impl Log {
    /// Of requests in the order of time, whose stamps show this tick.
    #[must_use]
    pub fn new(trace: Trace, tick: Option<Span>, starts: Starts) -> Log {
        let of_ends = starts == Starts::Subtracted;
        Log { trace, tick: tick.unwrap_or(Span(1)), of_ends, spread: None }
    }

    /// The tick of its stamps.
    #[must_use]
    pub fn tick(&self) -> Span {
        self.tick
    }

    /// What the limits of a model, made for these principals, do to it.
    pub fn meets(&mut self, model: &ApiModel, wanted: Wanted) -> Result<Readings, TraceError> {
        let options = Options { sort: true, ..wanted.options };
        let wanted = Wanted { options, ..wanted };
        let decide = |trace: &Trace| -> Result<Impact, TraceError> {
            let decided: Decisions = decisions(model, trace, wanted)?;
            Ok(Impact::of(model, trace, &decided))
        };
        let at_once = decide(&self.trace)?;
        let is_fine = model.limits.iter().any(|limit| is_finer(&limit.limiter, self.tick));
        let spread = if is_fine { Some(self.with_spread(decide)?) } else { None };
        Ok(Readings { at_once, spread })
    }

    /// Does something with the other reading in the place of the first.
    fn with_spread<T>(&mut self, work: impl FnOnce(&Trace) -> T) -> T {
        let (tick, of_ends) = (self.tick, self.of_ends);
        let rows = self.spread.take().unwrap_or_else(|| spread(&self.trace.rows, tick, of_ends));
        let stamped = std::mem::replace(&mut self.trace.rows, rows);
        let result = work(&self.trace);
        self.spread = Some(std::mem::replace(&mut self.trace.rows, stamped));
        result
    }
}

/// Whether it matters to a limiter where in a tick requests lie: its window is
/// shorter than one or, where it has none, its next request comes sooner.
fn is_finer(limiter: &Limiter, tick: Span) -> bool {
    let capacity = limiter.capacity();
    let looks_at = match limiter {
        Limiter::FixedWindow(_) | Limiter::SlidingLog(_) | Limiter::SlidingCounter(_) => {
            capacity.at_once as f64 / capacity.per_second
        }
        _ => 1.0 / capacity.per_second,
    };
    looks_at < tick.as_secs_f64() * (1.0 - SAME)
}

/// The rows with those of one stamp spread evenly over its tick, in their order;
/// a stamp of an end lies behind the start by what the request took.
fn spread(rows: &Rows, tick: Span, of_ends: bool) -> Rows {
    let stamp = |row: &Row| if of_ends { row.at.after(row.took) } else { row.at };
    let mut all: Vec<Row> = rows.iter().collect();
    if of_ends {
        all.sort_by_key(|row| (stamp(row), row.line));
    }
    for same in all.chunk_by_mut(|a, b| stamp(a) == stamp(b)) {
        let count = same.len() as u64;
        for (number, row) in (0..).zip(same) {
            // The last requests of a billion years fit in no clock: they stay.
            let later = u128::from(tick.0) * number / u128::from(count);
            let at = row.at.0.saturating_add(u64::try_from(later).unwrap_or(u64::MAX));
            row.at = Instant(at.min(u64::MAX - 1));
        }
    }
    all.into_iter().collect::<Rows>().in_order()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::{Table, TokenBucket};
    use crate::time::SECOND;

    fn row(at: u64, line: u64, took: u64) -> Row {
        let status = crate::http::Status::OK;
        let (at, took) = (Instant(at), Span(took));
        Row { at, line, principal: 0, endpoint: 0, cost: None, used: None, status, took }
    }

    fn times(rows: &Rows) -> Vec<(u64, u64)> {
        rows.iter().map(|row| (row.at.0, row.line)).collect()
    }

    #[test]
    fn requests_of_a_stamp_lie_evenly_in_its_tick() {
        let rows: Rows =
            [row(10, 1, 0), row(10, 2, 0), row(10, 3, 0), row(20, 4, 0)].into_iter().collect();
        let even = spread(&rows, Span(9), false);
        assert_eq!(times(&even), [(10, 1), (13, 2), (16, 3), (20, 4)]);
    }

    #[test]
    fn ends_of_one_stamp_are_spread_and_starts_lie_before_them() {
        // All three ended at 100; the second began earliest.
        let rows: Rows = [row(40, 2, 60), row(90, 1, 10), row(95, 3, 5)].into_iter().collect();
        let even = spread(&rows, Span(30), true);
        assert_eq!(times(&even), [(50, 2), (90, 1), (115, 3)]);
    }

    #[test]
    fn a_window_of_a_tick_is_not_finer_and_a_bucket_may_be() {
        let bucket = |rate: &str| -> Limiter {
            Limiter::TokenBucket(
                Table::<TokenBucket>::read(&format!("rate = '{rate}'\nburst = 5")).unwrap(),
            )
        };
        let tick = Span(SECOND);
        for (rate, finer) in [("1/s", false), ("2/s", true), ("60/min", false), ("61/min", true)] {
            assert_eq!(is_finer(&bucket(rate), tick), finer, "{rate}");
        }
        let window = |text: &str| -> Limiter {
            Limiter::FixedWindow(Table::read(&format!("quota = 50\nwindow = '{text}'")).unwrap())
        };
        for (length, finer) in [("1s", false), ("500ms", true), ("1min", false)] {
            assert_eq!(is_finer(&window(length), tick), finer, "{length}");
        }
    }
}
