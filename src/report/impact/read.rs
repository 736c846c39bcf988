//! What was read of logs, and what makes its numbers doubtful.

use crate::replay::{Seen, Starts, Trace};
use crate::report::number::count;
use crate::report::text::{keep, visible, wrap};
use crate::time::{Instant, Span};

/// Below this share of its mean a minute of the hour is as good as empty.
const EMPTY: f64 = 0.01;

/// What was read, and what is to be known of it before any number is believed.
#[must_use]
pub fn seen(names: &[String], seen: &Seen, trace: &Trace) -> String {
    let (first, last) = match trace.rows.times() {
        [] => return format!("{}: there is no request in it\n", listed(names)),
        [first, .., last] => (*first, *last),
        [only] => (*only, *only),
    };
    let mut layouts = seen.layouts.clone();
    layouts.dedup();
    let head = format!(
        "{}: {}, {} requests, {} to {} (UTC)",
        listed(names),
        layouts.join(", "),
        count(trace.rows.len() as u64),
        day(first),
        day(last)
    );
    let mut text = wrap(&head, 2) + "\n";
    for line in warnings(seen, trace) {
        text.push_str(&(wrap(&format!("{}{line}", keep("! ")), 2) + "\n"));
    }
    text
}

fn warnings(seen: &Seen, trace: &Trace) -> Vec<String> {
    let mut lines = vec![];
    if seen.late > Span::ZERO {
        lines.push(format!("not in the order of time (up to {} late): sorted", seen.late));
    }
    if let Some(tick) = seen.tick.filter(|tick| tick.0 > 1_000_000) {
        let what = match seen.starts {
            Starts::Stamped => "",
            Starts::Subtracted => ", of ends of requests: starts are what they took earlier",
            Starts::Unknown => ", most likely of ends of requests",
        };
        lines.push(format!("stamps resolve {tick}{what}"));
    }
    if let Some(minutes) = busy_minutes(&seen.minutes, trace) {
        lines.push(format!(
            "nearly all stamps are in minute {minutes} of their hour: rates look rewritten"
        ));
    }
    for (number, what) in [
        (seen.filtered, "requests left out by --where"),
        (seen.undecided, "requests of keys beyond --keys-max not decided on"),
        (seen.unreadable, "lines unreadable, and left out"),
    ] {
        if number > 0 {
            lines.push(format!("{} {what}", count(number)));
        }
    }
    for example in &seen.examples {
        let (file, why) = (visible(&example.file), visible(&example.why));
        lines.push(format!("{file}: line {}: {why}", example.line));
    }
    lines
}

/// The minutes of the hour that hold nearly everything, where most hold nothing
/// although the log is longer than hours.
fn busy_minutes(minutes: &[u64], trace: &Trace) -> Option<String> {
    let times = trace.rows.times();
    let is_long = times.last()?.since(*times.first()?) > Span::seconds(4 * 3_600);
    let all: u64 = minutes.iter().sum();
    let little = EMPTY * all as f64 / 60.0;
    let busy: Vec<String> = (0..)
        .zip(minutes)
        .filter(|(_, requests)| **requests as f64 > little)
        .map(|(minute, _): (u32, _)| format!(":{minute:02}"))
        .collect();
    (is_long && busy.len() < 30).then(|| busy.join(" "))
}

/// `2015-05-17`
fn day(at: Instant) -> String {
    at.to_string().get(..10).unwrap_or("").to_owned()
}

fn listed(names: &[String]) -> String {
    match names {
        [one] => visible(one),
        [first, .., last] => format!("{} … {}", visible(first), visible(last)),
        [] => String::new(),
    }
}
