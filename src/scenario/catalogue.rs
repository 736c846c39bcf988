//! Which built-in client people mean by the name of a library.
//!
//! A client goes by its file's name, by its aliases and by its library's name,
//! and the files of one library are versions of each other.

use std::cmp::Ordering;
use std::sync::OnceLock;

use serde::Deserialize;

use super::library::{BUILT_IN, Kind};

/// What a client's file says of the library that it stands for.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Entry {
    /// The file's name.
    #[serde(skip)]
    pub file: String,
    /// The package, as its registry names it.
    #[serde(default)]
    pub library: Option<String>,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// Other names that people type.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Clients by name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

/// Why nothing was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Nobody has this name.
    Name,
    /// There are only these versions, the newest first.
    Version(Vec<String>),
}

/// How a client came to be meant by a name, the surest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    File,
    Alias,
    Library,
    /// It is another version of the client that has the name.
    Kin,
}

impl Catalogue {
    /// The clients that are built in.
    #[must_use]
    pub fn built_in() -> &'static Catalogue {
        static ALL: OnceLock<Catalogue> = OnceLock::new();
        ALL.get_or_init(|| {
            let clients = BUILT_IN.iter().filter(|model| model.kind == Kind::Client);
            Catalogue::of(clients.map(|model| (model.name, model.text)))
        })
    }

    /// Clients by the names and texts of their files.
    #[must_use]
    pub fn of<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Catalogue {
        let entry = |(file, text): (&str, &str)| {
            let file = file.to_owned();
            let none = Entry { file: String::new(), library: None, version: None, aliases: vec![] };
            // What else the text has, and what is wrong with it, the one parse tells.
            Entry { file, ..toml::from_str(text).unwrap_or(none) }
        };
        Catalogue { entries: files.into_iter().map(entry).collect() }
    }

    /// Whether a client goes by this name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| by_name(entry, name).is_some())
    }

    /// Every name that a client goes by.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let files = self.entries.iter().map(|entry| &entry.file);
        let aliases = self.entries.iter().flat_map(|entry| &entry.aliases);
        let libraries = self.entries.iter().filter_map(|entry| entry.library.as_ref());
        files.chain(aliases).chain(libraries).map(String::as_str)
    }

    /// The client that goes by `name` and has a version that begins with
    /// `version`: the file of that name, else the newest; of several equally new
    /// ones that with the alias, else the first.
    pub fn find(&self, name: &str, version: Option<&str>) -> Result<&Entry, Missing> {
        let file = self.entries.iter().find(|entry| entry.file == name);
        if let Some(file) = file
            && version.is_none_or(|wanted| has_version(file, wanted))
        {
            return Ok(file);
        }
        let by = |entry: &Entry| {
            let kin = || file.filter(|file| akin(file, entry)).map(|_| By::Kin);
            by_name(entry, name).or_else(kin)
        };
        let mut meant: Vec<(By, &Entry)> =
            self.entries.iter().filter_map(|entry| Some((by(entry)?, entry))).collect();
        if meant.is_empty() {
            return Err(Missing::Name);
        }
        // A stable sort, so that equals keep the order of the list.
        meant.sort_by(|(by, one), (other_by, other)| {
            newer(one, other).then_with(|| by.cmp(other_by))
        });
        let wanted = |entry: &Entry| version.is_none_or(|version| has_version(entry, version));
        if let Some((_, entry)) = meant.iter().find(|(_, entry)| wanted(entry)) {
            return Ok(entry);
        }
        let versions = meant.iter().filter_map(|(_, entry)| entry.version.clone());
        let mut versions: Vec<String> = versions.collect();
        versions.dedup();
        Err(Missing::Version(versions))
    }
}

fn by_name(entry: &Entry, name: &str) -> Option<By> {
    let same = |other: &String| other.eq_ignore_ascii_case(name);
    if entry.file == name {
        Some(By::File)
    } else if entry.aliases.iter().any(same) {
        Some(By::Alias)
    } else {
        entry.library.as_ref().filter(|library| same(library)).map(|_| By::Library)
    }
}

/// Whether two clients are of one library, or go by one name.
fn akin(one: &Entry, other: &Entry) -> bool {
    let library = one.library.is_some() && one.library == other.library;
    library || one.aliases.iter().any(|alias| by_name(other, alias).is_some())
}

/// The newer one first; one without a version is the oldest.
fn newer(one: &Entry, other: &Entry) -> Ordering {
    other.version.as_deref().map(parts).cmp(&one.version.as_deref().map(parts))
}

fn has_version(entry: &Entry, wanted: &str) -> bool {
    entry.version.as_deref().is_some_and(|version| parts(version).starts_with(&parts(wanted)))
}

/// A part of a version; a number comes after a word (`2.0.rc1` before `2.0.1`).
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part<'v> {
    Word(&'v str),
    Number(u64),
}

/// The parts of a version: `v1.26.20 (git 1234567)` is 1, 26 and 20.
fn parts(version: &str) -> Vec<Part<'_>> {
    let version = version.split(' ').next().unwrap_or(version);
    let is_number = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_digit());
    let bare = version.strip_prefix('v').filter(is_number).unwrap_or(version);
    let parts = bare.split(['.', '-', '+']);
    parts.map(|part| part.parse().map_or(Part::Word(part), Part::Number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Catalogue {
        Catalogue::of([
            ("naive", "title = 'no library'"),
            ("openai", "library = 'openai'\nversion = '3.54.0'"),
            ("openai-v1", "library = 'openai'\nversion = '1.99.9'\naliases = ['openai']"),
            ("old-aws", "library = 'botocore'\nversion = '1.34.162'\naliases = ['boto3']"),
            ("aws-adaptive", "library = 'botocore'\nversion = '1.44.5'"),
            ("aws", "library = 'botocore'\nversion = '1.44.5'\naliases = ['boto3', 'botocore']"),
            (
                "urllib3-default",
                "library = 'urllib3'\nversion = '2.8.0'\naliases = ['requests-retry']",
            ),
            ("urllib3-v1", "library = 'urllib3'\nversion = '1.26.20'"),
            ("retryable", "library = 'go-retryablehttp'\nversion = 'v0.7.7'"),
        ])
    }

    /// The file that is found, or the versions that there are.
    fn found(name: &str) -> String {
        let (name, version) = name.split_once('@').map_or((name, None), |(n, v)| (n, Some(v)));
        match all().find(name, version) {
            Ok(entry) => entry.file.clone(),
            Err(Missing::Name) => "none".to_owned(),
            Err(Missing::Version(has)) => has.join(" "),
        }
    }

    #[test]
    fn a_file_comes_first_then_the_newest_alias_or_library() {
        for (name, file) in [
            ("naive", "naive"),
            ("openai", "openai"),
            ("openai-v1", "openai-v1"),
            ("boto3", "aws"),
            ("BotoCore", "aws"),
            ("urllib3", "urllib3-default"),
            ("requests-retry", "urllib3-default"),
            ("urllib4", "none"),
        ] {
            assert_eq!(found(name), file, "{name}");
        }
    }

    #[test]
    fn a_version_is_found_by_its_first_components() {
        for (name, file) in [
            ("openai@1", "openai-v1"),
            ("openai@1.99", "openai-v1"),
            ("openai@3.54.0", "openai"),
            ("openai-v1@3", "openai"),
            ("urllib3@1", "urllib3-v1"),
            ("urllib3@2", "urllib3-default"),
            ("urllib3-default@1.26.20", "urllib3-v1"),
            ("botocore@1", "aws"),
            ("boto3@1.34", "old-aws"),
            ("retryable@0.7", "retryable"),
            ("retryable@v0", "retryable"),
            // Components, not letters.
            ("openai@1.9", "3.54.0 1.99.9"),
            ("urllib3@3", "2.8.0 1.26.20"),
            ("naive@1", ""),
            ("nobody@1", "none"),
        ] {
            assert_eq!(found(name), file, "{name}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(parts("1.26.20") > parts("1.9.9"));
        assert!(parts("2.0.1") > parts("2.0.rc1"));
        assert_eq!(parts("v2.1"), parts("2.1"));
        assert_eq!(parts("2 (git 25787b3)"), parts("2"));
    }

    #[test]
    fn every_built_in_client_is_found_by_its_file() {
        for model in BUILT_IN.iter().filter(|model| model.kind == Kind::Client) {
            let entry = Catalogue::built_in().find(model.name, None).unwrap();
            assert_eq!(entry.file, model.name);
            let table: toml::Table = model.text.parse().unwrap();
            assert_eq!(table["name"].as_str(), Some(model.name), "the name in the file");
        }
    }
}
