//! Header pace: what headers say is left is spread evenly until the reset.
//!
//! # Formula
//!
//! `gap = (reset - now) / max(remaining, 1)`, the largest of all limits that
//! tell; with nothing left nobody leaves before the reset.
//!
//! # Source
//!
//! Ours: the "slow down before zero" that vendors advise. No popular library
//! does it by default.

use crate::client::Whose;
use crate::http::{HeaderId, Headers};
use crate::time::{Instant, Span};

/// Two headers that tell how much of a limit is left, and until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gauge {
    /// How much is left.
    pub remaining: HeaderId,
    /// When the limit is whole again.
    pub reset: HeaderId,
    /// Whether that is seconds since the epoch rather than from now.
    pub epoch: bool,
}

/// Pacing by headers: what is left is spread evenly until the reset.
#[derive(Clone, Debug)]
pub struct HeaderPace {
    /// One for each limit that tells; the largest gap of all counts.
    pub gauges: Vec<Gauge>,
    /// Who shares what was learnt.
    pub of: Whose,
}

/// What headers leave: a gap between attempts, and no attempt before an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// `(reset - now) / max(remaining, 1)`, the largest of all limits.
    pub gap: Span,
    /// For how long nothing is left at all.
    pub closed: Span,
    /// When all of this is out of date: until the reset of that limit.
    pub reset: Span,
}

impl HeaderPace {
    /// What the headers of a response leave, as the client's clock reads them;
    /// `None` when they tell nothing.
    #[must_use]
    pub fn read(&self, clock: Instant, headers: &Headers) -> Option<Allowance> {
        let tell = |gauge: &Gauge| {
            let remaining = headers.get(gauge.remaining)?.as_count()?;
            let reset = headers.get(gauge.reset)?;
            let left = if gauge.epoch { reset.as_epoch(clock) } else { reset.as_delay(clock) }?;
            let closed = if remaining == 0 { left } else { Span::ZERO };
            Some(Allowance { gap: Span(left.0 / remaining.max(1)), closed, reset: left })
        };
        self.gauges.iter().filter_map(tell).max_by_key(|allowance| allowance.gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Value;
    use crate::time::SECOND;

    #[test]
    fn the_largest_gap_of_several_limits_counts() {
        let gauge = |n| Gauge { remaining: HeaderId(n), reset: HeaderId(n + 1), epoch: true };
        let pace = HeaderPace { gauges: vec![gauge(0), gauge(2)], of: Whose::Client };
        let mut headers = Headers::NONE;
        headers.set(HeaderId(0), Value::Integer(10));
        headers.set(HeaderId(1), Value::Integer(105));
        let now = Instant(100 * SECOND);
        let open =
            Allowance { gap: Span::millis(500), closed: Span::ZERO, reset: Span::seconds(5) };
        assert_eq!(pace.read(now, &headers), Some(open));
        headers.set(HeaderId(2), Value::Integer(0));
        headers.set(HeaderId(3), Value::Integer(103));
        let shut =
            Allowance { gap: Span::seconds(3), closed: Span::seconds(3), reset: Span::seconds(3) };
        assert_eq!(pace.read(now, &headers), Some(shut));
        assert_eq!(pace.read(now, &Headers::NONE), None);
    }
}
