//! What budgets do to calls, seen through the engine: what is dropped, by whom
//! a retry is paid, and that what a call holds of a budget comes back with it.

use crate::lab;
use tollgate::client::Cause;
use tollgate::engine::{Caller, End, Fact, Observer};
use tollgate::time::Instant;

/// The attempts of each call and how it ended, in the order of their ends.
#[derive(Default)]
struct Ends(Vec<(u32, End)>);

impl Observer for Ends {
    fn note(&mut self, _now: Instant, _caller: Caller, fact: &Fact) {
        if let Fact::Ended { end, attempts, .. } = *fact {
            self.0.push((attempts, end));
        }
    }
}

const API: &str = "name = \"open\"\n[[endpoint]]\nname = \"call\"\n\
                   [[limit]]\nname = \"wide\"\nper = [\"key\"]\n\
                   fixed-window = { quota = 1000000, window = \"1s\" }\n";

/// A call every ten seconds against a service of that kind.
fn ends(service: &str, population: &str, client: &str) -> Vec<(u32, End)> {
    let scenario = format!(
        "name = \"budgets\"\nhorizon = \"60s\"\ndrain = \"1d\"\n\
         network = {{ out = \"0s\", home = \"0s\" }}\nservice = {{ {service} }}\n\
         [[population]]\nname = \"callers\"\n{population}\n"
    );
    let client = format!("name = \"one\"\nretries = [\"500\"]\n{client}\n");
    let mut ends = Ends::default();
    lab::run(&lab::model(&scenario, API, &client), 1, &mut ends);
    ends.0
}

const FAILS: &str = "time = \"0s\", fails = 1.0";
const SLOW: &str = "time = \"2s\", fails = 1.0";
const EVERY: &str = "poll = { every = \"10s\" }\nidentity = { key = \"each\" }";

fn by(cause: Cause) -> End {
    End::GivenUp(cause)
}

#[test]
fn without_a_budget_nothing_is_asked() {
    let calls = ends(FAILS, EVERY, "attempts = 3\nwait = \"zero\"");
    assert_eq!(calls, [(3, by(Cause::Attempts)); 6]);
}

#[test]
fn a_retry_that_is_never_made_gives_its_place_back() {
    // The caller leaves during the back-off.
    let hasty = format!("{EVERY}\npatience = \"1s\"");
    for budget in ["parallel-retries = 1", "active-share = { share = 0, least = 1 }"] {
        let client = format!("wait = {{ fixed = \"5s\" }}\n[[budget]]\n{budget}");
        assert_eq!(ends(FAILS, &hasty, &client), [(1, by(Cause::Deadline)); 6], "{budget}");
    }
}

#[test]
fn a_retry_in_flight_gives_its_place_back_when_its_caller_leaves() {
    // The second attempt is sent at 2 s and would be answered at 4 s.
    let hasty = format!("{EVERY}\npatience = \"3s\"");
    for budget in ["parallel-retries = 1", "active-share = { share = 0, least = 1 }"] {
        let client = format!("wait = \"zero\"\n[[budget]]\n{budget}");
        assert_eq!(ends(SLOW, &hasty, &client), [(2, by(Cause::Deadline)); 6], "{budget}");
    }
}

#[test]
fn retries_at_the_same_time_are_few_and_those_beyond_are_given_up() {
    // Ten clients fail together; three may wait for their retry, which fails too.
    let all = "count = 10\npoll = { every = \"60s\" }\nidentity = { key = \"shared\" }";
    let client = "attempts = 2\nwait = { fixed = \"1s\" }\n\
                  [[budget]]\nof = [\"key\"]\nparallel-retries = 3";
    let calls = ends(FAILS, all, client);
    let count = |end| calls.iter().filter(|call| **call == end).count();
    assert_eq!(count((1, by(Cause::Budget))), 7);
    assert_eq!(count((2, by(Cause::Attempts))), 3);
    // Each for itself, nobody is in the way.
    let own = client.replace("of = [\"key\"]\n", "");
    assert_eq!(ends(FAILS, all, &own), [(2, by(Cause::Attempts)); 10]);
}

#[test]
fn a_breaker_drops_first_attempts_too_and_tries_one_after_the_break() {
    let client = "attempts = 1\nwait = \"zero\"\n\
                  [[budget]]\nbreaker = { ratio = 0.5, least = 2, sampling = \"30s\", break = \"15s\" }";
    // Two failures at 0 and 10 s break it until 25 s; the trial at 30 s fails,
    // and it is broken until 45 s; that of 50 s is the next.
    let (sent, dropped) = ((1, by(Cause::Attempts)), (0, by(Cause::Throttle)));
    assert_eq!(ends(FAILS, EVERY, client), [sent, sent, dropped, sent, dropped, sent]);
}

/// Two calls break the circuit that all share, the only attempt that may leave
/// after the break is that of somebody who leaves early, and one more call comes.
const BROKEN: &str = "burst = { calls = 2 }\nidentity = { key = \"shared\" }\n\
    [[population]]\nname = \"hasty\"\nburst = { calls = 1, at = \"20s\" }\n\
    patience = \"1s\"\nidentity = { key = \"shared\" }\n\
    [[population]]\nname = \"last\"\nburst = { calls = 1, at = \"40s\" }\n\
    identity = { key = \"shared\" }";
const BREAKER: &str = "of = [\"key\"]\nbreaker = { ratio = 0.5, least = 2, \
                       sampling = \"60s\", break = \"10s\", on = [\"500\"] }";

#[test]
fn a_trial_whose_caller_leaves_does_not_leave_the_circuit_half_open() {
    let client = format!("attempts = 1\nwait = \"zero\"\n[[budget]]\n{BREAKER}");
    let (failed, left) = ((1, by(Cause::Attempts)), (1, by(Cause::Deadline)));
    assert_eq!(ends(SLOW, BROKEN, &client), [failed, failed, left, failed]);
    // The same where it leaves between two attempts that are one to the breaker.
    let client = format!(
        "attempts = 2\nwait = {{ fixed = \"2s\" }}\n\
         [[layer]]\nname = \"outer\"\nretries = []\nattempts = 1\nwait = \"zero\"\n\
         [[layer.budget]]\n{BREAKER}"
    );
    let (failed, left) = ((2, by(Cause::NotRetried)), (1, by(Cause::Deadline)));
    assert_eq!(ends(FAILS, BROKEN, &client), [failed, failed, left, failed]);
}

#[test]
fn a_dropped_retry_ends_its_call() {
    // The breaker opens with the second failure, which the first call sees.
    let client = "attempts = 4\nwait = { fixed = \"1s\" }\n\
                  [[budget]]\nbreaker = { ratio = 0.5, least = 2, sampling = \"30s\", break = \"1h\" }";
    let mut expected = vec![(2, by(Cause::Throttle))];
    expected.resize(6, (0, by(Cause::Throttle)));
    assert_eq!(ends(FAILS, EVERY, client), expected);
}

#[test]
fn each_loop_has_its_own_budget() {
    // Two attempts within, and an outer loop that can pay for one more round.
    let bucket = "token-bucket = { size = 10, initial = 1, deposit = 0.000001, on = \"start\" }";
    let outer = format!(
        "attempts = 2\nwait = \"zero\"\n\
         [[layer]]\nname = \"outer\"\nretries = [\"500\"]\nattempts = 5\nwait = \"zero\"\n\
         [[layer.budget]]\n{bucket}"
    );
    let mut expected = vec![(4, by(Cause::Budget))];
    expected.resize(6, (2, by(Cause::Budget)));
    assert_eq!(ends(FAILS, EVERY, &outer), expected);
    // The same bucket within: one retry there, and the outer loop goes on.
    let inner = format!(
        "attempts = 2\nwait = \"zero\"\n[[budget]]\n{bucket}\n\
         [[layer]]\nname = \"outer\"\nretries = [\"500\"]\nattempts = 5\nwait = \"zero\""
    );
    let mut expected = vec![(6, by(Cause::Attempts))];
    expected.resize(6, (5, by(Cause::Attempts)));
    assert_eq!(ends(FAILS, EVERY, &inner), expected);
}

#[test]
fn an_outer_loop_hears_one_answer_for_all_attempts_within_it() {
    // Each round of two failing attempts takes one of ten tokens, so that above
    // half of them four rounds are begun again; with its budget within, each
    // attempt takes one.
    let throttle = "grpc-throttle = { tokens = 10, ratio = 0.1 }";
    let outer = format!(
        "attempts = 2\nwait = \"zero\"\n\
         [[layer]]\nname = \"outer\"\nretries = [\"500\"]\nwait = \"zero\"\n\
         [[layer.budget]]\n{throttle}"
    );
    assert_eq!(ends(FAILS, EVERY, &outer)[0], (10, by(Cause::Budget)));
    let inner = format!("wait = \"zero\"\n[[budget]]\n{throttle}");
    assert_eq!(ends(FAILS, EVERY, &inner)[0], (5, by(Cause::Budget)));
}

#[test]
fn who_makes_the_retry_pays_for_it() {
    // Attempts take turns among three keys, each of which may have one retry
    // under way. What a key pays for, its own answer frees.
    let spread = "count = 3\npoll = { every = \"10s\", staggered = true }\n\
                  identity = { key = \"each\" }\nlevers = { spreads = true }";
    let client = "attempts = 3\nwait = { fixed = \"1s\" }\n\
                  [[budget]]\nof = [\"key\"]\nparallel-retries = 1";
    assert_eq!(ends(FAILS, spread, client), [(3, by(Cause::Attempts)); 18]);
}

#[test]
fn of_two_budgets_none_is_debited_unless_both_can_be() {
    // Three clients, one after the other, share a quota of three retries; the
    // bucket of each has one. What a bucket refuses costs the quota nothing.
    let client = "attempts = 5\nwait = \"zero\"\n\
                  [[budget]]\nof = [\"key\"]\naws-quota = { capacity = 3, cost = 1, success = 1 }\n\
                  [[budget]]\ntoken-bucket = { size = 1, deposit = 0.000001, on = \"start\" }";
    let three = "count = 3\npoll = { every = \"60s\", staggered = true }\n\
                 identity = { key = \"shared\" }";
    assert_eq!(ends(FAILS, three, client), [(2, by(Cause::Budget)); 3]);
}

#[test]
fn a_call_that_a_retry_saved_gives_its_price_back() {
    // Half of all attempts fail; the quota of one retry never runs out, because
    // a call that ends well gives back what its last retry took.
    let half = "time = \"0s\", fails = 0.5";
    let poll = "poll = { every = \"100ms\" }\nidentity = { key = \"each\" }";
    let quota = |success| {
        format!(
            "wait = \"zero\"\n[[budget]]\n\
             aws-quota = {{ capacity = 1, cost = 1, success = {success} }}"
        )
    };
    let calls = ends(half, poll, &quota(0));
    let retried: Vec<_> = calls.iter().filter(|(attempts, _)| *attempts > 1).collect();
    // A call fails for good only where its retry failed, and then nothing is
    // left for the others unless clean calls give something.
    let saved = retried.iter().take_while(|(_, end)| end.is_served()).count();
    assert_eq!(retried.len(), saved + 1, "nobody retries after the first loss");
    let calls = ends(half, poll, &quota(1));
    let lost = calls.iter().filter(|(attempts, end)| *attempts > 1 && !end.is_served()).count();
    assert!(lost > 10, "{lost} calls retried in vain, each after some clean one");
}

#[test]
fn budgets_that_would_not_fit_into_memory_are_refused_with_the_number() {
    let scenario = |count: u32| {
        format!(
            "name = \"large\"\ntitle = \"t\"\napi = \"given\"\nclients = [\"./one.toml\"]\n\
             horizon = \"1s\"\nservice = {{ time = \"0s\" }}\n\
             [[population]]\nname = \"p\"\ncount = {count}\nburst = {{ calls = 1 }}\n\
             identity = {{ key = \"shared\" }}\n"
        )
    };
    let client = |of| {
        format!(
            "name = \"one\"\nretries = []\nwait = \"zero\"\n\
             [[budget]]\n{of}sre-adaptive = {{ k = 2, window = \"120s\" }}\n"
        )
    };
    let plan = |count, of| lab::plan(&scenario(count), API, &[("one", &client(of))]).map(|_| ());
    let told = plan(10_000_000, "").unwrap_err();
    assert!(told.contains("budgets take 9.1 GiB of memory"), "{told}");
    assert_eq!(plan(1_000_000, ""), Ok(()));
    assert_eq!(plan(10_000_000, "of = [\"key\"]\n"), Ok(()));
}
