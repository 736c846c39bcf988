//! What was measured, as it is said: with as many figures as are known.

use crate::experiment::tune::{Knob, Place};
use crate::metric::{Level, Metric, Subject, Unit};
use crate::report::number::{Quantity, decimal};
use crate::report::text::visible;
use crate::stats::interval::Estimate;

/// The value with its interval: `8.57 ±0.21 %`.
pub(super) fn measured(metric: Metric, level: Level) -> String {
    match level {
        Level::Never => "never".to_owned(),
        Level::Known(estimate) => known(metric, &estimate),
    }
}

fn known(metric: Metric, e: &Estimate) -> String {
    if let Some(bound) = Quantity::of(metric).bound(e) {
        return bound;
    }
    let (factor, unit) = scale(metric.unit());
    let (mean, half) = (e.mean * factor, (e.high - e.low) / 2.0 * factor);
    if !half.is_finite() {
        return format!("{} ±∞{unit}", decimal(mean, figures(mean, 3)));
    }
    if half <= 0.0 {
        return format!("{}{unit}", decimal(mean, figures(mean, 3)));
    }
    let places = figures(half, 2).max(figures(mean, 3).min(1));
    format!("{} ±{}{unit}", decimal(mean, places), decimal(half, places))
}

/// A bound of a goal: `9.5 %`.
pub(super) fn plain(metric: Metric, value: f64) -> String {
    let (factor, unit) = scale(metric.unit());
    let text = decimal(value * factor, figures(value * factor, 4));
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

const fn scale(unit: Unit) -> (f64, &'static str) {
    match unit {
        Unit::Share => (100.0, " %"),
        Unit::Seconds => (1.0, " s"),
        Unit::PerSecond => (1.0, "/s"),
        Unit::Count | Unit::Ratio => (1.0, ""),
    }
}

/// How many decimals show so many figures of a number, at most six.
fn figures(value: f64, wanted: i32) -> usize {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the logarithm of a finite number")]
    let before = libm::floor(libm::log10(size)) as i32 + 1;
    usize::try_from((wanted - before).clamp(0, 6)).expect("not below zero")
}

/// A subject as tables and sentences name it.
pub(super) fn named(subject: &Subject) -> String {
    let of = subject.of.as_ref().map_or(String::new(), |of| format!(" of {}", visible(of)));
    format!("{}{of}", subject.metric.name())
}

/// A point: `6`, or `burst 6 and rate 10/s` of two knobs.
pub(super) fn point(knobs: &[Knob], place: &Place) -> String {
    let text = |(knob, value): (&Knob, &usize)| {
        if knobs.len() == 1 {
            knob.text(*value)
        } else {
            format!("{} {}", short(knob), knob.text(*value))
        }
    };
    knobs.iter().zip(place).map(text).collect::<Vec<_>>().join(" and ")
}

/// The settings that turn the knobs there: `--set a.b=6`.
pub(super) fn settings(knobs: &[Knob], place: &Place) -> Vec<String> {
    let set = |(knob, value): (&Knob, &usize)| {
        let set = format!("{}={}", knob.path(), knob.text(*value));
        format!("--set {}", crate::report::text::shell(&set))
    };
    knobs.iter().zip(place).map(set).collect()
}

/// The last key of a path, which says what is turned where there is room for no more.
pub(super) fn short(knob: &Knob) -> &str {
    knob.path().rsplit('.').next().unwrap_or(knob.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::Method;

    fn about(mean: f64, half: f64) -> Level {
        let (low, high) = (mean - half, mean + half);
        Level::Known(Estimate { mean, low, high, method: Method::StudentT })
    }

    #[test]
    fn a_value_has_the_figures_that_are_known() {
        for (metric, level, text) in [
            (Metric::RejectedShare, about(0.085_71, 0.002_14), "8.57 ±0.21 %"),
            (Metric::RejectedShare, about(0.5, 0.012), "50.0 ±1.2 %"),
            (Metric::RejectedShare, about(0.0, 0.0), "0 %"),
            (Metric::WaitP99, about(1.25, 0.004), "1.2500 ±0.0040 s"),
            (Metric::WaitP99, Level::Never, "never"),
            (Metric::Rejected, about(53_987.3, 142.0), "53,987 ±142"),
            (Metric::Goodput, about(49.3, 0.5), "49.30 ±0.50/s"),
            (Metric::Jain, about(0.5, f64::INFINITY), "0.500 ±∞"),
        ] {
            assert_eq!(measured(metric, level), text);
        }
        assert_eq!(plain(Metric::RejectedShare, 0.095), "9.5 %");
        assert_eq!(plain(Metric::WaitP99, 2.0), "2 s");
        assert_eq!(plain(Metric::Rejected, 1_000.0), "1,000");
    }
}
