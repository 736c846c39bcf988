//! An API without a scenario: its limits decide on the requests of a trace.

use super::assumption::checked_api;
use super::build;
use super::bundle::{Fetch, LoadError, open};
use super::document::Document;
use super::fault::Fault;
use super::file;
use super::library::Kind;
use super::reference::Reference;
use crate::api::ApiModel;
use crate::attribute::Principals;
use crate::time::Instant;

/// An API's file that has no faults.
#[derive(Clone, Debug)]
pub struct Alone {
    api: file::api::Api,
}

impl Alone {
    /// Loads an API by name or path; `settings` are `--set`, as `api.PATH`.
    pub fn load(
        name: &str,
        settings: &[(String, String)],
        fetch: Fetch<'_>,
    ) -> Result<Alone, LoadError> {
        let document = open(&Reference::read(name, Kind::Api)?, fetch)?;
        Alone::of(document, settings)
    }

    /// The same for a document that is at hand.
    pub fn of(mut document: Document, settings: &[(String, String)]) -> Result<Alone, LoadError> {
        for (path, value) in settings {
            let path = path.strip_prefix("api.").unwrap_or(path);
            document.set::<file::api::Api>(path, value).map_err(LoadError::Set)?;
        }
        let mut parsed = checked_api(&document);
        let api = parsed.value.take();
        let limits = api.iter().flat_map(|api| &api.limit);
        for times in limits.filter_map(|limit| limit.times.as_ref()) {
            let message = "there are no clients here whose number could multiply anything";
            let help = "write the numbers that hold for all of them, and leave `times` out";
            parsed.add(Fault::new(times.span(), message).with_help(help));
        }
        match api {
            Some(api) if parsed.faults().is_empty() => Ok(Alone { api }),
            _ => Err(document.faults(parsed.faults().to_vec()).into()),
        }
    }

    /// The attributes of requests that its limits look at, in order of name.
    #[must_use]
    pub fn attributes(&self) -> Vec<String> {
        build::attributes_named(&self.api)
    }

    /// The names of its endpoints.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        build::endpoint_names(&self.api)
    }

    /// The model for these principals, whose clock begins at time 0; `settles`
    /// where responses tell what their requests turned out to cost.
    #[must_use]
    pub fn model(&self, principals: &mut Principals, settles: bool) -> ApiModel {
        let model = build::api_of(&self.api, Instant(0), principals);
        let mut model = model.expect("a file without faults becomes a model");
        model.limits.iter_mut().for_each(|limit| limit.settles = settles);
        model
    }
}
