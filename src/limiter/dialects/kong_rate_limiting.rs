//! Kong's plugin `rate-limiting`: several fixed windows of the calendar at once.
//!
//! Windows begin with a second, minute, hour, day, month or year in UTC. With
//! the policies `local` and `cluster` Kong looks first and counts what passed;
//! with `redis` (`sync_rate = -1`) looking counts, so that a refused request
//! counts in every window, also in those that had room.
//!
//! # Formula
//!
//! In whole seconds; a request stops iff `limit - usage <= 0` in any window. A
//! request has no cost in Kong: cost n stands for n requests at once, of which
//! all pass or none, and cost 0 counts nothing.
//!
//! What is told is of the tightest window: the fewest remaining, of two the
//! longer. `reset = max(1, length - elapsed)`, where a month has 30 days and a
//! year 365; Retry-After is the same. A count lives so long from its first
//! request: on the 31st of a month Kong may begin to count anew.
//!
//! # Source
//!
//! Kong at commit 22246ef (July 2026), `kong/plugins/rate-limiting/`:
//! `handler.lua`, `policies/init.lua`, `expiration.lua`. Read in the source, not
//! recorded; that a count is there still at the millisecond in which it expires
//! is how nginx's Lua dictionary and Redis 7 do it.
//!
//! Not here: the moment between looking and counting, in which others pass;
//! `sync_rate` above 0; fractional limits; that in `cluster` an expired count
//! stays hidden until it is cleared away; that a clock before 1988 is misread.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{KongRateLimiting, Table, Verdict};
//! use tollgate::time::{SECOND, Span};
//!
//! let mut limit = Table::<KongRateLimiting>::read("second = 1\nhour = 2\npolicy = 'redis'")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! // Refused by the second, this one counts in the hour too.
//! assert_eq!(limit.ask(0, 1).0, Verdict::Reject { wait: Span::seconds(1) });
//! let (verdict, view) = limit.ask(SECOND, 1);
//! assert_eq!(verdict, Verdict::Reject { wait: Span::seconds(3_599) });
//! assert_eq!((view.limit, view.remaining), (2, Some(0)));
//! # Ok::<(), String>(())
//! ```

use std::cmp::Reverse;
use std::num::NonZeroU64;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Span};

/// The plugin's configuration.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct KongRateLimiting {
    /// By period, as in `PERIODS`; at least one is there.
    limits: [Option<NonZeroU64>; 6],
    policy: Policy,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    second: Option<NonZeroU64>,
    minute: Option<NonZeroU64>,
    hour: Option<NonZeroU64>,
    day: Option<NonZeroU64>,
    month: Option<NonZeroU64>,
    year: Option<NonZeroU64>,
    #[serde(default)]
    policy: Policy,
}

/// Where the counts lie, which decides when they are counted up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Policy {
    #[default]
    Local,
    Cluster,
    Redis,
}

/// The periods, and how many seconds a count of each lives.
const PERIODS: [(&str, u64); 6] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3_600),
    ("day", 86_400),
    ("month", 30 * 86_400),
    ("year", 365 * 86_400),
];
/// The first of them that the calendar makes longer or shorter.
const MONTH: usize = 4;

impl TryFrom<Parameters> for KongRateLimiting {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { second, minute, hour, day, month, year, policy } = parameters;
        let limits = [second, minute, hour, day, month, year];
        let given = || (0..6).filter_map(|period| Some((PERIODS[period].0, limits[period]?)));
        let Some(mut shorter) = given().next() else {
            return Err("it limits nothing: write a number for second, minute or hour".to_owned());
        };
        for longer in given() {
            if longer.1 < shorter.1 {
                let ((name, limit), (other, least)) = (longer, shorter);
                return Err(format!(
                    "the limit of {limit} for a {name} is below that of {least} for a {other}: \
                     write {least} or more"
                ));
            }
            shorter = longer;
        }
        Ok(KongRateLimiting { limits, policy })
    }
}

/// One key's count of one window.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// When the window began and when it ends, in seconds.
    start: u64,
    end: u64,
    used: u64,
    /// The last millisecond of the count's life.
    until: u64,
}

impl KongRateLimiting {
    /// The limited periods with their limits.
    fn limits(&self) -> impl Iterator<Item = (usize, u64)> {
        (0..6).filter_map(|period| Some((period, self.limits[period]?.get())))
    }

    /// What is told of a key: of the window with the fewest remaining, of two
    /// of the longer; `unseen` was counted after Kong looked.
    fn told(&self, counts: &[Count; 6], now: Instant, unseen: u32) -> View {
        let each = self.limits().map(|(period, limit)| {
            let count = at(period, counts[period], now);
            let used = count.used.saturating_sub(u64::from(unseen));
            (limit.saturating_sub(used), Reverse(period), limit, count.start)
        });
        let tightest = each.min().expect("at least one period is limited");
        let (remaining, Reverse(period), limit, start) = tightest;
        let left = PERIODS[period].1.saturating_sub(now.epoch_seconds() - start);
        View { limit, remaining: Some(remaining), reset: Some(Span::seconds(left.max(1))) }
    }
}

/// The window's count at `now`: a new one in a new window, and once it has expired.
fn at(period: usize, count: Count, now: Instant) -> Count {
    let seconds = now.epoch_seconds();
    if seconds >= count.end {
        let (start, end) = window(period, seconds);
        return Count { start, end, used: 0, until: u64::MAX };
    }
    if now.epoch_millis() > count.until {
        return Count { used: 0, until: u64::MAX, ..count };
    }
    count
}

/// From when to when the window lasts that `now` falls into, in seconds.
fn window(period: usize, now: u64) -> (u64, u64) {
    if period < MONTH {
        let (_, length) = PERIODS[period];
        return (now - now % length, now - now % length + length);
    }
    let moment = Timestamp::from_second(now.cast_signed());
    let moment = moment.expect("a clock in nanoseconds ends in 2554");
    let today = moment.to_zoned(TimeZone::UTC).date();
    let (first, length) = match period {
        MONTH => (today.first_of_month(), 1.month()),
        _ => (today.first_of_year(), 1.year()),
    };
    (seconds(first), seconds(first.saturating_add(length)))
}

fn seconds(date: Date) -> u64 {
    let midnight = date.to_zoned(TimeZone::UTC).expect("UTC has every midnight");
    midnight.timestamp().as_second().cast_unsigned()
}

impl Algorithm for KongRateLimiting {
    /// By period.
    type State = [Count; 6];

    const CARD: Card = Card {
        implementation: Some("Kong 22246ef rate-limiting"),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("second", "how many in a second; at least one of these six"),
            ("minute", "how many in a minute"),
            ("hour", "how many in an hour"),
            ("day", "how many in a day, UTC"),
            ("month", "how many in a month of the calendar"),
            ("year", "how many in a year of the calendar"),
            ("policy", "\"local\" (default), \"cluster\", or \"redis\", which counts refusals"),
        ],
        example: "kong-rate-limiting = { second = 5, hour = 10000, policy = \"local\" }",
        peculiar: "with redis a request that one window refuses counts in all of them",
    };

    fn fresh(&self, _created: Instant) -> [Count; 6] {
        [Count { start: 0, end: 0, used: 0, until: u64::MAX }; 6]
    }

    fn test(&self, state: &[Count; 6], now: Instant, cost: u32) -> Verdict {
        let stops = self.limits().any(|(period, limit)| {
            at(period, state[period], now).used.saturating_add(u64::from(cost)) > limit
        });
        if cost == 0 || !stops {
            return Verdict::Admit;
        }
        Verdict::Reject { wait: self.told(state, now, 0).reset.unwrap_or(Span::NEVER) }
    }

    fn admit(&self, state: &mut [Count; 6], now: Instant, cost: u32) -> Mark {
        for (period, _) in self.limits() {
            let mut count = at(period, state[period], now);
            if count.used == 0 && cost > 0 {
                count.until = now.epoch_millis() + PERIODS[period].1 * 1_000;
            }
            count.used = count.used.saturating_add(u64::from(cost));
            state[period] = count;
        }
        Mark::NONE
    }

    fn refuse(&self, state: &mut [Count; 6], now: Instant, cost: u32) {
        if self.policy == Policy::Redis {
            self.admit(state, now, cost);
        }
    }

    fn view(&self, state: &[Count; 6], asked: &Asked) -> View {
        // Kong tells what it saw before it counted what it then refused.
        let refused = asked.verdict.is_reject() && self.policy == Policy::Redis;
        self.told(state, asked.now, if refused { asked.cost } else { 0 })
    }

    /// Another limit, where there is one only.
    fn resized(&self, quota: u64) -> Option<Self> {
        let quota = NonZeroU64::new(quota)?;
        let mut resized = *self;
        let mut given = resized.limits.iter_mut().flatten();
        *given.next()? = quota;
        if given.next().is_some() { None } else { Some(resized) }
    }

    fn capacity(&self) -> Capacity {
        let rates = self.limits().map(|(period, limit)| limit as f64 / PERIODS[period].1 as f64);
        // A longer period's limit is no smaller, so the first is the least at once.
        let at_once = self.limits().next().map_or(0, |(_, limit)| limit);
        Capacity { per_second: rates.fold(f64::INFINITY, f64::min), at_once }
    }

    fn rule(&self) -> String {
        format!("kong-rate-limiting {}", self.pace())
    }

    fn pace(&self) -> String {
        let each = self.limits().map(|(period, limit)| format!("{limit}/{}", PERIODS[period].0));
        each.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use crate::time::SECOND;

    fn kong(parameters: &str) -> Table<KongRateLimiting> {
        Table::read(parameters).unwrap()
    }

    fn at(time: &str) -> u64 {
        time.parse::<Instant>().unwrap().0
    }

    /// Whether it passed, and what was told: limit, remaining, reset in seconds.
    fn told(limit: &mut Table<KongRateLimiting>, at: u64, cost: u32) -> (bool, u64, u64, u64) {
        let (verdict, view) = limit.ask(at, cost);
        let reset = view.reset.unwrap();
        if let Verdict::Reject { wait } = verdict {
            assert_eq!(wait, reset, "Retry-After is the reset");
        }
        (!verdict.is_reject(), view.limit, view.remaining.unwrap(), reset.0 / SECOND)
    }

    #[test]
    fn a_window_is_full_at_its_limit_and_the_next_one_is_new() {
        let mut minute = kong("minute = 2");
        let start = at("2026-01-05T09:00:00Z");
        assert_eq!(told(&mut minute, start + 30 * SECOND, 1), (true, 2, 1, 30));
        assert_eq!(told(&mut minute, start + 59 * SECOND, 1), (true, 2, 0, 1));
        assert_eq!(told(&mut minute, start + 60 * SECOND - 1, 1), (false, 2, 0, 1));
        assert_eq!(told(&mut minute, start + 60 * SECOND, 1), (true, 2, 1, 60));
    }

    #[test]
    fn the_fewest_remaining_is_told_and_of_two_the_longer_window() {
        let start = at("2026-01-05T09:30:58Z");
        let mut second = kong("second = 3\nminute = 4\nhour = 4");
        assert_eq!(told(&mut second, start, 1), (true, 3, 2, 1));
        // Two remain of each: the hour is told, which ends in 29 min 2 s.
        let mut tie = kong("second = 3\nminute = 3\nhour = 3");
        assert_eq!(told(&mut tie, start, 1), (true, 3, 2, 1_742));
    }

    #[test]
    fn only_redis_counts_refusals_in_every_window() {
        let start = at("2026-01-05T09:00:00Z");
        for (policy, used) in [("local", 1), ("cluster", 1), ("redis", 4)] {
            let mut limit = kong(&format!("second = 1\nday = 9\npolicy = '{policy}'"));
            for _ in 0..4 {
                limit.ask(start, 1);
            }
            limit.replace(*kong("day = 9").algorithm(), Instant(start));
            assert_eq!(told(&mut limit, start, 0).2, 9 - used, "{policy}");
        }
    }

    #[test]
    fn what_redis_tells_is_what_it_saw() {
        let mut limit = kong("second = 1\nday = 2\npolicy = 'redis'");
        let start = at("2026-01-05T00:00:00Z");
        limit.ask(start, 1);
        // The second has 0, the day 1 remaining before this one counts in it.
        assert_eq!(told(&mut limit, start, 1), (false, 1, 0, 1));
        // By now both are used up: the day is told.
        assert_eq!(told(&mut limit, start, 1), (false, 2, 0, 86_400));
    }

    #[test]
    fn months_and_years_are_those_of_the_calendar() {
        let mut month = kong("month = 1");
        assert_eq!(told(&mut month, at("2028-02-29T23:59:59Z"), 1), (true, 1, 0, 86_401));
        assert_eq!(told(&mut month, at("2028-03-01T00:00:00Z"), 1), (true, 1, 0, 2_592_000));
        let mut year = kong("year = 1");
        assert_eq!(told(&mut year, at("2026-12-31T23:59:59Z"), 1), (true, 1, 0, 1));
        assert_eq!(told(&mut year, at("2027-01-01T00:00:00Z"), 1), (true, 1, 0, 31_536_000));
    }

    #[test]
    fn a_count_of_a_month_lives_thirty_days_from_its_first_request() {
        let mut month = kong("month = 2");
        let first = at("2026-01-01T00:00:00Z");
        let day = 86_400 * SECOND;
        month.ask(first, 1);
        month.ask(first + 10 * day, 1);
        // Its length has gone by, but not the month: a reset of at least one second.
        assert_eq!(told(&mut month, first + 30 * day, 1), (false, 2, 0, 1));
        assert_eq!(told(&mut month, first + 30 * day + 1_000_000, 1), (true, 2, 1, 1));
    }

    #[test]
    fn a_cost_is_so_many_requests_at_once() {
        let mut limit = kong("hour = 3");
        assert_eq!(told(&mut limit, 0, 4), (false, 3, 3, 3_600));
        assert_eq!(told(&mut limit, 0, 3), (true, 3, 0, 3_600));
        assert_eq!(told(&mut limit, 0, 0), (true, 3, 0, 3_600));
        assert_eq!(told(&mut limit, 0, 1), (false, 3, 0, 3_600));
    }

    #[test]
    fn one_limit_can_be_resized_and_several_cannot() {
        let mut one = kong("hour = 3");
        one.ask(0, 3);
        one.resize(4, Instant(0));
        assert_eq!(told(&mut one, 0, 1), (true, 4, 0, 3_600));
        let two = *kong("hour = 3\nday = 9").algorithm();
        assert_eq!((two.resized(4).is_none(), two.pace().as_str()), (true, "3/hour 9/day"));
    }

    #[test]
    fn what_kong_would_not_take_is_refused() {
        for (parameters, why) in [
            ("", "limits nothing"),
            ("second = 5\nday = 4", "below that of 5 for a second: write 5 or more"),
            ("minute = 0", "nonzero"),
            ("minute = 1\npolicy = 'memory'", "unknown variant"),
            ("week = 1", "unknown field"),
        ] {
            let error = Table::<KongRateLimiting>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
