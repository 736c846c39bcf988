//! The grammar of conditions.
//!
//! ```text
//! condition := every ("or" every)*
//! every     := term ("and" term)*
//! term      := "(" condition ")" | METRIC COMPARISON VALUE ["of" CLIENT]
//! ```
//!
//! A value has the unit of its metric: a bare number of seconds is refused, as
//! everywhere else.

use super::condition::{Comparison, Subject, Term, Tree};
use super::list::{Measured, Unit};
use crate::time::Span;

/// How deep parentheses may stand in each other.
const DEEPEST: usize = 16;

/// How much alike names must be to be meant by each other.
const ALIKE: f64 = 0.75;

/// Reads a condition.
pub(super) fn read<M: Measured>(text: &str) -> Result<Tree<M>, String> {
    let mut reader = Reader { text, rest: text, depth: 0 };
    let tree = reader.any()?;
    match reader.word() {
        None => Ok(tree),
        Some(word) => Err(reader.wrong(&format!("`{word}` follows it"), "join with and, or")),
    }
}

/// A text that is read from its beginning.
struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn any<M: Measured>(&mut self) -> Result<Tree<M>, String> {
        self.joined("or", Self::all, Tree::Any)
    }

    fn all<M: Measured>(&mut self) -> Result<Tree<M>, String> {
        self.joined("and", Self::term, Tree::All)
    }

    fn joined<M>(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Tree<M>, String>,
        join: fn(Vec<Tree<M>>) -> Tree<M>,
    ) -> Result<Tree<M>, String> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { join(parts) })
    }

    fn term<M: Measured>(&mut self) -> Result<Tree<M>, String> {
        if !self.take("(") {
            return self.comparison().map(Tree::Term);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("it has too many parentheses", "write fewer"));
        }
        let tree = self.any()?;
        self.depth -= 1;
        if self.take(")") { Ok(tree) } else { Err(self.wrong("a `)` is missing", "close it")) }
    }

    fn comparison<M: Measured>(&mut self) -> Result<Term<M>, String> {
        let name = self.word().unwrap_or("");
        let metric = M::find(name).ok_or_else(|| self.no_metric::<M>(name))?;
        let comparison = self.operator().ok_or_else(|| {
            let how = format!("write {name} <= {}", metric.unit().example());
            self.wrong(&format!("`{name}` is compared with nothing"), &how)
        })?;
        let written = self.word().unwrap_or("");
        let share = if written.ends_with('%') { metric.as_share() } else { None };
        let metric = share.unwrap_or(metric);
        let value = value(written, metric.unit()).ok_or_else(|| {
            let how = format!("write one like {}", metric.unit().example());
            self.wrong(&format!("`{written}` is no value of {}", metric.name()), &how)
        })?;
        let of = if self.take("of") { Some(self.client()?) } else { None };
        Ok(Term { subject: Subject { metric, of }, comparison, value })
    }

    fn client(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        if let Some((name, rest)) = quoted {
            self.rest = rest;
            return Ok(name.to_owned());
        }
        // A client's name may have parameters in parentheses.
        let mut depth = 0_usize;
        let ends = |c: char| {
            match c {
                '(' => depth += 1,
                ')' if depth == 0 => return true,
                ')' => depth -= 1,
                _ => return c.is_whitespace() && depth == 0,
            }
            false
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.wrong("`of` names no client", "write of naive"));
        }
        self.rest = &rest[end..];
        Ok(rest[..end].to_owned())
    }

    /// The next word, which ends where a blank, an operator or a parenthesis begins.
    fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest.trim_start();
        let ends = |c: char| c.is_whitespace() || "<>=!()".contains(c);
        let end = match rest.find(ends) {
            Some(0) => rest.chars().next()?.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        self.rest = &rest[end..];
        (end > 0).then(|| &rest[..end])
    }

    /// Takes a word or a parenthesis, if it is the next.
    fn take(&mut self, word: &str) -> bool {
        let before = self.rest;
        let is_next = self.word().is_some_and(|next| next.eq_ignore_ascii_case(word));
        if !is_next {
            self.rest = before;
        }
        is_next
    }

    fn operator(&mut self) -> Option<Comparison> {
        let rest = self.rest.trim_start();
        let (sign, comparison) = [
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<", Comparison::Below),
            (">", Comparison::Above),
        ]
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign))?;
        self.rest = &rest[sign.len()..];
        Some(comparison)
    }

    fn no_metric<M: Measured>(&self, name: &str) -> String {
        let written = name.replace('_', "-");
        let names = M::all().iter().flat_map(|m| m.aliases().iter().copied().chain([m.name()]));
        let alike = names.map(|known| (strsim::jaro_winkler(&written, known), known));
        let nearest = alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(alike, _)| *alike > ALIKE);
        let help = nearest.map_or_else(
            || "see `tollgate list metrics`".to_owned(),
            |(_, known)| format!("did you mean {known}? see `tollgate list metrics`"),
        );
        self.wrong(&format!("there is no metric `{name}`"), &help)
    }

    fn wrong(&self, why: &str, help: &str) -> String {
        format!("`{}` is not a condition: {why}; {help}", self.text)
    }
}

/// A value in the unit of its metric.
fn value(text: &str, unit: Unit) -> Option<f64> {
    let number = |text: &str| {
        let digits = text.replace('_', "");
        let is_number = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        digits.parse::<f64>().ok().filter(|_| is_number)
    };
    match unit {
        Unit::Count | Unit::Ratio => number(text),
        Unit::PerSecond => number(text.strip_suffix("/s")?),
        Unit::Share => match text.strip_suffix('%') {
            Some(percent) => number(percent).map(|percent| percent / 100.0),
            None => number(text),
        },
        Unit::Seconds => text.parse::<Span>().ok().map(|span| span.0 as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Condition, Metric};
    use super::*;

    fn bounds(text: &str) -> Vec<(String, Comparison, f64)> {
        let condition: Condition = text.parse().unwrap();
        let bounds = condition.bounds().into_iter();
        let line = |(subject, comparison, value): (&Subject, _, _)| {
            let of = subject.of.as_ref().map_or(String::new(), |of| format!(" of {of}"));
            (format!("{}{of}", subject.metric.name()), comparison, value)
        };
        bounds.map(line).collect()
    }

    #[test]
    fn values_have_the_unit_of_their_metric() {
        assert_eq!(
            bounds("rejected_share <= 1.5% and p99_wait<2s and goodput >= 1_000/s"),
            [
                ("429-share".to_owned(), Comparison::AtMost, 0.015),
                ("wait-p99".to_owned(), Comparison::Below, 2.0),
                ("goodput".to_owned(), Comparison::AtLeast, 1_000.0),
            ]
        );
        for wrong in ["p99_wait > 2", "429s > 5%", "goodput > 5", "429-share > -1%", "jain > inf"] {
            let error = wrong.parse::<Condition>().unwrap_err();
            assert!(error.contains("is no value of"), "{error}");
        }
    }

    #[test]
    fn a_client_is_named_with_its_parameters() {
        let of = |text| bounds(text)[0].0.clone();
        assert_eq!(of("429s > 5 of urllib3(total=3, x=1)"), "429s of urllib3(total=3, x=1)");
        assert_eq!(of("(429s > 5 of naive)"), "429s of naive");
        assert_eq!(of("429s > 5 of \"my own client\" or jain < 1"), "429s of my own client");
    }

    #[test]
    fn and_binds_closer_than_or() {
        let tree = |text: &str| read::<Metric>(text).unwrap();
        let term = |text: &str| tree(text);
        let (a, b, c) = (term("calls > 1"), term("calls > 2"), term("calls > 3"));
        let and = Tree::All(vec![b.clone(), c.clone()]);
        assert_eq!(tree("calls > 1 or calls > 2 and calls > 3"), Tree::Any(vec![a.clone(), and]));
        let or = Tree::Any(vec![a, b]);
        assert_eq!(tree("(calls > 1 or calls > 2) AND calls > 3"), Tree::All(vec![or, c]));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_write() {
        for (text, told) in [
            ("", "there is no metric ``"),
            ("rejected_shar > 1%", "did you mean rejected-share?"),
            ("jain", "`jain` is compared with nothing"),
            ("jain = 1", "`jain` is compared with nothing"),
            ("jain < 1 jain > 2", "`jain` follows it"),
            ("(jain < 1", "a `)` is missing"),
            ("jain < 1)", "`)` follows it"),
            ("jain < 1 of", "names no client"),
            ("jain < 1 and", "there is no metric ``"),
        ] {
            let error = text.parse::<Condition>().unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
        assert!("(".repeat(40).parse::<Condition>().unwrap_err().contains("too many parentheses"));
    }
}
