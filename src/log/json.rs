//! Lines that are JSON objects: fields by the path of their members.

use std::borrow::Cow;

use serde_json::Value;

/// How deep objects may lie in each other where the fields of a log are listed.
const DEEPEST: usize = 4;

/// The paths of all members of an object that are not objects themselves, as
/// `httpRequest.status`.
#[must_use]
pub(super) fn paths(line: &[u8]) -> Option<Vec<String>> {
    let Ok(Value::Object(object)) = serde_json::from_slice(line) else { return None };
    let mut all = vec![];
    collect(&Value::Object(object), "", 0, &mut all);
    Some(all)
}

fn collect(value: &Value, path: &str, depth: usize, all: &mut Vec<String>) {
    match value {
        Value::Object(object) if depth < DEEPEST => {
            for (name, member) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(member, &path, depth + 1, all);
            }
        }
        _ => all.push(path.to_owned()),
    }
}

/// A line, read.
#[derive(Debug)]
pub(super) struct Object(Value);

impl Object {
    /// `None` where the line is no JSON object.
    #[must_use]
    pub(super) fn read(line: &[u8]) -> Option<Object> {
        serde_json::from_slice(line).ok().filter(Value::is_object).map(Object)
    }

    /// The member of a path as text; empty where there is none or it is null.
    #[must_use]
    pub(super) fn text(&self, path: &str) -> Cow<'_, str> {
        match member(&self.0, path) {
            None | Some(Value::Null) => Cow::Borrowed(""),
            Some(Value::String(text)) => Cow::Borrowed(text),
            Some(other) => Cow::Owned(other.to_string()),
        }
    }
}

/// The member of a path. A name may have dots itself, so the longest name that
/// an object has is taken.
fn member<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    if let Some(found) = object.get(path) {
        return Some(found);
    }
    let dots = path.rmatch_indices('.').map(|(place, _)| place);
    dots.into_iter().find_map(|dot| member(object.get(&path[..dot])?, &path[dot + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"time":"2026-01-05T09:00:00Z","httpRequest":{"status":200,"remoteIp":"10.0.0.1"},"a.b":{"c":null},"n":1.5}"#;

    #[test]
    fn members_go_by_their_paths() {
        let object = Object::read(LINE.as_bytes()).unwrap();
        for (path, text) in [
            ("time", "2026-01-05T09:00:00Z"),
            ("httpRequest.status", "200"),
            ("httpRequest.remoteIp", "10.0.0.1"),
            ("a.b.c", ""),
            ("n", "1.5"),
            ("none.of.these", ""),
        ] {
            assert_eq!(object.text(path), text, "{path}");
        }
        let all = paths(LINE.as_bytes()).unwrap();
        assert_eq!(all, ["a.b.c", "httpRequest.remoteIp", "httpRequest.status", "n", "time"]);
    }

    #[test]
    fn what_is_no_object_is_none() {
        for line in ["", "[1]", "{", "17", "{}{}", "\u{0}"] {
            assert!(Object::read(line.as_bytes()).is_none(), "{line}");
        }
        let deep = "[".repeat(100_000);
        assert!(Object::read(deep.as_bytes()).is_none());
    }
}
