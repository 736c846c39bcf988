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

/// A waiting period: when it began and how long it is by now.
#[derive(Clone, Copy, Debug)]
struct Lock {
    since: Instant,
    wait: Span,
}

impl Lock {
    fn until(&self) -> Instant {
        self.since.after(self.wait)
    }
}

impl Locks {
    /// No key locked yet.
    #[must_use]
    pub fn new(penalty: Penalty, slots: usize) -> Locks {
        let open = Lock {
            since: Instant(0),
            wait: Span::ZERO,
        };
        Locks {
            penalty,
            locks: vec![open; slots],
        }
    }

    /// Whether the key is locked out now.
    #[must_use]
    pub fn locked(&self, slot: Slot, now: Instant) -> bool {
        now < self.locks[slot as usize].until()
    }

    /// The key was refused now, by its lock or by the limit: how long it must
    /// wait from now.
    pub fn refuse(&mut self, slot: Slot, now: Instant) -> Span {
        let lock = &mut self.locks[slot as usize];
        if now < lock.until() {
            lock.wait = lock
                .wait
                .plus(self.penalty.step)
                .min(self.penalty.max.max(lock.wait));
        } else {
            *lock = Lock {
                since: now,
                wait: self.penalty.first,
            };
        }
        lock.until().since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    #[test]
    fn asking_too_early_makes_the_wait_longer_and_waiting_ends_it() {
        let penalty = Penalty {
            first: Span::seconds(1),
            step: Span::seconds(2),
            max: Span::seconds(4),
        };
        let mut locks = Locks::new(penalty, 1);
        assert_eq!(locks.refuse(0, Instant(0)), Span::seconds(1));
        assert!(locks.locked(0, Instant(SECOND - 1)));
        // The period of 1 s becomes 3 s, then 4 s, the longest; half a second of it is over.
        assert_eq!(locks.refuse(0, Instant(SECOND / 2)), Span::millis(2_500));
        assert_eq!(locks.refuse(0, Instant(SECOND / 2)), Span::millis(3_500));
        assert_eq!(locks.refuse(0, Instant(SECOND)), Span::seconds(3));
        assert!(!locks.locked(0, Instant(4 * SECOND)));
        assert_eq!(locks.refuse(0, Instant(4 * SECOND)), Span::seconds(1));
    }
}
