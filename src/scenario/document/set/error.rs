//! Why `--set` could not be done, and what to write instead.

use std::fmt;

use crate::scenario::fault::Faults;
use crate::scenario::nearest::{listed, nearest};

/// Why a setting could not be made; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// The path is not keys joined by dots.
    Path {
        /// As it was given.
        path: String,
    },
    /// The document is not TOML to begin with.
    Unreadable(Faults),
    /// There is nothing of that name.
    Nowhere {
        /// As it was given.
        path: String,
        /// The first key that fits nothing.
        key: String,
        /// What the keys before it lead to; empty for the whole document.
        within: String,
        /// What it could have been.
        names: Vec<String>,
    },
    /// The path fits several values.
    Ambiguous {
        /// As it was given.
        path: String,
        /// The full path of each.
        candidates: Vec<String>,
    },
    /// The changed text would not be TOML, or too long.
    Refused {
        /// As it was given.
        path: String,
    },
}

impl SetError {
    /// The same error of a document that lies below `place` for those who write
    /// paths: `api`.
    #[must_use]
    pub fn below(self, place: &str) -> SetError {
        let full = |path: String| format!("{place}.{path}");
        match self {
            SetError::Path { path } => SetError::Path { path: full(path) },
            SetError::Refused { path } => SetError::Refused { path: full(path) },
            SetError::Nowhere { path, key, within, names } => {
                let within = if within.is_empty() { place.to_owned() } else { full(within) };
                SetError::Nowhere { path: full(path), key, within, names }
            }
            SetError::Ambiguous { path, candidates } => {
                let candidates = candidates.into_iter().map(full).collect();
                SetError::Ambiguous { path: full(path), candidates }
            }
            SetError::Unreadable(_) => self,
        }
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::Path { path } => write!(
                f,
                "--set {path}: this is no path\n  help: write keys joined by dots, like limit.token-rate.quota=20"
            ),
            SetError::Unreadable(faults) => write!(f, "{faults}"),
            SetError::Nowhere { path, key, within, names } => {
                write!(f, "--set {path}: there is no `{key}`")?;
                if !within.is_empty() {
                    write!(f, " in `{within}`")?;
                }
                let last = |name: &'_ String| name.rsplit('.').next().map(str::to_owned);
                let ends: Vec<String> = names.iter().filter_map(last).collect();
                let meant = nearest(key, ends.iter().map(String::as_str));
                let meant = meant.first().and_then(|meant| {
                    let place = ends.iter().position(|end| end == meant)?;
                    names.get(place)
                });
                if !names.is_empty() {
                    write!(f, "\n  help: ")?;
                    if let Some(meant) = meant {
                        write!(f, "did you mean `{meant}`? ")?;
                    }
                    write!(f, "there is: {}", listed(names.iter().map(String::as_str), 20))?;
                }
                Ok(())
            }
            SetError::Ambiguous { path, candidates } => {
                write!(f, "--set {path}: this fits several\n  help: write one of:")?;
                for candidate in candidates.iter().take(20) {
                    write!(f, "\n    {candidate}")?;
                }
                if candidates.len() > 20 {
                    write!(f, "\n    and {} more", candidates.len() - 20)?;
                }
                Ok(())
            }
            SetError::Refused { path } => write!(
                f,
                "--set {path}: this cannot be put into the text\n  help: write it into the file"
            ),
        }
    }
}

impl std::error::Error for SetError {}
