//! What the runs of a point gave, and whether that meets the goals.

use std::fmt;

use crate::experiment::outcome::{Sample, level};
use crate::metric::{Condition, Judgement, Level, Subject, Unknown};
use crate::stats::interval::Estimate;

/// No number of seeds beyond this is worth a word.
const HOPELESS: f64 = 1e9;

/// A tenth more seeds than an interval takes to be just narrow enough.
const MARGIN: f64 = 1.1;

/// What is asked of every point.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    goals: Vec<Condition>,
    subjects: Vec<Subject>,
}

/// Whether a point meets all goals, as the intervals have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// For sure.
    Meets,
    /// It does not, for sure.
    Misses,
    /// Both answers lie within the intervals.
    Open,
}

/// The samples of a point, by subject and in the order of the seeds.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Evidence {
    samples: Vec<Vec<Sample>>,
}

impl Question {
    /// These goals, all of them to be met, and what else is to be known.
    #[must_use]
    pub fn new(goals: Vec<Condition>, also: &[Subject]) -> Question {
        let mut subjects: Vec<Subject> = vec![];
        let named = goals.iter().flat_map(Condition::subjects).chain(also);
        for subject in named {
            if !subjects.contains(subject) {
                subjects.push(subject.clone());
            }
        }
        Question { goals, subjects }
    }

    /// The goals.
    #[must_use]
    pub fn goals(&self) -> &[Condition] {
        &self.goals
    }

    /// All that is measured, each once.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// What is known of that subject.
    #[must_use]
    pub fn level(&self, evidence: &Evidence, subject: &Subject) -> Option<Level> {
        let place = self.subjects.iter().position(|known| known == subject)?;
        level(subject.metric, evidence.samples.get(place)?)
    }

    /// Its estimate; `None` also where it is beyond every bound.
    #[must_use]
    pub fn estimate(&self, evidence: &Evidence, subject: &Subject) -> Option<Estimate> {
        match self.level(evidence, subject)? {
            Level::Known(estimate) => Some(estimate),
            Level::Never => None,
        }
    }

    /// Whether all goals are met. Everything that is asked for must be there.
    pub fn judge(&self, evidence: &Evidence) -> Result<Verdict, Unknown> {
        for subject in &self.subjects {
            self.level(evidence, subject).ok_or_else(|| Unknown(subject.clone()))?;
        }
        self.all(&|subject| self.level(evidence, subject))
    }

    /// The same with intervals that miss the truth with a probability of `level`
    /// instead of 5 %, for those who look at many points at once.
    #[must_use]
    pub(super) fn strictly(&self, evidence: &Evidence, level: f64) -> Verdict {
        let seeds = evidence.seeds();
        if seeds < 2 {
            return Verdict::Open;
        }
        let wide = |subject: &Subject| match self.level(evidence, subject)? {
            Level::Known(estimate) => Some(Level::Known(estimate.at_level(level, seeds))),
            never @ Level::Never => Some(never),
        };
        self.all(&wide).unwrap_or(Verdict::Open)
    }

    fn all(&self, level: &dyn Fn(&Subject) -> Option<Level>) -> Result<Verdict, Unknown> {
        let judged = self.goals.iter().map(|goal| goal.judge(level));
        let judged: Vec<Judgement> = judged.collect::<Result<_, _>>()?;
        let is = |sure| judged.iter().map(move |one| one.for_sure == Some(sure));
        Ok(if is(false).any(|missed| missed) {
            Verdict::Misses
        } else if is(true).all(|met| met) {
            Verdict::Meets
        } else {
            Verdict::Open
        })
    }

    /// Whether one of the goals is met.
    pub fn judge_goal(&self, goal: &Condition, evidence: &Evidence) -> Result<Judgement, Unknown> {
        goal.judge(&|subject| self.level(evidence, subject))
    }

    /// Whether the interval of everything that a goal is about is at most so wide,
    /// half its width as a share of its mean.
    #[must_use]
    pub fn is_narrow(&self, evidence: &Evidence, share: f64) -> bool {
        let about = self.goals.iter().flat_map(Condition::subjects);
        let narrow = |subject: &Subject| match self.level(evidence, subject) {
            Some(Level::Known(e)) => e.has_interval() && e.half_width() <= share * e.mean.abs(),
            _ => true,
        };
        about.into_iter().all(narrow)
    }

    /// How many seeds would decide an open point: an interval shrinks with the root
    /// of their number. It must become narrower than the mean is away from its
    /// bound, or than `apart` says for each bound, where it does. `None` where no
    /// effort comes through.
    #[must_use]
    pub(super) fn seeds_to_decide(
        &self,
        evidence: &Evidence,
        apart: &[Option<f64>],
    ) -> Option<u64> {
        let seeds = evidence.seeds() as f64;
        let bounds = self.goals.iter().flat_map(Condition::bounds);
        let needed = bounds.enumerate().filter_map(|(place, (subject, _, value))| {
            let e = self.estimate(evidence, subject)?;
            let apart = apart.get(place).copied().flatten();
            let short = e.half_width() / apart.unwrap_or((e.mean - value).abs());
            (e.low <= value && value <= e.high).then_some(seeds * short * short * MARGIN)
        });
        let most = needed.fold(seeds, f64::max);
        if !most.is_finite() || most > HOPELESS {
            return None;
        }
        // Two figures are more than is known of it.
        let unit = libm::exp10(libm::floor(libm::log10(most)) - 1.0).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between the seeds that there are and HOPELESS"
        )]
        Some((libm::ceil(most / unit) * unit) as u64)
    }
}

impl Evidence {
    /// Of samples by subject, in the order of the seeds.
    #[must_use]
    pub fn of(samples: Vec<Vec<Sample>>) -> Evidence {
        Evidence { samples }
    }

    /// How many seeds there are.
    #[must_use]
    pub fn seeds(&self) -> usize {
        self.samples.first().map_or(0, Vec::len)
    }

    /// Adds the seeds that come next.
    pub fn extend(&mut self, more: Evidence) {
        if self.samples.is_empty() {
            *self = more;
            return;
        }
        for (all, more) in self.samples.iter_mut().zip(more.samples) {
            all.extend(more);
        }
    }

    /// The subject of that number, seed by seed; `None` where a run does not have
    /// it or it is beyond every bound there.
    #[must_use]
    pub fn values(&self, subject: usize) -> Option<Vec<f64>> {
        let values = self.samples.get(subject)?.iter();
        values.map(|sample| sample.value().filter(|value| value.is_finite())).collect()
    }
}

/// As tables and files have it.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Meets => "meets",
            Verdict::Misses => "misses",
            Verdict::Open => "not told apart",
        })
    }
}
