//! Hedging as gRPC's: when copies leave, what settles a call, and that nothing
//! is lost when several attempts of one call are in flight.

use crate::lab;
use tollgate::client::Cause;
use tollgate::engine::{Caller, End, Fact, Observer};
use tollgate::time::Instant;

const API: &str = "name = \"no limit\"\n[[endpoint]]\nname = \"call\"\n";

#[derive(Default)]
struct Tale {
    sent: Vec<u64>,
    ends: Vec<(u64, End)>,
    start: Instant,
}

impl Observer for Tale {
    fn note(&mut self, now: Instant, _: Caller, fact: &Fact) {
        let at = now.since(self.start).0 / 1_000_000;
        match fact {
            Fact::Sent => self.sent.push(at),
            Fact::Ended { end, .. } => self.ends.push((at, *end)),
            _ => {}
        }
    }
}

/// When attempts are sent and how the call ends, in ms: 10 ms each way.
fn tale(service: &str, more: &str) -> Tale {
    let scenario = format!(
        "name = \"hedging\"\nhorizon = \"1s\"\ndrain = \"1h\"\n\
         network = {{ out = \"10ms\", home = \"10ms\" }}\nservice = {{ {service} }}\n\
         [[population]]\nname = \"one\"\nburst = {{ calls = 1 }}\n"
    );
    let client = format!(
        "name = \"hedging\"\nattempts = 4\nretries = [\"5xx\", \"timeout\"]\nwait = \"zero\"\n\
         hedge = {{ after = \"500ms\" }}\n{more}"
    );
    let model = lab::model(&scenario, API, &client);
    let mut tale = Tale { start: model.start, ..Tale::default() };
    lab::run(&model, 1, &mut tale);
    tale
}

#[test]
fn copies_leave_until_the_first_answer_that_serves() {
    let slow = tale("time = \"1200ms\"", "");
    assert_eq!(slow.sent, [0, 500, 1_000]);
    assert_eq!(slow.ends, [(1_220, End::ByAttempt)]);
    let slower = tale("time = \"5s\"", "");
    assert_eq!(slower.sent, [0, 500, 1_000, 1_500]);
    assert_eq!(slower.ends, [(5_020, End::ByAttempt)]);
    assert_eq!(tale("time = \"100ms\"", "").sent, [0]);
}

#[test]
fn an_answer_worth_another_try_brings_the_next_copy_at_once() {
    let failing = tale("time = \"100ms\", fails = 1", "");
    assert_eq!(failing.sent, [0, 120, 240, 360]);
    assert_eq!(failing.ends, [(480, End::GivenUp(Cause::Attempts))]);
}

#[test]
fn an_answer_that_settles_the_call_settles_it_for_all_copies() {
    let fatal = tale("time = \"700ms\", refuses = 1", "");
    assert_eq!(fatal.sent, [0, 500]);
    assert_eq!(fatal.ends, [(720, End::GivenUp(Cause::NotRetried))]);
}

#[test]
fn copies_that_time_out_are_followed_by_the_next_and_a_deadline_ends_all() {
    let silent = tale("time = \"10s\"", "timeout = \"700ms\"\n");
    // A timeout brings the next copy, and the timer begins anew.
    assert_eq!(silent.sent, [0, 500, 700, 1_200]);
    assert_eq!(silent.ends, [(1_900, End::GivenUp(Cause::Attempts))]);
    let killed = tale("time = \"10s\"", "deadline = { total = \"1100ms\", exceed = \"kill\" }\n");
    assert_eq!(
        (killed.sent, killed.ends),
        (vec![0, 500, 1_000], vec![(1_100, End::GivenUp(Cause::Deadline))])
    );
}

#[test]
fn a_spent_throttle_sends_no_copies() {
    let throttle = "[[budget]]\ngrpc-throttle = { tokens = 2, ratio = 0.1 }\n";
    let failing = tale("time = \"100ms\", fails = 1", throttle);
    assert_eq!(failing.sent, [0]);
    assert_eq!(failing.ends, [(120, End::GivenUp(Cause::Budget))]);
    let slow = tale("time = \"1200ms\"", throttle);
    assert_eq!(slow.sent, [0, 500, 1_000], "nothing has failed yet");
    assert_eq!(slow.ends, [(1_220, End::ByAttempt)]);
}
