//! What people write to name a model: `clover`, `api/clover`, `./mine.toml`,
//! and of clients also `openai@1` and `urllib3-backoff(backoff_factor=0.5)`.

mod error;

pub use error::ReferenceError;

use super::catalogue::Catalogue;
use super::library::{Kind, find};

/// A reference to a model, as people write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The model itself.
    pub target: Target,
    /// The beginning of the version of a client's library: `1`, `1.26`.
    pub version: Option<String>,
    /// A client's parameters and what they are to be, as they were written.
    pub parameters: Vec<(String, String)>,
}

/// Where a model is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// It is built in; a client goes by its file, an alias or its library.
    Named(Kind, String),
    /// It is a file.
    Path(String),
}

impl Reference {
    /// Reads `scenario/clover`, `clover` (of the kind that is wanted) or a path,
    /// and of a client `NAME@VERSION(parameter=value, ...)`.
    pub fn read(text: &str, wanted: Kind) -> Result<Reference, ReferenceError> {
        let text = text.trim();
        let (head, inside) = call(text, wanted)?;
        let parameters = match inside {
            Some(inside) => parameters(inside, text)?,
            None => vec![],
        };
        for kind in Kind::ALL {
            let name = head.strip_prefix(kind.word()).and_then(|rest| rest.strip_prefix('/'));
            if let Some((name, version)) = name.and_then(|name| known(name, kind)) {
                return named(kind, name, version, parameters, text);
            }
        }
        if let Some((name, version)) = known(head, wanted) {
            return named(wanted, name, version, parameters, text);
        }
        if is_path(head) {
            let target = Target::Path(head.to_owned());
            return Ok(Reference { target, version: None, parameters });
        }
        let (name, version) = if wanted == Kind::Client { versioned(head) } else { (head, None) };
        named(wanted, name, version, parameters, text)
    }

    /// The parameters as they are written behind a name: `(total=3)`, or nothing.
    #[must_use]
    pub fn arguments(&self) -> String {
        let pairs = self.parameters.iter().map(|(name, value)| format!("{name}={value}"));
        match pairs.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => none,
            pairs => format!("({pairs})"),
        }
    }

    /// What reports call a client: the name in its file where it was asked for by
    /// its file alone, else what was asked for. `document` is the document's name.
    #[must_use]
    pub fn called(&self, document: &str, name: &str) -> String {
        let asked = match &self.target {
            Target::Named(kind, asked) if document != format!("{}/{asked}", kind.word()) => asked,
            Target::Named(_, asked) if self.version.is_some() => asked,
            _ => name,
        };
        let version = self.version.as_ref().map_or(String::new(), |version| format!("@{version}"));
        format!("{asked}{version}{}", self.arguments())
    }
}

fn named(
    kind: Kind,
    name: &str,
    version: Option<&str>,
    parameters: Vec<(String, String)>,
    text: &str,
) -> Result<Reference, ReferenceError> {
    if version == Some("") {
        return Err(ReferenceError::NoVersion { text: text.to_owned() });
    }
    let target = Target::Named(kind, name.to_owned());
    Ok(Reference { target, version: version.map(str::to_owned), parameters })
}

/// A name that something goes by, with the version that was asked for. Some
/// libraries have names like paths: `@octokit/plugin-retry`.
fn known(text: &str, kind: Kind) -> Option<(&str, Option<&str>)> {
    if kind != Kind::Client || find(kind, text).is_some() {
        return find(kind, text).map(|_| (text, None));
    }
    let all = Catalogue::built_in();
    if all.knows(text) {
        return Some((text, None));
    }
    Some(versioned(text)).filter(|(name, _)| all.knows(name))
}

/// The name and what stands behind its last `@`.
fn versioned(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (name, Some(version)),
        _ => (text, None),
    }
}

fn is_path(text: &str) -> bool {
    text.contains(['/', '\\'])
        || std::path::Path::new(text).extension().is_some_and(|e| e == "toml")
}

/// What stands before the parameters, and what stands between their parentheses.
fn call(text: &str, wanted: Kind) -> Result<(&str, Option<&str>), ReferenceError> {
    let client = wanted == Kind::Client || text.starts_with("client/") || text.contains(".toml(");
    if !client {
        return Ok((text, None));
    }
    let (mut nesting, mut start) = (Nesting::default(), None);
    for (at, c) in text.char_indices() {
        let was = nesting.depth;
        nesting.step(c);
        if was == 0 && c == '(' {
            start = Some(at);
        }
        if nesting.depth == 0 && was > 0 && at + c.len_utf8() == text.len() {
            // A bracket of another kind at the end belongs to a path.
            let inside = start.filter(|_| c == ')').map(|start| &text[start + 1..at]);
            return Ok((&text[..start.filter(|_| c == ')').unwrap_or(text.len())], inside));
        }
    }
    match start.filter(|start| nesting.depth > 0 && !is_path(&text[*start..])) {
        Some(_) => Err(ReferenceError::Unclosed { text: text.to_owned() }),
        None => Ok((text, None)),
    }
}

/// `a=1, b="x, y"`.
fn parameters(inside: &str, text: &str) -> Result<Vec<(String, String)>, ReferenceError> {
    let mut found: Vec<(String, String)> = vec![];
    let pieces = pieces(inside, Nesting { depth: 1, quote: None });
    for piece in pieces.into_iter().map(str::trim).filter(|piece| !piece.is_empty()) {
        let pair = piece.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        let Some((name, value)) =
            pair.filter(|(name, value)| !name.is_empty() && !value.is_empty())
        else {
            let piece = piece.to_owned();
            return Err(ReferenceError::NoValue { text: text.to_owned(), piece });
        };
        if found.iter().any(|(other, _)| other == name) {
            let parameter = name.to_owned();
            return Err(ReferenceError::Twice { text: text.to_owned(), parameter });
        }
        found.push((name.to_owned(), value.to_owned()));
    }
    Ok(found)
}

/// The references of a list: commas between them count, those within brackets
/// do not.
#[must_use]
pub fn list(text: &str) -> Vec<String> {
    let pieces = pieces(text, Nesting::default());
    pieces.into_iter().map(|piece| piece.trim().to_owned()).collect()
}

/// A text cut at the commas that are as deep as its beginning.
pub(super) fn pieces(text: &str, mut nesting: Nesting) -> Vec<&str> {
    let (ground, mut start, mut found) = (nesting.depth, 0, vec![]);
    for (at, c) in text.char_indices() {
        nesting.step(c);
        if c == ',' && nesting.depth == ground && nesting.quote.is_none() {
            found.push(&text[start..at]);
            start = at + 1;
        }
    }
    found.push(&text[start..]);
    found
}

/// How deep in brackets, and within which quotes, a place of a text is.
#[derive(Clone, Copy, Default)]
pub(super) struct Nesting {
    pub(super) depth: usize,
    pub(super) quote: Option<char>,
}

impl Nesting {
    pub(super) fn step(&mut self, c: char) {
        match (self.quote, c) {
            (Some(open), _) if c == open => self.quote = None,
            // Outside of brackets it is the apostrophe of a path.
            (None, '"' | '\'') if self.depth > 0 => self.quote = Some(c),
            (None, '(' | '[' | '{') => self.depth += 1,
            (None, ')' | ']' | '}') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reference {
        Reference::read(text, Kind::Client).unwrap()
    }

    fn client(name: &str) -> Target {
        Target::Named(Kind::Client, name.into())
    }

    fn wrong(text: &str) -> String {
        let error = Reference::read(text, Kind::Client).unwrap_err();
        format!("{}; {}", error.message(), error.help())
    }

    #[test]
    fn references_are_names_or_paths() {
        assert_eq!(read("naive").target, client("naive"));
        assert_eq!(read("client/naive").target, client("naive"));
        assert_eq!(read("api/clover").target, Target::Named(Kind::Api, "clover".into()));
        assert_eq!(read("./clover.toml").target, Target::Path("./clover.toml".into()));
        assert_eq!(read("api/mine").target, Target::Path("api/mine".into()));
        let scenario = Reference::read("clover", Kind::Scenario).unwrap();
        assert_eq!(scenario.target, Target::Named(Kind::Scenario, "clover".into()));
    }

    #[test]
    fn a_client_may_have_a_version_and_parameters() {
        let plain = read("urllib3-backoff@2.8.0( backoff_factor = 0.5, total=3 )");
        assert_eq!(plain.target, client("urllib3-backoff"));
        assert_eq!(plain.version.as_deref(), Some("2.8.0"));
        assert_eq!(plain.arguments(), "(backoff_factor=0.5, total=3)");
        assert_eq!(read("openai@1").version.as_deref(), Some("1"));
        assert_eq!(read("openai()").parameters, []);
        let path = read("./mine (1).toml(base=2)");
        assert_eq!(path.target, Target::Path("./mine (1).toml".into()));
        assert_eq!(path.arguments(), "(base=2)");
        assert_eq!(read("./a(1)/b.toml").target, Target::Path("./a(1)/b.toml".into()));
        // Only clients have either.
        let scenario = Reference::read("clover@2(x=1)", Kind::Scenario).unwrap();
        assert_eq!(scenario.target, Target::Named(Kind::Scenario, "clover@2(x=1)".into()));
    }

    #[test]
    fn commas_in_brackets_and_quotes_do_not_split() {
        let names = list("naive, urllib3(total=3, on=[429,503]),./it's.toml,b(x=\"1,)\", y=2)");
        let wanted =
            ["naive", "urllib3(total=3, on=[429,503])", "./it's.toml", "b(x=\"1,)\", y=2)"];
        assert_eq!(names, wanted);
        let pairs = read("b(x=\"1,)\", y=[1, 2], z='a=b')").parameters;
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("x", "\"1,)\""), ("y", "[1, 2]"), ("z", "'a=b'")]);
    }

    #[test]
    fn what_is_miswritten_is_told() {
        assert!(wrong("urllib3(total=3").starts_with("`urllib3(total=3` has no closing `)`; "));
        assert!(wrong("urllib3(3)").starts_with("`3` in `urllib3(3)` sets no parameter; "));
        assert!(wrong("urllib3(total=)").starts_with("`total=` in "));
        assert!(wrong("urllib3@").starts_with("`urllib3@` has no version behind its `@`; "));
        assert!(wrong("u(a=1, a=2)").starts_with("`u(a=1, a=2)` sets `a` twice; "));
    }

    #[test]
    fn a_client_is_called_what_was_asked_for() {
        let called = |text: &str, document: &str, name: &str| read(text).called(document, name);
        assert_eq!(called("naive", "client/naive", "naive"), "naive");
        assert_eq!(called("client/naive", "client/naive", "naive"), "naive");
        assert_eq!(called("requests", "client/no-retry", "no-retry"), "requests");
        assert_eq!(called("naive@1", "client/naive", "naive"), "naive@1");
        assert_eq!(called("naive(a=1,b=2)", "client/naive", "naive"), "naive(a=1, b=2)");
        assert_eq!(called("./x.toml", "./x.toml", "mine"), "mine");
        assert_eq!(called("./x.toml(base=2)", "./x.toml", "mine"), "mine(base=2)");
    }
}
