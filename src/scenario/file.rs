//! The files that people write, as they are written: one module a kind of file.
//!
//! Keys are kebab-case, unknown ones are refused, and an algorithm is a key of
//! its own (`fixed-window = {...}`), so that an error points at the exact word.

pub mod cost;
pub mod header;
pub mod api;
pub mod preset;
pub mod retry;
pub mod budget;
pub mod client;
pub mod pace;
pub mod population;
pub mod scenario;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use crate::dist::Dist;
use crate::rng::Chance;
use crate::time::{Instant, Span};

/// A name, with its place in the file.
pub type Name = Spanned<String>;

/// What a vendor does not document: the field, and what else it could be.
pub type Assumed = BTreeMap<Name, Vec<toml::Value>>;

/// A share from 0 to 1, written as a number or as `"6%"`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Share(pub f64);

impl Share {
    /// The chance of that share.
    #[must_use]
    pub fn chance(self) -> Chance {
        Chance::new(self.0)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShareVisitor)
    }
}

struct ShareVisitor;

impl ShareVisitor {
    fn check<E: serde::de::Error>(share: f64, written: &dyn fmt::Display) -> Result<Share, E> {
        if (0.0..=1.0).contains(&share) {
            Ok(Share(share))
        } else {
            Err(E::custom(format!("`{written}` is not a share: write 0.06 or \"6%\", from 0 to 1")))
        }
    }
}

impl Visitor<'_> for ShareVisitor {
    type Value = Share;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a share from 0 to 1, like 0.06 or \"6%\"")
    }

    fn visit_f64<E: serde::de::Error>(self, share: f64) -> Result<Share, E> {
        Self::check(share, &share)
    }

    fn visit_i64<E: serde::de::Error>(self, share: i64) -> Result<Share, E> {
        Self::check(share as f64, &share)
    }

    fn visit_u64<E: serde::de::Error>(self, share: u64) -> Result<Share, E> {
        Self::check(share as f64, &share)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Share, E> {
        let number = text.trim().strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok());
        Self::check(number.map_or(f64::NAN, |percent| percent / 100.0), &text)
    }
}

/// A distribution of spans: `"90ms"`, or a table such as `{ exponential = "90ms" }`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Times(pub Dist);

/// The distributions that are written as tables.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Law {
    Constant(Span),
    Uniform(Span, Span),
    Exponential(Span),
    LogNormal { mean: Span, cv: f64 },
    Normal { mean: Span, sd: Span },
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimesVisitor)
    }
}

struct TimesVisitor;

impl<'de> Visitor<'de> for TimesVisitor {
    type Value = Times;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time like \"90ms\", or a table like { exponential = \"90ms\" }")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Times, E> {
        text.parse().map(|span| Times(Dist::Constant(span))).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Times, A::Error> {
        use serde::de::Error;
        let dist = match Law::deserialize(MapAccessDeserializer::new(map))? {
            Law::Constant(span) => Dist::Constant(span),
            Law::Uniform(low, high) if low <= high => Dist::Uniform(low, high),
            Law::Uniform(..) => {
                return Err(A::Error::custom(
                    "the first end of `uniform` is the later one: write the earlier first",
                ));
            }
            Law::Exponential(mean) => Dist::Exponential(mean),
            Law::LogNormal { mean, cv } if cv >= 0.0 && cv.is_finite() && mean > Span::ZERO => {
                Dist::log_normal(mean, cv)
            }
            Law::LogNormal { .. } => {
                return Err(A::Error::custom(
                    "`log-normal` needs a mean above zero and a cv from 0: write { mean = \"2s\", cv = 0.8 }",
                ));
            }
            Law::Normal { mean, sd } => Dist::Normal { mean, sd },
        };
        Ok(Times(dist))
    }
}

/// A point in time, RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Moment(pub Instant);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // Windows on the clock's grid begin before the run does, and nothing
        // begins before the epoch.
        const EARLIEST: Instant = Instant(946_684_800 * crate::time::SECOND);
        match text.parse()? {
            early if early < EARLIEST => {
                Err(format!("`{text}` is too early: write a time from the year 2000 on"))
            }
            moment => Ok(Moment(moment)),
        }
    }
}

/// A kind of answer: `429`, `5xx`, `refused`, `timeout` or `code WORD`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum AnswerKind {
    /// One that is known without the response's words.
    Plain(crate::client::Kind),
    /// A response with this error code.
    Code(String),
}

impl TryFrom<String> for AnswerKind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        use crate::client::Kind;
        let class = text
            .strip_suffix("xx")
            .and_then(|c| c.parse::<u16>().ok())
            .filter(|c| (1..=5).contains(c));
        let status = text.parse::<u16>().ok().filter(|s| (100..600).contains(s));
        if let Some(word) = text.strip_prefix("code ").filter(|word| !word.trim().is_empty()) {
            return Ok(AnswerKind::Code(word.trim().to_owned()));
        }
        match (text.as_str(), class, status) {
            ("refused", ..) => Ok(AnswerKind::Plain(Kind::Refused)),
            ("timeout", ..) => Ok(AnswerKind::Plain(Kind::Timeout)),
            (_, Some(class), _) => Ok(AnswerKind::Plain(Kind::Class(class))),
            (_, _, Some(status)) => Ok(AnswerKind::Plain(Kind::Status(status))),
            _ => Err(format!(
                "`{text}` is not a kind of answer: write 429, 5xx, refused, timeout or \
                 \"code WORD\""
            )),
        }
    }
}

/// One value, or a list of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor(std::marker::PhantomData))
    }
}

struct OneOrMoreVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMoreVisitor<T> {
    type Value = OneOrMore<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one, or a list of them")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMore<T>, E> {
        T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| OneOrMore(vec![one]))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<OneOrMore<T>, A::Error> {
        T::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            .map(|one| OneOrMore(vec![one]))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<OneOrMore<T>, A::Error> {
        Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(OneOrMore)
    }
}

/// Up to a span, or between two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UpTo(pub Span, pub Span);

impl<'de> Deserialize<'de> for UpTo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        match OneOrMore::<Span>::deserialize(deserializer)?.0.as_slice() {
            [most] => Ok(UpTo(Span::ZERO, *most)),
            [least, most] if least <= most => Ok(UpTo(*least, *most)),
            _ => Err(D::Error::custom(
                "this is no span and no two: write \"1s\", or [\"0.5s\", \"1s\"]",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_an_instant_that_windows_can_begin_before() {
        let moment = |text: &str| Moment::try_from(text.to_owned());
        assert!(moment("2026-01-05T09:00:00Z").is_ok());
        assert!(moment("1970-01-01T00:00:30Z").unwrap_err().contains("from the year 2000 on"));
        assert!(moment("soon").unwrap_err().contains("is not a time"));
    }

    #[test]
    fn kinds_of_answers_are_written_as_people_write_them() {
        let kind = |text: &str| AnswerKind::try_from(text.to_owned());
        assert_eq!(kind("429"), Ok(AnswerKind::Plain(crate::client::Kind::Status(429))));
        assert_eq!(kind("5xx"), Ok(AnswerKind::Plain(crate::client::Kind::Class(5))));
        assert_eq!(kind("refused"), Ok(AnswerKind::Plain(crate::client::Kind::Refused)));
        assert_eq!(kind("code Throttling"), Ok(AnswerKind::Code("Throttling".into())));
        for wrong in ["9xx", "42", "4294", "teapot", "code "] {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }
}
