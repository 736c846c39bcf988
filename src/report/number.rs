//! Numbers as a terminal shows them, and as files hold them.

use crate::metric::{Metric, Unit};
use crate::stats::interval::{Estimate, Method};

/// What a number counts, which decides how it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quantity {
    /// A share of one, written in per cent.
    Share,
    /// Seconds.
    Seconds,
    /// So many, as a mean over seeds.
    Count,
    /// How many of one thing for each of another.
    Ratio,
    /// An index or a share of something else than attempts, to three decimals.
    Index,
    /// So many per second.
    Rate,
}

impl Quantity {
    /// What a metric counts.
    #[must_use]
    pub const fn of(metric: Metric) -> Quantity {
        Quantity::of_unit(metric.unit())
    }

    /// What a metric of that unit counts.
    #[must_use]
    pub const fn of_unit(unit: Unit) -> Quantity {
        match unit {
            Unit::Count => Quantity::Count,
            Unit::Seconds => Quantity::Seconds,
            Unit::PerSecond => Quantity::Rate,
            Unit::Share => Quantity::Share,
            Unit::Ratio => Quantity::Index,
        }
    }

    /// The number with about three figures: `97.9 %`, `186 s`, `54,030`, `1.43`.
    #[must_use]
    pub fn write(self, value: f64) -> String {
        if value == f64::INFINITY {
            return "never".to_owned();
        }
        let unit = self.unit();
        format!("{}{unit}", self.digits(value, self.places(value)))
    }

    /// The number, with `±` and half the width of its interval where that is
    /// above 1 % of it: `340 ±62 s`. Of what was seen never, or always, in so
    /// many trials the bound that they give: `< 16.1 %`.
    #[must_use]
    pub fn write_estimate(self, estimate: &Estimate) -> String {
        if let Some(bound) = self.bound(estimate) {
            return bound;
        }
        let half = estimate.half_width();
        let noticeable = estimate.has_interval() && half > 0.01 * estimate.mean.abs();
        if !noticeable {
            return self.write(estimate.mean);
        }
        let places = self.places(estimate.mean);
        let value = self.digits(estimate.mean, places);
        let half = if half.is_finite() {
            self.digits(half, places.max(self.places_to_see(half)))
        } else {
            "∞".to_owned()
        };
        format!("{value} ±{half}{}", self.unit())
    }

    /// The bound of what was seen never, or always: `< 16.1 %`.
    #[must_use]
    pub fn bound(self, estimate: &Estimate) -> Option<String> {
        let of_trials = matches!(estimate.method, Method::Wilson | Method::NoneOf);
        match (estimate.mean, estimate.low, estimate.high) {
            (0.0, _, high) if of_trials && high > 0.0 => Some(format!("< {}", self.write(high))),
            (1.0, low, _) if of_trials && low < 1.0 => Some(format!("> {}", self.write(low))),
            _ => None,
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Quantity::Share => " %",
            Quantity::Seconds => " s",
            Quantity::Rate => "/s",
            Quantity::Count | Quantity::Ratio | Quantity::Index => "",
        }
    }

    /// How many decimals a value is worth.
    fn places(self, value: f64) -> usize {
        let size = value.abs();
        match self {
            Quantity::Share => share_places(size),
            Quantity::Index => 3,
            Quantity::Rate => 2,
            Quantity::Ratio if size < 99.995 => 2,
            Quantity::Count if size.fract() == 0.0 => 0,
            Quantity::Seconds if size == 0.0 => 0,
            Quantity::Seconds if size < 0.9995 => 3,
            Quantity::Count if size < 9.95 => self.places_to_see(size).max(1),
            _ if size >= 99.95 => 0,
            _ if size >= 9.995 => 1,
            _ => 2,
        }
    }

    /// How many decimals it takes until a number is more than zero, at most 6.
    fn places_to_see(self, value: f64) -> usize {
        let mut size = self.scaled(value.abs());
        let mut places = 0;
        while size > 0.0 && size < 0.95 && places < 6 {
            size *= 10.0;
            places += 1;
        }
        places
    }

    fn scaled(self, value: f64) -> f64 {
        if self == Quantity::Share { value * 100.0 } else { value }
    }

    fn digits(self, value: f64, places: usize) -> String {
        let text = decimal(self.scaled(value), places);
        match self {
            Quantity::Count if places > 0 => {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            _ => text,
        }
    }
}

/// Only all is `100 %` and only nothing is `0 %`: a reader takes these two for
/// guarantees, so what is near them is written with more decimals.
fn share_places(share: f64) -> usize {
    if share == 0.0 || share >= 1.0 {
        return 0;
    }
    let mut edge = 0.000_5;
    let mut places = 1;
    while (share < edge || share >= 1.0 - edge) && places < 6 {
        edge /= 10.0;
        places += 1;
    }
    places
}

/// A share that nothing is above, rounded up, or it would be no bound: `1.5 %`.
#[must_use]
pub fn share_bound(share: f64) -> String {
    let mut places = share_places(share.min(0.5));
    let mut scale = 100.0;
    (0..places).for_each(|_| scale *= 10.0);
    // What is less than one unit of the last place is worth another.
    if share * scale < 1.0 {
        (places, scale) = (places + 1, scale * 10.0);
    }
    format!("{} %", decimal((share * scale).ceil() / (scale / 100.0), places))
}

/// A number with `places` decimals and its thousands apart: `1,234.5`.
#[must_use]
pub fn decimal(value: f64, places: usize) -> String {
    let digits = format!("{:.places$}", value.abs());
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    // A value that rounds to zero has no sign.
    let minus = value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    format!("{}{}{rest}", if minus { "-" } else { "" }, grouped(whole))
}

/// A whole number with its thousands apart: `7,460`.
#[must_use]
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number as files hold it: nine figures, which is more than any seed knows,
/// and the same text on every machine. `inf` and `-inf` for an end that nothing
/// bounds.
#[must_use]
pub fn data(value: f64) -> String {
    if !value.is_finite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    rounded(value).to_string()
}

/// The same as JSON: whole numbers without decimals, null for what nothing bounds.
#[must_use]
pub fn json(value: f64) -> serde_json::Value {
    serde_json::from_str(&data(value)).unwrap_or_default()
}

fn rounded(value: f64) -> f64 {
    let rounded: f64 =
        format!("{value:.8e}").parse().expect("a float is written as a float is read");
    // There is one zero.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A span of virtual time as files hold it: seconds, to the nanosecond.
#[must_use]
pub fn seconds(span: crate::time::Span) -> String {
    let (whole, rest) = (span.0 / crate::time::SECOND, span.0 % crate::time::SECOND);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:09}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn about(mean: f64, half: f64) -> Estimate {
        Estimate { mean, low: mean - half, high: mean + half, method: Method::StudentT }
    }

    #[test]
    fn numbers_have_about_three_figures() {
        for (quantity, value, text) in [
            (Quantity::Seconds, 186.2, "186 s"),
            (Quantity::Seconds, 14_530.0, "14,530 s"),
            (Quantity::Seconds, 0.112, "0.112 s"),
            (Quantity::Seconds, f64::INFINITY, "never"),
            (Quantity::Count, 54_030.4, "54,030"),
            (Quantity::Count, 3.0, "3"),
            (Quantity::Count, 3.15, "3.1"),
            (Quantity::Count, 0.05, "0.05"),
            (Quantity::Count, 3.5, "3.5"),
            (Quantity::Count, 0.0, "0"),
            (Quantity::Ratio, 1.0, "1.00"),
            (Quantity::Share, 0.979, "97.9 %"),
        ] {
            assert_eq!(quantity.write(value), text);
        }
    }

    #[test]
    fn only_all_is_all_and_only_nothing_is_nothing() {
        for (share, text) in [
            (1.0, "100 %"),
            (0.999_96, "99.996 %"),
            (0.999_5, "99.95 %"),
            (0.0, "0 %"),
            (0.000_4, "0.04 %"),
            (0.5, "50.0 %"),
        ] {
            assert_eq!(Quantity::Share.write(share), text);
        }
    }

    #[test]
    fn a_bound_is_never_rounded_down() {
        for (share, text) in [
            (0.0149, "1.5 %"),
            (0.0141, "1.5 %"),
            (0.000_02, "0.002 %"),
            (0.000_201, "0.03 %"),
            (0.95, "95.0 %"),
        ] {
            assert_eq!(share_bound(share), text);
        }
    }

    #[test]
    fn an_interval_is_shown_where_it_is_noticed() {
        for (quantity, estimate, text) in [
            (Quantity::Seconds, about(340.0, 62.0), "340 ±62 s"),
            (Quantity::Seconds, about(186.0, 1.0), "186 s"),
            (Quantity::Share, about(0.44, 0.012), "44.0 ±1.2 %"),
            (Quantity::Count, about(2.6, 0.56), "2.6 ±0.6"),
            (Quantity::Ratio, about(7.69, f64::INFINITY), "7.69 ±∞"),
        ] {
            assert_eq!(quantity.write_estimate(&estimate), text);
        }
        let never = crate::stats::interval::wilson(0, 20).unwrap();
        assert_eq!(Quantity::Share.write_estimate(&never), "< 16.1 %");
        let always = crate::stats::interval::wilson(20, 20).unwrap();
        assert_eq!(Quantity::Share.write_estimate(&always), "> 83.9 %");
        let single = Estimate::single(340.0);
        assert_eq!(Quantity::Seconds.write_estimate(&single), "340 s");
    }

    #[test]
    fn files_hold_nine_figures_and_exact_times() {
        assert_eq!(data(1.0 / 3.0), "0.333333333");
        assert_eq!(data(54_030.0), "54030");
        assert_eq!(json(54_030.0), serde_json::json!(54_030));
        assert_eq!(json(f64::INFINITY), serde_json::Value::Null);
        assert_eq!(data(-0.0), "0");
        assert_eq!(data(f64::NEG_INFINITY), "-inf");
        assert_eq!(seconds(Span(1_500_000_001)), "1.500000001");
        assert_eq!(seconds(Span::seconds(90)), "90");
    }
}
