//! Tune finds what it says it finds, on responses that are known.

use std::convert::Infallible;

use proptest::prelude::*;

use tollgate::experiment::Sample;
use tollgate::experiment::tune::{
    Ask, Effort, Evidence, Found, Front, Knob, Objective, Place, Probes, Question, Standing, Turn,
    Verdict, Way, What, front, search,
};
use tollgate::metric::{Condition, Metric, Subject};
use tollgate::scenario::vary::Vary;

fn knob(text: &str) -> Knob {
    Knob::new(Vary::read(&[text]).unwrap().axes.remove(0)).unwrap()
}

/// Noise of that size whose first seeds, in any even number, cancel out: so the
/// mean is what it is meant to be, and its interval says that nobody knows.
fn noise(seed: usize, size: f64) -> f64 {
    let share = (seed / 2 % 7 + 1) as f64 / 7.0;
    if seed.is_multiple_of(2) { size * share } else { -size * share }
}

/// Answers every ask by a response of a place to each of the subjects.
fn measure(
    response: impl Fn(&Place) -> Vec<f64>,
    size: f64,
) -> impl FnMut(&[Ask]) -> Result<Vec<Evidence>, Infallible> {
    move |asks| {
        let answer = |ask: &Ask| {
            let seeds = || ask.first..ask.first + ask.count;
            let of = |value: f64| {
                seeds().map(|seed| Sample::Plain(Some(value + noise(seed, size)))).collect()
            };
            Evidence::of(response(&ask.place).into_iter().map(of).collect())
        };
        Ok(asks.iter().map(answer).collect())
    }
}

fn goals(goals: &[&str]) -> Vec<Condition> {
    goals.iter().map(|goal| goal.parse().unwrap()).collect()
}

/// Searches `0..last` for what meets `calls <= bound`.
fn found(
    last: usize,
    way: Way,
    goal: &str,
    most: usize,
    size: f64,
    response: impl Fn(usize) -> f64,
) -> Found {
    let knob = knob(&format!("x=0..{last}"));
    let question = Question::new(goals(&[goal]), &[]);
    let mut measure = measure(|place| vec![response(place[0])], size);
    let effort = Effort { first: 10, most, until: None };
    search(&knob, way, Probes::new(&question, effort, &mut measure)).unwrap()
}

/// Nothing that was seen contradicts an answer.
fn is_sound(found: &Found, way: Way) {
    let verdict = |value: usize| found.points[&vec![value]].verdict;
    assert!(found.best.is_none_or(|best| verdict(best) == Verdict::Meets));
    assert!(found.misses.is_none_or(|misses| verdict(misses) == Verdict::Misses));
    if let (Some(best), Some(misses)) = (found.best, found.misses) {
        assert!(if way == Way::Minimise { misses < best } else { misses > best });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The answer meets, its neighbour does not, and both are right.
    #[test]
    fn a_threshold_is_found_where_it_is(
        last in 1_usize..3_000,
        at: prop::sample::Index,
        size in 0.0..4.0_f64,
        maximise: bool,
    ) {
        let threshold = 1 + at.index(last);
        // What it takes to tell half a call from nothing at that noise.
        let most = 2_000;
        if maximise {
            let goal = format!("calls <= {}.5", threshold - 1);
            let found = found(last, Way::Maximise, &goal, most, size, |x| x as f64);
            is_sound(&found, Way::Maximise);
            prop_assert_eq!((found.best, found.misses), (Some(threshold - 1), Some(threshold)));
            prop_assert_eq!(found.turn, None);
        } else {
            let goal = format!("calls >= {}.5", threshold - 1);
            let found = found(last, Way::Minimise, &goal, most, size, |x| x as f64);
            is_sound(&found, Way::Minimise);
            prop_assert_eq!((found.best, found.misses), (Some(threshold), Some(threshold - 1)));
            prop_assert_eq!(found.turn, None);
            // Bisection, not a scan.
            prop_assert!(found.points.len() <= 9 + 24, "{}", found.points.len());
        }
    }

    /// With too little effort the answer is a range, and the truth lies in it.
    #[test]
    fn what_cannot_be_told_apart_is_a_range_around_the_truth(
        last in 20_usize..3_000,
        at: prop::sample::Index,
        size in 4.0..40.0_f64,
        most in 10_usize..40,
    ) {
        let threshold = 1 + at.index(last);
        let goal = format!("calls >= {}.5", threshold - 1);
        // An odd number of seeds has a mean of its own.
        let most = most / 2 * 2;
        let found = found(last, Way::Minimise, &goal, most, size, |x| x as f64);
        is_sound(&found, Way::Minimise);
        prop_assert!(found.best.is_none_or(|best| best >= threshold));
        prop_assert!(found.misses.is_none_or(|misses| misses < threshold));
        let open = found.points.values().filter(|p| p.verdict == Verdict::Open);
        prop_assert!(open.count() > 0, "half a call is told from nothing");
        // Who spends what it says it takes is told, and not with half of it.
        if let (Some(_), Some(_)) = (found.best, found.misses) {
            let question = Question::new(goals(&[&goal]), &[]);
            let needed = found.seeds_to_decide(&question).unwrap();
            let needed = usize::try_from(needed).unwrap().next_multiple_of(2);
            let again = |most| self::found(last, Way::Minimise, &goal, most, size, |x| x as f64);
            let enough = again(needed * 5 / 4 / 2 * 2);
            prop_assert_eq!((enough.best, enough.misses), (Some(threshold), Some(threshold - 1)));
            let half = again(needed / 4 * 2);
            prop_assert!(half.best != Some(threshold) || half.misses != Some(threshold - 1));
        }
    }

    /// A dip is noticed, and the answer is where it is over.
    #[test]
    fn a_response_that_turns_is_scanned(dip in 300_usize..600, size in 0.0..2.0_f64) {
        let response = |x: usize| {
            let rising = x as f64;
            if x.abs_diff(dip) <= 100 { rising - 400.0 } else { rising }
        };
        let found = found(1_000, Way::Minimise, "calls >= 150.5", 2_000, size, response);
        is_sound(&found, Way::Minimise);
        prop_assert!(found.turn.is_some());
        // Of the dip only what reaches below the goal is missed, and that is wider
        // than the points of the finer look are apart.
        let over = (dip - 100..=dip + 100).rfind(|x| response(*x) < 150.5);
        prop_assert_eq!(found.best, Some(over.map_or(151, |x| x + 1)));
    }

    /// Where every point is probed, the front is what nobody beats.
    #[test]
    fn a_front_is_what_nobody_beats(
        cost in prop::collection::vec(0_u32..6, 25),
        gain in prop::collection::vec(0_u32..6, 25),
    ) {
        let knobs = [knob("x=0..4"), knob("y=0..4")];
        let at = |place: &Place| place[0] * 5 + place[1];
        let subjects = [Metric::Attempts, Metric::Served, Metric::Calls]
            .map(|metric| Subject { metric, of: None });
        let question = Question::new(goals(&["calls >= 2"]), &subjects[..2]);
        // The goal comes first among the subjects.
        let response = |place: &Place| {
            vec![(place[0] + place[1]) as f64, f64::from(cost[at(place)]), f64::from(gain[at(place)])]
        };
        prop_assert_eq!(&question.subjects()[0], &subjects[2]);
        let objectives = [
            Objective { what: What::Measured(subjects[0].clone()), way: Way::Minimise },
            Objective { what: What::Measured(subjects[1].clone()), way: Way::Maximise },
        ];
        let mut measure = measure(response, 0.0);
        let effort = Effort { first: 2, most: 4, until: None };
        let probes = Probes::new(&question, effort, &mut measure);
        let Front { points, standings } = front(&knobs, &objectives, probes).unwrap();
        prop_assert_eq!(points.len(), 25);
        let (cost, gain) = (|p: &Place| cost[at(p)], |p: &Place| gain[at(p)]);
        for place in points.keys() {
            let beats = |other: &&Place| {
                let better = cost(other) < cost(place) || gain(other) > gain(place);
                let as_good = cost(other) <= cost(place) && gain(other) >= gain(place);
                better && as_good && other[0] + other[1] >= 2
            };
            let wanted = if place[0] + place[1] < 2 {
                Standing::Misses
            } else if points.keys().any(|other| beats(&other)) {
                Standing::Beaten
            } else {
                Standing::Front
            };
            prop_assert_eq!(standings[place], wanted, "{:?}", place);
        }
    }
}

#[test]
fn a_goal_that_all_or_none_meet_is_answered_at_an_end() {
    let all = found(500, Way::Minimise, "calls >= 0", 100, 1.0, |x| 10.0 + x as f64);
    assert_eq!((all.best, all.misses, all.until), (Some(0), None, None));
    let none = found(500, Way::Minimise, "calls >= 900", 100, 1.0, |x| x as f64);
    assert_eq!((none.best, none.misses), (None, Some(500)));
    // The least value meets, and the goal grows harder from there.
    let falling = found(500, Way::Minimise, "calls <= 99.5", 2_000, 1.0, |x| x as f64);
    assert_eq!((falling.best, falling.misses, falling.turn), (Some(0), None, None));
    assert!(falling.until.is_some_and(|until| until >= 100));
    let unknown = found(500, Way::Minimise, "calls <= 250", 20, 1e6, |x| x as f64);
    assert_eq!((unknown.best, unknown.misses, unknown.turn), (None, None, None));
}

/// Two goals of which each goes one way may leave a band between them.
#[test]
fn a_band_between_two_goals_is_found_and_said() {
    let knob = knob("x=0..1000");
    let question = Question::new(goals(&["calls >= 200.5", "attempts <= 599.5"]), &[]);
    let mut measure = measure(|place| vec![place[0] as f64; 2], 1.0);
    let effort = Effort { first: 10, most: 1_000, until: None };
    let probes = Probes::new(&question, effort, &mut measure);
    let found = search(&knob, Way::Minimise, probes).unwrap();
    assert_eq!((found.best, found.misses), (Some(201), Some(200)));
    assert!(matches!(found.turn, Some(Turn::Goals(..))), "{:?}", found.turn);
    assert!(found.until.is_some_and(|until| (600..640).contains(&until)), "{:?}", found.until);
}

/// Effort goes where it is needed, in steps that double.
#[test]
fn points_far_from_the_goal_get_the_first_seeds_alone() {
    let found = found(1_000, Way::Minimise, "calls >= 500.5", 4_000, 4.0, |x| x as f64);
    assert_eq!(found.points[&vec![0]].evidence.seeds(), 10);
    assert_eq!(found.points[&vec![1_000]].evidence.seeds(), 10);
    let near = found.points[&vec![500]].evidence.seeds();
    assert!(near > 10 && (near / 10).is_power_of_two(), "{near}");
}

/// Where all that a coarse look sees misses, on either side of a narrow band.
#[test]
fn a_band_narrower_than_any_look_is_found() {
    let goal = "calls >= 700.5 and calls <= 703.5";
    for (way, best, misses) in [(Way::Minimise, 701, 700), (Way::Maximise, 703, 704)] {
        let found = found(1_000, way, goal, 2_000, 1.0, |x| x as f64);
        is_sound(&found, way);
        assert_eq!((found.best, found.misses), (Some(best), Some(misses)), "{way:?}");
        assert!(matches!(found.turn, Some(Turn::Goals(..))), "{:?}", found.turn);
    }
}

/// An interval that is narrow enough ends the effort, decided or not.
#[test]
fn until_ends_the_effort_at_a_width() {
    let knob = knob("x=0..1000");
    let question = Question::new(goals(&["calls >= 500.5"]), &[]);
    let run = |until: Option<f64>| {
        let mut measure = measure(|place| vec![place[0] as f64], 20.0);
        let effort = Effort { first: 10, most: 100_000, until };
        search(&knob, Way::Minimise, Probes::new(&question, effort, &mut measure)).unwrap()
    };
    let (all, some) = (run(None), run(Some(0.01)));
    assert_eq!((all.best, all.misses), (Some(501), Some(500)));
    assert!(some.best > all.best && some.misses < all.misses, "{:?} {:?}", some.best, some.misses);
    let point = &some.points[&vec![500]];
    let estimate = question.estimate(&point.evidence, &question.subjects()[0]).unwrap();
    let half = (estimate.high - estimate.low) / 2.0;
    // Half as many seeds were not enough.
    assert!(half <= 5.0 && half * 1.5 > 5.0, "{estimate:?}");
}
