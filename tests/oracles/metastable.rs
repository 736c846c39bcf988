//! Metastable failures: what a trigger began goes on when it is gone, or not.
//!
//! Every row of two tables (the law and its source stand at the head of each)
//! is set up as a scenario and judged by the metrics of a run, in a few seeds of
//! our own: whether it recovers, when, and what is served and asked in the end.
//! The tables were made by another simulation, so what chance decides in them
//! chance decides here: a row that is `mixed` there may be either here, and a
//! time of recovery may lie outside of what three seeds of theirs came to.

use crate::lab;
use crate::table::{column, table};
use tollgate::engine::{self, Caller, Fact, Observer};
use tollgate::measure::Measures;
use tollgate::rng::Key;
use tollgate::scenario::Model;
use tollgate::time::{Instant, Span};

/// How much of a table, and how often.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Quick,
    Full,
}

/// What happens in the last seconds before the horizon.
struct AtLast {
    from: Instant,
    until: Instant,
    offered: f64,
    served: f64,
    attempts: f64,
}

impl Observer for AtLast {
    fn note(&mut self, now: Instant, _caller: Caller, fact: &Fact) {
        if now < self.from || now >= self.until {
            return;
        }
        match *fact {
            Fact::Offered { .. } => self.offered += 1.0,
            Fact::Sent => self.attempts += 1.0,
            Fact::Ended { end, .. } if end.is_served() => self.served += 1.0,
            _ => {}
        }
    }
}

/// What one run comes to.
#[derive(Debug)]
struct Came {
    /// Seconds from the trigger's end, infinite where it never recovers.
    recovery: f64,
    /// The metric, over the last quarter of the time after the trigger.
    after: f64,
    /// Over the last seconds, as the tables have it.
    goodput: f64,
    attempts_per_new: f64,
    attempt_rate: f64,
}

impl Came {
    fn recovers(&self) -> bool {
        self.recovery.is_finite()
    }

    /// What the metric says and what is served in the end are one: all, or nothing.
    fn is_either(&self) -> bool {
        let end = f64::from(u8::from(self.recovers()));
        (self.after - end).abs() < 0.01 && (self.goodput - end).abs() < 0.01
    }
}

/// So many runs of a model; `last` is how long the tables look at the end.
fn runs(model: &Model, seed: u64, runs: u64, last: Span) -> Vec<Came> {
    let run = |replicate| {
        let key = Key::run(seed, replicate);
        let mut at_last = AtLast {
            from: Instant(model.horizon.0 - last.0),
            until: model.horizon,
            offered: 0.0,
            served: 0.0,
            attempts: 0.0,
        };
        let mut measures = Measures::new(model, key);
        engine::run(model, key, &mut (&mut measures, &mut at_last)).unwrap();
        let recovery = measures.recovery();
        let (served, new) = recovery.at_last();
        Came {
            recovery: recovery.seconds().expect("there is a trigger, and time after it"),
            after: served as f64 / new as f64,
            goodput: at_last.served / at_last.offered,
            attempts_per_new: at_last.attempts / at_last.offered,
            attempt_rate: at_last.attempts / last.as_secs_f64(),
        }
    };
    (0..runs).map(run).collect()
}

// ---- A service that finishes what its clients have given up ---------------

const FIFO: &str = include_str!("analytic/metastable_fifo_timeout.csv");

/// Whose retries: how many attempts, and what pays for them.
fn impatient(policy: &str) -> String {
    let attempts = policy[1..2].parse::<u32>().unwrap() + 1;
    let budget = match policy.split_once(' ').unwrap().1 {
        "no retry" | "naive" => "",
        "ratio budget 10%" => {
            "[[budget]]\ntoken-bucket = { size = 100, deposit = 0.1, on = \"start\" }\n"
        }
        "success-funded 10%" => {
            "[[budget]]\ntoken-bucket = { size = 100, deposit = 0.1, on = \"success\" }\n"
        }
        other => panic!("what is {other}?"),
    };
    format!(
        "name = \"one\"\nattempts = {attempts}\nretries = [\"timeout\"]\nwait = \"zero\"\n\
         timeout = \"1s\"\n{budget}"
    )
}

/// What becomes of work whose client has gone.
const FINISHED: &str = "finished";

/// 300 a second, one after another, stalled for ten seconds.
fn stalled(client: &str, rate: &str, timed_out: &str, horizon: u64) -> Model {
    let scenario = format!(
        "name = \"oracle\"\nhorizon = \"{horizon}s\"\ndrain = \"0s\"\n\
         network = {{ out = \"0s\", home = \"0s\" }}\n\
         [service]\ntime = \"3333333ns\"\nplaces = 1\nqueue = 4_000_000_000\n\
         timed-out = \"{timed_out}\"\n\
         [[service.outage]]\nfrom = \"60s\"\nfor = \"10s\"\nanswer = \"stall\"\n\
         [[population]]\nname = \"callers\"\npoisson = \"{rate}/s\"\n\
         identity = {{ key = \"each\" }}\n"
    );
    lab::model(&scenario, "name = \"open\"\n[[endpoint]]\nname = \"call\"\n", client)
}

/// A row of the table.
struct Queued {
    policy: String,
    rate: f64,
    /// The attempts a second when every one is in vain.
    load: f64,
    recovers: bool,
    recovery: [f64; 2],
    /// By the closed form, where there is one: until the first answer in time.
    first_answer: Option<f64>,
    goodput: f64,
    attempts_per_new: f64,
}

impl Queued {
    fn all() -> Vec<Queued> {
        let row = |row: &csv::StringRecord| {
            let cell = |name: &str| row[column(FIFO, name)].to_owned();
            let number = |name: &str| cell(name).parse::<f64>();
            Queued {
                policy: cell("policy"),
                rate: number("lambda").unwrap(),
                load: number("degraded_load_prediction").unwrap(),
                recovers: cell("observed") == "recovers",
                recovery: ["recovery_s_min", "recovery_s_max"].map(|n| number(n).unwrap()),
                first_answer: number("predicted_recovery_s_R0").ok(),
                goodput: number("final_goodput_over_new").unwrap(),
                attempts_per_new: number("final_attempts_per_new").unwrap(),
            }
        };
        table(FIFO).iter().map(row).collect()
    }

    fn is(&self, policy: &str, rate: f64) -> bool {
        self.policy == policy && (self.rate - rate).abs() < 0.5
    }

    fn model(&self, horizon: u64) -> Model {
        stalled(&impatient(&self.policy), &self.rate.to_string(), FINISHED, horizon)
    }

    /// How far a time of recovery may lie from those of the table. The backlog is
    /// a random walk that falls by `300 - load` a second, so the time until it is
    /// gone has a standard deviation of `sqrt(load * time) / (300 - load)`: four
    /// of them, and two seconds for bins of one.
    fn tolerance(&self) -> f64 {
        let time = self.recovery[1].max(1.0);
        2.0 + 4.0 * (self.load * time).sqrt() / (300.0 - self.load)
    }

    /// Nothing, or how these runs differ from the row.
    fn differs(&self, came: &[Came]) -> Option<String> {
        let near = |seconds: f64| {
            let [least, most] = self.recovery;
            let spread = self.tolerance();
            let in_table = (least - spread..=most + spread).contains(&seconds);
            // Two of twenty seconds may be empty.
            in_table && self.first_answer.is_none_or(|at| (at - 2.0 - seconds).abs() <= spread)
        };
        let agrees = |came: &Came| {
            came.recovers() == self.recovers
                && came.is_either()
                && (came.goodput - self.goodput).abs() < 0.01
                && (came.attempts_per_new / self.attempts_per_new - 1.0).abs() < 0.01
                && (!self.recovers || near(came.recovery))
        };
        let other = came.iter().find(|came| !agrees(came))?;
        Some(format!("{} at {}: {other:?}", self.policy, self.rate))
    }
}

fn fifo(size: Size) {
    let (horizon, seeds, last) = match size {
        Size::Quick => (400, 1, Span::seconds(100)),
        Size::Full => (1_800, 3, Span::seconds(200)),
    };
    let mut rows = 0;
    for (index, row) in (0..).zip(Queued::all()) {
        // In a short run only what has time to recover can be told from what never does.
        if size == Size::Quick && row.recovery[1] + row.tolerance() > 220.0 {
            continue;
        }
        let came = runs(&row.model(horizon), 9_000 + index, seeds, last);
        assert_eq!(row.differs(&came), None);
        rows += 1;
    }
    assert_eq!(rows, if size == Size::Quick { 89 } else { 96 });
}

#[test]
fn retries_of_what_timed_out_sustain_an_overload_or_not() {
    fifo(Size::Quick);
}

#[test]
#[ignore = "minutes"]
fn retries_of_what_timed_out_sustain_an_overload_or_not_in_full() {
    fifo(Size::Full);
}

/// Where the cause is taken away, or made by a tenth weaker, the table is missed.
#[test]
fn another_cause_than_the_tables_is_seen() {
    let rows = Queued::all();
    let row = |policy, rate| rows.iter().find(|row| row.is(policy, rate)).unwrap();
    let differs = |row: &Queued, model: &Model| {
        row.differs(&runs(model, 9_500, 1, Span::seconds(100))).is_some()
    };
    let naive = row("R1 naive", 280.0);
    let dropped = stalled(&impatient("R1 naive"), "280", "dropped", 400);
    assert!(!differs(naive, &naive.model(400)) && differs(naive, &dropped));
    let budget = row("R1 ratio budget 10%", 280.0);
    let smaller = impatient(&budget.policy).replace("deposit = 0.1", "deposit = 0.01");
    assert!(!differs(budget, &budget.model(400)));
    assert!(differs(budget, &stalled(&smaller, "280", FINISHED, 400)));
    let none = row("R0 no retry", 240.0);
    assert!(!differs(none, &none.model(400)));
    assert!(differs(none, &stalled(&impatient("R0 no retry"), "260", FINISHED, 400)));
}

// ---- A limit that counts what it refuses ----------------------------------

const LIMITER: &str = include_str!("analytic/metastable_countall_limiter.csv");

/// How a row's client waits, and how often it asks.
fn patient(policy: &str) -> String {
    let wait = if policy.starts_with("full-jitter exp") {
        "wait = { exponential = { base = \"1s\", cap = \"600s\" } }\njitter = \"full\"\n"
    } else {
        "wait = { fixed = \"1s\" }\njitter = { multiply = [0.5, 1.5] }\n"
    };
    let attempts = match policy.split_once(" attempts") {
        Some((before, _)) => format!("attempts = {}\n", before.rsplit(' ').next().unwrap()),
        None if policy.starts_with("no retry") => "attempts = 1\n".to_owned(),
        None => String::new(),
    };
    format!("name = \"one\"\nretries = [\"429\"]\n{wait}{attempts}")
}

/// A row of the table.
#[derive(Clone)]
struct Counted {
    quota: u64,
    rate: f64,
    policy: String,
    burst: u64,
    /// Whether a burst that is large enough traps the client for good.
    trap: bool,
    /// From how many attempts a second on the log fills faster than it empties.
    tips_at: f64,
    observed: String,
    attempt_rate: f64,
}

impl Counted {
    fn all() -> Vec<Counted> {
        let row = |row: &csv::StringRecord| {
            let cell = |name: &str| row[column(LIMITER, name)].to_owned();
            Counted {
                quota: cell("L").parse().unwrap(),
                rate: cell("lambda").parse().unwrap(),
                policy: cell("policy"),
                burst: cell("burst").parse().unwrap(),
                trap: cell("predicted") == "collapse once triggered",
                tips_at: cell("x_high_unstable").parse().unwrap(),
                observed: cell("observed"),
                attempt_rate: cell("final_attempt_rate").parse().unwrap(),
            }
        };
        table(LIMITER).iter().map(row).collect()
    }

    fn model(&self, counts_rejects: bool) -> Model {
        let burst = match self.burst {
            0 => String::new(),
            calls => format!(
                "[[population]]\nname = \"burst\"\nburst = {{ calls = {calls}, at = \"50s\" }}\n\
                 identity = {{ key = \"shared\" }}\n"
            ),
        };
        let scenario = format!(
            "name = \"oracle\"\nhorizon = \"300s\"\ndrain = \"0s\"\n\
             trigger = {{ name = \"burst\", from = \"50s\" }}\n\
             network = {{ out = \"0s\", home = \"0s\" }}\nservice = {{ time = \"0s\" }}\n\
             [[population]]\nname = \"callers\"\npoisson = \"{}/s\"\n\
             identity = {{ key = \"shared\" }}\n{burst}",
            self.rate
        );
        let api = format!(
            "name = \"one limit\"\n[[endpoint]]\nname = \"call\"\n\
             [[limit]]\nname = \"limit\"\nper = [\"key\"]\ncounts-rejects = {counts_rejects}\n\
             sliding-log = {{ quota = {}, window = \"1s\" }}\n",
            self.quota
        );
        lab::model(&scenario, &api, &patient(&self.policy))
    }

    fn counts_rejects(&self) -> bool {
        !self.policy.contains("NOT logged")
    }

    /// How the runs of a trap end is left to chance where the second of the burst
    /// may tip it: from four standard deviations below the threshold, which is one
    /// for a steady rate, to twice the quota at once, which no chance undoes.
    fn is_chance(&self) -> bool {
        let calls = self.rate + self.burst as f64;
        self.trap && calls + 4.0 * calls.sqrt() > self.tips_at && self.burst <= 2 * self.quota
    }

    /// Nothing, or how these runs differ from the row.
    fn differs(&self, came: &[Came]) -> Option<String> {
        let recovered = came.iter().filter(|came| came.recovers()).count();
        let as_observed = match &*self.observed {
            "mixed" => true,
            // Most of them, where chance has a say.
            "recovers" if self.is_chance() => 2 * recovered > came.len(),
            "collapsed" if self.is_chance() => 2 * recovered < came.len(),
            "recovers" => recovered == came.len(),
            _ => recovered == 0,
        };
        // Four standard deviations of the new calls that there are in 80 s.
        let spread = 0.03 + 4.0 / (80.0 * self.rate).sqrt();
        let is_alike = |came: &&Came| {
            let sure = self.observed != "mixed" && !self.is_chance();
            let near = (came.attempt_rate / self.attempt_rate - 1.0).abs() < spread;
            came.is_either() && (near || !sure)
        };
        let other = came.iter().find(|came| !is_alike(came));
        let Counted { quota, rate, policy, burst, observed, .. } = self;
        let row = format!("{quota}, {rate}/s, {policy}, {burst}: {observed}");
        (!as_observed || other.is_some()).then(|| format!("{row}, {recovered} recover, {other:?}"))
    }
}

fn limiter(size: Size) {
    let (mut rows, mut other) = (0, vec![]);
    for (index, row) in (0..).zip(Counted::all()) {
        let seeds = match (size, row.quota) {
            (Size::Full, _) | (Size::Quick, 20) => 5,
            (Size::Quick, _) if row.rate < 35.0 || row.rate > 45.0 || row.is_chance() => continue,
            (Size::Quick, _) => 1,
        };
        let model = row.model(row.counts_rejects());
        let came = runs(&model, 9_600 + index, seeds, Span::seconds(80));
        other.extend(row.differs(&came));
        rows += 1;
    }
    assert!(other.is_empty(), "{other:#?}");
    assert!(rows > if size == Size::Full { 140 } else { 50 }, "{rows} rows");
}

#[test]
fn a_limit_that_counts_refusals_is_a_trap_or_not() {
    limiter(Size::Quick);
}

#[test]
#[ignore = "minutes"]
fn a_limit_that_counts_refusals_is_a_trap_or_not_in_full() {
    limiter(Size::Full);
}

/// The table is missed by a limit that counts no refusals where it should, or
/// does where it should not, and by one attempt more than two.
#[test]
fn a_limit_or_a_client_wrong_is_seen() {
    let rows = Counted::all();
    let differs = |row: &Counted, model: &Model| {
        row.differs(&runs(model, 9_900, 1, Span::seconds(80))).is_some()
    };
    for row in rows.iter().filter(|row| row.quota == 20 && row.burst == 100) {
        let right = row.counts_rejects();
        assert!(!differs(row, &row.model(right)), "{}", row.policy);
        if row.policy.contains("unlimited") {
            assert!(differs(row, &row.model(!right)), "{}", row.policy);
        }
    }
    let two = rows.iter().find(|row| {
        row.quota == 100 && row.rate > 55.0 && row.burst == 500 && row.policy.contains("max 2")
    });
    let two = two.unwrap();
    let three = Counted { policy: two.policy.replace('2', "3"), ..two.clone() };
    assert!(differs(two, &three.model(true)));
}
