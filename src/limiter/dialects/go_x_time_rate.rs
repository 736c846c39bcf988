//! Go's `golang.org/x/time/rate`: a token bucket in float64 that starts full.
//!
//! What is missing is turned into a wait, cut off to whole nanoseconds, and the
//! wait decides: `Allow` admits where less than a nanosecond's worth of a token
//! is missing, and leaves the bucket a little below zero. `Reserve` never
//! refuses what fits into the burst: it lets the tokens go negative and tells a
//! delay. A refusal writes nothing. `limit = inf` is `rate.Inf`: all pass.
//!
//! # Formula
//!
//! `tokens = min(burst, tokens + seconds(elapsed) * limit) - n`, where
//! `seconds(d) = d / 1s + (d mod 1s) / 1e9`; `wait = int(1e9 * (-tokens /
//! limit))` where tokens are negative, else 0. Admitted iff `n <= burst` and
//! `wait <= max-wait`, which is 0 for `Allow` and endless for `Reserve`. At the
//! first use 292 years have passed, the longest that a `Duration` can be. With
//! `limit = 0` the burst itself is used up, once.
//!
//! # Source
//!
//! golang.org/x/time v0.3.0, `rate/rate.go`: `reserveN`, `advance`, `CancelAt`. A
//! float too large for an int64 becomes the smallest int64, as it does on amd64.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{GoXTimeRate, Table, Verdict};
//!
//! let mut limit = Table::<GoXTimeRate>::read("limit = 3.0\nburst = 1")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(333_333_332, 1).0, Verdict::NEVER);
//! // A third of a nanosecond too early: the wait is cut off to none.
//! assert_eq!(limit.ask(333_333_333, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, SECOND, Span};

/// `rate.NewLimiter(limit, burst)`, and which of its methods is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct GoXTimeRate {
    limit: f64,
    burst: u64,
    /// Whether the caller has a reservation, which can be cancelled.
    reserves: bool,
    max_wait: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    limit: f64,
    burst: u64,
    #[serde(default)]
    call: Call,
    max_wait: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Call {
    #[default]
    Allow,
    Reserve,
    Wait,
}

/// `rate.Inf`.
const INF: f64 = f64::MAX;

impl TryFrom<Parameters> for GoXTimeRate {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { limit, burst, call, max_wait } = parameters;
        if limit.is_nan() || limit < 0.0 {
            return Err(format!("the limit is {limit}: write events per second, like 10.0 or inf"));
        }
        let endless = Span(i64::MAX.cast_unsigned());
        let max_wait = match (call, max_wait) {
            (Call::Allow, None) => Span::ZERO,
            (Call::Reserve, None) => endless,
            (Call::Wait, deadline) => deadline.unwrap_or(endless),
            (_, Some(_)) => {
                return Err("only `Wait` has a max-wait: write call = \"wait\"".to_owned());
            }
        };
        let max_wait = i64::try_from(max_wait.0).unwrap_or(i64::MAX);
        Ok(GoXTimeRate { limit: limit.min(INF), burst, reserves: call != Call::Allow, max_wait })
    }
}

/// One key's limiter.
#[derive(Clone, Copy, Debug)]
pub struct Limiter {
    /// It goes down only where the limit is 0.
    burst: u64,
    tokens: f64,
    /// Go's zero time until the first event.
    last: Option<Instant>,
    /// The latest time for which tokens were reserved; a negative wait can put
    /// it before the epoch.
    last_event: i128,
}

impl GoXTimeRate {
    /// How many tokens there are: `TokensAt`. Below zero they are reserved ahead.
    #[must_use]
    pub fn tokens_at(&self, state: &Limiter, now: Instant) -> f64 {
        // Go's zero time is longer ago than a duration can be.
        let elapsed = state.last.map_or(i64::MAX, |last| saturated(now.since(last).0.into()));
        (state.tokens + self.tokens_from_duration(elapsed)).min(state.burst as f64)
    }

    /// `durationFromTokens`, in nanoseconds.
    fn duration_from_tokens(&self, tokens: f64) -> i64 {
        to_int64(1e9 * (tokens / self.limit))
    }

    fn tokens_from_duration(&self, ns: i64) -> f64 {
        seconds(ns) * self.limit
    }

    /// The tokens after `cost` of them are gone, and how long until there are as many.
    fn reserve(&self, state: &Limiter, now: Instant, cost: u32) -> (f64, i64) {
        let tokens = self.tokens_at(state, now) - f64::from(cost);
        (tokens, if tokens < 0.0 { self.duration_from_tokens(-tokens) } else { 0 })
    }

    fn is_unlimited(&self) -> bool {
        self.limit >= INF
    }

    fn never_refills(&self) -> bool {
        self.limit <= 0.0
    }
}

/// `Duration.Seconds`: the whole seconds and the rest are converted apart.
fn seconds(ns: i64) -> f64 {
    let second = SECOND.cast_signed();
    (ns / second) as f64 + (ns % second) as f64 / 1e9
}

/// `Time.Sub` stops at the longest duration.
fn saturated(ns: i128) -> i64 {
    let longest = if ns < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(ns).unwrap_or(longest)
}

/// `int64(x)` on amd64.
#[allow(clippy::cast_possible_truncation)] // Go cuts it off as well
fn to_int64(x: f64) -> i64 {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if (-TWO_TO_63..TWO_TO_63).contains(&x) { x as i64 } else { i64::MIN }
}

impl Algorithm for GoXTimeRate {
    type State = Limiter;

    const CARD: Card = Card {
        implementation: Some("golang.org/x/time/rate 0.3.0"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("limit", "events a second, a float: 10.0, 0.5, inf"),
            ("burst", "the most tokens"),
            ("call", "\"allow\" (default: AllowN), \"reserve\" (ReserveN) or \"wait\" (WaitN)"),
            ("max-wait", "of \"wait\": until its context's deadline [without end]"),
        ],
        example: "go-x-time-rate = { limit = 10.0, burst = 20, call = \"reserve\" }",
        peculiar: "admits where less than a nanosecond is missing; Reserve goes negative",
    };

    const DELAYS: bool = true;

    fn fresh(&self, _created: Instant) -> Limiter {
        Limiter { burst: self.burst, tokens: 0.0, last: None, last_event: 0 }
    }

    fn test(&self, state: &Limiter, now: Instant, cost: u32) -> Verdict {
        if self.is_unlimited() {
            return Verdict::Admit;
        }
        let wait = if self.never_refills() { 0 } else { self.reserve(state, now, cost).1 };
        if u64::from(cost) > state.burst || wait > self.max_wait {
            return Verdict::NEVER;
        }
        // A wait too long for an int64 came out negative: `Delay` tells 0.
        Verdict::after(Span(u64::try_from(wait).unwrap_or(0)))
    }

    fn admit(&self, state: &mut Limiter, now: Instant, cost: u32) -> Mark {
        if self.is_unlimited() {
            return Mark::NONE;
        }
        if self.never_refills() {
            state.burst = state.burst.saturating_sub(u64::from(cost));
            return Mark::NONE;
        }
        let (tokens, wait) = self.reserve(state, now, cost);
        let last_event = i128::from(now.0) + i128::from(wait);
        *state = Limiter { tokens, last: Some(now), last_event, ..*state };
        Mark(now.0.saturating_add_signed(wait))
    }

    fn view(&self, state: &Limiter, _asked: &Asked) -> View {
        View { limit: state.burst, remaining: None, reset: None }
    }

    /// `Reservation.CancelAt`: less what was reserved after it, and only until
    /// its time has come. `Allow` keeps no reservation.
    fn give_back(&self, state: &mut Limiter, now: Instant, cost: u32, mark: Mark) -> bool {
        let (time_to_act, at) = (i128::from(mark.0), i128::from(now.0));
        let stands = self.reserves && !self.is_unlimited() && !self.never_refills();
        if !stands || cost == 0 || time_to_act < at {
            return false;
        }
        let later = saturated(state.last_event - time_to_act);
        let restored = f64::from(cost) - self.tokens_from_duration(later);
        if restored <= 0.0 {
            return false;
        }
        state.tokens = (self.tokens_at(state, now) + restored).min(state.burst as f64);
        state.last = Some(now);
        if time_to_act == state.last_event {
            let before = time_to_act + i128::from(self.duration_from_tokens(-f64::from(cost)));
            state.last_event = if before >= at { before } else { time_to_act };
        }
        true
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(GoXTimeRate { burst: quota, ..self.clone() })
    }

    /// `SetLimitAt` and `SetBurstAt`: what has come until now came at the old
    /// limit. A key that was never seen has no limiter yet, so it begins full.
    fn carry(&self, state: &mut Limiter, old: &Self, now: Instant) {
        if state.last.is_none() {
            *state = self.fresh(now);
            return;
        }
        state.tokens = old.tokens_at(state, now);
        state.last = Some(now);
        state.burst = self.burst;
    }

    fn capacity(&self) -> Capacity {
        let per_second = if self.is_unlimited() { f64::INFINITY } else { self.limit };
        Capacity { per_second, at_once: self.burst }
    }

    fn rule(&self) -> String {
        format!("go-x-time-rate {} burst {}", self.pace(), self.burst)
    }

    fn pace(&self) -> String {
        if self.is_unlimited() { "inf".to_owned() } else { format!("{}/s", self.limit) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;

    fn limiter(parameters: &str) -> Table<GoXTimeRate> {
        Table::read(parameters).unwrap()
    }

    /// A limiter with a state that tests can look into.
    fn open(parameters: &str) -> (GoXTimeRate, Limiter) {
        let limiter = limiter(parameters).algorithm().clone();
        let state = limiter.fresh(Instant(0));
        (limiter, state)
    }

    fn delay(ns: u64) -> Verdict {
        Verdict::Delay(Span(ns))
    }

    #[test]
    fn allow_passes_where_less_than_a_nanosecond_is_missing() {
        let mut limiter = limiter("limit = 3.0\nburst = 1");
        let asked = [0, 333_333_332, 333_333_333, 666_666_666, 999_999_998];
        let admitted = asked.map(|at| limiter.ask(at, 1).0 == Verdict::Admit);
        // What was missing stays missing; the last one lacks two nanoseconds.
        assert_eq!(admitted, [true, false, true, true, false]);
    }

    #[test]
    fn reserve_goes_below_zero_and_cuts_the_wait_off() {
        let (limiter, mut state) = open("limit = 3.0\nburst = 1\ncall = 'reserve'");
        let mut ask = |cost| limiter.decide(&mut state, Instant(0), cost);
        assert_eq!([ask(1), ask(1)], [Verdict::Admit, delay(333_333_333)]);
        assert_eq!([ask(1), ask(0)], [delay(666_666_666); 2]);
        assert_eq!(ask(2), Verdict::NEVER);
        let tokens = [0, 1].map(|at| limiter.tokens_at(&state, Instant(at)));
        assert_eq!(format!("{tokens:?}"), "[-2.0, -1.999999997]");
    }

    #[test]
    fn a_refusal_writes_nothing() {
        let (limiter, mut state) = open("limit = 10.0\nburst = 5");
        let mut ask = |at, cost| (limiter.decide(&mut state, Instant(at), cost), state.last);
        assert_eq!(ask(0, 6), (Verdict::NEVER, None));
        assert_eq!(ask(0, 5), (Verdict::Admit, Some(Instant(0))));
        assert_eq!(ask(9, 1), (Verdict::NEVER, Some(Instant(0))));
        assert_eq!(ask(9, 0), (Verdict::Admit, Some(Instant(9))));
    }

    #[test]
    fn wait_takes_a_deadline_that_is_just_reached() {
        let mut limiter = limiter("limit = 10.0\nburst = 2\ncall = 'wait'\nmax-wait = '100ms'");
        limiter.ask(0, 2);
        let mut ask = |at| limiter.ask(at, 1).0;
        assert_eq!([ask(0), ask(0)], [delay(100_000_000), Verdict::NEVER]);
        assert_eq!([ask(99_999_998), ask(100_000_000)], [Verdict::NEVER, delay(100_000_000)]);
    }

    #[test]
    fn no_limit_and_a_limit_of_zero() {
        assert_eq!(limiter("limit = inf\nburst = 0").ask(0, 1_000).0, Verdict::Admit);
        let mut once = limiter("limit = 0.0\nburst = 3\ncall = 'reserve'");
        let asked = [(0, 4), (0, 2), (1 << 62, 2)].map(|(at, cost)| once.ask(at, cost).0);
        assert_eq!(asked, [Verdict::NEVER, Verdict::Admit, Verdict::NEVER]);
        assert_eq!(once.ask(1 << 62, 1).0, Verdict::Admit);
    }

    #[test]
    fn a_wait_too_long_for_an_int64_is_none() {
        // 292 years of 1e-10 tokens a second are 0.92; 1.08 more would take 342.
        let mut limiter = limiter("limit = 1e-10\nburst = 2");
        assert_eq!(limiter.ask(0, 1).0, Verdict::NEVER);
        assert_eq!(limiter.ask(0, 2).0, Verdict::Admit);
    }

    #[test]
    fn a_cancelled_reservation_gives_back_what_came_after_it_not() {
        let (limiter, mut state) = open("limit = 10.0\nburst = 4\ncall = 'reserve'");
        limiter.admit(&mut state, Instant(0), 4);
        let first = limiter.admit(&mut state, Instant(0), 3);
        let second = limiter.admit(&mut state, Instant(0), 1);
        // The second was reserved after the first: its token stays reserved.
        assert!(limiter.give_back(&mut state, Instant(0), 3, first));
        assert_eq!(limiter.test(&state, Instant(0), 0), delay(200_000_000));
        assert!(limiter.give_back(&mut state, Instant(0), 1, second));
        assert_eq!(limiter.test(&state, Instant(0), 0), delay(100_000_000));
        let third = limiter.admit(&mut state, Instant(0), 1);
        let due = Instant(200_000_000);
        assert!(!limiter.give_back(&mut state, due.after(Span(1)), 1, third));
        assert!(!limiter.give_back(&mut state, due, 0, third));
        assert!(limiter.give_back(&mut state, due, 1, third));
        // One that is cancelled before it keeps nothing of it any more.
        limiter.admit(&mut state, due, 4);
        let [fourth, fifth] = [1, 1].map(|cost| limiter.admit(&mut state, due, cost));
        let given = [fourth, fifth, fourth].map(|mark| limiter.give_back(&mut state, due, 1, mark));
        assert_eq!(given, [false, true, true]);
        // `Allow` keeps no reservation.
        let allow = GoXTimeRate { reserves: false, ..limiter };
        assert!(!allow.give_back(&mut state, Instant(0), 1, third));
    }

    #[test]
    fn another_limit_counts_from_when_it_came() {
        let mut table = limiter("limit = 10.0\nburst = 10");
        table.grow(2, Instant(0));
        table.ask(0, 10);
        let slower = limiter("limit = 1.0\nburst = 20").algorithm().clone();
        table.replace(slower, Instant(500_000_000));
        assert_eq!(table.ask(500_000_000, 6).0, Verdict::NEVER);
        assert_eq!(table.ask(1_500_000_000, 6).0, Verdict::Admit);
        // A key that was never seen begins with the new burst.
        assert_eq!(table.test(1, Instant(500_000_000), 20), Verdict::Admit);
        // No limit for no time brings nothing.
        for next in ["limit = inf\nburst = 20", "limit = 1.0\nburst = 20"] {
            table.replace(limiter(next).algorithm().clone(), Instant(1_500_000_000));
        }
        assert_eq!(table.ask(1_500_000_000, 1).0, Verdict::NEVER);
    }

    #[test]
    fn what_go_cannot_be_asked_is_refused() {
        for (parameters, why) in [
            ("limit = -1.0\nburst = 1", "write events per second"),
            ("limit = nan\nburst = 1", "write events per second"),
            ("limit = 1.0\nburst = 1\ncall = 'reserve'\nmax-wait = '1s'", "call = \"wait\""),
            ("limit = 1.0\nburst = -1", "invalid value"),
        ] {
            let error = Table::<GoXTimeRate>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
