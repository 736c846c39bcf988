//! What a comparison stands on: what the vendor does not document.

use crate::report::text::{shell, visible};
use crate::scenario::{Assumption, Plan};

/// The most characters of a value that are shown; the model file has them all.
const SHORT: usize = 60;

/// What the API's model assumes, a line each, and how to try something else.
/// Empty where nothing is assumed.
#[must_use]
pub fn assumptions(plan: &Plan, command: &str) -> Vec<String> {
    let settings = plan.assumptions.iter().map(setting);
    let Some(setting) = settings.min_by_key(|setting| setting.len() > SHORT) else {
        return vec![];
    };
    let groups = grouped(&plan.assumptions);
    let count = plan.assumptions.len();
    let mut lines = vec![format!(
        "Assumes {count} thing{} that {} does not document:",
        if count == 1 { "" } else { "s" },
        visible(&plan.api)
    )];
    for (limits, assumption) in groups {
        let or: Vec<String> = assumption.alternatives.iter().map(|v| short(v)).collect();
        lines.push(visible(&format!(
            "- {}: {} = {} (or {})",
            limits.join(", "),
            assumption.field,
            short(&assumption.value),
            or.join(" or ")
        )));
    }
    lines.push(format!("Try another: {command} --set {setting}"));
    lines
}

/// The assumptions that several limits share, told once, with the limits' names.
fn grouped(assumptions: &[Assumption]) -> Vec<(Vec<&str>, &Assumption)> {
    let mut groups: Vec<(Vec<&str>, &Assumption)> = vec![];
    for assumption in assumptions {
        let limit = assumption.limit.as_deref().unwrap_or("the whole API");
        let alike = groups.iter_mut().find(|(_, first)| {
            first.limit.is_some() == assumption.limit.is_some()
                && first.field == assumption.field
                && first.value == assumption.value
                && first.alternatives == assumption.alternatives
        });
        match alike {
            Some((limits, _)) => limits.push(limit),
            None => groups.push((vec![limit], assumption)),
        }
    }
    groups
}

/// The `--set` that makes an assumption its first alternative.
fn setting(assumption: &Assumption) -> String {
    let value = assumption.alternatives.first().map_or("", String::as_str);
    shell(&format!("{}={value}", assumption.path))
}

/// A value, cut where it is long.
fn short(value: &str) -> String {
    if value.chars().count() <= SHORT {
        return value.to_owned();
    }
    let head: String = value.chars().take(SHORT - 2).collect();
    format!("{} …", head.trim_end())
}
