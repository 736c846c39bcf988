//! What the file of a client says, in the file's own words and without its braces.
//!
//! Nothing is typed in here but the order: what a file does not say is not told,
//! and a key that a later file has is told as well.

use toml::{Table, Value};

/// What is told in lines of its own or not at all.
const APART: [&str; 13] = [
    "name",
    "title",
    "library",
    "version",
    "aliases",
    "evidence",
    "source",
    "parameters",
    "except",
    "methods",
    "only-with-hint",
    "force",
    "raises",
];

/// The lines that come first, in this order; all others follow by name.
const FIRST: [&str; 7] = ["attempts", "retries", "wait", "jitter", "hint", "deadline", "class"];

/// A line for each part of a client: the key in its file, and what that says.
#[must_use]
pub fn policy(client: &Table) -> Vec<(String, String)> {
    let mut lines = vec![];
    for key in FIRST {
        let said = client.get(key);
        let line = match (key, said) {
            ("attempts", None) => Some("no end".to_owned()),
            ("retries", Some(kinds)) => Some(retries(kinds, client)),
            ("jitter", None) => Some("none".to_owned()),
            ("hint", None) => Some("heeds none".to_owned()),
            ("hint", Some(Value::Table(hint))) => Some(heeds(hint)),
            (_, said) => said.map(inside),
        };
        lines.extend(line.map(|line| (key.to_owned(), line)));
    }
    for (key, said) in client {
        if !FIRST.contains(&key.as_str()) && !APART.contains(&key.as_str()) {
            lines.push((key.clone(), inside(said)));
        }
    }
    let names = client.get("parameters").and_then(Value::as_table);
    if let Some(names) = names.filter(|names| !names.is_empty()) {
        let names: Vec<&str> = names.keys().map(String::as_str).collect();
        lines.push(("parameters".to_owned(), names.join(", ")));
    }
    lines
}

/// Which answers are retried, and which of them are not.
fn retries(kinds: &Value, client: &Table) -> String {
    let kinds = Some(inside(kinds)).filter(|kinds| !kinds.is_empty());
    let part = |key: &str| client.get(key).map(inside);
    let hinted = part("only-with-hint").map(|kinds| format!("{kinds} where the hint is there"));
    let parts = [
        Some(kinds.into_iter().chain(hinted).collect::<Vec<_>>().join("; "))
            .filter(|all| !all.is_empty())
            .or_else(|| Some("none".to_owned())),
        part("except").map(|kinds| format!("but not {kinds}")),
        part("methods").map(|names| format!("only {names}")),
        part("force").map(|header| format!("{header} overrides that")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The headers that a client looks at, then how it heeds them.
fn heeds(hint: &Table) -> String {
    let headers = hint.get("headers").and_then(Value::as_array);
    let header = |header: &Value| {
        let name = header.get("name").map(inside).unwrap_or_default();
        match header.get("form") {
            Some(Value::Array(forms)) => {
                let forms: Vec<String> = forms.iter().map(inside).collect();
                format!("{name} ({})", forms.join(" or "))
            }
            Some(form) if form.as_str() != Some("delta") => format!("{name} ({})", inside(form)),
            _ => name,
        }
    };
    let headers: Vec<String> = headers.into_iter().flatten().map(header).collect();
    let rest = hint.iter().filter(|(key, _)| *key != "headers");
    let rest = rest.map(|(key, said)| format!("{key} {}", inside(said)));
    std::iter::once(headers.join(", ")).chain(rest).collect::<Vec<_>>().join("; ")
}

/// A value without its outer braces.
fn inside(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().any(Value::is_table) => {
            items.iter().map(inside).collect::<Vec<_>>().join("; ")
        }
        Value::Array(items) => listed(items),
        Value::Table(table) => match table.iter().next() {
            Some((key, Value::Table(only))) if table.len() == 1 && !only.is_empty() => {
                format!("{key}: {}", pairs(only))
            }
            Some((key, only)) if table.len() == 1 => {
                format!("{key} {}", inside(only)).trim_end().to_owned()
            }
            _ => pairs(table),
        },
        other => other.to_string(),
    }
}

fn pairs(table: &Table) -> String {
    let pair = |(key, value): (&String, &Value)| match value {
        Value::Table(inner) if inner.is_empty() => key.clone(),
        Value::Array(items) if items.len() < 2 && !items.iter().any(Value::is_table) => {
            format!("{key} {}", inside(value))
        }
        Value::Table(_) | Value::Array(_) => format!("{key} ({})", inside(value)),
        other => format!("{key} {}", inside(other)),
    };
    table.iter().map(pair).collect::<Vec<_>>().join(", ")
}

/// The elements of a list. Error codes are counted where they are many: their
/// names are the file's.
fn listed(items: &[Value]) -> String {
    let texts: Vec<String> = items.iter().map(inside).collect();
    let (codes, mut others): (Vec<_>, Vec<_>) =
        texts.into_iter().partition(|text| text.starts_with("code "));
    match codes.len() {
        0..4 => others.extend(codes),
        many => others.push(format!("{many} error codes")),
    }
    others.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_retried_may_be_nothing_or_hang_on_a_hint() {
        let told = |text: &str| policy(&text.parse().unwrap())[1].1.clone();
        assert_eq!(told("retries = []"), "none");
        let hinted = told("retries = ['5xx']\nonly-with-hint = ['403', '429']\nexcept = ['501']");
        assert_eq!(hinted, "5xx; 403, 429 where the hint is there; but not 501");
    }

    #[test]
    fn every_part_of_a_file_is_told_once() {
        let text = r#"
name = "x"
title = "not here"
library = "x"
retries = ["429", "code A", "code B", "code C", "code D"]
except = ["501"]
methods = ["GET", "HEAD"]
force = "x-should-retry"
wait = { exponential = { base = "0.5s", cap = "8s" } }
jitter = { multiply = [1.0, 0.75] }
longest = "20s"
source = "https://example.org"
hint = { headers = [{ name = "a-ms", form = "millis" }, { name = "Retry-After", form = ["integer", "date"] }], on = ["429", "503"], combine = { within = "5s" } }
[[class]]
of = ["429", "5xx"]
attempts = 2
[[budget]]
aws-quota = { capacity = 500, costs = [{ of = ["429"], cost = 5 }] }
[[pace]]
aws-cubic = {}
[parameters]
b = { sets = "x" }
a = { sets = "y" }
"#;
        let lines: Vec<String> = policy(&text.parse().unwrap())
            .into_iter()
            .map(|(key, said)| format!("{key} = {said}"))
            .collect();
        let wanted = [
            "attempts = no end",
            "retries = 429, 4 error codes; but not 501; only GET, HEAD; \
             x-should-retry overrides that",
            "wait = exponential: base 0.5s, cap 8s",
            "jitter = multiply 1.0, 0.75",
            "hint = a-ms (millis), Retry-After (integer or date); combine within 5s; on 429, 503",
            "class = attempts 2, of (429, 5xx)",
            "budget = aws-quota: capacity 500, costs (cost 5, of 429)",
            "longest = 20s",
            "pace = aws-cubic",
            "parameters = a, b",
        ];
        assert_eq!(lines, wanted);
    }
}
