//! `HAProxy`'s `http_req_rate` of a stick table, with a rule that denies above it.
//!
//! Peculiar: the window turns on even milliseconds and begins with a key's
//! first request. A request that is tracked before it is tested counts although
//! it is denied: a client above the rate is let in again only once it is slow.
//! Tested before it is tracked, it counts only if it passed.
//!
//! # Formula
//!
//! Time is the wall clock in ms, modulo 2^32; so are the differences. Counting:
//! if `now - tick < P`, `current` grows; else `previous = current`, `current`
//! begins anew, `tick += P`, and if still `now - tick >= P` then `previous = 0`
//! and `tick = now`; `tick` then loses its lowest bit. A new key has all three
//! at 0, and so its first request counts against whatever 0 means by now.
//!
//! Reading: `left = tick + P - now`; once it is negative, `left += P`,
//! `previous = current` (0 if `left` is still negative) and `current = 0`. The
//! rate is `(previous * left + current * P) / P`, cut off, but `previous`
//! where that is 0 or 1 and `current` is 0.
//!
//! Denied iff the rate is above `gt`, or at least `ge`. A request has no cost
//! there: cost n counts n, and the test looks only at the rate; cost 0 reads and
//! counts nothing.
//!
//! # Source
//!
//! `HAProxy` 2.6.12, `src/freq_ctr.c`, run and recorded, both orders. Later
//! versions count the same, on a clock moved by whole seconds. `expire` was read
//! in `src/stick_table.c`, not recorded: here it runs from the last request
//! counted, there not before that request is over.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{HaproxyHttpReqRate, Table, Verdict};
//!
//! let ms = 1_000_000;
//! let mut limit = Table::<HaproxyHttpReqRate>::read("period = '10s'\ngt = 2")?;
//! let start = 1_800_000_000_000 * ms;
//! for at in 0..2 {
//!     assert_eq!(limit.ask(start + at, 1).0, Verdict::Admit);
//! }
//! // Asked every second it stays above 2 in 10 s, denied ones included.
//! for second in 1..60 {
//!     assert_eq!(limit.ask(start + second * 1_000 * ms, 1).0, Verdict::NEVER);
//! }
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use super::whole_millis::WholeMillis;
use crate::time::{Instant, Rate, Span};

/// A stick table that stores `http_req_rate(period)`, and the rule on it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct HaproxyHttpReqRate {
    /// In ms, like all times here.
    period: u32,
    deny: Deny,
    order: Order,
    expire: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    period: WholeMillis,
    gt: Option<u32>,
    ge: Option<u32>,
    #[serde(default)]
    order: Order,
    expire: Option<WholeMillis>,
}

/// What of tracking and testing comes first.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    #[default]
    TrackThenDeny,
    CheckThenTrack,
}

/// Which rates are denied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deny {
    Above(u32),
    From(u32),
}

impl TryFrom<Parameters> for HaproxyHttpReqRate {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { period, gt, ge, order, expire } = parameters;
        let deny = match (gt, ge) {
            (Some(rate), None) => Deny::Above(rate),
            (None, Some(rate)) => Deny::From(rate),
            _ => return Err("it denies above one rate: write either gt or ge".to_owned()),
        };
        let period = match millis_of("period", period)? {
            1 => return Err("a period has at least two ticks: write \"2ms\" or more".to_owned()),
            period => period,
        };
        let expire = expire.map(|expire| millis_of("expire", expire)).transpose()?;
        Ok(HaproxyHttpReqRate { period, deny, order, expire })
    }
}

/// The times of a stick table are below 2^31 ms.
fn millis_of(name: &str, time: WholeMillis) -> Result<u32, String> {
    i32::try_from(time.count())
        .map(i32::cast_unsigned)
        .map_err(|_| format!("{name} is too long for HAProxy: write at most \"2147483647ms\""))
}

/// One key's entry in the table.
#[derive(Clone, Copy, Default, Debug)]
pub struct Entry {
    tick: u32,
    current: u32,
    previous: u32,
    /// When it was last counted, in ms that do not wrap.
    touched: u64,
}

impl HaproxyHttpReqRate {
    /// The entry at `now`: a new one once it has expired.
    fn at(&self, entry: Entry, now: u64) -> Entry {
        let idle = now.saturating_sub(entry.touched);
        let expired = self.expire.is_some_and(|expire| idle >= u64::from(expire));
        if expired { Entry::default() } else { entry }
    }

    /// The entry with `cost` requests more.
    fn counted(&self, entry: Entry, now: u64, cost: u32) -> Entry {
        let entry = Entry { touched: now, ..self.at(entry, now) };
        let now = low(now);
        if now.wrapping_sub(entry.tick) < self.period {
            return Entry { current: entry.current.wrapping_add(cost), ..entry };
        }
        let (mut tick, mut previous) = (entry.tick.wrapping_add(self.period), entry.current);
        if now.wrapping_sub(tick) >= self.period {
            (tick, previous) = (now, 0);
        }
        // The lowest bit is a lock.
        Entry { tick: tick & !1, current: cost, previous, ..entry }
    }

    /// What `http_req_rate` says.
    fn rate(&self, entry: Entry, now: u64) -> u32 {
        let period = self.period;
        let mut left = entry.tick.wrapping_add(period).wrapping_sub(low(now)).cast_signed();
        let (mut previous, mut current) = (u64::from(entry.previous), u64::from(entry.current));
        if left < 0 {
            left = left.wrapping_add(period.cast_signed());
            previous = if left >= 0 { current } else { 0 };
            current = 0;
        }
        if current == 0 && previous <= 1 {
            return u32::from(previous == 1);
        }
        // Whoever was idle for 2^31 ms has a positive rest again, and it is huge.
        let left = i64::from(left).cast_unsigned();
        let total = previous.wrapping_mul(left).wrapping_add(current * u64::from(period));
        low(total / u64::from(period))
    }

    /// What the rule says of the entry.
    fn denied(&self, entry: Entry, now: u64) -> bool {
        let rate = self.rate(entry, now);
        match self.deny {
            Deny::Above(limit) => rate > limit,
            Deny::From(limit) => rate >= limit,
        }
    }

    /// How many pass at once.
    fn at_once(&self) -> u64 {
        match (self.order, self.deny) {
            (Order::TrackThenDeny, Deny::Above(limit))
            | (Order::CheckThenTrack, Deny::From(limit)) => u64::from(limit),
            (Order::TrackThenDeny, Deny::From(limit)) => u64::from(limit.saturating_sub(1)),
            (Order::CheckThenTrack, Deny::Above(limit)) => u64::from(limit) + 1,
        }
    }
}

/// The low half, as C takes it: the program's clock is so many ms modulo 2^32.
#[allow(clippy::cast_possible_truncation)] // cutting off is what is meant
const fn low(number: u64) -> u32 {
    number as u32
}

impl Algorithm for HaproxyHttpReqRate {
    type State = Entry;

    const CARD: Card = Card {
        implementation: Some("HAProxy 2.6.12 http_req_rate"),
        evidence: Evidence::Recorded,
        clock: Clock::Wall,
        parameters: &[
            ("period", "of the rate, in whole milliseconds: \"10s\""),
            ("gt", "denies a rate above this"),
            ("ge", "or a rate of at least this"),
            ("order", "\"track-then-deny\" (default) counts the denied, \"check-then-track\" not"),
            ("expire", "forgets a key that was idle for so long [never]"),
        ],
        example: "haproxy-http-req-rate = { period = \"10s\", gt = 20 }",
        peculiar: "tracked before it is tested, who is denied counts on and may never recover",
    };

    fn fresh(&self, _created: Instant) -> Entry {
        Entry::default()
    }

    fn test(&self, state: &Entry, now: Instant, cost: u32) -> Verdict {
        let now = now.epoch_millis();
        let entry = match self.order {
            Order::TrackThenDeny if cost > 0 => self.counted(*state, now, cost),
            _ => self.at(*state, now),
        };
        if self.denied(entry, now) { Verdict::NEVER } else { Verdict::Admit }
    }

    fn admit(&self, state: &mut Entry, now: Instant, cost: u32) -> Mark {
        if cost > 0 {
            *state = self.counted(*state, now.epoch_millis(), cost);
        }
        Mark::NONE
    }

    fn refuse(&self, state: &mut Entry, now: Instant, cost: u32) {
        if self.order == Order::TrackThenDeny {
            self.admit(state, now, cost);
        }
    }

    fn view(&self, _state: &Entry, _asked: &Asked) -> View {
        View { limit: self.at_once(), remaining: None, reset: None }
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        let rate = u32::try_from(quota).ok()?;
        let deny = match self.deny {
            Deny::Above(_) => Deny::Above(rate),
            Deny::From(_) => Deny::From(rate),
        };
        Some(HaproxyHttpReqRate { deny, ..*self })
    }

    fn capacity(&self) -> Capacity {
        let at_once = self.at_once();
        Capacity { per_second: at_once as f64 * 1e3 / f64::from(self.period), at_once }
    }

    fn rule(&self) -> String {
        let checks = self.order == Order::CheckThenTrack;
        let order = if checks { " check-then-track" } else { "" };
        format!("haproxy-http-req-rate {}{order}", self.pace())
    }

    fn pace(&self) -> String {
        let period = Span::millis(u64::from(self.period));
        Rate { count: self.at_once(), period }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;

    const MS: u64 = 1_000_000;
    /// A multiple of 2^32 ms, where the program's clock shows 0.
    const ZERO: u64 = 419 << 32;

    fn table(parameters: &str) -> Table<HaproxyHttpReqRate> {
        Table::read(parameters).unwrap()
    }

    #[test]
    fn the_window_turns_on_even_milliseconds() {
        let table = *table("period = '1s'\ngt = 9").algorithm();
        let entry = table.counted(Entry::default(), ZERO + 5_001, 4);
        assert_eq!((entry.tick, entry.current, entry.previous), (5_000, 4, 0));
        assert_eq!(table.counted(entry, ZERO + 5_999, 1).current, 5);
        let next = table.counted(entry, ZERO + 6_000, 1);
        assert_eq!((next.tick, next.current, next.previous), (6_000, 1, 4));
        assert_eq!(table.counted(entry, ZERO + 6_999, 1).tick, 6_000);
        let gone = table.counted(entry, ZERO + 7_000, 1);
        assert_eq!((gone.tick, gone.current, gone.previous), (7_000, 1, 0));
        // An odd period moves the tick back with every turn.
        let odd = *self::table("period = '3ms'\ngt = 9").algorithm();
        let turned = odd.counted(Entry { tick: 10, ..Entry::default() }, ZERO + 13, 1);
        assert_eq!(turned.tick, 12);
    }

    #[test]
    fn the_rate_is_cut_off_and_does_not_flap() {
        let table = *table("period = '1s'\ngt = 9").algorithm();
        let rate = |entry, at| table.rate(entry, ZERO + at);
        let entry = Entry { tick: 5_000, current: 3, previous: 7, touched: 0 };
        assert_eq!(rate(entry, 5_000), 10);
        // 7 * 0.999 + 3 = 9.993.
        assert_eq!(rate(entry, 5_001), 9);
        assert_eq!(rate(entry, 6_000), 3);
        assert_eq!(rate(entry, 6_001), 2);
        assert_eq!(rate(entry, 7_000), 0);
        assert_eq!(rate(entry, 7_001), 0);
        let one = Entry { current: 1, previous: 0, ..entry };
        assert_eq!((rate(one, 7_000), rate(one, 7_001)), (1, 0));
    }

    #[test]
    fn a_new_entry_counts_from_where_the_clock_showed_zero() {
        let table = *table("period = '1s'\ngt = 9").algorithm();
        // Within a period of it, and within two, a new entry has an old tick.
        assert_eq!(table.counted(Entry::default(), ZERO + 999, 1).tick, 0);
        assert_eq!(table.counted(Entry::default(), ZERO + 1_999, 1).tick, 1_000);
        assert_eq!(table.counted(Entry::default(), ZERO + 2_001, 1).tick, 2_000);
        // And the clock goes on over its end.
        let entry = table.counted(Entry::default(), ZERO - 500, 5);
        let later = table.counted(entry, ZERO + 499, 1).current;
        assert_eq!((later, table.rate(entry, ZERO + 750)), (6, 3));
    }

    #[test]
    fn idle_for_half_the_clock_the_past_weighs_anew() {
        let table = *table("period = '1s'\ngt = 9").algorithm();
        let entry = Entry { previous: 2, ..Entry::default() };
        assert_eq!(table.rate(entry, ZERO + (1 << 31) + 1_000), 0);
        let later = table.rate(entry, ZERO + (1 << 31) + 1_001);
        assert_eq!(later, 2 * ((1_u32 << 31) - 1) / 1_000);
    }

    #[test]
    fn order_and_comparison_decide_who_passes_and_what_counts() {
        for (parameters, at_once, counted) in [
            ("gt = 3", 3, 9),
            ("ge = 3", 2, 9),
            ("gt = 3\norder = 'check-then-track'", 4, 4),
            ("ge = 3\norder = 'check-then-track'", 3, 3),
            ("gt = 0", 0, 9),
        ] {
            let limit = *table(&format!("period = '10s'\n{parameters}")).algorithm();
            let mut entry = limit.fresh(Instant(0));
            let now = Instant((ZERO + 100_000) * MS);
            let passed = (0..9).filter(|_| limit.decide(&mut entry, now, 1) == Verdict::Admit);
            let said = (passed.count() as u64, entry.current, limit.capacity().at_once);
            assert_eq!(said, (at_once, counted, at_once), "{parameters}");
        }
    }

    #[test]
    fn a_cost_counts_so_many_and_none_reads_only() {
        let mut tracked = table("period = '10s'\ngt = 3");
        assert_eq!(tracked.ask(ZERO * MS, 4).0, Verdict::NEVER);
        assert_eq!(tracked.ask(ZERO * MS, 0).0, Verdict::NEVER);
        let mut checked = table("period = '10s'\nge = 3\norder = 'check-then-track'");
        assert_eq!(checked.ask(ZERO * MS, 4).0, Verdict::Admit);
        assert_eq!(checked.ask(ZERO * MS, 0).0, Verdict::NEVER);
    }

    #[test]
    fn an_idle_entry_expires() {
        let mut table = table("period = '10s'\ngt = 3\nexpire = '5s'");
        let mut ask = |at, cost| table.ask((ZERO + at) * MS, cost).0;
        assert_eq!(ask(0, 3), Verdict::Admit);
        assert_eq!(ask(4_999, 1), Verdict::NEVER);
        // The one that was denied was the last to touch it.
        assert_eq!(ask(9_998, 0), Verdict::NEVER);
        assert_eq!(ask(9_999, 1), Verdict::Admit);
    }

    #[test]
    fn what_haproxy_would_not_start_with_is_refused() {
        for (parameters, why) in [
            ("period = '1s'", "either gt or ge"),
            ("period = '1s'\ngt = 1\nge = 1", "either gt or ge"),
            ("period = '1ms'\ngt = 1", "2ms"),
            ("period = '1500us'\ngt = 1", "whole milliseconds"),
            ("period = '25d'\ngt = 1", "too long"),
            ("period = '1s'\ngt = 1\norder = 'deny-then-track'", "unknown variant"),
        ] {
            let error = Table::<HaproxyHttpReqRate>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
