//! The waits before each retry, whatever a policy's attempts, deadline and budget.

use crate::client::{Draw, Policy};
use crate::http::{Answer, Headers};
use crate::stats::quantile::quantile;

/// The wait before one retry, in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Row {
    /// Which retry, from 1.
    pub retry: u32,
    /// With every draw of this and the earlier waits at 0, 0.5 and 1 - 1e-12.
    pub fixed: [f64; 3],
    /// How many times it was drawn.
    pub draws: u32,
    /// The shortest.
    pub min: f64,
    /// The quantiles 0.05, 0.5 and 0.95.
    pub quantiles: [f64; 3],
    /// The longest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

/// 0, 0.5 and 1 - 1e-12 as 64 uniform bits.
pub const FIXED: [u64; 3] = [0, 1 << 63, u64::MAX - 18_446_744];

/// The waits of a policy's own retry loop after answers like this one, a row for
/// each retry; a response that asks for a wait is none of them.
#[must_use]
pub fn waits(policy: &Policy, answer: Answer, retries: u32, draws: u32) -> Vec<Row> {
    let fixed = FIXED.map(|bits| sequence(policy, answer, retries, |_| Draw::Fixed(bits)));
    let row = |(place, all): (usize, Vec<f64>)| {
        let at = |share| quantile(&all, share).unwrap_or(f64::NAN);
        Row {
            retry: u32::try_from(place + 1).expect("there are as many as were asked for"),
            fixed: fixed.each_ref().map(|waits| waits[place]),
            draws,
            min: at(0.0),
            quantiles: [0.05, 0.5, 0.95].map(at),
            max: at(1.0),
            mean: all.iter().sum::<f64>() / f64::from(draws),
        }
    };
    drawn(policy, answer, retries, draws).into_iter().enumerate().map(row).collect()
}

/// The waits before each retry of so many calls, in ascending order.
#[must_use]
pub fn drawn(policy: &Policy, answer: Answer, retries: u32, draws: u32) -> Vec<Vec<f64>> {
    let mut by_retry = vec![vec![]; retries as usize];
    for k in 0..u64::from(draws) {
        let key = super::key().member(k);
        let waits = sequence(policy, answer, retries, |retry| Draw::Of(key, u64::from(retry)));
        for (all, wait) in by_retry.iter_mut().zip(waits) {
            all.push(wait);
        }
    }
    for all in &mut by_retry {
        all.sort_by(f64::total_cmp);
    }
    by_retry
}

/// The waits of one call, one after the other, in seconds.
fn sequence(policy: &Policy, answer: Answer, retries: u32, draw: impl Fn(u32) -> Draw) -> Vec<f64> {
    let wait = policy.layers[0].wait_after(answer, &Headers::NONE);
    let mut carried = 0.0;
    let next = |retry| {
        let scheduled = wait.scheduled(retry, draw(retry), &mut carried);
        policy.timer.ticks(wait.settled(retry, scheduled, draw(retry))).as_secs_f64()
    };
    (1..=retries).map(next).collect()
}
