//! nginx `limit_conn`: so many requests of a key in progress at once.
//!
//! A request holds its place from when its head was read until it is over; one
//! that finds all places taken is refused, there is no queue. nginx asks
//! `limit_req` first: a request that it delays holds no place while it waits.
//!
//! # Formula
//!
//! Refused iff `in progress >= connections`; else one more is in progress. A
//! request has no cost in nginx: cost n stands for n requests at once, of which
//! all pass or none, and cost 0 takes no place.
//!
//! Several `limit_conn` are several limits of an API, all or nothing: the
//! places that the earlier ones gave are given back at once.
//!
//! # Source
//!
//! nginx, `src/http/modules/ngx_http_limit_conn_module.c` as of April 2026.
//! Read in the source, not recorded; that `limit_req` comes first was seen in
//! the debug log of 1.22.1.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{NginxLimitConn, Table, Verdict};
//!
//! let mut limit = Table::<NginxLimitConn>::read("connections = 2")?;
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(9, 1).0, Verdict::NEVER);
//! limit.release(0, 1);
//! assert_eq!(limit.ask(9, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use serde::Deserialize;

use super::super::algorithm::{
    Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View,
};
use crate::time::Instant;

/// A `limit_conn`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NginxLimitConn {
    connections: Connections,
}

/// From 1 to 65535: nginx counts in sixteen bits.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
struct Connections(u16);

impl TryFrom<u64> for Connections {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        match u16::try_from(number) {
            Ok(number) if number > 0 => Ok(Connections(number)),
            _ => Err(format!("nginx takes no {number} connections: write 1 to 65535")),
        }
    }
}

impl NginxLimitConn {
    fn connections(self) -> u64 {
        u64::from(self.connections.0)
    }
}

impl Algorithm for NginxLimitConn {
    /// How many of a key are in progress.
    type State = u64;

    const CARD: Card = Card {
        implementation: Some("nginx limit_conn"),
        evidence: Evidence::Read,
        clock: Clock::Monotonic,
        parameters: &[("connections", "how many of a key in progress, 1 to 65535")],
        example: "nginx-limit-conn = { connections = 10 }",
        peculiar: "no queue; a request that limit_req delays holds no place while it waits",
    };

    const HOLDS: bool = true;

    fn fresh(&self, _created: Instant) -> u64 {
        0
    }

    fn test(&self, state: &u64, _now: Instant, cost: u32) -> Verdict {
        if cost == 0 || state + u64::from(cost) <= self.connections() {
            Verdict::Admit
        } else {
            Verdict::NEVER
        }
    }

    fn admit(&self, state: &mut u64, _now: Instant, cost: u32) -> Mark {
        *state += u64::from(cost);
        Mark::NONE
    }

    fn view(&self, _state: &u64, _asked: &Asked) -> View {
        View { limit: self.connections(), remaining: None, reset: None }
    }

    fn release(&self, state: &mut u64, cost: u32) {
        let left = state.checked_sub(u64::from(cost));
        *state = left.expect("only what was charged is released");
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(NginxLimitConn { connections: Connections::try_from(quota).ok()? })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: f64::INFINITY, at_once: self.connections() }
    }

    fn rule(&self) -> String {
        format!("nginx-limit-conn {}", self.connections())
    }

    fn pace(&self) -> String {
        format!("{} at once", self.connections())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Table;
    use super::*;

    #[test]
    fn the_last_place_is_given_and_the_next_is_not() {
        let mut limit = Table::<NginxLimitConn>::read("connections = 3").unwrap();
        assert_eq!(limit.ask(0, 4).0, Verdict::NEVER);
        assert_eq!(limit.ask(0, 2).0, Verdict::Admit);
        assert_eq!(limit.ask(0, 2).0, Verdict::NEVER);
        assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
        assert_eq!(limit.ask(0, 1).0, Verdict::NEVER);
        assert_eq!(limit.ask(0, 0).0, Verdict::Admit);
        limit.release(0, 2);
        assert_eq!(limit.ask(0, 2).0, Verdict::Admit);
    }

    #[test]
    fn a_smaller_limit_lets_those_in_progress_finish() {
        let mut limit = Table::<NginxLimitConn>::read("connections = 2").unwrap();
        limit.ask(0, 2);
        limit.resize(1, Instant(0));
        assert_eq!(limit.ask(0, 0).0, Verdict::Admit);
        limit.release(0, 1);
        assert_eq!(limit.ask(0, 1).0, Verdict::NEVER);
        limit.release(0, 1);
        assert_eq!(limit.ask(0, 1).0, Verdict::Admit);
    }

    #[test]
    fn what_nginx_would_not_start_with_is_refused() {
        for number in ["0", "65536"] {
            let read = Table::<NginxLimitConn>::read(&format!("connections = {number}"));
            assert!(read.unwrap_err().contains("write 1 to 65535"), "{number}");
        }
        assert!(Table::<NginxLimitConn>::read("connections = 65535").is_ok());
    }
}
