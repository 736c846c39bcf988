//! Client-side throttling of the SRE book: a client that is refused much drops
//! attempts itself, the first ones of calls too.
//!
//! Source: "Site Reliability Engineering" (2016), ch. 21, eq. 21-1. An attempt
//! is dropped with the chance `max(0, (requests - K accepts) / (requests + 1))`,
//! both counted over the last two minutes; `requests` are all that the
//! application wanted to make, the dropped ones too. The counts are those before
//! this attempt, so that the first of all is never dropped. Accepted is what
//! got a response that is no failure.
//!
//! The window moves in 120 steps, so a second each for the two minutes. The book
//! does not say how Google counts; exact logs would need memory without bound,
//! and a step is at most 1/120 of what is counted.

use super::rule::{Failures, Rule, responds};
use crate::client::Heard;
use crate::rng;
use crate::time::{Instant, Length};

/// How many steps a window has.
const STEPS: usize = 120;

/// Attempts are dropped where the backend accepts too few of them.
#[derive(Clone, PartialEq, Debug)]
pub struct SreAdaptive {
    /// K: so many requests for each that is accepted are still sent (2).
    pub k: f64,
    /// How far back is counted (two minutes).
    pub window: Length,
    /// What was not accepted.
    pub failures: Failures,
}

/// The counts of one scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Counts {
    /// Of the whole window.
    requests: u32,
    accepts: u32,
    /// The number of the step that is being written, since the epoch.
    step: u64,
    steps: [(u32, u32); STEPS],
}

impl SreAdaptive {
    /// Forgets the steps that have left the window.
    fn advance(&self, own: &mut Counts, now: Instant) -> usize {
        let step = now.0 / (self.window.ns() / STEPS as u64).max(1);
        for new in (own.step + 1..=step).take(STEPS) {
            let place = place(new);
            let (requests, accepts) = std::mem::take(&mut own.steps[place]);
            own.requests -= requests;
            own.accepts -= accepts;
        }
        own.step = step;
        place(step)
    }

    /// The chance that the next attempt is dropped.
    fn chance(&self, own: &Counts) -> f64 {
        let (requests, accepts) = (f64::from(own.requests), f64::from(own.accepts));
        (requests - self.k * accepts) / (requests + 1.0)
    }
}

const EMPTY: Counts = Counts { requests: 0, accepts: 0, step: 0, steps: [(0, 0); STEPS] };

#[allow(clippy::cast_possible_truncation)] // it is below the number of steps
fn place(step: u64) -> usize {
    (step % STEPS as u64) as usize
}

impl Rule for SreAdaptive {
    type Slot = Counts;

    fn fresh(&self, start: Instant) -> Counts {
        let mut own = EMPTY;
        self.advance(&mut own, start);
        own
    }

    fn admit(&self, own: &mut Counts, now: Instant, _first: bool, bits: u64) -> bool {
        let place = self.advance(own, now);
        let admitted = rng::unit(bits) >= self.chance(own);
        own.requests += 1;
        own.steps[place].0 += 1;
        admitted
    }

    fn heard(&self, own: &mut Counts, heard: &Heard<'_>, _paid: Option<u32>) {
        if responds(heard) && !self.failures.contain(heard) {
            let place = self.advance(own, heard.now);
            own.accepts += 1;
            own.steps[place].1 += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{came, failures, status};
    use super::*;
    use crate::http::Answer;
    use crate::rng::{Key, Purpose};
    use crate::time::{SECOND, Span};

    fn throttle(k: f64) -> SreAdaptive {
        let window = Length::try_from(Span::seconds(120)).unwrap();
        SreAdaptive { k, window, failures: failures() }
    }

    /// Bits that lie at this share of all.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share of all bits
    fn bits(share: f64) -> u64 {
        (share * 18_446_744_073_709_551_616.0) as u64
    }

    #[test]
    fn the_chance_is_that_of_the_book() {
        let throttle = throttle(2.0);
        let mut own = throttle.fresh(Instant(0));
        assert!(throttle.admit(&mut own, Instant(0), true, 0), "the first is never dropped");
        for _ in 1..99 {
            throttle.admit(&mut own, Instant(0), true, u64::MAX);
        }
        for code in [200, 404, 501] {
            throttle.heard(&mut own, &status(code), None);
        }
        throttle.heard(&mut own, &status(429), None);
        throttle.heard(&mut own, &came(Answer::Refused), None);
        assert_eq!((own.requests, own.accepts), (99, 3));
        // (99 - 2 * 3) / 100
        let mut below = own;
        assert!(!throttle.admit(&mut below, Instant(0), false, bits(0.929)));
        assert!(throttle.admit(&mut own, Instant(0), false, bits(0.931)));
        assert_eq!((below.requests, own.requests), (100, 100), "a dropped one counts");
    }

    #[test]
    fn two_minutes_later_all_is_forgotten() {
        let throttle = throttle(2.0);
        let mut own = throttle.fresh(Instant(0));
        for second in 0..10 {
            throttle.admit(&mut own, Instant(second * SECOND), true, u64::MAX);
        }
        throttle.advance(&mut own, Instant(119 * SECOND));
        assert_eq!(own.requests, 10);
        throttle.advance(&mut own, Instant(124 * SECOND));
        assert_eq!(own.requests, 5);
        for later in [129, 130, 1_000] {
            let mut own = own;
            throttle.advance(&mut own, Instant(later * SECOND));
            assert_eq!(own, Counts { step: later, ..EMPTY });
        }
    }

    /// Requests a second, of which the backend takes at most 100, spread evenly.
    fn local_drops(k: f64, offered: u64) -> f64 {
        let throttle = throttle(k);
        let mut own = throttle.fresh(Instant(0));
        let key = Key::run(7, 0);
        let (mut room, mut dropped) = (10_000, 0);
        let count = offered * 900;
        for n in 0..count {
            let now = Instant(n * SECOND / offered);
            // In hundredths of a request: the backend's bucket.
            room = (room + 10_000 / offered).min(1_000);
            if throttle.admit(&mut own, now, true, key.draw(Purpose::Lever, n)) {
                let taken = room >= 100;
                room -= if taken { 100 } else { 0 };
                let heard = Heard { now, ..status(if taken { 200 } else { 429 }) };
                throttle.heard(&mut own, &heard, None);
            } else {
                dropped += u32::from(n >= offered * 600);
            }
        }
        f64::from(dropped) / (offered * 300) as f64
    }

    /// Rows of the fluid law `p = max(0, 1 - K C / lambda)`.
    #[test]
    fn the_share_that_is_dropped_is_that_of_the_fluid_law() {
        for (k, offered, share) in
            [(2.0, 50, 0.0), (2.0, 125, 0.0), (2.0, 500, 0.6), (2.0, 1_000, 0.8), (1.5, 250, 0.4)]
        {
            let measured = local_drops(k, offered);
            assert!((measured - share).abs() < 0.01, "K {k}, {offered}/s: {measured}");
        }
    }
}
