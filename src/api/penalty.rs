//! Penalty: a refusal locks the key out for a time, and asking too early
//! makes the time longer.
//!
//! This is what the Clover page says of `retry-after`: "If a request is made
//! before this time, the waiting period increases." The lock stays even if the
//! limit itself has room again.

use crate::limiter::Slot;
use crate::time::{Instant, Span};

/// How long a key is locked out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Penalty {
    /// After the first refusal.
    pub first: Span,
    /// What each request that comes too early adds to the waiting period.
    pub step: Span,
    /// The longest.
    pub max: Span,
}

/// The locks of one penalty, by slot of its own scope.
#[derive(Clone, Debug)]
pub struct Locks {
    penalty: Penalty,
    locks: Vec<Lock>,
}

/// Until when a key is locked out, and how long its waiting period is by now.
#[derive(Clone, Copy, Debug)]
struct Lock {
    until: Instant,
    wait: Span,
}

impl Locks {
    /// No key locked yet.
    #[must_use]
    pub fn new(penalty: Penalty, slots: usize) -> Locks {
        let open = Lock { until: Instant(0), wait: Span::ZERO };
        Locks { penalty, locks: vec![open; slots] }
    }

    /// Whether the key is locked out now.
    #[must_use]
    pub fn locked(&self, slot: Slot, now: Instant) -> bool {
        now < self.locks[slot as usize].until
    }

    /// The key was refused now, by its lock or by the limit: how long it must
    /// wait from now. Too early a request makes the period longer, and it
    /// counts from that request: a client that never waits never comes in.
    pub fn refuse(&mut self, slot: Slot, now: Instant) -> Span {
        let lock = &mut self.locks[slot as usize];
        let longer = lock.wait.plus(self.penalty.step).min(self.penalty.max);
        let early = now < lock.until;
        lock.wait = if early { longer } else { self.penalty.first };
        lock.until = now.after(lock.wait);
        lock.wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    #[test]
    fn asking_too_early_makes_the_wait_longer_and_waiting_ends_it() {
        let penalty =
            Penalty { first: Span::seconds(1), step: Span::seconds(2), max: Span::seconds(4) };
        let mut locks = Locks::new(penalty, 1);
        assert_eq!(locks.refuse(0, Instant(0)), Span::seconds(1));
        assert!(locks.locked(0, Instant(SECOND - 1)));
        assert_eq!(locks.refuse(0, Instant(SECOND / 2)), Span::seconds(3));
        assert_eq!(locks.refuse(0, Instant(SECOND)), Span::seconds(4));
        assert_eq!(locks.refuse(0, Instant(SECOND)), Span::seconds(4));
        assert!(!locks.locked(0, Instant(5 * SECOND)));
        assert_eq!(locks.refuse(0, Instant(5 * SECOND)), Span::seconds(1));
    }
}
