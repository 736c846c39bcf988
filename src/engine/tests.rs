//! What can only be seen from within: sizes, and numbers that run out.

use super::*;
use crate::scenario::Bundle;

/// Everything that can be seen of a run, as text.
#[derive(Default)]
struct Facts(Vec<String>);

impl Observer for Facts {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        self.0.push(format!("{} {caller:?} {fact:?}", now.0));
    }
}

#[test]
fn a_call_is_a_cache_line() {
    assert_eq!(size_of::<Call>(), 64);
}

/// The numbers of events run out in mid-run, with stale events pending: calls
/// that go the direct way, and calls that time out and have deadlines.
#[test]
fn a_run_goes_on_when_the_numbers_of_events_run_out() {
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    for (scenario, client) in
        [("w1", "w1"), ("outage", "aws-standard"), ("clover", "clover-advice")]
    {
        let clients = [client.to_owned()];
        let settings = [("events".to_owned(), "20000".to_owned())];
        let bundle = Bundle::load(scenario, Some(&clients), &settings, &no_files).unwrap();
        let model = bundle.plan().unwrap().variants.remove(0).model;
        let lanes = Lane::all(&model);
        let run = |queue: Option<Queue>| {
            let mut facts = Facts::default();
            let mut engine = Engine::new(&model, Part::WHOLE, &lanes, Key::run(3, 0), &mut facts);
            if let Some(queue) = queue {
                engine.queue = queue;
            }
            engine.run().unwrap();
            facts.0
        };
        let whole = run(None);
        let renumbered = run(Some(Queue::starting_at(Queue::LAST - 4_000)));
        assert!(whole.len() > 10_000, "{scenario}: {} facts", whole.len());
        for (n, (one, other)) in whole.iter().zip(&renumbered).enumerate() {
            assert_eq!(one, other, "fact {n} of {client} in {scenario}");
        }
        assert_eq!(whole.len(), renumbered.len(), "{scenario}");
    }
}
