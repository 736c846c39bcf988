//! Retry budgets over a window: a share of the calls of the last seconds, on
//! top of a few retries a second that are always there.
//!
//! Source: Finagle's `RetryBudget`, with `TokenBucket.newLeakyBucket` and
//! `WindowedAdder` of twitter/util; and tower 0.5's `TpsBudget`, which Linkerd's
//! proxy also has. Both are integers: a call pays in so much, a retry takes out
//! more, and what lies in the last ten slices of `ttl` is summed with a reserve.
//! A slice ends only when somebody looks, so slices are not aligned, and what
//! was taken goes with the slice in which it was taken. They differ in three
//! things, and `Dialect` says in which.

use super::rule::{Deposit, Failures, Rule, responds};
use crate::client::Heard;
use crate::time::{Instant, Length, SECOND};

/// The most slices that a window is cut into: ten, in both programs.
pub(super) const SLICES: usize = 10;

/// Whose arithmetic it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// A millisecond clock; the slice that is being written and nine past ones
    /// count; a call pays in 1000.
    Finagle,
    /// An exact clock; ten past ones count beside it; a call pays in 1 where the
    /// ratio is at most 1. A part of a slice that nobody looked at clears one.
    Tower,
}

/// A share of the calls in a window may be retried, and a few in any case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WindowRatio {
    dialect: Dialect,
    /// The length of a slice, in nanoseconds.
    slice: u64,
    /// How many past slices count.
    past: u8,
    deposit: i64,
    withdrawal: i64,
    reserve: i64,
    on: Deposit,
    failures: Failures,
}

impl WindowRatio {
    /// As the programs are told: deposits live for about `ttl`, `per_second`
    /// retries are always there, and `ratio` of the deposits may be retried.
    #[must_use]
    pub fn new(
        dialect: Dialect,
        ttl: Length,
        slices: u8,
        per_second: u32,
        ratio: f64,
    ) -> WindowRatio {
        let (deposit, withdrawal) = prices(dialect, ratio);
        let seconds = i64::try_from(ttl.ns() / SECOND).unwrap_or(i64::MAX);
        let (slice, past, on) = match dialect {
            Dialect::Finagle => {
                let millis = ttl.ns() / 1_000_000 / u64::from(slices);
                (millis * 1_000_000, slices - 1, Deposit::Start)
            }
            Dialect::Tower => (ttl.ns() / u64::from(slices), slices, Deposit::Success),
        };
        let reserve = i64::from(per_second).saturating_mul(seconds).saturating_mul(withdrawal);
        let slice = slice.max(1);
        let failures = Failures::default();
        WindowRatio { dialect, slice, past, deposit, withdrawal, reserve, on, failures }
    }

    /// When it is paid into, and what is no success.
    #[must_use]
    pub fn paid(self, on: Deposit, failures: Failures) -> WindowRatio {
        WindowRatio { on, failures, ..self }
    }

    /// When it is paid into.
    #[must_use]
    pub const fn deposits(&self) -> Deposit {
        self.on
    }

    fn clock(&self, now: Instant) -> Instant {
        match self.dialect {
            Dialect::Finagle => Instant(now.0 - now.0 % 1_000_000),
            Dialect::Tower => now,
        }
    }

    /// Closes the slice that is being written, if it is over.
    fn expire(&self, own: &mut Window, now: Instant) {
        let now = self.clock(now);
        let passed = now.since(own.since).0;
        if passed < self.slice {
            return;
        }
        let past = usize::from(self.past);
        let mut at = usize::from(own.at);
        own.past[at] = own.current;
        own.current = 0;
        at = (at + 1) % past;
        let skipped = match self.dialect {
            Dialect::Finagle => passed / self.slice - 1,
            Dialect::Tower => passed.div_ceil(self.slice) - 1,
        };
        // Tower goes round as often as it takes, which moves only the place.
        for _ in 0..skipped.min(past as u64) {
            own.past[at] = 0;
            at = (at + 1) % past;
        }
        own.at = u8::try_from(at).expect("there are at most ten slices");
        own.since = now;
    }

    fn balance(&self, own: &Window) -> i64 {
        own.past.iter().fold(own.current, |sum, slice| sum.saturating_add(*slice)) + self.reserve
    }

    fn pay(&self, own: &mut Window, now: Instant) {
        self.expire(own, now);
        own.current = own.current.saturating_add(self.deposit);
    }
}

/// What a call pays in, and what a retry takes out.
#[allow(clippy::cast_possible_truncation)] // both programs cut to whole numbers
fn prices(dialect: Dialect, ratio: f64) -> (i64, i64) {
    match dialect {
        _ if ratio == 0.0 => (0, 1),
        Dialect::Finagle => (1_000, (1_000.0 / ratio) as i64),
        // Tower computes in 32 bits.
        Dialect::Tower if ratio <= 1.0 => (1, (1.0 / ratio as f32) as i64),
        Dialect::Tower => (1_000, (1_000.0 / ratio as f32) as i64),
    }
}

/// The slices of one scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window {
    /// When the slice that is being written began.
    since: Instant,
    current: i64,
    past: [i64; SLICES],
    /// The past slice that is replaced next.
    at: u8,
}

impl Rule for WindowRatio {
    type Slot = Window;

    fn fresh(&self, start: Instant) -> Window {
        Window { since: self.clock(start), current: 0, past: [0; SLICES], at: 0 }
    }

    fn left(&self, own: &mut Window, now: Instant, first: bool) {
        if first && self.on == Deposit::Start {
            self.pay(own, now);
        }
    }

    fn heard(&self, own: &mut Window, heard: &Heard<'_>, _paid: Option<u32>) {
        if self.on == Deposit::Success && responds(heard) && !self.failures.contain(heard) {
            self.pay(own, heard.now);
        }
    }

    fn affords(&self, own: &mut Window, heard: &Heard<'_>) -> bool {
        self.expire(own, heard.now);
        self.balance(own) >= self.withdrawal
    }

    fn debit(&self, own: &mut Window, _heard: &Heard<'_>) -> u32 {
        own.current -= self.withdrawal;
        0
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{failures, status};
    use super::*;
    use crate::time::Span;

    fn budget(dialect: Dialect, seconds: u64, per_second: u32, ratio: f64) -> WindowRatio {
        let ttl = Length::try_from(Span::seconds(seconds)).unwrap();
        WindowRatio::new(dialect, ttl, 10, per_second, ratio)
    }

    /// One scope whose clock a test moves.
    struct Client {
        budget: WindowRatio,
        own: Window,
        now: Instant,
    }

    impl Client {
        fn new(budget: WindowRatio) -> Client {
            Client { own: budget.fresh(Instant(0)), budget, now: Instant(0) }
        }

        fn deposit(&mut self) {
            self.budget.pay(&mut self.own, self.now);
        }

        fn withdraw(&mut self) -> bool {
            {
                let heard = Heard { now: self.now, ..status(503) };
                self.budget.spend(&mut self.own, &heard).is_some()
            }
        }

        fn advance(&mut self, millis: u64) {
            self.now = self.now.after(Span::millis(millis));
        }
    }

    /// The four examples in tower's own tests.
    #[test]
    fn tower_does_what_its_tests_say() {
        assert!(!Client::new(budget(Dialect::Tower, 1, 0, 1.0)).withdraw(), "empty");

        let mut leaky = Client::new(budget(Dialect::Tower, 1, 0, 1.0));
        leaky.deposit();
        leaky.advance(3_000);
        assert!(!leaky.withdraw(), "leaky");

        let mut slots = Client::new(budget(Dialect::Tower, 1, 0, 0.5));
        slots.deposit();
        slots.deposit();
        slots.advance(901);
        assert!(slots.withdraw(), "after 900 ms the deposits are still valid");
        slots.advance(2_001);
        slots.deposit();
        slots.advance(301);
        slots.deposit();
        slots.advance(801);
        slots.deposit();
        assert!(slots.withdraw(), "the first deposit is gone, the second is not");

        let mut reserve = Client::new(budget(Dialect::Tower, 1, 5, 1.0));
        let granted: Vec<bool> = (0..6).map(|_| reserve.withdraw()).collect();
        assert_eq!(granted, [true, true, true, true, true, false], "reserve");
    }

    /// The examples in the tests of Finagle's `WindowedAdder` (3 s in 3 slices):
    /// deposits of 1, 2 and nothing, a second apart.
    #[test]
    fn finagle_slides_as_its_tests_say() {
        let ttl = Length::try_from(Span::seconds(3)).unwrap();
        let mut client = Client::new(WindowRatio::new(Dialect::Finagle, ttl, 3, 0, 1.0));
        let sum = |client: &mut Client| {
            client.budget.expire(&mut client.own, client.now);
            client.budget.balance(&client.own) / 1_000
        };
        client.deposit();
        assert_eq!(sum(&mut client), 1);
        client.advance(1_000);
        assert_eq!(sum(&mut client), 1);
        client.deposit();
        client.deposit();
        assert_eq!(sum(&mut client), 3);
        client.advance(1_000);
        assert_eq!(sum(&mut client), 3);
        client.advance(1_000);
        assert_eq!(sum(&mut client), 2);
        client.advance(1_000);
        assert_eq!(sum(&mut client), 0);
        // Slices that nobody looked at are skipped.
        client.deposit();
        client.advance(1_000);
        client.deposit();
        client.deposit();
        client.advance(1_000);
        client.deposit();
        assert_eq!(sum(&mut client), 4);
        client.advance(2_000);
        assert_eq!(sum(&mut client), 1);
        client.advance(100_000);
        assert_eq!(sum(&mut client), 0);
    }

    /// When a deposit made at 0 is gone, looked at first at 1.5 s and then
    /// once a second: tower clears a slice more for the half that was missed.
    #[test]
    fn a_part_of_a_slice_counts_as_one_in_tower_alone() {
        // Both forget it at 10.5 s: Finagle keeps nine past slices, tower ten.
        for dialect in [Dialect::Finagle, Dialect::Tower] {
            let mut client = Client::new(budget(dialect, 10, 0, 1.0));
            client.deposit();
            client.advance(1_500);
            while client.now.0 < 10_500 * 1_000_000 {
                client.budget.expire(&mut client.own, client.now);
                assert!(client.budget.balance(&client.own) > 0, "{dialect:?} at {}", client.now.0);
                client.advance(1_000);
            }
            client.budget.expire(&mut client.own, client.now);
            assert_eq!(client.budget.balance(&client.own), 0, "{dialect:?}");
        }
    }

    #[test]
    fn finagle_reads_whole_milliseconds() {
        let since = |dialect, now| {
            let budget = budget(dialect, 10, 0, 1.0);
            let mut own = budget.fresh(Instant(900_000));
            budget.expire(&mut own, Instant(now));
            own.since.0
        };
        assert_eq!(since(Dialect::Finagle, 1_000_500_000), 1_000_000_000);
        assert_eq!(since(Dialect::Tower, 1_000_500_000), 900_000);
    }

    #[test]
    fn prices_are_whole_numbers_as_each_program_cuts_them() {
        assert_eq!(prices(Dialect::Finagle, 0.2), (1_000, 5_000));
        assert_eq!(prices(Dialect::Tower, 0.2), (1, 5));
        assert_eq!(prices(Dialect::Finagle, 0.3), (1_000, 3_333));
        assert_eq!(prices(Dialect::Tower, 0.3), (1, 3), "tower gives a third, not 30 %");
        assert_eq!(prices(Dialect::Tower, 2.0), (1_000, 500));
        assert_eq!(prices(Dialect::Finagle, 0.0), (0, 1));
    }

    /// The default of both: 10 s, 10 retries a second, 20 %. A client that has
    /// made no call has 100 retries; 100 calls give 20 more.
    #[test]
    fn the_defaults_give_a_hundred_and_a_fifth_of_the_calls() {
        for dialect in [Dialect::Finagle, Dialect::Tower] {
            let mut client = Client::new(budget(dialect, 10, 10, 0.2));
            (0..100).for_each(|_| client.deposit());
            assert_eq!((0..1_000).filter(|_| client.withdraw()).count(), 120, "{dialect:?}");
            // What was taken is forgotten with its slice: nobody waits longer
            // than the window.
            client.advance(if dialect == Dialect::Finagle { 10_000 } else { 11_001 });
            assert_eq!((0..1_000).filter(|_| client.withdraw()).count(), 100, "{dialect:?}");
        }
    }

    /// Where calls come evenly and all fail, 20 % and the reserve are retried.
    #[test]
    fn in_the_long_run_a_fifth_is_retried_and_ten_a_second() {
        for dialect in [Dialect::Finagle, Dialect::Tower] {
            let mut client = Client::new(budget(dialect, 10, 10, 0.2));
            let mut retries = 0;
            for tick in 0..200_000 {
                client.advance(10);
                client.deposit();
                retries += u32::from(client.withdraw() && tick >= 100_000);
            }
            // 1,000 s with 100 calls a second; the reserve is the window's, and a
            // window is up to a slice shorter or longer than `ttl`.
            let rate = f64::from(retries) / 1_000.0;
            assert!((27.0..=33.0).contains(&rate), "{dialect:?}: {rate}");
        }
    }

    #[test]
    fn finagle_is_paid_at_the_start_and_tower_by_answers() {
        let finagle = budget(Dialect::Finagle, 10, 0, 0.2);
        let mut own = finagle.fresh(Instant(0));
        finagle.left(&mut own, Instant(0), true);
        finagle.left(&mut own, Instant(0), false);
        finagle.heard(&mut own, &status(200), None);
        assert_eq!(finagle.balance(&own), 1_000);
        let tower = budget(Dialect::Tower, 10, 0, 0.2).paid(Deposit::Success, failures());
        let mut own = tower.fresh(Instant(0));
        tower.left(&mut own, Instant(0), true);
        for (code, sum) in [(503, 0), (429, 0), (404, 1), (200, 2)] {
            tower.heard(&mut own, &status(code), None);
            assert_eq!(tower.balance(&own), sum, "{code}");
        }
    }
}
