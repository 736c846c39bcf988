//! Why a reference leads to no client, and what there is instead.

use std::fmt;

use crate::scenario::document::SetError;
use crate::scenario::nearest::{listed, nearest};

/// Why a reference leads to no client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// A parenthesis is opened and never closed.
    Unclosed {
        /// As it was written.
        text: String,
    },
    /// Something between the parentheses is not `parameter=value`.
    NoValue {
        /// As it was written.
        text: String,
        /// What is between two commas.
        piece: String,
    },
    /// A parameter is given twice.
    Twice {
        /// As it was written.
        text: String,
        /// The parameter.
        parameter: String,
    },
    /// Nothing follows an `@`.
    NoVersion {
        /// As it was written.
        text: String,
    },
    /// The library has other versions.
    Version {
        /// What was asked for.
        name: String,
        /// Of it.
        version: String,
        /// What there is, the newest first.
        has: Vec<String>,
    },
    /// The client has other parameters.
    Parameter {
        /// The client.
        client: String,
        /// What was asked for.
        parameter: String,
        /// What there is.
        has: Vec<String>,
    },
    /// The client's file does not say where a parameter goes.
    Set {
        /// The client.
        client: String,
        /// The parameter.
        parameter: String,
        /// What happened.
        error: Box<SetError>,
    },
}

impl ReferenceError {
    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            ReferenceError::Unclosed { text } => format!("`{text}` has no closing `)`"),
            ReferenceError::NoValue { text, piece } => {
                format!("`{piece}` in `{text}` sets no parameter")
            }
            ReferenceError::Twice { text, parameter } => {
                format!("`{text}` sets `{parameter}` twice")
            }
            ReferenceError::NoVersion { text } => {
                format!("`{text}` has no version behind its `@`")
            }
            ReferenceError::Version { name, version, .. } => {
                format!("there is no `{name}@{version}`")
            }
            ReferenceError::Parameter { client, parameter, .. } => {
                format!("{client} has no parameter `{parameter}`")
            }
            ReferenceError::Set { client, parameter, error } => {
                format!("the parameter `{parameter}` of {client} cannot be set: {error}")
            }
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            ReferenceError::Unclosed { .. } | ReferenceError::NoValue { .. } => {
                "write NAME(parameter=value, ...)".to_owned()
            }
            ReferenceError::Twice { .. } => "write it once".to_owned(),
            ReferenceError::NoVersion { .. } => "write one, like openai@1".to_owned(),
            ReferenceError::Version { name, version, has } => match has.as_slice() {
                [] => format!("{name} has no versions: leave `@{version}` out"),
                [one] => format!("{name} has version {one}"),
                [most @ .., last] => {
                    format!("{name} has versions {} and {last}", most.join(", "))
                }
            },
            ReferenceError::Parameter { client, parameter, has } => {
                let names = || has.iter().map(String::as_str);
                let close = nearest(parameter, names());
                let meant = close
                    .first()
                    .map_or(String::new(), |meant| format!("did you mean `{meant}`? "));
                match has.as_slice() {
                    [] => format!("{client} has no parameters: change its file"),
                    [one] => format!("{meant}{client} has the parameter {one}"),
                    _ => format!("{meant}{client} has the parameters {}", listed(names(), 20)),
                }
            }
            ReferenceError::Set { .. } => "correct `sets` in the client's file".to_owned(),
        }
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  = help: {}", self.message(), self.help())
    }
}

impl std::error::Error for ReferenceError {}
