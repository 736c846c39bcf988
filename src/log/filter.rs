//! Which requests are meant: `path ~ ^/api/ and status != 429`.
//!
//! ```text
//! filter := every ("or" every)*
//! every  := term ("and" term)*
//! term   := "not" term | "(" filter ")" | FIELD COMPARISON VALUE
//! ```
//!
//! `~` and `!~` are regular expressions; `<`, `<=`, `>` and `>=` compare numbers;
//! `==` and `!=` texts. A value with blanks or parentheses stands in quotes.

use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;

/// How deep parentheses may stand in each other.
const DEEPEST: usize = 16;

/// A filter, as it was written and as it is asked.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    fields: Vec<String>,
    tree: Tree,
}

#[derive(Clone, Debug)]
enum Tree {
    /// The field, by its number among those of the filter.
    Term(usize, Test),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
}

#[derive(Clone, Debug)]
enum Test {
    Like(Regex),
    Unlike(Regex),
    Is(String),
    IsNot(String),
    Below(f64),
    AtMost(f64),
    Above(f64),
    AtLeast(f64),
}

impl Filter {
    /// The fields that it looks at, each once.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Whether a request is meant whose fields are these, in the order of
    /// [`Filter::fields`].
    #[must_use]
    pub fn takes<'l>(&self, field: &dyn Fn(usize) -> &'l [u8]) -> bool {
        self.tree.takes(field)
    }
}

impl Tree {
    fn takes<'l>(&self, field: &dyn Fn(usize) -> &'l [u8]) -> bool {
        match self {
            Tree::Term(place, test) => test.takes(field(*place)),
            Tree::Not(tree) => !tree.takes(field),
            Tree::All(trees) => trees.iter().all(|tree| tree.takes(field)),
            Tree::Any(trees) => trees.iter().any(|tree| tree.takes(field)),
        }
    }
}

impl Test {
    fn takes(&self, text: &[u8]) -> bool {
        let number = || str::from_utf8(text).ok()?.parse::<f64>().ok();
        match self {
            Test::Like(pattern) => pattern.is_match(text),
            Test::Unlike(pattern) => !pattern.is_match(text),
            Test::Is(wanted) => text == wanted.as_bytes(),
            Test::IsNot(wanted) => text != wanted.as_bytes(),
            Test::Below(bound) => number().is_some_and(|number| number < *bound),
            Test::AtMost(bound) => number().is_some_and(|number| number <= *bound),
            Test::Above(bound) => number().is_some_and(|number| number > *bound),
            Test::AtLeast(bound) => number().is_some_and(|number| number >= *bound),
        }
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Filter, String> {
        let mut reader = Reader { text, rest: text, depth: 0, fields: vec![] };
        let tree = reader.any()?;
        if !reader.rest.trim().is_empty() {
            let why = format!("`{}` follows it; join with and, or", reader.rest.trim());
            return Err(reader.wrong(&why));
        }
        Ok(Filter { text: text.trim().to_owned(), fields: reader.fields, tree })
    }
}

/// As it was written.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text that is read from its beginning.
struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
    depth: usize,
    fields: Vec<String>,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Tree, String> {
        self.joined("or", Self::all, Tree::Any)
    }

    fn all(&mut self) -> Result<Tree, String> {
        self.joined("and", Self::term, Tree::All)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Tree, String>,
        join: fn(Vec<Tree>) -> Tree,
    ) -> Result<Tree, String> {
        let mut parts = vec![part(self)?];
        while self.take(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { join(parts) })
    }

    fn term(&mut self) -> Result<Tree, String> {
        let nests = self.take("not");
        if nests || self.take("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.wrong("it is nested too deeply"));
            }
            let tree = if nests { Tree::Not(Box::new(self.term()?)) } else { self.any()? };
            self.depth -= 1;
            if !nests && !self.take(")") {
                return Err(self.wrong("a `)` is missing"));
            }
            return Ok(tree);
        }
        let field = self.field()?;
        let test = self.test(&field)?;
        let place = self.fields.iter().position(|known| *known == field);
        let place = place.unwrap_or_else(|| {
            self.fields.push(field);
            self.fields.len() - 1
        });
        Ok(Tree::Term(place, test))
    }

    fn field(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let ends = |c: char| c.is_whitespace() || "<>=!~()\"".contains(c);
        let end = rest.find(ends).unwrap_or(rest.len());
        self.rest = &rest[end..];
        if end == 0 {
            return Err(self.wrong("a field is missing; write path ~ ^/api/"));
        }
        Ok(rest[..end].to_owned())
    }

    fn test(&mut self, field: &str) -> Result<Test, String> {
        let rest = self.rest.trim_start();
        let signs = ["!~", "==", "!=", "<=", ">=", "~", "=", "<", ">"];
        let Some(sign) = signs.into_iter().find(|sign| rest.starts_with(sign)) else {
            let why = format!("`{field}` is compared with nothing; write {field} != 429");
            return Err(self.wrong(&why));
        };
        self.rest = &rest[sign.len()..];
        let value = self.value()?;
        let pattern = || {
            Regex::new(&value)
                .map_err(|_| self.wrong(&format!("`{value}` is no regular expression")))
        };
        let number = || {
            let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| self.wrong(&format!("`{value}` is no number")))
        };
        Ok(match sign {
            "~" => Test::Like(pattern()?),
            "!~" => Test::Unlike(pattern()?),
            "==" | "=" => Test::Is(value),
            "!=" => Test::IsNot(value),
            "<" => Test::Below(number()?),
            "<=" => Test::AtMost(number()?),
            ">" => Test::Above(number()?),
            _ => Test::AtLeast(number()?),
        })
    }

    /// A value: a text in quotes, or all up to the next blank.
    fn value(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        for quote in ['"', '\''] {
            if let Some(quoted) = rest.strip_prefix(quote) {
                let (value, rest) =
                    quoted.split_once(quote).ok_or_else(|| self.wrong("a quote is not closed"))?;
                self.rest = rest;
                return Ok(value.to_owned());
            }
        }
        // A parenthesis that the value opened is its own.
        let mut depth = 0_usize;
        let ends = |c: char| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' if depth == 0 => true,
            ')' => {
                depth -= 1;
                false
            }
            c => c.is_whitespace(),
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        self.rest = &rest[end..];
        if end == 0 { Err(self.wrong("a value is missing")) } else { Ok(rest[..end].to_owned()) }
    }

    /// Takes a word or a parenthesis, if it is the next.
    fn take(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let is_letter = |c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '-';
        let is_next = rest.get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word))
            && !(word.chars().all(is_letter) && rest[word.len()..].starts_with(is_letter));
        if is_next {
            self.rest = &rest[word.len()..];
        }
        is_next
    }

    fn wrong(&self, why: &str) -> String {
        format!("`{}` is not a filter: {why}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(filter: &str, request: &[(&str, &str)]) -> bool {
        let filter: Filter = filter.parse().unwrap_or_else(|why: String| panic!("{why}"));
        let field = |place: usize| -> &[u8] {
            let name = &filter.fields()[place];
            let found = request.iter().find(|(known, _)| known == name);
            found.map_or(b"", |(_, text)| text.as_bytes())
        };
        filter.takes(&field)
    }

    #[test]
    fn requests_are_taken_by_their_fields() {
        let request = [("path", "/api/v1/users"), ("status", "429"), ("user", "")];
        for (filter, taken) in [
            ("path ~ ^/api/ and status != 429", false),
            ("path ~ ^/api/(v1|v2)/ and status == 429", true),
            ("(path ~ ^/api/ and status=429)", true),
            ("status >= 400 and status < 500", true),
            ("status < 400 or path !~ admin", true),
            ("not (status < 400 or path ~ users)", false),
            ("not status < 400", true),
            ("user == ''", true),
            ("bytes > 5", false),
            ("path ~ \"^/api/v1/users$\"", true),
            ("notes == 5 or status != 200", true),
        ] {
            assert_eq!(takes(filter, &request), taken, "{filter}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (filter, told) in [
            ("", "a field is missing"),
            ("path", "`path` is compared with nothing"),
            ("path ~ (", "is no regular expression"),
            ("status < x", "`x` is no number"),
            ("status == ", "a value is missing"),
            ("status == 1 path ~ x", "`path ~ x` follows it"),
            ("(status == 1", "a `)` is missing"),
            ("status == 'x", "a quote is not closed"),
        ] {
            let error = filter.parse::<Filter>().unwrap_err();
            assert!(error.contains(told), "{filter}: {error}");
        }
        assert!("not ".repeat(50).parse::<Filter>().unwrap_err().contains("too deeply"));
    }
}
