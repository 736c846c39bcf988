//! `pairs.csv`: the best client against each of the others, over the same seeds.
//!
//! `difference` is the other's less the best's, and `ratio` the other's over
//! the best's, both of the metric that the two are ranked by. `simultaneous` is
//! the difference with an interval that holds for all pairs of clients at once,
//! and `p_adjusted` is Holm's over all of them: at most 0.05 is told apart.
//! `p_by_ranks` is Wilcoxon's, a check that few seeds did not decide.
//! `correlation` is of the two from seed to seed, and `variance_reduction` how
//! many times as many seeds it would take if they did not share them.

use super::{sheet as write, texts};
use crate::experiment::{Contrast, Lead, Outcome};
use crate::report::number::data;
use crate::report::subject::Subject;
use crate::report::text::cell;
use crate::stats::interval::{Estimate, ratio_of_sums};

const HEADER: [&str; 21] = [
    "best",
    "other",
    "metric",
    "unit",
    "seeds",
    "difference",
    "difference_low",
    "difference_high",
    "difference_method",
    "simultaneous_low",
    "simultaneous_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "ratio_method",
    "p",
    "p_adjusted",
    "p_by_ranks",
    "told_apart",
    "correlation",
    "variance_reduction",
];

pub(super) fn sheet(subject: &Subject<'_>) -> String {
    let comparison = subject.comparison;
    let rows = comparison.ranking.order().take(1).flat_map(|best| {
        let best = &comparison.outcomes[best];
        comparison.ranking.leads.iter().map(move |lead| row(subject, best, lead))
    });
    write(std::iter::once(texts(&HEADER)).chain(rows))
}

fn row(subject: &Subject<'_>, best: &Outcome, lead: &Lead) -> Vec<String> {
    let other = &subject.comparison.outcomes[lead.behind];
    let mut row = vec![cell(&best.name).into_owned(), cell(&other.name).into_owned()];
    let Some(contrast) = &lead.contrast else {
        // A run of one of them does not have what they would be compared by.
        row.resize(HEADER.len(), String::new());
        return row;
    };
    let (metric, unit) = (contrast.metric.name(), contrast.metric.unit().name());
    let seeds = subject.seeds.count.to_string();
    row.extend([metric.to_owned(), unit.to_owned(), seeds]);
    row.extend(four(Some(&contrast.difference)));
    let both = &contrast.simultaneous;
    let [_, low, high, _] = four(Some(both));
    row.extend([low, high]);
    row.extend(four(ratio(best, other, contrast).as_ref()));
    let number = |value: Option<f64>| value.map_or_else(String::new, data);
    row.extend([
        chance(contrast.p.map(|p| p.alone)),
        chance(contrast.p.map(|p| p.adjusted)),
        chance(contrast.by_ranks),
        lead.is_clear().to_string(),
        number(contrast.correlation),
        number(contrast.variance_reduction),
    ]);
    row
}

/// A p-value: what is small has an exponent rather than forty zeros.
fn chance(p: Option<f64>) -> String {
    match p {
        Some(p) if p > 0.0 && p < 1e-4 => format!("{p:.4e}"),
        Some(p) => data(p),
        None => String::new(),
    }
}

/// The other's over the best's.
fn ratio(best: &Outcome, other: &Outcome, contrast: &Contrast) -> Option<Estimate> {
    let values = |outcome: &Outcome| outcome.values(contrast.metric);
    ratio_of_sums(&values(other)?, &values(best)?)
}

/// Mean, interval and method.
fn four(estimate: Option<&Estimate>) -> [String; 4] {
    match estimate {
        Some(e) if e.has_interval() => {
            [data(e.mean), data(e.low), data(e.high), e.method.to_string()]
        }
        Some(e) => [data(e.mean), String::new(), String::new(), e.method.to_string()],
        None => [const { String::new() }; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{outcome, plan, told};

    #[test]
    fn a_row_says_what_two_clients_are_compared_by_and_how_surely() {
        let plan = plan(&["a", "b", "c"]);
        let seeds = |at: f64| [(100, at, 5.0), (100, at + 10.0, 5.0), (100, at + 21.0, 5.0)];
        let lost = outcome(&plan, 2, &[(50, 9.0, 80.0), (60, 9.0, 80.0), (55, 9.0, 80.0)]);
        let outcomes =
            vec![outcome(&plan, 0, &seeds(200.0)), outcome(&plan, 1, &seeds(100.0)), lost];
        let sheet = told(&plan, outcomes, sheet);
        let rows: Vec<Vec<&str>> = sheet.lines().map(|line| line.split(',').collect()).collect();
        let value = |row: usize, name: &str| {
            let place = HEADER.iter().position(|column| *column == name).unwrap();
            rows[row][place]
        };
        assert_eq!(rows.len(), 3);
        // A hundred seconds in every seed: no chance, and pairs are worth all.
        assert_eq!(rows[1][..10].join(","), "b,a,time-to-99,s,3,100,100,100,paired-t,100");
        assert_eq!(
            (value(1, "p"), value(1, "p_adjusted"), value(1, "told_apart")),
            ("0", "0", "true")
        );
        assert_eq!((value(1, "p_by_ranks"), value(1, "correlation")), ("0.25", "1"));
        assert_eq!((value(1, "variance_reduction"), value(1, "ratio_method")), ("inf", "delta"));
        assert_eq!(rows[2][..6].join(","), "b,c,served-share,ratio,3,-0.45");
        assert_eq!((value(2, "correlation"), value(2, "variance_reduction")), ("", "1"));
        // Three pairs: a and b differ for sure, and both from c with the same p.
        let p: f64 = value(2, "p").parse().unwrap();
        let adjusted: f64 = value(2, "p_adjusted").parse().unwrap();
        assert!((adjusted / p - 2.0).abs() < 1e-6, "{p} {adjusted}");
    }

    #[test]
    fn no_chance_has_forty_zeros() {
        let cells = [Some(0.0), Some(3.392e-40), Some(0.25), None].map(chance);
        assert_eq!(cells, ["0", "3.3920e-40", "0.25", ""]);
    }

    #[test]
    fn one_seed_has_differences_and_no_chance() {
        let plan = plan(&["a", "b"]);
        let outcomes =
            vec![outcome(&plan, 0, &[(100, 300.0, 5.0)]), outcome(&plan, 1, &[(100, 310.0, 5.0)])];
        let sheet = told(&plan, outcomes, sheet);
        let row = sheet.lines().nth(1).unwrap();
        assert!(
            row.starts_with("a,b,time-to-99,s,1,10,,,single,,,1.03333333,,,single,,,"),
            "{row}"
        );
    }
}
