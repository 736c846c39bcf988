//! Observers of one fixed window under one stream of calls.

use tollgate::api::Decision;
use tollgate::engine::{Caller, Fact, Observer};
use tollgate::time::{Instant, Span};

/// Counts the windows of a grid from the run's start.
pub(crate) struct Grid {
    pub(crate) start: Instant,
    pub(crate) window: Span,
    pub(crate) calls: f64,
    pub(crate) refused: f64,
    /// The last window that refused, and how many did.
    pub(crate) last: u64,
    pub(crate) windows: f64,
}

impl Observer for Grid {
    fn note(&mut self, now: Instant, _caller: Caller, fact: &Fact) {
        if let Fact::Decided(decision) = *fact {
            self.calls += 1.0;
            if decision != Decision::Admit {
                let window = 1 + now.since(self.start).0 / self.window.0;
                self.refused += 1.0;
                self.windows += f64::from(u8::from(window != self.last));
                self.last = window;
            }
        }
    }
}

/// Counts whole cycles of window and idle time, from the run's start to the
/// end of the first window that ends after `until`: a stopping time, so that
/// Wald's identity makes the mean exact, however few cycles there are.
pub(crate) struct Cycles {
    pub(crate) window: Span,
    pub(crate) until: Instant,
    pub(crate) end: Instant,
    pub(crate) stopped: bool,
    pub(crate) calls: f64,
    pub(crate) refused: f64,
}

impl Observer for Cycles {
    fn note(&mut self, now: Instant, _caller: Caller, fact: &Fact) {
        if let Fact::Decided(decision) = *fact {
            if now >= self.end {
                self.stopped |= self.end >= self.until;
                self.end = now.after(self.window);
            }
            if !self.stopped {
                self.calls += 1.0;
                self.refused += f64::from(u8::from(decision != Decision::Admit));
            }
        }
    }
}
