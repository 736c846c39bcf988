//! Published studies of retries, run as the built-in scenarios of their names:
//! Brooker's token bucket for retries (`brooker`), a herd after an outage
//! (`outage-herd`), and the contended row of AWS's article on jitter
//! (`contended-row`). The scenarios' files say where the numbers are from.

use crate::table::{BOUND, student};
use tollgate::engine::{self, Caller, End, Fact, Observer};
use tollgate::rng::Key;
use tollgate::scenario::{Bundle, Model};
use tollgate::time::{Instant, SECOND};

/// What came of a run.
#[derive(Default)]
struct Watch {
    start: Instant,
    calls: u64,
    served: u64,
    attempts: u64,
    /// By whole second since the start.
    rate: Vec<u64>,
    /// The ends of calls that were served, in seconds since the start.
    ends: Vec<f64>,
}

impl Observer for Watch {
    fn note(&mut self, now: Instant, _: Caller, fact: &Fact) {
        let since = now.since(self.start);
        match fact {
            Fact::Sent => {
                self.attempts += 1;
                let second = usize::try_from(since.0 / SECOND).unwrap();
                self.rate.resize(self.rate.len().max(second + 1), 0);
                self.rate[second] += 1;
            }
            Fact::Ended { end, .. } => {
                self.calls += 1;
                if *end == End::ByAttempt {
                    self.served += 1;
                    self.ends.push(since.as_secs_f64());
                }
            }
            _ => {}
        }
    }
}

impl Watch {
    /// The end of the call that so many percent of the served ones ended before.
    fn quantile(&self, percent: usize) -> f64 {
        self.ends[self.ends.len() * percent / 100]
    }

    fn last(&self) -> f64 {
        *self.ends.last().expect("somebody is served")
    }
}

/// The clients of a built-in scenario, each with so many runs of it.
fn runs(scenario: &str, settings: &[(&str, &str)], seeds: u64) -> Vec<(String, Vec<Watch>)> {
    let settings: Vec<_> =
        settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let fetch = |path: &str| Err(format!("{path} is built in"));
    let bundle = Bundle::load(scenario, None, &settings, &fetch);
    let bundle = bundle.unwrap_or_else(|error| panic!("{error}"));
    let plan = bundle.plan().unwrap_or_else(|faults| panic!("{faults}"));
    let one = |model: &Model, seed| {
        let mut watch = Watch { start: model.start, ..Watch::default() };
        engine::run(model, Key::run(seed, 0), &mut watch).expect("the run ends");
        watch
    };
    let all = |model: &Model| (0..seeds).map(|seed| one(model, seed)).collect();
    plan.variants.into_iter().map(|v| (v.name, all(&v.model))).collect()
}

/// The mean, and the deviation of one value.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// What was published: a mean, the deviation of a run, and of how many runs.
#[derive(Clone, Copy)]
struct Published {
    mean: f64,
    sd: f64,
    runs: f64,
    /// Half of the last digit that was printed.
    half: f64,
}

/// How far the means differ, in parts of what they may: four standard errors of
/// both, and half the last digit that was printed.
fn apart(ours: &[f64], theirs: Published) -> f64 {
    let (mean, sd) = mean(ours);
    let n = ours.len() as f64;
    let error = (sd * sd / n + theirs.sd * theirs.sd / theirs.runs).sqrt();
    (mean - theirs.mean).abs() / (BOUND * error + theirs.half)
}

fn beside(what: &str, ours: &[f64], theirs: Published) {
    let (ours_mean, sd) = mean(ours);
    println!("{what}: {ours_mean:.4} (sd {sd:.4}), published {:.4}", theirs.mean);
    assert!(apart(ours, theirs) <= 1.0, "{what}: {ours_mean} +- {sd}, not {}", theirs.mean);
}

fn of(runs: &[Watch], value: impl Fn(&Watch) -> f64) -> Vec<f64> {
    runs.iter().map(value).collect()
}

// ---- brooker ---------------------------------------------------------------

const BROOKER_RUNS: u64 = 10;

/// Asserts a row of the table: percent served and attempts a call, by client.
/// How far runs lie apart was not published: as far as ours do.
fn brooker(settings: &[(&str, &str)], row: &[(&str, f64, f64)]) -> Vec<(String, Vec<Watch>)> {
    let all = runs("brooker", settings, BROOKER_RUNS);
    for (name, served, attempts) in row {
        let (_, runs) = all.iter().find(|(client, _)| client == name).expect("it is compared");
        let judge = |what, ours: &[f64], theirs, half| {
            let published = Published { mean: theirs, sd: mean(ours).1, runs: 1.0, half };
            beside(&format!("{settings:?} {name} {what}"), ours, published);
        };
        let shares = of(runs, |run| 100.0 * run.served as f64 / run.calls as f64);
        // Two decimals were printed near the top.
        judge("served", &shares, *served, if *served > 99.75 { 0.005 } else { 0.05 });
        let works = of(runs, |run| run.attempts as f64 / run.calls as f64);
        judge("attempts", &works, *attempts, 0.0005);
    }
    all
}

#[test]
fn retries_cost_and_win_what_brooker_shows() {
    let (none, three, adaptive) = ("none", "brooker-3-retries", "brooker-adaptive");
    let rows = [
        ("0.05", [94.9, 100.0, 99.98], [1.054, 1.051]),
        ("0.1", [89.9, 99.99, 98.5], [1.110, 1.096]),
        ("0.2", [79.8, 99.86, 88.5], [1.248, 1.107]),
        ("0.5", [49.9, 93.7, 55.1], [1.879, 1.109]),
        ("0.75", [25.0, 68.1, 27.7], [2.733, 1.109]),
    ];
    for (fails, served, works) in rows {
        let row =
            [(none, served[0], 1.0), (three, served[1], works[0]), (adaptive, served[2], works[1])];
        let all = brooker(&[("service.fails", fails)], &row);
        // The law, where there is one.
        let f: f64 = fails.parse().unwrap();
        for (name, chance, work) in
            [(none, 1.0 - f, 1.0), (three, 1.0 - f.powi(4), 1.0 + f + f * f + f.powi(3))]
        {
            let (_, runs) = all.iter().find(|(client, _)| client == name).unwrap();
            let pairs = |of: fn(&Watch) -> u64| -> Vec<(f64, f64)> {
                runs.iter().map(|run| (of(run) as f64, run.calls as f64)).collect()
            };
            let served = student(chance, &pairs(|run| run.served));
            assert!(served.abs() < BOUND, "{name} at {fails}: {served} served");
            if name == three {
                let attempts = student(work, &pairs(|run| run.attempts));
                assert!(attempts.abs() < BOUND, "{name} at {fails}: {attempts} attempts");
            }
        }
    }
}

/// The last row lies near the bound: the program has every client call once more,
/// at the start, which its scenario's file tells.
#[test]
fn many_small_clients_keep_more_of_their_first_tokens() {
    let rows =
        [("10", "10/s", 54.8, 1.104), ("100", "1/s", 57.6, 1.141), ("1000", "6/min", 73.4, 1.465)];
    for (clients, rate, served, attempts) in rows {
        let settings = [
            ("service.fails", "0.5"),
            ("horizon", "100s"),
            ("population.count", clients),
            ("population.poisson", rate),
        ];
        brooker(&settings, &[("brooker-adaptive", served, attempts)]);
    }
}

#[test]
fn a_failure_in_a_hundred_more_is_seen() {
    let all = runs("brooker", &[("service.fails", "0.11")], BROOKER_RUNS);
    let served = of(&all[2].1, |run| 100.0 * run.served as f64 / run.calls as f64);
    let theirs = Published { mean: 98.5, sd: mean(&served).1, runs: 1.0, half: 0.05 };
    assert!(apart(&served, theirs) > 1.0, "{served:?}");
}

// ---- outage-herd -----------------------------------------------------------

const HERD_RUNS: u64 = 20;

fn peak(run: &Watch) -> f64 {
    run.rate[10..].iter().copied().max().unwrap_or(0) as f64
}

/// Without jitter, by hand: ten waves of which the last five are served.
#[test]
fn a_herd_in_step_is_counted_by_hand() {
    let all = runs("outage-herd", &[], 1);
    let (name, runs) = &all[0];
    assert_eq!(name, "outage-herd-exponential");
    let run = &runs[0];
    assert_eq!((run.served, run.attempts), (1_000, 10_000));
    for (second, wave) in [(12, 1_000), (22, 800), (32, 600), (42, 400), (52, 200)] {
        assert_eq!(run.rate[second], wave, "second {second}");
    }
    for (percent, end) in [(0, 12.7), (50, 32.7), (99, 52.7)] {
        assert!((run.quantile(percent) - end).abs() < 1e-9, "{percent} %");
    }
    assert!((run.last() - 52.7).abs() < 1e-9);
    assert!((peak(run) - 1_000.0).abs() < 0.5);
}

/// Attempts, last end, median, 99 % and peak: the mean of 20 runs, the deviation
/// of a run where it was printed, and half of the last digit.
type Herd = [(f64, Option<f64>, f64); 5];

const HERDS: [(&str, Herd, [f64; 3]); 2] = [
    (
        "outage-herd-full-jitter",
        [
            (9_449.5, Some(16.6), 0.05),
            (19.7, Some(0.3), 0.05),
            (13.2, None, 0.05),
            (19.0, None, 0.05),
            (179.0, Some(13.0), 0.5),
        ],
        [9_409.0, 18.9, 166.0],
    ),
    (
        "outage-herd-decorrelated",
        [
            (11_593.6, Some(130.0), 0.05),
            (21.8, Some(0.4), 0.05),
            (12.6, None, 0.05),
            (20.8, None, 0.05),
            (321.0, Some(17.0), 0.5),
        ],
        [11_364.0, 20.8, 315.0],
    ),
];

#[test]
fn a_herd_after_an_outage_asks_as_often_and_ends_as_late_as_published() {
    let all = runs("outage-herd", &[], HERD_RUNS);
    for (name, apart, once) in HERDS {
        let (_, runs) = all.iter().find(|(client, _)| client == name).unwrap();
        assert!(runs.iter().all(|run| run.served == 1_000), "{name}");
        let ours = [
            of(runs, |run| run.attempts as f64),
            of(runs, Watch::last),
            of(runs, |run| run.quantile(50)),
            of(runs, |run| run.quantile(99)),
            of(runs, peak),
        ];
        for (values, (theirs, sd, half)) in ours.iter().zip(apart) {
            let sd = sd.unwrap_or(mean(values).1);
            beside(name, values, Published { mean: theirs, sd, runs: HERD_RUNS as f64, half });
        }
        // The program itself, once: a run lies as far from the mean as ours do.
        for ((number, theirs), half) in [0, 3, 4].into_iter().zip(once).zip([0.5, 0.05, 0.5]) {
            let sd = mean(&ours[number]).1;
            beside(name, &ours[number], Published { mean: theirs, sd, runs: 1.0, half });
        }
    }
}

#[test]
fn a_herd_one_in_a_hundred_larger_is_seen() {
    let all = runs("outage-herd", &[("population.count", "1010")], HERD_RUNS);
    let attempts = of(&all[1].1, |run| run.attempts as f64);
    let (mean, sd, half) = HERDS[0].1[0];
    let theirs = Published { mean, sd: sd.unwrap(), runs: HERD_RUNS as f64, half };
    assert!(apart(&attempts, theirs) > 1.0);
}

// ---- contended-row ---------------------------------------------------------

const ROW_RUNS: u64 = 20;

/// By client: calls and their deviation, time in ms and its deviation.
type Row = (u32, f64, [[f64; 4]; 5]);

/// By number of clients and of published runs, in the scenario's order.
const ROWS: [Row; 5] = [
    (
        10,
        1000.0,
        [
            [50.8, 4.1, 379.0, 34.0],
            [50.8, 4.1, 3464.0, 1304.0],
            [42.4, 2.5, 724.0, 186.0],
            [39.0, 2.2, 466.0, 104.0],
            [37.6, 2.3, 436.0, 87.0],
        ],
    ),
    (
        50,
        1000.0,
        [
            [689.7, 17.5, 1139.0, 42.0],
            [624.2, 28.9, 36420.0, 3134.0],
            [347.2, 5.9, 4218.0, 552.0],
            [332.9, 4.9, 2890.0, 535.0],
            [375.1, 12.7, 2215.0, 504.0],
        ],
    ),
    (
        100,
        1000.0,
        [
            [2421.6, 33.1, 2024.0, 45.0],
            [1857.7, 57.5, 63686.0, 3722.0],
            [812.1, 7.8, 6631.0, 651.0],
            [795.7, 7.1, 4857.0, 509.0],
            [1002.7, 27.0, 4591.0, 692.0],
        ],
    ),
    (
        150,
        300.0,
        [
            [5142.0, 53.0, 2874.0, 46.0],
            [3546.0, 99.0, 85874.0, 3774.0],
            [1323.6, 10.1, 8243.0, 601.0],
            [1318.1, 10.0, 6395.0, 540.0],
            [1768.0, 45.0, 6589.0, 817.0],
        ],
    ),
    (
        190,
        300.0,
        [
            [8003.0, 64.0, 3536.0, 45.0],
            [5175.0, 125.0, 101_493.0, 4243.0],
            [1760.0, 11.8, 9504.0, 664.0],
            [1773.0, 11.4, 7419.0, 558.0],
            [2438.0, 56.0, 7911.0, 867.0],
        ],
    ),
];

const WRITERS: [&str; 5] = [
    "naive-tight",
    "contended-row-exponential",
    "equal-jitter",
    "full-jitter",
    "decorrelated-jitter",
];

fn contended(from: u32, to: u32) {
    for (clients, published, row) in ROWS.iter().filter(|row| (from..=to).contains(&row.0)) {
        let count = clients.to_string();
        let all = runs("contended-row", &[("population.count", &count)], ROW_RUNS);
        assert_eq!(all.len(), WRITERS.len());
        for (((name, runs), expected), [calls, calls_sd, time, time_sd]) in
            all.iter().zip(WRITERS).zip(*row)
        {
            assert_eq!(name, expected);
            assert!(runs.iter().all(|run| run.served == u64::from(*clients)), "{name}");
            let attempts = of(runs, |run| run.attempts as f64);
            let ends = of(runs, |run| run.last() * 1_000.0);
            let theirs = |mean, sd, half| Published { mean, sd, runs: *published, half };
            let calls = theirs(calls, calls_sd, 0.05);
            beside(&format!("{clients} {name} calls"), &attempts, calls);
            beside(&format!("{clients} {name} time"), &ends, theirs(time, time_sd, 0.5));
        }
    }
}

#[test]
fn a_contended_row_costs_as_much_work_and_time_as_published() {
    contended(10, 100);
}

#[test]
#[ignore = "minutes"]
fn a_contended_row_costs_as_much_work_and_time_as_published_in_full() {
    contended(150, 190);
}
