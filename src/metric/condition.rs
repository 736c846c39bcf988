//! A condition on metrics, and whether it holds.
//!
//! `rejected_share <= 1%`, `p99_wait > 2s and served_share < 99% of naive`: one
//! grammar for the goals of `tune`, the thresholds of `compare` and the search
//! of `replay`. What was measured is known to an interval only, so there are two
//! answers: what the mean says, and what the whole interval says, which may be
//! that nothing can be said.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::grammar;
use super::list::{Measured, Metric, Unit};
use crate::stats::interval::Estimate;

/// A condition, as it was written and as it is judged.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(try_from = "String", bound = "M: Measured")]
pub struct Condition<M = Metric> {
    text: String,
    tree: Tree<M>,
}

/// Terms, joined.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Tree<M> {
    Term(Term<M>),
    All(Vec<Tree<M>>),
    Any(Vec<Tree<M>>),
}

/// A metric, perhaps of one client, or one limit, alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject<M = Metric> {
    /// What is measured.
    pub metric: M,
    /// Of which client or limit; `None` for the one that is judged.
    pub of: Option<String>,
}

/// `METRIC <= VALUE`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Term<M> {
    pub(super) subject: Subject<M>,
    pub(super) comparison: Comparison,
    /// In the unit of the metric.
    pub(super) value: f64,
}

/// How a metric is compared with a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Below => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Above => left > right,
            Comparison::AtLeast => left >= right,
            Comparison::Equal => left.total_cmp(&right) == Ordering::Equal,
            Comparison::Unequal => left.total_cmp(&right) != Ordering::Equal,
        }
    }

    /// Whether it holds all over an interval, nowhere in it, or here and there.
    fn holds_within(self, low: f64, high: f64, value: f64) -> Option<bool> {
        let (at_low, at_high) = (self.holds(low, value), self.holds(high, value));
        let ends = (at_low == at_high).then_some(at_low);
        let is_inside = low < value && value < high;
        match self {
            Comparison::Equal | Comparison::Unequal if is_inside => None,
            _ => ends,
        }
    }
}

/// What is known of a metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Level {
    /// A value with its interval, or the value of a single run.
    Known(Estimate),
    /// It is beyond every bound: in some run the call, or the work, never ended.
    Never,
}

impl Level {
    /// The value, or infinity.
    #[must_use]
    pub fn value(&self) -> f64 {
        match self {
            Level::Known(estimate) => estimate.mean,
            Level::Never => f64::INFINITY,
        }
    }
}

/// Whether a condition holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// As the means have it.
    pub by_mean: bool,
    /// As the intervals have it: `None` where both answers lie within them. Of a
    /// single run nothing is known for sure but what is infinite.
    pub for_sure: Option<bool>,
}

impl Judgement {
    fn of<M>(term: &Term<M>, level: Level) -> Judgement {
        let by_mean = term.comparison.holds(level.value(), term.value);
        let for_sure = match level {
            Level::Never => Some(by_mean),
            Level::Known(e) if e.has_interval() => {
                term.comparison.holds_within(e.low, e.high, term.value)
            }
            Level::Known(_) => None,
        };
        Judgement { by_mean, for_sure }
    }

    /// Kleene's three-valued and: one that does not hold decides.
    fn and(self, other: Judgement) -> Judgement {
        let for_sure = match (self.for_sure, other.for_sure) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        Judgement { by_mean: self.by_mean && other.by_mean, for_sure }
    }

    fn or(self, other: Judgement) -> Judgement {
        self.not().and(other.not()).not()
    }

    fn not(self) -> Judgement {
        Judgement { by_mean: !self.by_mean, for_sure: self.for_sure.map(|sure| !sure) }
    }
}

/// A condition names something that the runs do not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown<M = Metric>(pub Subject<M>);

impl<M: Measured> fmt::Display for Unknown<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no `{}` here", self.0.metric.name())?;
        self.0.of.as_ref().map_or(Ok(()), |client| write!(f, " of `{client}`"))
    }
}

impl<M: Measured> std::error::Error for Unknown<M> {}

impl<M: Measured> Condition<M> {
    /// Whether it holds where `level` says what is known of each metric.
    pub fn judge(
        &self,
        level: &dyn Fn(&Subject<M>) -> Option<Level>,
    ) -> Result<Judgement, Unknown<M>> {
        self.tree.judge(level)
    }

    /// What it is about, in the order written.
    #[must_use]
    pub fn subjects(&self) -> Vec<&Subject<M>> {
        self.terms().into_iter().map(|term| &term.subject).collect()
    }

    /// The bounds that it sets: each metric with the value it is compared with,
    /// in the unit of the metric.
    #[must_use]
    pub fn bounds(&self) -> Vec<(&Subject<M>, Comparison, f64)> {
        let terms = self.terms().into_iter();
        terms.map(|term| (&term.subject, term.comparison, term.value)).collect()
    }

    fn terms(&self) -> Vec<&Term<M>> {
        let mut terms = vec![];
        self.tree.collect(&mut terms);
        terms
    }
}

impl<M: Measured> Tree<M> {
    fn judge(&self, level: &dyn Fn(&Subject<M>) -> Option<Level>) -> Result<Judgement, Unknown<M>> {
        let joined = |trees: &[Tree<M>], join: fn(Judgement, Judgement) -> Judgement| {
            let mut all = trees.iter().map(|tree| tree.judge(level));
            let first = all.next().expect("a join has terms")?;
            all.try_fold(first, |sum, next| Ok(join(sum, next?)))
        };
        match self {
            Tree::Term(term) => {
                let known = level(&term.subject).ok_or_else(|| Unknown(term.subject.clone()))?;
                Ok(Judgement::of(term, known))
            }
            Tree::All(trees) => joined(trees, Judgement::and),
            Tree::Any(trees) => joined(trees, Judgement::or),
        }
    }

    fn collect<'t>(&'t self, terms: &mut Vec<&'t Term<M>>) {
        match self {
            Tree::Term(term) => terms.push(term),
            Tree::All(trees) | Tree::Any(trees) => trees.iter().for_each(|t| t.collect(terms)),
        }
    }
}

impl<M: Measured> FromStr for Condition<M> {
    type Err = String;

    fn from_str(text: &str) -> Result<Condition<M>, String> {
        let text = text.trim();
        grammar::read(text).map(|tree| Condition { text: text.to_owned(), tree })
    }
}

impl<M: Measured> TryFrom<String> for Condition<M> {
    type Error = String;

    fn try_from(text: String) -> Result<Condition<M>, String> {
        text.parse()
    }
}

/// As it was written.
impl<M> fmt::Display for Condition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Unit {
    /// What a value of it looks like.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Unit::Count => "100",
            Unit::Seconds => "2s",
            Unit::PerSecond => "50/s",
            Unit::Share => "1%",
            Unit::Ratio => "1.2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::{mean, wilson};

    fn judged(text: &str, level: Level) -> (bool, Option<bool>) {
        let condition: Condition = text.parse().unwrap();
        let judgement = condition.judge(&|_| Some(level)).unwrap();
        (judgement.by_mean, judgement.for_sure)
    }

    #[test]
    fn the_mean_and_the_interval_both_answer() {
        // Five of a hundred: 2.2 to 11.2 %.
        let share = Level::Known(wilson(5, 100).unwrap());
        assert_eq!(judged("rejected_share <= 12%", share), (true, Some(true)));
        assert_eq!(judged("rejected_share <= 10%", share), (true, None));
        assert_eq!(judged("rejected_share <= 4%", share), (false, None));
        assert_eq!(judged("rejected_share <= 2%", share), (false, Some(false)));
        assert_eq!(judged("rejected_share > 2%", share), (true, Some(true)));
        assert_eq!(judged("rejected_share != 5%", share), (false, None));
        assert_eq!(judged("rejected_share == 0.2", share), (false, Some(false)));
    }

    #[test]
    fn an_interval_of_no_width_decides_even_at_its_value() {
        let none = Level::Known(mean(&[0.0; 5]).unwrap());
        assert_eq!(judged("429s == 0", none), (true, Some(true)));
        assert_eq!(judged("429s > 0", none), (false, Some(false)));
        assert_eq!(judged("429s <= 0", none), (true, Some(true)));
    }

    #[test]
    fn one_run_is_sure_of_nothing_and_never_is_beyond_all() {
        let one = Level::Known(Estimate::single(1.5));
        assert_eq!(judged("p99_wait > 2s", one), (false, None));
        assert_eq!(judged("p99_wait > 2s", Level::Never), (true, Some(true)));
        assert_eq!(judged("p99_wait <= 1h", Level::Never), (false, Some(false)));
    }

    #[test]
    fn what_is_not_known_decides_only_where_nothing_else_does() {
        // Two to four, around three.
        let level = Level::Known(Estimate { low: 2.0, high: 4.0, ..mean(&[3.0; 5]).unwrap() });
        assert_eq!(judged("calls > 3.5 and calls > 9", level), (false, Some(false)));
        assert_eq!(judged("calls > 3.5 and calls > 1", level), (false, None));
        assert_eq!(judged("calls > 3.5 or calls > 1", level), (true, Some(true)));
        assert_eq!(judged("calls > 3.5 or calls > 9", level), (false, None));
    }

    #[test]
    fn what_the_runs_do_not_have_is_an_error() {
        let condition: Condition = "utilisation > 1 of naive".parse().unwrap();
        let unknown = condition.judge(&|_| None).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no `utilisation` here of `naive`");
    }
}
