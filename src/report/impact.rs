//! Who would have been throttled: on a screen, and as files.

mod found;
mod read;
mod sheets;

pub use found::{crossed, found, none_found};
pub use read::seen;
pub use sheets::{curve, headroom, impact as sheet};

use super::grid;
use super::number::{Quantity, count};
use super::text::{visible, wrap};
use crate::api::{ApiModel, LimitId};
use crate::attribute::Principals;
use crate::replay::{HIT, Headroom, KeyImpact, LimitImpact, Log, Readings};
use crate::time::Instant;

/// How many of the keys that are hit most are shown.
const SHOWN: usize = 10;

/// The longest key that a screen shows whole; the files hold all of it.
const KEY_MAX: usize = 24;

/// What the limits do, for a screen.
#[must_use]
pub fn impact(
    model: &ApiModel,
    log: &Log,
    readings: &Readings,
    headroom_of: &[Vec<Headroom>],
) -> String {
    let mut text = String::new();
    if readings.spread.is_some() {
        let line = format!(
            "A limit is finer than the stamps, which resolve {}: every figure comes twice, for \
             requests of one stamp all at once, and spread over the tick.",
            log.tick()
        );
        text = wrap(&line, 0) + "\n\n";
    }
    let blocks = (0..).zip(headroom_of).map(|(limit, headroom)| {
        let of = |impact: &crate::replay::Impact| impact.limits[limit].clone();
        let limits: Vec<LimitImpact> = readings.all().map(of).collect();
        of_limit(model, &log.trace.principals, &limits, headroom)
    });
    text.push_str(&blocks.collect::<Vec<String>>().join("\n"));
    if headroom_of.len() > 1 {
        let told = |impact: &crate::replay::Impact| {
            let all = impact.requests.max(1);
            let share = Quantity::Share.write(impact.rejected as f64 / all as f64);
            format!("{} ({share})", count(impact.rejected))
        };
        let told: Vec<String> = readings.all().map(told).collect();
        let all = count(readings.at_once.requests);
        let line = format!("by all limits: {} of {all} requests rejected", told.join(" or "));
        text.extend(["\n", &wrap(&line, 2), "\n"]);
    }
    text
}

/// What a limit does, by one reading or by two.
fn of_limit(
    model: &ApiModel,
    principals: &Principals,
    limits: &[LimitImpact],
    headroom: &[Headroom],
) -> String {
    let first = &limits[0];
    let limit = model.limit(first.limit);
    let (requests, keys) = (first.requests().0, first.keys.len() as u64);
    let share = |part: u64, all: u64| Quantity::Share.write(part as f64 / all.max(1) as f64);
    let row = |what: &str, unit: &str, all: u64, number: &dyn Fn(&LimitImpact) -> u64| {
        let of = format!("of {} {unit}", count(all));
        let told = |limit| [count(number(limit)), share(number(limit), all)];
        match limits {
            [only] => {
                let [number, share] = told(only);
                vec![what.to_owned(), number, of, share]
            }
            _ => [what.to_owned(), of].into_iter().chain(limits.iter().flat_map(told)).collect(),
        }
    };
    let mut rows = vec![row("rejected", "requests", requests, &|limit| limit.requests().1)];
    if limit.limiter.queue().is_some() || limits.iter().any(|limit| delayed(limit) > 0) {
        rows.push(row("delayed", "requests", requests, &delayed));
    }
    for (what, enough) in
        ["keys hit", "  10 times or more", "  of 1 % of their requests or more"].iter().zip(HIT)
    {
        rows.push(row(what, "keys", keys, &|limit| limit.hit(enough) as u64));
    }
    rows.push(row("requests of keys hit", "requests", requests, &LimitImpact::traffic_hit));
    let mut text = wrap(&visible(&limit.name), 2) + "\n\n";
    let lines = match limits {
        // One reading alone needs no title.
        [_] => grid::lines(&[""; 4], &rows, &[0, 2]).split_off(1),
        _ => grid::lines(&["", "", "all at once", "", "spread", ""], &rows, &[0, 1]),
    };
    text.extend(lines.iter().map(|line| format!("{line}\n")));
    text.push_str(&peaks(headroom));
    let most = first.most_hit(SHOWN);
    if !most.is_empty() {
        text.push('\n');
        text.push_str(&most_hit(model, principals, &most, first));
    }
    text
}

/// Requests that a limit held back.
fn delayed(limit: &LimitImpact) -> u64 {
    limit.keys.iter().map(|key| key.delayed).sum()
}

/// The busiest windows of the keys.
fn peaks(headroom: &[Headroom]) -> String {
    let quantile = |headroom: &Headroom, q| {
        headroom.quantile(q).map_or("-".to_owned(), |peak| count(peak.into()))
    };
    let row = |headroom: &Headroom| {
        let mut row = vec![headroom.window().to_string()];
        row.extend([0.5, 0.9, 0.99, 1.0].map(|q| quantile(headroom, q)));
        row
    };
    let rows: Vec<Vec<String>> = headroom.iter().map(row).collect();
    let lines = grid::lines(&["peak of a key in", "p50", "p90", "p99", "max"], &rows, &[0]);
    format!("\n{}\n", lines.join("\n"))
}

fn most_hit(
    model: &ApiModel,
    principals: &Principals,
    most: &[&KeyImpact],
    limit: &LimitImpact,
) -> String {
    let row = |key: &&KeyImpact| {
        vec![
            shortened(&visible(&name(model, limit.limit, principals, key))),
            count(key.requests),
            count(key.rejected),
            Quantity::Share.write(key.share()),
            Quantity::Seconds.write(key.throttled.as_secs_f64()),
            Quantity::Seconds.write(key.longest.as_secs_f64()),
            minute(key.first_hit),
        ]
    };
    let rows: Vec<Vec<String>> = most.iter().map(row).collect();
    let titles = ["key", "requests", "rejected", "share", "locked out", "longest", "first hit"];
    let mut text = grid::lines(&titles, &rows, &[0]).join("\n") + "\n";
    let rest = limit.hit(|_| true) - most.len();
    if rest > 0 {
        text.extend(["... and ", &count(rest as u64), " more keys\n"]);
    }
    text
}

/// The texts of a key, of those attributes that the limit looks at.
fn name(model: &ApiModel, limit: LimitId, principals: &Principals, key: &KeyImpact) -> String {
    let attributes = model.limit(limit).scope.attributes.iter();
    let values = attributes.filter_map(|attribute| principals.value(key.principal, *attribute));
    let texts: Vec<&str> = values.filter_map(|value| principals.text(value)).collect();
    texts.join(", ")
}

/// The key as far as a screen has room for it.
fn shortened(key: &str) -> String {
    if key.chars().count() <= KEY_MAX {
        return key.to_owned();
    }
    key.chars().take(KEY_MAX - 1).chain(['…']).collect()
}

/// `05-17 10:05`
fn minute(at: Instant) -> String {
    at.to_string().get(5..16).unwrap_or("").replace('T', " ")
}
