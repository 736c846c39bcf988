//! Waits by their place, as the libraries have them.

use super::*;

fn waits(schedule: &Schedule, bits: u64, retries: u32) -> Vec<f64> {
    let mut carried = 0.0;
    (1..=retries).map(|i| schedule.wait(i, bits, &mut carried).as_secs_f64()).collect()
}

#[test]
fn exponential_doubles_up_to_its_cap() {
    let exponential = Exponential::doubling(Span::seconds(1), Span::seconds(60));
    let schedule = Schedule::Exponential(exponential);
    assert_eq!(waits(&schedule, 0, 8), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
    assert_eq!(schedule.wait(u32::MAX, 0, &mut 0.0), Span::seconds(60));
    let first = Some(Span::ZERO);
    let urllib3 = Schedule::Exponential(Exponential { first, ..exponential });
    assert_eq!(waits(&urllib3, 0, 3), [0.0, 2.0, 4.0]);
    let floor = Span::millis(700);
    let shifted = Schedule::Exponential(Exponential { shift: -1, floor, ..exponential });
    assert_eq!(waits(&shifted, 0, 3), [0.7, 1.0, 2.0]);
}

/// resilience4j keeps whole milliseconds: 1,125 * 1.5 becomes 1,687.
#[test]
fn a_wait_that_is_cut_passes_its_loss_on() {
    let truncate = Some(Span::millis(1));
    let base = Exponential::doubling(Span::millis(500), Span::NEVER);
    let cut = Schedule::Exponential(Exponential { factor: 1.5, truncate, ..base });
    let expected = [0.5, 0.75, 1.125, 1.687, 2.53, 3.795, 5.692, 8.538, 12.807, 19.21];
    assert_eq!(waits(&cut, 0, 10), expected);
    let base = Exponential { base: Span::millis(100), ..base };
    let float = Schedule::Exponential(Exponential { factor: 1.15, truncate, ..base });
    assert_eq!(waits(&float, 0, 2), [0.1, 0.114]);
}

#[test]
fn sums_powers_and_lists_are_exact() {
    let second = Span::seconds(1);
    let cap = Span::NEVER;
    let squares = Schedule::Power { unit: second, exponent: 2, cap };
    assert_eq!(waits(&squares, 0, 3), [1.0, 4.0, 9.0]);
    let tokio = Schedule::SelfPower { base: 10, unit: Span::millis(1), factor: 1, cap };
    assert_eq!(waits(&tokio, 0, 3), [0.01, 0.1, 1.0]);
    let fibonacci =
        Fibonacci { unit: second, factor: 1, cap: Span::seconds(4), until: Span::NEVER };
    let waits_of = |fibonacci| waits(&Schedule::Fibonacci(fibonacci), 0, 6);
    assert_eq!(waits_of(fibonacci), [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
    // backon's most is no cap: what has reached it grows no more.
    let backon = Fibonacci { cap: Span::NEVER, until: Span::seconds(4), ..fibonacci };
    assert_eq!(waits_of(backon), [1.0, 1.0, 2.0, 3.0, 5.0, 5.0]);
    let tokio = Fibonacci { cap: Span::NEVER, factor: 2, ..fibonacci };
    assert_eq!(waits_of(tokio), [2.0, 2.0, 4.0, 6.0, 10.0, 16.0]);
    let linear = Schedule::Linear { first: second, step: second, cap: Span::seconds(2) };
    assert_eq!(waits(&linear, 0, 3), [1.0, 2.0, 2.0]);
    let list = Schedule::List(vec![second, Span::seconds(5)]);
    assert_eq!(waits(&list, 0, 3), [1.0, 5.0, 5.0]);
}

/// Each is made of the wait before it, not of the start.
#[test]
fn finagles_waits_hang_on_the_wait_before() {
    let (start, cap) = (Span::seconds(1), Span::seconds(60));
    let exponential = Schedule::ChainedExponential { start, cap };
    // Half of 2 times, of 4 times, of 8 times, of 16 times the wait before.
    assert_eq!(waits(&exponential, 1 << 63, 5), [1.0, 1.0, 2.0, 8.0, 60.0]);
    assert_eq!(waits(&exponential, 0, 3), [1.0, 0.0, 0.0]);
    let decorrelated = Schedule::ChainedDecorrelated { start, cap };
    assert_eq!(waits(&decorrelated, 0, 3), [1.0, 1.0, 1.0]);
    assert_eq!(waits(&decorrelated, 1 << 63, 7), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 46.0]);
}

/// The rows of Polly's formula for draws of 0, 0.5 and 1, base 2 s.
#[test]
fn pollys_waits_are_differences_of_one_curve() {
    let polly = Schedule::Polly { base: Span::seconds(2), cap: Span::NEVER };
    for (bits, expected) in [
        (0, [0.0, 2.754_365, 2.920_135]),
        (1 << 63, [1.794_81, 2.186_007, 4.071_496]),
        (u64::MAX, [2.754_365, 2.920_135, 5.731_7]),
    ] {
        for (wait, expected) in waits(&polly, bits, 3).iter().zip(expected) {
            assert!((wait - expected).abs() < 2e-6, "{wait} is not {expected}");
        }
    }
}

#[test]
fn decorrelated_waits_grow_with_the_last() {
    let base = Span::seconds(1);
    let schedule = Schedule::Decorrelated { base, cap: Span::seconds(20) };
    assert_eq!(waits(&schedule, 0, 3), [1.0, 1.0, 1.0]);
    let longest = waits(&schedule, u64::MAX, 4);
    assert!((longest[1] - 9.0).abs() < 1e-6 && (longest[3] - 20.0).abs() < 1e-6);
}
