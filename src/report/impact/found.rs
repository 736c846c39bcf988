//! The smallest limit that holds, and conditions that do not.

use crate::api::ApiModel;
use crate::metric::{Condition, LogMetric, Subject};
use crate::replay::{Readings, Smallest};
use crate::report::number::{Quantity, count};
use crate::report::text::{visible, wrap};
use crate::time::Rate;

/// What was found: `75/min is the smallest limit that holds: 1 of 1,753 hit
/// (74/min: 2).`
#[must_use]
pub fn found(
    condition: &Condition<LogMetric>,
    rate: Rate,
    model: &ApiModel,
    smallest: &Smallest<Readings>,
) -> String {
    let at = Rate { count: smallest.count, ..rate };
    let below = Rate { count: smallest.count - 1, ..rate };
    let mut parts = vec![];
    for subject in condition.subjects() {
        let here = told(model, &smallest.at, subject, true);
        let there = smallest.below.as_ref().map(|below| told(model, below, subject, false));
        let part = match there {
            Some(there) => format!("{here} ({below}: {there})"),
            None => here,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let line = format!("{at} is the smallest limit that holds: {}.", parts.join("; "));
    wrap(&line, 2) + "\n"
}

/// Nothing was found, up to a limit.
#[must_use]
pub fn none_found(condition: &Condition<LogMetric>, most: Rate) -> String {
    let condition = visible(&condition.to_string());
    format!("no limit up to {most} holds: {condition}; a burst of its own may be what binds")
}

/// A metric by the worse reading, in full or only its number.
fn told(
    model: &ApiModel,
    readings: &Readings,
    subject: &Subject<LogMetric>,
    in_full: bool,
) -> String {
    let worst = |metric: LogMetric| {
        let subject = Subject { metric, of: None };
        readings.values(model, 0, &subject).into_iter().flatten().fold(0.0, f64::max)
    };
    let hit = match subject.metric {
        LogMetric::KeysHit | LogMetric::KeysHitShare => LogMetric::KeysHit,
        LogMetric::KeysHit10 | LogMetric::KeysHit10Share => LogMetric::KeysHit10,
        LogMetric::KeysHit1Percent | LogMetric::KeysHit1PercentShare => LogMetric::KeysHit1Percent,
        other => {
            let value = quantity(other).write(worst(other));
            return if in_full { format!("{} {value}", other.name()) } else { value };
        }
    };
    let whole = |metric| Quantity::Count.write(worst(metric));
    let how = match hit {
        LogMetric::KeysHit10 => "hit 10 times or more",
        LogMetric::KeysHit1Percent => "hit by 1 % of their requests or more",
        _ => "hit",
    };
    if in_full { format!("{} of {} {how}", whole(hit), whole(LogMetric::Keys)) } else { whole(hit) }
}

/// Conditions that are fulfilled and must not be, a line each with the values by
/// every reading; `None` where there is none.
#[must_use]
pub fn crossed(
    conditions: &[Condition<LogMetric>],
    model: &ApiModel,
    readings: &Readings,
    undecided: u64,
) -> Option<String> {
    let is_crossed = |condition: &&Condition<LogMetric>| {
        readings.judge(model, undecided, condition).is_ok_and(|judged| judged.contains(&true))
    };
    let line = |condition: &Condition<LogMetric>| {
        let value = |subject: &&Subject<LogMetric>| {
            let values = readings.values(model, undecided, subject).unwrap_or_default();
            let values: Vec<String> =
                values.into_iter().map(|value| quantity(subject.metric).write(value)).collect();
            format!("{} {}", subject.metric.name(), values.join(" or "))
        };
        let mut values: Vec<String> = condition.subjects().iter().map(value).collect();
        values.dedup();
        format!("✗ {condition}: {}", values.join(", "))
    };
    let lines: Vec<String> = conditions.iter().filter(is_crossed).map(line).collect();
    let told = match lines.len() {
        0 => return None,
        1 if conditions.len() == 1 => "the threshold was crossed".to_owned(),
        crossed => format!("{} of {} thresholds crossed", count(crossed as u64), conditions.len()),
    };
    Some(format!("{told}\n  {}", lines.join("\n  ")))
}

fn quantity(metric: LogMetric) -> Quantity {
    Quantity::of_unit(metric.unit())
}
