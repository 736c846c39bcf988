//! A bundle: the files that a comparison stands on, and the plan made of them.

use std::fmt;

use sha2::{Digest, Sha256};

use super::assumption::{Assumption, assumptions, checked_api};
use super::build;
use super::document::{Document, SetError};
use super::fault::{Fault, Faults};
use super::file;
use super::library::{self, Kind, Reference};
use super::model::Model;

/// Reads a file's bytes; the library itself touches no file.
pub type Fetch<'f> = &'f dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Why files could not be made into a plan.
#[derive(Debug)]
pub enum LoadError {
    /// No model has this name.
    Unknown {
        /// Of this kind.
        kind: Kind,
        /// As it was written.
        name: String,
    },
    /// A file could not be read.
    Unreadable {
        /// Its path.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The files have faults.
    Faults(Faults),
    /// A `--set` could not be made.
    Set(SetError),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Unknown { kind, name } => {
                let help = library::did_you_mean(*kind, name);
                write!(f, "error: there is no {} `{name}`\n  = help: {help}", kind.word())
            }
            LoadError::Unreadable { path, why } => write!(f, "error: cannot read {path}: {why}"),
            LoadError::Faults(faults) => faults.fmt(f),
            LoadError::Set(error) => write!(f, "error: {error}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<Faults> for LoadError {
    fn from(faults: Faults) -> Self {
        LoadError::Faults(faults)
    }
}

/// The files of a comparison.
#[derive(Clone, Debug)]
pub struct Bundle {
    scenario: Document,
    api: Document,
    clients: Vec<Document>,
    /// Which of the clients are compared.
    compared: Vec<usize>,
    /// Which of the clients each population follows, whatever is compared.
    of: Vec<Option<usize>>,
}

/// One client of a comparison, with the model in which everybody follows it.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The client's name.
    pub name: String,
    /// What it does, in a line.
    pub title: Option<String>,
    /// Where it is from.
    pub source: Option<String>,
    /// The names of all headers that it would read.
    pub reads: Vec<String>,
    /// The model.
    pub model: Model,
}

/// Everything that a comparison needs but its seeds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// Whether the beginning of a run is part of the question.
    pub kind: file::scenario::Kind,
    /// The API's name.
    pub api: String,
    /// The endpoint whose share served is shown.
    pub shows: Option<String>,
    /// The clients that are compared.
    pub variants: Vec<Variant>,
    /// What the API's model assumes.
    pub assumptions: Vec<Assumption>,
    /// SHA-256 of all files, settings included, in hex.
    pub digest: String,
}

impl Bundle {
    /// Loads a scenario by name or path and everything that it names. `clients`
    /// replaces the clients that it compares, `settings` are `--set` in order.
    pub fn load(
        name: &str,
        clients: Option<&[String]>,
        settings: &[(String, String)],
        fetch: Fetch<'_>,
    ) -> Result<Bundle, LoadError> {
        let scenario = open(&Reference::read(name, Kind::Scenario), fetch)?;
        Bundle::of_scenario(scenario, None, clients, settings, fetch)
    }

    /// A bundle of a scenario that is already at hand, and perhaps its API.
    pub fn of_scenario(
        mut scenario: Document,
        api: Option<Document>,
        clients: Option<&[String]>,
        settings: &[(String, String)],
        fetch: Fetch<'_>,
    ) -> Result<Bundle, LoadError> {
        for (path, value) in settings {
            if !path.starts_with("api.") && !path.starts_with("client.") {
                scenario.set::<file::scenario::Scenario>(path, value).map_err(LoadError::Set)?;
            }
        }
        let mut parsed = scenario.parse::<file::scenario::Scenario>();
        let Some(file) = parsed.value.take() else {
            return Err(scenario.faults(parsed.faults().to_vec()).into());
        };
        let base = folder(scenario.name()).to_owned();
        let mut loader = Loader { base: &base, fetch, faults: vec![], clients: vec![] };
        let api = match api {
            Some(api) => Some(api),
            None => loader.open_named(&file.api, Kind::Api)?,
        };
        let compared = loader.compared(&file, clients)?;
        let of = loader.followed(&file)?;
        parsed.value = Some(file);
        match api {
            // Faults of the files' own are told by the plan, with those between them.
            Some(mut api) if loader.faults.is_empty() => {
                let mut clients = loader.clients;
                set_others(&mut api, &mut clients, settings)?;
                Ok(Bundle { scenario, api, clients, compared, of })
            }
            // A name is wrong: what can be told of the other files is told as well.
            api => {
                for fault in loader.faults {
                    parsed.add(fault);
                }
                let mut faults = scenario.faults(parsed.faults().to_vec());
                if let Some(api) = api {
                    faults.extend(api.faults(checked_api(&api).faults().to_vec()));
                }
                for client in loader.clients {
                    faults.extend(
                        client.faults(client.parse::<file::client::Client>().faults().to_vec()),
                    );
                }
                Err(faults.into())
            }
        }
    }

    /// The plan of the comparison; all faults of all files at once.
    pub fn plan(&self) -> Result<Plan, Faults> {
        let files = build::Files {
            scenario: (&self.scenario, self.scenario.parse()),
            api: (&self.api, checked_api(&self.api)),
            clients: self.clients.iter().map(|document| (document, document.parse())).collect(),
        };
        let scenario = files.scenario.1.value.clone();
        let api = files.api.1.value.clone();
        let clients: Vec<_> = files.clients.iter().map(|c| c.1.value.clone()).collect();
        let models = build::models(files, &self.compared, &self.of)?;
        let variants = self.compared.iter().zip(models).filter_map(|(client, model)| {
            let file = clients[*client].as_ref()?;
            Some(Variant {
                name: file.name.as_ref().clone(),
                title: file.title.clone(),
                source: file.source.clone(),
                reads: headers_read(file),
                model,
            })
        });
        let variants: Vec<Variant> = variants.collect();
        let scenario = scenario.expect("a model was built from it");
        let api = api.expect("a model was built from it");
        Ok(Plan {
            name: scenario.name.as_ref().clone(),
            title: scenario.title.clone(),
            kind: scenario.kind,
            api: api.name.clone(),
            shows: scenario.shows.map(|name| name.as_ref().clone()),
            variants,
            assumptions: assumptions(&api, &self.api),
            digest: self.digest(),
        })
    }

    /// The documents: the scenario, its API, its clients.
    pub fn documents(&self) -> impl Iterator<Item = (Kind, &Document)> {
        let clients = self.clients.iter().map(|client| (Kind::Client, client));
        [(Kind::Scenario, &self.scenario), (Kind::Api, &self.api)].into_iter().chain(clients)
    }

    fn digest(&self) -> String {
        use std::fmt::Write;
        let mut hash = Sha256::new();
        for (kind, document) in self.documents() {
            hash.update(kind.word().as_bytes());
            hash.update((document.text().len() as u64).to_le_bytes());
            hash.update(document.text().as_bytes());
        }
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes every text");
            hex
        })
    }
}

fn headers_read(client: &file::client::Client) -> Vec<String> {
    let hints = client.hint.iter().flat_map(|h| h.headers.iter().map(|header| header.name.clone()));
    let gauges = client.header_pace.iter().flat_map(|p| &p.gauges).map(|g| g.remaining.clone());
    let gates = client.header_gate.iter().map(|gate| gate.remaining.clone());
    hints.chain(gauges).chain(gates).collect()
}

/// `--set api.…` and `--set client.…` go to their own files.
fn set_others(
    api: &mut Document,
    clients: &mut [Document],
    settings: &[(String, String)],
) -> Result<(), LoadError> {
    for (path, value) in settings {
        if let Some(path) = path.strip_prefix("api.") {
            api.set::<file::api::Api>(path, value).map_err(LoadError::Set)?;
        } else if let Some(path) = path.strip_prefix("client.") {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            let named = clients.iter_mut().find(|c| {
                c.parse::<file::client::Client>()
                    .value
                    .is_some_and(|v| super::document::slug(v.name.as_ref()) == name)
            });
            let Some(client) = named else {
                return Err(LoadError::Unknown { kind: Kind::Client, name: name.to_owned() });
            };
            client.set::<file::client::Client>(rest, value).map_err(LoadError::Set)?;
        }
    }
    Ok(())
}

/// The folder of a path, with its slash.
fn folder(path: &str) -> &str {
    &path[..path.rfind(['/', '\\']).map_or(0, |slash| slash + 1)]
}

/// Opens a model: one that is built in, or a file.
pub fn open(reference: &Reference, fetch: Fetch<'_>) -> Result<Document, LoadError> {
    match reference {
        Reference::Named(kind, name) => {
            let Some(model) = library::find(*kind, name) else {
                return Err(LoadError::Unknown { kind: *kind, name: name.clone() });
            };
            Ok(Document::new(format!("{}/{name}", kind.word()), model.text)?)
        }
        Reference::Path(path) => {
            let bytes =
                fetch(path).map_err(|why| LoadError::Unreadable { path: path.clone(), why })?;
            Ok(Document::from_bytes(path.clone(), bytes)?)
        }
    }
}

/// Opens what a scenario names, and keeps the faults of the names.
struct Loader<'l> {
    base: &'l str,
    fetch: Fetch<'l>,
    faults: Vec<Fault>,
    clients: Vec<Document>,
}

impl Loader<'_> {
    /// Opens the clients that are compared: those asked for, or the scenario's.
    fn compared(
        &mut self,
        file: &file::scenario::Scenario,
        asked: Option<&[String]>,
    ) -> Result<Vec<usize>, LoadError> {
        if let Some(names) = asked {
            for name in names {
                self.clients.push(open(&Reference::read(name, Kind::Client), self.fetch)?);
            }
        } else {
            for name in &file.clients {
                let client = self.open_named(name, Kind::Client)?;
                self.clients.extend(client);
            }
        }
        Ok((0..self.clients.len()).collect())
    }

    /// Opens the clients that populations follow whatever is compared.
    fn followed(
        &mut self,
        file: &file::scenario::Scenario,
    ) -> Result<Vec<Option<usize>>, LoadError> {
        let mut of = vec![];
        for population in &file.population {
            let client = match &population.client {
                Some(name) => self.open_named(name, Kind::Client)?,
                None => None,
            };
            of.push(client.map(|document| {
                let place = self.clients.iter().position(|d| d.name() == document.name());
                place.unwrap_or_else(|| {
                    self.clients.push(document);
                    self.clients.len() - 1
                })
            }));
        }
        Ok(of)
    }

    /// Opens what a scenario names; an unknown name is a fault of the scenario.
    fn open_named(&mut self, name: &file::Name, kind: Kind) -> Result<Option<Document>, LoadError> {
        let reference = match Reference::read(name.as_ref(), kind) {
            Reference::Path(path) if !path.starts_with(['/', '\\']) => {
                Reference::Path(format!("{}{path}", self.base))
            }
            other => other,
        };
        match open(&reference, self.fetch) {
            Ok(document) => Ok(Some(document)),
            Err(LoadError::Unknown { kind, name: unknown }) => {
                let fault =
                    Fault::new(name.span(), format!("there is no {} `{unknown}`", kind.word()));
                self.faults.push(fault.with_help(library::did_you_mean(kind, &unknown)));
                Ok(None)
            }
            Err(LoadError::Unreadable { path, why }) => {
                self.faults.push(Fault::new(name.span(), format!("cannot read {path}: {why}")));
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}
