//! Text for a terminal of 80 columns, and text that programs read again.

use std::borrow::Cow;

/// How wide screens are laid out, in columns.
pub const WIDTH: usize = 80;

/// Words in lines of at most [`WIDTH`] columns; lines after the first begin
/// with so many blanks. A word that is longer has a line for itself.
#[must_use]
pub fn wrap(text: &str, indent: usize) -> String {
    let mut lines: Vec<String> = vec![];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{:indent$}{word}", "")),
            None => lines.push(word.to_owned()),
        }
    }
    // A blank that is part of a number or a command kept its place until here.
    lines.join("\n").replace(KEPT, " ")
}

/// A blank at which [`wrap`] breaks no line.
pub const KEPT: char = '\u{a0}';

/// The text with blanks at which no line is broken.
#[must_use]
pub fn keep(text: &str) -> String {
    text.replace(' ', &KEPT.to_string())
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// The text with control characters, and what turns its direction, spelled
/// out, so that no name in a file can drive a terminal.
#[must_use]
pub fn visible(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A name as a cell of a table file: a spreadsheet would run a text that begins
/// like a formula, so that has an apostrophe before it.
#[must_use]
pub fn cell(name: &str) -> Cow<'_, str> {
    if name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{name}"))
    } else {
        Cow::Borrowed(name)
    }
}

/// An argument as a shell takes it.
#[must_use]
pub fn shell(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_kept_blanks_do_not_break() {
        let text = wrap(&format!("{}{}", "word ".repeat(16), keep("no break")), 2);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1], "  no break");
        assert!(lines.iter().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn no_name_drives_a_terminal_or_a_spreadsheet() {
        assert_eq!(visible("a\u{1b}[2J"), "a\\u{1b}[2J");
        assert_eq!(visible("gpj\u{202e}exe"), "gpj\\u{202e}exe");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("naive"), "naive");
    }

    #[test]
    fn a_shell_reads_an_argument_back() {
        assert_eq!(shell("a.b=5"), "a.b=5");
        assert_eq!(shell("x=[\"app\"]"), "'x=[\"app\"]'");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        let names: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        assert_eq!(listed(&names), "a, b and c");
        assert_eq!(listed(&names[..2]), "a and b");
    }
}
