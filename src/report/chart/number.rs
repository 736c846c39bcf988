//! Numbers as people read them: grouped thousands, shares, spans of time.

/// A whole number with its thousands apart: `8,289`.
///
/// Not a number, and what is beyond counting, read as a dash.
pub(super) fn count(value: f64) -> String {
    decimal(value, 0)
}

/// A number with `places` decimals and its thousands apart: `1,234.5`.
pub(super) fn decimal(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = format!("{:.places$}", value.abs());
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    // A value that rounds to zero has no sign.
    if value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        grouped.push('−');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// A positive number with about three figures: `2,100`, `16.4`, `0.35`.
pub(super) fn figure(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        0.0 => 0,
        _ => 2,
    };
    let text = decimal(value, places);
    if places == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A share of one as per cent: `68.1%`, `0.04%`.
///
/// Only all is `100%` and only nothing `0%`: what rounds to them says `>99.9%`
/// or `<0.01%`, because a reader takes these two for guarantees.
pub(in crate::report) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".to_owned();
    }
    let value = share * 100.0;
    if value <= 0.0 {
        "0%".to_owned()
    } else if share >= 1.0 {
        format!("{}%", decimal(value, 0))
    } else if value >= 99.95 {
        ">99.9%".to_owned()
    } else if value < 0.005 {
        "<0.01%".to_owned()
    } else if value < 0.995 {
        format!("{}%", decimal(value, 2))
    } else {
        format!("{}%", decimal(value, 1))
    }
}

/// A span of seconds in the unit that suits it: `350 ms`, `1.2 s`, `45 min`.
pub(in crate::report) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".to_owned();
    }
    let (unit, name) = match seconds {
        0.0 => (1.0, "s"),
        span if span < 0.000_999_5 => (0.000_001, "µs"),
        span if span < 0.999_5 => (0.001, "ms"),
        span if span < 119.95 => (1.0, "s"),
        span if span < 7_197.0 => (60.0, "min"),
        span if span < 172_800.0 => (3_600.0, "h"),
        _ => (86_400.0, "d"),
    };
    let value = seconds / unit;
    let places = usize::from(value < 9.95);
    let text = decimal(value, places);
    format!("{} {name}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown = [0.0, 999.0, 1_000.0, 1_234_567.4, -8_289.0, -0.2].map(count);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567", "−8,289", "0"]);
        assert_eq!(decimal(12_345.678, 1), "12,345.7");
        assert_eq!(count(f64::NAN), "–");
    }

    #[test]
    fn figures_lose_what_nobody_reads() {
        let shown = [2_100.4, 16.42, 9.0, 0.35, 0.0].map(figure);
        assert_eq!(shown, ["2,100", "16.4", "9", "0.35", "0"]);
    }

    #[test]
    fn only_all_is_a_hundred_per_cent() {
        let shown = [1.0, 0.9999, 0.983, 0.0004, 0.000_001, 0.0].map(percent);
        assert_eq!(shown, ["100%", ">99.9%", "98.3%", "0.04%", "<0.01%", "0%"]);
    }

    #[test]
    fn spans_take_the_unit_that_suits() {
        let shown =
            [0.0, 0.000_05, 0.35, 0.9996, 1.25, 45.0, 150.0, 5_400.0, 10_800.0].map(duration);
        let wanted = ["0 s", "50 µs", "350 ms", "1 s", "1.2 s", "45 s", "2.5 min", "90 min", "3 h"];
        assert_eq!(shown, wanted);
    }
}
