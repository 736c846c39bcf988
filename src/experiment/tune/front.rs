//! The front: the points that nobody is better than in all that is wanted.
//!
//! A grid from end to end is refined around the points that may be of the front,
//! halving the distance to their neighbours, for as long as the budget lasts. What
//! is better is judged as all else here: paired by seed and for sure. So a point is
//! of the front, beaten by one that meets the goals for sure, or neither can be said.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Verdict;
use super::knob::Knob;
use super::probe::{Place, Point, Probes, Stop};
use super::search::Way;
use crate::metric::{Level, Subject};
use crate::stats::interval;

/// The values of each knob in the first grid, by the number of knobs.
const GRID: [usize; 2] = [9, 5];

/// The most points, by the number of knobs.
pub const BUDGET: [usize; 2] = [33, 121];

/// What is wanted of a point beside its goals.
#[derive(Clone, PartialEq, Debug)]
pub struct Objective {
    /// Of what.
    pub what: What,
    /// Little of it, or much.
    pub way: Way,
}

/// What an objective is about.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The knob of that number.
    Knob(usize),
    /// Something that is measured.
    Measured(Subject),
}

/// What a point is among the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It meets the goals for sure, and for sure none of those that do is better.
    Front,
    /// It may miss a goal, or one that does not may be better.
    Open,
    /// Another point is better for sure.
    Beaten,
    /// It misses a goal for sure.
    Misses,
}

/// A front.
#[derive(Clone, PartialEq, Debug)]
pub struct Front {
    /// All points that were probed.
    pub points: BTreeMap<Place, Point>,
    /// What each of them is.
    pub standings: BTreeMap<Place, Standing>,
}

/// Searches for the front of one or two knobs.
///
/// # Panics
/// When there are more knobs than two, or none.
pub fn front<E>(
    knobs: &[Knob],
    objectives: &[Objective],
    mut probes: Probes<'_, E>,
) -> Result<Front, Stop<E>> {
    let budget = BUDGET[knobs.len() - 1];
    let mut wanted = grid(knobs, GRID[knobs.len() - 1]);
    while !wanted.is_empty() && probes.points().len() + wanted.len() <= budget {
        probes.begin(&wanted)?;
        loop {
            let standings = standings(&probes, objectives);
            let undecided = |place: &&Place| {
                standings[*place] == Standing::Open
                    && probes.points()[*place].verdict == Verdict::Open
            };
            let undecided: Vec<Place> = standings.keys().filter(undecided).cloned().collect();
            if !probes.double(&undecided)? {
                break;
            }
        }
        wanted = finer(knobs, &probes, &standings(&probes, objectives));
    }
    loop {
        let standings = standings(&probes, objectives);
        let open = |place: &&Place| standings[*place] == Standing::Open;
        let open: Vec<Place> = standings.keys().filter(open).cloned().collect();
        if !probes.double(&open)? {
            return Ok(Front { points: probes.finish(), standings });
        }
    }
}

/// The points of all pairs of spread values.
fn grid(knobs: &[Knob], wanted: usize) -> Vec<Place> {
    knobs.iter().fold(vec![vec![]], |places, knob| {
        let values = knob.spread(wanted);
        let with = |place: &Place| {
            let longer = |value: &usize| place.iter().copied().chain([*value]).collect();
            values.iter().map(longer).collect::<Vec<Place>>()
        };
        places.iter().flat_map(with).collect()
    })
}

/// The points half-way from those that may be of the front to their neighbours.
fn finer<E>(
    knobs: &[Knob],
    probes: &Probes<'_, E>,
    standings: &BTreeMap<Place, Standing>,
) -> Vec<Place> {
    let lines: Vec<BTreeSet<usize>> = (0..knobs.len())
        .map(|knob| probes.points().keys().map(|place| place[knob]).collect())
        .collect();
    let mut found = BTreeSet::new();
    for (place, standing) in standings {
        if !matches!(standing, Standing::Front | Standing::Open) {
            continue;
        }
        for (knob, line) in lines.iter().enumerate() {
            let own = place[knob];
            let below = line.range(..own).next_back();
            let above = line.range(own + 1..).next();
            for other in below.into_iter().chain(above) {
                let mut middle = place.clone();
                middle[knob] = own.min(*other) + own.abs_diff(*other) / 2;
                if !probes.points().contains_key(&middle) {
                    found.insert(middle);
                }
            }
        }
    }
    found.into_iter().collect()
}

/// What each point is among those so far.
fn standings<E>(probes: &Probes<'_, E>, objectives: &[Objective]) -> BTreeMap<Place, Standing> {
    let points = probes.points();
    let standing = |place: &Place, point: &Point| {
        if point.verdict == Verdict::Misses {
            return Standing::Misses;
        }
        let others = points.iter().filter(|(other, _)| *other != place);
        let mut may_be_beaten = false;
        // Who may miss the goals himself beats nobody.
        for (other, better) in others.filter(|(_, other)| other.verdict == Verdict::Meets) {
            let each = objectives.iter();
            let compared = each.map(|o| compare(probes, o, (other, better), (place, point)));
            let compared: Vec<Option<Ordering>> = compared.collect();
            let is = |way: Ordering| compared.contains(&Some(way));
            let sure = compared.iter().all(Option::is_some);
            if is(Ordering::Greater) || (sure && !is(Ordering::Less)) {
                continue;
            }
            if sure {
                return Standing::Beaten;
            }
            may_be_beaten = true;
        }
        let is_open = may_be_beaten || point.verdict == Verdict::Open;
        if is_open { Standing::Open } else { Standing::Front }
    };
    points.iter().map(|(place, point)| (place.clone(), standing(place, point))).collect()
}

/// Whether one point is better than another in an objective (`Less`), as good, or
/// worse; `None` where that is not known for sure.
fn compare<E>(
    probes: &Probes<'_, E>,
    objective: &Objective,
    one: (&Place, &Point),
    other: (&Place, &Point),
) -> Option<Ordering> {
    let order = match &objective.what {
        What::Knob(knob) => Some(one.0[*knob].cmp(&other.0[*knob])),
        What::Measured(subject) => measured(probes, subject, one.1, other.1),
    };
    match objective.way {
        Way::Minimise => order,
        Way::Maximise => order.map(Ordering::reverse),
    }
}

fn measured<E>(
    probes: &Probes<'_, E>,
    subject: &Subject,
    one: &Point,
    other: &Point,
) -> Option<Ordering> {
    let question = probes.question();
    let place = question.subjects().iter().position(|known| known == subject)?;
    let never = |point: &Point| question.level(&point.evidence, subject) == Some(Level::Never);
    match (never(one), never(other)) {
        (true, true) => return Some(Ordering::Equal),
        (true, false) => return Some(Ordering::Greater),
        (false, true) => return Some(Ordering::Less),
        (false, false) => {}
    }
    let (left, right) = (one.evidence.values(place)?, other.evidence.values(place)?);
    let both = left.len().min(right.len());
    let difference = interval::paired_difference(&left[..both], &right[..both])?;
    if !difference.has_interval() {
        return None;
    }
    if difference.high < 0.0 {
        Some(Ordering::Less)
    } else if difference.low > 0.0 {
        Some(Ordering::Greater)
    } else {
        // Only what differs in no seed is as good for sure.
        let same = difference.low.total_cmp(&difference.high) == Ordering::Equal;
        same.then_some(Ordering::Equal)
    }
}
