//! Polly's circuit breaker, as Microsoft's standard resilience handler has it:
//! too large a share of failures, and nothing leaves for a while.
//!
//! Source: Polly 8, `CircuitStateController`, `AdvancedCircuitBehavior` and
//! `RollingHealthMetrics`; the handler's defaults are 0.1 of at least 100 in
//! 30 s, and 5 s of break. It stands inside the retries, so every attempt asks
//! it. Health is counted in ten windows of a tenth of the sampling time, each of
//! which begins with the first answer after the one before has ended. Only a
//! failure can break the circuit. After the break one attempt is let through:
//! its success closes the circuit and forgets all counts, its failure breaks it
//! again. What broke off (refused, timed out) and is no failure counts neither way.

use super::rule::{Failures, Rule, responds};
use crate::client::Heard;
use crate::time::{Instant, Length, Span};

/// How many windows the sampling time has.
const WINDOWS: usize = 10;

/// Nothing leaves for a while after too large a share of failures.
#[derive(Clone, PartialEq, Debug)]
pub struct Breaker {
    /// This share of failures breaks it (0.1).
    pub ratio: f64,
    /// Of at least so many answers (100).
    pub least: u32,
    /// Counted over so long (30 s).
    pub sampling: Length,
    /// For so long nothing leaves (5 s).
    pub pause: Span,
    /// What counts as a failure.
    pub failures: Failures,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Circuit {
    /// All is well.
    Closed,
    /// Nothing leaves before this instant; then one attempt does.
    Open(Instant),
    /// That one is out. The instant is that at which the break would end again.
    HalfOpen(Instant),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Health {
    since: Instant,
    successes: u32,
    failures: u32,
}

/// One scope's circuit and health.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State {
    circuit: Circuit,
    /// A ring: `len` windows from `first` on.
    windows: [Health; WINDOWS],
    first: u8,
    len: u8,
}

const NEW: Health = Health { since: Instant(0), successes: 0, failures: 0 };
const HEALTHY: State =
    State { circuit: Circuit::Closed, windows: [NEW; WINDOWS], first: 0, len: 0 };

impl State {
    fn place(&self, number: u8) -> usize {
        usize::from(self.first + number) % WINDOWS
    }

    /// The window that is being written; those beyond the sampling time go.
    fn window(&mut self, sampling: Length, now: Instant) -> &mut Health {
        // Old ones first, so that ten places are enough: windows that count
        // begin at least a tenth apart.
        while self.len > 0 && now.since(self.windows[self.place(0)].since).0 >= sampling.ns() {
            self.first = (self.first + 1) % 10;
            self.len -= 1;
        }
        let tenth = sampling.ns() / WINDOWS as u64;
        let last = self.len.checked_sub(1).map(|last| self.windows[self.place(last)].since);
        if last.is_none_or(|since| now.since(since).0 >= tenth) {
            let new = self.place(self.len);
            self.windows[new] = Health { since: now, ..NEW };
            self.len += 1;
        }
        let last = self.place(self.len - 1);
        &mut self.windows[last]
    }

    /// Answers and failures within the sampling time.
    fn health(&self) -> (u32, u32) {
        (0..self.len).map(|n| self.windows[self.place(n)]).fold((0, 0), |(all, failed), window| {
            (all + window.successes + window.failures, failed + window.failures)
        })
    }
}

impl Rule for Breaker {
    type Slot = State;

    fn fresh(&self, _start: Instant) -> State {
        HEALTHY
    }

    fn admit(&self, own: &mut State, now: Instant, _first: bool, _bits: u64) -> bool {
        match own.circuit {
            Circuit::Closed => true,
            Circuit::Open(until) if now >= until => {
                own.circuit = Circuit::HalfOpen(now.after(self.pause));
                true
            }
            Circuit::Open(_) | Circuit::HalfOpen(_) => false,
        }
    }

    fn heard(&self, own: &mut State, heard: &Heard<'_>, _paid: Option<u32>) {
        let now = heard.now;
        if self.failures.contain(heard) {
            if let Circuit::HalfOpen(_) = own.circuit {
                own.circuit = Circuit::Open(now.after(self.pause));
                return;
            }
            own.window(self.sampling, now).failures += 1;
            let (all, failed) = own.health();
            let breaks = all >= self.least && f64::from(failed) / f64::from(all) >= self.ratio;
            if own.circuit == Circuit::Closed && breaks {
                own.circuit = Circuit::Open(now.after(self.pause));
            }
        } else if responds(heard) {
            own.window(self.sampling, now).successes += 1;
            if let Circuit::HalfOpen(_) = own.circuit {
                *own = HEALTHY;
            }
        } else if let Circuit::HalfOpen(until) = own.circuit {
            own.circuit = Circuit::Open(until);
        }
    }

    fn recalled(&self, own: &mut State) {
        self.lost(own, false, true);
    }

    /// A trial that was called off tells nothing: after the break there is
    /// another. (Polly 8 would stay half open for ever.)
    fn lost(&self, own: &mut State, _retry: bool, sent: bool) {
        if let (true, Circuit::HalfOpen(until)) = (sent, own.circuit) {
            own.circuit = Circuit::Open(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{failures, status};
    use super::*;
    use crate::time::SECOND;

    fn breaker() -> Breaker {
        let sampling = Length::try_from(Span::seconds(30)).unwrap();
        let pause = Span::seconds(5);
        Breaker { ratio: 0.1, least: 100, sampling, pause, failures: failures() }
    }

    fn at(seconds: u64) -> Instant {
        Instant(1_000 * SECOND + seconds * SECOND)
    }

    fn hears(own: &mut State, count: u32, code: u16, seconds: u64) {
        for _ in 0..count {
            breaker().heard(own, &Heard { now: at(seconds), ..status(code) }, None);
        }
    }

    fn admits(own: &mut State, seconds: u64) -> bool {
        breaker().admit(own, at(seconds), true, 0)
    }

    #[test]
    fn a_tenth_of_a_hundred_breaks_it_and_only_a_failure_does() {
        let mut own = HEALTHY;
        hears(&mut own, 9, 503, 0);
        hears(&mut own, 90, 200, 0);
        assert!(admits(&mut own, 0), "9 of 99");
        hears(&mut own, 1, 503, 0);
        assert!(!admits(&mut own, 0), "10 of 100");

        let mut own = HEALTHY;
        hears(&mut own, 99, 503, 0);
        hears(&mut own, 1, 200, 0);
        assert!(admits(&mut own, 0), "99 of 100, but the hundredth is a success");
        hears(&mut own, 1, 429, 0);
        assert!(!admits(&mut own, 0));
    }

    #[test]
    fn one_attempt_tries_after_the_break() {
        let mut own = HEALTHY;
        hears(&mut own, 100, 503, 0);
        assert!(!admits(&mut own, 4));
        assert!(admits(&mut own, 5));
        assert!(!admits(&mut own, 5), "one at a time");
        assert!(!admits(&mut own, 60), "as long as it takes");
        hears(&mut own, 1, 503, 60);
        assert!(!admits(&mut own, 64));
        assert!(admits(&mut own, 65));
        hears(&mut own, 1, 200, 66);
        assert_eq!(own, HEALTHY, "closed, and all is forgotten");
    }

    #[test]
    fn late_answers_do_not_make_the_break_longer() {
        let mut own = HEALTHY;
        hears(&mut own, 100, 503, 0);
        hears(&mut own, 50, 503, 4);
        assert!(admits(&mut own, 5));
    }

    #[test]
    fn a_trial_that_was_called_off_is_followed_by_another() {
        let mut own = HEALTHY;
        hears(&mut own, 100, 503, 0);
        assert!(admits(&mut own, 5));
        breaker().lost(&mut own, true, true);
        assert!(!admits(&mut own, 9));
        assert!(admits(&mut own, 10));
    }

    #[test]
    fn windows_begin_with_an_answer_and_leave_after_the_sampling_time() {
        let mut own = HEALTHY;
        // The first window holds 0 to 3 s and leaves at 30 s.
        hears(&mut own, 60, 503, 0);
        hears(&mut own, 38, 503, 2);
        hears(&mut own, 1, 503, 29);
        assert_eq!(own.health(), (99, 99));
        hears(&mut own, 1, 200, 30);
        assert_eq!(own.health(), (2, 1));
        for second in 31..200 {
            hears(&mut own, 1, 200, second);
            assert!(own.len <= 10);
            let (all, _) = own.health();
            assert!(second < 60 || (28..=30).contains(&all), "{second}: {all}");
        }
    }
}
