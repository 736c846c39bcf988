//! The comparison of a built-in scenario's clients, over a few seeds.

use std::num::NonZeroUsize;

use tollgate::experiment::{self, Comparison, Outcome, Seeds};
use tollgate::metric::Metric;
use tollgate::scenario::Plan;

use super::world;

/// Enough to see the story, few enough to be quick.
const SEEDS: NonZeroUsize = NonZeroUsize::new(3).expect("three is not zero");

/// The most attempts of a run that a built-in scenario may make.
const ATTEMPTS_MAX: u64 = 70_000;

/// A built-in scenario and what came of it.
#[derive(Debug)]
pub(crate) struct Story {
    plan: Plan,
    comparison: Comparison,
}

/// Compares the clients of a built-in scenario.
pub(crate) fn of(name: &str) -> Story {
    let plan = world::built_in(name);
    let seeds = Seeds { root: 1, count: SEEDS };
    let threads = NonZeroUsize::new(2).expect("two is not zero");
    let comparison = experiment::compare(&plan, seeds, threads, &|_, _| ());
    let comparison = comparison.expect("every run ends and loses nothing");
    Story { plan, comparison }
}

impl Story {
    /// What came of a client.
    pub(crate) fn outcome(&self, client: &str) -> &Outcome {
        let mut outcomes = self.comparison.outcomes.iter();
        outcomes
            .find(|outcome| outcome.name == client)
            .unwrap_or_else(|| panic!("`{client}` is not compared"))
    }

    /// How many attempts of a client a limit refused, in all seeds together.
    pub(crate) fn refused(&self, client: &str, limit: &str) -> u64 {
        let limits = &self.plan.variants[0].model.api.limits;
        let index = limits.iter().position(|l| l.name == limit);
        let index = index.unwrap_or_else(|| panic!("there is no limit `{limit}`"));
        let runs = self.outcome(client).runs.iter();
        runs.map(|run| run.limits[index].1).sum()
    }

    /// The clients that this limit refused nothing, of those given.
    pub(crate) fn unbound<'c>(&self, limit: &str, clients: &[&'c str]) -> Vec<&'c str> {
        let free = |client: &&&str| self.refused(client, limit) == 0;
        clients.iter().filter(free).copied().collect()
    }

    /// A metric's mean over the seeds.
    pub(crate) fn mean(&self, client: &str, metric: &str) -> f64 {
        let estimate =
            self.outcome(client).estimate(Metric::named(metric).expect("it is a metric"));
        estimate.unwrap_or_else(|| panic!("`{client}` has no {metric}")).mean
    }

    /// The share served of a population's calls at an endpoint.
    pub(crate) fn served(&self, client: &str, population: &str, endpoint: Option<&str>) -> f64 {
        let model = &self.plan.variants[0].model;
        let population = model.populations.iter().position(|p| p.name == population);
        let endpoint = endpoint.map(|name| {
            let index = model.api.endpoints.iter().position(|e| e.name == name);
            index.expect("the API has that endpoint")
        });
        assert!(population.is_some(), "there is no such population");
        let class = self.outcome(client).class(population, endpoint);
        class.expect("it makes such calls").served.mean
    }

    /// The clients that did the work, the soonest first.
    pub(crate) fn finished(&self) -> Vec<&str> {
        self.names(&self.comparison.ranking.finished)
    }

    /// The clients that did not, the one that served the most first.
    pub(crate) fn unfinished(&self) -> Vec<&str> {
        self.names(&self.comparison.ranking.unfinished)
    }

    fn names(&self, outcomes: &[usize]) -> Vec<&str> {
        let name = |index: &usize| self.comparison.outcomes[*index].name.as_str();
        outcomes.iter().map(name).collect()
    }

    /// The runs with as many attempts as a built-in scenario must not make.
    pub(crate) fn too_long(&self) -> Vec<(&str, u64)> {
        let outcomes = self.comparison.outcomes.iter();
        let runs = outcomes.flat_map(|outcome| {
            let attempts = |run: &experiment::Run| -> u64 {
                run.cells.iter().flatten().map(|cell| cell.attempts).sum()
            };
            outcome.runs.iter().map(move |run| (outcome.name.as_str(), attempts(run)))
        });
        runs.filter(|(_, attempts)| *attempts >= ATTEMPTS_MAX).collect()
    }
}
