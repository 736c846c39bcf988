//! Limits that become others during a run.

use std::mem::discriminant;

use super::{Checks, multiple};
use crate::api::{ApiModel, LimitId};
use crate::limiter::Limiter;
use crate::scenario::file;
use crate::scenario::model::{Change, Changed};
use crate::time::Instant;

/// The changes of a scenario in order of time; `api` is the API as it is written
/// and as it was built, with the limits in the same order.
pub(super) fn build(
    scenario: &file::scenario::Scenario,
    api: (&file::api::Api, &ApiModel),
    start: Instant,
    clients: u64,
    checks: &mut Checks,
) -> Vec<Change> {
    let (written, built) = api;
    let names = || built.limits.iter().map(|limit| limit.name.as_str());
    let change = |change: &file::scenario::Change| {
        let limit = checks.find("limit", &change.limit, names())?;
        // What is written for one client stays so when it changes.
        let times = written.limit[limit].times.as_ref().map(|_| clients);
        let to = changed(change, times, checks)?;
        if let Changed::Limiter(new) = &to {
            check_kind(change, &built.limits[limit].limiter, new, checks)?;
        }
        let limit = LimitId(u16::try_from(limit).ok()?);
        Some(Change { at: start.after(change.at), limit, to })
    };
    let mut changes: Vec<Change> = scenario.change.iter().filter_map(change).collect();
    changes.sort_by_key(|change| change.at);
    changes
}

/// What a limit becomes, so many times over.
fn changed(
    change: &file::scenario::Change,
    times: Option<u64>,
    checks: &mut Checks,
) -> Option<Changed> {
    match (&change.quota, &change.to) {
        (Some(quota), None) => {
            let one = checks.above_zero(quota, "the new quota");
            let factor = times.unwrap_or(1);
            let many = one.checked_mul(factor);
            if many.is_none() {
                let message = format!("the quota {one} times {factor} does not fit in 64 bits");
                checks.fault(quota.span(), message, "write a smaller one, or take fewer clients");
            }
            many.map(Changed::Quota)
        }
        (None, Some(rule)) => {
            let (mut limiter, at) = (Limiter::from(rule.clone()), change.limit.span());
            if let Some(factor) = times {
                limiter = multiple::times(limiter, factor, at.clone(), checks);
            }
            multiple::check_open(&limiter, at, checks);
            Some(Changed::Limiter(Box::new(limiter)))
        }
        _ => {
            let message = "the change does not say what the limit becomes";
            let help = "write one of them: quota = 120, or to = { token-bucket = { ... } }";
            checks.fault(change.limit.span(), message, help);
            None
        }
    }
}

/// A limit may become one of another kind only where nothing is lost by that.
fn check_kind(
    change: &file::scenario::Change,
    old: &Limiter,
    new: &Limiter,
    checks: &mut Checks,
) -> Option<()> {
    let keeps = old.holds() || new.holds() || old.delays() != new.delays();
    if !keeps || discriminant(old) == discriminant(new) {
        return Some(());
    }
    let message = format!("`{}` cannot become a limiter of that kind", change.limit.as_ref());
    let help = "what is in progress or delayed would be lost: keep its kind, and change its \
                numbers";
    checks.fault(change.limit.span(), message, help);
    None
}
