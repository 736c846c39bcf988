//! From what a comparison found to the charts, each of which draws what stands
//! in a CSV file: `work-time` and `throttled` in `summary.csv`, `rate` in
//! `series.csv`, `waves` in `waves.csv`, `wait` in `waits.csv`, `fairness` in
//! `fairness.csv`.

mod sweep;
mod waves;

pub use sweep::figure as sweep;

use super::chart::{self, Chart, Estimate, fairness, rate, throttled, wait, work_time};
use super::csv::{self, Rates, served_by_member, wait_curve};
use super::subject::{End, Subject};
use super::text::visible;
use super::words;
use crate::api::LimitId;
use crate::experiment::Outcome;
use crate::metric::Metric;
use crate::time::Instant;

/// How many pixels of a PNG make one of a chart.
pub const SCALE: u32 = 2;

/// All charts of a comparison.
#[must_use]
pub fn all(subject: &Subject<'_>) -> Vec<Chart> {
    vec![
        work_time(subject),
        rate(subject),
        waves::figure(subject),
        throttled(subject),
        fairness(subject),
        wait(subject),
    ]
}

/// The names of all charts, as their files have them.
pub const NAMES: [&str; 6] = ["work-time", "rate", "waves", "throttled", "fairness", "wait"];

fn work_time(subject: &Subject<'_>) -> Chart {
    let open = subject.end() == End::Open;
    let key = if open { Metric::ServedShare } else { Metric::TimeTo99 };
    let finished: Vec<&str> = subject
        .ranked()
        .filter(|(_, finished)| *finished)
        .map(|(outcome, _)| outcome.name.as_str())
        .collect();
    let clients = subject.comparison.outcomes.iter().map(|outcome| {
        let placed = open || finished.contains(&outcome.name.as_str());
        work_time::Client {
            name: visible(&outcome.name),
            x: outcome.estimate(key).filter(|_| placed).map(of),
            attempts: outcome.estimate(Metric::Attempts).map_or(Estimate::exact(0.0), of),
            served: mean(outcome, Metric::ServedShare),
        }
    });
    let (x_title, x_unit) = if open {
        ("Share of calls served", work_time::XUnit::Share)
    } else {
        ("Time to 99% of calls served", work_time::XUnit::Seconds)
    };
    let floor = words::floor_of(subject).map(|floor| work_time::Floor {
        at: floor.seconds,
        text: format!("no client can be sooner: {}, {}", floor.bound, floor.why),
    });
    work_time::WorkTime {
        title: words::headline(subject),
        subtitle: subtitle(subject, "mean with 95% interval"),
        x_title: x_title.to_owned(),
        x_unit,
        y_title: "Attempts per run".to_owned(),
        floor,
        clients: clients.collect(),
    }
    .chart()
}

fn rate(subject: &Subject<'_>) -> Chart {
    let band = |rates: Rates| rate::Band { median: rates.median, low: rates.low, high: rates.high };
    let width = csv::width(subject);
    let clients = subject.comparison.outcomes.iter().map(|outcome| rate::Client {
        name: visible(&outcome.name),
        admitted: band(csv::rates(subject, outcome, |bin| bin.admitted)),
        throttled: band(csv::rates(subject, outcome, |bin| bin.rejected)),
        throttled_share: mean(outcome, Metric::RejectedShare),
        admitted_total: mean(outcome, Metric::Admitted),
    });
    let how = format!("median and 5 to 95%, in bins of {width}");
    rate::Rate {
        title: "What was admitted and what was refused over time".to_owned(),
        subtitle: subtitle(subject, &how),
        bin: width.as_secs_f64(),
        limit: limit(subject),
        phases: phases(subject),
        clients: clients.collect(),
    }
    .chart()
}

/// The rate that bounds all calls together, whoever makes them.
fn limit(subject: &Subject<'_>) -> Option<rate::Limit> {
    let api = &subject.model().api;
    let applies = |id: LimitId| api.endpoints.iter().all(|endpoint| endpoint.limits.contains(&id));
    let limits = (0..).zip(api.limits.iter().zip(&api.slots));
    let rates = limits
        .filter(|(id, (limit, slots))| applies(LimitId(*id)) && !limit.shadow && !slots.is_empty())
        .map(|(_, (limit, slots))| {
            let rate = limit.limiter.capacity().per_second * slots.len() as f64;
            (rate, &limit.limiter, slots.len())
        });
    let (rate, limiter, keys) =
        rates.filter(|(rate, ..)| rate.is_finite()).min_by(|a, b| a.0.total_cmp(&b.0))?;
    let each = if keys == 1 { String::new() } else { format!(" for each of {keys}") };
    Some(rate::Limit { rate, text: format!("limit {}{each}", limiter.pace()) })
}

fn throttled(subject: &Subject<'_>) -> Chart {
    let clients = subject.comparison.outcomes.iter().map(|outcome| throttled::Client {
        name: visible(&outcome.name),
        share: outcome.estimate(Metric::RejectedShare).map_or(Estimate::exact(0.0), of),
    });
    throttled::Throttled {
        title: "The share of attempts that was refused".to_owned(),
        subtitle: subtitle(subject, "mean with 95% interval"),
        clients: clients.collect(),
    }
    .chart()
}

/// The times in which the run was disturbed, in seconds of it.
fn phases(subject: &Subject<'_>) -> Vec<rate::Phase> {
    let model = subject.model();
    let phase = |text: &str, from: Instant, until: Instant| rate::Phase {
        from: from.since(model.start).as_secs_f64(),
        to: until.since(model.start).as_secs_f64(),
        text: text.to_owned(),
    };
    let outages = model.service.disturbances();
    let mut phases: Vec<_> = outages.map(|(from, until)| phase("outage", from, until)).collect();
    if let Some(trigger) = model.trigger.as_ref().filter(|t| phases.is_empty() && t.from < t.until)
    {
        phases.push(phase(&visible(&trigger.name), trigger.from, trigger.until));
    }
    phases.sort_by(|a, b| a.from.total_cmp(&b.from));
    phases
}

fn fairness(subject: &Subject<'_>) -> Chart {
    let clients = subject.comparison.outcomes.iter().map(|outcome| {
        let shares = served_by_member(outcome);
        fairness::Client {
            name: visible(&outcome.name),
            curve: fairness::Curve {
                lorenz: shares.lorenz(),
                jain: shares.jain(),
                gini: shares.gini(),
            },
        }
    });
    fairness::Fairness {
        title: "How evenly everybody's calls were served".to_owned(),
        subtitle: subtitle(subject, "the first one shown"),
        y_title: "Share of served ÷ made".to_owned(),
        x_title: "Share of members, the least served first".to_owned(),
        clients: clients.collect(),
        chance: None,
    }
    .chart()
}

fn wait(subject: &Subject<'_>) -> Chart {
    let clients = subject.comparison.outcomes.iter().map(|outcome| {
        let quantile = |q| {
            let ns = outcome.waits.quantile(q).filter(|ns| *ns != u64::MAX);
            ns.map(|ns| ns as f64 / 1e9)
        };
        wait::Client {
            name: visible(&outcome.name),
            curve: wait_curve(outcome),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            served: mean(outcome, Metric::ServedShare),
        }
    });
    wait::Wait {
        title: "How long calls wait until they are served".to_owned(),
        subtitle: subtitle(subject, "all seeds together"),
        clients: clients.collect(),
    }
    .chart()
}

/// What was run, over how many seeds, and how the numbers came about.
fn subtitle(subject: &Subject<'_>, how: &str) -> String {
    let seeds = match subject.seeds.count.get() {
        1 => "1 seed".to_owned(),
        seeds => format!("{seeds} seeds"),
    };
    let (title, api) = (visible(&subject.plan.title), visible(&subject.plan.api));
    let end = if title.ends_with('?') { "" } else { ";" };
    let whole = format!("{title}{end} {seeds}, {how}");
    if whole.chars().count() <= SUBTITLE {
        return whole;
    }
    format!("{api}; {seeds}, {how}")
}

/// More characters do not fit under a title.
const SUBTITLE: usize = 124;

fn of(estimate: crate::stats::interval::Estimate) -> Estimate {
    chart::Estimate { mean: estimate.mean, low: estimate.low, high: estimate.high }
}

fn mean(outcome: &Outcome, metric: Metric) -> f64 {
    outcome.estimate(metric).map_or(0.0, |estimate| estimate.mean)
}
