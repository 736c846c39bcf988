//! Whether a response goes one way along a knob, as far as was seen.

use std::cmp::Ordering;

use super::evidence::{Question, Verdict};
use super::probe::Point;
use crate::metric::{Condition, Subject};
use crate::stats::rise::rise;

/// How often a response that goes one way is taken for one that turns.
const LEVEL: f64 = 0.01;

/// What speaks against a response that goes one way; values as the knob numbers
/// them, the lower first.
#[derive(Clone, PartialEq, Debug)]
pub enum Turn {
    /// Something rises for sure here and falls for sure there.
    Response {
        /// What.
        subject: Subject,
        /// Between these values it rises.
        rises: (usize, usize),
        /// Between these it falls.
        falls: (usize, usize),
    },
    /// The goals are met for sure, missed for sure and met again, or the other way
    /// round, at these three values.
    Goals(usize, usize, usize),
}

/// What speaks against a response that goes one way, among points in the order of
/// their values.
pub(super) fn turn(question: &Question, points: &[(usize, &Point)]) -> Option<Turn> {
    goals(question, points).or_else(|| response(question, points))
}

fn goals(question: &Question, points: &[(usize, &Point)]) -> Option<Turn> {
    let level = LEVEL / points.len().max(1) as f64;
    let judged = points.iter().map(|(value, p)| (*value, question.strictly(&p.evidence, level)));
    let sure: Vec<(usize, Verdict)> = judged.filter(|(_, v)| *v != Verdict::Open).collect();
    let mut rest = sure.iter();
    let first = rest.next()?;
    let second = rest.find(|(_, verdict)| *verdict != first.1)?;
    let third = rest.find(|(_, verdict)| *verdict == first.1)?;
    Some(Turn::Goals(first.0, second.0, third.0))
}

fn response(question: &Question, points: &[(usize, &Point)]) -> Option<Turn> {
    let about: Vec<&Subject> = question.goals().iter().flat_map(Condition::subjects).collect();
    let subjects = question.subjects().iter().enumerate();
    let subjects: Vec<(usize, &Subject)> =
        subjects.filter(|(_, subject)| about.contains(subject)).collect();
    let looks = subjects.len() * points.len().saturating_sub(1);
    let level = LEVEL / looks.max(1) as f64;
    subjects.into_iter().find_map(|(place, subject)| {
        let way = |pair: &[(usize, &Point)]| {
            let values = [0, 1].map(|one: usize| pair[one].1.evidence.values(place));
            match values {
                [Some(before), Some(after)] => rise(&before, &after, level),
                _ => Ordering::Equal,
            }
        };
        let ways: Vec<Ordering> = points.windows(2).map(way).collect();
        let between = |way: Ordering| {
            let pair = ways.iter().position(|found| *found == way)?;
            Some((points[pair].0, points[pair + 1].0))
        };
        let (rises, falls) = (between(Ordering::Greater)?, between(Ordering::Less)?);
        Some(Turn::Response { subject: subject.clone(), rises, falls })
    })
}
