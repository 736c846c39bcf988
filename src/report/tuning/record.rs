//! `tune.json`: what it takes to make the same files again, and the answer.

use serde_json::{Value, json};

use super::value::settings;
use super::words::{answer, objective};
use super::{Sought, Tuning};
use crate::experiment::tune::{BUDGET, COARSE, FINE, Way};
use crate::report::record::{add_libraries, files};
use crate::report::text::KEPT;
use crate::scenario::document::Document;
use crate::scenario::library::Kind;

/// The text of `tune.json`.
#[must_use]
pub fn record<'d>(
    tuning: &Tuning<'_>,
    documents: impl Iterator<Item = (Kind, &'d Document)>,
) -> String {
    let mut record = value(tuning);
    record["files"] = files(documents);
    add_libraries(&mut record, tuning.plan);
    format!("{record:#}\n")
}

/// All of it but the files.
pub(super) fn value(tuning: &Tuning<'_>) -> Value {
    let (least, most) = tuning.seeds();
    let said: Vec<String> =
        answer(tuning).into_iter().map(|line| line.replace(KEPT, " ")).collect();
    json!({
        "tollgate": env!("CARGO_PKG_VERSION"),
        "command": tuning.command,
        "scenario": tuning.plan.name,
        "title": tuning.plan.title,
        "api": tuning.plan.api,
        "client": tuning.client,
        "digest": tuning.plan.digest,
        "root-seed": tuning.root,
        "seeds": { "first": tuning.effort.first, "max": tuning.effort.most, "least-used": least, "most-used": most },
        "until": tuning.effort.until,
        "vary": tuning.knobs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "goals": tuning.question.goals().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "method": method(tuning),
        "answer": found(tuning),
        "said": said,
    })
}

fn method(tuning: &Tuning<'_>) -> Value {
    let search = match tuning.sought {
        Sought::End(way, found) => {
            let wanted = match way {
                Way::Minimise => "least value",
                Way::Maximise => "largest value",
            };
            let how = if found.turn.is_none() {
                format!("{wanted}: {COARSE} points, then bisection")
            } else {
                format!("{wanted}: {FINE} points from end to end, as the response turns")
            };
            json!(how)
        }
        Sought::Front(objectives, _) => json!({
            "front": objectives.iter().map(|o| objective(tuning, o)).collect::<Vec<_>>(),
            "most-points": BUDGET[tuning.knobs.len() - 1],
        }),
    };
    json!({
        "search": search,
        "level": 0.95,
        "seeds": "the same at every point, doubled until the whole interval meets or misses",
    })
}

fn found(tuning: &Tuning<'_>) -> Value {
    let chosen = tuning.chosen().map(|place| settings(tuning.knobs, &place).join(" "));
    match tuning.sought {
        Sought::End(_, found) => {
            let text = |value: Option<usize>| value.map(|value| tuning.knobs[0].text(value));
            json!({
                "set": chosen,
                "holds": text(found.best),
                "misses": text(found.misses),
                "misses-again": text(found.until),
                "one-way": found.turn.is_none(),
                "seeds-to-decide": found.seeds_to_decide(tuning.question).filter(|s| *s > 0),
            })
        }
        Sought::Front(_, front) => {
            use crate::experiment::tune::Standing;
            let of = |wanted: Standing| {
                let all = front.standings.iter().filter(move |(_, standing)| **standing == wanted);
                all.map(|(place, _)| settings(tuning.knobs, place).join(" ")).collect::<Vec<_>>()
            };
            json!({ "set": chosen, "front": of(Standing::Front), "open": of(Standing::Open) })
        }
    }
}
