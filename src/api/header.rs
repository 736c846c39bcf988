//! Header schemes: what an API tells of a limit, and how it rounds it.

use serde::Deserialize;

use crate::http::{Field, HeaderId, Precision, Quota, Value};
use crate::limiter::View;
use crate::time::{Instant, SECOND, Span};

/// What a header tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// The quota, burst or slots.
    Limit,
    /// How much of it is left.
    Remaining,
    /// How much of it is used.
    Used,
    /// Used and limit: `32/40`.
    UsedOfLimit,
    /// When the limit is whole again.
    Reset(Form),
    /// When a refused request may come again.
    Wait(Form),
    /// The same ever: a scope, a resource, a reason, a number.
    Constant(Value),
    /// A structured field about a policy of this name.
    Structured {
        /// Which.
        field: Field,
        /// Its name among the API's texts.
        policy: u16,
        /// The length of its window, where it is told.
        window: Option<Span>,
    },
}

/// How a time is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// As what.
    pub notation: Notation,
    /// In which unit it is counted, and to which it is rounded.
    pub unit: Unit,
    /// How it is rounded.
    pub round: Round,
}

/// As what a time is written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notation {
    /// A number counted from now.
    #[default]
    Delta,
    /// A number counted from the Unix epoch.
    Epoch,
    /// An HTTP date.
    HttpDate,
    /// An RFC 3339 time.
    #[serde(rename = "rfc-3339")]
    Rfc3339,
    /// A duration such as `6m0s`, as Go prints it.
    Duration,
}

/// The unit of a time.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
pub enum Unit {
    /// Whole minutes.
    #[serde(rename = "min")]
    Minutes,
    /// Whole seconds.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Whole milliseconds.
    #[serde(rename = "ms")]
    Millis,
    /// Seconds with one decimal.
    #[serde(rename = "0.1s")]
    Tenths,
    /// Seconds with three decimals.
    #[serde(rename = "0.001s")]
    Thousandths,
}

impl Unit {
    /// In nanoseconds.
    const fn ns(self) -> u64 {
        match self {
            Unit::Minutes => 60 * SECOND,
            Unit::Seconds => SECOND,
            Unit::Tenths => SECOND / 10,
            Unit::Millis | Unit::Thousandths => SECOND / 1_000,
        }
    }
}

/// How a time is rounded to its unit.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Round {
    /// Up.
    #[default]
    Up,
    /// Down.
    Down,
    /// Down, and one more: never now, and up to a unit too late.
    DownPlusOne,
    /// Up, and at least one.
    AtLeastOne,
}

/// One header of a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderRule {
    /// Its name.
    pub name: HeaderId,
    /// What it tells.
    pub told: Told,
    /// Sent with refusals only, not with every response.
    pub rejects_only: bool,
}

impl HeaderRule {
    /// The value on the wire at the server's clock `now`; `wait` is that of the
    /// refusal. `None` where there is nothing to tell.
    #[must_use]
    pub fn value(&self, view: &View, wait: Span, now: Instant) -> Option<Value> {
        let integer = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let seconds = |span: Span| small(span.ceil_seconds());
        match self.told {
            Told::Limit => Some(integer(view.limit)),
            Told::Remaining => Some(integer(view.remaining?)),
            Told::Used => Some(integer(view.limit.saturating_sub(view.remaining?))),
            Told::UsedOfLimit => {
                let used = view.limit.saturating_sub(view.remaining?);
                Some(Value::Ratio(small(used), small(view.limit)))
            }
            Told::Reset(form) => Some(form.value(view.reset?, now)),
            Told::Wait(_) if wait == Span::NEVER => None,
            Told::Wait(form) => Some(form.value(wait, now)),
            Told::Constant(value) => Some(value),
            Told::Structured { field, policy, window } => {
                // Until more is available, which is sooner than whole again.
                let more =
                    if wait == Span::ZERO || wait == Span::NEVER { view.reset } else { Some(wait) };
                Some(Value::Structured(
                    field,
                    Quota {
                        policy,
                        limit: small(view.limit),
                        window: window.map_or(0, seconds),
                        remaining: small(view.remaining.unwrap_or(0)),
                        reset: more.map_or(0, seconds),
                    },
                ))
            }
        }
    }

    /// Whether the header is a list to which every limit adds its member.
    #[must_use]
    pub const fn is_list(&self) -> bool {
        matches!(
            self.told,
            Told::Structured { field: Field::Policy | Field::State | Field::Draft6Policy, .. }
        )
    }
}

impl Form {
    fn value(self, from_now: Span, now: Instant) -> Value {
        let ns = match self.notation {
            Notation::Delta | Notation::Duration => from_now.0,
            Notation::Epoch | Notation::HttpDate | Notation::Rfc3339 => now.after(from_now).0,
        };
        let unit = self.unit.ns();
        let count = match self.round {
            Round::Up => ns.div_ceil(unit),
            Round::Down => ns / unit,
            Round::DownPlusOne => ns / unit + 1,
            Round::AtLeastOne => ns.div_ceil(unit).max(1),
        };
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let rounded = signed(count.saturating_mul(unit));
        match (self.notation, self.unit) {
            (Notation::HttpDate, _) => Value::Date(rounded / signed(SECOND)),
            (Notation::Rfc3339, Unit::Minutes) => Value::Timestamp(rounded, Precision::Minute),
            (Notation::Rfc3339, _) => Value::Timestamp(rounded, Precision::Second),
            (Notation::Duration, _) => Value::Duration(rounded),
            (_, Unit::Tenths) => Value::Decimal(rounded, 1),
            (_, Unit::Thousandths) => Value::Decimal(rounded, 3),
            _ => Value::Integer(signed(count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(notation: Notation, unit: Unit, round: Round, from_now: u64) -> String {
        let view = View { limit: 60, remaining: Some(58), reset: Some(Span(from_now)) };
        let told = Told::Reset(Form { notation, unit, round });
        let rule = HeaderRule { name: HeaderId(0), told, rejects_only: false };
        // 2026-01-05T09:00:50Z and a bit.
        let now = Instant(1_767_603_650 * SECOND);
        rule.value(&view, Span::ZERO, now).unwrap().written(&[])
    }

    #[test]
    fn times_are_rounded_as_the_form_says() {
        use {Notation::*, Round::*, Unit::*};
        let part = 12_400_000_000;
        for (notation, unit, round, text) in [
            (Epoch, Seconds, Up, "1767603663"),
            (Epoch, Seconds, Down, "1767603662"),
            (Epoch, Millis, Up, "1767603662400"),
            (Epoch, Thousandths, Up, "1767603662.400"),
            (Delta, Seconds, Up, "13"),
            (Delta, Seconds, Down, "12"),
            (Delta, Seconds, DownPlusOne, "13"),
            (Delta, Tenths, Up, "12.4"),
            (HttpDate, Seconds, Up, "Mon, 05 Jan 2026 09:01:03 GMT"),
            (Rfc3339, Seconds, Up, "2026-01-05T09:01:03Z"),
            (Rfc3339, Minutes, Up, "2026-01-05T09:02Z"),
            (Duration, Seconds, Up, "13s"),
            (Duration, Millis, Up, "12.4s"),
        ] {
            assert_eq!(
                written(notation, unit, round, part),
                text,
                "{notation:?} {unit:?} {round:?}"
            );
        }
        assert_eq!(written(Delta, Seconds, AtLeastOne, 0), "1");
        assert_eq!(written(Delta, Seconds, DownPlusOne, SECOND), "2");
        assert_eq!(written(Duration, Seconds, Up, 360 * SECOND), "6m0s");
        assert_eq!(written(Duration, Millis, Up, 12_000_000), "12ms");
    }

    #[test]
    fn nothing_is_told_of_a_wait_that_nobody_knows() {
        let view = View { limit: 5, remaining: Some(0), reset: None };
        let form = Form { notation: Notation::Delta, unit: Unit::Seconds, round: Round::Up };
        let rule = HeaderRule { name: HeaderId(0), told: Told::Wait(form), rejects_only: true };
        assert_eq!(rule.value(&view, Span::NEVER, Instant(0)), None);
        assert_eq!(rule.value(&view, Span(1), Instant(0)), Some(Value::Integer(1)));
        assert_eq!(
            HeaderRule { told: Told::Reset(form), ..rule }.value(&view, Span(1), Instant(0)),
            None
        );
    }

    /// The examples of draft-ietf-httpapi-ratelimit-headers-10, and of those before it.
    #[test]
    fn structured_fields_are_those_of_the_drafts() {
        let view = View { limit: 100, remaining: Some(50), reset: Some(Span::seconds(30)) };
        let window = Some(Span::seconds(60));
        let texts = ["burst".to_owned()];
        for (field, text) in [
            (Field::Policy, "\"burst\";q=100;w=60"),
            (Field::State, "\"burst\";r=50;t=30"),
            (Field::Draft7, "limit=100, remaining=50, reset=30"),
            (Field::Draft6Policy, "100;w=60"),
            (Field::Draft3Limit, "100, 100;w=60"),
        ] {
            let told = Told::Structured { field, policy: 0, window };
            let rule = HeaderRule { name: HeaderId(0), told, rejects_only: false };
            let value = rule.value(&view, Span::ZERO, Instant(0)).unwrap();
            assert_eq!(value.written(&texts), text);
        }
    }
}
