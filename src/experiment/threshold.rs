//! Thresholds: what must not be of a client, and whether it is.

use super::outcome::Outcome;
use crate::metric::{Condition, Judgement, Level, Subject, Unknown};

/// A condition that must not hold, judged of one client.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    /// The condition.
    pub condition: Condition,
    /// The client by index; `None` where the condition names all that it is about.
    pub client: Option<usize>,
    /// Whether it holds, which is whether the threshold was crossed.
    pub crossed: Judgement,
    /// What is known of each metric that it is about, in the order written.
    pub levels: Vec<(Subject, Level)>,
}

/// All thresholds: a condition is judged of each client, or once if it names
/// the client of everything that it is about.
pub fn thresholds(
    conditions: &[Condition],
    outcomes: &[Outcome],
) -> Result<Vec<Threshold>, Unknown> {
    let mut all = vec![];
    for condition in conditions {
        if condition.subjects().iter().all(|subject| subject.of.is_some()) {
            all.push(judge(condition, None, outcomes)?);
            continue;
        }
        for client in 0..outcomes.len() {
            all.push(judge(condition, Some(client), outcomes)?);
        }
    }
    Ok(all)
}

/// The first client that a condition names and nobody is called.
#[must_use]
pub fn stranger<'c>(conditions: &'c [Condition], names: &[&str]) -> Option<&'c str> {
    let subjects = conditions.iter().flat_map(Condition::subjects).filter_map(|s| s.of.as_deref());
    subjects.into_iter().find(|name| !names.contains(name))
}

fn judge(
    condition: &Condition,
    client: Option<usize>,
    outcomes: &[Outcome],
) -> Result<Threshold, Unknown> {
    let level = |subject: &Subject| {
        let outcome = match &subject.of {
            Some(name) => outcomes.iter().find(|outcome| outcome.name == *name),
            None => client.map(|client| &outcomes[client]),
        };
        outcome?.level(subject.metric)
    };
    let crossed = condition.judge(&level)?;
    let subjects = condition.subjects().into_iter();
    let levels = subjects.filter_map(|subject| Some((subject.clone(), level(subject)?))).collect();
    Ok(Threshold { condition: condition.clone(), client, crossed, levels })
}
