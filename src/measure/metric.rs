//! How each metric is read off a run.

use Value::{Plain, Ratio, YesNo};

use super::Measures;
use crate::client::Cause;
use crate::metric::{METRICS, Metric};
use crate::scenario::Model;
use crate::stats::chance;
use crate::stats::fairness::Shares;
use crate::time::Instant;

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

impl Value {
    /// How that metric is read.
    #[must_use]
    #[allow(clippy::too_many_lines)] // a line a metric
    pub const fn of(metric: Metric) -> Value {
        match metric {
            Metric::Calls => Plain(|m| Some(m.total().offered as f64)),
            Metric::Served => Plain(|m| Some(m.total().served() as f64)),
            Metric::ServedByCache => Plain(|m| Some(m.total().by_cache as f64)),
            Metric::ServedByBatch => Plain(|m| Some(m.total().by_batch as f64)),
            Metric::Avoided => Plain(|m| Some(m.total().avoided as f64)),
            Metric::GivenUp => Plain(|m| Some(m.total().all_given_up() as f64)),
            Metric::GivenUpAttempts => Plain(|m| given_up(m, Cause::Attempts)),
            Metric::GivenUpDeadline => Plain(|m| given_up(m, Cause::Deadline)),
            Metric::GivenUpNotRetried => Plain(|m| given_up(m, Cause::NotRetried)),
            Metric::GivenUpShed => Plain(|m| given_up(m, Cause::Shed)),
            Metric::GivenUpHint => Plain(|m| given_up(m, Cause::Hint)),
            Metric::GivenUpError => Plain(|m| given_up(m, Cause::Error)),
            Metric::GivenUpBudget => Plain(|m| given_up(m, Cause::Budget)),
            Metric::GivenUpThrottle => Plain(|m| given_up(m, Cause::Throttle)),
            Metric::Unfinished => Plain(|m| Some(m.total().unfinished as f64)),
            Metric::ServedShare => Ratio(|m| (m.total().served() as f64, m.total().offered as f64)),
            Metric::Attempts => Plain(|m| Some(m.total().attempts as f64)),
            Metric::Admitted => Plain(|m| Some(m.total().admitted as f64)),
            Metric::Rejected => Plain(|m| Some(m.total().rejected as f64)),
            Metric::RejectedShare => {
                Ratio(|m| (m.total().rejected as f64, m.total().attempts as f64))
            }
            Metric::ServerErrors => Plain(|m| Some(m.total().errors as f64)),
            Metric::Failed => Plain(|m| Some(m.total().failed as f64)),
            Metric::Timeouts => Plain(|m| Some(m.total().timeouts as f64)),
            Metric::Amplification => {
                Ratio(|m| (m.total().attempts as f64, m.total().offered as f64))
            }
            Metric::Goodput => Plain(goodput),
            Metric::Utilisation => Plain(Measures::utilisation),
            Metric::PeakOvershoot => Plain(Measures::overshoot),
            Metric::WaitP50 => Plain(|m| wait(m, 0.5)),
            Metric::WaitP90 => Plain(|m| wait(m, 0.9)),
            Metric::WaitP99 => Plain(|m| wait(m, 0.99)),
            Metric::WaitMax => Plain(|m| Some(m.all_waits().max()? as f64 / 1e9)),
            Metric::TimeTo99 => Plain(|m| since_start(m, m.completion().most())),
            Metric::TimeTo100 => Plain(|m| since_start(m, m.completion().all())),
            Metric::LastServed => Plain(|m| since_start(m, m.completion().last())),
            Metric::DrainTime => {
                Plain(|m| Some(m.completion().last()?.since(m.horizon).as_secs_f64()))
            }
            Metric::Jain => Plain(|m| Some(served(m).jain())),
            Metric::JainByChance => {
                Plain(|m| Some(chance::jain(m.total().served(), m.wanted_clients().count() as u64)))
            }
            Metric::Gini => Plain(|m| Some(served(m).gini())),
            Metric::GiniByChance => {
                Plain(|m| Some(chance::gini(m.total().served(), m.wanted_clients().count() as u64)))
            }
            Metric::JainOfShares => Plain(|m| Some(shares(m).jain())),
            Metric::WorstClient => Plain(|m| shares(m).worst()),
            Metric::StarvedShare => Plain(|m| Some(shares(m).starved())),
            Metric::Recovered => YesNo(|m| m.recovery().recovered()),
            Metric::RecoveryTime => Plain(|m| m.recovery().seconds()),
            Metric::GoodputBefore => Ratio(|m| as_ratio(m.recovery().at_first())),
            Metric::GoodputAfter => Ratio(|m| as_ratio(m.recovery().at_last())),
        }
    }
}

/// The metrics that runs of a model have.
pub fn metrics_of(model: &Model) -> impl Iterator<Item = &'static Metric> + use<> {
    let disturbed = model.trigger.is_some();
    METRICS.iter().filter(move |metric| disturbed || !metric.follows_trigger())
}

fn as_ratio((part, all): (u64, u64)) -> (f64, f64) {
    (part as f64, all as f64)
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
