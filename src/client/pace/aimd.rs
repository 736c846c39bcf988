//! AIMD: additive increase, multiplicative decrease.
//!
//! # Formula
//!
//! `rate(t) = min(most, rate + increase * t)`, `t` in seconds since the last
//! decrease or the first attempt. An answer of a given kind makes it
//! `max(least, decrease * rate(t))`. Who leaves sets the next one's turn:
//! `next = now + 1 / rate(t)`. Turns are given one at a time.
//!
//! # Source
//!
//! D.-M. Chiu and R. Jain, Analysis of the Increase and Decrease Algorithms for
//! Congestion Avoidance in Computer Networks (1989), on a client's own rate.
//! The increase by time rather than by success is ours.

use super::super::classify::Kinds;
use super::machine::{Ask, Machine, Told, Turn};
use crate::time::{Instant, Span};

/// A rate that creeps up, and falls on refusals; all rates are per second.
#[derive(Clone, PartialEq, Debug)]
pub struct Aimd {
    /// At first.
    pub initial: f64,
    /// More each second.
    pub increase: f64,
    /// What a refusal multiplies it by, from 0 to 1.
    pub decrease: f64,
    /// Never less, above zero.
    pub least: f64,
    /// Never more.
    pub most: f64,
    /// After which answers it falls.
    pub on: Kinds,
}

/// A rate, since when, and when the next may leave.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pulse {
    rate: f64,
    since: Option<Instant>,
    next: Instant,
}

impl Aimd {
    fn rate(&self, state: &Pulse, now: Instant) -> f64 {
        let seconds = state.since.map_or(0.0, |since| now.since(since).as_secs_f64());
        (state.rate + self.increase * seconds).min(self.most)
    }
}

impl Machine for Aimd {
    type State = Pulse;

    fn fresh(&self) -> Pulse {
        Pulse { rate: self.initial, since: None, next: Instant(0) }
    }

    fn turn(&self, state: &mut Pulse, ask: &Ask) -> Turn {
        state.since.get_or_insert(ask.now);
        if state.next > ask.now {
            return Turn::Ask(state.next);
        }
        let gap = Span::from_secs_f64(1.0 / self.rate(state, ask.now));
        state.next = ask.now.after(gap.max(Span(1)));
        Turn::Now
    }

    fn learn(&self, state: &mut Pulse, told: &Told<'_>) {
        if self.on.contain(told.answer, told.headers) {
            state.rate = (self.rate(state, told.now) * self.decrease).max(self.least);
            state.since = Some(told.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Kind;
    use crate::time::SECOND;

    #[test]
    fn the_rate_creeps_up_and_a_refusal_halves_it() {
        let on = Kinds(vec![Kind::Status(429)]);
        let aimd = Aimd { initial: 4.0, increase: 2.0, decrease: 0.5, least: 1.0, most: 8.0, on };
        let mut state = aimd.fresh();
        let at = |ms: u64| Instant(50 * SECOND).after(Span::millis(ms));
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(0))), Turn::Now);
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(100))), Turn::Ask(at(250)));
        // After a second it is 6 a second, and a refusal makes it 3.
        aimd.learn(&mut state, &Told::status(at(1_000), 200));
        aimd.learn(&mut state, &Told::status(at(1_000), 429));
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(1_500))), Turn::Now);
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(1_500))), Turn::Ask(at(1_750)));
        // It never goes above its most or below its least.
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(90_000))), Turn::Now);
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(90_000))), Turn::Ask(at(90_125)));
        (0..9).for_each(|_| aimd.learn(&mut state, &Told::status(at(90_000), 429)));
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(90_125))), Turn::Now);
        // An eighth of a second after the last refusal it is 1.25 a second.
        assert_eq!(aimd.turn(&mut state, &Ask::at(at(90_125))), Turn::Ask(at(90_925)));
    }
}
