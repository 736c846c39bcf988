//! `waves`: who sends when, in the first run.

use super::{phases, subtitle};
use crate::experiment::Outcome;
use crate::measure::{Actor, Fates, Waves};
use crate::metric::Metric;
use crate::report::chart::{Chart, duration, percent, waves};
use crate::report::csv::{Fields, Mesh};
use crate::report::number::{count, decimal};
use crate::report::subject::Subject;
use crate::report::text::visible;

/// Who sends when, in the first run.
pub(super) fn figure(subject: &Subject<'_>) -> Chart {
    let mesh = Mesh::of(subject);
    let fields: Vec<_> =
        subject.comparison.outcomes.iter().map(|outcome| mesh.of_client(outcome)).collect();
    let clients = subject.comparison.outcomes.iter().zip(&fields).map(|(outcome, fields)| {
        let shown = fields.iter().filter(|((column, _), _)| *column < mesh.columns);
        let dots = shown.map(|(&(column, row), fates)| waves::Dot {
            column: u32::try_from(column).unwrap_or(u32::MAX),
            row: u32::try_from(row).unwrap_or(u32::MAX),
            fate: fate(*fates),
        });
        let note = note(outcome);
        waves::Client { name: visible(&outcome.name), note, dots: dots.collect() }
    });
    waves::Waves {
        title: refusals(subject)
            .or_else(|| herd(subject))
            .unwrap_or_else(|| "When each client sends".to_owned()),
        subtitle: subtitle(subject, "the first one shown"),
        rows_text: rows_text(&mesh),
        note: dot_text(&mesh, &fields),
        width: mesh.width.as_secs_f64(),
        columns: mesh.columns,
        rows: mesh.rows,
        phases: phases(subject),
        clients: clients.collect(),
    }
    .chart()
}

/// What came of most attempts of a field; of as many, the worse.
fn fate(fates: Fates) -> waves::Fate {
    if fates.refused > 0 && fates.refused >= fates.admitted.max(fates.failed) {
        waves::Fate::Refused
    } else if fates.failed >= fates.admitted {
        waves::Fate::Failed
    } else {
        waves::Fate::Admitted
    }
}

/// The numbers that matter of one client's first run.
fn note(outcome: &Outcome) -> String {
    let first = |metric| outcome.values(metric).and_then(|values| values.first().copied());
    let served = first(Metric::ServedShare).map(|share| percent(share) + " served");
    let ratio = first(Metric::Amplification).map(|ratio| decimal(ratio, 2) + " attempts per call");
    let waves = outcome.waves.as_ref();
    let refused = waves.map(Waves::refused).filter(|refused| *refused > 0);
    let refused = refused.map(|refused| count(refused) + " refused");
    let crest = waves.map(Waves::crest).filter(|(retries, _)| *retries > 0);
    let crest = crest
        .map(|(most, span)| format!("up to {} in {}", retries(most), duration(span.as_secs_f64())));
    let said: Vec<String> = [served, ratio, refused, crest].into_iter().flatten().collect();
    said.join(" · ")
}

/// Whose a row is.
fn rows_text(mesh: &Mesh) -> String {
    match mesh.actors {
        Some((Actor::Client, clients)) if mesh.members == 1 => {
            format!("Attempts of {} clients, a row each", count(u64::from(clients)))
        }
        Some((Actor::Client, clients)) => {
            let clients = count(u64::from(clients));
            format!("Attempts of {clients} clients, {} to a row", count(mesh.members))
        }
        _ if mesh.members == 1 => "Attempts by call, a row each, the first at the top".to_owned(),
        _ => format!("Attempts by call, {} to a row, the first at the top", count(mesh.members)),
    }
}

/// What a dot stands for, and what has none.
fn dot_text(mesh: &Mesh, fields: &[Fields]) -> String {
    let most = fields.iter().flatten().map(|(_, fates)| fates.sum()).max().unwrap_or(0);
    let late = fields.iter().flatten().filter(|((column, _), _)| *column >= mesh.columns);
    let late: u64 = late.map(|(_, fates)| u64::from(fates.sum())).sum();
    let end = duration(mesh.width.times(mesh.columns as u64).as_secs_f64());
    let beyond = match late {
        0 => String::new(),
        1 => format!(" Not shown: 1 attempt after {end}."),
        late => format!(" Not shown: {} attempts after {end}.", count(late)),
    };
    if most <= 1 {
        return format!("A dot is one attempt.{beyond}");
    }
    let whose = match mesh.actors {
        Some((Actor::Client, _)) if mesh.members == 1 => "one client".to_owned(),
        Some((Actor::Client, _)) => format!("{} clients", count(mesh.members)),
        _ if mesh.members == 1 => "one call".to_owned(),
        _ => format!("{} calls", count(mesh.members)),
    };
    let (most, width) = (count(u64::from(most)), duration(mesh.width.as_secs_f64()));
    format!(
        "A dot is up to {most} attempts of {whose} sent within {width}, in the colour of what \
         came of most of them.{beyond}"
    )
}

/// `1 retry`, `1,204 retries`.
fn retries(number: u32) -> String {
    if number == 1 { "1 retry".to_owned() } else { count(number.into()) + " retries" }
}

/// Who is told to go away, where that is another order of magnitude.
fn refusals(subject: &Subject<'_>) -> Option<String> {
    /// Fewer are an accident.
    const MANY: u64 = 100;
    const TIMES: u64 = 10;
    let refused = |outcome: &Outcome| {
        let refused = outcome.waves.as_ref().map(Waves::refused)?;
        Some((refused, visible(&outcome.name)))
    };
    let all: Vec<_> = subject.comparison.outcomes.iter().filter_map(refused).collect();
    // Of several, the first.
    let (most, who) = all.iter().rev().max_by_key(|refused| refused.0)?;
    let (least, other) = all.iter().min_by_key(|refused| refused.0)?;
    let times = |number| match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        number => count(number) + " times",
    };
    (*most >= MANY && *most >= TIMES * least)
        .then(|| format!("{who} is refused {}, {other} {}", times(*most), times(*least)))
}

/// The herd, where there is one: many clients retry in one moment under one
/// policy and never under another.
fn herd(subject: &Subject<'_>) -> Option<String> {
    /// So many times the retries of another policy, and so large a part of all
    /// clients, are no chance.
    const TIMES: u32 = 3;
    const PART: u32 = 4;
    let crest = |outcome: &Outcome| {
        let waves = outcome.waves.as_ref().filter(|waves| waves.actor() == Actor::Client)?;
        let (retries, span) = waves.crest();
        (retries > 0).then(|| (retries, span, waves.clients(), visible(&outcome.name)))
    };
    let crests: Vec<_> = subject.comparison.outcomes.iter().filter_map(crest).collect();
    let (most, span, clients, herd) = crests.iter().rev().max_by_key(|crest| crest.0)?;
    let (least, .., other) = crests.iter().min_by_key(|crest| crest.0)?;
    (*most >= clients / PART && *most >= TIMES * least).then(|| {
        let (most, least) = (retries(*most), count(u64::from(*least)));
        let span = duration(span.as_secs_f64());
        format!("{herd} sends up to {most} in {span}, {other} no more than {least}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{plan_of, sent, told};

    /// The titles and texts of a picture of two policies: one whose 100 clients
    /// come back within so many milliseconds after ten seconds, and one whose
    /// clients take ten seconds for it.
    fn drawn(clients: u32, within: u64) -> String {
        let plan = plan_of(clients, &["exact", "spread"]);
        let back = |span: u64| {
            (0..100_u32).flat_map(move |n| {
                let late = u64::from(n) * span / 100;
                [(n % clients, 0, false), (n % clients, 10_000 + late, true)]
            })
        };
        let outcomes = vec![sent(&plan, 0, back(within)), sent(&plan, 1, back(10_000))];
        told(&plan, outcomes, figure).svg()
    }

    #[test]
    fn the_title_tells_of_a_herd_where_there_is_one() {
        let herd = drawn(100, 50);
        assert!(herd.contains("exact sends up to 100 retries in 100 ms, spread no more than 1<"));
        assert!(herd.contains("Attempts of 100 clients, "), "{herd}");
        assert!(herd.contains("up to 100 retries in 100 ms") && herd.contains("up to 1 retry in"));
        // Spread over so long, no moment has a quarter of the clients.
        assert!(drawn(100, 1_000).contains("When each client sends"));
        // Who is refused hundreds of times beside one who is not is told first.
        let plan = plan_of(100, &["greedy", "modest"]);
        let greedy = (0..200_u32).map(|n| (n % 100, u64::from(n), n >= 100));
        let modest = (0..1_u32).map(|n| (n, 0, false));
        let outcomes = vec![sent(&plan, 0, greedy), sent(&plan, 1, modest)];
        let svg = told(&plan, outcomes, figure).svg();
        assert!(svg.contains("greedy is refused 200 times, modest once<"), "{svg:.2000}");
        // A few clients with many calls are no herd.
        let calls = drawn(3, 50);
        assert!(calls.contains("When each client sends") && calls.contains("Attempts by call"));
    }
}
