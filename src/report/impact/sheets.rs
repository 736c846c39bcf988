//! The files of a replay of logs.

use super::name;
use crate::api::ApiModel;
use crate::attribute::{Place, Principals};
use crate::replay::{Headroom, LimitImpact, Log, Readings};
use crate::report::csv;
use crate::report::number::{data, seconds};
use crate::report::text::cell;
use crate::time::Instant;

/// `impact.csv`: a row a key of each limit, in the order in which keys came. Where
/// no limit is finer than the stamps the cells of the other reading are empty.
#[must_use]
pub fn impact(model: &ApiModel, log: &Log, readings: &Readings) -> String {
    let header = [
        "limit",
        "key",
        "requests",
        "rejected",
        "share",
        "rejected_spread",
        "share_spread",
        "delayed",
        "locked_out_s",
        "longest_s",
        "first_hit",
    ];
    let limits = &readings.at_once.limits;
    let rows = (0..).zip(limits).flat_map(|(number, limit)| {
        let name_of = &model.limit(limit.limit).name;
        let spread = readings.spread.as_ref().map(|s| by_slot(model, &s.limits[number]));
        limit.keys.iter().map(move |key| {
            let other = spread.as_ref().and_then(|spread| {
                spread.get(slot(model, limit, key.principal) as usize).copied().flatten()
            });
            let first_hit = match key.first_hit {
                Instant::NEVER => String::new(),
                at => at.to_string(),
            };
            vec![
                cell(name_of).into_owned(),
                cell(&name(model, limit.limit, &log.trace.principals, key)).into_owned(),
                key.requests.to_string(),
                key.rejected.to_string(),
                data(key.share()),
                other.map_or_else(String::new, |other| other.to_string()),
                other.map_or_else(String::new, |o| data(o as f64 / key.requests.max(1) as f64)),
                key.delayed.to_string(),
                seconds(key.throttled),
                seconds(key.longest),
                first_hit,
            ]
        })
    });
    csv::sheet(std::iter::once(header.map(str::to_owned).to_vec()).chain(rows))
}

/// How many requests of each key were refused.
fn by_slot(model: &ApiModel, limit: &LimitImpact) -> Vec<Option<u64>> {
    let mut rejected = vec![None; model.slots[usize::from(limit.limit.0)].len()];
    for key in &limit.keys {
        rejected[slot(model, limit, key.principal) as usize] = Some(key.rejected);
    }
    rejected
}

/// Where the state of a key that has one lies.
fn slot(model: &ApiModel, limit: &LimitImpact, principal: u32) -> u32 {
    match model.slots[usize::from(limit.limit.0)].place(principal, 0) {
        Place::At(slot) => slot,
        Place::Skip | Place::Refuse => unreachable!("a key of the limit has a place"),
    }
}

/// `headroom.csv`: a row a key of each limit, with the most requests of any second,
/// ten seconds, minute, hour and day, aligned to the clock in UTC.
#[must_use]
pub fn headroom(
    model: &ApiModel,
    principals: &Principals,
    limits: &[LimitImpact],
    headroom: &[Vec<Headroom>],
) -> String {
    let windows = headroom.first().into_iter().flatten();
    let windows = windows.map(|headroom| format!("peak_{}", headroom.window()));
    let header = ["limit", "key", "requests"].map(str::to_owned).into_iter().chain(windows);
    let rows = limits.iter().zip(headroom).flat_map(|(limit, headroom)| {
        limit.keys.iter().map(move |key| {
            let slot = slot(model, limit, key.principal);
            let mut row = vec![
                cell(&model.limit(limit.limit).name).into_owned(),
                cell(&name(model, limit.limit, principals, key)).into_owned(),
                key.requests.to_string(),
            ];
            row.extend(headroom.iter().map(|headroom| headroom.peak(slot).to_string()));
            row
        })
    });
    csv::sheet(std::iter::once(header.collect()).chain(rows))
}

/// `curve.csv`: how many keys a fixed window of each quota would hit, and how many
/// requests it would refuse. Quotas go up by one, then by a fiftieth, to the
/// first that refuses nothing.
#[must_use]
pub fn curve(model: &ApiModel, limits: &[LimitImpact], headroom: &[Vec<Headroom>]) -> String {
    let header =
        ["limit", "window_s", "quota", "keys_hit", "keys_hit_share", "rejected", "rejected_share"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (limit, headroom) in limits.iter().zip(headroom) {
        for window in headroom {
            let last = window.peaks().last().copied().unwrap_or(0);
            let share = |part: u64, all: u64| data(part as f64 / all.max(1) as f64);
            for quota in quotas(last) {
                let hits = window.hits(quota);
                rows.push(vec![
                    cell(&model.limit(limit.limit).name).into_owned(),
                    seconds(window.window()),
                    quota.to_string(),
                    hits.keys.to_string(),
                    share(hits.keys, window.peaks().len() as u64),
                    hits.rejected.to_string(),
                    share(hits.rejected, window.requests()),
                ]);
            }
        }
    }
    csv::sheet(rows)
}

/// The quotas from 1 to the last: each, and above 50 those a fiftieth apart.
fn quotas(last: u32) -> impl Iterator<Item = u32> {
    let next = move |quota: &u32| {
        let step = (quota / 50).max(1);
        (*quota < last).then(|| quota.saturating_add(step).min(last))
    };
    std::iter::successors((last > 0).then_some(1), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_go_up_to_the_last() {
        assert_eq!(quotas(0).count(), 0);
        assert_eq!(quotas(3).collect::<Vec<_>>(), [1, 2, 3]);
        let many: Vec<u32> = quotas(1_000_003).collect();
        assert_eq!((many[99], many.last()), (100, Some(&1_000_003)));
        assert!(many.len() < 700 && many.is_sorted());
    }
}
