//! Calls that are refused for ever, and what a client makes of each answer.

use std::hint::black_box;

use tollgate::client::{Account, Draw, Heard, Next, Policy, Progress, Who};
use tollgate::http::{Answer, HeaderId, Headers, Method, Status, Value};
use tollgate::rng::Key;
use tollgate::scenario::Lone;
use tollgate::time::{Instant, SECOND, Span};

pub(crate) const START: Instant = Instant(1_767_603_600 * SECOND);

/// A built-in client's policy.
pub(crate) fn policy(name: &str) -> Policy {
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    let client = Lone::load(name, &no_files).expect("the client is built in");
    client.policy(&["Retry-After".to_owned()], &[])
}

/// So many calls that get 429s with `Retry-After`: how many answers they hear.
pub(crate) fn calls(policy: &Policy, account: &mut Account, calls: u64) -> u64 {
    let mut headers = Headers::NONE;
    headers.set(HeaderId(0), Value::Integer(1));
    let (answer, method) = (Answer::Status(Status::TOO_MANY_REQUESTS), Method::Get);
    let mut progress = vec![Progress::NEW; policy.layers.len()];
    let mut answers = 0;
    for call in 0..calls {
        let key = Key::run(0, call);
        let deadline = Instant::NEVER;
        let who =
            Who { client: 0, population: 0, deadline, principal: 0, endpoint: 0, attempts: 0, key };
        let mut now = START;
        progress.fill(Progress::since(now));
        for number in 1..=10 {
            answers += 1;
            let heard = Heard { now, clock: now, method, answer, headers: &headers };
            let draw = Draw::Of(key, number);
            let next = if policy.budgets.is_empty() {
                policy.next(&heard, &mut progress, draw, &mut ())
            } else {
                let mut purse = account.paying(policy, &who, &who);
                policy.next(&heard, &mut progress, draw, &mut purse)
            };
            match black_box(next) {
                Next::Retry(wait) => now = now.after(wait).after(Span::millis(1)),
                Next::Served | Next::GiveUp(_) => break,
            }
        }
    }
    answers
}
