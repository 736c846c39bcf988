//! botocore's adaptive mode under a virtual clock: every step of the recording
//! `oracles/clients/botocore_adaptive_trace.csv` is made again.
//!
//! The set-up of the recording: the server admits 5 per fixed second and
//! answers after 10 ms; the client wants the next attempt 50 ms after it sent
//! the last one, for 60 s. A waiter's sleep is stepped by at least a
//! microsecond, there as here.

use tollgate::client::{Ask, AwsCubic, Kind, Kinds, Machine, Told, Turn};
use tollgate::http::{Answer, Headers, Status};
use tollgate::rng::Key;
use tollgate::time::{Instant, SECOND, Span};

/// The recording's numbers are rounded to the millionth, and where its waiter
/// took a step of the clock more or less, that shows a few millionths later.
const CLOSE: f64 = 2e-5;

/// One attempt: when it left, whether it was throttled, and after its answer
/// the measured rate, the fill rate, `w_max`, `k`, and whether it is enabled.
type Step = [f64; 7];

fn recorded() -> Vec<Step> {
    let text = include_str!("clients/botocore_adaptive_trace.csv");
    let step = |line: &str| {
        let mut numbers = line.split(',').map(|number| number.parse().unwrap());
        std::array::from_fn(|_| numbers.next().unwrap())
    };
    text.lines().skip(1).map(step).collect()
}

/// Drives the limiter from `start` on.
fn driven(start: Instant) -> Vec<Step> {
    let limiter = AwsCubic { on: Kinds(vec![Kind::Status(429)]) };
    let mut state = limiter.fresh();
    let (mut now, mut window, mut in_window) = (start, u64::MAX, 0);
    let mut steps = vec![];
    while now.since(start) < Span::seconds(60) {
        let ask = |now| Ask { now, deadline: Instant::NEVER, attempts: 0, key: Key::run(0, 0) };
        while let Turn::Ask(at) = limiter.turn(&mut state, &ask(now)) {
            now = at;
        }
        let sent = now;
        if sent.0 / SECOND != window {
            (window, in_window) = (sent.0 / SECOND, 0);
        }
        in_window += 1;
        let throttled = in_window > 5;
        now = sent.after(Span::millis(10));
        let answer = Answer::Status(Status(if throttled { 429 } else { 200 }));
        let told = Told { now, attempts: 1, answer, headers: &Headers::NONE };
        limiter.learn(&mut state, &told);
        steps.push([
            sent.since(start).as_secs_f64(),
            f64::from(u8::from(throttled)),
            state.measured_rate,
            state.fill_rate,
            state.w_max,
            state.k,
            f64::from(u8::from(state.enabled)),
        ]);
        now = sent.after(Span::millis(50));
    }
    steps
}

#[test]
fn the_recording_is_made_again() {
    let (ours, theirs) = (driven(Instant(0)), recorded());
    assert_eq!(ours.len(), theirs.len());
    for (n, (our, their)) in ours.iter().zip(&theirs).enumerate() {
        let close = our.iter().zip(their).all(|(a, b)| (a - b).abs() <= CLOSE);
        assert!(close, "attempt {n}: {our:?}, recorded {their:?}");
    }
    assert_eq!(ours.iter().filter(|step| step[1] > 0.5).count(), 28, "throttled");
}

/// Nothing hangs on the date: on the same place of a second it is the same.
#[test]
fn a_later_start_changes_nothing() {
    let later = driven(Instant(1_767_603_600 * SECOND));
    assert_eq!(later, driven(Instant(0)));
}
