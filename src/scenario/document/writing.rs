//! What faults of writing say: text that is not TOML at all.

use std::ops::Range;

use super::syntax::line_at;
use super::wording::{is_number, shortened};
use crate::scenario::fault::Fault;

/// A fault of writing in `toml`'s words, or kinder ones where there are some.
pub(super) fn syntax(text: &str, at: &Range<usize>, said: &str) -> Fault {
    let (wrong, expected) = match said.split_once(", expected ") {
        Some((wrong, expected)) => (wrong, Some(expected)),
        None => (said, None),
    };
    let wrote = text.get(at.clone()).unwrap_or("").trim();
    let (message, help) = match wrong {
        "string values must be quoted" if wrote.is_empty() => (
            "there is no value after `=`".to_owned(),
            Some("write a number, \"text\", true, false, [...] or { ... }".to_owned()),
        ),
        "invalid boolean"
            if wrote.eq_ignore_ascii_case("true") || wrote.eq_ignore_ascii_case("false") =>
        {
            (
                format!("`{wrote}` is not a value"),
                Some("write true or false, in small letters".to_owned()),
            )
        }
        "string values must be quoted" | "invalid boolean" => (
            format!("`{}` is not a value", shortened(wrote)),
            Some(match wrote.split_once(' ') {
                Some((head, _)) if is_number(head) && in_brackets(text, at.start) => {
                    "put text in quotes, or a comma between two values".to_owned()
                }
                _ => format!("put text in quotes: \"{}\"", shortened(wrote)),
            }),
        ),
        "key with no value" | "missing assignment between key-value pairs" => {
            ("this key has no value".to_owned(), Some("write `key = value`".to_owned()))
        }
        "invalid basic string" | "invalid literal string" => (
            "this text has no closing quote".to_owned(),
            expected.map(|quote| format!("write {quote} at its end")),
        ),
        "unclosed array" => ("this list is never closed".to_owned(), Some(closing("]"))),
        "unclosed inline table" => ("this table is never closed".to_owned(), Some(closing("}"))),
        "unclosed table" => ("this header is never closed".to_owned(), Some(closing("]"))),
        "unclosed array table" => ("this header is never closed".to_owned(), Some(closing("]]"))),
        "unexpected leading zero" => {
            ("a number cannot begin with 0".to_owned(), Some("leave the zero out".to_owned()))
        }
        "cannot recurse further; max recursion depth met" | "recursion limit" => {
            ("this is nested deeper than 80".to_owned(), None)
        }
        _ => (wrong.to_owned(), expected.map(|what| format!("expected {what}"))),
    };
    Fault { at: at.clone(), message, help }
}

fn closing(with: &str) -> String {
    format!("write `{with}` at its end")
}

/// Whether a byte lies in a list or an inline table, as far as its line shows.
fn in_brackets(text: &str, at: usize) -> bool {
    let head = &text[line_at(text, at).start..at];
    head.contains(['{', '[']) || !head.contains('=')
}

/// A list, table or text that is opened in the first line of `entry`.
pub(super) fn unclosed(text: &str, entry: &Range<usize>) -> Option<Fault> {
    let first = line_at(text, entry.start);
    let line = &text[first.clone()];
    let value = first.start + line.find('=')? + 1;
    let value = value + text[value..].len() - text[value..].trim_start().len();
    let (what, close) = match &text[value..] {
        rest if rest.starts_with("\"\"\"") => ("text", "\"\"\""),
        rest if rest.starts_with("'''") => ("text", "'''"),
        rest if rest.starts_with('[') => ("list", "]"),
        rest if rest.starts_with('{') => ("table", "}"),
        _ => return None,
    };
    let end = first.start + line.trim_end().len();
    Some(Fault::new(value..end, format!("this {what} is never closed")).with_help(closing(close)))
}

/// A key or a table that was given before, at the byte `first`.
pub(super) fn duplicate(text: &str, at: &Range<usize>, first: Option<usize>) -> Fault {
    let key = text.get(at.clone()).unwrap_or("");
    let fault = Fault::new(at.clone(), format!("`{key}` is given twice"));
    match first {
        Some(first) => {
            let line = text[..first].matches('\n').count() + 1;
            fault.with_help(format!("the first is on line {line}: remove one"))
        }
        None => fault.with_help("remove one"),
    }
}
