//! The budgets of a client's file become those of its policy.

use std::ops::Range;

use toml::Spanned;

use crate::client::{
    ActiveShare, AwsQuota, Breaker, Budget, BudgetOf, Deposit, Dialect, Failures, GrpcThrottle,
    Kinds, ParallelRetries, Policy, SreAdaptive, TokenBucket, WindowRatio,
};
use crate::scenario::file::{AnswerKind, budget as file};
use crate::time::{Length, Span};

use super::Checks;
use super::vocabulary::Vocabulary;

/// What stands in for a budget that has a fault.
pub(super) const ANY: Budget = Budget::ParallelRetries(ParallelRetries(u32::MAX));

/// A budget; `retried` are the answers that the client retries, which count as
/// failures unless the budget names its own. A fault, and none, where it is of
/// no kind or of several; `at` is where that is said.
pub(super) fn build(
    budget: &file::Budget,
    retried: &Failures,
    said: &Vocabulary<'_>,
    at: Range<usize>,
    checks: &mut Checks,
) -> Option<Budget> {
    let failures = |on: Option<&Vec<AnswerKind>>| {
        on.map_or_else(
            || retried.clone(),
            |on| Failures { of: said.kinds(on), except: Kinds::default() },
        )
    };
    let found = [
        budget.aws_quota.as_ref().map(|b| aws_quota(b, said, checks)),
        budget.grpc_throttle.as_ref().map(|b| {
            let failures = failures(b.as_ref().on.as_ref());
            grpc_throttle(b, failures, checks)
        }),
        budget.window_ratio.as_ref().map(|b| window_ratio(b, retried, checks)),
        budget.active_share.as_ref().map(|b| {
            let file::ActiveShare { share, least } = b.as_ref();
            Budget::ActiveShare(ActiveShare { share: share.0, least: *least })
        }),
        budget
            .parallel_retries
            .as_ref()
            .map(|most| Budget::ParallelRetries(ParallelRetries(*most.as_ref()))),
        budget.sre_adaptive.as_ref().map(|b| {
            let failures = failures(b.as_ref().on.as_ref());
            sre_adaptive(b, failures, checks)
        }),
        budget.breaker.as_ref().map(|b| {
            let failures = failures(b.as_ref().on.as_ref());
            breaker(b, failures, checks)
        }),
        budget.token_bucket.as_ref().map(|b| token_bucket(b, checks)),
    ];
    let mut found = found.into_iter().flatten();
    let first = found.next();
    if first.is_none() || found.next().is_some() {
        checks.fault(
            at,
            "a budget is of no kind or of several",
            "give exactly one of: aws-quota, grpc-throttle, window-ratio, active-share, \
             parallel-retries, sre-adaptive, breaker, token-bucket",
        );
        return None;
    }
    first
}

/// The most memory that the budgets of a model may take, in bytes.
const ROOM: u64 = 4 << 30;

/// Refuses budgets that would not fit into memory, with the number.
pub(super) fn check_size(policies: &[Policy], clients: u64, at: Range<usize>, checks: &mut Checks) {
    let clients = u32::try_from(clients).unwrap_or(u32::MAX);
    let bytes = |part: &BudgetOf| part.budget.bytes() as u64 * part.of.len(clients) as u64;
    let room: u64 = policies.iter().flat_map(|policy| &policy.budgets).map(bytes).sum();
    if room > ROOM {
        let gib = |bytes: u64| bytes as f64 / (1_u64 << 30) as f64;
        let message = format!("the clients' budgets take {:.1} GiB of memory", gib(room));
        let help =
            format!("at most {:.0} GiB: fewer clients, or budgets that they share", gib(ROOM));
        checks.fault(at, message, help);
    }
}

/// A fault where the number does not lie in these bounds.
fn within(
    number: f64,
    bounds: std::ops::RangeInclusive<f64>,
    what: &str,
    at: Range<usize>,
    checks: &mut Checks,
) {
    if !bounds.contains(&number) {
        let help = format!("write a number from {} to {}", bounds.start(), bounds.end());
        checks.fault(at, format!("{what} is {number}"), help);
    }
}

/// The nearest whole number of these parts.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked, and `as` saturates
fn parts(number: f64, of: f64) -> u64 {
    libm::round(number * of) as u64
}

fn aws_quota(b: &Spanned<file::AwsQuota>, said: &Vocabulary<'_>, checks: &mut Checks) -> Budget {
    let file::AwsQuota { capacity, cost, costs, success } = b.as_ref();
    if *capacity == 0 {
        checks.fault(b.span(), "the quota's capacity is 0", "write at least 1, like 500");
    }
    Budget::AwsQuota(AwsQuota {
        capacity: *capacity,
        cost: *cost,
        costs: costs.iter().map(|c| (said.kinds(&c.of), c.cost)).collect(),
        success: *success,
    })
}

fn grpc_throttle(
    b: &Spanned<file::GrpcThrottle>,
    failures: Failures,
    checks: &mut Checks,
) -> Budget {
    let file::GrpcThrottle { tokens, ratio, .. } = b.as_ref();
    // A6: "maxTokens" is in (0, 1000], "tokenRatio" above 0.
    within(f64::from(*tokens), 1.0..=1_000.0, "the number of tokens", b.span(), checks);
    within(*ratio, 0.001..=1_000.0, "the ratio", b.span(), checks);
    let ratio = u32::try_from(parts(*ratio, 1_000.0)).unwrap_or(u32::MAX);
    Budget::GrpcThrottle(GrpcThrottle { most: tokens.saturating_mul(1_000), ratio, failures })
}

fn window_ratio(b: &Spanned<file::WindowRatio>, retried: &Failures, checks: &mut Checks) -> Budget {
    let file::WindowRatio { ttl, slots, per_second, ratio, dialect, on } = b.as_ref();
    // What Finagle and tower require.
    within(ttl.span().as_secs_f64(), 1.0..=60.0, "the ttl in seconds", b.span(), checks);
    within(*ratio, 0.0..=1_000.0, "the ratio", b.span(), checks);
    within(f64::from(*slots), 2.0..=10.0, "the number of slots", b.span(), checks);
    let dialect = match dialect {
        file::Dialect::Finagle => Dialect::Finagle,
        file::Dialect::Tower => Dialect::Tower,
    };
    let ratio = WindowRatio::new(dialect, *ttl, (*slots).clamp(2, 10), *per_second, *ratio);
    let on = on.map_or(ratio.deposits(), deposit);
    Budget::WindowRatio(ratio.paid(on, retried.clone()))
}

fn sre_adaptive(b: &Spanned<file::SreAdaptive>, failures: Failures, checks: &mut Checks) -> Budget {
    let file::SreAdaptive { k, window, .. } = b.as_ref();
    within(*k, 1.0..=1_000.0, "k", b.span(), checks);
    Budget::SreAdaptive(SreAdaptive { k: *k, window: *window, failures })
}

fn breaker(b: &Spanned<file::Breaker>, failures: Failures, checks: &mut Checks) -> Budget {
    const DAY: f64 = 86_400.0;
    let file::Breaker { ratio, least, sampling, r#break, .. } = b.as_ref();
    // What Polly requires; below 0.2 s it would count otherwise.
    within(sampling.as_secs_f64(), 0.5..=DAY, "the sampling time in seconds", b.span(), checks);
    within(r#break.as_secs_f64(), 0.5..=DAY, "the break in seconds", b.span(), checks);
    within(f64::from(*least), 2.0..=1e9, "the least number of answers", b.span(), checks);
    let sampling = Length::try_from((*sampling).max(Span::millis(500)));
    Budget::Breaker(Breaker {
        ratio: ratio.0,
        least: *least,
        sampling: sampling.expect("half a second is longer than nothing"),
        pause: *r#break,
        failures,
    })
}

fn token_bucket(b: &Spanned<file::TokenBucket>, checks: &mut Checks) -> Budget {
    let file::TokenBucket { size, deposit: paid, on, initial, strict } = b.as_ref();
    let initial = initial.unwrap_or(*size);
    within(*size, 1.0..=1e9, "the size", b.span(), checks);
    within(*paid, 0.000_001..=*size, "the deposit", b.span(), checks);
    within(initial, 0.0..=*size, "what there is at first", b.span(), checks);
    let tokens = |number| parts(number, TokenBucket::TOKEN as f64);
    Budget::TokenBucket(TokenBucket {
        size: tokens(*size),
        initial: tokens(initial),
        deposit: tokens(*paid),
        on: deposit(*on),
        strict: *strict,
    })
}

fn deposit(on: file::Deposit) -> Deposit {
    match on {
        file::Deposit::Start => Deposit::Start,
        file::Deposit::Success => Deposit::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Kind;

    /// The budget that a table makes, or the messages of its faults.
    fn read(table: &str) -> Result<Budget, Vec<String>> {
        let file: file::Budget = toml::from_str(table).map_err(|e| vec![e.to_string()])?;
        let retried = Failures {
            of: Kinds(vec![Kind::Status(429), Kind::Class(5)]),
            except: Kinds::default(),
        };
        let mut checks = Checks::default();
        let built =
            build(&file, &retried, &Vocabulary { headers: &[], words: &[] }, 0..0, &mut checks);
        let faults: Vec<String> = checks.0.iter().map(|fault| fault.message.clone()).collect();
        built.filter(|_| faults.is_empty()).ok_or(faults)
    }

    #[test]
    fn every_kind_is_read_in_its_own_units() {
        let budget = read("grpc-throttle = { tokens = 10, ratio = 0.1 }");
        let Ok(Budget::GrpcThrottle(throttle)) = budget else { panic!("{budget:?}") };
        assert_eq!((throttle.most, throttle.ratio), (10_000, 100));
        assert_eq!(throttle.failures.of.0, [Kind::Status(429), Kind::Class(5)]);

        let budget = read(
            "aws-quota = { capacity = 500, cost = 14, costs = [{ of = [\"429\"], cost = 5 }], \
             success = 1 }",
        );
        let Ok(Budget::AwsQuota(quota)) = budget else { panic!("{budget:?}") };
        assert_eq!(quota.costs, [(Kinds(vec![Kind::Status(429)]), 5)]);

        let budget = read("token-bucket = { size = 5, deposit = 0.1, on = \"start\" }");
        let Ok(Budget::TokenBucket(bucket)) = budget else { panic!("{budget:?}") };
        assert_eq!((bucket.size, bucket.initial, bucket.deposit), (5_000_000, 5_000_000, 100_000));

        let budget = read(
            "breaker = { ratio = 0.1, least = 100, sampling = \"30s\", break = \"5s\", \
             on = [\"timeout\"] }",
        );
        let Ok(Budget::Breaker(breaker)) = budget else { panic!("{budget:?}") };
        assert_eq!((breaker.sampling.span(), breaker.pause), (Span::seconds(30), Span::seconds(5)));
        assert_eq!(breaker.failures.of.0, [Kind::Timeout]);

        for table in [
            "window-ratio = { ttl = \"10s\", per-second = 10, ratio = 0.2 }",
            "window-ratio = { ttl = \"10s\", slots = 10, per-second = 10, ratio = 0.2, \
             dialect = \"tower\", on = \"start\" }",
            "active-share = { share = \"20%\", least = 3 }",
            "parallel-retries = 3",
            "sre-adaptive = { k = 2, window = \"120s\" }",
            "token-bucket = { size = 5, deposit = 0.1, on = \"success\", initial = 0, strict = true }",
        ] {
            assert!(read(table).is_ok(), "{table}: {:?}", read(table));
        }
    }

    #[test]
    fn a_budget_that_cannot_be_is_said_to_be_none() {
        for (table, part) in [
            ("", "of no kind or of several"),
            ("parallel-retries = 3\nactive-share = { share = 0.2, least = 3 }", "of no kind or of"),
            ("paralel-retries = 3", "unknown field"),
            ("grpc-throttle = { tokens = 0, ratio = 0.1 }", "tokens is 0"),
            ("grpc-throttle = { tokens = 10, ratio = 0.0 }", "ratio is 0"),
            ("window-ratio = { ttl = \"2min\", per-second = 1, ratio = 0.2 }", "ttl in seconds"),
            ("sre-adaptive = { k = 0.5, window = \"120s\" }", "k is 0.5"),
            (
                "breaker = { ratio = 0.1, least = 1, sampling = \"30s\", break = \"5s\" }",
                "number of answers is 1",
            ),
            ("token-bucket = { size = 0.5, deposit = 0.1, on = \"start\" }", "size is 0.5"),
            ("token-bucket = { size = 5, deposit = 9, on = \"start\" }", "deposit is 9"),
        ] {
            let faults = read(table).unwrap_err().join("\n");
            assert!(faults.contains(part), "{table}: {faults}");
        }
    }
}
