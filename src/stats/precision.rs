//! When an interval is narrow enough to stop adding replicates.
//!
//! To be within a share g of the truth, an interval's half-width may be at most
//! g / (1 + g) of the estimate (Law, Simulation Modeling and Analysis, 9.4.1):
//! the estimate itself may be too small by as much. Near zero no share of the
//! estimate is wide enough, so there an absolute half-width is asked for.

use super::interval::Estimate;

/// How narrow an interval is to be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Precision {
    /// The relative error that is allowed: 0.02 is 2 %.
    within: f64,
    /// Estimates below this size are held to the half-width that is allowed there.
    near_zero: f64,
}

impl Precision {
    /// Within a share of the estimate, which counts as `near_zero` at least.
    ///
    /// # Panics
    /// Unless both are above zero.
    #[must_use]
    pub fn new(within: f64, near_zero: f64) -> Precision {
        assert!(within > 0.0 && near_zero > 0.0, "{within} of {near_zero}");
        Precision { within, near_zero }
    }

    /// The half-width that is allowed at this estimate.
    #[must_use]
    pub fn allowed(&self, estimate: &Estimate) -> f64 {
        self.within / (1.0 + self.within) * estimate.mean.abs().max(self.near_zero)
    }

    /// How many times as wide as allowed an interval is; at most 1 when it is
    /// narrow enough. Infinite without an interval.
    #[must_use]
    pub fn excess(&self, estimate: &Estimate) -> f64 {
        if !estimate.has_interval() {
            return f64::INFINITY;
        }
        estimate.half_width() / self.allowed(estimate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::Method;

    fn about(mean: f64, half: f64) -> Estimate {
        Estimate { mean, low: mean - half, high: mean + half, method: Method::StudentT }
    }

    #[test]
    fn the_half_width_is_held_against_the_estimate_and_near_zero_against_itself() {
        let precision = Precision::new(0.25, 2.0);
        // 0.25 / 1.25 = a fifth.
        let (large, small) = (about(-10.0, 1.0), about(0.1, 1.0));
        assert_eq!((precision.allowed(&large), precision.allowed(&small)), (2.0, 0.4));
        let excess = |mean, half| precision.excess(&about(mean, half));
        assert_eq!((excess(10.0, 1.0), excess(-10.0, 4.0)), (0.5, 2.0));
        assert_eq!((excess(0.0, 0.4), excess(0.0, 0.0)), (1.0, 0.0));
        assert!(excess(1.0, f64::INFINITY).is_infinite());
        assert!(precision.excess(&Estimate::single(3.0)).is_infinite());
    }
}
