//! The metrics: one list of names, units and meanings for tables, files and thresholds.

use super::Measures;
use crate::client::Cause;
use crate::scenario::Model;
use crate::stats::chance;
use crate::stats::fairness::Shares;
use crate::time::Instant;

/// The unit of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
    /// Per second.
    PerSecond,
    /// A share of 1, or a plain ratio.
    Ratio,
}

impl Unit {
    /// As files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Seconds => "s",
            Unit::PerSecond => "1/s",
            Unit::Ratio => "ratio",
        }
    }
}

/// How a metric is read off a run.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// A number, where the run has it.
    Plain(fn(&Measures) -> Option<f64>),
    /// A ratio; over several runs it is the ratio of the sums.
    Ratio(fn(&Measures) -> (f64, f64)),
    /// Whether something is so, where the run can say; over several runs it is the
    /// share of those in which it is.
    YesNo(fn(&Measures) -> Option<bool>),
}

/// Something that is measured of a run.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in files, thresholds and `list metrics`.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What it means.
    pub meaning: &'static str,
    /// How it is read off.
    pub value: Value,
    /// Whether only a model with a trigger has it.
    pub after_trigger: bool,
}

const fn plain(
    name: &'static str,
    unit: Unit,
    meaning: &'static str,
    value: fn(&Measures) -> Option<f64>,
) -> Metric {
    Metric { name, unit, meaning, value: Value::Plain(value), after_trigger: false }
}

const fn ratio(
    name: &'static str,
    meaning: &'static str,
    value: fn(&Measures) -> (f64, f64),
) -> Metric {
    Metric { name, unit: Unit::Ratio, meaning, value: Value::Ratio(value), after_trigger: false }
}

const fn yes_no(
    name: &'static str,
    meaning: &'static str,
    value: fn(&Measures) -> Option<bool>,
) -> Metric {
    Metric { name, unit: Unit::Ratio, meaning, value: Value::YesNo(value), after_trigger: false }
}

const fn after_trigger(metric: Metric) -> Metric {
    Metric { after_trigger: true, ..metric }
}

/// All metrics, in the order of files.
pub const METRICS: &[Metric] = &[
    plain("calls", Unit::Count, "calls that were meant to start", |m| {
        Some(m.total().offered as f64)
    }),
    plain("served", Unit::Count, "calls that got what they wanted, however", |m| {
        Some(m.total().served() as f64)
    }),
    plain("served-by-cache", Unit::Count, "of them by the client's cache", |m| {
        Some(m.total().by_cache as f64)
    }),
    plain("served-by-batch", Unit::Count, "of them in another call's attempt", |m| {
        Some(m.total().by_batch as f64)
    }),
    plain("avoided", Unit::Count, "of them without need of an attempt", |m| {
        Some(m.total().avoided as f64)
    }),
    plain("given-up", Unit::Count, "calls given up", |m| Some(m.total().all_given_up() as f64)),
    plain("given-up-attempts", Unit::Count, "of them after the last attempt", |m| {
        given_up(m, Cause::Attempts)
    }),
    plain("given-up-deadline", Unit::Count, "of them when patience ended", |m| {
        given_up(m, Cause::Deadline)
    }),
    plain("given-up-not-retried", Unit::Count, "of them on an answer that is not retried", |m| {
        given_up(m, Cause::NotRetried)
    }),
    plain("given-up-shed", Unit::Count, "of them stopped before the first attempt", |m| {
        given_up(m, Cause::Shed)
    }),
    plain("given-up-hint", Unit::Count, "of them because the response asked for it", |m| {
        given_up(m, Cause::Hint)
    }),
    plain("given-up-error", Unit::Count, "of them by an error of the client's own", |m| {
        given_up(m, Cause::Error)
    }),
    plain("given-up-budget", Unit::Count, "of them for want of a retry budget", |m| {
        given_up(m, Cause::Budget)
    }),
    plain("given-up-throttle", Unit::Count, "of them by the client's own throttle", |m| {
        given_up(m, Cause::Throttle)
    }),
    plain("unfinished", Unit::Count, "calls that the run's end cut off", |m| {
        Some(m.total().unfinished as f64)
    }),
    ratio("served-share", "served / calls", |m| {
        (m.total().served() as f64, m.total().offered as f64)
    }),
    plain("attempts", Unit::Count, "requests sent", |m| Some(m.total().attempts as f64)),
    plain("admitted", Unit::Count, "attempts that the limits admitted", |m| {
        Some(m.total().admitted as f64)
    }),
    plain("429s", Unit::Count, "attempts that a limit refused, whatever the status", |m| {
        Some(m.total().rejected as f64)
    }),
    ratio("429-share", "429s / attempts", |m| {
        (m.total().rejected as f64, m.total().attempts as f64)
    }),
    plain("5xx", Unit::Count, "attempts answered 5xx", |m| Some(m.total().errors as f64)),
    plain("failed", Unit::Count, "attempts that failed before a decision", |m| {
        Some(m.total().failed as f64)
    }),
    plain("timeouts", Unit::Count, "attempts whose client stopped waiting", |m| {
        Some(m.total().timeouts as f64)
    }),
    ratio("amplification", "attempts / calls", |m| {
        (m.total().attempts as f64, m.total().offered as f64)
    }),
    plain("goodput", Unit::PerSecond, "served calls per second, until the work is done", goodput),
    plain(
        "utilisation",
        Unit::Ratio,
        "admitted / what the tightest limit admits in that time",
        Measures::utilisation,
    ),
    plain(
        "peak-overshoot",
        Unit::Ratio,
        "most attempts in a second / what the tightest limit admits in one",
        Measures::overshoot,
    ),
    plain(
        "wait-p50",
        Unit::Seconds,
        "median wait of a call, from when it was meant to start",
        |m| wait(m, 0.5),
    ),
    plain("wait-p90", Unit::Seconds, "90 % of calls wait no longer", |m| wait(m, 0.9)),
    plain("wait-p99", Unit::Seconds, "99 % of calls wait no longer", |m| wait(m, 0.99)),
    plain("wait-max", Unit::Seconds, "the longest wait of a served call", |m| {
        Some(m.all_waits().max()? as f64 / 1e9)
    }),
    plain(
        "time-to-99",
        Unit::Seconds,
        "until 99 % of the calls known at the start are served",
        |m| since_start(m, m.completion().most()),
    ),
    plain("time-to-100", Unit::Seconds, "until all of them are", |m| {
        since_start(m, m.completion().all())
    }),
    plain("last-served", Unit::Seconds, "until the last call that was served", |m| {
        since_start(m, m.completion().last())
    }),
    plain("drain-time", Unit::Seconds, "from the horizon to the last call that was served", |m| {
        Some(m.completion().last()?.since(m.horizon).as_secs_f64())
    }),
    plain("jain", Unit::Ratio, "Jain's index of the clients' served calls", |m| {
        Some(served(m).jain())
    }),
    plain("jain-by-chance", Unit::Ratio, "Jain's index if equal clients drew lots for them", |m| {
        Some(chance::jain(m.total().served(), m.wanted_clients().count() as u64))
    }),
    plain("gini", Unit::Ratio, "Gini's coefficient of the clients' served calls", |m| {
        Some(served(m).gini())
    }),
    plain(
        "gini-by-chance",
        Unit::Ratio,
        "Gini's coefficient if equal clients drew lots for them",
        |m| Some(chance::gini(m.total().served(), m.wanted_clients().count() as u64)),
    ),
    plain("jain-of-shares", Unit::Ratio, "Jain's index of the clients' served / calls", |m| {
        Some(shares(m).jain())
    }),
    plain("worst-client", Unit::Ratio, "the least served / calls of any client", |m| {
        shares(m).worst()
    }),
    plain("starved-share", Unit::Ratio, "clients of whose calls less than half were served", |m| {
        Some(shares(m).starved())
    }),
    after_trigger(yes_no(
        "recovered",
        "runs in which 90 % of new calls are served over 20 s after the trigger",
        |m| m.recovery().recovered(),
    )),
    after_trigger(plain(
        "recovery-time",
        Unit::Seconds,
        "from the trigger's end until that begins; never if it does not",
        |m| m.recovery().seconds(),
    )),
    after_trigger(ratio(
        "goodput-before",
        "served / new calls in the 20 s before the trigger",
        |m| {
            let (served, new) = m.recovery().at_first();
            (served as f64, new as f64)
        },
    )),
    after_trigger(ratio(
        "goodput-after",
        "served / new calls in the last quarter of the time after the trigger",
        |m| {
            let (served, new) = m.recovery().at_last();
            (served as f64, new as f64)
        },
    )),
];

/// The metrics that runs of a model have.
pub fn metrics_of(model: &Model) -> impl Iterator<Item = &'static Metric> + use<> {
    let disturbed = model.trigger.is_some();
    METRICS.iter().filter(move |metric| disturbed || !metric.after_trigger)
}

impl Metric {
    /// The metric of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Metric> {
        METRICS.iter().find(|metric| metric.name == name)
    }
}

#[allow(clippy::unnecessary_wraps)] // the shape of a metric
fn given_up(m: &Measures, cause: Cause) -> Option<f64> {
    Some(m.total().given_up[cause as usize] as f64)
}

fn goodput(m: &Measures) -> Option<f64> {
    let busy = m.completion().all().map_or(m.window(), |all| all.since(m.start)).as_secs_f64();
    (busy > 0.0).then(|| m.total().served() as f64 / busy)
}

/// Never is infinite: an interval of it is not made, and the table says so.
fn wait(m: &Measures, q: f64) -> Option<f64> {
    let ns = m.all_waits().quantile(q)?;
    Some(if ns == u64::MAX { f64::INFINITY } else { ns as f64 / 1e9 })
}

fn since_start(m: &Measures, at: Option<Instant>) -> Option<f64> {
    Some(at?.since(m.start).as_secs_f64())
}

fn served(m: &Measures) -> Shares {
    Shares::new(m.wanted_clients().map(|c| f64::from(c.served)).collect())
}

fn shares(m: &Measures) -> Shares {
    Shares::new(
        m.wanted_clients().filter(|c| c.calls > 0).map(super::ClientRow::served_share).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        for (place, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..place].iter().all(|m| m.name != metric.name), "{}", metric.name);
            assert!(
                metric
                    .name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            );
        }
    }
}
