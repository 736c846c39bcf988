//! `patch.toml`: the changed tables as they stand in their files, with the new values.

use super::value::settings;
use super::words::answer;
use super::{Sought, Tuning};
use crate::experiment::tune::Standing;
use crate::report::record::base;
use crate::report::text::{KEPT, shell, visible, wrap};
use crate::scenario::document::Document;

/// The file that a knob stands in, changed, and the knob's path within it.
#[derive(Clone, Debug)]
pub struct Home {
    /// With the new value.
    pub document: Document,
    /// As the file has it: without `api.` before it.
    pub path: String,
}

/// The text of `patch.toml`: comments that say where it belongs and how to try it,
/// and the tables to put there. `homes` are those of the knobs, in their order.
#[must_use]
pub fn patch(tuning: &Tuning<'_>, scenario: &str, homes: &[Home]) -> String {
    // A command that is broken into lines is none.
    let mut text = format!("# {}\n", visible(tuning.command));
    for line in answer(tuning) {
        text.push_str(&comment(&line.replace(KEPT, " ")));
    }
    let Some(place) = tuning.chosen() else {
        text.push_str(&several(tuning));
        return text;
    };
    let set = settings(tuning.knobs, &place).join(" ");
    text.push_str(&format!("# To try it: tollgate compare {} {set}\n", shell(scenario)));
    let mut done: Vec<(String, String)> = vec![];
    for home in homes {
        let name = home.document.name();
        let block = home.document.block(&home.path).unwrap_or_default();
        if done.contains(&(name.to_owned(), block.clone())) {
            continue;
        }
        let line = match name.split_once('/').filter(|_| is_built_in(name)) {
            Some((kind, own)) => format!(
                "In models/{kind}s/{own}.toml, which is built in; `tollgate init --from {}` writes it:",
                tuning.plan.name
            ),
            None => format!("In {}:", base(name)),
        };
        text.push_str(&format!("\n{}\n{}\n", comment(&line).trim_end(), block.trim_end()));
        done.push((name.to_owned(), block));
    }
    text
}

/// Where there is a choice, it is somebody's.
fn several(tuning: &Tuning<'_>) -> String {
    let Sought::Front(_, front) = tuning.sought else {
        return "# There is nothing to apply.\n".to_owned();
    };
    let best = front.standings.iter().filter(|(_, standing)| **standing == Standing::Front);
    let lines = best.map(|(place, _)| format!("#   {}\n", settings(tuning.knobs, place).join(" ")));
    let lines: String = lines.collect();
    if lines.is_empty() {
        return "# There is nothing to apply.\n".to_owned();
    }
    format!("# Choose one of:\n{lines}")
}

fn is_built_in(name: &str) -> bool {
    std::path::Path::new(name).extension().is_none()
}

fn comment(text: &str) -> String {
    let lines = wrap(&visible(text), 2);
    lines.lines().map(|line| format!("# {line}\n")).collect()
}
