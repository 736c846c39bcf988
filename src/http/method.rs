//! Request methods, and sets of them.

use serde::Deserialize;

/// A request method.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[repr(u8)]
#[allow(missing_docs)] // the names are RFC 9110's
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Trace,
}

impl Method {
    /// All methods.
    pub const ALL: [Method; 8] = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
        Method::Options,
        Method::Trace,
    ];

    /// As it stands on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
        }
    }
}

/// A set of methods; all of them by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Methods(u8);

impl Default for Methods {
    fn default() -> Self {
        Methods(u8::MAX)
    }
}

impl Methods {
    /// These.
    #[must_use]
    pub fn of(methods: &[Method]) -> Methods {
        Methods(methods.iter().fold(0, |set, method| set | 1 << *method as u8))
    }

    /// Whether a method is among them.
    #[must_use]
    pub const fn contain(self, method: Method) -> bool {
        self.0 & (1 << method as u8) != 0
    }
}
