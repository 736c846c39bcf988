//! The six comparisons that show at a glance what the defaults of libraries do:
//! what the title of each scenario asks is answered here in numbers, in each of
//! ten seeds, so that the picture goes on showing it.

use std::collections::BTreeMap;

use tollgate::engine::{Caller, Fact, Observer};
use tollgate::experiment::Once;
use tollgate::http::Answer;
use tollgate::metric::Metric;
use tollgate::scenario::Bundle;
use tollgate::time::{Instant, Span};

const SEEDS: u64 = 10;

/// One attempt.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// Who made it.
    client: u32,
    /// Which of its calls, and which attempt of it.
    call: u64,
    number: u32,
    /// When, after the start.
    at: Span,
    refused: bool,
    failed: bool,
}

/// Sees every attempt.
struct Watch {
    start: Instant,
    sent: Vec<Sent>,
}

impl Observer for Watch {
    fn note(&mut self, _now: Instant, caller: Caller, fact: &Fact) {
        let Fact::Answered(record) = fact else { return };
        self.sent.push(Sent {
            client: caller.client,
            call: record.call,
            number: record.number,
            at: record.sent.since(self.start),
            refused: record.rejected_by.is_some(),
            failed: match record.answer {
                Answer::Status(status) => status.is_class(5),
                Answer::Refused | Answer::TimedOut => true,
            },
        });
    }
}

/// One client's run.
struct Run {
    sent: Vec<Sent>,
    served: f64,
    /// Attempts for each call.
    amplification: f64,
    /// Seconds from the end of what disturbed the run until it had recovered,
    /// infinite where it never did; and the share served in the end.
    recovery: Option<f64>,
    after: Option<f64>,
}

impl Run {
    fn count(&self, of: impl Fn(&&Sent) -> bool) -> usize {
        self.sent.iter().filter(of).count()
    }

    fn refused(&self) -> usize {
        self.count(|sent| sent.refused)
    }

    /// How many attempts there were from one time to another.
    fn between(&self, from: Span, to: Span) -> usize {
        self.count(|sent| (from..to).contains(&sent.at))
    }

    /// The most retries that began within a tenth of a second of one of them.
    fn crest(&self) -> usize {
        let mut retries: Vec<Span> =
            self.sent.iter().filter(|sent| sent.number > 1).map(|sent| sent.at).collect();
        retries.sort_unstable();
        let from = |first: &Span| {
            let end = first.plus(Span::millis(100));
            retries.partition_point(|at| *at < end) - retries.partition_point(|at| at < first)
        };
        retries.iter().map(from).max().unwrap_or(0)
    }

    /// The attempts of each call, in the order in which they were sent.
    fn calls(&self) -> BTreeMap<(u32, u64), Vec<Sent>> {
        let mut calls: BTreeMap<_, Vec<Sent>> = BTreeMap::new();
        for sent in &self.sent {
            calls.entry((sent.client, sent.call)).or_default().push(*sent);
        }
        calls
    }
}

/// Every client of a scenario in one seed, by its name.
fn runs(scenario: &str, seed: u64) -> BTreeMap<String, Run> {
    let fetch = |path: &str| Err(format!("{path} is built in"));
    let bundle = Bundle::load(scenario, None, &[], &fetch);
    let plan = bundle.unwrap_or_else(|error| panic!("{error}")).plan();
    let plan = plan.unwrap_or_else(|faults| panic!("{faults}"));
    let run = |variant: tollgate::scenario::Variant| {
        let mut watch = Watch { start: variant.model.start, sent: vec![] };
        let mut once = Once::new(&variant.model, 0, seed);
        let ending = once.run(&mut watch).unwrap();
        let told = once.read(&ending);
        let value = |name| told.value(name).unwrap();
        let run = Run {
            sent: watch.sent,
            served: value(Metric::ServedShare),
            amplification: value(Metric::Amplification),
            recovery: told.value(Metric::RecoveryTime),
            after: told.value(Metric::GoodputAfter),
        };
        (variant.name, run)
    };
    plan.variants.into_iter().map(run).collect()
}

/// A 429 without Retry-After: axios-retry asks four times within a third of a
/// second and is lost, p-retry comes back in waves, aws-standard is over too soon,
/// and google-api-core gets all done.
#[test]
fn without_a_hint_no_wait_multiplies_the_storm() {
    for seed in 0..SEEDS {
        let runs = runs("storm", seed);
        let [axios, retry, aws, google] =
            ["axios-retry", "p-retry", "aws-standard", "google-api-core"].map(|name| &runs[name]);
        for attempts in axios.calls().values() {
            let (first, last) = (attempts[0], attempts[attempts.len() - 1]);
            let whole = !last.refused || attempts.len() == 4;
            assert!(whole && last.at < first.at.plus(Span::millis(350)), "{attempts:?}");
        }
        assert!(axios.amplification > 3.5, "{}", axios.amplification);
        assert!(axios.served < 0.2 && aws.served < 0.35, "{} {}", axios.served, aws.served);
        assert!(google.served >= 0.999 && retry.served < 0.8, "{}", retry.served);
        let most = google.crest().max(aws.crest());
        assert!(axios.crest() > 8 * most, "{} beside {most}", axios.crest());
        assert!(retry.crest() > 4 * most, "{} beside {most}", retry.crest());
        // Half of the jobs or more in a fifth of a second after 1, 3, 7, 15 and 31 s.
        for wave in [2, 4, 8, 16, 32] {
            let (from, to) = (Span::millis(wave * 1_000 - 100), Span::millis(wave * 1_000 + 600));
            let found = retry.between(from, to);
            assert!(found >= 100, "{found} around {wave} s");
        }
    }
}

/// Who obeys Retry-After exactly comes back with all the others; who adds a little
/// comes back spread, as soon, and with as few refusals.
#[test]
fn exact_obedience_brings_all_back_at_once() {
    for seed in 0..SEEDS {
        let runs = runs("herd", seed);
        let exact = &runs["urllib3-default"];
        assert!(exact.crest() >= 120, "{} of 140 refused", exact.crest());
        for name in ["slack-ratelimit", "axios-retry-expo", "ideal-pacer"] {
            let crest = runs[name].crest();
            assert!(exact.crest() > 5 * crest, "{} beside {crest} of {name}", exact.crest());
        }
        for name in ["urllib3-default", "axios-retry-expo", "ideal-pacer"] {
            assert!(runs[name].served >= 0.999 && runs[name].refused() == 240, "{name}");
        }
        // One retry is not enough for the third sixty.
        let slack = &runs["slack-ratelimit"];
        assert!((0.55..0.65).contains(&slack.served), "{}", slack.served);
    }
}

/// In the last quarter of an hour of a quota that is used up: anthropic is silent and
/// back with the hour, openai asks once a call, openai 1 and AWS three times.
#[test]
fn before_the_hour_anthropic_is_silent_and_openai_1_knocks_three_times() {
    let minutes = |minutes: u64| Span::seconds(60 * minutes);
    for seed in 0..SEEDS {
        let runs = runs("hourly-quota", seed);
        // From two minutes before the hour on, openai waits.
        let knocks = |name: &str| runs[name].between(minutes(52), minutes(58));
        let before = |sent: &&Sent| sent.number > 1 && sent.at < minutes(60);
        assert_eq!(runs["anthropic"].count(before), 0, "it sleeps until the hour");
        assert!(runs["anthropic"].refused() <= 50, "each worker once");
        assert!(knocks("anthropic") < 5, "one or two had nothing to ask until then");
        let once = knocks("openai");
        assert!(once > 80, "{once}");
        for name in ["openai-v1", "aws-standard"] {
            let times = knocks(name) as f64 / once as f64;
            assert!((2.5..3.5).contains(&times), "{name} knocks {times} times as often");
            assert!(runs[name].served < 0.85, "{}", runs[name].served);
        }
        assert!(runs["anthropic"].served >= 0.999);
        let back = runs["anthropic"].between(minutes(60), minutes(60).plus(Span::seconds(2)));
        assert!(back >= 45, "{back} of 50 workers are back within two seconds");
    }
}

/// Thirty seconds of outage: Finagle's budget is spent on retries at once, gRPC's
/// throttle leaves one attempt a call, and only what waits for long outlives it.
#[test]
fn in_an_outage_budgets_decide_who_hammers() {
    for seed in 0..SEEDS {
        let runs = runs("outage", seed);
        let (begin, end) = (Span::seconds(30), Span::seconds(60));
        let load = |name: &str, from, to| {
            let sent = runs[name].between(from, to) as f64;
            sent / runs[name].count(|sent| sent.number == 1 && (from..to).contains(&sent.at)) as f64
        };
        let whole = |name| load(name, begin, end);
        assert!(whole("finagle") > 7.0, "{}", whole("finagle"));
        assert!((3.5..5.0).contains(&whole("aws-legacy")), "{}", whole("aws-legacy"));
        assert!(whole("grpc") < 1.2, "{}", whole("grpc"));
        // The quota of 500 at 14 a retry is 35 retries for each of twenty clients.
        let quota =
            runs["aws-standard"].count(|sent| sent.number > 1 && (begin..end).contains(&sent.at));
        assert!((500..=20 * 36).contains(&quota), "{quota}");
        let late = Span::seconds(52);
        assert!(load("aws-standard", begin, Span::seconds(40)) > 2.5, "the quota lasts");
        assert!(load("aws-standard", late, end) < 1.5, "the quota is spent");
        let failed = |name: &str| runs[name].count(|sent| sent.failed);
        assert!(failed("finagle") > 7 * failed("grpc"));
        for name in ["aws-standard", "finagle", "grpc"] {
            assert!(runs[name].served < 0.79, "{name} serves {}", runs[name].served);
            assert!(runs["aws-legacy"].served > runs[name].served + 0.03, "{name}");
        }
    }
}

/// At twice the load all three get what the API has; sre-adaptive is refused as often
/// as it is served, aws-adaptive a fifth of the time, and a set pace never.
#[test]
fn at_twice_the_load_only_a_pace_is_never_refused() {
    for seed in 0..SEEDS {
        let runs = runs("overload", seed);
        let share = |name: &str| runs[name].refused() as f64 / runs[name].sent.len() as f64;
        assert_eq!(runs["bottleneck(minTime=500)"].refused(), 0);
        assert!((0.45..0.55).contains(&share("sre-adaptive")), "{}", share("sre-adaptive"));
        assert!((0.1..0.35).contains(&share("aws-adaptive")), "{}", share("aws-adaptive"));
        for (name, run) in &runs {
            let (from, to) = (Span::seconds(30), Span::seconds(180));
            let admitted = run.count(|s| !s.refused && (from..to).contains(&s.at));
            let share = admitted as f64 / (150.0 * 40.0);
            assert!((0.96..1.02).contains(&share), "{name} gets {share} of the rate");
        }
    }
}

/// Ten seconds of a stall: one retry each keeps a database of 300 a second at 560 for
/// good, however long it waits first; without retries, or with those that answers pay
/// for, it recovers two minutes later, as the queue has it by hand.
#[test]
fn after_a_stall_one_retry_each_is_an_overload_for_good() {
    for seed in 0..SEEDS {
        let runs = runs("metastable", seed);
        let attempts = |name: &str| {
            let (from, to) = (Span::seconds(200), Span::seconds(280));
            runs[name].between(from, to) as f64 / 80.0
        };
        for name in ["metastable-retry", "metastable-backoff"] {
            let run = &runs[name];
            assert_eq!((run.recovery, run.after), (Some(f64::INFINITY), Some(0.0)), "{name}");
            assert!((attempts(name) / 560.0 - 1.0).abs() < 0.05, "{}", attempts(name));
        }
        for name in ["metastable-once", "metastable-budget"] {
            let (recovery, after) = (runs[name].recovery.unwrap(), runs[name].after.unwrap());
            assert!((85.0..200.0).contains(&recovery), "{name}: {recovery} s");
            assert!(after > 0.9, "{name} serves {after} in the end");
        }
        // Who is served costs what it costs without retries.
        assert!(runs["metastable-budget"].amplification < 1.01);
    }
}
