//! Open arrivals: when a client's next session starts, whatever became of the last.

use crate::dist::Dist;
use crate::rng;
use crate::time::{Instant, Rate, Span};

/// When sessions start.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// At random, independently, at this rate (Poisson).
    Poisson {
        /// For each client.
        rate: Rate,
    },
    /// Poisson with a rate that changes by the step and then repeats: a daily curve.
    Curve {
        /// One a step; `None` where nothing starts.
        rates: Vec<Option<Rate>>,
        /// How long each holds.
        step: Span,
    },
    /// So many at one instant.
    Burst {
        /// After the run's start.
        at: Span,
        /// How many for each client.
        calls: u32,
    },
    /// Every so often.
    Poll {
        /// Between two starts.
        every: Span,
        /// Whether the clients start spread over one interval, rather than together.
        staggered: bool,
    },
    /// Once, at a random time after the run's start.
    Once {
        /// That time.
        at: Dist,
    },
}

/// Which session of whom.
#[derive(Clone, Copy, Debug)]
pub struct Nth {
    /// The session's number, from 0.
    pub session: u64,
    /// The client's number in its population.
    pub client: u32,
    /// How many clients there are.
    pub clients: u32,
}

impl Arrivals {
    /// When session number `nth` starts, after the last one at `last` (or the
    /// run's start); `bits` are 64 uniform bits. `None` when there is no other.
    #[must_use]
    pub fn next(&self, start: Instant, last: Instant, nth: Nth, bits: u64) -> Option<Instant> {
        match self {
            Arrivals::Poisson { rate } => {
                let events = -libm::log(rng::unit(bits));
                Some(last.after(Span::from_secs_f64(events / rate.per_second())))
            }
            Arrivals::Curve { rates, step } => curve(rates, *step, start, last, bits),
            Arrivals::Burst { at, calls } => {
                (nth.session < u64::from(*calls)).then(|| start.after(*at))
            }
            Arrivals::Poll { every, staggered } => {
                let share =
                    u128::from(every.0) * u128::from(nth.client) / u128::from(nth.clients.max(1));
                let phase = if *staggered { u64::try_from(share).unwrap_or(0) } else { 0 };
                Some(start.after(Span(phase)).after(every.times(nth.session)))
            }
            Arrivals::Once { at } => (nth.session == 0).then(|| start.after(at.sample(bits))),
        }
    }
}

/// Inverts the cumulative rate: one exponential is spent step by step.
fn curve(
    rates: &[Option<Rate>],
    step: Span,
    start: Instant,
    last: Instant,
    bits: u64,
) -> Option<Instant> {
    let mut events = -libm::log(rng::unit(bits));
    let mut now = last;
    // Each round either ends or spends a whole step; a curve of silence ends too.
    for _ in 0..100_000 {
        let since = now.since(start).0;
        let index = usize::try_from(since / step.0).ok()? % rates.len();
        let end = start.after(Span((since / step.0 + 1) * step.0));
        if let Some(rate) = rates[index] {
            let then = now.after(Span::from_secs_f64(events / rate.per_second()));
            if then < end {
                return Some(then);
            }
            events -= end.since(now).as_secs_f64() * rate.per_second();
        }
        now = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use crate::time::SECOND;

    fn starts(arrivals: &Arrivals, count: u64) -> Vec<u64> {
        let key = Key::run(3, 0);
        let mut last = Instant(0);
        let mut all = vec![];
        for session in 0..count {
            let nth = Nth { session, client: 1, clients: 4 };
            let Some(at) =
                arrivals.next(Instant(0), last, nth, key.draw(Purpose::Arrival, session))
            else {
                break;
            };
            all.push(at.0);
            last = at;
        }
        all
    }

    #[test]
    fn a_curve_keeps_its_rates() {
        let rates = ["1/s", "10/s"].map(|rate| rate.parse().ok());
        let rates = rates.into_iter().chain([None]).collect();
        let curve = Arrivals::Curve { rates, step: Span::seconds(1_000) };
        let all = starts(&curve, 22_000);
        let within = |from: u64, to: u64| {
            all.iter().filter(|t| (from * SECOND..to * SECOND).contains(t)).count() as f64
        };
        assert!((within(0, 1_000) - 1_000.0).abs() < 4.0 * 32.0);
        assert!((within(1_000, 2_000) - 10_000.0).abs() < 4.0 * 100.0);
        assert!(within(2_000, 3_000) < 1.0);
        assert!((within(4_000, 5_000) - 10_000.0).abs() < 4.0 * 100.0);
    }

    #[test]
    fn polls_are_together_or_staggered() {
        let poll = |staggered| Arrivals::Poll { every: Span::seconds(60), staggered };
        assert_eq!(starts(&poll(false), 2), [0, 60 * SECOND]);
        assert_eq!(starts(&poll(true), 2), [15 * SECOND, 75 * SECOND]);
    }

    #[test]
    fn a_burst_ends() {
        let burst = Arrivals::Burst { at: Span::seconds(5), calls: 3 };
        assert_eq!(starts(&burst, 9), [5 * SECOND; 3]);
        let once = Arrivals::Once { at: Dist::Constant(Span::seconds(2)) };
        assert_eq!(starts(&once, 9), [2 * SECOND]);
    }
}
