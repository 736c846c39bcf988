//! What a comparison stands on: what the vendor does not document.

use crate::report::text::visible;
use crate::scenario::{Assumption, Plan, grouped};

/// The most characters of a value that are shown; the model file has them all.
const SHORT: usize = 60;

/// What the API's model assumes, a line each, and the command that tries the
/// alternatives. Empty where nothing is assumed.
#[must_use]
pub fn assumptions(plan: &Plan, command: &str) -> Vec<String> {
    if plan.assumptions.is_empty() {
        return vec![];
    }
    let count = plan.assumptions.len();
    let mut lines = vec![format!(
        "Assumes {count} thing{} that {} does not document:",
        if count == 1 { "" } else { "s" },
        visible(&plan.api)
    )];
    for group in grouped(&plan.assumptions) {
        let assumption = group[0];
        let or: Vec<String> = assumption.alternatives.iter().map(|v| short(v)).collect();
        lines.push(visible(&format!(
            "- {}: {} = {} (or {})",
            limits(&group),
            assumption.field,
            short(&assumption.value),
            or.join(" or ")
        )));
    }
    lines.push(format!("Try the others: {command} --assumptions"));
    lines
}

/// The limits of which the same is assumed.
pub(super) fn limits(group: &[&Assumption]) -> String {
    let name = |assumption: &&Assumption| match &assumption.limit {
        Some(limit) => visible(limit),
        None => "the whole API".to_owned(),
    };
    group.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A value on one line, cut where it is long.
pub(super) fn short(value: &str) -> String {
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if value.chars().count() <= SHORT {
        return value;
    }
    let head: String = value.chars().take(SHORT - 2).collect();
    format!("{} …", head.trim_end())
}
