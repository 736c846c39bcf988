//! What is swept: a scenario that is loaded anew for every point, out of files
//! that are read once.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::super::{Failure, fetch, show};
use crate::experiment::{Design, Seeds};
use crate::report::record::{Asked, base};
use crate::report::sweep::Commands;
use crate::report::text::shell;
use crate::scenario::document::SetError;
use crate::scenario::{Bundle, LoadError, Plan};

/// So many values of a path are looked at before anything runs.
const CHECKED: usize = 1_000;

/// What is swept.
pub(super) struct Study<'s> {
    name: &'s str,
    clients: Option<Vec<String>>,
    settings: &'s [(String, String)],
    design: &'s Design,
    files: Mutex<BTreeMap<String, Result<Vec<u8>, String>>>,
    /// How many clients every point compares.
    compared: usize,
}

/// What a look at the values found.
pub(super) struct Checked {
    /// The plan of the first point.
    pub(super) plan: Plan,
    /// SHA-256 over the digests of all plans that were looked at, in hex.
    pub(super) digest: String,
}

impl<'s> Study<'s> {
    pub(super) fn new(
        name: &'s str,
        clients: Option<Vec<String>>,
        settings: &'s [(String, String)],
        design: &'s Design,
    ) -> Result<Self, Failure> {
        for dimension in design.dimensions() {
            if settings.iter().any(|(path, _)| *path == dimension.path) {
                let path = &dimension.path;
                return Err(Failure::Usage(format!(
                    "{path} is set and varied at once\n  = help: leave out the --set"
                )));
            }
        }
        let files = Mutex::new(BTreeMap::new());
        let mut study = Study { name, clients, settings, design, files, compared: 0 };
        // Without what is varied: what is wrong here has nothing to do with it.
        study.compared = study.load(&[])?.compared();
        Ok(study)
    }

    pub(super) fn clients(&self) -> usize {
        self.compared
    }

    pub(super) fn points(&self) -> u64 {
        self.design.points()
    }

    /// The plan of a point.
    pub(super) fn plan(&self, point: u64) -> Result<Plan, Failure> {
        let values = self.design.point(point);
        let paths = self.design.dimensions().iter().map(|dimension| dimension.path.clone());
        let own: Vec<(String, String)> = paths.zip(values.into_iter().map(str::to_owned)).collect();
        self.plan_of(&own).map_err(|error| {
            let values = own.iter().map(|(path, value)| format!("{path}={value}"));
            let values = values.collect::<Vec<_>>().join(", ");
            Failure::All(vec![Failure::Usage(format!("at point {point}, {values}:")), error])
        })
    }

    fn plan_of(&self, own: &[(String, String)]) -> Result<Plan, Failure> {
        let plan = self.load(own)?.plan()?;
        super::super::compare::distinct(&plan)?;
        if plan.variants.len() != self.compared {
            return Err(Failure::Usage(format!(
                "here {} clients are compared, and elsewhere {}\n  = help: name them with --vary \
                 client=A,B",
                plan.variants.len(),
                self.compared
            )));
        }
        Ok(plan)
    }

    fn load(&self, own: &[(String, String)]) -> Result<Bundle, Failure> {
        let settings = [self.settings, own].concat();
        let read = |path: &str| {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.entry(path.to_owned()).or_insert_with(|| fetch(path)).clone()
        };
        Bundle::load(self.name, self.clients.as_deref(), &settings, &read).map_err(|error| {
            match error {
                LoadError::Set(error) if own.iter().any(|(path, _)| is_about(&error, path)) => {
                    Failure::Usage(error.to_string().replacen("--set ", "--vary ", 1))
                }
                error => show::other_kind(error, self.name),
            }
        })
    }

    /// Looks at every value of every path once, with the first values of the
    /// others: what is wrong with them is told before anything runs, at once.
    pub(super) fn check(&self) -> Result<Checked, Failure> {
        let first: Vec<(String, String)> = self
            .design
            .dimensions()
            .iter()
            .map(|dimension| (dimension.path.clone(), dimension.values[0].clone()))
            .collect();
        let plan = match self.plan_of(&first) {
            Ok(plan) => plan,
            Err(error) => {
                let alone =
                    first.iter().filter_map(|pair| self.plan_of(std::slice::from_ref(pair)).err());
                return Err(all(alone.collect()).unwrap_or(error));
            }
        };
        let mut hash = Sha256::new().chain_update(&plan.digest);
        let mut wrong = vec![];
        for (place, dimension) in self.design.dimensions().iter().enumerate() {
            let others = dimension.values.iter().skip(1);
            for value in
                others.take(CHECKED).chain(dimension.values.iter().skip(1 + CHECKED).last())
            {
                let mut own = first.clone();
                own[place].1.clone_from(value);
                match self.plan_of(&own) {
                    Ok(plan) => hash.update(&plan.digest),
                    Err(error) => wrong.push(error),
                }
            }
        }
        if let Some(error) = all(wrong) {
            return Err(error);
        }
        Ok(Checked { plan, digest: hex::encode(hash.finalize()) })
    }

    /// How the sweep and one of its points are asked for.
    pub(super) fn commands(&self, vary: &[String], latin: Option<u32>, seeds: Seeds) -> Commands {
        let mut asked = Asked {
            what: vec![base(self.name).to_owned()],
            clients: None,
            settings: self.settings.to_vec(),
            ..Asked::default()
        };
        let mut sweep = asked.command_of("sweep");
        for argument in vary {
            let _ = write!(sweep, " --vary {}", shell(argument));
        }
        if let Some(samples) = latin {
            let _ = write!(sweep, " --latin {samples}");
        }
        let _ = write!(sweep, " --seeds {} --seed {}", seeds.count, seeds.root);
        asked.clients.clone_from(&self.clients);
        Commands { sweep, compare: asked.command() }
    }
}

/// Whether a setting that could not be made is this one.
fn is_about(error: &SetError, path: &str) -> bool {
    let own = match error {
        SetError::Path { path }
        | SetError::Nowhere { path, .. }
        | SetError::Ambiguous { path, .. }
        | SetError::Refused { path } => path,
        SetError::Unreadable(_) => return false,
    };
    // What is about an API or a client is set there, without that word.
    path == own || path.ends_with(&format!(".{own}"))
}

/// Failures as one, each told once; `None` of none.
fn all(failures: Vec<Failure>) -> Option<Failure> {
    let mut found: Vec<Failure> = vec![];
    for failure in failures {
        let text = failure.to_string();
        if found.iter().all(|other| other.to_string() != text) {
            found.push(failure);
        }
    }
    if found.len() > 1 { Some(Failure::All(found)) } else { found.pop() }
}
