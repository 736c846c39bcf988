//! nginx `limit_req`: a leaky bucket in whole thousandths of a request.
//!
//! Peculiar: the rate and what has leaked are cut off to whole thousandths, and
//! what is cut off is lost: `1r/m` is 0.96 requests a minute. A burst alone
//! does not let requests through at once but delays them. An excess equal to
//! the burst passes, and a refusal changes nothing.
//!
//! # Formula
//!
//! `rate = N * 1000 / scale` (`r/s`: 1, `r/m`: 60). For a key that was seen
//! before `ms` is how long ago, in whole milliseconds, and
//! `excess = max(0, excess - rate * ms / 1000 + 1000)`; for a new one it is 0.
//! Refused iff `excess > burst * 1000`. Else it is kept, `last` becomes now
//! unless `ms` is 0, and what lies above `delay * 1000` is waited for:
//! `(excess - delay * 1000) * 1000 / rate` ms. Every division cuts off.
//!
//! A request has no cost in nginx: cost n stands for n requests at the same
//! millisecond, of which all pass or none; cost 0 passes and charges nothing.
//!
//! Several `limit_req` are several limits of an API, all or nothing: nginx
//! looks at each in turn, and charges them by the same formula once all have
//! room. What the state of one key cannot hold is left out. A zone that is full
//! forgets keys. Each new key may push out one or two others that were idle for
//! a minute, which forgives them up to one request if the burst is worth about a
//! minute or more. And nginx takes a key that is new to any but the last of
//! several limits for one that was last seen at boot, which matters only until
//! one request could have leaked since then, 100 ms at `10r/s`.
//!
//! # Source
//!
//! nginx 1.22.1, `src/http/modules/ngx_http_limit_req_module.c` (the same in
//! 2026), run and recorded on a virtual clock and on the real one. The clock is
//! the monotonic one in milliseconds.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{NginxLimitReq, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let ms = 1_000_000;
//! // 16 thousandths a second: after a minute 960 have leaked, not 1000.
//! let mut limit = Table::<NginxLimitReq>::read("rate = '1r/m'\nburst = 1")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(60_000 * ms, 1).0, Verdict::Delay(Span::millis(2_500)));
//! assert_eq!(limit.ask(60_001 * ms, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(62_499 * ms, 1).0, Verdict::NEVER);
//! // 2 500 ms later the 40 thousandths that stood too high are gone.
//! assert_eq!(limit.ask(62_500 * ms, 1).0, Verdict::Delay(Span::millis(62_500)));
//! # Ok::<(), String>(())
//! ```

use std::fmt;

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Span};

/// A `limit_req_zone` with a `limit_req`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct NginxLimitReq {
    /// These three in thousandths of a request.
    rate: u64,
    burst: u64,
    delay: u64,
    written: Parameters,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    rate: ZoneRate,
    #[serde(default)]
    burst: u64,
    delay: Option<u64>,
    #[serde(default)]
    nodelay: bool,
}

/// A rate as nginx writes it: `10r/s`, `100r/m`, or a bare number a second.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct ZoneRate {
    count: u64,
    scale: u64,
}

impl TryFrom<String> for ZoneRate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (digits, scale) = match (text.strip_suffix("r/s"), text.strip_suffix("r/m")) {
            (Some(digits), _) => (digits, 1),
            (_, Some(digits)) => (digits, 60),
            _ => (text.as_str(), 1),
        };
        let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        let count: u64 = if plain { digits.parse().unwrap_or(u64::MAX) } else { 0 };
        if count == 0 {
            return Err(format!("`{text}` is not a rate of nginx: write it like 10r/s or 100r/m"));
        }
        Ok(ZoneRate { count, scale })
    }
}

impl fmt::Display for ZoneRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, if self.scale == 1 { "s" } else { "min" })
    }
}

/// The most that nginx can count in thousandths, in its signed 64 bits.
const MOST: u64 = i64::MAX as u64 / 1000;

impl TryFrom<Parameters> for NginxLimitReq {
    type Error = String;

    fn try_from(written: Parameters) -> Result<Self, String> {
        let Parameters { rate, burst, delay, nodelay } = written;
        if nodelay && delay.is_some() {
            return Err("it has both delay and nodelay: write one of them".to_owned());
        }
        let delay = if nodelay { MOST } else { delay.unwrap_or(0) };
        for (name, number) in [("rate", rate.count), ("burst", burst), ("delay", delay)] {
            if number > MOST {
                return Err(format!("the {name} is too large for nginx: write at most {MOST}"));
            }
        }
        Ok(NginxLimitReq {
            rate: rate.count * 1000 / rate.scale,
            burst: burst * 1000,
            delay: delay * 1000,
            written,
        })
    }
}

/// What stands against a key that was seen before.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// In thousandths of a request.
    excess: u64,
    /// When that was reckoned, in ms.
    last: u64,
}

impl NginxLimitReq {
    /// What stands against a key with `cost` requests more at `now`, in thousandths.
    fn excess(&self, state: Option<Node>, now: u64, cost: u32) -> u64 {
        let first = match state {
            None => 0,
            Some(node) => {
                // Cut off before it is taken away: a rest of a thousandth is lost.
                let leaked = self.rate.wrapping_mul(now.saturating_sub(node.last)) / 1000;
                let excess = node.excess.wrapping_sub(leaked).wrapping_add(1000);
                excess.cast_signed().max(0).cast_unsigned()
            }
        };
        first.saturating_add((u64::from(cost) - 1) * 1000)
    }
}

impl Algorithm for NginxLimitReq {
    /// `None` is a key that was never seen.
    type State = Option<Node>;

    const CARD: Card = Card {
        implementation: Some("nginx 1.22.1 limit_req"),
        evidence: Evidence::Recorded,
        clock: Clock::Monotonic,
        parameters: &[
            ("rate", "\"10r/s\" or \"100r/m\", cut off to thousandths of a request a second"),
            ("burst", "how many may stand above the rate [0]"),
            ("delay", "how many of them pass at once; the others wait [0]"),
            ("nodelay", "all of them pass at once [false]"),
        ],
        example: "nginx-limit-req = { rate = \"10r/s\", burst = 20, delay = 8 }",
        peculiar: "a burst without nodelay delays; 1r/m is 0.96 a minute; refusals change nothing",
    };

    const DELAYS: bool = true;

    fn fresh(&self, _created: Instant) -> Option<Node> {
        None
    }

    fn test(&self, state: &Option<Node>, now: Instant, cost: u32) -> Verdict {
        if cost == 0 {
            return Verdict::Admit;
        }
        let excess = self.excess(*state, now.epoch_millis(), cost);
        if excess > self.burst {
            Verdict::NEVER
        } else if excess <= self.delay {
            Verdict::Admit
        } else {
            // Under one millisecond is no delay.
            Verdict::after(Span::millis((excess - self.delay).wrapping_mul(1000) / self.rate))
        }
    }

    fn admit(&self, state: &mut Option<Node>, now: Instant, cost: u32) -> Mark {
        if cost > 0 {
            let now = now.epoch_millis();
            // `last` needs no exception for a hit in the same millisecond: it is now.
            *state = Some(Node { excess: self.excess(*state, now, cost), last: now });
        }
        Mark::NONE
    }

    fn view(&self, _state: &Option<Node>, _asked: &Asked) -> View {
        View { limit: self.capacity().at_once, remaining: None, reset: None }
    }

    /// Another burst.
    fn resized(&self, quota: u64) -> Option<Self> {
        NginxLimitReq::try_from(Parameters { burst: quota, ..self.written }).ok()
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate as f64 / 1e3, at_once: self.burst / 1000 + 1 }
    }

    fn rule(&self) -> String {
        let Parameters { burst, delay, nodelay, .. } = self.written;
        let delay = match delay {
            Some(delay) => format!(" delay {delay}"),
            None if nodelay => " nodelay".to_owned(),
            None => String::new(),
        };
        format!("nginx-limit-req {} burst {burst}{delay}", self.pace())
    }

    fn pace(&self) -> String {
        self.written.rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    fn zone(parameters: &str) -> Table<NginxLimitReq> {
        Table::read(parameters).unwrap()
    }

    fn delay(millis: u64) -> Verdict {
        Verdict::Delay(Span::millis(millis))
    }

    #[test]
    fn an_excess_equal_to_the_burst_passes() {
        let mut zone = zone("rate = '10r/s'\nburst = 1\nnodelay = true");
        zone.ask(0, 1);
        assert_eq!(zone.ask(0, 1).0, Verdict::Admit);
        assert_eq!(zone.ask(0, 1).0, Verdict::NEVER);
        // 990 thousandths have leaked after 99 ms, 1000 after 100 ms.
        assert_eq!(zone.ask(100 * MS - 1, 1).0, Verdict::NEVER);
        assert_eq!(zone.ask(100 * MS, 1).0, Verdict::Admit);
    }

    #[test]
    fn what_is_cut_off_is_lost_with_every_hit() {
        // 16 thousandths a second: 62 ms leak 0.992, which is none, 63 ms leak 1.
        let mut often = zone("rate = '1r/m'\nburst = 3");
        for hit in 0..3 {
            often.ask(hit * 62 * MS, 1);
        }
        let mut later = often.clone();
        assert_eq!(often.ask(186 * MS, 1).0, delay(187_500));
        assert_eq!(later.ask(187 * MS, 1).0, delay(187_437));
    }

    #[test]
    fn rates_are_cut_off_to_thousandths() {
        for (rate, thousandths) in
            [("1r/m", 16), ("100r/m", 1_666), ("60r/m", 1_000), ("333r/s", 333_000), ("7", 7_000)]
        {
            assert_eq!(zone(&format!("rate = '{rate}'")).algorithm().rate, thousandths, "{rate}");
        }
    }

    #[test]
    fn a_delay_is_cut_off_to_milliseconds_and_may_be_none() {
        let mut two = zone("rate = '3r/s'\nburst = 5\ndelay = 1");
        assert_eq!(two.ask(0, 1).0, Verdict::Admit);
        assert_eq!(two.ask(0, 1).0, Verdict::Admit);
        assert_eq!(two.ask(0, 1).0, delay(333));
        assert_eq!(two.ask(0, 1).0, delay(666));
        // 2000 requests a second: the half millisecond that one has to wait is none.
        let mut fast = zone("rate = '2000r/s'\nburst = 5");
        fast.ask(0, 1);
        assert_eq!(fast.ask(0, 1).0, Verdict::Admit);
        assert_eq!(fast.ask(0, 1).0, delay(1));
    }

    #[test]
    fn a_refusal_changes_nothing() {
        let mut zone = zone("rate = '10r/s'");
        zone.ask(0, 1);
        for at in 1..100 {
            assert_eq!(zone.ask(at * MS, 1).0, Verdict::NEVER);
        }
        assert_eq!(zone.ask(100 * MS, 1).0, Verdict::Admit);
    }

    #[test]
    fn a_cost_is_so_many_requests_at_once() {
        let mut new = zone("rate = '1r/s'\nburst = 2\nnodelay = true");
        assert_eq!(new.ask(0, 4).0, Verdict::NEVER);
        assert_eq!(new.ask(0, 3).0, Verdict::Admit);
        assert_eq!(new.ask(0, 0), (Verdict::Admit, new.ask(0, 0).1));
        assert_eq!(new.ask(0, 1).0, Verdict::NEVER);
        // However long it was idle, a key has no more than the burst and one.
        assert_eq!(new.ask(1_000_000 * MS, 4).0, Verdict::NEVER);
        assert_eq!(new.ask(1_000_000 * MS, 3).0, Verdict::Admit);
    }

    #[test]
    fn what_nginx_would_not_start_with_is_refused() {
        for (parameters, why) in [
            ("rate = '10/s'", "write it like 10r/s"),
            ("rate = '0r/s'", "write it like 10r/s"),
            ("rate = '1.5r/s'", "write it like 10r/s"),
            ("rate = 'r/m'", "write it like 10r/s"),
            ("rate = '99999999999999999999r/s'", "the rate is too large"),
            ("rate = '1r/s'\nburst = 9223372036854775807", "the burst is too large"),
            ("rate = '1r/s'\nburst = -1", "u64"),
            ("rate = '1r/s'\ndelay = 1\nnodelay = true", "write one of them"),
            ("rate = '1r/s'\nzone = 'a'", "unknown field"),
        ] {
            let error = Table::<NginxLimitReq>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }

    #[test]
    fn another_burst_keeps_what_stands_against_a_key() {
        let mut zone = zone("rate = '1r/s'\nburst = 5\nnodelay = true");
        zone.ask(0, 4);
        zone.resize(2, Instant(0));
        assert_eq!(zone.ask(999 * MS, 1).0, Verdict::NEVER);
        assert_eq!(zone.ask(2_000 * MS, 1).0, Verdict::Admit);
        assert_eq!(zone.algorithm().rule(), "nginx-limit-req 1/s burst 2 nodelay");
    }

    proptest! {
        /// Cost n decides as n requests at the same instant do, of which all pass.
        #[test]
        fn a_cost_is_its_requests(
            rate in 1_u64..2_000, burst in 0_u64..20, gaps in prop::collection::vec((0_u64..200, 1_u32..5), 1..60),
        ) {
            let mut whole = zone(&format!("rate = '{rate}r/m'\nburst = {burst}"));
            let mut parts = whole.clone();
            let mut now = 0;
            for (gap, cost) in gaps {
                now += gap * 37 * MS;
                let before = parts.clone();
                let each: Vec<Verdict> = (0..cost).map(|_| parts.ask(now, 1).0).collect();
                if each.iter().any(|verdict| verdict.is_reject()) {
                    parts = before;
                    prop_assert_eq!(whole.ask(now, cost).0, Verdict::NEVER);
                } else {
                    prop_assert_eq!(Some(whole.ask(now, cost).0), each.last().copied());
                }
            }
        }
    }
}
