//! AWS adaptive: the send-rate limiter of the AWS SDKs' adaptive retry mode.
//!
//! It does nothing until the first refusal for throttling. From then on an
//! attempt takes a token, and answers move the rate at which tokens come along
//! CUBIC's curve: it falls at once, creeps back to where it failed, and beyond.
//!
//! # Formula
//!
//! The measured rate `m` changes with the first answer of a new half second of
//! the clock: `m = 0.8 * count / elapsed + 0.2 * m`. A throttled answer takes
//! `r = m`, or `min(m, fill)` once it is enabled, and sets `w_max = r`,
//! `k = (w_max * 0.3 / 0.4)^(1/3)`, `t_fail = now` and `rate = 0.7 * r`; every
//! other answer sets `rate = 0.4 * (now - t_fail - k)^3 + w_max`. Then tokens
//! come at `fill = max(0.5, min(rate, 2 m))` a second, and there can be
//! `max(1, min(rate, 2 m))` of them.
//!
//! # Source
//!
//! botocore 1.44.5, `retries/adaptive.py`, `throttling.py` and `bucket.py`, in
//! their order of operations. Times are floats of seconds there; here they
//! count from the whole second in which the client was made, at its first
//! attempt. There each waiter sleeps by itself and a new rate wakes one of them
//! up; here they stand in line, and the first of them hears of a new rate when
//! its own sleep ends.

use super::super::classify::Kinds;
use super::machine::{Ask, Machine, Told, Turn};
use crate::time::{Instant, SECOND, Span};

/// `_SCALE_CONSTANT`, `_BETA`, `_DEFAULT_SMOOTHING`, `_MIN_RATE` and
/// `_MAX_RATE_ADJUST_SCALE`.
const SCALE: f64 = 0.4;
const BETA: f64 = 0.7;
const SMOOTHING: f64 = 0.8;
const LEAST: f64 = 0.5;
const MOST: f64 = 2.0;

/// Half seconds in a second: `_TIME_BUCKET_RANGE`.
const BUCKETS: f64 = 2.0;

/// A sleep of a float may end a rounding error too early, for ever: a step of
/// the clock brings more than is missing.
const STEP: Span = Span(1_000);

/// The limiter; its numbers are constants of the SDKs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsCubic {
    /// Which answers say that there were too many.
    pub on: Kinds,
}

/// What a client's limiter knows; times in seconds, rates per second.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct CubicState {
    /// The whole second from which times count; none before the first attempt.
    origin: Option<Instant>,
    /// Whether it was throttled ever.
    pub enabled: bool,
    /// How fast answers came.
    pub measured_rate: f64,
    bucket: f64,
    count: u32,
    /// The rate at which it was throttled last.
    pub w_max: f64,
    /// How long after that the curve is back there.
    pub k: f64,
    last_fail: f64,
    /// How fast tokens come.
    pub fill_rate: f64,
    max_capacity: f64,
    capacity: f64,
    refilled: f64,
}

impl CubicState {
    /// The time, from the second in which the client was made.
    fn clock(&mut self, now: Instant) -> f64 {
        let origin = match self.origin {
            Some(origin) => origin,
            None => self.start(now),
        };
        now.since(origin).as_secs_f64()
    }

    /// The client is made: nothing measured, no token, one a second.
    fn start(&mut self, now: Instant) -> Instant {
        let origin = Instant(now.0 - now.0 % SECOND);
        let made = now.since(origin).as_secs_f64();
        *self = CubicState {
            origin: Some(origin),
            last_fail: made,
            refilled: made,
            fill_rate: 1.0,
            max_capacity: 1.0,
            ..CubicState::default()
        };
        origin
    }

    /// `RateClocker.record`.
    fn record(&mut self, time: f64) {
        let bucket = libm::floor(time * BUCKETS) / BUCKETS;
        self.count += 1;
        if bucket > self.bucket {
            let current = f64::from(self.count) / (bucket - self.bucket);
            self.measured_rate = current * SMOOTHING + self.measured_rate * (1.0 - SMOOTHING);
            self.count = 0;
            self.bucket = bucket;
        }
    }

    /// `CubicCalculator.success_received`.
    fn grown(&self, time: f64) -> f64 {
        SCALE * libm::pow(time - self.last_fail - self.k, 3.0) + self.w_max
    }

    /// `CubicCalculator.error_received`.
    fn fallen(&mut self, rate: f64, time: f64) -> f64 {
        self.w_max = rate;
        self.k = libm::pow(self.w_max * (1.0 - BETA) / SCALE, 1.0 / 3.0);
        self.last_fail = time;
        rate * BETA
    }

    /// `TokenBucket._refill`.
    fn refill(&mut self, time: f64) {
        let gained = (time - self.refilled) * self.fill_rate;
        self.capacity = (self.capacity + gained).min(self.max_capacity);
        self.refilled = time;
    }

    /// `TokenBucket.max_rate`: what came until now came at the old rate.
    fn set_rate(&mut self, time: f64, rate: f64) {
        self.refill(time);
        self.fill_rate = rate.max(LEAST);
        self.max_capacity = if rate >= 1.0 { rate } else { 1.0 };
        self.capacity = self.capacity.min(self.max_capacity);
    }
}

impl Machine for AwsCubic {
    type State = CubicState;

    fn fresh(&self) -> CubicState {
        CubicState::default()
    }

    fn turn(&self, state: &mut CubicState, ask: &Ask) -> Turn {
        let time = state.clock(ask.now);
        if !state.enabled {
            return Turn::Now;
        }
        state.refill(time);
        if state.capacity >= 1.0 {
            state.capacity -= 1.0;
            return Turn::Now;
        }
        let sleep = Span::from_secs_f64((1.0 - state.capacity) / state.fill_rate);
        Turn::Ask(ask.now.after(sleep.max(STEP)))
    }

    fn learn(&self, state: &mut CubicState, told: &Told<'_>) {
        let time = state.clock(told.now);
        state.record(time);
        let rate = if self.on.contain(told.answer, told.headers) {
            let measured = state.measured_rate;
            let sent = if state.enabled { measured.min(state.fill_rate) } else { measured };
            state.enabled = true;
            state.fallen(sent, time)
        } else {
            state.grown(time)
        };
        state.set_rate(time, rate.min(MOST * state.measured_rate));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Kind;

    fn throttle() -> AwsCubic {
        AwsCubic { on: Kinds(vec![Kind::Status(429)]) }
    }

    #[test]
    fn before_anything_is_measured_a_refusal_leaves_one_in_two_seconds() {
        let cubic = throttle();
        let mut state = cubic.fresh();
        let start = Instant(1_000 * SECOND);
        assert_eq!(cubic.turn(&mut state, &Ask::at(start)), Turn::Now);
        cubic.learn(&mut state, &Told::status(start, 429));
        assert_eq!((state.enabled, state.fill_rate), (true, 0.5));
        let first = start.after(Span::seconds(2));
        assert_eq!(cubic.turn(&mut state, &Ask::at(start)), Turn::Ask(first));
        assert_eq!(cubic.turn(&mut state, &Ask::at(first)), Turn::Now);
    }

    /// However the floats are rounded, a waiter that asks again when it is told
    /// to has its token after a step or two.
    #[test]
    fn no_waiter_asks_for_ever() {
        let cubic = throttle();
        for n in 1..2_000 {
            let mut state = cubic.fresh();
            let start = Instant(SECOND * 3 / 7 * n);
            cubic.turn(&mut state, &Ask::at(start));
            cubic.learn(&mut state, &Told::status(start, 429));
            state.fill_rate = 0.5 + n as f64 / 7.0;
            let mut now = start;
            let mut asked = 0;
            while let Turn::Ask(at) = cubic.turn(&mut state, &Ask::at(now)) {
                assert!(at >= now.after(STEP));
                now = at;
                asked += 1;
            }
            assert!(asked <= 2, "asked {asked} times at {}", state.fill_rate);
        }
    }
}
