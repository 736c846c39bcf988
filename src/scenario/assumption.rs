//! What a vendor does not document: a field of the model, and what else it could be.

use super::build;
use super::document::{Document, Parsed};
use super::fault::Fault;
use super::file;

/// Something that the vendor does not document.
#[derive(Clone, PartialEq, Debug)]
pub struct Assumption {
    /// The limit, or `None` for the whole API.
    pub limit: Option<String>,
    /// The field.
    pub field: String,
    /// What is assumed, as TOML.
    pub value: String,
    /// What else it could be, as TOML.
    pub alternatives: Vec<String>,
    /// The path of the field, for `--set`.
    pub path: String,
}

/// An API's file with all faults that it has by itself. Every alternative of an
/// assumed field is tried, so that none is found wrong only when it is needed.
#[must_use]
pub fn checked_api(document: &Document) -> Parsed<file::api::Api> {
    let mut parsed = document.parse::<file::api::Api>();
    let Some(api) = &parsed.value else {
        return parsed;
    };
    let mut faults = build::api_alone(api);
    let own = parsed.faults();
    for (limit, assumed) in all_assumed(api) {
        for (field, alternatives) in assumed {
            let path = path_of(limit, field.as_ref());
            if alternatives.is_empty() {
                let fault =
                    Fault::new(field.span(), format!("`{}` has no alternative", field.as_ref()));
                faults.push(fault.with_help("list what else it could be"));
            }
            for value in alternatives {
                let mut other = document.clone();
                let set = other.set::<file::api::Api>(&path, &value.to_string());
                let wrong = if let Err(error) = set {
                    Some(error.to_string())
                } else {
                    // What is wrong without it is told once, and not for each.
                    let other = other.parse::<file::api::Api>();
                    let known = |fault: &Fault| own.iter().any(|f| f.message == fault.message);
                    let new = other.faults().iter().find(|fault| !known(fault));
                    new.map(|fault| fault.message.clone())
                };
                if let Some(why) = wrong {
                    let message = format!("`{}` cannot be {value}: {why}", field.as_ref());
                    faults.push(Fault::new(field.span(), message));
                }
            }
        }
    }
    for fault in faults {
        parsed.add(fault);
    }
    parsed
}

fn all_assumed(api: &file::api::Api) -> impl Iterator<Item = (Option<&str>, &file::Assumed)> {
    let limits = api.limit.iter().map(|limit| (Some(limit.name.as_ref().as_str()), &limit.assumed));
    std::iter::once((None, &api.assumed)).chain(limits)
}

/// The path of an assumed field in its document.
fn path_of(limit: Option<&str>, field: &str) -> String {
    limit.map_or_else(
        || field.to_owned(),
        |limit| format!("limit.{}.{field}", super::document::slug(limit)),
    )
}

/// What an API's file assumes, with the values of its document.
pub(super) fn assumptions(api: &file::api::Api, document: &Document) -> Vec<Assumption> {
    let mut all = vec![];
    for (limit, assumed) in all_assumed(api) {
        for (field, alternatives) in assumed {
            let path = path_of(limit, field.as_ref());
            all.push(Assumption {
                limit: limit.map(str::to_owned),
                field: field.as_ref().clone(),
                value: document.value(&path).unwrap_or("the default").to_owned(),
                alternatives: alternatives.iter().map(toml::Value::to_string).collect(),
                path: format!("api.{path}"),
            });
        }
    }
    all
}
