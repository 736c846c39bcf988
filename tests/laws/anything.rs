//! Small models at random, as the texts that a user would write.

mod parts;

use parts::{api, client, limit, population, scenario};
use proptest::prelude::*;
use tollgate::scenario::Model;
use tollgate::time::{Instant, Span};

/// What a random model may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Everything.
    Any,
    /// Nothing that hides from the facts what a limit has admitted: no counts
    /// given back, no changed limits, no identities that rotate.
    Bounded,
    /// Populations that share neither keys nor places of the service.
    Apart,
}

/// A limit's algorithm, in numbers that the laws can be stated in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Algorithm {
    /// Quota, length and phase in ms; `first` from the first request.
    Window { quota: u64, length: u64, phase: u64, first: bool },
    /// `count` tokens every `period` ms, at most `burst.0 / burst.1`.
    Bucket { count: u64, period: u64, burst: (u64, u64) },
    /// So many at once.
    Slots { max: u64, queue: u64 },
    /// One that the laws know only as a limiter, as its file has it.
    Other(&'static str),
}

/// A limit.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(crate) algorithm: Algorithm,
    pub(crate) counts_rejects: bool,
    pub(crate) shadow: bool,
    pub(crate) penalty: bool,
    pub(crate) more: String,
}

/// A model.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) limits: Vec<Limit>,
    /// Nothing is charged for an attempt that any limit refuses.
    pub(crate) all_or_nothing: bool,
    api: String,
    scenario: String,
    populations: Vec<String>,
    clients: Vec<String>,
    change: String,
}

/// The files, so that a failure can be read and tried.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scenario = self.scenario_from(Span::ZERO);
        writeln!(f, "seed {}\n{scenario}\n#### API\n{}", self.seed, self.api_text())?;
        let clients = self.clients.join("\n#### client\n");
        write!(f, "#### client\n{clients}")
    }
}

impl World {
    /// The model, begun at the usual time.
    pub(crate) fn model(&self) -> Model {
        self.model_from(Span::ZERO)
    }

    /// The model, begun so much later.
    pub(crate) fn model_from(&self, later: Span) -> Model {
        let names: Vec<String> = (0..self.clients.len()).map(|n| format!("c{n}")).collect();
        let clients: Vec<(&str, &str)> = names
            .iter()
            .zip(&self.clients)
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let plan = crate::lab::plan(&self.scenario_from(later), &self.api_text(), &clients);
        plan.unwrap_or_else(|faults| panic!("{faults}\n{self:?}")).variants.remove(0).model
    }

    /// With the first so many populations only.
    pub(crate) fn only(&self, populations: usize) -> World {
        let mut fewer = self.clone();
        fewer.populations.truncate(populations);
        fewer
    }

    /// With the populations in the other order.
    pub(crate) fn reversed(&self) -> World {
        let mut other = self.clone();
        other.populations.reverse();
        other
    }

    fn scenario_from(&self, later: Span) -> String {
        let start: Instant = "2026-01-05T09:00:00Z".parse().unwrap();
        format!(
            "name = \"any\"\ntitle = \"any\"\napi = \"given\"\nclients = [\"./c0.toml\"]\n\
             start = \"{}\"\n{}\n{}\n{}",
            start.after(later),
            self.scenario,
            self.populations.join("\n"),
            self.change
        )
    }

    fn api_text(&self) -> String {
        let limits: Vec<String> = (0..).zip(&self.limits).map(|(n, l)| l.text(n)).collect();
        format!("name = \"any\"\n{}\n{}", self.api, limits.join("\n"))
    }
}

impl Limit {
    /// Without a line, and without a delay.
    fn hold_nobody_back(&mut self) {
        match &mut self.algorithm {
            Algorithm::Slots { queue, .. } => *queue = 0,
            Algorithm::Other(text) => *text = "gcra = { rate = \"3/s\", burst = 2 }",
            Algorithm::Window { .. } | Algorithm::Bucket { .. } => {}
        }
    }

    fn text(&self, number: usize) -> String {
        let algorithm = match self.algorithm {
            Algorithm::Window { quota, length, phase, first } => {
                let anchor = if first {
                    "anchor = \"first-request\"".to_owned()
                } else {
                    format!("phase = \"{phase}ms\"")
                };
                format!("fixed-window = {{ quota = {quota}, window = \"{length}ms\", {anchor} }}")
            }
            Algorithm::Bucket { count, period, burst } => format!(
                "token-bucket = {{ rate = \"{count}/{period}ms\", burst = \"{}/{}\" }}",
                burst.0, burst.1
            ),
            Algorithm::Other(text) => text.to_owned(),
            Algorithm::Slots { max, queue } => {
                format!("concurrency = {{ max = {max}, queue = {queue}, patience = \"300ms\" }}")
            }
        };
        let penalty = if self.penalty {
            "penalty = { of = [\"token\"], first = \"200ms\", step = \"100ms\", max = \"1s\" }"
        } else {
            ""
        };
        format!(
            "[[limit]]\nname = \"l{number}\"\n{algorithm}\ncounts-rejects = {}\nshadow = {}\n{penalty}\n{}",
            self.counts_rejects, self.shadow, self.more
        )
    }
}

/// A random model.
pub(crate) fn world(kind: Kind) -> impl Strategy<Value = World> {
    let commits: &[&str] = &["all-or-nothing", "in-order", "always", "rollback", "any"];
    // Where one limit is enough, the others are no bound.
    let commits = if kind == Kind::Bounded { &commits[..4] } else { commits };
    let sizes = (1_usize..4, 1_usize..4, prop::sample::select(commits));
    sizes.prop_flat_map(move |(populations, clients, commit)| {
        // Who shares nothing needs somebody to share nothing with.
        let populations = populations.max(if kind == Kind::Apart { 2 } else { 1 });
        let population = move |number| population(kind, number, clients);
        let change = "[[change]]\nat = \"1s\"\nlimit = \"l0\"\nquota = 2\n[[change]]\nat = \"2s\"\nlimit = \"l0\"\nquota = 12";
        let parts = (
            any::<u64>(),
            prop::collection::vec(limit(kind), 0..4),
            api(commit),
            scenario(kind),
            (0..populations).map(population).collect::<Vec<_>>(),
            prop::collection::vec(client(kind), clients),
            any::<bool>(),
        );
        parts.prop_map(move |(seed, mut limits, api, scenario, populations, clients, changes)| World {
            seed: {
                // These rules want all limits in one stage.
                if ["rollback", "any"].contains(&commit) {
                    limits.iter_mut().for_each(Limit::hold_nobody_back);
                }
                seed
            },
            all_or_nothing: commit == "all-or-nothing",
            change: if changes && kind != Kind::Bounded && !limits.is_empty() {
                change.to_owned()
            } else {
                String::new()
            },
            limits,
            api,
            scenario,
            populations,
            clients: (0..)
                .zip(clients)
                .map(|(n, text): (u32, String)| format!("name = \"c{n}\"\n{text}\n"))
                .collect(),
        })
    })
}
