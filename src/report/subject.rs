//! What a report is about: a plan, its seeds, and what came of them.

use crate::experiment::{Baseline, Comparison, Drift, Outcome, Seeds, Threshold, Trial};
use crate::rng::Key;
use crate::scenario::{Model, Plan};
use crate::stats::interval::Estimate;

/// A comparison with all that it takes to tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// What was compared.
    pub plan: &'s Plan,
    /// Over which seeds.
    pub seeds: Seeds,
    /// What came of it.
    pub comparison: &'s Comparison,
    /// What must not be, and whether it is.
    pub thresholds: &'s [Threshold],
    /// What the model assumes, taken otherwise.
    pub trials: &'s [Trial],
    /// An earlier comparison.
    pub against: Option<Against<'s>>,
}

/// An earlier comparison, and how this one stands to it.
#[derive(Clone, Copy, Debug)]
pub struct Against<'s> {
    /// What it is called.
    pub name: &'s str,
    /// What was kept of it.
    pub baseline: &'s Baseline,
    /// Each number then and now.
    pub drifts: &'s [Drift],
}

/// Which part of the work has an end of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// All of it: every call is known at the start.
    All,
    /// These populations' part.
    Of(Vec<String>),
    /// None, or so little that it does not matter: calls keep coming until the
    /// horizon.
    Open,
}

/// A class of calls whose share served is a column of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Class {
    /// Its population, by index; `None` for all.
    pub population: Option<usize>,
    /// Its endpoint, by index; `None` for all.
    pub endpoint: Option<usize>,
    /// The population's or the endpoint's name.
    pub name: String,
}

/// A class whose share served differs by less than this is not worth a column.
const NOTICEABLE: f64 = 0.001;

impl<'s> Subject<'s> {
    /// A comparison by itself.
    #[must_use]
    pub const fn new(plan: &'s Plan, seeds: Seeds, comparison: &'s Comparison) -> Subject<'s> {
        Subject { plan, seeds, comparison, thresholds: &[], trials: &[], against: None }
    }

    /// The model of the first client: all of them differ in the client only.
    #[must_use]
    pub fn model(&self) -> &'s Model {
        &self.plan.variants[0].model
    }

    /// Which part of the work has an end of its own.
    #[must_use]
    pub fn end(&self) -> End {
        if !self.comparison.ranking.by_completion {
            return End::Open;
        }
        let model = self.model();
        let key = Key::run(self.seeds.root, 0);
        let known = |p: &&crate::workload::Population| model.calls_of(p, key).is_some();
        let finite: Vec<String> =
            model.populations.iter().filter(known).map(|p| p.name.clone()).collect();
        match finite.len() {
            0 => End::Open,
            all if all == model.populations.len() => End::All,
            _ => End::Of(finite),
        }
    }

    /// The outcomes, the best first, each with whether it finished the work.
    pub fn ranked(&self) -> impl Iterator<Item = (&'s Outcome, bool)> {
        let comparison = self.comparison;
        let ranking = &comparison.ranking;
        ranking.order().enumerate().map(|(place, index)| {
            let finished = place < ranking.finished.len();
            (&comparison.outcomes[index], finished)
        })
    }

    /// The class that is shown: the one that the scenario names, else the
    /// population or endpoint whose share served differs most between clients.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        let model = self.model();
        let endpoints = model.api.endpoints.iter().enumerate().map(|(index, e)| Class {
            population: None,
            endpoint: Some(index),
            name: e.name.clone(),
        });
        if let Some(name) = &self.plan.shows {
            return endpoints.into_iter().find(|class| class.name == *name);
        }
        let populations = model.populations.iter().enumerate().map(|(index, p)| Class {
            population: Some(index),
            endpoint: None,
            name: p.name.clone(),
        });
        let several = |classes: Vec<Class>| if classes.len() > 1 { classes } else { vec![] };
        let mut classes = several(populations.collect());
        classes.extend(several(endpoints.collect()));
        let spread = |class: &Class| {
            let shares = self.comparison.outcomes.iter().filter_map(|o| served(o, class));
            let ends = shares.fold((f64::INFINITY, 0.0_f64), |(least, most), share| {
                (least.min(share.mean), most.max(share.mean))
            });
            ends.1 - ends.0
        };
        let noticed = classes.into_iter().filter(|class| spread(class) >= NOTICEABLE);
        noticed.max_by(|a, b| spread(a).total_cmp(&spread(b)))
    }
}

/// The share of a class's calls that a client served.
#[must_use]
pub fn served(outcome: &Outcome, class: &Class) -> Option<Estimate> {
    outcome.class(class.population, class.endpoint).map(|class| class.served)
}

/// How many calls of a class there were in all seeds together.
#[must_use]
pub fn calls(outcome: &Outcome, class: Option<&Class>) -> u64 {
    let (population, endpoint) = class.map_or((None, None), |c| (c.population, c.endpoint));
    outcome.class_counts(population, endpoint).iter().map(|run| run.offered).sum()
}
