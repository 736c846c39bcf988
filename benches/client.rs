//! What an answer costs a client: nanoseconds until its policy has decided, by
//! the primitives that the policy uses.
//!
//! Each client gets 429s with `Retry-After` until its call is over, a thousand
//! calls in turn; the time that criterion prints is for one answer.

#[path = "work/answers.rs"]
mod answers;

use answers::{START, calls, policy};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tollgate::client::Account;

const CALLS: u64 = 1_000;

fn ns_per_answer(c: &mut Criterion) {
    let mut group = c.benchmark_group("answer");
    group.sample_size(20);
    for name in ["naive", "exponential-jitter", "urllib3-default", "aws-standard", "grpc"] {
        let policy = policy(name);
        let mut account = Account::new(&policy, 1, START);
        let answers = calls(&policy, &mut account, CALLS);
        group.throughput(Throughput::Elements(answers));
        group.bench_with_input(BenchmarkId::from_parameter(name), &policy, |bench, policy| {
            bench.iter(|| calls(policy, &mut account, CALLS));
        });
    }
    group.finish();
}

criterion_group!(benches, ns_per_answer);
criterion_main!(benches);
