//! A ratio of gamma functions half a step apart.

/// From here on four terms of the series are exact to the last bit of a double.
const SERIES_FROM: f64 = 32.0;

/// Γ(x + ½) / Γ(x) for x > 0, to about 1e-14 of its value at any size of x.
///
/// The difference of two `lgamma` would lose all that their size has over their
/// difference: nine digits at x = 1e6. Here a small x is lifted by the
/// recurrence of the ratio, and a large one takes its series in x − ¼, whose
/// odd terms vanish.
pub(super) fn half_step_ratio(x: f64) -> f64 {
    let (mut x, mut factor) = (x, 1.0);
    while x < SERIES_FROM {
        factor *= x / (x + 0.5);
        x += 1.0;
    }
    let centre = x - 0.25;
    let u = 1.0 / (centre * centre);
    let terms = [-174_317.0 / 134_217_728.0, 631.0 / 524_288.0, -19.0 / 8_192.0, 1.0 / 64.0, 1.0];
    let series = terms.iter().fold(0.0, |sum, term| sum * u + term);
    factor * centre.sqrt() * series
}

#[cfg(test)]
mod tests {
    use super::super::golden::assert_close;
    use super::*;

    #[test]
    fn whole_and_half_arguments_have_closed_forms() {
        let root_pi = std::f64::consts::PI.sqrt();
        assert_close(half_step_ratio(0.5), 1.0 / root_pi, 1e-14);
        assert_close(half_step_ratio(1.0), root_pi / 2.0, 1e-14);
        assert_close(half_step_ratio(1.5), 2.0 / root_pi, 1e-14);
        assert_close(half_step_ratio(2.0), root_pi * 3.0 / 4.0, 1e-14);
    }

    #[test]
    fn the_series_meets_the_gamma_function() {
        for x in [0.1, 3.7, 31.9, 32.0, 32.1, 80.0] {
            assert_close(half_step_ratio(x), libm::tgamma(x + 0.5) / libm::tgamma(x), 2e-14);
        }
    }

    #[test]
    fn two_half_steps_are_a_whole_one() {
        // Γ(x + 1) / Γ(x) = x, which holds where no gamma function fits a double.
        for x in [0.3, 7.0, 250.0, 1e6, 1e12] {
            assert_close(half_step_ratio(x) * half_step_ratio(x + 0.5), x, 4e-14);
        }
    }
}
