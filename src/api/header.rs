//! Header schemes: what an API tells of a limit, and how it rounds it.

use crate::http::{HeaderId, Value};
use crate::limiter::View;
use crate::time::{Instant, SECOND, Span};

/// What a header tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// The quota, burst or slots.
    Limit,
    /// How much of it is left.
    Remaining,
    /// How much of it is used.
    Used,
    /// When the limit is whole again.
    Reset(Form),
    /// When a refused request may come again.
    Wait(Form),
}

/// How a time is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// Seconds since the epoch rather than seconds from now.
    pub epoch: bool,
    /// Rounded up to whole seconds rather than down.
    pub up: bool,
}

/// One header of a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderRule {
    /// Its name.
    pub name: HeaderId,
    /// What it tells.
    pub told: Told,
    /// Sent with refusals only, not with every response.
    pub rejects_only: bool,
}

impl HeaderRule {
    /// The value on the wire at the server's clock `now`; `wait` is that of the
    /// refusal. `None` where there is nothing to tell.
    #[must_use]
    pub fn value(&self, view: &View, wait: Span, now: Instant) -> Option<Value> {
        let integer = |n: u64| Some(Value::Integer(i64::try_from(n).unwrap_or(i64::MAX)));
        match self.told {
            Told::Limit => integer(view.limit),
            Told::Remaining => integer(view.remaining),
            Told::Used => integer(view.limit.saturating_sub(view.remaining)),
            Told::Reset(form) => integer(form.seconds(view.reset, now)),
            Told::Wait(_) if wait == Span::NEVER => None,
            Told::Wait(form) => integer(form.seconds(now.after(wait), now)),
        }
    }
}

impl Form {
    fn seconds(self, then: Instant, now: Instant) -> u64 {
        let ns = if self.epoch { then.0 } else { then.since(now).0 };
        if self.up { ns.div_ceil(SECOND) } else { ns / SECOND }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_as_the_form_says() {
        let view = View { limit: 60, remaining: 58, reset: Instant(62_400_000_000) };
        let now = Instant(50_000_000_000);
        let tell = |epoch, up| {
            let told = Told::Reset(Form { epoch, up });
            HeaderRule { name: HeaderId(0), told, rejects_only: false }.value(
                &view,
                Span::ZERO,
                now,
            )
        };
        assert_eq!(tell(true, true), Some(Value::Integer(63)));
        assert_eq!(tell(true, false), Some(Value::Integer(62)));
        assert_eq!(tell(false, true), Some(Value::Integer(13)));
        assert_eq!(tell(false, false), Some(Value::Integer(12)));
    }

    #[test]
    fn nothing_is_told_of_a_wait_that_nobody_knows() {
        let view = View { limit: 5, remaining: 0, reset: Instant(0) };
        let told = Told::Wait(Form { epoch: false, up: true });
        let rule = HeaderRule { name: HeaderId(0), told, rejects_only: true };
        assert_eq!(rule.value(&view, Span::NEVER, Instant(0)), None);
        assert_eq!(rule.value(&view, Span(1), Instant(0)), Some(Value::Integer(1)));
    }
}
