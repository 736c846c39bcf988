//! The retry quota of the AWS SDKs' standard mode.
//!
//! Source: botocore 1.44.5, `retries/quota.py` and `RetryQuotaChecker` of
//! `retries/standard.py`; integers there too. The quota begins full. A retry is
//! refused if its price is more than what is left. When a call ends with a 2xx,
//! the price of its last retry is given back, the earlier ones are not; a call
//! that needed no retry gives 1. Nothing is given back beyond the capacity, and
//! nothing when a call fails.

use super::rule::{Rule, serves};
use crate::client::Heard;
use crate::client::classify::Kinds;
use crate::time::Instant;

/// A quota of tokens that retries use up and successes give back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsQuota {
    /// What there is at most, and in the beginning (500).
    pub capacity: u32,
    /// What a retry costs (14; 5 before 2026).
    pub cost: u32,
    /// What it costs after these answers (5 where throttled; before 2026, 10
    /// after timeouts); the first that matches.
    pub costs: Vec<(Kinds, u32)>,
    /// What a call gives that needed no retry (1).
    pub success: u32,
}

impl AwsQuota {
    fn price(&self, heard: &Heard<'_>) -> u32 {
        let of = |(kinds, _): &&(Kinds, u32)| kinds.contain(heard.answer, heard.headers);
        self.costs.iter().find(of).map_or(self.cost, |(_, cost)| *cost)
    }
}

impl Rule for AwsQuota {
    type Slot = u32;

    fn fresh(&self, _start: Instant) -> u32 {
        self.capacity
    }

    fn heard(&self, own: &mut u32, heard: &Heard<'_>, paid: Option<u32>) {
        if serves(heard) {
            *own = own.saturating_add(paid.unwrap_or(self.success)).min(self.capacity);
        }
    }

    fn affords(&self, own: &mut u32, heard: &Heard<'_>) -> bool {
        self.price(heard) <= *own
    }

    fn debit(&self, own: &mut u32, heard: &Heard<'_>) -> u32 {
        let price = self.price(heard);
        *own -= price;
        price
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::status;
    use super::*;
    use crate::client::Kind;

    const NOW: Instant = Instant(0);

    fn quota() -> AwsQuota {
        let costs = vec![(Kinds(vec![Kind::Status(429)]), 5)];
        AwsQuota { capacity: 500, cost: 14, costs, success: 1 }
    }

    /// How many attempts each of 70 calls makes that all fail, at most three each.
    fn attempts(quota: &AwsQuota, code: u16) -> Vec<u32> {
        let mut own = quota.fresh(NOW);
        let call = |_| 1 + (0..2).map_while(|_| quota.spend(&mut own, &status(code))).count();
        (0..70).map(call).map(|n| u32::try_from(n).unwrap()).collect()
    }

    /// The recordings of botocore 1.44.5: 17 calls with both retries on 503s and
    /// one with one, 50 calls on throttling; 1.34.162 has 50 on either.
    #[test]
    fn calls_that_fail_use_it_up_as_recorded() {
        let expected = |whole: usize, part: &[u32]| {
            let mut calls = vec![3; whole];
            calls.extend(part);
            calls.resize(70, 1);
            calls
        };
        assert_eq!(attempts(&quota(), 503), expected(17, &[2]));
        assert_eq!(attempts(&quota(), 429), expected(50, &[]));
        let older = AwsQuota { cost: 5, costs: vec![], ..quota() };
        assert_eq!(attempts(&older, 503), expected(50, &[]));
    }

    #[test]
    fn the_last_price_comes_back_and_no_more() {
        let quota = quota();
        let mut own = 100;
        assert_eq!(quota.spend(&mut own, &status(503)), Some(14));
        let paid = quota.spend(&mut own, &status(429));
        assert_eq!((own, paid), (81, Some(5)));
        quota.heard(&mut own, &status(404), paid);
        assert_eq!(own, 81, "no answer but a 2xx gives anything");
        quota.heard(&mut own, &status(200), paid);
        assert_eq!(own, 86, "the first retry is lost");
        quota.heard(&mut own, &status(200), None);
        assert_eq!(own, 87);
        own = 498;
        quota.heard(&mut own, &status(200), Some(14));
        assert_eq!(own, 500);
    }

    #[test]
    fn what_is_refused_costs_nothing() {
        let mut own = 13;
        assert_eq!(quota().spend(&mut own, &status(503)), None);
        assert_eq!(own, 13);
        assert_eq!(quota().spend(&mut own, &status(429)), Some(5));
    }
}
