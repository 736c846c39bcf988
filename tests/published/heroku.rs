//! The benchmark of `rate_throttle_client`'s README, run as the built-in scenario
//! `heroku-throttle` in 30 seeds: the mean over clients of the share of requests
//! that were refused, the longest sleep, and the standard deviation of the
//! clients' numbers of requests.
//!
//! Held against a model of the same that was written from the library's code by
//! itself (means of 30 seeds, their deviations where they are known). What was
//! published is one run on real threads whose clock ran ten times too fast; it
//! lies where the scenario's file says, and must lie on the same side of the
//! question which strategy is best.

use tollgate::engine::{self, Caller, Fact, Observer};
use tollgate::http::Status;
use tollgate::rng::Key;
use tollgate::scenario::{Bundle, Model};
use tollgate::time::{Instant, Span};

const SEEDS: u64 = 30;

/// One client's requests.
#[derive(Clone, Copy, Default)]
struct Client {
    sent: u64,
    refused: u64,
    /// When it had its last answer.
    answered: Option<Instant>,
    /// Its longest time between an answer and the next request.
    slept: Span,
}

/// Counts until the horizon; the drain is there to see the ends of the sleeps
/// that were begun before it.
struct Watch {
    horizon: Instant,
    clients: Vec<Client>,
}

impl Observer for Watch {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        let client = &mut self.clients[caller.client as usize];
        match fact {
            Fact::Sent => {
                client.sent += u64::from(now < self.horizon);
                if let Some(answered) = client.answered.take() {
                    client.slept = client.slept.max(now.since(answered));
                }
            }
            Fact::Answered(record) if now < self.horizon => {
                let refused = tollgate::http::Answer::Status(Status::TOO_MANY_REQUESTS);
                client.refused += u64::from(record.answer == refused);
                client.answered = Some(now);
            }
            _ => {}
        }
    }
}

/// What one run came to.
struct Outcome {
    /// In percent.
    refused: f64,
    /// In seconds.
    longest: f64,
    /// Of requests.
    spread: f64,
    served: u64,
}

fn outcome(model: &Model, seed: u64) -> Outcome {
    let mut watch = Watch { horizon: model.horizon, clients: vec![Client::default(); 10] };
    engine::run(model, Key::run(seed, 0), &mut watch).expect("the run ends");
    let clients = watch.clients;
    let mean = |of: &dyn Fn(&Client) -> f64| clients.iter().map(of).sum::<f64>() / 10.0;
    let requests = mean(&|client| client.sent as f64);
    let squares = mean(&|client| (client.sent as f64 - requests).powi(2));
    Outcome {
        refused: 100.0 * mean(&|client| client.refused as f64 / client.sent as f64),
        longest: clients.iter().map(|client| client.slept).max().unwrap().as_secs_f64(),
        spread: (squares * 10.0 / 9.0).sqrt(),
        served: clients.iter().map(|client| client.sent - client.refused).sum(),
    }
}

fn models(settings: &[(&str, &str)]) -> Vec<(String, Model)> {
    let drain = [("drain", "10min")];
    let settings: Vec<(String, String)> = settings
        .iter()
        .chain(&drain)
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
        .collect();
    let fetch = |path: &str| Err(format!("{path} is built in"));
    let bundle = Bundle::load("heroku-throttle", None, &settings, &fetch);
    let bundle = bundle.unwrap_or_else(|error| panic!("{error}"));
    let plan = bundle.plan().unwrap_or_else(|faults| panic!("{faults}"));
    plan.variants.into_iter().map(|variant| (variant.name, variant.model)).collect()
}

/// The mean, and its own standard deviation.
fn mean(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Whether `ours` lies within four of its deviations, and a hundredth for the
/// rounding, of a mean of as many seeds: that one errs as much as ours.
fn beside((ours, error): (f64, f64), theirs: f64) -> bool {
    (ours - theirs).abs() < 4.0 * error * 2.0_f64.sqrt() + 0.01 * theirs
}

struct Row {
    name: String,
    refused: (f64, f64),
    longest: (f64, f64),
    spread: (f64, f64),
    served: (f64, f64),
}

fn table(settings: &[(&str, &str)]) -> Vec<Row> {
    let row = |(name, model): (String, Model)| {
        let runs: Vec<Outcome> = (0..SEEDS).map(|seed| outcome(&model, seed)).collect();
        Row {
            name,
            refused: mean(runs.iter().map(|run| run.refused)),
            longest: mean(runs.iter().map(|run| run.longest)),
            spread: mean(runs.iter().map(|run| run.spread)),
            served: mean(runs.iter().map(|run| run.served as f64)),
        }
    };
    models(settings).into_iter().map(row).collect()
}

#[test]
fn the_four_strategies_do_as_a_model_of_their_own_did() {
    // Percent refused, longest sleep in seconds, deviation of requests.
    let theirs = [
        ("heroku-exponential-backoff", 75.8, 227.0, 330.0),
        ("heroku-gradual-decrease", 47.5, 206.0, 982.0),
        ("heroku-proportional-decrease", 3.04, 16.2, 83.0),
        ("heroku-remaining-decrease", 3.22, 17.4, 82.0),
    ];
    let ours = table(&[]);
    assert_eq!(ours.len(), theirs.len());
    for (row, (name, refused, longest, spread)) in ours.iter().zip(theirs) {
        println!(
            "{}: {:?} %, {:?} s, {:?}, served {:?}",
            row.name, row.refused, row.longest, row.spread, row.served
        );
        assert_eq!(row.name, name);
        assert!(beside(row.refused, refused), "{name}: {:?} % refused", row.refused);
        assert!(beside(row.longest, longest), "{name}: slept {:?} s", row.longest);
        assert!(beside(row.spread, spread), "{name}: {:?} requests", row.spread);
        // 1.25 a second for half an hour.
        assert!((2_220.0..=2_250.0).contains(&row.served.0), "{name}: {:?} served", row.served);
    }
    // What the README concludes: least refused, and most alike, with those two.
    let [backoff, gradual, proportional, remaining] = [0, 1, 2, 3].map(|n| &ours[n]);
    for good in [proportional, remaining] {
        for poor in [backoff, gradual] {
            assert!(good.refused.0 * 10.0 < poor.refused.0);
            assert!(good.spread.0 * 2.0 < poor.spread.0);
        }
    }
}

#[test]
fn a_longer_way_makes_the_backoff_worse() {
    let far = table(&[("network.out", "25ms"), ("network.home", "25ms")]);
    println!("50 ms: {:?} %, {:?} s", far[0].refused, far[0].longest);
    assert!(beside(far[0].refused, 80.9), "{:?}", far[0].refused);
    assert!(beside(far[0].longest, 152.0), "{:?}", far[0].longest);
}
