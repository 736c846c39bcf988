//! A call that makes attempts without end while no time passes would never let
//! the run end.
//!
//! Time nearly always passes, so all attempts of an instant are counted together
//! first, and one by one only once there are too many.

use crate::time::Instant;

/// The most attempts that one call may make at one instant; as many of others
/// may be counted before.
pub(super) const AT_ONCE_MAX: u32 = 100_000;

/// Attempts that were sent at the present instant.
#[derive(Debug)]
pub(super) struct Standstill {
    now: Instant,
    all: u32,
    /// By call, once there are too many of all.
    by_call: Vec<u32>,
}

impl Standstill {
    pub(super) const fn new() -> Self {
        Standstill { now: Instant(0), all: 0, by_call: Vec::new() }
    }

    /// The call in this row makes an attempt, its first or a later one; whether
    /// it has made too many by now.
    pub(super) fn launches(&mut self, now: Instant, call: u32, first: bool) -> bool {
        if now != self.now {
            (self.now, self.all) = (now, 0);
            self.by_call.clear();
        }
        self.all = self.all.saturating_add(1);
        self.all > AT_ONCE_MAX && self.counts(call, first)
    }

    #[cold]
    fn counts(&mut self, call: u32, first: bool) -> bool {
        let index = call as usize;
        if self.by_call.len() <= index {
            self.by_call.resize(index + 1, 0);
        }
        self.by_call[index] = if first { 1 } else { self.by_call[index] + 1 };
        self.by_call[index] >= AT_ONCE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_calls_at_once_are_no_standstill_and_one_without_end_is() {
        let mut standstill = Standstill::new();
        let herd = (0..4 * AT_ONCE_MAX).any(|call| standstill.launches(Instant(1), call, true));
        let in_one_row = (0..4 * AT_ONCE_MAX).any(|_| standstill.launches(Instant(1), 0, true));
        assert!(!herd && !in_one_row);
        let one = (0..2 * AT_ONCE_MAX).position(|_| standstill.launches(Instant(2), 7, false));
        assert_eq!(one, Some(2 * AT_ONCE_MAX as usize - 1));
        assert!(!standstill.launches(Instant(3), 7, false), "time has passed");
    }
}
