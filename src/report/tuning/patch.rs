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
    let mut lines = vec![format!("# {}", visible(tuning.command))];
    lines.extend(answer(tuning).iter().map(|line| comment(&line.replace(KEPT, " "))));
    let Some(place) = tuning.chosen() else {
        lines.extend(several(tuning));
        return lines.join("\n") + "\n";
    };
    let set = settings(tuning.knobs, &place).join(" ");
    lines.push(format!("# To try it: tollgate compare {} {set}", shell(scenario)));
    for home in homes {
        let block = home.document.block(&home.path).unwrap_or_default();
        let block = block.trim_end().to_owned();
        // Both knobs may stand in one table.
        if !lines.contains(&block) {
            lines.extend([String::new(), comment(&belongs(tuning, &home.document)), block]);
        }
    }
    lines.join("\n") + "\n"
}

/// To which file a table belongs.
fn belongs(tuning: &Tuning<'_>, document: &Document) -> String {
    let name = document.name();
    let is_file = std::path::Path::new(name).extension().is_some();
    match name.split_once('/').filter(|_| !is_file) {
        Some((kind, own)) => format!(
            "In models/{kind}s/{own}.toml, which is built in; `tollgate init --from {}` writes it:",
            tuning.plan.name
        ),
        None => format!("In {}:", base(name)),
    }
}

/// Where there is a choice, it is somebody's.
fn several(tuning: &Tuning<'_>) -> Vec<String> {
    let best: Vec<String> = match tuning.sought {
        Sought::End(..) => vec![],
        Sought::Front(_, front) => {
            let best = front.standings.iter().filter(|(_, s)| **s == Standing::Front);
            best.map(|(place, _)| settings(tuning.knobs, place).join(" ")).collect()
        }
    };
    if best.is_empty() {
        return vec!["# There is nothing to apply.".to_owned()];
    }
    let best = best.iter().map(|set| format!("#   {set}"));
    std::iter::once("# Choose one of:".to_owned()).chain(best).collect()
}

fn comment(text: &str) -> String {
    let lines = wrap(&visible(text), 2);
    lines.lines().map(|line| format!("# {line}")).collect::<Vec<_>>().join("\n")
}
