//! Laws whose truth is known, to draw from.

/// `SplitMix64`, of which all draws are made: other code than the crate's own.
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(seed: u64) -> Draws {
        Draws(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.uniform())
    }

    pub(super) fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.uniform())
    }

    /// How many arrivals of rate 1 come within `mean`.
    fn poisson(&mut self, mean: f64) -> u32 {
        let (mut count, mut at) = (0, self.exponential());
        while at < mean {
            count += 1;
            at += self.exponential();
        }
        count
    }
}

/// What came to a run of windows, and what each of two quotas refused of it.
pub(super) struct Windows {
    pub(super) calls: f64,
    pub(super) refused: [f64; 2],
}

/// So many windows of a mean number of Poisson arrivals.
pub(super) fn window(draws: &mut Draws, windows: usize, mean: f64, quotas: [u32; 2]) -> Windows {
    let mut run = Windows { calls: 0.0, refused: [0.0; 2] };
    for _ in 0..windows {
        let count = draws.poisson(mean);
        run.calls += f64::from(count);
        for (refused, quota) in run.refused.iter_mut().zip(quotas) {
            *refused += f64::from(count.saturating_sub(quota));
        }
    }
    run
}

/// E max(N - quota, 0) / E N of a Poisson number N: what a fixed window refuses
/// of Poisson arrivals.
pub(super) fn window_share(mean: f64, quota: u32) -> f64 {
    let (mut chance, mut refused) = (libm::exp(-mean), 0.0);
    for count in 1..200_u32 {
        chance *= mean / f64::from(count);
        refused += chance * f64::from(count.saturating_sub(quota));
    }
    refused / mean
}

/// A series around 10 that keeps half of its distance at each step, after a
/// start that is so much too high and falls by e in 40 steps.
pub(super) fn autoregressive(draws: &mut Draws, length: usize, start: f64) -> Vec<f64> {
    // Its own deviation, so that it is steady from the first.
    let mut off = draws.normal() / 0.75_f64.sqrt();
    let value = |step: usize| {
        let value = 10.0 + off + start * libm::exp(-(step as f64) / 40.0);
        off = 0.5 * off + draws.normal();
        value
    };
    (0..length).map(value).collect()
}
