//! The answer in words.

use super::value::{measured, named, point, short};
use super::{Sought, Tuning};
use crate::experiment::tune::{
    Found, Front, Knob, Objective, Place, Standing, Turn, Verdict, Way, What,
};
use crate::report::number::count;
use crate::report::text::{keep, listed};

/// More seeds than this are worth no advice.
const TOO_MANY: u64 = 1_000_000;

/// The answer: a sentence that begins with it, and what is to be said beside.
#[must_use]
pub fn answer(tuning: &Tuning<'_>) -> Vec<String> {
    match tuning.sought {
        Sought::End(way, found) => {
            let end = End { tuning, way, found };
            let mut lines = vec![format!("Answer: {}", end.answer())];
            lines.extend(end.to_decide());
            lines.extend(end.turn());
            lines
        }
        Sought::Front(objectives, front) => {
            vec![format!("Answer: {}", of_front(tuning, objectives, front))]
        }
    }
}

/// How many more seeds, of all points together, it would take until the answer
/// is a value and not a range; `None` where it is one, or nobody would wait.
#[must_use]
pub fn seeds_to_decide(tuning: &Tuning<'_>) -> Option<u64> {
    let Sought::End(way, found) = tuning.sought else { return None };
    let end = End { tuning, way, found };
    let needed = end.seeds_to_decide()?;
    let open = found.points.values().filter(|point| point.verdict == Verdict::Open);
    // Points that nobody has probed yet may come to it: as many as there are.
    let more = open.map(|point| needed.saturating_sub(point.evidence.seeds() as u64));
    more.reduce(u64::saturating_add)
}

/// What is wanted, and of what: `minimise a.b of 1..500 so that …`.
pub(super) fn question(tuning: &Tuning<'_>) -> String {
    let wanted: Vec<String> = match tuning.sought {
        Sought::End(way, _) => vec![wish(way, tuning.knobs[0].path())],
        Sought::Front(objectives, _) => objectives.iter().map(|o| objective(tuning, o)).collect(),
    };
    let goals: Vec<String> =
        tuning.question.goals().iter().map(|goal| keep(&goal.to_string())).collect();
    let goals =
        if goals.is_empty() { String::new() } else { format!(" so that {}", listed(&goals)) };
    let knobs: Vec<String> = tuning.knobs.iter().map(Knob::to_string).collect();
    format!("{}{goals}; {}, client {}", listed(&wanted), listed(&knobs), keep(tuning.client))
}

fn wish(way: Way, what: &str) -> String {
    let word = match way {
        Way::Minimise => "minimise",
        Way::Maximise => "maximise",
    };
    format!("{word} {what}")
}

/// An objective in words.
pub(super) fn objective(tuning: &Tuning<'_>, objective: &Objective) -> String {
    match &objective.what {
        What::Knob(knob) => wish(objective.way, tuning.knobs[*knob].path()),
        What::Measured(subject) => wish(objective.way, &named(subject)),
    }
}

/// What is known of a point: `429-share 8.57 ±0.21 %`, of each that goals name.
fn known(tuning: &Tuning<'_>, place: &Place) -> String {
    let point = tuning.points().find(|(other, _)| *other == place);
    let Some((_, point)) = point else { return String::new() };
    let subjects = tuning.question.subjects().iter();
    let known = subjects.filter_map(|subject| {
        let level = tuning.question.level(&point.evidence, subject)?;
        Some(keep(&format!("{} {}", named(subject), measured(subject.metric, level))))
    });
    listed(&known.collect::<Vec<_>>())
}

/// The end of a range that was looked for.
struct End<'e> {
    tuning: &'e Tuning<'e>,
    way: Way,
    found: &'e Found,
}

impl End<'_> {
    fn knob(&self) -> &Knob {
        &self.tuning.knobs[0]
    }

    fn text(&self, value: usize) -> String {
        self.knob().text(value)
    }

    fn known(&self, value: usize) -> String {
        known(self.tuning, &vec![value])
    }

    const fn most(&self) -> &'static str {
        match self.way {
            Way::Minimise => "smallest",
            Way::Maximise => "largest",
        }
    }

    /// The value at a position from the wanted end.
    fn at(&self, position: usize) -> usize {
        self.way.value(position, self.knob().count() - 1)
    }

    fn answer(&self) -> String {
        let (first, last) = (self.at(0), self.at(self.knob().count() - 1));
        let most = self.most();
        match (self.found.best, self.found.misses) {
            (Some(best), Some(misses)) if best.abs_diff(misses) == 1 => format!(
                "{} is the {most} {} that holds: {}; {} misses: {}.{}",
                self.text(best),
                short(self.knob()),
                self.known(best),
                self.text(misses),
                self.known(misses),
                self.until()
            ),
            (Some(best), Some(misses)) => format!(
                "between {} and {}. {} holds: {}; {} misses: {}; what lies between cannot be told apart with {} seeds.{}",
                self.text(best.min(misses)),
                self.text(best.max(misses)),
                self.text(best),
                self.known(best),
                self.text(misses),
                self.known(misses),
                count(self.tuning.effort.most as u64),
                self.until()
            ),
            (Some(best), None) if best == first => format!(
                "{}, the {most} of the range, holds already: {}.{}",
                self.text(best),
                self.known(best),
                self.until()
            ),
            (Some(best), None) => format!(
                "{} at the {}: {}; nothing on the other side misses for sure.{}",
                self.text(best),
                if self.way == Way::Minimise { "most" } else { "least" },
                self.known(best),
                self.until()
            ),
            (None, Some(misses)) if misses == last => format!(
                "no value of the range holds. {}, its end, misses: {}.",
                self.text(misses),
                self.known(misses)
            ),
            (None, Some(misses)) => format!(
                "no value holds for sure. {} misses: {}; beyond it nothing can be told, not even of {}, the end of the range: {}.",
                self.text(misses),
                self.known(misses),
                self.text(last),
                self.known(last)
            ),
            (None, None) => format!(
                "nothing can be told of any value. {}: {}; {}: {}.",
                self.text(first),
                self.known(first),
                self.text(last),
                self.known(last)
            ),
        }
    }

    /// Where it ends again.
    fn until(&self) -> String {
        let Some(until) = self.found.until else { return String::new() };
        format!(" But {} misses again: {}.", self.text(until), self.known(until))
    }

    fn is_open(&self) -> bool {
        match (self.found.best, self.found.misses) {
            (Some(best), Some(misses)) => best.abs_diff(misses) > 1,
            (Some(best), None) => best != self.at(0),
            (None, misses) => misses != Some(self.at(self.knob().count() - 1)),
        }
    }

    /// How many seeds a point would need, where anybody would wait for them.
    fn seeds_to_decide(&self) -> Option<u64> {
        let needed = self.found.seeds_to_decide(self.tuning.question);
        needed.filter(|needed| self.is_open() && *needed <= TOO_MANY)
    }

    /// What it takes to have a value and not a range.
    fn to_decide(&self) -> Option<String> {
        if !self.is_open() {
            return None;
        }
        let hopeless = "No effort worth it decides that; a coarser range or another goal would.";
        let told = |needed| format!("To decide: {}", keep(&format!("--seeds-max {needed}")));
        Some(self.seeds_to_decide().map_or(hopeless.to_owned(), told))
    }

    /// That the response turns, and what was done about it.
    fn turn(&self) -> Option<String> {
        let pair =
            |(from, to): (usize, usize)| format!("from {} to {}", self.text(from), self.text(to));
        let why = match self.found.turn.as_ref()? {
            Turn::Response { subject, rises, falls } => format!(
                "The response does not go one way: {} rises {} and falls {}",
                named(subject),
                pair(*rises),
                pair(*falls)
            ),
            Turn::Goals(one, two, three) => {
                let is = |value: &usize| {
                    let points = &self.found.points;
                    points.get(&vec![*value]).map_or(String::new(), |p| p.verdict.to_string())
                };
                let each = [one, two, three].map(|v| format!("{} {}", self.text(*v), is(v)));
                format!("No one value parts what meets from what misses: {}", listed(&each))
            }
        };
        let points = self.found.points.len();
        Some(format!(
            "! {why}. So {points} values from end to end were looked at; what lies between them was not.{}",
            self.stretches()
        ))
    }

    /// The stretches that hold, where there are several.
    fn stretches(&self) -> String {
        let mut stretches: Vec<(usize, usize)> = vec![];
        let mut goes_on = false;
        for (place, point) in &self.found.points {
            let meets = point.verdict == Verdict::Meets;
            match stretches.last_mut() {
                Some(stretch) if meets && goes_on => stretch.1 = place[0],
                _ if meets => stretches.push((place[0], place[0])),
                _ => {}
            }
            goes_on = meets;
        }
        if stretches.len() < 2 {
            return String::new();
        }
        let text =
            |(from, to): &(usize, usize)| format!("{} to {}", self.text(*from), self.text(*to));
        let all: Vec<String> = stretches.iter().map(text).collect();
        format!(" It holds: {}.", listed(&all))
    }
}

fn of_front(tuning: &Tuning<'_>, objectives: &[Objective], front: &Front) -> String {
    let of = |wanted: Standing| -> Vec<&Place> {
        let all = front.standings.iter().filter(|(_, standing)| **standing == wanted);
        all.map(|(place, _)| place).collect()
    };
    let (best, open) = (of(Standing::Front), of(Standing::Open));
    let budget = format!("{} points", count(front.points.len() as u64));
    let but_open = match open.len() {
        0 => String::new(),
        1 => "; 1 more cannot be told apart from it".to_owned(),
        more => format!("; {more} more cannot be told apart from it"),
    };
    match (best.as_slice(), open.as_slice()) {
        ([], []) => format!("none of {budget} meets the goals."),
        ([], some) => format!(
            "none of {budget} is best for sure; {} cannot be told apart with {} seeds.",
            some.len(),
            count(tuning.effort.most as u64)
        ),
        ([one], _) => format!(
            "{} is best of {budget}: {}{but_open}.",
            point(tuning.knobs, one),
            known(tuning, one)
        ),
        (several, _) => format!(
            "{} of {budget} are the front: none of them is beaten by another in {}{but_open}.",
            several.len(),
            if objectives.len() == 1 { "that" } else { "all that is wanted" }
        ),
    }
}
