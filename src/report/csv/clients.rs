//! `clients.csv`: what each member of each population got, over all seeds.
//!
//! Counts are sums over the seeds, the last service and the longest gap their
//! maxima. Where more than [`MOST`] members were simulated, the file holds the
//! worst [`WORST`] by share served and the members at some quantiles of it; the
//! first column says which a row is.

use super::{sheet as write, texts};
use crate::experiment::Outcome;
use crate::measure::ClientRow;
use crate::report::number::seconds;
use crate::report::subject::Subject;
use crate::report::text::cell;
use crate::scenario::Model;

/// The most members of which each has a row.
const MOST: usize = 10_000;

/// How many of the worst are shown otherwise.
const WORST: usize = 100;

/// The quantiles that are shown otherwise, in per cent.
const QUANTILES: [usize; 9] = [0, 1, 5, 25, 50, 75, 95, 99, 100];

pub(super) fn sheet(subject: &Subject<'_>) -> String {
    let header = [
        "row",
        "client",
        "population",
        "member",
        "calls",
        "served",
        "given_up",
        "attempts",
        "rejects",
        "last_served_s",
        "longest_gap_s",
    ];
    let mut rows = vec![texts(&header)];
    for outcome in &subject.comparison.outcomes {
        let chosen = chosen(&outcome.clients);
        let row = |(kind, index): (String, usize)| row(kind, index, outcome, subject.model());
        rows.extend(chosen.into_iter().map(row));
    }
    write(rows)
}

/// Which members have a row, and what it is called.
fn chosen(clients: &[ClientRow]) -> Vec<(String, usize)> {
    if clients.len() <= MOST {
        return (0..clients.len()).map(|index| ("member".to_owned(), index)).collect();
    }
    let mut order: Vec<usize> = (0..clients.len()).collect();
    let share = |index: &usize| clients[*index].served_share();
    order.sort_by(|a, b| share(a).total_cmp(&share(b)));
    let worst = order.iter().take(WORST).map(|index| ("worst".to_owned(), *index));
    let last = clients.len() - 1;
    let quantiles = QUANTILES.iter().map(|q| (format!("p{q}"), order[last * q / 100]));
    worst.chain(quantiles).collect()
}

fn row(kind: String, index: usize, outcome: &Outcome, model: &Model) -> Vec<String> {
    let client = &outcome.clients[index];
    let (population, member) = member(model, index);
    let last = if client.served == 0 {
        String::new()
    } else {
        seconds(client.last_served.since(model.start))
    };
    vec![
        kind,
        cell(&outcome.name).into_owned(),
        cell(population).into_owned(),
        member.to_string(),
        client.calls.to_string(),
        client.served.to_string(),
        client.given_up.to_string(),
        client.attempts.to_string(),
        client.rejects.to_string(),
        last,
        seconds(client.longest_gap),
    ]
}

/// The population of a client of the run, and its number there.
fn member(model: &Model, index: usize) -> (&str, usize) {
    let of = |p: &&crate::workload::Population| {
        (p.first_client..p.first_client + p.clients)
            .contains(&u32::try_from(index).unwrap_or(u32::MAX))
    };
    let population = model.populations.iter().find(of);
    population.map_or(("", index), |p| (&p.name, index - p.first_client as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    #[test]
    fn many_members_are_told_by_the_worst_and_the_quantiles() {
        let mut clients = vec![ClientRow::new(Instant(0)); MOST + 1];
        for (index, client) in (0..).zip(clients.iter_mut()) {
            client.calls = 20_000;
            client.served = 20_000 - index;
        }
        let chosen = chosen(&clients);
        assert_eq!(chosen.len(), WORST + QUANTILES.len());
        assert_eq!(chosen[0], ("worst".to_owned(), MOST));
        assert_eq!(chosen[WORST], ("p0".to_owned(), MOST));
        assert_eq!(chosen[WORST + 4], ("p50".to_owned(), MOST / 2));
        assert_eq!(super::chosen(&clients[..MOST]).len(), MOST);
    }
}
