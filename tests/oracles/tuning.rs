//! Tune finds the burst that a closed form names.
//!
//! Poisson arrivals at the rate of a token bucket of B: refused are
//! 1 - w / (1 + w) of them, with w = W(B - 1), W(x) = sum over k of
//! (-(x - k))^k / k! exp(x - k), the line of M/D/1/K (Brun and Garcia 2000), in
//! `analytic/token_bucket_gcra.csv`.

use std::num::NonZeroUsize;

use crate::table::{column, table};
use tollgate::experiment::tune::{
    Ask, Bench, Effort, Found, Knob, Place, Probes, Question, Way, search,
};
use tollgate::scenario::vary::Vary;
use tollgate::scenario::{Bundle, Plan};

/// What a bucket of so many refuses at a load of one.
fn refused(burst: u32) -> f64 {
    let x = f64::from(burst - 1);
    let term = |k: u32| {
        let y = x - f64::from(k);
        let factorial: f64 = (1..=k).map(f64::from).product();
        (-y).powi(i32::try_from(k).unwrap()) / factorial * y.exp()
    };
    let w: f64 = (0..burst).map(term).sum();
    1.0 - w / (1.0 + w)
}

#[test]
fn the_closed_form_is_that_of_the_table() {
    const TABLE: &str = include_str!("analytic/token_bucket_gcra.csv");
    let mut rows = 0;
    for row in table(TABLE).iter().filter(|row| &row[0] == "1") {
        let Ok(burst) = row[1].parse::<u32>() else { continue };
        // The alternating sum has no digits left where it is long.
        if burst <= 10 {
            let expected: f64 = row[column(TABLE, "expected_reject_fraction")].parse().unwrap();
            assert!((refused(burst) - expected).abs() < 1e-10, "{burst}");
            rows += 1;
        }
    }
    assert!(rows >= 4, "{rows}");
    assert!((refused(5) - 0.103_449).abs() < 1e-6 && (refused(6) - 0.085_715).abs() < 1e-5);
}

fn plan(settings: &[(String, String)]) -> Result<Plan, String> {
    let fetch = |path: &str| Err(format!("{path} is no file of this test"));
    let bundle = Bundle::load("burst", None, settings, &fetch).map_err(|e| e.to_string())?;
    bundle.plan().map_err(|faults| faults.to_string())
}

/// Tunes `burst` to that share of refusals.
fn tuned(goal: &str, root: u64, threads: usize) -> (Found, Question) {
    let knob = Knob::new(Vary::read(&["api.limit.burst=1..500"]).unwrap().axes.remove(0)).unwrap();
    let goal = format!("rejected_share <= {goal}").parse().unwrap();
    let question = Question::new(vec![goal], &[]);
    let plan_at = |place: &Place| plan(&[(knob.path().to_owned(), knob.text(place[0]))]);
    let bench = Bench {
        plan_at: &plan_at,
        subjects: question.subjects(),
        client: "none",
        root,
        threads: NonZeroUsize::new(threads).unwrap(),
        progress: &|_| {},
    };
    let mut measure = |asks: &[_]| bench.measure(asks);
    let effort = Effort { first: 10, most: 320, until: None };
    let found = search(&knob, Way::Minimise, Probes::new(&question, effort, &mut measure));
    (found.unwrap(), question)
}

/// Values are numbered from 0, and the first is 1.
fn bursts(found: &Found) -> (Option<usize>, Option<usize>) {
    (found.best.map(|value| value + 1), found.misses.map(|value| value + 1))
}

#[test]
fn the_smallest_burst_is_right_for_twenty_seeds_of_twenty() {
    for root in 0..20 {
        let (found, question) = tuned("9.5%", root, 2);
        assert_eq!(bursts(&found), (Some(6), Some(5)), "root seed {root}");
        assert_eq!(found.turn, None, "root seed {root}");
        let subject = &question.subjects()[0];
        for burst in [5, 6] {
            let point = &found.points[&vec![burst - 1]];
            let estimate = question.estimate(&point.evidence, subject).unwrap();
            let expected = refused(u32::try_from(burst).unwrap());
            let off = (estimate.mean - expected).abs() / (estimate.high - estimate.low) * 4.0;
            assert!(off < 4.0, "root seed {root}, burst {burst}: {estimate:?}");
        }
    }
}

/// The answer follows the goal, so no other burst would have passed above.
#[test]
fn another_goal_has_another_answer() {
    for (goal, share) in [("20%", 0.2), ("12%", 0.12), ("8%", 0.08), ("5.5%", 0.055)] {
        let wanted = (1..12).find(|burst| refused(*burst) <= share).unwrap() as usize;
        let (found, _) = tuned(goal, 7, 2);
        assert_eq!(bursts(&found), (Some(wanted), Some(wanted - 1)), "{goal}");
    }
}

#[test]
fn threads_change_nothing() {
    let one = tuned("9.5%", 3, 1).0;
    assert_eq!(one, tuned("9.5%", 3, 2).0);
    assert_eq!(one, tuned("9.5%", 3, 5).0);
}

/// More seeds of a point are the next ones, for every client that goals name.
#[test]
fn seeds_go_on_where_they_stopped_and_clients_are_kept_apart() {
    let clients = ["none", "naive"].map(str::to_owned);
    let fetch = |path: &str| Err(format!("{path} is no file of this test"));
    let plan_at = |place: &Place| {
        let set = ("api.limit.burst".to_owned(), (place[0] + 1).to_string());
        let bundle = Bundle::load("burst", Some(&clients), &[set], &fetch);
        bundle.map_err(|e| e.to_string())?.plan().map_err(|faults| faults.to_string())
    };
    let goals = ["rejected_share > 0", "rejected_share > 0 of naive", "amplification < 1.5"];
    let question = Question::new(goals.map(|goal| goal.parse().unwrap()).to_vec(), &[]);
    let bench = Bench {
        plan_at: &plan_at,
        subjects: question.subjects(),
        client: "none",
        root: 5,
        threads: NonZeroUsize::MIN,
        progress: &|_| {},
    };
    let ask = |value: usize, first, count| Ask { place: vec![value], first, count };
    let measure = |asks: &[Ask]| bench.measure(asks).unwrap();
    let whole = measure(&[ask(4, 0, 6), ask(9, 0, 6)]);
    let mut parts = measure(&[ask(4, 0, 2)]).remove(0);
    parts.extend(measure(&[ask(9, 2, 4), ask(4, 2, 4)]).remove(1));
    assert_eq!(parts, whole[0]);
    assert_ne!(whole[0], whole[1]);
    // Who retries is refused more often, and no two seeds are alike.
    let [none, naive, amplification] = [0, 1, 2].map(|subject| whole[0].values(subject).unwrap());
    assert!(none.iter().zip(&naive).all(|(none, naive)| none < naive), "{none:?} {naive:?}");
    assert!(amplification.iter().all(|one| one.total_cmp(&1.0).is_eq()), "{amplification:?}");
    let mut apart = none.clone();
    apart.sort_by(f64::total_cmp);
    apart.dedup();
    assert_eq!(apart.len(), none.len(), "{none:?}");
}
