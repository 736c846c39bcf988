//! The retry loop in a client's file: waits, jitter, what responses ask for.

use serde::Deserialize;
use toml::Spanned;

use super::{AnswerKind, OneOrMore, UpTo};
use crate::client::{Combine, Form, Most, Presence, Schedule};
use crate::time::Span;

pub(super) fn never() -> Span {
    Span::NEVER
}

/// What is random about a wait.
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Jitter {
    /// Nothing.
    #[default]
    None,
    /// Uniform from nothing to all of it.
    Full,
    /// Uniform from half to all of it.
    Equal,
    /// Plus uniform up to this, or between the two.
    Add(UpTo),
    /// Times uniform between the two; the first is for the smallest draw.
    Multiply(f64, f64),
    /// Plus a power of uniform up to a span, in seconds.
    AddPower {
        /// Up to this.
        span: Span,
        /// To this power.
        exponent: u32,
    },
    /// Uniform between this and the wait.
    From(Span),
    /// A whole multiple of this, evenly from 0 to the wait.
    Whole(Span),
    /// Times uniform from 1 to 1 and this.
    Stretch(f64),
    /// Uniform around the wait.
    Around {
        /// A share of the wait, to both sides.
        #[serde(default)]
        share: f64,
        /// And so much, to both sides.
        #[serde(default)]
        span: Span,
        /// And so much beyond the longer end.
        #[serde(default)]
        over: Span,
    },
    /// Less up to so many whole per cents, or plus half of them to all.
    Percent(u32),
    /// Plus up to this share, of which whole seconds are cut to whole seconds.
    AddSubsecond(f64),
}

/// Whether calls draw anew or all the same.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draws {
    /// Each call draws for itself.
    #[default]
    PerCall,
    /// Every call of a client draws the same.
    Replayed,
}

/// What the caller gets when the client gives up.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Raises {
    /// At these answers; without it, at all.
    #[serde(default)]
    pub of: Vec<AnswerKind>,
    /// This error.
    pub error: String,
    /// Only where such an answer is retried: else the caller gets the response.
    #[serde(default)]
    pub retried: bool,
}

/// The waits that responses ask for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hint {
    /// The headers that it looks at, the first readable one counts.
    pub headers: Vec<HintHeader>,
    /// On which answers; without it, on all that are retried.
    #[serde(default)]
    pub on: Option<Vec<AnswerKind>>,
    /// How it meets the client's own wait.
    #[serde(default)]
    pub combine: Combine,
    /// What is random about obeying.
    #[serde(default)]
    pub jitter: Jitter,
    /// To whole seconds.
    #[serde(default)]
    pub round: Option<Up>,
    /// What bounds it.
    #[serde(default)]
    pub limit: Option<Most>,
    /// At a number 0; without it, at once.
    #[serde(default)]
    pub zero: Option<Otherwise>,
    /// At a date gone by; without it, as zero.
    #[serde(default)]
    pub past: Option<Otherwise>,
    /// At a number below 0; without it, as zero.
    #[serde(default)]
    pub negative: Option<Otherwise>,
    /// At what cannot be read; without it, as if it were not there.
    #[serde(default)]
    pub bad: Option<Otherwise>,
    /// What counts as a hint for `only-with-hint`.
    #[serde(default)]
    pub presence: Presence,
    /// Only where this header counts nothing left.
    #[serde(default)]
    pub when_zero: Option<String>,
    /// The schedule begins anew after it.
    #[serde(default)]
    pub restarts: bool,
}

/// A header that may ask for a wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HintHeader {
    /// Its name.
    pub name: String,
    /// How it is read.
    #[serde(default)]
    pub form: OneOrMore<Form>,
    /// At a number 0; without it, as the hint says.
    #[serde(default)]
    pub zero: Option<Otherwise>,
    /// At what cannot be read, likewise.
    #[serde(default)]
    pub bad: Option<Otherwise>,
}

/// A direction of rounding.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Up {
    /// Up.
    Up,
}

/// What becomes of a value that is no wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Otherwise {
    /// The next header counts, or the schedule.
    Schedule,
    /// It retries at once.
    Immediate,
    /// It retries no more.
    GiveUp,
    /// It fails with this error.
    Fail(String),
    /// It waits so long.
    Wait(Span),
}

/// Copies of an attempt, up to `attempts` in all.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hedge {
    /// The next leaves so long after the last.
    pub after: Span,
}

/// What differs for some answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Class {
    /// For these.
    pub of: Vec<AnswerKind>,
    /// The most attempts of a call that ends in one of them.
    #[serde(default)]
    pub attempts: Option<Spanned<u32>>,
    /// Attempts without end, which leave those that are left alone.
    #[serde(default)]
    pub endless: bool,
    /// The wait before the retry.
    #[serde(default)]
    pub wait: Option<Schedule>,
    /// What is random about it.
    #[serde(default)]
    pub jitter: Option<Jitter>,
}
