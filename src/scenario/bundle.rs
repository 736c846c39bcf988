//! A bundle: the files that a comparison stands on, and the plan made of them.

mod open;

use std::fmt;

use sha2::{Digest, Sha256};

use super::assumption::{assumptions, checked_api};
use super::build;
use super::document::{Document, SetError, slug};
use super::fault::{Fault, Faults};
use super::file;
use super::file::scenario::WarmUp;
use super::library::{self, Kind};
use super::plan::{Plan, Release, Variant};
use super::reference::{Reference, ReferenceError, Target};

pub use open::open;

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
    /// A client's name leads nowhere.
    Reference(ReferenceError),
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
            LoadError::Reference(error) => error.fmt(f),
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

impl From<ReferenceError> for LoadError {
    fn from(error: ReferenceError) -> Self {
        LoadError::Reference(error)
    }
}

/// A client's file, and how it was asked for.
#[derive(Clone, Debug)]
struct Client {
    document: Document,
    reference: Reference,
}

impl Client {
    /// What reports call it, and what its file calls it.
    fn names(&self) -> Option<(String, String)> {
        let file = self.document.parse::<file::client::Client>().value?;
        let name = file.name.into_inner();
        Some((self.reference.called(self.document.name(), &name), name))
    }

    /// Whether a setting's path means it; a file's name means it with all its
    /// parameters.
    fn is_named(&self, name: &str) -> bool {
        self.names().is_some_and(|(a, b)| slug(&a) == name || slug(&b) == name)
    }
}

/// The files of a comparison.
#[derive(Clone, Debug)]
pub struct Bundle {
    scenario: Document,
    api: Document,
    clients: Vec<Client>,
    /// Which of the clients are compared.
    compared: Vec<usize>,
    /// Which of the clients each population follows, whatever is compared.
    of: Vec<Option<usize>>,
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
        let scenario = open(&Reference::read(name, Kind::Scenario)?, fetch)?;
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
            None => loader.named(&file.api, Kind::Api)?.map(|api| api.document),
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
                for Client { document, .. } in loader.clients {
                    let found = document.parse::<file::client::Client>();
                    faults.extend(document.faults(found.faults().to_vec()));
                }
                Err(faults.into())
            }
        }
    }

    /// The same files with more settings of the API and of clients.
    pub fn with(&self, settings: &[(String, String)]) -> Result<Bundle, LoadError> {
        let mut other = self.clone();
        set_others(&mut other.api, &mut other.clients, settings)?;
        Ok(other)
    }

    /// How many clients are compared.
    #[must_use]
    pub fn compared(&self) -> usize {
        self.compared.len()
    }

    /// Only the first of the clients that are compared.
    #[must_use]
    pub fn first(mut self) -> Bundle {
        self.compared.truncate(1);
        self
    }

    /// The plan of the comparison; all faults of all files at once.
    pub fn plan(&self) -> Result<Plan, Faults> {
        let files = build::Files {
            scenario: (&self.scenario, self.scenario.parse()),
            api: (&self.api, checked_api(&self.api)),
            clients: self.clients.iter().map(|c| (&c.document, c.document.parse())).collect(),
        };
        let scenario = files.scenario.1.value.clone();
        let api = files.api.1.value.clone();
        let clients: Vec<_> = files.clients.iter().map(|c| c.1.value.clone()).collect();
        let models = build::models(files, &self.compared, &self.of)?;
        let variants = self.compared.iter().zip(models).filter_map(|(client, model)| {
            let file = clients[*client].as_ref()?;
            let Client { document, reference } = &self.clients[*client];
            Some(Variant {
                name: reference.called(document.name(), file.name.as_ref()),
                file: file.name.as_ref().clone(),
                release: Release::of(file),
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
            finds_warm_up: scenario.warm_up.is_some_and(|w| *w.as_ref() == WarmUp::Auto),
            api: api.name.clone(),
            fail_if: scenario.fail_if,
            shows: scenario.shows.map(|name| name.as_ref().clone()),
            variants,
            assumptions: assumptions(&api, &self.api),
            digest: self.digest(),
        })
    }

    /// The documents: the scenario, its API, its clients.
    pub fn documents(&self) -> impl Iterator<Item = (Kind, &Document)> {
        let clients = self.clients.iter().map(|client| (Kind::Client, &client.document));
        [(Kind::Scenario, &self.scenario), (Kind::Api, &self.api)].into_iter().chain(clients)
    }

    /// The file that the path of a setting leads to, and the path within it.
    #[must_use]
    pub fn home<'p>(&self, path: &'p str) -> Option<(&Document, &'p str)> {
        if let Some(path) = path.strip_prefix("api.") {
            return Some((&self.api, path));
        }
        let Some(path) = path.strip_prefix("client.") else {
            return Some((&self.scenario, path));
        };
        let (name, rest) = path.split_once('.')?;
        let client = self.clients.iter().find(|client| client.is_named(name))?;
        Some((&client.document, rest))
    }

    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (kind, document) in self.documents() {
            hash.update(kind.word().as_bytes());
            hash.update((document.text().len() as u64).to_le_bytes());
            hash.update(document.text().as_bytes());
        }
        hex::encode(hash.finalize())
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
    clients: &mut [Client],
    settings: &[(String, String)],
) -> Result<(), LoadError> {
    for (path, value) in settings {
        if let Some(path) = path.strip_prefix("api.") {
            let set = api.set::<file::api::Api>(path, value);
            set.map_err(|error| LoadError::Set(error.below("api")))?;
        } else if let Some(path) = path.strip_prefix("client.") {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            let mut named = clients.iter_mut().filter(|client| client.is_named(name)).peekable();
            if named.peek().is_none() {
                return Err(LoadError::Unknown { kind: Kind::Client, name: name.to_owned() });
            }
            for client in named {
                let document = &mut client.document;
                let set = document.set::<file::client::Client>(rest, value);
                let within = format!("client.{name}");
                set.map_err(|error| LoadError::Set(error.below(&within)))?;
            }
        }
    }
    Ok(())
}

/// The folder of a path, with its slash.
fn folder(path: &str) -> &str {
    &path[..path.rfind(['/', '\\']).map_or(0, |slash| slash + 1)]
}

/// Opens what a scenario names, and keeps the faults of the names.
struct Loader<'l> {
    base: &'l str,
    fetch: Fetch<'l>,
    faults: Vec<Fault>,
    clients: Vec<Client>,
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
                let reference = Reference::read(name, Kind::Client)?;
                let document = open(&reference, self.fetch)?;
                self.clients.push(Client { document, reference });
            }
        } else {
            for name in &file.clients {
                let client = self.named(name, Kind::Client)?;
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
                Some(name) => self.named(name, Kind::Client)?,
                None => None,
            };
            of.push(client.map(|client| {
                let is_same = |other: &Client| {
                    let (one, other) = (&client.document, &other.document);
                    one.name() == other.name() && one.text() == other.text()
                };
                let place = self.clients.iter().position(is_same);
                place.unwrap_or_else(|| {
                    self.clients.push(client);
                    self.clients.len() - 1
                })
            }));
        }
        Ok(of)
    }

    /// Opens what a scenario names; an unknown name is a fault of the scenario.
    fn named(&mut self, name: &file::Name, kind: Kind) -> Result<Option<Client>, LoadError> {
        let opened = Reference::read(name.as_ref(), kind).map_err(LoadError::from);
        let opened = opened.and_then(|mut reference| {
            if let Target::Path(path) = &mut reference.target
                && !path.starts_with(['/', '\\'])
            {
                path.insert_str(0, self.base);
            }
            let document = open(&reference, self.fetch)?;
            Ok(Client { document, reference })
        });
        let fault = |message: String| Fault::new(name.span(), message);
        let fault = match opened {
            Ok(client) => return Ok(Some(client)),
            Err(LoadError::Unknown { kind, name: unknown }) => {
                fault(format!("there is no {} `{unknown}`", kind.word()))
                    .with_help(library::did_you_mean(kind, &unknown))
            }
            Err(LoadError::Reference(error)) => fault(error.message()).with_help(error.help()),
            Err(LoadError::Unreadable { path, why }) => fault(format!("cannot read {path}: {why}")),
            Err(other) => return Err(other),
        };
        self.faults.push(fault);
        Ok(None)
    }
}
