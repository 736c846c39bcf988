//! How a comparison came to its number of seeds, in words.

use crate::experiment::{Stopping, Widest};
use crate::report::number;
use crate::report::subject::Subject;
use crate::report::text::{keep, visible};

/// Two sentences, where the number of seeds was not given.
#[must_use]
pub fn stopping(subject: &Subject<'_>) -> Option<String> {
    let stopping = subject.comparison.stopping.as_ref()?;
    let seeds = keep(&format!("{} seeds", number::count(subject.seeds.count.get() as u64)));
    let within = keep(&within(stopping));
    let slowest = stopping
        .slowest
        .map_or(String::new(), |widest| format!(", longest for {}", whose(subject, &widest)));
    let text = match (stopping.reached, &stopping.widest) {
        (false, Some(widest)) => format!(
            "After {seeds}, the most that were allowed, not all intervals are within {within}: \
             {} is {} times as wide as that.",
            whose(subject, widest),
            number::decimal(widest.excess, 1)
        ),
        _ => format!("It took {seeds} until all intervals were within {within}{slowest}."),
    };
    Some(format!("{text} After sequential stopping, intervals are slightly optimistic."))
}

/// `2 %`.
fn within(stopping: &Stopping) -> String {
    let per_cent = number::data(stopping.until.within * 100.0);
    format!("{per_cent} %")
}

/// `the 429-share of naive`.
fn whose(subject: &Subject<'_>, widest: &Widest) -> String {
    let client = &subject.comparison.outcomes[widest.client];
    format!("the {} of {}", widest.metric.name(), visible(&client.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Until;
    use crate::metric::Metric;
    use crate::report::fixture::{compared, outcome, plan};
    use crate::report::text::KEPT;
    use std::num::NonZeroUsize;

    fn said(reached: bool, excess: f64) -> String {
        let plan = plan(&["a"]);
        let outcomes = vec![outcome(&plan, 0, &[(100, 300.0, 5.0), (100, 310.0, 5.0)])];
        let widest = Widest { client: 0, metric: Metric::RejectedShare, excess };
        let until = Until { within: 0.025, most: NonZeroUsize::MIN };
        let (slowest, widest) = (Some(widest), Some(widest));
        compared(&plan, outcomes, Some(Stopping { until, reached, slowest, widest }), |subject| {
            stopping(subject).unwrap().replace(KEPT, " ")
        })
    }

    #[test]
    fn it_is_said_what_took_longest_and_that_watching_is_optimistic() {
        let optimistic = "After sequential stopping, intervals are slightly optimistic.";
        assert_eq!(
            said(true, 0.5),
            format!(
                "It took 2 seeds until all intervals were within 2.5 %, longest for the \
                 429-share of a. {optimistic}"
            )
        );
        assert_eq!(
            said(false, 3.12),
            format!(
                "After 2 seeds, the most that were allowed, not all intervals are within 2.5 %: \
                 the 429-share of a is 3.1 times as wide as that. {optimistic}"
            )
        );
    }
}
