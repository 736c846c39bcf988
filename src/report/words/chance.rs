//! What chance may have made of a comparison, after its verdict.

use crate::report::number;
use crate::report::subject::Subject;
use crate::report::text::{keep, visible};
use crate::stats::interval::wilson;

/// Those whom it takes luck to do all of the work.
pub(super) fn sometimes(subject: &Subject<'_>) -> String {
    let ranking = &subject.comparison.ranking;
    let seeds = subject.seeds.count.get() as u64;
    let told = ranking.unfinished.iter().filter_map(|client| {
        let done = ranking.done[*client];
        let share = wilson(done, seeds).filter(|_| done > 0)?;
        let name = visible(&subject.comparison.outcomes[*client].name);
        let [low, high] = [share.low, share.high].map(|end| number::decimal(end * 100.0, 0));
        let of = keep(&format!("{done} of {seeds} ({low} to {high} %)"));
        Some(format!("{name} in {of}"))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return String::new();
    }
    let did = if ranking.by_completion { "Finished" } else { "Served 99.9 %" };
    format!(" {did} in some seeds only: {}.", told.join(", "))
}

/// Whose order behind the best may be nothing but chance.
pub(super) fn alike(subject: &Subject<'_>) -> String {
    let outcomes = &subject.comparison.outcomes;
    let name = |client: usize| visible(&outcomes[client].name);
    // Of clients that do the same here something better is said.
    let same = |a: usize, b: usize| {
        let equalities = &subject.comparison.equalities;
        equalities.iter().any(|equality| {
            let both = (equality.client, equality.equals);
            equality.telling.is_empty() && (both == (a, Some(b)) || both == (b, Some(a)))
        })
    };
    let pairs = subject.comparison.ranking.alike.iter();
    let pairs: Vec<String> = pairs
        .filter(|(a, b)| !same(*a, *b))
        .map(|(a, b)| format!("{} and {}", name(*a), name(*b)))
        .collect();
    if pairs.is_empty() || subject.seeds.count.get() == 1 {
        return String::new();
    }
    format!(" Behind, not told apart: {}.", pairs.join("; "))
}
