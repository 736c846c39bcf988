//! Lines whose fields lie between fixed texts, as nginx's `log_format` says.
//!
//! `$remote_addr - $remote_user [$time_local] "$request" $status` is cut at the
//! texts between its variables: a variable ends where the text after it begins.
//! Within double quotes a quote after a backslash ends nothing (Apache writes
//! those; nginx writes `\x22`).

use std::fmt;

use memchr::memmem::Finder;

/// Why a format is no format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PatternError {
    /// Nothing in it varies.
    NoVariable,
    /// Two variables follow each other, and no line says where one ends.
    Touching(String, String),
    /// A `$` is followed by no name.
    Nameless,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatternError::NoVariable => f.write_str("it has no variable, such as $remote_addr"),
            PatternError::Touching(first, second) => {
                write!(
                    f,
                    "nothing stands between ${first} and ${second}, so no line can be cut there"
                )
            }
            PatternError::Nameless => f.write_str("a $ is followed by no name"),
        }
    }
}

impl std::error::Error for PatternError {}

/// A variable and the text that ends it.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    /// Empty where it goes to the end of the line.
    after: Finder<'static>,
    is_quoted: bool,
}

/// A format of lines.
#[derive(Clone, Debug)]
pub struct Pattern {
    before: Vec<u8>,
    parts: Vec<Part>,
}

/// Apache's and nginx's combined format.
pub(super) const COMBINED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status \
                            $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

/// The common format: the same without its last two fields.
pub(super) const COMMON: &str =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent";

impl Pattern {
    /// Reads a format, as it stands in nginx's configuration.
    pub fn read(format: &str) -> Result<Pattern, PatternError> {
        let (before, mut rest) = format.split_once('$').ok_or(PatternError::NoVariable)?;
        let mut parts: Vec<Part> = vec![];
        loop {
            let (name, after) = name(rest)?;
            let (text, next) = after.split_once('$').map_or((after, None), |(t, n)| (t, Some(n)));
            let is_quoted = text.starts_with('"');
            let finder = Finder::new(text.as_bytes()).into_owned();
            parts.push(Part { name: name.to_owned(), after: finder, is_quoted });
            let Some(next) = next else { break };
            if text.is_empty() {
                let second = self::name(next)?.0.to_owned();
                return Err(PatternError::Touching(name.to_owned(), second));
            }
            rest = next;
        }
        Ok(Pattern { before: before.as_bytes().to_vec(), parts })
    }

    /// The names of its variables, in the order of the line.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.name.as_str())
    }

    /// Cuts a line into the first `count` of its variables: where each begins and
    /// ends. `None` where the line is not of this format; behind those it is not
    /// looked at.
    #[inline]
    pub fn cut(&self, line: &[u8], count: usize, spans: &mut Vec<(usize, usize)>) -> Option<()> {
        spans.clear();
        let mut start = line.starts_with(&self.before).then_some(self.before.len())?;
        for part in &self.parts[..count] {
            let end = start + part.end(&line[start..])?;
            spans.push((start, end));
            start = end + part.after.needle().len();
        }
        Some(())
    }

    /// Whether a line is of this format from its beginning to its end.
    #[must_use]
    pub fn fits(&self, line: &[u8]) -> bool {
        let mut spans = vec![];
        let all = self.cut(line, self.parts.len(), &mut spans);
        let last = self.parts.last().map_or(0, |part| part.after.needle().len());
        all.is_some() && spans.last().map(|(_, end)| end + last) == Some(line.len())
    }
}

impl Part {
    /// Where its text in `rest` ends.
    #[inline]
    fn end(&self, rest: &[u8]) -> Option<usize> {
        let after = self.after.needle();
        let mut from = 0;
        loop {
            let found = match after {
                [] => return Some(rest.len()),
                [one] => memchr::memchr(*one, &rest[from..])?,
                _ => self.after.find(&rest[from..])?,
            };
            let end = from + found;
            if !self.is_quoted || !is_escaped(&rest[..end]) {
                return Some(end);
            }
            from = end + 1;
        }
    }
}

/// Whether an odd number of backslashes stands at the end.
#[inline]
fn is_escaped(text: &[u8]) -> bool {
    text.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The name of a variable, `name` or `{name}`, and what follows it.
fn name(text: &str) -> Result<(&str, &str), PatternError> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (name, rest) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}').ok_or(PatternError::Nameless)?,
        None => text.split_at(text.find(|c| !letter(c)).unwrap_or(text.len())),
    };
    if name.is_empty() || !name.chars().all(letter) {
        return Err(PatternError::Nameless);
    }
    Ok((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a b?q=1 HTTP/1.1" 200 203023 "http://x/" "Mozilla/5.0 (\"odd\")""#;

    fn cut<'l>(format: &str, line: &'l str) -> Option<Vec<&'l str>> {
        let pattern = Pattern::read(format).unwrap();
        let mut spans = vec![];
        pattern.cut(line.as_bytes(), pattern.names().count(), &mut spans)?;
        Some(spans.into_iter().map(|(start, end)| &line[start..end]).collect())
    }

    #[test]
    fn a_combined_line_is_cut_at_the_texts_between_its_fields() {
        let fields = cut(COMBINED, LINE).unwrap();
        assert_eq!(
            fields,
            [
                "83.149.9.216",
                "-",
                "17/May/2015:10:05:03 +0000",
                "GET /a b?q=1 HTTP/1.1",
                "200",
                "203023",
                "http://x/",
                r#"Mozilla/5.0 (\"odd\")"#
            ]
        );
        assert!(Pattern::read(COMBINED).unwrap().fits(LINE.as_bytes()));
        assert_eq!(cut(COMBINED, "83.149.9.216 - - [17/May"), None);
    }

    #[test]
    fn any_format_of_nginx_is_read() {
        let format = "${msec}s|$http_x_api_key|rt=$request_time";
        assert_eq!(cut(format, "1.5s|k|e|y|rt=0.1").unwrap(), ["1.5", "k|e|y", "0.1"]);
        for (format, error) in [
            ("none", PatternError::NoVariable),
            ("$a$b", PatternError::Touching("a".into(), "b".into())),
            ("$a $", PatternError::Nameless),
            ("${a", PatternError::Nameless),
        ] {
            assert_eq!(Pattern::read(format).unwrap_err(), error, "{format}");
        }
    }
}
