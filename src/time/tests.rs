//! Texts become times, and times are counted without loss.

use super::*;

#[test]
fn spans_are_read_exactly() {
    for (text, ns) in [
        ("1.5s", 1_500_000_000),
        ("250ms", 250_000_000),
        ("10 min", 600 * SECOND),
        ("0.000000001s", 1),
        ("1d", 86_400 * SECOND),
        ("0s", 0),
    ] {
        assert_eq!(text.parse::<Span>(), Ok(Span(ns)), "{text}");
    }
}

#[test]
fn spans_say_what_to_write() {
    for (text, part) in [
        ("5", "no unit: write 5s"),
        ("s", "a number and a unit"),
        ("-1s", "a number and a unit"),
        ("NaN", "a number and a unit"),
        ("1 parsec", "`parsec` is not a unit"),
        ("1.2.3s", "not a number"),
        ("0.1ns", "finer than a nanosecond"),
        ("999999999999d", "584 years"),
    ] {
        let error = text.parse::<Span>().unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn rates_keep_count_and_period_as_written() {
    let rate: Rate = "10000/5min".parse().unwrap();
    assert_eq!((rate.count, rate.period), (10_000, Span::seconds(300)));
    assert_eq!(rate.to_string(), "10000/5min");
    assert_eq!("1000/h".parse::<Rate>().unwrap().to_string(), "1000/h");
    assert_eq!("60/60s".parse::<Rate>().unwrap().to_string(), "60/min");
    assert!("100".parse::<Rate>().unwrap_err().contains("like 100/s"));
    assert!("0/s".parse::<Rate>().unwrap_err().contains("at least 1"));
    assert!("5/0s".parse::<Rate>().unwrap_err().contains("longer than zero"));
}

/// The period is shortened to its unit and not beyond: nobody writes `1/125us`.
#[test]
fn a_multiple_of_a_rate_is_written_as_people_write_it() {
    for (one, factor, many) in [
        ("4/5s", 10_000, "8000/s"),
        ("4/5s", 100, "80/s"),
        ("4/5s", 7, "28/5s"),
        ("4/10min", 5, "2/min"),
        ("60/min", 2, "120/min"),
        ("3/s", 1, "3/s"),
    ] {
        let rate: Rate = one.parse().unwrap();
        let times = rate.times(factor).unwrap();
        assert_eq!(times.to_string(), many, "{factor} times {one}");
        assert_eq!(times.reduced(), Rate { count: rate.count * factor, ..rate }.reduced());
    }
    assert_eq!(Rate { count: 1 << 40, period: Span(1) }.times(1 << 24), None);
}

#[test]
fn printing_a_span_reads_back_the_same() {
    for ns in [1, 1_500_000_000, 90 * SECOND, 3_600 * SECOND, 123_456_789] {
        assert_eq!(Span(ns).to_string().parse::<Span>(), Ok(Span(ns)));
    }
}

#[test]
fn instants_are_rfc_3339() {
    let instant: Instant = "2026-01-05T09:00:00Z".parse().unwrap();
    assert_eq!(instant, Instant(1_767_603_600 * SECOND));
    assert_eq!(instant.to_string(), "2026-01-05T09:00:00Z");
    assert!("yesterday".parse::<Instant>().is_err());
}

#[test]
fn never_absorbs() {
    assert_eq!(Instant(5).after(Span::NEVER), Instant::NEVER);
    assert_eq!(Instant(5).since(Instant(9)), Span::ZERO);
}
