//! Small models at random, as the texts that a user would write.

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
    Window {
        quota: u64,
        length: u64,
        phase: u64,
        first: bool,
    },
    /// `count` tokens every `period` ms, at most `burst.0 / burst.1`.
    Bucket {
        count: u64,
        period: u64,
        burst: (u64, u64),
    },
    /// So many at once.
    Slots { max: u64 },
}

/// A limit.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(crate) algorithm: Algorithm,
    pub(crate) counts_rejects: bool,
    pub(crate) shadow: bool,
    pub(crate) penalty: bool,
    more: String,
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
        writeln!(
            f,
            "seed {}\n{scenario}\n#### API\n{}",
            self.seed,
            self.api_text()
        )?;
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
        let plan = super::lab::plan(&self.scenario_from(later), &self.api_text(), &clients);
        plan.unwrap_or_else(|faults| panic!("{faults}\n{self:?}"))
            .variants
            .remove(0)
            .model
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
    fn text(&self, number: usize) -> String {
        let algorithm = match self.algorithm {
            Algorithm::Window {
                quota,
                length,
                phase,
                first,
            } => {
                let anchor = if first { "first-request" } else { "clock" };
                format!(
                    "fixed-window = {{ quota = {quota}, window = \"{length}ms\", \
                     phase = \"{phase}ms\", anchor = \"{anchor}\" }}"
                )
            }
            Algorithm::Bucket {
                count,
                period,
                burst,
            } => format!(
                "token-bucket = {{ rate = \"{count}/{period}ms\", burst = \"{}/{}\" }}",
                burst.0, burst.1
            ),
            Algorithm::Slots { max } => format!("concurrency = {{ max = {max} }}"),
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

/// One of these texts; an empty one leaves the key out.
fn pick(options: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(options)
        .prop_map(str::to_owned)
        .boxed()
}

/// These texts, each on its line.
fn lines(parts: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    parts.prop_map(|parts| parts.join("\n")).boxed()
}

/// A table of those texts that are not empty.
fn table(key: &'static str, parts: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    let join = move |parts: Vec<String>| {
        let kept: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        format!("{key} = {{ {} }}", kept.join(", "))
    };
    parts.prop_map(join).boxed()
}

const HEADERS: &str = r#"headers = [
    { name = "X-Limit", tells = "limit" }, { name = "X-Used", tells = "used" },
    { name = "X-Remaining", tells = "remaining" }, { name = "X-Reset", tells = "reset", form = "epoch" },
    { name = "X-Left", tells = "reset", round = "down" }, { name = "Retry-After", tells = "wait", on = "rejects" },
]"#;

fn api(commit: &str) -> BoxedStrategy<String> {
    let commit = format!("commit = \"{commit}\"");
    lines(vec![
        Just(commit).boxed(),
        pick(&["", HEADERS]),
        pick(&["[[endpoint]]\nname = \"read\""]),
        pick(&[
            "[[endpoint]]\nname = \"write\"",
            "[[endpoint]]\nname = \"write\"\ncost = 3",
        ]),
        pick(&[
            "[[endpoint]]\nname = \"bulk\"",
            "[[endpoint]]\nname = \"bulk\"\ncost = 2",
        ]),
    ])
}

fn algorithm() -> BoxedStrategy<Algorithm> {
    let lengths: &[u64] = &[200, 500, 1_000, 2_000, 3_000];
    let window = (
        1_u64..30,
        prop::sample::select(lengths),
        0_u64..4_000,
        any::<bool>(),
    );
    let window = window.prop_map(|(quota, length, phase, first)| Algorithm::Window {
        quota,
        length,
        phase,
        first,
    });
    let bucket = (1_u64..40, 300_u64..3_000, 0_u64..40, 1_u64..5);
    let bucket = bucket.prop_map(|(count, period, extra, part)| Algorithm::Bucket {
        count,
        period,
        burst: (part + extra, part),
    });
    let slots = (1_u64..6).prop_map(|max| Algorithm::Slots { max });
    prop_oneof![window, bucket, slots].boxed()
}

fn limit(kind: Kind) -> BoxedStrategy<Limit> {
    let apart: &[&str] = &[
        "per = [\"app\"]",
        "per = [\"token\"]",
        "per = [\"token\", \"endpoint\"]",
        "per = [\"app\", \"ip\"]",
    ];
    let all: &[&str] = &[
        "per = []",
        "per = [\"app\"]",
        "per = [\"token\"]",
        "per = [\"token\", \"endpoint\"]",
        "per = [\"app\", \"ip\"]",
        "per = [\"ip\"]\nmissing = \"shared\"",
        "per = [\"token\"]\nmissing = \"reject\"",
        "per = [\"ip\"]\nwhen = { auth = \"none\" }",
    ];
    let gives_back: &[&str] = &["", "", "gives-back = \"5xx\"", "gives-back = \"4xx\""];
    let more = lines(vec![
        pick(if kind == Kind::Apart { apart } else { all }),
        pick(&["", "", "endpoints = [\"read\"]", "except = [\"bulk\"]"]),
        pick(if kind == Kind::Bounded {
            &[""]
        } else {
            gives_back
        }),
        pick(&["", "notifies = true"]),
    ]);
    let flags = (any::<bool>(), 0..4, 0..4);
    (algorithm(), flags, more)
        .prop_map(
            |(algorithm, (counts_rejects, shadow, penalty), more)| Limit {
                algorithm,
                counts_rejects,
                shadow: shadow == 0,
                penalty: penalty == 0,
                more,
            },
        )
        .boxed()
}

fn levers(kind: Kind) -> BoxedStrategy<String> {
    let spreads: &[&str] = &["", "", "", "spreads = true"];
    table(
        "levers",
        vec![
            pick(&[
                "",
                "",
                "cache = [{ share = 0.2 }]",
                "cache = [{ ttl = \"800ms\" }]",
                "cache = [{ session = true }]",
                "cache = [{ ttl = \"1s\", endpoints = [\"read\"] }, { share = \"10%\" }]",
            ]),
            pick(&["", "", "avoid = [{ share = 0.2, by = \"webhook\" }]"]),
            pick(&[
                "",
                "",
                "screen = [{ share = 0.2, endpoints = [\"write\"] }]",
            ]),
            pick(&[
                "",
                "",
                "batch = { calls = 3, wait = \"100ms\", endpoint = \"bulk\" }",
                "batch = { calls = 1, wait = \"0s\", endpoint = \"bulk\" }",
                "batch = { calls = 9, wait = \"2s\", endpoint = \"bulk\", endpoints = [\"read\"] }",
            ]),
            pick(&["", "", "stagger = { by = \"1s\" }"]),
            pick(&["", "", "", "off-peak = { by = \"1s\" }"]),
            pick(if kind == Kind::Bounded {
                &[""]
            } else {
                spreads
            }),
        ],
    )
}

fn client(kind: Kind) -> BoxedStrategy<String> {
    lines(vec![
        pick(&[
            "attempts = 1",
            "attempts = 2",
            "attempts = 4",
            "attempts = 7",
        ]),
        pick(&[
            "retries = []",
            "retries = [\"429\"]",
            "retries = [\"429\", \"5xx\", \"refused\", \"timeout\"]",
            "retries = [\"4xx\", \"503\", \"timeout\"]",
        ]),
        pick(&[
            "wait = \"zero\"",
            "wait = { fixed = \"250ms\" }",
            "wait = { exponential = { base = \"100ms\", factor = 1.5 } }",
            "wait = { exponential = { base = \"1s\", cap = \"3s\" } }",
        ]),
        pick(&[
            "",
            "jitter = \"full\"",
            "jitter = \"equal\"",
            "jitter = { add = \"100ms\" }",
            "jitter = { multiply = [0.5, 1.5] }",
        ]),
        pick(&["", "", "timeout = \"30ms\"", "timeout = \"300ms\""]),
        pick(&[
            "",
            "",
            "hint = { headers = [{ name = \"retry-after\" }], on = [\"429\"] }",
            "hint = { headers = [{ name = \"X-Reset\", form = \"epoch\" }], on = [\"429\", \"5xx\"], jitter = { add = \"50ms\" } }",
        ]),
        pick(&[
            "",
            "",
            "pause = [{ on = [\"429\"], for = \"300ms\" }]",
            "pause = [{ on = [\"429\", \"5xx\"], for = \"1s\", of = [\"app\"] }]",
        ]),
        pick(&[
            "",
            "",
            "pace = [{ rate = \"9/s\" }]",
            "pace = [{ rate = \"20/s\", of = [\"token\"] }, { rate = \"3/s\", endpoints = [\"write\"] }]",
        ]),
        pick(&[
            "",
            "",
            "in-flight = [{ max = 1 }]",
            "in-flight = [{ max = 3, of = [\"app\"] }, { max = 1, of = [\"token\", \"endpoint\"], endpoints = [\"read\"] }]",
        ]),
        pick(&[
            "",
            "",
            "header-pace = { gauges = [{ remaining = \"X-Remaining\", reset = \"X-Reset\", form = \"epoch\" }] }",
            "header-pace = { gauges = [{ remaining = \"X-Remaining\", reset = \"X-Left\" }], of = [\"token\"] }",
        ]),
        levers(kind),
    ])
}

fn service(kind: Kind) -> BoxedStrategy<String> {
    let apart = kind == Kind::Apart;
    let places: &[&str] = &["", "", "places = 1", "places = 3", "places = 2, queue = 3"];
    let outages: &[&str] = &[
        "",
        "",
        "outage = [{ from = \"1s\", for = \"700ms\", answer = \"5xx\" }]",
        "outage = [{ from = \"0s\", for = \"1s\", answer = \"refuse\" }, { from = \"1s\", for = \"1s\", answer = \"hang\", limits-decide = true }]",
        "outage = [{ from = \"500ms\", for = \"1s\", answer = \"5xx\", limits-decide = true }]",
        "outage = [{ from = \"500ms\", for = \"1s\", answer = \"hang\" }]",
    ];
    // An attempt that hangs undecided cannot be told from an admitted one when it leaves.
    let outages = if kind == Kind::Bounded {
        &outages[..5]
    } else {
        outages
    };
    table(
        "service",
        vec![
            pick(&[
                "time = \"0s\"",
                "time = \"40ms\"",
                "time = { exponential = \"150ms\" }",
                "time = { log-normal = { mean = \"100ms\", cv = 2.0 } }",
            ]),
            pick(&["", "fails = 0.1"]),
            pick(&["", "refuses = \"5%\""]),
            pick(&[
                "",
                "reject-time = \"7ms\"",
                "reject-time = { exponential = \"20ms\" }",
            ]),
            pick(if apart {
                &[""]
            } else {
                &["", "reject-takes-place = true"]
            }),
            pick(if apart { &[""] } else { places }),
            pick(if apart {
                &[""]
            } else {
                &["", "slowdown = 0.1"]
            }),
            pick(&["", "timed-out = \"dropped\""]),
            pick(if apart {
                &[""]
            } else {
                &["", "cache = { ttl = \"1s\", hit = \"2ms\" }"]
            }),
            pick(&[
                "",
                "endpoint = [{ name = \"write\", time = \"300ms\", fails = 0.3 }]",
            ]),
            pick(outages),
        ],
    )
}

fn scenario(kind: Kind) -> BoxedStrategy<String> {
    let events: &[&str] = &["", "", "", "events = 150"];
    lines(vec![
        pick(&["horizon = \"3s\"", "horizon = \"5s\""]),
        pick(&["", "drain = \"0s\"", "drain = \"1s\"", "drain = \"60s\""]),
        pick(&["", "warm-up = \"1s\""]),
        pick(if kind == Kind::Apart { &[""] } else { events }),
        pick(&[
            "",
            "network = { out = \"0s\", home = \"0s\" }",
            "network = { out = { uniform = [\"10ms\", \"80ms\"] }, home = { exponential = \"30ms\" } }",
            "network = { out = \"0s\", home = { normal = { mean = \"20ms\", sd = \"15ms\" } } }",
        ]),
        service(kind),
    ])
}

/// Who the first population is, which has every attribute that there is, and
/// who others are.
fn identity(kind: Kind, first: bool) -> BoxedStrategy<String> {
    if kind == Kind::Apart {
        return pick(&[
            "identity = { app = \"each\", token = \"each\", ip = \"each\", auth = \"each\" }",
            "identity = { app = { of = 1 }, token = { of = 2 }, ip = \"each\", auth = \"each\" }",
        ]);
    }
    let all: &[&str] = &[
        "identity = { app = \"shared\", token = \"each\", ip = \"each\", auth = { is = \"key\" } }",
        "identity = { app = \"each\", token = { of = 2 }, ip = \"shared\", auth = { is = \"none\" } }",
        "identity = { app = { of = 2 }, token = \"shared\", ip = { of = 3 }, auth = \"each\" }",
        "identity = { token = \"each\" }",
        "identity = { ip = \"each\", auth = { is = \"none\" } }",
        "",
    ];
    pick(if first { &all[..3] } else { all })
}

fn population(kind: Kind, number: usize, clients: usize) -> BoxedStrategy<String> {
    let asks = "asks = { read = 3, write = 1, bulk = 1 }";
    let steps = "step = [{ asks = { read = 1 } }, { asks = { read = 2, write = 1 }, after = { exponential = \"200ms\" }, share = 0.5 }, { asks = { read = 1 }, after = \"10ms\" }]";
    let open = pick(&[
        "poisson = \"8/s\"",
        "poisson = \"1/300ms\"",
        "curve = { rates = [\"4/s\", \"0\", \"20/s\"], step = \"700ms\" }",
        "burst = { calls = 20, at = \"300ms\" }",
        "poll = { every = \"100ms\" }",
        "poll = { every = \"150ms\", staggered = true }",
        "once = { at = { uniform = [\"0s\", \"2s\"] } }",
    ]);
    let open =
        (open, prop::sample::select(vec![asks, steps])).prop_map(|(w, a)| format!("{w}\n{a}"));
    let closed = pick(&[
        "closed = { think = { exponential = \"100ms\" } }",
        "closed = { think = \"1ms\" }",
        "backlog = { calls = [3, 30] }",
        "backlog = { calls = 40 }",
    ]);
    let closed = closed.prop_map(move |work| format!("{work}\n{asks}"));
    let follows = (0..=clients).prop_map(|client| match client {
        0 => String::new(),
        other => format!("client = \"./c{}.toml\"", other - 1),
    });
    lines(vec![
        Just(format!("[[population]]\nname = \"p{number}\"")).boxed(),
        (1_u32..5).prop_map(|n| format!("count = {n}")).boxed(),
        follows.boxed(),
        identity(kind, number == 0),
        prop_oneof![2 => open, 1 => closed].boxed(),
        pick(&["", "content = { count = 20, zipf = 1.0 }"]),
        pick(&[
            "",
            "",
            "workers = 1",
            "workers = 3",
            "in-flight = 1",
            "in-flight = 2",
        ]),
        pick(&["", "", "queue = 0", "queue = 2"]),
        pick(&["", "waiting-holds-worker = false"]),
        pick(&["", "patience = \"60ms\"", "patience = \"1s\""]),
        pick(&["", "clock-skew = \"2s\"", "clock-skew = \"-500ms\""]),
        prop_oneof![2 => Just(String::new()), 1 => levers(kind)].boxed(),
    ])
}

/// A random model.
pub(crate) fn world(kind: Kind) -> impl Strategy<Value = World> {
    let commits: &[&str] = &["all-or-nothing", "in-order", "always"];
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
        parts.prop_map(move |(seed, limits, api, scenario, populations, clients, changes)| World {
            seed,
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
