//! What an answer costs a client: nanoseconds until its policy has decided, by
//! the primitives that the policy uses.
//!
//! Each client gets 429s with `Retry-After` until its call is over, a thousand
//! calls in turn; the time that criterion prints is for one answer.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tollgate::client::{Account, Draw, Heard, Next, Policy, Progress, Who};
use tollgate::http::{Answer, HeaderId, Headers, Method, Status, Value};
use tollgate::rng::Key;
use tollgate::scenario::Lone;
use tollgate::time::{Instant, SECOND, Span};

const CALLS: u64 = 1_000;
const START: Instant = Instant(1_767_603_600 * SECOND);

fn policy(name: &str) -> Policy {
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    let client = Lone::load(name, &no_files).expect("the client is built in");
    client.policy(&["Retry-After".to_owned()], &[])
}

/// A thousand calls that are refused for ever: how many answers they hear.
fn calls(policy: &Policy, account: &mut Account, headers: &Headers) -> u64 {
    let (answer, method) = (Answer::Status(Status::TOO_MANY_REQUESTS), Method::Get);
    let mut progress = vec![Progress::NEW; policy.layers.len()];
    let mut answers = 0;
    for call in 0..CALLS {
        let key = Key::run(0, call);
        let deadline = Instant::NEVER;
        let who =
            Who { client: 0, population: 0, deadline, principal: 0, endpoint: 0, attempts: 0, key };
        let mut now = START;
        progress.fill(Progress::since(now));
        for number in 1..=10 {
            answers += 1;
            let heard = Heard { now, clock: now, method, answer, headers };
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

fn ns_per_answer(c: &mut Criterion) {
    let mut group = c.benchmark_group("answer");
    group.sample_size(20);
    let mut headers = Headers::NONE;
    headers.set(HeaderId(0), Value::Integer(1));
    for name in ["naive", "exponential-jitter", "urllib3-default", "aws-standard", "grpc"] {
        let policy = policy(name);
        let mut account = Account::new(&policy, 1, START);
        let answers = calls(&policy, &mut account, &headers);
        group.throughput(Throughput::Elements(answers));
        group.bench_with_input(BenchmarkId::from_parameter(name), &policy, |bench, policy| {
            bench.iter(|| calls(policy, &mut account, &headers));
        });
    }
    group.finish();
}

criterion_group!(benches, ns_per_answer);
criterion_main!(benches);
