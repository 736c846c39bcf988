//! Distributions of spans, sampled by inverse transform from one draw.
//!
//! One draw a sample keeps common random numbers monotone: a longer mean makes
//! every sample longer. Only `libm` is used, because the platform's own `ln`
//! and `exp` differ in the last bit and so would every result.

mod exponential;

use crate::rng::{self, Key, Purpose};
use crate::time::Span;

/// A distribution of spans.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Dist {
    /// Always the same.
    Constant(Span),
    /// Equally likely between the two.
    Uniform(Span, Span),
    /// Memoryless, with this mean.
    Exponential(Span),
    /// The exponential of a normal: parameters of its logarithm in ns.
    LogNormal {
        /// Mean of the logarithm of the nanoseconds.
        mu: f64,
        /// Standard deviation of that logarithm.
        sigma: f64,
    },
    /// Bell-shaped, cut off at zero.
    Normal {
        /// Mean before the cut.
        mean: Span,
        /// Standard deviation before the cut.
        sd: Span,
    },
}

impl Dist {
    /// No time at all.
    pub const ZERO: Dist = Dist::Constant(Span::ZERO);

    /// A log-normal of the given mean and coefficient of variation (sd / mean).
    #[must_use]
    pub fn log_normal(mean: Span, cv: f64) -> Dist {
        let variance = libm::log(1.0 + cv * cv);
        Dist::LogNormal {
            mu: libm::log(mean.0 as f64) - variance / 2.0,
            sigma: libm::sqrt(variance),
        }
    }

    /// The span at these 64 uniform bits, rounded to the nanosecond.
    #[must_use]
    #[inline(always)]
    #[allow(clippy::inline_always)] // the most common laws are a few instructions
    pub fn sample(&self, bits: u64) -> Span {
        match *self {
            Dist::Constant(span) => span,
            Dist::Uniform(low, high) => Span(low.0 + scale(high.0 - low.0, bits)),
            Dist::Exponential(mean) => exponential::sample(mean, bits),
            Dist::LogNormal { mu, sigma } => log_normal(mu, sigma, bits),
            Dist::Normal { mean, sd } => bell(mean, sd, bits),
        }
    }

    /// The span of draw number `index` of an entity for `purpose`; one that is
    /// always the same draws nothing.
    #[must_use]
    #[inline(always)]
    #[allow(clippy::inline_always)] // most ways have one length, or none
    pub fn draw(&self, key: Key, purpose: Purpose, index: u64) -> Span {
        match self {
            Dist::Constant(span) => *span,
            _ => self.drawn(key, purpose, index),
        }
    }

    /// Apart, it leaves the way of what is always the same short.
    #[inline(never)]
    fn drawn(&self, key: Key, purpose: Purpose, index: u64) -> Span {
        self.sample(key.draw(purpose, index))
    }

    /// The mean span, as it was asked for (a normal's before its cut at zero).
    #[must_use]
    pub fn mean(&self) -> Span {
        match *self {
            Dist::Constant(span) => span,
            Dist::Uniform(low, high) => Span(low.0 + (high.0 - low.0) / 2),
            Dist::Exponential(mean) | Dist::Normal { mean, .. } => mean,
            Dist::LogNormal { mu, sigma } => Span::from_ns_f64(libm::exp(mu + sigma * sigma / 2.0)),
        }
    }
}

#[inline(never)]
fn log_normal(mu: f64, sigma: f64, bits: u64) -> Span {
    Span::from_ns_f64(libm::exp(mu + sigma * normal(rng::unit(bits))))
}

#[inline(never)]
fn bell(mean: Span, sd: Span, bits: u64) -> Span {
    Span::from_ns_f64(mean.0 as f64 + sd.0 as f64 * normal(rng::unit(bits)))
}

/// `width * bits / 2^64`, exactly, rounded down.
#[allow(clippy::cast_possible_truncation)] // the product shifted by 64 bits fits
fn scale(width: u64, bits: u64) -> u64 {
    ((u128::from(width) * u128::from(bits)) >> 64) as u64
}

/// Numerator and denominator of a rational function, constant terms first.
type Rational = ([f64; 8], [f64; 8]);

/// The standard normal's quantile at `p` in (0, 1): Wichura's AS 241 (PPND16),
/// Applied Statistics 37 (1988), relative error about 1e-16.
pub(crate) fn normal(p: f64) -> f64 {
    let ratio = |(top, bottom): &Rational, r: f64| {
        let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * r + c);
        horner(top) / horner(bottom)
    };
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(&CENTRE, 0.180_625 - q * q);
    }
    let r = libm::sqrt(-libm::log(if q < 0.0 { p } else { 1.0 - p }));
    let tail = if r <= 5.0 { ratio(&TAIL, r - 1.6) } else { ratio(&FAR, r - 5.0) };
    if q < 0.0 { -tail } else { tail }
}

// The coefficients of AS 241 as published: the centre, the tails, the far tails.
#[allow(clippy::excessive_precision)]
const CENTRE: Rational = (
    [
        3.387_132_872_796_366_608_0,
        133.141_667_891_784_377_45,
        1_971.590_950_306_551_442_7,
        13_731.693_765_509_461_125,
        45_921.953_931_549_871_457,
        67_265.770_927_008_700_853,
        33_430.575_583_588_128_105,
        2_509.080_928_730_122_672_7,
    ],
    [
        1.0,
        42.313_330_701_600_911_252,
        687.187_007_492_057_908_30,
        5_394.196_021_424_751_107_7,
        21_213.794_301_586_595_867,
        39_307.895_800_092_710_610,
        28_729.085_735_721_942_674,
        5_226.495_278_852_854_561_0,
    ],
);
#[allow(clippy::excessive_precision)]
const TAIL: Rational = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_90,
        5.769_497_221_460_691_405_50,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        0.241_780_725_177_450_611_770,
        0.022_723_844_989_269_184_483_0,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_40,
        0.689_767_334_985_100_004_550,
        0.148_103_976_427_480_074_590,
        0.015_198_666_563_616_457_196_6,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);
#[allow(clippy::excessive_precision)]
const FAR: Rational = (
    [
        6.657_904_643_501_103_777_20,
        5.463_784_911_164_114_369_90,
        1.784_826_539_917_291_335_80,
        0.296_560_571_828_504_891_230,
        0.026_532_189_526_576_123_093_0,
        0.001_242_660_947_388_078_438_60,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        0.599_832_206_555_887_937_690,
        0.136_929_880_922_735_805_310,
        0.014_875_361_290_850_615_025_0,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::Distribution;
    use statrs::distribution::{ContinuousCDF, Normal};

    /// The largest gap between two empirical distribution functions (Kolmogorov-Smirnov).
    fn distance(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
        a.sort_by(f64::total_cmp);
        b.sort_by(f64::total_cmp);
        let below = |v: &[f64], x: f64| v.partition_point(|y| *y <= x) as f64 / v.len() as f64;
        a.iter().map(|&x| (below(&a, x) - below(&b, x)).abs()).fold(0.0, f64::max)
    }

    fn ours(dist: Dist) -> Vec<f64> {
        let key = Key::run(7, 0);
        (0..40_000).map(|i| dist.sample(key.draw(Purpose::Service, i)).as_secs_f64()).collect()
    }

    fn theirs(dist: impl Distribution<f64>) -> Vec<f64> {
        let mut draws = Key::run(8, 0).draws(Purpose::Service, 0);
        (0..40_000).map(|_| dist.sample(&mut draws)).collect()
    }

    /// 1.95 / sqrt(n/2): the two-sample bound at 1 in 1,000 for n = 40,000.
    const BOUND: f64 = 0.0138;

    #[test]
    fn samplers_agree_with_rand_distr() {
        let s = Span::seconds(2);
        let exponential = theirs(rand_distr::Exp::new(0.5).unwrap());
        assert!(distance(ours(Dist::Exponential(s)), exponential.clone()) < BOUND);
        let log_normal = theirs(rand_distr::LogNormal::from_mean_cv(2.0, 1.5).unwrap());
        assert!(distance(ours(Dist::log_normal(s, 1.5)), log_normal.clone()) < BOUND);
        let normal = theirs(rand_distr::Normal::new(2.0, 0.25).unwrap());
        let bell = Dist::Normal { mean: s, sd: Span::millis(250) };
        assert!(distance(ours(bell), normal) < BOUND);
        // The harness must see a wrong law, or it proves nothing.
        assert!(distance(ours(Dist::Exponential(Span::millis(2_100))), exponential) > BOUND);
        assert!(distance(ours(Dist::log_normal(s, 1.6)), log_normal) > BOUND);
    }

    #[test]
    fn the_normal_quantile_is_exact() {
        let reference = Normal::standard();
        for p in [1e-12, 1e-6, 0.01, 0.07, 0.3, 0.5, 0.9, 0.999, 1.0 - 1e-9] {
            let back = reference.cdf(normal(p));
            assert!((back - p).abs() <= 1e-10 * p.max(1e-3), "{p}: {back}");
        }
    }

    #[test]
    fn means_are_as_asked() {
        for dist in [
            Dist::Constant(Span::seconds(2)),
            Dist::Uniform(Span::seconds(1), Span::seconds(3)),
            Dist::Exponential(Span::seconds(2)),
            Dist::log_normal(Span::seconds(2), 0.8),
        ] {
            let sample = ours(dist);
            let mean = sample.iter().sum::<f64>() / sample.len() as f64;
            assert!((mean - 2.0).abs() < 0.04, "{dist:?}: {mean}");
            assert!((dist.mean().as_secs_f64() - 2.0).abs() < 1e-6);
        }
    }

    /// The first samples, pinned: a changed bit here changes every result.
    #[test]
    fn samples_are_pinned() {
        let key = Key::run(0, 0);
        let sample = |dist: Dist| dist.sample(key.draw(Purpose::Service, 0)).0;
        let dists = [
            Dist::Uniform(Span::ZERO, Span::seconds(1)),
            Dist::Exponential(Span::seconds(1)),
            Dist::log_normal(Span::seconds(1), 1.0),
            Dist::Normal { mean: Span::seconds(1), sd: Span::millis(100) },
        ];
        assert_eq!(dists.map(sample), [777_489_651, 251_684_944, 1_335_470_638, 1_076_374_252]);
    }
}
