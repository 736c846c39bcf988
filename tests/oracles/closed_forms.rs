//! What the closed forms have in common: one population, one limit, no network.

#![allow(dead_code)] // each test binary uses its own part of this

use crate::lab;
use tollgate::engine;
use tollgate::measure::Measures;
use tollgate::rng::Key;
use tollgate::scenario::Model;

/// How many times a row is run, and about how many calls count in a run.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) runs: u64,
    pub(crate) calls: u64,
}

pub(crate) const QUICK: Size = Size { runs: 40, calls: 5_000 };

/// Resolves about 4e-4 of the share refused.
pub(crate) const FULL: Size = Size { runs: 40, calls: 100_000 };

/// Resolves about 7e-4, in a third of the time.
pub(crate) const LONG: Size = Size { runs: 40, calls: 30_000 };

/// One call a second at random, so that every time in the tables is in seconds.
pub(crate) fn scenario(warm_up: u64, horizon: u64, service: &str) -> String {
    asked_by(warm_up, horizon, service, "poisson = \"1/s\"")
}

/// The same with another workload.
pub(crate) fn asked_by(warm_up: u64, horizon: u64, service: &str, work: &str) -> String {
    format!(
        "name = \"oracle\"\nhorizon = \"{horizon}s\"\nwarm-up = \"{warm_up}s\"\ndrain = \"1d\"\n\
         network = {{ out = \"0s\", home = \"0s\" }}\n\
         service = {{ time = {service} }}\n\
         [[population]]\nname = \"callers\"\n{work}\nidentity = {{ key = \"each\" }}\n"
    )
}

pub(crate) fn api(limit: &str) -> String {
    format!(
        "name = \"one limit\"\n[[endpoint]]\nname = \"call\"\n\
         [[limit]]\nname = \"limit\"\nper = [\"key\"]\n{limit}\n"
    )
}

/// The model of a limit under a workload.
pub(crate) fn model(scenario: &str, limit: &str) -> Model {
    lab::model(scenario, &api(limit), lab::ONCE)
}

/// Refusals and calls of each run, as the measures count them after the warm-up.
pub(crate) fn measured(model: &Model, seed: u64, size: Size) -> Vec<(f64, f64)> {
    let run = |replicate| {
        let key = Key::run(seed, replicate);
        let mut measures = Measures::new(model, key);
        engine::run(model, key, &mut measures).unwrap();
        let total = measures.total();
        (total.rejected as f64, total.offered as f64)
    };
    (0..size.runs).map(run).collect()
}

/// A positive number without its decimals.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is small and positive
pub(crate) fn whole(number: f64) -> u64 {
    number as u64
}
