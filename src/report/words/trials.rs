//! Whether the ranking survives what the vendor does not document.

use crate::experiment::{Comparison, Shift, Trial};
use crate::report::text::{keep, visible, wrap};

use super::assumed::{limits, short};

/// The most pairs of clients that are named for one alternative.
const SHOWN: usize = 3;

/// A line for each alternative, and how many the order survives; empty where
/// none was tried.
#[must_use]
pub fn trials(trials: &[Trial], comparison: &Comparison, api: &str) -> String {
    if trials.is_empty() {
        return String::new();
    }
    let (all, api) = (trials.len(), visible(api));
    let heading =
        format!("The order of the clients under {all} alternatives to what {api} leaves open:");
    let mut text = wrap(&heading, 0) + "\n";
    for trial in trials {
        let assumed: Vec<_> = trial.alternative.assumed.iter().collect();
        let mark = if trial.survival.holds() { "✓" } else { "✗" };
        let line = format!(
            "{}{}: {} = {}, not {}: {}",
            keep(&format!("  {mark} ")),
            limits(&assumed),
            visible(&assumed[0].field),
            visible(&short(&trial.alternative.value)),
            visible(&short(&assumed[0].value)),
            shifts(&trial.survival.shifts, comparison)
        );
        text.push_str(&(wrap(&line, 4) + "\n"));
    }
    text.push_str(&(wrap(&survived(trials), 0) + "\n"));
    text
}

/// How many of the alternatives the order survives, as a sentence.
#[must_use]
pub fn survived(trials: &[Trial]) -> String {
    let all = trials.len();
    match trials.iter().filter(|trial| trial.survival.holds()).count() {
        held if held == all => {
            format!("Nobody who was clearly ahead is behind under any of the {all}.")
        }
        held => format!(
            "The order holds under {held} of {all}; where it does not, find out what is so before \
             you decide."
        ),
    }
}

fn shifts(shifts: &[Shift], comparison: &Comparison) -> String {
    let name = |client: usize| visible(&comparison.outcomes[client].name);
    let told = |shift: &Shift| match *shift {
        Shift::Reversed { ahead, behind } => {
            format!("{} is ahead of {}, not behind", name(ahead), name(behind))
        }
        Shift::Blurred { ahead, behind } => {
            format!("no clear difference between {} and {}", name(ahead), name(behind))
        }
        Shift::Parted { ahead, behind } => {
            format!("{} is clearly ahead of {}", name(ahead), name(behind))
        }
    };
    // What turns the order round comes first.
    let mut sorted: Vec<&Shift> = shifts.iter().collect();
    sorted.sort_by_key(|shift| !matches!(shift, Shift::Reversed { .. }));
    let mut lines: Vec<String> = sorted.iter().take(SHOWN).map(|shift| told(shift)).collect();
    match shifts.len().saturating_sub(SHOWN) {
        0 if shifts.is_empty() => "the same".to_owned(),
        0 => lines.join("; "),
        more => {
            lines.push(format!("and {more} more pairs"));
            lines.join("; ")
        }
    }
}
