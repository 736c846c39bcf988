//! Clients that cannot act on their own rule: the API sends none of the
//! headers that they read, so they are another client under a longer name.

use crate::api::LimitModel;
use crate::client::{Layer, Levers, Policy};
use crate::http::{Headers, Value};
use crate::scenario::Variant;

/// A client that does the same as another wherever these limits refuse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Equality {
    /// The client that reads headers, by index.
    pub client: usize,
    /// The client that it equals, by index; `None` if nobody compared is like it.
    pub equals: Option<usize>,
    /// The limits that tell it nothing.
    pub silent: Vec<String>,
    /// The limits that tell it something.
    pub telling: Vec<String>,
}

/// All such clients among these.
#[must_use]
pub fn equalities(variants: &[Variant]) -> Vec<Equality> {
    let readers = variants.iter().enumerate().filter(|(_, v)| !v.reads.is_empty());
    readers.filter_map(|(index, variant)| equality(index, variant, variants)).collect()
}

fn equality(index: usize, variant: &Variant, variants: &[Variant]) -> Option<Equality> {
    let policy = policy_of(variant)?;
    let limits = variant.model.api.limits.iter().zip(&variant.model.api.slots);
    let limits = limits.filter(|(limit, slots)| !limit.shadow && !slots.is_empty());
    let (mut silent, mut telling) = (vec![], vec![]);
    for (limit, _) in limits {
        let told = if policy.reads_none(&all_headers(limit)) { &mut silent } else { &mut telling };
        told.push(limit.name.clone());
    }
    if silent.is_empty() {
        return None;
    }
    let alike = |other: &(usize, &Variant)| {
        other.0 != index
            && levers(other.1) == levers(variant)
            && policy_of(other.1).is_some_and(|p| waits_alike(policy, p))
    };
    let equals = variants.iter().enumerate().find(alike).map(|(other, _)| other);
    Some(Equality { client: index, equals, silent, telling })
}

/// What the populations do before an attempt.
fn levers(variant: &Variant) -> Vec<&Levers> {
    variant.model.populations.iter().map(|p| &p.levers).collect()
}

/// The policy under comparison.
fn policy_of(variant: &Variant) -> Option<&Policy> {
    variant.model.policies.iter().find(|policy| policy.name == variant.name)
}

/// Whether `policy`, told nothing, does what `plain` does always.
fn waits_alike(policy: &Policy, plain: &Policy) -> bool {
    let bare = |p: &Policy| p.pauses.is_empty() && p.paces.is_empty() && p.in_flight.is_empty();
    let deaf = |p: &Policy| -> Vec<Layer> {
        p.layers.iter().map(|layer| Layer { hint: None, ..layer.clone() }).collect()
    };
    bare(policy)
        && bare(plain)
        && plain.layers.iter().all(|layer| layer.hint.is_none())
        && plain.header_pace.is_none()
        && plain.header_gate.is_none()
        && deaf(policy) == deaf(plain)
        && (policy.replays, policy.timer) == (plain.replays, plain.timer)
        && policy.timeout == plain.timeout
}

/// A refusal with every header that the limit may send.
fn all_headers(limit: &LimitModel) -> Headers {
    let mut headers = Headers::NONE;
    limit.headers.iter().for_each(|rule| headers.set(rule.name, Value::Integer(1)));
    headers
}
