//! The wait before each retry, before jitter.

use serde::Deserialize;

use crate::rng;
use crate::time::{SECOND, Span};

/// The wait before retry i, where the first retry is i = 1.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// At once.
    Zero,
    /// Always the same.
    Fixed(Span),
    /// One by one; the last repeats.
    List(Vec<Span>),
    /// `min(cap, first + (i-1) * step)`.
    Linear {
        /// The first wait.
        first: Span,
        /// How much longer each is.
        step: Span,
        /// The longest wait.
        #[serde(default = "never")]
        cap: Span,
    },
    /// `min(cap, unit * i^exponent)`.
    Power {
        /// The first wait.
        unit: Span,
        /// 2 for squares.
        exponent: u32,
        /// The longest wait.
        #[serde(default = "never")]
        cap: Span,
    },
    /// `min(cap, factor * unit * base^i)`: tokio-retry's, which is no doubling.
    SelfPower {
        /// What is multiplied by itself.
        base: u64,
        /// What it counts.
        unit: Span,
        /// What each is multiplied by.
        #[serde(default = "once")]
        factor: u64,
        /// The longest wait.
        #[serde(default = "never")]
        cap: Span,
    },
    /// `min(cap, factor * unit * fib(i))`: 1, 1, 2, 3, 5 ...
    Fibonacci(Fibonacci),
    /// `clamp(base * factor^(i-1+shift), floor, cap)`.
    Exponential(Exponential),
    /// `i` times uniform in `[low, high)`: go-retryablehttp's linear jitter.
    LinearUniform {
        /// At least.
        low: Span,
        /// Less than.
        high: Span,
    },
    /// `min(cap, uniform in [base, 3 * the last wait))`, where the wait before
    /// the first is `base`: AWS, "Exponential Backoff and Jitter" (2015).
    Decorrelated {
        /// At least.
        base: Span,
        /// The longest wait.
        #[serde(default = "never")]
        cap: Span,
    },
    /// `start`, then uniform in `[0, 2^(i-1) * the last wait)`; where that would
    /// reach `cap`, `cap` for good: Finagle's `exponentialJittered`.
    ChainedExponential {
        /// The first.
        start: Span,
        /// The longest.
        #[serde(default = "never")]
        cap: Span,
    },
    /// `start`, then uniform in `[the last wait, min(cap, 3 * the last wait))`:
    /// Finagle's `decorrelatedJittered`.
    ChainedDecorrelated {
        /// The first.
        start: Span,
        /// The longest.
        #[serde(default = "never")]
        cap: Span,
    },
    /// Polly's `DecorrelatedJitterBackoffV2`: differences of
    /// `f(t) = 2^t tanh(sqrt(4t))` at `t = i - 1 + u`, times `base / 1.4`.
    Polly {
        /// About the first wait.
        base: Span,
        /// The longest wait; the sum behind it goes on beyond.
        #[serde(default = "never")]
        cap: Span,
    },
}

/// `clamp(base * factor^(i-1+shift), floor, cap)`.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exponential {
    /// The first wait.
    pub base: Span,
    /// What each wait is multiplied by.
    #[serde(default = "two")]
    pub factor: f64,
    /// The longest wait.
    #[serde(default = "never")]
    pub cap: Span,
    /// The shortest wait.
    #[serde(default)]
    pub floor: Span,
    /// How many steps ahead of the first it begins; below 0: the first repeats.
    #[serde(default)]
    pub shift: i32,
    /// In place of the first wait. Zero is at once and no jitter makes it later:
    /// urllib3's.
    #[serde(default)]
    pub first: Option<Span>,
    /// Each wait is cut to a whole multiple of this before the next is made of it.
    #[serde(default)]
    pub truncate: Option<Span>,
}

impl Exponential {
    /// From `base`, doubled, without bounds.
    #[must_use]
    pub const fn doubling(base: Span, cap: Span) -> Exponential {
        let floor = Span::ZERO;
        Exponential { base, factor: 2.0, cap, floor, shift: 0, first: None, truncate: None }
    }

    fn wait(&self, retry: u32) -> Span {
        if let (1, Some(first)) = (retry, self.first) {
            return first;
        }
        let steps = i64::from(retry) - 1 + i64::from(self.shift);
        let wait = match self.truncate {
            None => Span::from_secs_f64(self.grown(self.base.as_secs_f64(), steps, SECOND, |s| s)),
            // Counted in units, as the library counts them: 100 ms times 1.15 are
            // 114 ms there, of which seconds would make 115.
            Some(unit) => {
                let count = (self.base.0 / unit.0.max(1)) as f64;
                let count = self.grown(count, steps, unit.0.max(1), libm::trunc);
                unit.times(as_count(count))
            }
        };
        wait.max(self.floor).min(self.cap)
    }

    /// So many steps on, in units of so many nanoseconds.
    fn grown(&self, from: f64, steps: i64, unit: u64, cut: impl Fn(f64) -> f64) -> f64 {
        let (mut count, cap) = (from, self.cap.0 as f64 / unit as f64);
        for _ in steps..0 {
            count = cut(count / self.factor);
        }
        for _ in 0..steps.min(STEPS_MAX) {
            if count >= cap {
                break;
            }
            count = cut(count * self.factor);
        }
        count
    }
}

/// A count that is whole and not negative; it saturates.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
fn as_count(whole: f64) -> u64 {
    whole as u64
}

/// Each the sum of the two before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fibonacci {
    /// The first two.
    pub unit: Span,
    /// What each is multiplied by.
    #[serde(default = "once")]
    pub factor: u64,
    /// The longest.
    #[serde(default = "never")]
    pub cap: Span,
    /// One as long as this is the last that grows; it may be longer.
    #[serde(default = "never")]
    pub until: Span,
}

impl Fibonacci {
    fn wait(&self, retry: u32) -> Span {
        let (mut this, mut next) = (1_u64, 1_u64);
        for _ in 1..retry.min(100) {
            if self.unit.times(this) >= self.until {
                break;
            }
            (this, next) = (next, this.saturating_add(next));
        }
        self.unit.times(this).times(self.factor).min(self.cap)
    }
}

fn never() -> Span {
    Span::NEVER
}

fn once() -> u64 {
    1
}

fn two() -> f64 {
    2.0
}

/// By then every growing wait has saturated.
const STEPS_MAX: i64 = 1_000;

impl Schedule {
    /// The wait before retry number `retry`, from 1, for these 64 uniform bits.
    /// `carried` is what one wait hands on to the next of its call, 0 before the
    /// first.
    #[must_use]
    pub fn wait(&self, retry: u32, bits: u64, carried: &mut f64) -> Span {
        match self {
            Schedule::Zero => Span::ZERO,
            Schedule::Fixed(span) => *span,
            Schedule::List(waits) => {
                let place = (retry as usize).min(waits.len()).saturating_sub(1);
                waits.get(place).copied().unwrap_or_default()
            }
            Schedule::Linear { first, step, cap } => {
                first.plus(step.times(u64::from(retry.saturating_sub(1)))).min(*cap)
            }
            Schedule::Power { unit, exponent, cap } => {
                unit.times(u64::from(retry).saturating_pow(*exponent)).min(*cap)
            }
            Schedule::SelfPower { base, unit, factor, cap } => {
                unit.times(base.saturating_pow(retry)).times(*factor).min(*cap)
            }
            Schedule::Fibonacci(fibonacci) => fibonacci.wait(retry),
            Schedule::Exponential(exponential) => exponential.wait(retry),
            Schedule::LinearUniform { low, high } => {
                uniform(*low, *high, bits).times(u64::from(retry))
            }
            Schedule::Decorrelated { base, cap } => {
                let last = if retry <= 1 { *base } else { Span::from_secs_f64(*carried) };
                let wait = uniform(*base, last.times(3).max(*base), bits).min(*cap);
                *carried = wait.as_secs_f64();
                wait
            }
            Schedule::ChainedExponential { start, cap } => {
                let most =
                    Span::from_secs_f64(*carried).times(1 << retry.saturating_sub(1).min(62));
                let wait = match retry {
                    0 | 1 => *start,
                    _ if most >= *cap => *cap,
                    _ => uniform(Span::ZERO, most, bits),
                };
                *carried = wait.as_secs_f64();
                wait
            }
            Schedule::ChainedDecorrelated { start, cap } => {
                let last = Span::from_secs_f64(*carried);
                let wait = match retry {
                    0 | 1 => *start,
                    _ => uniform(last, last.times(3).min(*cap), bits),
                };
                *carried = wait.as_secs_f64();
                wait
            }
            Schedule::Polly { base, cap } => {
                let t = f64::from(retry.saturating_sub(1)) + rng::unit(bits);
                let sum = libm::exp2(t) * libm::tanh(libm::sqrt(4.0 * t));
                let last = if retry <= 1 { 0.0 } else { *carried };
                *carried = sum;
                Span::from_secs_f64((sum - last) / 1.4 * base.as_secs_f64()).min(*cap)
            }
        }
    }

    /// Whether jitter leaves this wait as it is.
    #[must_use]
    pub const fn is_plain(&self, retry: u32) -> bool {
        match self {
            Schedule::Exponential(Exponential { first: Some(first), .. }) => {
                retry == 1 && first.0 == 0
            }
            _ => false,
        }
    }

    /// Whether it draws by itself, so that the jitter has a draw of its own.
    #[must_use]
    pub const fn draws(&self) -> bool {
        matches!(
            self,
            Schedule::LinearUniform { .. }
                | Schedule::Decorrelated { .. }
                | Schedule::ChainedExponential { .. }
                | Schedule::ChainedDecorrelated { .. }
                | Schedule::Polly { .. }
        )
    }
}

/// Uniform in `[low, high)`.
fn uniform(low: Span, high: Span, bits: u64) -> Span {
    let width = high.as_secs_f64() - low.as_secs_f64();
    Span::from_secs_f64(low.as_secs_f64() + width * rng::unit(bits))
}

#[cfg(test)]
mod tests;
