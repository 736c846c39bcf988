//! What faults say: the wrong thing in the writer's words, then what to write.

use super::stop::Why;
use super::tree::{Entry, Kind, Node};
use crate::scenario::fault::{Fault, boundary};
use crate::scenario::nearest::{listed, nearest};

/// Names shown of a list of fields, at most.
const NAMES: usize = 12;

/// Bytes of a value shown in a message, at most.
const SHORT: usize = 32;

/// A key that no field has.
pub(super) fn unknown(entry: &Entry, known: &[&str]) -> Fault {
    let kind = if matches!(entry.value.kind, Kind::Table(_)) { "table" } else { "field" };
    Fault::new(entry.at.clone(), format!("unknown {kind} `{}`", entry.key)).with_help(names(
        &entry.key,
        known,
        "known here",
    ))
}

/// "did you mean `burst`? known here: burst, rate".
fn names(name: &str, known: &[&str], title: &str) -> String {
    let all = format!("{title}: {}", listed(known.iter().copied(), NAMES));
    match nearest(name, known.iter().copied()).first() {
        Some(meant) => format!("did you mean `{meant}`? {all}"),
        None if known.is_empty() => "nothing can be set here: leave it out".to_owned(),
        None => all,
    }
}

/// A key that the model refuses.
pub(super) fn key(entry: &Entry, why: &Why) -> Fault {
    let (message, help) = match why {
        Why::Said(said) => halves(said),
        Why::Variant(given, known) => {
            (format!("unknown key `{given}`"), Some(names(given, known, "known here")))
        }
        _ => (format!("`{}` cannot be a key here", entry.key), None),
    };
    Fault { at: entry.at.clone(), message, help }
}

/// A value that the model refuses; `entry` is the one it belongs to.
pub(super) fn value(node: &Node, entry: Option<&Entry>, why: &Why, text: &str) -> Fault {
    let wrote = shortened(text.get(node.span.clone()).unwrap_or(""));
    let name = match entry {
        Some(entry) => format!("`{}`", entry.key),
        None => "this".to_owned(),
    };
    let is = kind_of(node, &wrote);
    let (message, help) = match why {
        Why::Said(said) => halves(said),
        Why::Kind(_) if matches!(node.kind, Kind::Outsized) => (format!("{is} is too large"), None),
        Why::Kind(wants) => (
            format!("{name} wants {}, not {is}", wanted(wants)),
            headed(text, node, entry).filter(|_| wants == "a sequence"),
        ),
        Why::Fields(_) if matches!(node.kind, Kind::List(_)) => {
            (format!("{name} wants one table, not a list"), headed(text, node, entry))
        }
        Why::Fields(fields) => (
            format!("{name} wants a table, not {is}"),
            Some(format!(
                "write `{{ ... }}` with these fields: {}",
                listed(fields.iter().copied(), NAMES)
            )),
        ),
        Why::Range(wants) => {
            (format!("{is} is out of range"), Some(format!("write {}", range(wants))))
        }
        Why::Length(length, wants) => (
            format!("{name} has {length} item{}", if *length == 1 { "" } else { "s" }),
            Some(format!("it wants {}", items(wants))),
        ),
        Why::Variant(given, known) => {
            (format!("unknown choice `{}`", shortened(given)), Some(names(given, known, "choices")))
        }
        Why::OneOf(variants) => one_of(&name, node, variants),
        Why::Alone(variant) => (
            format!("`{variant}` needs its settings"),
            Some(format!("write `{{ {variant} = {{ ... }} }}`")),
        ),
        Why::NoContent(variant) => {
            (format!("`{variant}` has no settings"), Some(format!("write \"{variant}\"")))
        }
        Why::Missing(_) | Why::Known | Why::Become(_) => (format!("{name} is wrong"), None),
    };
    Fault { at: node.span.clone(), message, help }
}

/// Single for double brackets around a header, or the other way round.
fn headed(text: &str, node: &Node, entry: Option<&Entry>) -> Option<String> {
    let key = &entry?.key;
    match text.get(node.span.clone())? {
        header if header.starts_with("[[") => Some(format!("write `[{key}]`, once")),
        header if header.starts_with('[') => Some(format!("write `[[{key}]]`")),
        _ => None,
    }
}

fn one_of(name: &str, node: &Node, variants: &[&str]) -> (String, Option<String>) {
    let given: Vec<&str> = node.entries().iter().map(|entry| entry.key.as_str()).collect();
    let message = match &node.kind {
        Kind::Table(_) if given.is_empty() => format!("{name} is empty"),
        Kind::Table(_) => format!("{name} has several: {}", listed(given, NAMES)),
        _ => format!("{name} wants a name or a table"),
    };
    let help = listed(variants.iter().copied(), NAMES);
    (message, Some(format!("give exactly one of: {help}")))
}

/// What to write, now that it is known what the model takes here: `stand_in` is
/// what it took, `wrote` what it refused.
pub(super) fn advice(
    why: &Why,
    wrote: &str,
    key: Option<&str>,
    stand_in: Option<&Node>,
) -> Option<String> {
    let sample = stand_in.and_then(sample);
    match (why, sample) {
        (Why::Missing(field), None) => Some(format!("add `{field} = ...`")),
        (Why::Missing(field), Some(sample)) if sample.starts_with("[{") => {
            Some(format!("add a `[[{field}]]` table"))
        }
        (Why::Missing(field), Some(sample)) => Some(format!("add it, like `{field} = {sample}`")),
        (Why::Kind(wants), Some(sample)) => {
            let text = wrote.trim();
            let bare = is_number(text) && wants.contains("string");
            Some(match sample.as_str() {
                "\"1s\"" if bare => format!(
                    "write it with its unit in quotes, like \"{text}s\", \"{text}ms\" or \"{text}min\""
                ),
                "\"1/s\"" if bare => {
                    format!("write it with its unit in quotes, like \"{text}/s\" or \"{text}/min\"")
                }
                "\"...\"" if !text.is_empty() && !text.contains(['"', '\'', '{', '[']) => {
                    format!("put it in quotes: \"{text}\"")
                }
                whole if bare_whole(text) && is_number(whole) => {
                    let text = text.trim_end_matches('0').trim_end_matches('.');
                    format!("write it without decimals: {text}")
                }
                list if list.starts_with("[\"") && wrote.starts_with('"') => {
                    format!("put it in brackets: [{wrote}]")
                }
                _ => match key {
                    Some(key) => format!("write it like `{key} = {sample}`"),
                    None => format!("write it like {sample}"),
                },
            })
        }
        _ => None,
    }
}

pub(super) fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || "._".contains(c))
}

/// Whether a number is whole and has decimals all the same.
fn bare_whole(text: &str) -> bool {
    let decimals = text.split_once('.').map(|(_, decimals)| decimals);
    is_number(text) && decimals.is_some_and(|d| d.bytes().all(|digit| digit == b'0'))
}

/// A value as somebody would write it; `None` for one that never found its shape.
fn sample(node: &Node) -> Option<String> {
    Some(match &node.kind {
        Kind::Text(text) => format!("\"{text}\""),
        Kind::Whole(number) => number.to_string(),
        Kind::Fraction(number) => format!("{number:?}"),
        Kind::Flag(flag) => flag.to_string(),
        Kind::List(items) => match items.first().map(sample) {
            Some(item) => format!("[{}]", item?),
            None => "[]".to_owned(),
        },
        Kind::Table(entries) => {
            let each = entries.iter().map(|entry| {
                let value = sample(&entry.value)?;
                Some(format!("{} = {value}", entry.key))
            });
            let all = each.collect::<Option<Vec<_>>>()?.join(", ");
            if all.len() > 50 || all.is_empty() {
                "{ ... }".to_owned()
            } else {
                format!("{{ {all} }}")
            }
        }
        Kind::Date | Kind::Outsized | Kind::StandIn => return None,
    })
}

/// Splits a model's own words, `what is wrong: what to write`, outside of backticks.
fn halves(said: &str) -> (String, Option<String>) {
    let mut quoted = false;
    for (place, c) in said.char_indices() {
        quoted ^= c == '`';
        if !quoted && said[place..].starts_with(": ") {
            let (wrong, help) = said.split_at(place);
            return (wrong.to_owned(), Some(help[2..].to_owned()));
        }
    }
    (said.to_owned(), None)
}

fn kind_of(node: &Node, wrote: &str) -> String {
    match &node.kind {
        Kind::Text(_) => format!("the text {wrote}"),
        Kind::Whole(_) | Kind::Fraction(_) | Kind::Outsized => format!("the number `{wrote}`"),
        Kind::Flag(_) => format!("`{wrote}`"),
        Kind::Date => "a bare date".to_owned(),
        Kind::List(_) => "a list".to_owned(),
        Kind::Table(_) => "a table".to_owned(),
        Kind::StandIn => "this".to_owned(),
    }
}

/// serde's names of types in the writer's words.
fn wanted(expected: &str) -> String {
    match expected {
        "a string" | "a borrowed string" | "string" => "text in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list in brackets".to_owned(),
        "a map" => "a table".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
        | "usize" => "a whole number".to_owned(),
        other => match other.split_once(' ') {
            Some(("a", kind)) if kind.starts_with("nonzero") => "a whole number".to_owned(),
            Some(("struct" | "enum", _)) => "a table".to_owned(),
            _ => other.to_owned(),
        },
    }
}

fn range(expected: &str) -> String {
    let most = match expected.rsplit(' ').next().unwrap_or("") {
        "u8" => u64::from(u8::MAX),
        "u16" => u64::from(u16::MAX),
        "u32" => u64::from(u32::MAX),
        "u64" | "usize" => u64::MAX,
        _ => return expected.to_owned(),
    };
    let least = u8::from(expected.contains("nonzero"));
    format!("a whole number from {least} to {most}")
}

fn items(expected: &str) -> String {
    let digits = expected.rsplit(' ').next().unwrap_or("");
    match digits.parse::<usize>() {
        Ok(1) => "1 item".to_owned(),
        Ok(number) => format!("{number} items"),
        Err(_) => expected.to_owned(),
    }
}

/// A piece of a text on one line, cut when it is long.
pub(super) fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.len() <= SHORT && line.len() == text.trim_end().len() {
        return line.to_owned();
    }
    format!("{}...", &line[..boundary(line, SHORT)])
}
