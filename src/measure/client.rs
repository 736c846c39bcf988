//! What one client got.

use crate::engine::End;
use crate::time::{Instant, Span};

/// One client's share of a run: integers only, because there may be millions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)] // in this order: what a call's end writes, then what its attempts do
pub struct ClientRow {
    /// When a call was last served; the run's start before.
    pub last_served: Instant,
    /// The longest time between two served calls.
    pub longest_gap: Span,
    /// Calls served.
    pub served: u32,
    /// Calls given up.
    pub given_up: u32,
    /// Calls that it meant to make.
    pub calls: u32,
    /// Attempts that it sent.
    pub attempts: u32,
    /// Attempts that a limit refused.
    pub rejects: u32,
}

impl ClientRow {
    /// Nothing yet.
    #[must_use]
    pub const fn new(start: Instant) -> Self {
        let longest_gap = Span::ZERO;
        ClientRow {
            calls: 0,
            served: 0,
            given_up: 0,
            attempts: 0,
            rejects: 0,
            last_served: start,
            longest_gap,
        }
    }

    /// A call of the client is over.
    pub fn ended(&mut self, now: Instant, end: End) {
        if end.is_served() {
            self.served += 1;
            self.longest_gap = self.longest_gap.max(now.since(self.last_served));
            self.last_served = now;
        } else if let End::GivenUp(_) = end {
            self.given_up += 1;
        }
    }

    /// Both runs of the client together.
    #[must_use]
    pub fn plus(&self, other: &ClientRow) -> ClientRow {
        ClientRow {
            calls: self.calls.saturating_add(other.calls),
            served: self.served.saturating_add(other.served),
            given_up: self.given_up.saturating_add(other.given_up),
            attempts: self.attempts.saturating_add(other.attempts),
            rejects: self.rejects.saturating_add(other.rejects),
            last_served: self.last_served.max(other.last_served),
            longest_gap: self.longest_gap.max(other.longest_gap),
        }
    }

    /// The share of its calls that was served; 1 for a client without calls.
    #[must_use]
    pub fn served_share(&self) -> f64 {
        if self.calls == 0 { 1.0 } else { f64::from(self.served) / f64::from(self.calls) }
    }
}
