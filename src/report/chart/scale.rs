//! Axes: the range a chart shows, and where its ticks stand.

use super::number;

/// A value on an axis and what is written there.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) text: String,
    /// Whether it is written before others where there is no room for all.
    pub(super) first: bool,
}

/// The range of an axis, linear or logarithmic, with its ticks.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) log: bool,
    pub(super) ticks: Vec<Tick>,
}

/// What the values of an axis are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Plain numbers.
    Number,
    /// Shares of one, shown as per cent.
    Share,
    /// Seconds.
    Time,
}

impl Scale {
    /// From zero to the first round value that `most` does not exceed, in about
    /// `ticks` steps.
    pub(super) fn from_zero(most: f64, ticks: usize, unit: Unit) -> Self {
        let most = if most > 1e-9 && most.is_finite() { most } else { 1.0 };
        let most = if unit == Unit::Share { most.min(1.0) } else { most };
        let step = step(most, ticks, unit);
        Self::stepped(0.0, (most / step - 1e-9).ceil() * step, step, unit)
    }

    /// From `from` to `to` as given, with ticks at round values between.
    pub(super) fn within(from: f64, to: f64, ticks: usize, unit: Unit) -> Self {
        let (from, to) =
            if from < to && from.is_finite() && to.is_finite() { (from, to) } else { (0.0, 1.0) };
        Self::stepped(from, to, step(to - from, ticks, unit), unit)
    }

    fn stepped(from: f64, to: f64, step: f64, unit: Unit) -> Self {
        let first = (from / step - 1e-9).ceil();
        let steps = (to / step - first + 1e-9).floor();
        let mut values = Vec::new();
        let mut done = 0.0;
        while done <= steps && values.len() < 50 {
            values.push((first + done) * step);
            done += 1.0;
        }
        let texts = labels(&values, step, unit);
        let ticks = values.into_iter().zip(texts);
        Self {
            from,
            to,
            log: false,
            ticks: ticks.map(|(at, text)| Tick { at, text, first: true }).collect(),
        }
    }

    /// A logarithmic axis that holds `least` and `most`, both above zero, and
    /// ends at round values.
    pub(super) fn decades(least: f64, most: f64, unit: Unit) -> Self {
        let least = if least.is_finite() { least.max(1e-6) } else { 1.0 };
        let most = if most.is_finite() { most.max(least) } else { least };
        let steps = rounds(unit);
        let below = |step: &&Round| step.at <= least * (1.0 + 1e-9);
        let above = |step: &&Round| step.at >= most * (1.0 - 1e-9);
        let from = steps.iter().rfind(below).map_or(least, |step| step.at);
        let to = steps.iter().find(above).map_or(most, |step| step.at);
        let to = if to > from { to } else { from * 10.0 };
        // Over many decades the values between the tens crowd.
        let wide = to / from > if unit == Unit::Time { 4_000.0 } else { 120.0 };
        let shown = |step: &Round| step.at >= from && step.at <= to && (step.ten || !wide);
        let tick = |step: Round| Tick {
            at: step.at,
            first: step.ten,
            text: match unit {
                Unit::Number => number::figure(step.at),
                Unit::Share => number::percent(step.at),
                Unit::Time => clock(step.at),
            },
        };
        Self { from, to, log: true, ticks: steps.into_iter().filter(shown).map(tick).collect() }
    }

    /// Where `value` lies on the axis plotters maps to pixels: itself, or its
    /// logarithm, by the portable library and not by plotters' own.
    pub(super) fn place(&self, value: f64) -> f64 {
        if self.log { libm::log10(value.max(1e-12)) } else { value }
    }

    /// The same for a value of any size: what lies far off the axis stays near
    /// enough for plotters to count its pixels.
    pub(super) fn place_near(&self, value: f64) -> f64 {
        let (from, to) = (self.place(self.from), self.place(self.to));
        let room = 10.0 * (to - from).abs();
        self.place(value).clamp(from.min(to) - room, from.max(to) + room)
    }

    /// `value` moved into the range.
    pub(super) fn clamp(&self, value: f64) -> f64 {
        value.clamp(self.from, self.to)
    }
}

/// A value at which a logarithmic axis may end or have a tick.
struct Round {
    at: f64,
    /// Whether it begins a decade, or what people have for one in time.
    ten: bool,
}

/// The round values of `unit`, ascending: 1, 2 and 5 of each power of ten; for
/// time 1 and 3 up to seconds, then what a clock has.
fn rounds(unit: Unit) -> Vec<Round> {
    let powers = |first: i32, last: i32| (first..=last).map(|power| libm::exp10(f64::from(power)));
    let round = |at, ten| Round { at, ten };
    if unit != Unit::Time {
        return powers(-6, 15)
            .flat_map(|one| [round(one, true), round(2.0 * one, false), round(5.0 * one, false)])
            .collect();
    }
    let clock = [
        (60.0, true),
        (180.0, false),
        (600.0, true),
        (1_800.0, false),
        (3_600.0, true),
        (10_800.0, false),
        (36_000.0, true),
        (86_400.0, true),
        (259_200.0, false),
        (864_000.0, true),
    ];
    let clock = clock.map(|(at, ten)| round(at, ten));
    powers(-6, 1).flat_map(|one| [round(one, true), round(3.0 * one, false)]).chain(clock).collect()
}

/// A round span in its largest whole unit: `1 min`, where
/// [`number::duration`] would say `60 s`.
fn clock(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) => format!("{} {name}", number::figure(seconds / unit)),
        None => number::duration(seconds),
    }
}

/// The step, 1, 2 or 5 of a power of ten, that cuts `span` into at most `most`
/// parts; for more than a few seconds, one that a clock has.
fn step(span: f64, most: usize, unit: Unit) -> f64 {
    const CLOCK: [f64; 24] = [
        1.0,
        2.0,
        5.0,
        10.0,
        15.0,
        20.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1_200.0,
        1_800.0,
        3_600.0,
        7_200.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        432_000.0,
        864_000.0,
        1_728_000.0,
    ];
    let enough = |step: f64| span / step <= most as f64 + 1e-9;
    if unit == Unit::Time
        && span >= 10.0
        && let Some(step) = CLOCK.into_iter().find(|&step| enough(step))
    {
        return step;
    }
    let mut power = 1.0;
    while !enough(power) {
        power *= 10.0;
    }
    while enough(power / 10.0) && power > 1e-12 {
        power /= 10.0;
    }
    // `power` cuts it finely enough; a tenth of it cuts too finely.
    [0.2, 0.5].into_iter().map(|part| part * power).find(|&step| enough(step)).unwrap_or(power)
}

/// Up to this span, seconds are shown as such and not as minutes.
const SECONDS_SHOWN: f64 = 360.0;

/// What stands at each of `values`: all with the same unit and decimals; a
/// time's unit only at the last.
fn labels(values: &[f64], step: f64, unit: Unit) -> Vec<String> {
    let most = values.last().copied().unwrap_or(0.0);
    let span = most - values.first().unwrap_or(&0.0);
    let (factor, name) = match unit {
        Unit::Number => (1.0, ""),
        Unit::Share => (100.0, "%"),
        Unit::Time if most < 1.0 => (1_000.0, " ms"),
        Unit::Time if span <= SECONDS_SHOWN || step < 60.0 => (1.0, " s"),
        Unit::Time if step < 3_600.0 => (1.0 / 60.0, " min"),
        Unit::Time if step < 86_400.0 => (1.0 / 3_600.0, " h"),
        Unit::Time => (1.0 / 86_400.0, " d"),
    };
    let mut places = 0;
    let mut shown = step * factor;
    while (shown - shown.round()).abs() > 1e-6 && places < 6 {
        shown *= 10.0;
        places += 1;
    }
    let each = |(index, value): (usize, &f64)| {
        let last = index + 1 == values.len();
        let name = if unit != Unit::Time || last { name } else { "" };
        format!("{}{name}", number::decimal(value * factor, places))
    };
    values.iter().enumerate().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    #[test]
    fn an_axis_from_zero_ends_at_a_round_value() {
        let scale = Scale::from_zero(1_093.0, 4, Unit::Number);
        assert_eq!(texts(&scale), ["0", "500", "1,000", "1,500"]);
        assert!((scale.to - 1_500.0).abs() < 1e-9);
        let scale = Scale::from_zero(0.07, 4, Unit::Share);
        assert_eq!(texts(&scale), ["0%", "2%", "4%", "6%", "8%"]);
        let scale = Scale::from_zero(0.000_7, 4, Unit::Share);
        assert_eq!(texts(&scale), ["0.00%", "0.02%", "0.04%", "0.06%", "0.08%"]);
    }

    #[test]
    fn nothing_to_show_still_has_an_axis() {
        for most in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Scale::from_zero(most, 4, Unit::Number).to > 0.0);
        }
        assert!(Scale::within(3.0, 3.0, 4, Unit::Number).to > 0.0);
    }

    #[test]
    fn time_is_told_as_a_clock_tells_it() {
        let scale = Scale::within(0.0, 120.0, 6, Unit::Time);
        assert_eq!(texts(&scale), ["0", "20", "40", "60", "80", "100", "120 s"]);
        let scale = Scale::within(149.0, 151.0, 4, Unit::Time);
        assert_eq!(texts(&scale), ["149.0", "149.5", "150.0", "150.5", "151.0 s"]);
        let scale = Scale::within(0.0, 3_600.0, 6, Unit::Time);
        assert_eq!(texts(&scale), ["0", "10", "20", "30", "40", "50", "60 min"]);
        let scale = Scale::within(0.0, 86_400.0, 6, Unit::Time);
        assert_eq!(texts(&scale), ["0", "6", "12", "18", "24 h"]);
    }

    #[test]
    fn a_wide_logarithm_shows_tens_and_a_narrow_one_more() {
        let wide = Scale::decades(0.01, 4_000.0, Unit::Time);
        let tens = ["10 ms", "100 ms", "1 s", "10 s", "1 min", "10 min", "1 h"];
        assert_eq!(texts(&wide), tens);
        let narrow = Scale::decades(2_300.0, 9_000.0, Unit::Number);
        assert_eq!(texts(&narrow), ["2,000", "5,000", "10,000"]);
    }
}
