//! Texts become models, models become runs, and runs become lines that can be
//! compared: what every integration test of the engine stands on.

#![allow(dead_code)] // each test binary uses its own part of this

use tollgate::api::Decision;
use tollgate::engine::{self, Caller, Census, Ending, Fact, Observer};
use tollgate::measure::Ledger;
use tollgate::rng::Key;
use tollgate::scenario::document::Document;
use tollgate::scenario::{Bundle, Model, Plan};
use tollgate::time::Instant;

/// A client that makes one attempt and takes every answer.
pub(crate) const ONCE: &str = "name = \"once\"\nattempts = 1\nretries = []\nwait = \"zero\"\n";

/// The plan of a scenario that names its clients as `./NAME.toml`.
pub(crate) fn plan(scenario: &str, api: &str, clients: &[(&str, &str)]) -> Result<Plan, String> {
    let document = |name: &str, text: &str| Document::new(name, text).map_err(|f| f.to_string());
    let fetch = |path: &str| {
        clients
            .iter()
            .find(|(name, _)| path == format!("./{name}.toml"))
            .map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(|| format!("the test has no {path}"))
    };
    let scenario = document("scenario.toml", scenario)?;
    let api = document("api.toml", api)?;
    let bundle = Bundle::of_scenario(scenario, Some(api), None, &[], &fetch);
    bundle.map_err(|error| error.to_string())?.plan().map_err(|f| f.to_string())
}

/// The model of a scenario in which everybody follows one client.
pub(crate) fn model(scenario: &str, api: &str, client: &str) -> Model {
    let whole =
        format!("clients = [\"./one.toml\"]\napi = \"given\"\ntitle = \"test\"\n{scenario}");
    let plan = plan(&whole, api, &[("one", client)]);
    let mut plan = plan.unwrap_or_else(|faults| panic!("{faults}\n{whole}\n{api}\n{client}"));
    plan.variants.remove(0).model
}

/// One fact as a line, its instants as nanoseconds since the run's start.
pub(crate) fn line(start: Instant, now: Instant, who: Caller, fact: &Fact) -> String {
    let at = now.since(start).0;
    let what = match *fact {
        Fact::Offered { call, content, .. } => format!("offered {call} content {content}"),
        Fact::Sent => "sent".to_owned(),
        Fact::Decided(Decision::Admit) => "admitted".to_owned(),
        Fact::Decided(Decision::Reject { limit, wait }) => {
            format!("rejected by {} for {}", limit.0, wait.0)
        }
        Fact::Failed => "failed".to_owned(),
        Fact::Left(answer) => format!("left {answer:?}"),
        Fact::Answered(r) => format!(
            "answered {}.{} sent {} {:?} {:?} then {:?}",
            r.call,
            r.number,
            r.sent.since(start).0,
            r.answer,
            r.rejected_by,
            r.then.map(|span| span.0)
        ),
        Fact::Ended { end, meant, attempts } => {
            let meant = meant.since(start).0;
            format!("ended {end:?} meant {meant} after {attempts}")
        }
    };
    let Caller { population, client, endpoint } = who;
    format!("{at} p{population} c{client} e{endpoint} {what}")
}

/// Writes every fact down.
#[derive(Debug)]
pub(crate) struct Recorder {
    start: Instant,
    pub(crate) lines: Vec<String>,
}

impl Recorder {
    pub(crate) fn new(model: &Model) -> Self {
        Recorder { start: model.start, lines: vec![] }
    }
}

impl Observer for Recorder {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        self.lines.push(line(self.start, now, caller, fact));
    }
}

/// The lines of one run.
pub(crate) fn lines(model: &Model, seed: u64) -> Vec<String> {
    let mut recorder = Recorder::new(model);
    run(model, seed, &mut recorder);
    recorder.lines
}

/// Runs a model, and holds it to the conservation laws at every event.
pub(crate) fn run<O: Observer>(model: &Model, seed: u64, observer: &mut O) -> Ending {
    let mut both = (Conservation::default(), observer);
    let ending = engine::run(model, Key::run(seed, 0), &mut both).expect("the run ends");
    let Conservation { ledger, events, breach } = both.0;
    assert_eq!(breach, None, "at event {events}");
    assert_eq!(ledger.check(ending.census), Ok(()));
    assert_eq!(ending.census.calls, 0, "every call has an end");
    // One census an event and one at the end.
    assert_eq!(events, ending.events + 1, "a census after every event");
    ending
}

/// The conservation laws, looked at after every event.
#[derive(Default)]
pub(crate) struct Conservation {
    ledger: Ledger,
    events: u64,
    breach: Option<String>,
}

impl Observer for Conservation {
    const COUNTS: bool = true;

    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        self.ledger.note(now, caller, fact);
    }

    fn census(&mut self, now: Instant, census: Census) {
        self.events += 1;
        if let (None, Err(breach)) = (&self.breach, self.ledger.check(census)) {
            self.breach = Some(format!("{now}: {breach}"));
        }
    }
}
