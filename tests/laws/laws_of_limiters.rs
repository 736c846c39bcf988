//! Laws of the limiters that are exact: what they promise holds to the
//! nanosecond, windows hold no more than they may, more capacity never has
//! admitted fewer, and time has no origin. A third of all gaps are ties.

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use tollgate::limiter::{
    Algorithm, Gcra, LeakyQueue, Pacer, PeriodicEstimate, SlidingCounter, SlidingLog,
    SteppedBucket, Table, TokenBucket, Verdict,
};
use tollgate::time::{Instant, SECOND, Span};

/// When requests come and what they cost.
type Trace = Vec<(u64, u32)>;

/// Gaps of up to `longest` ns, every third of them none, and costs up to `cost`.
fn trace(longest: u64, cost: u32) -> impl Strategy<Value = Trace> {
    let gap =
        prop_oneof![3 => Just(0), 5 => 0..longest, 1 => Just(longest / 2), 1 => Just(longest)];
    prop::collection::vec((gap, 0..=cost), 1..250).prop_map(|steps| {
        let mut now = 0;
        let absolute = |(gap, cost)| {
            now += gap;
            (now, cost)
        };
        steps.into_iter().map(absolute).collect()
    })
}

fn read<A: Algorithm + DeserializeOwned>(parameters: &str) -> Table<A> {
    Table::read(parameters).unwrap_or_else(|error| panic!("{parameters}: {error}"))
}

/// Small numbers for the parameters of any limiter.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    quota: u64,
    window: u64,
    phase: u64,
    burst: u64,
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let number = |(quota, window, phase, burst)| Numbers { quota, window, phase, burst };
    (1_u64..9, 1_u64..500, 0_u64..500, 1_u64..9).prop_map(number)
}

impl Numbers {
    fn log(self, edge: &str) -> String {
        format!("quota = {}\nwindow = '{}ns'\nedge = '{edge}'", self.quota, self.window)
    }

    fn counter(self) -> String {
        let Numbers { quota, window, phase, .. } = self;
        format!("quota = {quota}\nwindow = '{window}ns'\nphase = '{phase}ns'")
    }

    fn gcra(self) -> String {
        format!("rate = '{}/{}ns'\nburst = {}", self.quota, self.window, self.burst)
    }

    fn stepped(self, grid: &str) -> String {
        let Numbers { quota, window, burst, .. } = self;
        format!("refill = {quota}\nevery = '{window}ns'\nburst = {burst}\ngrid = '{grid}'")
    }

    fn queue(self) -> String {
        format!("rate = '{}/{}ns'\nqueue = {}", self.quota, self.window, self.burst - 1)
    }

    fn pacer(self, patience: u64) -> String {
        let slack = self.burst - 1;
        let rate = format!("rate = '{}/{}ns'\nslack = {slack}", self.quota, self.window);
        format!("{rate}\npatience = '{patience}ns'")
    }

    fn estimate(self, lag: u64, weight: &str) -> String {
        let Numbers { quota, window, burst, .. } = self;
        let (window, every) = (window * burst, window);
        let rest = format!("lag = '{lag}ns'\nweight = '{weight}'");
        format!("limit = {quota}\nwindow = '{window}ns'\nevery = '{every}ns'\n{rest}")
    }
}

// ---- What is promised --------------------------------------------------------

/// Who is refused is refused until the last nanosecond before the promised
/// instant, and has room at it; where none is promised it never has.
fn waits_are_exact<A>(parameters: &str, trace: &Trace) -> Result<(), TestCaseError>
where
    A: Algorithm + DeserializeOwned,
{
    let mut limiter = read::<A>(parameters);
    for &(now, cost) in trace {
        let Verdict::Reject { wait } = limiter.ask(now, cost).0 else { continue };
        let refused = |wait: u64| limiter.test(0, Instant(now + wait), cost).is_reject();
        if wait == Span::NEVER {
            prop_assert!(refused(SECOND * 1_000_000), "{parameters}: {cost} at {now}");
        } else {
            prop_assert!(wait.0 > 0, "{parameters}: no wait at {now}");
            prop_assert!(refused(wait.0 - 1), "{parameters}: {cost} at {now}, {wait} is long");
            prop_assert!(!refused(wait.0), "{parameters}: {cost} at {now}, {wait} is short");
        }
    }
    Ok(())
}

/// What remains can be had at once and no more; at the reset the limit is
/// whole, and a nanosecond before it is not.
fn views_are_exact<A>(parameters: &str, trace: &Trace) -> Result<(), TestCaseError>
where
    A: Algorithm + DeserializeOwned,
{
    let mut limiter = read::<A>(parameters);
    for &(now, cost) in trace {
        let view = limiter.ask(now, cost).1;
        let at_once = |after: u64, cost: u64| {
            let cost = u32::try_from(cost).unwrap();
            let verdict = limiter.test(0, Instant(now + after), cost);
            // Where requests queue it is room that counts, not the turn.
            matches!(verdict, Verdict::Admit | Verdict::Delay(_))
        };
        let (remaining, reset) = (view.remaining.unwrap(), view.reset.unwrap().0);
        prop_assert!(at_once(0, remaining), "{parameters}: {remaining} do not remain at {now}");
        prop_assert!(!at_once(0, remaining + 1), "{parameters}: more remain at {now}");
        prop_assert!(at_once(reset, view.limit), "{parameters}: not whole {reset} after {now}");
        let sooner = reset > 0 && at_once(reset - 1, view.limit);
        prop_assert!(!sooner, "{parameters}: whole before {reset} after {now}");
    }
    Ok(())
}

// ---- What a window holds -----------------------------------------------------

/// When how much was let through; after its delay, if it has one.
fn let_through<A: Algorithm>(limiter: &mut Table<A>, trace: &Trace) -> Vec<(u64, u64)> {
    let mut passed: Vec<_> = trace
        .iter()
        .filter_map(|&(now, cost)| match limiter.ask(now, cost).0 {
            Verdict::Admit => Some((now, u64::from(cost))),
            Verdict::Delay(delay) => Some((now + delay.0, u64::from(cost))),
            Verdict::Reject { .. } => None,
        })
        .collect();
    passed.sort_unstable();
    passed
}

/// The most in any half-open window `(end - window, end]`.
fn most_in_a_window(passed: &[(u64, u64)], window: u64) -> u64 {
    let within = |end: u64| {
        let inside = passed.iter().filter(|(at, _)| *at <= end && at + window > end);
        inside.map(|(_, cost)| cost).sum()
    };
    passed.iter().map(|(at, _)| within(*at)).max().unwrap_or(0)
}

// ---- More capacity -----------------------------------------------------------

/// By no time has the larger limit admitted fewer of requests of cost 1.
fn more_is_never_less<A>(small: &str, large: &str, trace: &Trace) -> Result<(), TestCaseError>
where
    A: Algorithm + DeserializeOwned,
{
    let (mut small, mut large) = (read::<A>(small), read::<A>(large));
    let (mut few, mut many) = (0, 0);
    for &(now, _) in trace {
        few += u64::from(!small.ask(now, 1).0.is_reject());
        many += u64::from(!large.ask(now, 1).0.is_reject());
        prop_assert!(few <= many, "{few} > {many} at {now}");
    }
    Ok(())
}

// ---- Time has no origin ------------------------------------------------------

/// The same is decided and told when everything comes later by so much.
fn time_has_no_origin<A>(text: &str, trace: &Trace, by: u64) -> Result<(), TestCaseError>
where
    A: Algorithm + DeserializeOwned,
{
    let (mut here, mut there) = (read::<A>(text), read::<A>(text));
    there.grow(0, Instant(by));
    there.grow(1, Instant(by));
    for &(now, cost) in trace {
        prop_assert_eq!(here.ask(now, cost), there.ask(now + by, cost), "{} at {}", text, now);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_promised_wait_is_exact(n in numbers(), trace in trace(600, 4), lag in 0_u64..900) {
        waits_are_exact::<SlidingLog>(&n.log("open"), &trace)?;
        waits_are_exact::<SlidingLog>(&n.log("closed"), &trace)?;
        waits_are_exact::<SlidingCounter>(&n.counter(), &trace)?;
        waits_are_exact::<TokenBucket>(&n.gcra(), &trace)?;
        waits_are_exact::<Gcra>(&n.gcra(), &trace)?;
        waits_are_exact::<SteppedBucket>(&n.stepped("clock"), &trace)?;
        waits_are_exact::<SteppedBucket>(&n.stepped("start"), &trace)?;
        waits_are_exact::<SteppedBucket>(&n.stepped("first-request"), &trace)?;
        waits_are_exact::<LeakyQueue>(&n.queue(), &trace)?;
        waits_are_exact::<Pacer>(&n.pacer(lag), &trace)?;
        waits_are_exact::<PeriodicEstimate>(&n.estimate(lag, "even"), &trace)?;
        waits_are_exact::<PeriodicEstimate>(&n.estimate(lag, "recent"), &trace)?;
    }

    #[test]
    fn what_is_told_is_exact(n in numbers(), trace in trace(600, 4)) {
        views_are_exact::<SlidingLog>(&n.log("open"), &trace)?;
        views_are_exact::<SlidingLog>(&n.log("closed"), &trace)?;
        views_are_exact::<SlidingCounter>(&n.counter(), &trace)?;
        views_are_exact::<Gcra>(&n.gcra(), &trace)?;
        views_are_exact::<SteppedBucket>(&n.stepped("clock"), &trace)?;
        views_are_exact::<SteppedBucket>(&n.stepped("start"), &trace)?;
        views_are_exact::<LeakyQueue>(&n.queue(), &trace)?;
        views_are_exact::<Pacer>(&n.pacer(0), &trace)?;
    }

    #[test]
    fn windows_hold_no_more_than_they_may(
        n in numbers(), trace in trace(200, 4), length in 1_u64..3_000,
    ) {
        let Numbers { quota, window, burst, .. } = n;
        let most = most_in_a_window(&let_through(&mut read::<SlidingLog>(&n.log("open")), &trace), window);
        prop_assert!(most <= quota, "log {most}");
        let closed = let_through(&mut read::<SlidingLog>(&n.log("closed")), &trace);
        prop_assert!(most_in_a_window(&closed, window + 1) <= quota);
        let counter = let_through(&mut read::<SlidingCounter>(&n.counter()), &trace);
        prop_assert!(most_in_a_window(&counter, window) < 2 * quota);
        // Of `length` instants the first and the last lie `length - 1` apart.
        let earned = (length - 1) * quota / window;
        let gcra = let_through(&mut read::<Gcra>(&n.gcra()), &trace);
        prop_assert!(most_in_a_window(&gcra, length) <= burst + earned);
        // Who is delayed goes when its turn has come, rounded up by less than a nanosecond.
        let earned = length * quota / window;
        let ones: Trace = trace.iter().map(|(now, _)| (*now, 1)).collect();
        let pacer = let_through(&mut read::<Pacer>(&n.pacer(100_000_000)), &ones);
        prop_assert!(most_in_a_window(&pacer, length) <= burst + earned);
        let queue = let_through(&mut read::<LeakyQueue>(&n.queue()), &ones);
        prop_assert!(most_in_a_window(&queue, length) <= 1 + earned);
        let stepped = let_through(&mut read::<SteppedBucket>(&n.stepped("clock")), &trace);
        let steps = (length - 1).div_ceil(window);
        prop_assert!(most_in_a_window(&stepped, length) <= burst + steps * quota.min(burst));
    }

    #[test]
    fn more_capacity_never_has_admitted_fewer(n in numbers(), trace in trace(200, 1)) {
        let (quota, burst) = (Numbers { quota: n.quota + 1, ..n }, Numbers { burst: n.burst + 1, ..n });
        more_is_never_less::<SlidingLog>(&n.log("open"), &quota.log("open"), &trace)?;
        more_is_never_less::<SlidingLog>(&n.log("closed"), &quota.log("closed"), &trace)?;
        more_is_never_less::<SlidingCounter>(&n.counter(), &quota.counter(), &trace)?;
        for more in [quota, burst] {
            more_is_never_less::<Gcra>(&n.gcra(), &more.gcra(), &trace)?;
            more_is_never_less::<SteppedBucket>(&n.stepped("clock"), &more.stepped("clock"), &trace)?;
            more_is_never_less::<LeakyQueue>(&n.queue(), &more.queue(), &trace)?;
            more_is_never_less::<Pacer>(&n.pacer(300), &more.pacer(300), &trace)?;
        }
        more_is_never_less::<Pacer>(&n.pacer(300), &n.pacer(301), &trace)?;
    }

    #[test]
    fn only_grids_of_the_clock_know_what_time_it_is(n in numbers(), trace in trace(600, 4)) {
        let late = 1_800_000_000 * SECOND;
        time_has_no_origin::<SlidingLog>(&n.log("open"), &trace, late)?;
        time_has_no_origin::<Gcra>(&n.gcra(), &trace, late)?;
        time_has_no_origin::<LeakyQueue>(&n.queue(), &trace, late)?;
        time_has_no_origin::<Pacer>(&n.pacer(300), &trace, late)?;
        time_has_no_origin::<SteppedBucket>(&n.stepped("start"), &trace, late)?;
        time_has_no_origin::<SteppedBucket>(&n.stepped("first-request"), &trace, late)?;
        time_has_no_origin::<PeriodicEstimate>(&n.estimate(77, "recent"), &trace, late)?;
        let late = late / n.window * n.window;
        time_has_no_origin::<SlidingCounter>(&n.counter(), &trace, late)?;
        time_has_no_origin::<SteppedBucket>(&n.stepped("clock"), &trace, late)?;
    }

    #[test]
    fn nobody_is_admitted_more_than_the_most(n in numbers(), trace in trace(200, 4)) {
        fn bound<A>(text: &str, trace: &Trace) -> Result<(), TestCaseError>
        where
            A: Algorithm + DeserializeOwned,
        {
            let mut limiter = read::<A>(text);
            let start = trace[0].0;
            limiter.grow(0, Instant(start));
            limiter.grow(1, Instant(start));
            let mut sum = 0;
            for (at, cost) in let_through(&mut limiter, trace) {
                sum += cost;
                let most = limiter.admits_within(Instant(start), Span(at - start));
                prop_assert!(sum <= most, "{text}: {sum} > {most} at {at}");
            }
            Ok(())
        }
        bound::<SlidingLog>(&n.log("open"), &trace)?;
        bound::<SlidingLog>(&n.log("closed"), &trace)?;
        bound::<SlidingCounter>(&n.counter(), &trace)?;
        bound::<Gcra>(&n.gcra(), &trace)?;
        for grid in ["clock", "start", "first-request"] {
            bound::<SteppedBucket>(&n.stepped(grid), &trace)?;
        }
        bound::<LeakyQueue>(&n.queue(), &trace)?;
        bound::<Pacer>(&n.pacer(100_000_000), &trace)?;
    }
}

// ---- Ties at the edges, as in equivalence_integer and window_bounds ----------

/// GCRA and bucket on the four kinds of traces: exactly every 1/r, a nanosecond
/// beside it, bursts of ties, and irregular ones; as early as 1970 and today.
#[test]
fn gcra_and_bucket_agree_where_floats_do_not() {
    let mut decisions = 0;
    for (rate, token) in [
        ("10/s", SECOND / 10),
        ("10/3s", 300_000_000),
        ("7/3s", 428_571_428),
        ("100/min", 600_000_000),
    ] {
        for burst in 1..=10_u64 {
            for (kind, start) in (0..4).flat_map(|kind| [(kind, 0), (kind, 1_800_000_000 * SECOND)])
            {
                let text = format!("rate = '{rate}'\nburst = {burst}");
                let (mut gcra, mut bucket) = (read::<Gcra>(&text), read::<TokenBucket>(&text));
                let mut now = start;
                for k in 0..1_000_u64 {
                    let mixed = k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                    now += match kind {
                        0 => token,
                        1 => token - 1 + mixed % 3,
                        2 => {
                            if mixed % 10 < 7 {
                                0
                            } else {
                                3 * token
                            }
                        }
                        _ => mixed * token / 8_000_000,
                    };
                    assert_eq!(gcra.ask(now, 1), bucket.ask(now, 1), "{text} at {now}");
                    decisions += 1;
                }
            }
        }
    }
    assert_eq!(decisions, 320_000);
}

/// The adversary of windows: all a nanosecond before the end, and all at it.
#[test]
fn the_adversary_gets_one_quota_from_a_log_and_two_less_one_from_a_counter() {
    for quota in [1, 5, 100] {
        let rule = format!("quota = {quota}\nwindow = '1s'");
        let asked: Trace = [SECOND - 1, SECOND, 2 * SECOND - 2]
            .into_iter()
            .flat_map(|at| (0..quota).map(move |_| (at, 1)))
            .collect();
        let log = let_through(&mut read::<SlidingLog>(&rule), &asked);
        assert_eq!(most_in_a_window(&log, SECOND), quota);
        let counter = let_through(&mut read::<SlidingCounter>(&rule), &asked);
        assert_eq!(most_in_a_window(&counter, SECOND), 2 * quota - 1);
    }
}
