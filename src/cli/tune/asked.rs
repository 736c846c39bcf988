//! What `tune` is asked for: knobs, and what is wanted of them.

use super::Tune;
use crate::cli::{Failure, say};
use crate::experiment::tune::{BenchError, Knob, Objective, Place, Stop, Way, What};
use crate::metric::{Condition, Metric, Subject};
use crate::report::text::{listed, shell};
use crate::scenario::vary::Vary;
use crate::scenario::{LoadError, Plan};

/// What is asked for.
pub(super) struct Asked {
    pub(super) knobs: Vec<Knob>,
    pub(super) objectives: Vec<Objective>,
    pub(super) wanted: Wanted,
    /// The clients that goals name.
    named: Vec<String>,
}

/// What is looked for.
pub(super) enum Wanted {
    /// The least value of the one knob, or the largest.
    End(Way),
    /// The points that nobody beats.
    Front,
}

impl Asked {
    /// What the command line says.
    pub(super) fn read(tune: &Tune) -> Result<Asked, Failure> {
        let knobs = knobs(&tune.vary)?;
        let wishes = tune.minimise.iter().map(|what| (Way::Minimise, what));
        let wishes = wishes.chain(tune.maximise.iter().map(|what| (Way::Maximise, what)));
        let objectives: Vec<Objective> =
            wishes.map(|(way, what)| objective(&knobs, way, what)).collect::<Result<_, _>>()?;
        let path = knobs[0].path();
        if objectives.is_empty() {
            let why = "nothing is wanted of it\n  help: write what to look for";
            return Err(Failure::Usage(format!("{why}, like --minimise {path}")));
        }
        for (place, one) in objectives.iter().enumerate() {
            if objectives[..place].iter().any(|other| other.what == one.what) {
                let why = "one thing is wanted twice\n  help: write it once";
                return Err(Failure::Usage(why.to_owned()));
            }
        }
        let measured = |o: &Objective| matches!(o.what, What::Measured(_));
        if tune.goals.is_empty() && !objectives.iter().any(measured) {
            let why = "there is no goal, so every value meets it\n  help: write one";
            return Err(Failure::Usage(format!("{why}, like --goal 'rejected_share <= 1%'")));
        }
        let wanted = match (knobs.as_slice(), objectives.as_slice()) {
            ([_], [Objective { what: What::Knob(_), way }]) => Wanted::End(*way),
            _ => Wanted::Front,
        };
        let mut named: Vec<String> = vec![];
        for subject in tune.goals.iter().flat_map(Condition::subjects) {
            named.extend(
                subject.of.iter().filter(|name| !named.contains(name)).cloned().collect::<Vec<_>>(),
            );
        }
        Ok(Asked { knobs, objectives, wanted, named })
    }

    /// What is wanted and measured.
    pub(super) fn measured(&self) -> Vec<Subject> {
        let measured = |objective: &Objective| match &objective.what {
            What::Measured(subject) => Some(subject.clone()),
            What::Knob(_) => None,
        };
        self.objectives.iter().filter_map(measured).collect()
    }

    /// The clients to load: one that is judged, and those that goals name.
    pub(super) fn clients(&self, judged: Option<&str>) -> Option<Vec<String>> {
        let judged = judged?;
        let named = self.named.iter().filter(|name| *name != judged).cloned();
        Some(std::iter::once(judged.to_owned()).chain(named).collect())
    }

    /// The name of the client that is judged; those that goals name must be there.
    pub(super) fn judged(&self, plan: &Plan) -> Result<String, Failure> {
        let Some(first) = plan.variants.first() else {
            let why = "there is no client to judge\n  help: name one with --client";
            return Err(Failure::Usage(why.to_owned()));
        };
        for name in &self.named {
            if !plan.variants.iter().any(|variant| variant.name == *name) {
                let names: Vec<String> = plan.variants.iter().map(|v| v.name.clone()).collect();
                return Err(Failure::Usage(format!(
                    "a goal is about `{name}`, who is not here\n  help: there is: {}; with --client NAME, who is judged, others come too",
                    listed(&names)
                )));
            }
        }
        Ok(first.name.clone())
    }

    /// What stopped a search, and at which values.
    pub(super) fn failure(&self, stop: Stop<BenchError<Failure>>) -> Failure {
        match stop {
            Stop::Unknown(place, unknown) => Failure::Usage(format!(
                "{unknown}, at {}\n  help: `tollgate list metrics` says what each is",
                self.at(&place)
            )),
            Stop::Measure(BenchError::Plan(_, Failure::Model(LoadError::Set(error)))) => {
                Failure::Usage(self.as_varied(&error.to_string()))
            }
            Stop::Measure(BenchError::Plan(place, failure)) => {
                say(&format!("the model is wrong at {}:", self.at(&place)));
                failure
            }
            Stop::Measure(BenchError::NoClient(name)) => {
                Failure::Usage(format!("there is no client `{name}` at one of the values"))
            }
            Stop::Measure(BenchError::Run(error)) => error.into(),
        }
    }

    /// An error of a setting in the words of the flag that made it.
    fn as_varied(&self, error: &str) -> String {
        let told = error.strip_prefix("--set ").and_then(|rest| rest.split_once(": "));
        let Some((path, why)) = told else { return error.to_owned() };
        // A file's own paths do not begin with its kind.
        let knob = self.knobs.iter().find(|knob| {
            let before = knob.path().strip_suffix(path);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        });
        knob.map_or(error.to_owned(), |knob| format!("--vary {}: {why}", knob.path()))
    }

    /// `a.b=5 c.d=6`
    fn at(&self, place: &Place) -> String {
        let at = |(knob, value): (&Knob, &usize)| {
            shell(&format!("{}={}", knob.path(), knob.text(*value)))
        };
        self.knobs.iter().zip(place).map(at).collect::<Vec<_>>().join(" ")
    }
}

fn knobs(vary: &[String]) -> Result<Vec<Knob>, Failure> {
    let vary = Vary::read(vary).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Usage(errors.join("\n"))
    })?;
    if vary.clients.is_some() {
        let why = "clients are no numbers\n  help: `tollgate compare` compares them";
        return Err(Failure::Usage(format!("--vary client: {why}")));
    }
    if vary.axes.len() > 2 {
        let why = "more than two paths are varied\n  help: `tollgate sweep` takes any number";
        return Err(Failure::Usage(why.to_owned()));
    }
    let knobs = vary.axes.into_iter().map(Knob::new).collect::<Result<Vec<_>, _>>();
    knobs.map_err(|error| Failure::Usage(error.to_string()))
}

fn objective(knobs: &[Knob], way: Way, what: &str) -> Result<Objective, Failure> {
    if let Some(knob) = knobs.iter().position(|knob| knob.path() == what) {
        return Ok(Objective { what: What::Knob(knob), way });
    }
    if let Some(metric) = Metric::named(what) {
        return Ok(Objective { what: What::Measured(Subject { metric, of: None }), way });
    }
    let paths: Vec<String> = knobs.iter().map(|knob| format!("`{}`", knob.path())).collect();
    let word = if way == Way::Minimise { "minimise" } else { "maximise" };
    Err(Failure::Usage(format!(
        "--{word} {what}: this is neither varied nor a metric\n  help: write {} or a metric (see `tollgate list metrics`)",
        listed(&paths).replace(" and ", " or ")
    )))
}
