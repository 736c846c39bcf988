//! Penalty: refusals lock the key out for a time, and asking too early may
//! make the time longer.
//!
//! A lock may follow the first refusal (Cloudflare's mitigation timeout) or the
//! n-th within a time (Discord's invalid requests, fail2ban). The Clover page
//! says of `retry-after`: "If a request is made before this time, the waiting
//! period increases." The lock stays even if the limit itself has room again.

use serde::Deserialize;

use crate::limiter::Slot;
use crate::time::{Instant, Span};

/// What a request does that comes while the key is locked.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Early {
    /// It makes the waiting period longer, which counts from it.
    #[default]
    Extends,
    /// Nothing: it is refused.
    Ignored,
}

/// How long a key is locked out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Penalty {
    /// After so many refusals, at least one.
    pub after: u32,
    /// Which must fall within so long of the first of them.
    pub within: Span,
    /// How long the first lock lasts.
    pub first: Span,
    /// What each request that comes too early adds to the waiting period.
    pub step: Span,
    /// The longest.
    pub max: Span,
    /// What a request that comes too early does.
    pub early: Early,
}

/// The locks of one penalty, by slot of its own scope.
#[derive(Clone, Debug)]
pub struct Locks {
    penalty: Penalty,
    locks: Vec<Lock>,
}

/// Until when a key is locked out, how long its waiting period is by now, and
/// the refusals that led to it.
#[derive(Clone, Copy, Debug)]
struct Lock {
    until: Instant,
    wait: Span,
    since: Instant,
    refusals: u32,
}

impl Locks {
    /// No key locked yet.
    #[must_use]
    pub fn new(penalty: Penalty, slots: usize) -> Locks {
        let open = Lock { until: Instant(0), wait: Span::ZERO, since: Instant(0), refusals: 0 };
        Locks { penalty, locks: vec![open; slots] }
    }

    /// Whether the key is locked out now.
    #[must_use]
    pub fn locked(&self, slot: Slot, now: Instant) -> bool {
        now < self.locks[slot as usize].until
    }

    /// The key was refused now, by its lock or by the limit: how long its lock
    /// makes it wait from now; `None` while the refusals are too few.
    pub fn refuse(&mut self, slot: Slot, now: Instant) -> Option<Span> {
        let (penalty, lock) = (self.penalty, &mut self.locks[slot as usize]);
        if now < lock.until {
            if penalty.early == Early::Extends {
                // A client that never waits never comes in.
                lock.wait = lock.wait.plus(penalty.step).min(penalty.max);
                lock.until = now.after(lock.wait);
            }
            return Some(lock.until.since(now));
        }
        if lock.refusals == 0 || now.since(lock.since) >= penalty.within {
            (lock.since, lock.refusals) = (now, 0);
        }
        lock.refusals += 1;
        if lock.refusals < penalty.after {
            return None;
        }
        lock.refusals = 0;
        lock.wait = penalty.first;
        lock.until = now.after(lock.wait);
        Some(lock.wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    fn penalty() -> Penalty {
        Penalty {
            after: 1,
            within: Span::NEVER,
            first: Span::seconds(1),
            step: Span::seconds(2),
            max: Span::seconds(4),
            early: Early::Extends,
        }
    }

    #[test]
    fn asking_too_early_makes_the_wait_longer_and_waiting_ends_it() {
        let mut locks = Locks::new(penalty(), 1);
        assert_eq!(locks.refuse(0, Instant(0)), Some(Span::seconds(1)));
        assert!(locks.locked(0, Instant(SECOND - 1)));
        assert_eq!(locks.refuse(0, Instant(SECOND / 2)), Some(Span::seconds(3)));
        assert_eq!(locks.refuse(0, Instant(SECOND)), Some(Span::seconds(4)));
        assert_eq!(locks.refuse(0, Instant(SECOND)), Some(Span::seconds(4)));
        assert!(!locks.locked(0, Instant(5 * SECOND)));
        assert_eq!(locks.refuse(0, Instant(5 * SECOND)), Some(Span::seconds(1)));
    }

    #[test]
    fn a_block_is_not_longer_for_those_who_ask_meanwhile() {
        let mut locks = Locks::new(Penalty { early: Early::Ignored, ..penalty() }, 1);
        assert_eq!(locks.refuse(0, Instant(0)), Some(Span::seconds(1)));
        assert_eq!(locks.refuse(0, Instant(SECOND - 1)), Some(Span(1)));
        assert!(!locks.locked(0, Instant(SECOND)));
    }

    #[test]
    fn a_ban_takes_so_many_refusals_within_its_time() {
        let within = Span::seconds(10);
        let mut locks = Locks::new(Penalty { after: 3, within, ..penalty() }, 1);
        for at in [0, 9, 10, 19] {
            assert_eq!(locks.refuse(0, Instant(at * SECOND)), None, "at {at} s");
        }
        // The third since the tenth second.
        assert_eq!(locks.refuse(0, Instant(20 * SECOND - 1)), Some(Span::seconds(1)));
        assert!(locks.locked(0, Instant(20 * SECOND)));
    }
}
