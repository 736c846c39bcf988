//! `resty.limit.req` of `OpenResty`, which is APISIX's `limit-req`.
//!
//! nginx's leaky bucket in doubles. The excess is stored as a whole number of
//! thousandths of a request, cut off; the time as whole milliseconds, cut off
//! from a float that may lie just below them. A refusal changes nothing.
//!
//! # Formula
//!
//! `now = ngx.now() * 1000`, a float; rate and burst times 1000:
//! `excess = max(stored - rate * |now - last| / 1000 + 1000, 0)`, 0 for a new
//! key; refused iff `excess > burst`; delay `excess / rate` seconds, which
//! APISIX sleeps in steps of at most a second and of whole milliseconds, cut
//! off; below 1 ms, or with `nodelay`, not at all.
//!
//! # Source
//!
//! lua-resty-limit-traffic 0.09 (git 2a834b1), `req.lua`; APISIX 3.18.0 (git
//! f519a0f), `limit-req.lua`, policy local; `ngx.sleep` in lua-nginx-module. Read
//! in the source, not recorded. Nothing is told but the verdict. That several
//! workers may come between read and write is not here. APISIX begins anew when
//! its configuration changes; the library, as here, keeps the excess.
//!
//! Requests have no cost there. Here a cost of n is n requests at one instant,
//! all or none, delayed as the last: an extension of ours; 1 is what the program
//! does, and 0 does nothing.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{RestyLimitReq, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<RestyLimitReq>::read("rate = 3\nburst = 1")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! // A request is 333.3 ms of a rate of 3: slept are 333.
//! assert_eq!(limit.ask(0, 1).0, Verdict::Delay(Span::millis(333)));
//! assert_eq!(limit.ask(333_000_000, 1).0, Verdict::NEVER);
//! assert_eq!(limit.ask(334_000_000, 1).0, Verdict::Delay(Span::millis(332)));
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::ngx_time::NgxTime;
use crate::limiter::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::{Instant, Span};

/// A leak of so many a second, and a burst that waits or passes.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct RestyLimitReq {
    /// In thousandths of a request.
    rate: f64,
    /// In thousandths of a request.
    burst: f64,
    nodelay: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    rate: f64,
    burst: f64,
    #[serde(default)]
    nodelay: bool,
}

impl TryFrom<Parameters> for RestyLimitReq {
    type Error = String;

    fn try_from(Parameters { rate, burst, nodelay }: Parameters) -> Result<Self, String> {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(format!("a rate of {rate} lets nothing through: write a number above 0"));
        }
        if !(burst.is_finite() && burst >= 0.0) {
            return Err(format!("there is no burst of {burst}: write 0 or a number above it"));
        }
        Ok(RestyLimitReq { rate: rate * 1000.0, burst: burst * 1000.0, nodelay })
    }
}

/// What one key has in excess, and when it last passed; none before it did.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    stored: Option<Stored>,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    /// In thousandths of a request.
    excess: u64,
    /// In milliseconds.
    last: u64,
}

impl RestyLimitReq {
    fn excess(&self, state: &Record, now: Instant, cost: u32) -> f64 {
        let first = match state.stored {
            Some(Stored { excess, last }) => {
                let elapsed = millis(now) - last as f64;
                (excess as f64 - self.rate * elapsed.abs() / 1000.0 + 1000.0).max(0.0)
            }
            None => 0.0,
        };
        first + f64::from(cost.saturating_sub(1)) * 1000.0
    }
}

fn millis(now: Instant) -> f64 {
    NgxTime::at(now).seconds() * 1000.0
}

/// What C makes of a float where it stores a whole number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // of what is never negative
fn whole(number: f64) -> u64 {
    number as u64
}

/// How long APISIX sleeps: a second at a time, and then the rest in whole milliseconds.
fn slept(delay: f64) -> Span {
    if delay < 0.001 {
        return Span::ZERO;
    }
    let steps = libm::ceil(delay) - 1.0;
    Span::seconds(whole(steps)).plus(Span::millis(whole((delay - steps) * 1000.0)))
}

impl Algorithm for RestyLimitReq {
    type State = Record;

    const CARD: Card = Card {
        implementation: Some(
            "lua-resty-limit-traffic 0.09, resty.limit.req; APISIX 3.18.0, limit-req",
        ),
        evidence: Evidence::Read,
        clock: Clock::Wall,
        parameters: &[
            ("rate", "how many a second, perhaps a fraction: 10, 0.5"),
            ("burst", "how many more may wait"),
            ("nodelay", "whether they pass at once instead [false]"),
        ],
        example: "resty-limit-req = { rate = 200.0, burst = 100.0 }",
        peculiar: "nginx's limit_req in doubles, with the excess and the time cut off when stored",
    };

    const DELAYS: bool = true;

    fn fresh(&self, _created: Instant) -> Record {
        Record { stored: None }
    }

    fn test(&self, state: &Record, now: Instant, cost: u32) -> Verdict {
        if cost == 0 {
            return Verdict::Admit;
        }
        let excess = self.excess(state, now, cost);
        if excess > self.burst {
            Verdict::NEVER
        } else if self.nodelay {
            Verdict::Admit
        } else {
            Verdict::after(slept(excess / self.rate))
        }
    }

    fn admit(&self, state: &mut Record, now: Instant, cost: u32) -> Mark {
        if cost > 0 {
            let excess = whole(self.excess(state, now, cost));
            state.stored = Some(Stored { excess, last: whole(millis(now)) });
        }
        Mark::NONE
    }

    fn view(&self, _state: &Record, _asked: &Asked) -> View {
        View { limit: self.capacity().at_once, remaining: None, reset: None }
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate / 1000.0, at_once: whole(self.burst / 1000.0) + 1 }
    }

    fn rule(&self) -> String {
        let nodelay = if self.nodelay { " nodelay" } else { "" };
        format!("resty-limit-req {} burst {}{nodelay}", self.pace(), self.burst / 1000.0)
    }

    fn pace(&self) -> String {
        format!("{}/s", self.rate / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Table;
    use crate::time::SECOND;

    const MS: u64 = 1_000_000;

    fn zone(parameters: &str) -> Table<RestyLimitReq> {
        Table::read(parameters).unwrap()
    }

    fn after(ms: u64) -> Verdict {
        Verdict::after(Span::millis(ms))
    }

    #[test]
    fn a_burst_waits_its_turn_and_an_excess_of_the_burst_still_passes() {
        let mut limit = zone("rate = 10\nburst = 2");
        assert_eq!(limit.ask(0, 1).0, after(0));
        assert_eq!(limit.ask(0, 1).0, after(100));
        assert_eq!(limit.ask(0, 1).0, after(200));
        assert_eq!(limit.ask(0, 1).0, Verdict::NEVER);
        // A refusal changes nothing: 99 ms leave 2.01 in excess, 100 ms leave 2.
        assert_eq!(limit.ask(99 * MS, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(100 * MS, 1).0, after(200));
        assert_eq!(limit.ask(101 * MS - 1, 1).0, Verdict::NEVER);
    }

    #[test]
    fn without_delay_a_burst_passes_at_once() {
        let mut limit = zone("rate = 10\nburst = 1\nnodelay = true");
        assert_eq!(limit.ask(0, 1).0, after(0));
        assert_eq!(limit.ask(0, 1).0, after(0));
        assert_eq!(limit.ask(0, 1).0, Verdict::NEVER);
    }

    #[test]
    fn the_excess_is_cut_to_thousandths_of_a_request() {
        // In 1 ms leak 1.5 thousandths. Stored are 998 of 998.5 and 1996 of 1996.5;
        // uncut the delays would be 1331 and 1998 ms.
        let mut limit = zone("rate = 1.5\nburst = 5");
        limit.ask(0, 1);
        assert_eq!(limit.ask(MS, 1).0, after(665));
        assert_eq!(limit.ask(2 * MS, 1).0, after(1_330));
        assert_eq!(limit.ask(2 * MS, 1).0, after(1_997));
    }

    /// 1.009 s times 1000 is 1008.9999999999999: stored are 1008 ms, and from there
    /// to the float nearly a millisecond has leaked at once.
    #[test]
    fn the_time_is_cut_from_a_float() {
        let mut limit = zone("rate = 3\nburst = 1");
        limit.ask(1_009 * MS, 1);
        assert_eq!(limit.ask(1_009 * MS, 1).0, after(332));
    }

    /// 100 times 1352 over 1000 are 135.2; a tenth times 1352 is a little more.
    #[test]
    fn the_order_of_the_floats_decides() {
        let mut limit = zone("rate = 0.1\nburst = 1");
        limit.ask(0, 1);
        assert_eq!(limit.ask(1_352 * MS, 1).0, after(8_648));
    }

    #[test]
    fn delays_are_slept_in_steps_and_short_ones_not() {
        for (delay, ms) in [(0.000_999, 0), (0.001, 1), (0.999_9, 999), (1.0, 1_000), (2.5, 2_500)]
        {
            assert_eq!(slept(delay), Span::millis(ms), "{delay}");
        }
    }

    #[test]
    fn a_cost_is_so_many_requests_all_or_none() {
        let mut limit = zone("rate = 10\nburst = 3");
        assert_eq!(limit.ask(0, 5).0, Verdict::NEVER);
        assert_eq!(limit.ask(0, 3).0, after(200));
        assert_eq!(limit.ask(0, 0).0, after(0));
        assert_eq!(limit.ask(0, 2).0, Verdict::NEVER);
        assert_eq!(limit.ask(0, 1).0, after(300));
    }

    #[test]
    fn rates_and_bursts_may_be_fractions() {
        assert_eq!(zone("rate = 0.5\nburst = 0").algorithm().pace(), "0.5/s");
        let mut limit = zone("rate = 0.5\nburst = 0.5");
        limit.ask(0, 1);
        assert_eq!(limit.ask(SECOND - 1, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(SECOND, 1).0, after(1_000));
        for (parameters, why) in [
            ("rate = 0\nburst = 1", "write a number above 0"),
            ("rate = inf\nburst = 1", "write a number above 0"),
            ("rate = 1\nburst = -1", "write 0 or a number above it"),
            ("rate = 1", "burst"),
        ] {
            let error = Table::<RestyLimitReq>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }
}
