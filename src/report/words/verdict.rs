//! Who is better than whom: what a comparison comes to.
//!
//! Where not all is served it begins with what was lost, because who gives up
//! is done soonest of all; and it calls no difference one that chance may make,
//! with account of how many pairs of clients there are.

use super::chance;
use crate::experiment::{Lead, Outcome};
use crate::metric::Metric;
use crate::report::number::{self, Quantity};
use crate::report::subject::{Subject, calls};
use crate::report::text::{KEPT, keep, listed, visible};
use crate::stats::interval::{self, Estimate};

/// Who is better than whom: a sentence or two.
#[must_use]
pub fn verdict(subject: &Subject<'_>) -> String {
    let ranking = &subject.comparison.ranking;
    let outcomes = &subject.comparison.outcomes;
    let Some(best) = ranking.order().next() else {
        return String::new();
    };
    let told = Told { subject, best: &outcomes[best] };
    let mut text = match (ranking.finished.len(), ranking.leads.len()) {
        (_, 0) => return told.alone(!ranking.finished.is_empty()),
        (0, _) => told.lost(),
        (1, _) => told.only(),
        (finished, _) => told.sooner(&ranking.leads[..finished - 1]),
    };
    text.push_str(&chance::sometimes(subject));
    text.push_str(&chance::alike(subject));
    if subject.seeds.count.get() == 1 {
        return format!("On this one seed, which says nothing of chance: {text}");
    }
    text
}

/// How a verdict begins where the work was nobody's to finish.
const NOBODY: &str = "No client served 99.9 % of the calls in every seed";

/// The finding in one line, for a chart.
#[must_use]
pub fn headline(subject: &Subject<'_>) -> String {
    let text = verdict(subject).replace(KEPT, " ");
    // That nobody was done is the chart's to show; who served more is the finding.
    let text = text.split_once(&format!("{NOBODY}; ")).map_or(text.as_str(), |(_, rest)| rest);
    let end = [", with ", "; ", ". ", ", and "].iter().filter_map(|mark| text.find(mark)).min();
    let line = end.map_or(text, |end| &text[..end]);
    line.trim_end_matches('.').to_owned()
}

struct Told<'t> {
    subject: &'t Subject<'t>,
    best: &'t Outcome,
}

impl Told<'_> {
    fn outcome(&self, lead: &Lead) -> &Outcome {
        &self.subject.comparison.outcomes[lead.behind]
    }

    /// One client and nobody to compare it with.
    fn alone(&self, finished: bool) -> String {
        let name = visible(&self.best.name);
        let time = self.best.estimate(Metric::TimeTo99).filter(|_| finished);
        let time = time.map_or(String::new(), |time| {
            format!(", 99 % of them in {}", keep(&Quantity::Seconds.write_estimate(&time)))
        });
        format!(
            "{name} served {} of the calls{time}, with {} 429s.",
            share(self.best),
            refusals(self.best)
        )
    }

    /// Nobody finished: what was lost comes first.
    fn lost(&self) -> String {
        let leads = &self.subject.comparison.ranking.leads;
        let name = visible(&self.best.name);
        let (alike, behind) = split(leads);
        let seeds = self.seeds();
        let Some(next) = behind else {
            let names = names_of(self, alike);
            return format!(
                "{NOBODY}, and {name} is not told apart from {names} at {seeds}: they served {} and {}.",
                share(self.best),
                shares(self, alike)
            );
        };
        let other = self.outcome(next);
        let more = next.served.map_or(String::new(), |more| points(&more));
        let mut text = format!(
            "{NOBODY}; {name} served {}, {more} more than {}{}.",
            share(self.best),
            visible(&other.name),
            self.refused(other)
        );
        if !alike.is_empty() {
            let names = names_of(self, alike);
            let close = format!(" It is not told apart from {names} at {seeds}.");
            text.push_str(&close);
        }
        text
    }

    /// One finished and the others did not.
    fn only(&self) -> String {
        let next = &self.subject.comparison.ranking.leads[0];
        let other = self.outcome(next);
        let less = next.served.map_or(String::new(), |more| points(&more));
        format!(
            "Only {} served 99.9 % of the calls in every seed; {} served {}, {less} less, with {} instead of {} 429s.",
            visible(&self.best.name),
            visible(&other.name),
            share(other),
            refusals(other),
            refusals(self.best)
        )
    }

    /// Several finished: who was sooner.
    fn sooner(&self, leads: &[Lead]) -> String {
        let name = visible(&self.best.name);
        let (close, behind) = split(leads);
        let mut sentences = vec![];
        if !close.is_empty() {
            let by = close[0].sooner.filter(|_| close.len() == 1);
            let by = by.map_or(String::new(), |times| format!(" ({})", factor(&times)));
            let other = names_of(self, close);
            let of = if self.by_completion() { "" } else { " by p99 wait" };
            let seeds = self.seeds();
            sentences.push(format!("{name} is not told apart from {other}{of} at {seeds}{by}."));
        }
        if let Some(next) = behind {
            let (other, times) = (self.outcome(next), next.sooner.map(|times| factor(&times)));
            let times = times.unwrap_or_default();
            let verb = if self.by_completion() {
                format!("{name} finishes {times} sooner than {}", visible(&other.name))
            } else {
                format!(
                    "The p99 wait of {name} is {times} shorter than that of {}",
                    visible(&other.name)
                )
            };
            sentences.push(format!("{verb}{}.", self.refused(other)));
        }
        sentences.join(" ")
    }

    /// `, with 3 instead of 3,222 429s`.
    fn refused(&self, other: &Outcome) -> String {
        let (own, theirs) = (refusals(self.best), refusals(other));
        let difference = self
            .best
            .values(Metric::Rejected)
            .zip(other.values(Metric::Rejected))
            .and_then(|(own, theirs)| interval::paired_difference(&own, &theirs));
        match difference {
            Some(more) if !clear(&more, 0.0) && own == theirs => format!(", with {own} 429s each"),
            Some(more) if !clear(&more, 0.0) => {
                format!(", with no clear difference in 429s ({own} and {theirs})")
            }
            Some(more) if more.mean > 0.0 => format!(", but with {own} instead of {theirs} 429s"),
            _ => format!(", with {own} instead of {theirs} 429s"),
        }
    }

    /// `20 seeds`.
    fn seeds(&self) -> String {
        let count = self.subject.seeds.count.get();
        keep(&format!("{} seed{}", number::count(count as u64), if count == 1 { "" } else { "s" }))
    }

    fn by_completion(&self) -> bool {
        self.subject.comparison.ranking.by_completion
    }
}

/// Those before the first that is told apart from the best, and that one.
fn split(leads: &[Lead]) -> (&[Lead], Option<&Lead>) {
    let place = leads.iter().position(Lead::is_clear).unwrap_or(leads.len());
    (&leads[..place], leads.get(place))
}

/// Whether a difference is told as one: of a single seed, whenever there is any.
fn clear(estimate: &Estimate, none: f64) -> bool {
    if estimate.has_interval() {
        estimate.distinguishable_from(none)
    } else {
        (estimate.mean - none).abs() > f64::EPSILON
    }
}

fn names_of(told: &Told<'_>, leads: &[Lead]) -> String {
    let names: Vec<String> = leads.iter().map(|lead| visible(&told.outcome(lead).name)).collect();
    listed(&names)
}

fn shares(told: &Told<'_>, leads: &[Lead]) -> String {
    let shares: Vec<String> = leads.iter().map(|lead| share(told.outcome(lead))).collect();
    listed(&shares)
}

/// `97.9 % ± 0.2 %` of the calls.
fn share(outcome: &Outcome) -> String {
    let Some(share) = outcome.estimate(Metric::ServedShare) else {
        return "nothing".to_owned();
    };
    if share.mean == 0.0 {
        let calls = number::count(calls(outcome, None));
        return keep(&format!("0 of {calls}"));
    }
    let value = Quantity::Share.write(share.mean);
    let half = share.half_width();
    if half < 0.000_5 {
        return keep(&value);
    }
    keep(&format!("{value} ± {} %", number::decimal(half * 100.0, 1)))
}

/// `3.1 ± 0.2 points`.
fn points(difference: &Estimate) -> String {
    let half = difference.half_width() * 100.0;
    let places = places_for(half, difference.mean * 100.0);
    let value = number::decimal(difference.mean.abs() * 100.0, places);
    if half == 0.0 {
        return keep(&format!("{value} points"));
    }
    keep(&format!("{value} ± {} points", number::decimal(half, places)))
}

/// `1.7 ± 0.3 times`.
fn factor(times: &Estimate) -> String {
    let half = times.half_width();
    if !half.is_finite() {
        return keep(&format!("more than {} times", number::decimal(times.low, 1)));
    }
    let places = places_for(half, times.mean);
    let value = number::decimal(times.mean, places);
    if half == 0.0 {
        return keep(&format!("{value} times"));
    }
    keep(&format!("{value} ± {} times", number::decimal(half, places)))
}

/// As many decimals as the half-width has a figure in, one to three.
fn places_for(half: f64, value: f64) -> usize {
    let mut places = usize::from(value.abs() < 99.5 && half < 9.5);
    let mut size = half * 10.0;
    while places > 0 && places < 3 && half > 0.0 && size < 0.95 {
        size *= 10.0;
        places += 1;
    }
    places
}

fn refusals(outcome: &Outcome) -> String {
    let mean = outcome.estimate(Metric::Rejected).map_or(0.0, |refused| refused.mean);
    Quantity::Count.write(mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{outcome, plan, told};

    /// The verdict on clients `a`, `b`, ... with these runs.
    fn verdict_on(clients: &[&[(u32, f64, f64)]]) -> String {
        let plan = plan(&["a", "b", "c"][..clients.len()]);
        let outcomes = clients.iter().enumerate();
        let outcomes = outcomes.map(|(place, runs)| outcome(&plan, place, runs));
        told(&plan, outcomes.collect(), verdict).replace(KEPT, " ")
    }

    #[test]
    fn who_is_clearly_sooner_is_said_to_be_so_with_its_interval() {
        let slow = [(100, 200.0, 900.0), (100, 210.0, 910.0), (100, 190.0, 890.0)];
        let soon = [(100, 100.0, 3.0), (100, 101.0, 3.0), (100, 99.0, 3.0)];
        assert_eq!(
            verdict_on(&[&slow, &soon]),
            "b finishes 2.0 ± 0.2 times sooner than a, with 3 instead of 900 429s."
        );
    }

    #[test]
    fn what_chance_may_make_is_no_difference() {
        let one = [(100, 100.0, 5.0), (100, 120.0, 6.0), (100, 80.0, 7.0)];
        let other = [(100, 110.0, 5.0), (100, 80.0, 6.0), (100, 115.0, 7.0)];
        let late = [(100, 500.0, 5.0), (100, 500.0, 6.0), (100, 500.0, 7.0)];
        let text = verdict_on(&[&one, &other, &late]);
        assert!(text.starts_with("a is not told apart from b at 3 seeds (1.0"), "{text}");
        assert!(text.contains("a finishes 5.0"), "{text}");
        assert!(!text.contains("Behind"), "{text}");
        assert!(text.ends_with("sooner than c, with 6 429s each."), "{text}");
    }

    /// Each of two pairs alone has p = 0.04, which is told; both of three pairs
    /// at once are not.
    #[test]
    fn who_is_told_apart_hangs_on_how_many_there_are() {
        let one = [(100, 100.0, 5.0), (100, 100.0, 5.0), (100, 100.0, 5.0)];
        let other = [(100, 110.0, 5.0), (100, 115.0, 5.0), (100, 120.0, 5.0)];
        let third = [(100, 121.0, 5.0), (100, 111.0, 5.0), (100, 116.0, 5.0)];
        let two = verdict_on(&[&one, &other]);
        assert!(two.starts_with("a finishes 1.1 ± 0.1 times sooner than b"), "{two}");
        let three = verdict_on(&[&one, &other, &third]);
        assert!(three.starts_with("a is not told apart from b and c at 3 seeds."), "{three}");
        assert!(three.ends_with("Behind, not told apart: b and c."), "{three}");
    }

    #[test]
    fn who_finishes_in_some_seeds_is_said_to() {
        let all = [(100, 300.0, 5.0), (100, 310.0, 5.0), (100, 310.0, 5.0)];
        let some = [(100, 300.0, 9.0), (50, 300.0, 9.0), (40, 300.0, 9.0)];
        let text = verdict_on(&[&some, &all]);
        assert!(text.contains("Finished in some seeds only: a in 1 of 3 (6 to 79 %)."), "{text}");
    }

    #[test]
    fn what_was_lost_comes_first() {
        let more = [(98, 1.0, 5.0), (97, 1.0, 5.0), (98, 1.0, 5.0)];
        let less = [(50, 9.0, 80.0), (50, 9.0, 81.0), (51, 9.0, 82.0)];
        assert_eq!(
            verdict_on(&[&less, &more]),
            "No client served 99.9 % of the calls in every seed; b served 97.7 % ± 1.4 %, \
             47.3 ± 1.4 points more than a, with 5 instead of 81 429s."
        );
    }

    #[test]
    fn who_gives_up_is_not_soonest() {
        let all = [(100, 300.0, 5.0), (100, 310.0, 5.0)];
        let none = [(0, 1.0, 9.0), (0, 1.0, 9.0)];
        assert_eq!(
            verdict_on(&[&none, &all]),
            "Only b served 99.9 % of the calls in every seed; a served 0 of 200, \
             100 points less, with 9 instead of 5 429s."
        );
    }

    #[test]
    fn one_seed_is_said_to_be_one() {
        let text = verdict_on(&[&[(100, 300.0, 5.0)], &[(100, 310.0, 5.0)]]);
        assert!(text.starts_with("On this one seed, which says nothing of chance"), "{text}");
    }

    #[test]
    fn a_headline_is_the_first_clause() {
        let plan = plan(&["a"]);
        let outcomes = vec![outcome(&plan, 0, &[(100, 300.0, 5.0)])];
        assert_eq!(
            told(&plan, outcomes, headline),
            "a served 100 % of the calls, 99 % of them in 300 s"
        );
    }

    #[test]
    fn a_headline_names_who_served_more() {
        let plan = plan(&["a", "b"]);
        let runs = [[(50, 9.0, 80.0); 2], [(90, 9.0, 80.0); 2]];
        let outcomes = runs.iter().enumerate();
        let outcomes = outcomes.map(|(place, runs)| outcome(&plan, place, runs));
        assert_eq!(
            told(&plan, outcomes.collect(), headline),
            "b served 90.0 %, 40.0 points more than a"
        );
    }
}
