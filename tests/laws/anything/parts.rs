//! The parts of random models: every key that a file may have, with values
//! that meet each other within a few seconds.

use proptest::prelude::*;

use super::{Algorithm, Kind, Limit};

/// One of these texts; an empty one leaves the key out.
fn pick(options: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(options).prop_map(str::to_owned).boxed()
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

pub(crate) fn api(commit: &str) -> BoxedStrategy<String> {
    let commit = format!("commit = \"{commit}\"");
    lines(vec![
        Just(commit).boxed(),
        pick(&["", HEADERS]),
        pick(&["[[endpoint]]\nname = \"read\""]),
        pick(&["[[endpoint]]\nname = \"write\"", "[[endpoint]]\nname = \"write\"\ncost = 3"]),
        pick(&["[[endpoint]]\nname = \"bulk\"", "[[endpoint]]\nname = \"bulk\"\ncost = 2"]),
    ])
}

/// Limiters that delay, or that keep a history.
const OTHERS: &[&str] = &[
    "leaky-queue = { rate = \"10/s\", queue = 3 }",
    "leaky-queue = { rate = \"2/s\", queue = 0 }",
    "pacer = { rate = \"5/s\", slack = 2 }",
    "pacer = { rate = \"5/s\", patience = \"700ms\" }",
    "gcra = { rate = \"10/s\", burst = \"5/2\" }",
    "sliding-log = { quota = 5, window = \"1s\" }",
    "sliding-counter = { quota = 5, window = \"1s\" }",
    "stepped-bucket = { refill = 3, every = \"500ms\", burst = 5, grid = \"first-request\" }",
    "periodic-estimate = { limit = 9, window = \"1s\", every = \"200ms\" }",
];

fn algorithm(kind: Kind) -> BoxedStrategy<Algorithm> {
    let lengths: &[u64] = &[200, 500, 1_000, 2_000, 3_000];
    let window = (1_u64..30, prop::sample::select(lengths), 0_u64..4_000, any::<bool>());
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
    // What a line changes is not for the bounds' own arithmetic.
    let queues: &[u64] = if kind == Kind::Bounded { &[0] } else { &[0, 2] };
    let slots = (1_u64..6, prop::sample::select(queues));
    let slots = slots.prop_map(|(max, queue)| Algorithm::Slots { max, queue });
    if kind == Kind::Bounded {
        return prop_oneof![window, bucket, slots].boxed();
    }
    let other = prop::sample::select(OTHERS).prop_map(Algorithm::Other);
    prop_oneof![window, bucket, slots, other].boxed()
}

pub(crate) fn limit(kind: Kind) -> BoxedStrategy<Limit> {
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
        pick(if kind == Kind::Bounded { &[""] } else { gives_back }),
        pick(&["", "notifies = true"]),
    ]);
    let flags = (any::<bool>(), 0..4, 0..4);
    (algorithm(kind), flags, more)
        .prop_map(|(algorithm, (counts_rejects, shadow, penalty), more)| Limit {
            algorithm,
            counts_rejects,
            shadow: shadow == 0,
            penalty: penalty == 0,
            more,
        })
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
            pick(&["", "", "screen = [{ share = 0.2, endpoints = [\"write\"] }]"]),
            pick(&[
                "",
                "",
                "batch = { calls = 3, wait = \"100ms\", endpoint = \"bulk\" }",
                "batch = { calls = 2, wait = \"0s\", endpoint = \"bulk\" }",
                "batch = { calls = 9, wait = \"2s\", endpoint = \"bulk\", endpoints = [\"read\"] }",
            ]),
            pick(&["", "", "stagger = { by = \"1s\" }"]),
            pick(&["", "", "", "off-peak = { by = \"1s\" }"]),
            pick(if kind == Kind::Bounded { &[""] } else { spreads }),
        ],
    )
}

pub(crate) fn client(kind: Kind) -> BoxedStrategy<String> {
    lines(vec![
        pick(&["attempts = 1", "attempts = 2", "attempts = 4", "attempts = 7"]),
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
        "outage = [{ from = \"1s\", for = \"700ms\", answer = \"stall\" }]",
    ];
    // An attempt that hangs undecided cannot be told from an admitted one when it leaves.
    // Whoever waits for the end of a stall waits in one line with all others.
    let outages = match kind {
        Kind::Bounded => &outages[..5],
        Kind::Apart => &outages[..outages.len() - 1],
        Kind::Any => outages,
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
            pick(&["", "reject-time = \"7ms\"", "reject-time = { exponential = \"20ms\" }"]),
            pick(if apart { &[""] } else { &["", "reject-takes-place = true"] }),
            pick(if apart { &[""] } else { places }),
            pick(if apart { &[""] } else { &["", "slowdown = 0.1"] }),
            pick(&["", "timed-out = \"dropped\""]),
            pick(if apart { &[""] } else { &["", "cache = { ttl = \"1s\", hit = \"2ms\" }"] }),
            pick(&["", "endpoint = [{ name = \"write\", time = \"300ms\", fails = 0.3 }]"]),
            pick(outages),
        ],
    )
}

pub(crate) fn scenario(kind: Kind) -> BoxedStrategy<String> {
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

pub(crate) fn population(kind: Kind, number: usize, clients: usize) -> BoxedStrategy<String> {
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
        pick(&["", "", "workers = 1", "workers = 3", "in-flight = 1", "in-flight = 2"]),
        pick(&["", "", "queue = 0", "queue = 2"]),
        pick(&["", "waiting-holds-worker = false"]),
        pick(&["", "patience = \"60ms\"", "patience = \"1s\""]),
        pick(&["", "clock-skew = \"2s\"", "clock-skew = \"-500ms\""]),
        prop_oneof![2 => Just(String::new()), 1 => levers(kind)].boxed(),
    ])
}
