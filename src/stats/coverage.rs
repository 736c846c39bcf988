//! Whether a 95 % interval holds the truth 95 times in 100.
//!
//! A witness that knows no formula: it draws replicates of a law whose truth is
//! known, two thousand times over, and counts. Within the band lie 99.9 % of the
//! counts that an honest interval gives. The table that comes of it stands in
//! the documentation of [`crate::stats`], and this test holds it:
//! `UPDATE_GOLDEN=1 cargo test --lib coverage` writes what comes of it today.

mod laws;

use super::batch::BatchMeans;
use super::bootstrap::{RESAMPLES, bca, paired_mean};
use super::interval::{
    Estimate, mean, none_of, paired_difference, ratio_of_sums, simultaneous_difference, wilson,
};
use super::mser::mser5;
use super::multiple::holm;
use super::order::quantile_interval;
use super::pair::paired_t;
use super::precision::Precision;
use super::quantile::quantile;
use super::share::clopper_pearson;
use super::welch::unpaired_difference;
use crate::rng::Key;
use laws::{Draws, autoregressive, window, window_share};

const EXPERIMENTS: u32 = 2_000;

/// What the coverage of a 95 % interval is held to.
#[derive(Clone, Copy, PartialEq)]
enum Held {
    /// Neither too small nor too large.
    Near,
    /// Not too small: an interval over whole numbers, or of several at once,
    /// holds the truth more often than it has to.
    AtLeast,
    /// To nothing: it is known to be too small here.
    Not,
}

impl Held {
    const fn word(self) -> &'static str {
        match self {
            Near => "0.934 to 0.966",
            AtLeast => "0.934 or more",
            Not => "too small",
        }
    }

    fn allows(self, coverage: f64) -> bool {
        match self {
            Near => (0.934..=0.966).contains(&coverage),
            AtLeast => coverage >= 0.934,
            Not => coverage < 0.934,
        }
    }
}

struct Row {
    interval: &'static str,
    law: &'static str,
    /// How many values a replicate is made of.
    values: usize,
    replicates: usize,
    held: Held,
    /// Whether the interval of one experiment holds the truth.
    experiment: fn(&mut Draws, &Row) -> bool,
}

fn holds(estimate: Option<Estimate>, truth: f64) -> bool {
    estimate.is_some_and(|e| e.has_interval() && e.low <= truth && truth <= e.high)
}

impl Row {
    /// A number of each replicate.
    fn draw<T>(&self, mut replicate: impl FnMut() -> T) -> Vec<T> {
        (0..self.replicates).map(|_| replicate()).collect()
    }

    fn coverage(&self) -> f64 {
        let mut draws = Draws::new(20_260_105);
        let held = (0..EXPERIMENTS).filter(|_| (self.experiment)(&mut draws, self)).count();
        held as f64 / f64::from(EXPERIMENTS)
    }
}

const fn row(
    interval: &'static str,
    law: &'static str,
    size: (usize, usize),
    held: Held,
    experiment: fn(&mut Draws, &Row) -> bool,
) -> Row {
    Row { interval, law, values: size.0, replicates: size.1, held, experiment }
}

use Held::{AtLeast, Near, Not};

const ROWS: &[Row] = &[
    row("t", "normal", (1, 2), Near, normal_mean),
    row("t", "normal", (1, 5), Near, normal_mean),
    row("t", "normal", (1, 20), Near, normal_mean),
    row("t", "mean of exponential waits", (100, 5), Near, waits),
    row("t of quantiles", "90 % of exponential waits", (1_000, 20), Near, quantiles),
    row("paired-t", "normal, correlation 0.99", (1, 6), Near, paired),
    row("paired-t", "fixed windows of 11 and 13, the same arrivals", (20, 10), Near, windows),
    row("delta", "share that a fixed window of 11 refuses", (20, 20), Near, refusals),
    row("delta", "normal, denominator known to 1.6 %", (1, 10), Near, |d, r| ratio(d, r, 5.0)),
    row("fieller", "normal, denominator known to 19 %", (1, 10), Near, |d, r| ratio(d, r, 60.0)),
    row("wilson", "0.1 of runs", (1, 20), AtLeast, |d, r| share(d, r, 0.1, wilson)),
    row("wilson", "0.3 of runs", (1, 60), AtLeast, |d, r| share(d, r, 0.3, wilson)),
    row("none-of", "0.03 of trials", (1, 100), AtLeast, none),
    row("holm, all pairs", "6 equal clients, the best as it falls", (1, 20), AtLeast, all_pairs),
    row("simultaneous", "6 clients that differ, all pairs", (1, 20), AtLeast, all_at_once),
    row("bca or paired-t", "normal", (1, 100), Near, |d, r| skewed(d, r, mixed, NORMAL)),
    row("bca or paired-t", "exponential", (1, 100), Near, |d, r| skewed(d, r, mixed, WAIT)),
    row("bca or paired-t", "log-normal, cv 1.3", (1, 200), Near, |d, r| skewed(d, r, mixed, TAIL)),
    row("bca", "normal", (1, 20), Near, |d, r| skewed(d, r, boot, NORMAL)),
    row("t after --until 2%", "normal, cv 0.1", (1, 1_000), Near, until),
    row("t after --until 2%", "mean of exponential waits", (100, 1_000), Near, until_waits),
    row("welch", "normal, deviations 1 and 3", (1, 10), Near, unpaired),
    row("clopper-pearson", "0.05 of runs", (1, 20), AtLeast, |d, r| {
        share(d, r, 0.05, clopper_pearson)
    }),
    row("ranks", "median of exponential waits", (1, 100), AtLeast, ranks),
    row("batch means of 20", "autoregressive, 0.5", (1_000, 1), Near, |d, r| one_run(d, r, 0.0)),
    row("those after MSER-5", "the same, begun too high", (5_000, 1), Near, |d, r| {
        one_run(d, r, 8.0)
    }),
    // What they are not good enough for.
    row("paired-t", "exponential", (1, 20), Not, |d, r| skewed(d, r, mean, WAIT)),
    row("bca", "exponential", (1, 20), Not, |d, r| skewed(d, r, boot, WAIT)),
    row("paired-t", "log-normal, cv 1.3", (1, 50), Not, |d, r| skewed(d, r, mean, TAIL)),
    row("bca", "log-normal, cv 1.3", (1, 50), Not, |d, r| skewed(d, r, boot, TAIL)),
    row("paired-t", "log-normal, cv 1.3", (1, 200), Not, |d, r| skewed(d, r, mean, TAIL)),
    row("wilson", "0.05 of runs", (1, 20), Not, |d, r| share(d, r, 0.05, wilson)),
    row("holm, best's pairs", "6 equal clients, the best as it falls", (1, 20), Not, best_pairs),
];

fn normal_mean(draws: &mut Draws, row: &Row) -> bool {
    holds(mean(&row.draw(|| 7.0 + draws.normal())), 7.0)
}

/// The mean wait of as many calls, each a replicate's.
fn waits(draws: &mut Draws, row: &Row) -> bool {
    let one = || (0..row.values).map(|_| draws.exponential()).sum::<f64>() / row.values as f64;
    holds(mean(&row.draw(one)), 1.0)
}

fn paired(draws: &mut Draws, row: &Row) -> bool {
    let pair = || {
        let common = 10.0 * draws.normal();
        (common + 0.5 + draws.normal(), common + draws.normal())
    };
    let (left, right): (Vec<_>, Vec<_>) = row.draw(pair).into_iter().unzip();
    holds(paired_difference(&left, &right), 0.5)
}

/// How many more a smaller quota refuses of the same Poisson arrivals.
fn windows(draws: &mut Draws, row: &Row) -> bool {
    let (few, many): (Vec<_>, Vec<_>) = row
        .draw(|| window(draws, row.values, 10.0, [11, 13]))
        .into_iter()
        .map(|run| (run.refused[0], run.refused[1]))
        .unzip();
    let truth = window_share(10.0, 11) - window_share(10.0, 13);
    holds(paired_difference(&few, &many), 10.0 * row.values as f64 * truth)
}

type Interval = fn(&[f64]) -> Option<Estimate>;

/// What the files of a comparison have.
fn mixed(values: &[f64]) -> Option<Estimate> {
    paired_mean(values, KEY)
}

fn boot(values: &[f64]) -> Option<Estimate> {
    bca(values, RESAMPLES, KEY)
}

/// The resamples are of the same places each time, as they are in the product.
const KEY: Key = Key::run(0, 0);

/// A law of differences, and its mean.
type Law = (fn(&mut Draws) -> f64, f64);

const NORMAL: Law = (Draws::normal, 0.0);
const WAIT: Law = (Draws::exponential, 1.0);
/// The root of e is the mean of the exponential of a normal.
const TAIL: Law = (|draws| libm::exp(draws.normal()), 1.648_721_270_700_128_2);

fn skewed(draws: &mut Draws, row: &Row, interval: Interval, (law, truth): Law) -> bool {
    holds(interval(&row.draw(|| law(draws))), truth)
}

fn unpaired(draws: &mut Draws, row: &Row) -> bool {
    let (left, right) = (row.draw(|| draws.normal()), row.draw(|| 3.0 * draws.normal()));
    holds(unpaired_difference(&left, &right).map(|found| found.difference), 0.0)
}

/// Refusals over calls of as many windows of 10 with a quota of 11.
fn refusals(draws: &mut Draws, row: &Row) -> bool {
    let (refused, calls): (Vec<_>, Vec<_>) = row
        .draw(|| window(draws, row.values, 10.0, [11, 13]))
        .into_iter()
        .map(|run| (run.refused[0], run.calls))
        .unzip();
    holds(ratio_of_sums(&refused, &calls), window_share(10.0, 11))
}

/// Denominators around 100 with the given deviation.
fn ratio(draws: &mut Draws, row: &Row, deviation: f64) -> bool {
    let pair = || (30.0 + 8.0 * draws.normal(), 100.0 + deviation * draws.normal());
    let (y, x): (Vec<_>, Vec<_>) = row.draw(pair).into_iter().unzip();
    holds(ratio_of_sums(&y, &x), 0.3)
}

/// The wait that 90 % of a replicate's calls do not exceed.
fn quantiles(draws: &mut Draws, row: &Row) -> bool {
    let one = || {
        let mut waits: Vec<f64> = (0..row.values).map(|_| draws.exponential()).collect();
        waits.sort_unstable_by(f64::total_cmp);
        quantile(&waits, 0.9).unwrap()
    };
    holds(mean(&row.draw(one)), libm::log(10.0))
}

fn ranks(draws: &mut Draws, row: &Row) -> bool {
    let mut waits = row.draw(|| draws.exponential());
    waits.sort_unstable_by(f64::total_cmp);
    holds(quantile_interval(&waits, 0.5), libm::log(2.0))
}

fn share(
    draws: &mut Draws,
    row: &Row,
    truth: f64,
    interval: fn(u64, u64) -> Option<Estimate>,
) -> bool {
    let successes = row.draw(|| u64::from(draws.uniform() < truth)).iter().sum();
    holds(interval(successes, row.replicates as u64), truth)
}

/// The bound is only spoken of where nothing came; else nothing is said that
/// could be wrong.
fn none(draws: &mut Draws, row: &Row) -> bool {
    let trials = row.replicates as u64;
    let came = row.draw(|| draws.uniform() < 0.03).contains(&true);
    came || none_of(trials).unwrap().high >= 0.03
}

/// Six clients over the same seeds, each this much slower than the one before.
fn clients(draws: &mut Draws, row: &Row, step: f64) -> Vec<Vec<f64>> {
    let common = row.draw(|| 3.0 * draws.normal());
    let client = |place: u32| {
        let at = 50.0 + step * f64::from(place);
        common.iter().map(|seed| at + seed + draws.normal()).collect()
    };
    (0..6).map(client).collect()
}

/// All pairs of six.
fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..6).flat_map(|a| (a + 1..6).map(move |b| (a, b)))
}

/// Nobody is said to be worse than the best where all are alike: Holm's
/// adjustment over all pairs, because the data choose who is best.
fn all_pairs(draws: &mut Draws, row: &Row) -> bool {
    let all = clients(draws, row, 0.0);
    let p: Vec<f64> = pairs().map(|(a, b)| paired_t(&all[a], &all[b]).unwrap().p).collect();
    holm(&p).iter().all(|p| *p > 0.05)
}

/// The same over the pairs of the best alone, as if it had been known before.
fn best_pairs(draws: &mut Draws, row: &Row) -> bool {
    let all = clients(draws, row, 0.0);
    let total = |client: &usize| all[*client].iter().sum::<f64>();
    let best = (0..6).min_by(|a, b| total(a).total_cmp(&total(b))).unwrap();
    let others = (0..6).filter(|other| *other != best);
    let p: Vec<f64> = others.map(|other| paired_t(&all[other], &all[best]).unwrap().p).collect();
    holm(&p).iter().all(|p| *p > 0.05)
}

/// The intervals of all pairs at once.
fn all_at_once(draws: &mut Draws, row: &Row) -> bool {
    let all = clients(draws, row, 0.3);
    pairs().all(|(a, b)| {
        let truth = 0.3 * (a as f64 - b as f64);
        holds(simultaneous_difference(&all[a], &all[b], 15), truth)
    })
}

/// One long run around 10, with so high a start.
fn one_run(draws: &mut Draws, row: &Row, start: f64) -> bool {
    let run = autoregressive(draws, row.values, start);
    let deleted = if start > 0.0 { mser5(&run).unwrap() } else { 0 };
    holds(BatchMeans::of(&run[deleted..], 20).map(|found| found.mean), 10.0)
}

fn until(draws: &mut Draws, row: &Row) -> bool {
    stopped(row, || 10.0 + draws.normal(), 10.0)
}

fn until_waits(draws: &mut Draws, row: &Row) -> bool {
    let one = || (0..row.values).map(|_| draws.exponential()).sum::<f64>() / row.values as f64;
    stopped(row, one, 1.0)
}

/// As `compare --until` does: ten replicates, then ten more until it is enough.
fn stopped(row: &Row, mut one: impl FnMut() -> f64, truth: f64) -> bool {
    let precision = Precision::new(0.02, 0.1);
    let mut values: Vec<f64> = vec![];
    loop {
        values.extend((0..10).map(|_| one()));
        let estimate = mean(&values);
        if values.len() >= row.replicates || precision.excess(&estimate.unwrap()) <= 1.0 {
            return holds(estimate, truth);
        }
    }
}

const TABLE: &str = include_str!("coverage.md");

/// The table, as the documentation has it.
fn table() -> String {
    let mut text = String::from(
        "| interval | law | n | R | coverage | held to |\n|:---|:---|---:|---:|---:|:---|\n",
    );
    for row in ROWS {
        let Row { interval, law, values, replicates, held, .. } = row;
        let coverage = row.coverage();
        let word = held.word();
        let line =
            format!("| {interval} | {law} | {values} | {replicates} | {coverage:.4} | {word} |");
        println!("{line}");
        assert!(held.allows(coverage), "{line}");
        text += &(line + "\n");
    }
    text
}

#[test]
fn every_interval_holds_the_truth_as_often_as_the_table_says() {
    let table = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stats/coverage.md");
        std::fs::write(place, &table).unwrap();
        return;
    }
    assert_eq!(
        TABLE, table,
        "is the change meant? then run UPDATE_GOLDEN=1 cargo test --lib coverage"
    );
}

/// An interval that is too narrow by a fifth does not pass.
#[test]
fn a_witness_that_sees_nothing_is_none() {
    let narrow = row("t, a fifth too narrow", "normal", (1, 20), Near, |draws, row| {
        let honest = mean(&row.draw(|| draws.normal())).unwrap();
        let half = 0.8 * honest.half_width();
        (honest.mean - half..=honest.mean + half).contains(&0.0)
    });
    let coverage = narrow.coverage();
    assert!(!narrow.held.allows(coverage), "{coverage}");
}
