//! Adaptive sleep: a sleep before each attempt that grows on refusals and
//! shrinks on success.
//!
//! # Formula
//!
//! A call begins with the sleep `s` that its slot remembers. After a refusal it
//! sleeps `s + step`, and goes on with `s = (s + step) * factor`. Another answer
//! ends that: the slot remembers `max(0, s - d)`, where `d` is a fixed span, or
//! `s / divisor`, or `s * remaining / divisor` with what a header says is left.
//! Each sleep is `1 + U(0, jitter)` times as long.
//!
//! Several calls of one slot sleep side by side, and the last one that ends is
//! remembered. A call grows from what is remembered while it goes on; the
//! library's threads grow from what was remembered when the call began, so that
//! threads which share a client without a pause between calls are clients of
//! their own.
//!
//! # Source
//!
//! `rate_throttle_client` 0.1.2 (R. Schneeman, Heroku):
//! `ExponentialIncreaseGradualDecrease`, `ExponentialIncreaseProportionalDecrease`,
//! `ExponentialIncreaseProportionalRemainingDecrease`, and `Base#jitter`. Its
//! `ExponentialBackoff` sleeps only after refusals: that is a schedule.

use super::super::classify::Kinds;
use super::machine::{Ask, Machine, Told, Turn};
use crate::http::{Answer, HeaderId};
use crate::rng::{Purpose, unit};
use crate::time::Span;

/// A sleep before each attempt; all spans are in seconds.
#[derive(Clone, PartialEq, Debug)]
pub struct AdaptiveSleep {
    /// What is slept at first: `starting_sleep_for`.
    pub initial: f64,
    /// What a refusal adds: `min_sleep`.
    pub step: f64,
    /// What it multiplies by after that: `multiplier`.
    pub factor: f64,
    /// What a success takes off.
    pub decrease: Decrease,
    /// A sleep is longer by up to this share of it.
    pub jitter: f64,
    /// Which answers are refusals.
    pub on: Kinds,
}

/// What a success takes off the sleep.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Decrease {
    /// A fixed span in seconds.
    Gradual(f64),
    /// One part in so many.
    Proportional(f64),
    /// So many parts in so many as the header says are left; none where the
    /// API sends no such header.
    ProportionalRemaining {
        /// The parts in all.
        divisor: f64,
        /// How many are left.
        remaining: Option<HeaderId>,
    },
}

impl AdaptiveSleep {
    /// The sleep that a call goes on with after so many refusals.
    fn grown(&self, sleep: f64, refusals: u32) -> f64 {
        (0..refusals).fold(sleep, |sleep, _| (sleep + self.step) * self.factor)
    }

    fn taken_off(&self, sleep: f64, told: &Told<'_>) -> f64 {
        match self.decrease {
            Decrease::Gradual(span) => span,
            Decrease::Proportional(divisor) => sleep / divisor,
            Decrease::ProportionalRemaining { divisor, remaining } => {
                let left = remaining.and_then(|id| told.headers.get(id)?.as_count());
                sleep * left.unwrap_or(0) as f64 / divisor
            }
        }
    }
}

impl Machine for AdaptiveSleep {
    /// The sleep that the next call begins with.
    type State = f64;

    fn fresh(&self) -> f64 {
        self.initial
    }

    fn turn(&self, sleep: &mut f64, ask: &Ask) -> Turn {
        let sleep = match ask.attempts.checked_sub(1) {
            None => *sleep,
            Some(before) => self.grown(*sleep, before) + self.step,
        };
        let draw = unit(ask.key.draw(Purpose::Pace, u64::from(ask.attempts)));
        ask.turn_at(ask.now.after(Span::from_secs_f64(sleep + sleep * (draw * self.jitter))))
    }

    fn learn(&self, sleep: &mut f64, told: &Told<'_>) {
        let refused = self.on.contain(told.answer, told.headers);
        // An error of the connection leaves the library's method on its way.
        if refused || !matches!(told.answer, Answer::Status(_)) {
            return;
        }
        let local = self.grown(*sleep, told.attempts.saturating_sub(1));
        let off = self.taken_off(local, told);
        *sleep = if local >= off { local - off } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Kind;
    use crate::http::{Headers, Value};
    use crate::time::{Instant, SECOND};

    fn strategy(decrease: Decrease) -> AdaptiveSleep {
        let on = Kinds(vec![Kind::Status(429)]);
        AdaptiveSleep { initial: 0.0, step: 0.8, factor: 1.2, decrease, jitter: 0.0, on }
    }

    const NOW: Instant = Instant(SECOND);

    fn slept(strategy: &AdaptiveSleep, sleep: &mut f64, attempts: u32) -> u64 {
        match strategy.turn(sleep, &Ask { attempts, ..Ask::at(NOW) }) {
            Turn::At(at) => at.since(NOW).0 / 1_000_000,
            _ => 0,
        }
    }

    fn told(attempts: u32, status: u16) -> Told<'static> {
        Told { attempts, ..Told::status(NOW, status) }
    }

    /// By hand from the library's loop: refused twice, then served.
    #[test]
    fn a_call_sleeps_longer_with_each_refusal() {
        let gradual = strategy(Decrease::Gradual(0.8));
        let mut sleep = gradual.fresh();
        assert_eq!(slept(&gradual, &mut sleep, 0), 0);
        gradual.learn(&mut sleep, &told(1, 429));
        assert_eq!(slept(&gradual, &mut sleep, 1), 800);
        gradual.learn(&mut sleep, &told(2, 429));
        // (0 + 0.8) * 1.2 + 0.8
        assert_eq!(slept(&gradual, &mut sleep, 2), 1_760);
        gradual.learn(&mut sleep, &told(3, 200));
        // 1.76 * 1.2 - 0.8
        assert_eq!(slept(&gradual, &mut sleep, 0), 1_312);
        gradual.learn(&mut sleep, &told(1, 200));
        gradual.learn(&mut sleep, &told(1, 200));
        assert_eq!(slept(&gradual, &mut sleep, 0), 0);
    }

    #[test]
    fn a_success_takes_off_its_part_or_the_part_that_is_left() {
        let proportional = strategy(Decrease::Proportional(4500.0));
        let mut sleep = 9.0;
        proportional.learn(&mut sleep, &told(1, 200));
        assert_eq!(slept(&proportional, &mut sleep, 0), 8_998);
        let remaining = Some(HeaderId(2));
        let by_rest = strategy(Decrease::ProportionalRemaining { divisor: 4500.0, remaining });
        let mut headers = Headers::NONE;
        headers.set(HeaderId(2), Value::Integer(450));
        let mut sleep = 9.0;
        by_rest.learn(&mut sleep, &told(1, 200));
        assert_eq!(slept(&by_rest, &mut sleep, 0), 9_000);
        by_rest.learn(&mut sleep, &Told { headers: &headers, ..told(1, 200) });
        assert_eq!(slept(&by_rest, &mut sleep, 0), 8_100);
    }

    #[test]
    fn the_jitter_is_up_to_a_tenth_and_drawn_anew_for_each_attempt() {
        let jittered = AdaptiveSleep { jitter: 0.1, ..strategy(Decrease::Proportional(4500.0)) };
        let mut sleep = 10.0;
        let sleeps: Vec<u64> = (0..50)
            .map(|attempts| {
                let base = slept(&strategy(jittered.decrease), &mut sleep, attempts);
                slept(&jittered, &mut sleep, attempts) * 1_000 / base.max(1)
            })
            .collect();
        assert!(sleeps.iter().all(|permille| (1_000..=1_100).contains(permille)), "{sleeps:?}");
        assert!(sleeps.iter().any(|permille| *permille > 1_080), "{sleeps:?}");
        assert!(sleeps.iter().any(|permille| *permille < 1_020), "{sleeps:?}");
    }
}
