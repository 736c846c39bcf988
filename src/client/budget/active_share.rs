//! Envoy's retry budget: retries are at most a share of what is active.
//!
//! Source: Envoy, `RetryBudgetImpl` of `resource_manager_impl.h`
//! (`budget_percent` 20, `min_retry_concurrency` 3) and `retry_state_impl.cc`.
//! Active are the requests in flight, retries among them; those that wait for
//! their back-off are not. Retries count from the decision on, their back-off
//! included, until their own answer. The share is cut to a whole number, as
//! Envoy's cast does. A request whose response headers are there still counts
//! as active when its retry is decided on, because its body has not come yet;
//! one that was reset (refused, timed out) does not.

use super::rule::{Rule, responds};
use crate::client::Heard;
use crate::time::Instant;

/// Retries are at most this share of what is in flight, and never fewer than `least`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ActiveShare {
    /// 0.2 for 20 %.
    pub share: f64,
    /// So many are always allowed.
    pub least: u32,
}

/// What a scope has under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct UnderWay {
    active: u32,
    retries: u32,
}

impl Rule for ActiveShare {
    type Slot = UnderWay;

    fn fresh(&self, _start: Instant) -> UnderWay {
        UnderWay { active: 0, retries: 0 }
    }

    fn left(&self, own: &mut UnderWay, _now: Instant, _first: bool) {
        own.active += 1;
    }

    fn heard(&self, own: &mut UnderWay, _heard: &Heard<'_>, paid: Option<u32>) {
        self.lost(own, paid.is_some(), true);
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Envoy's own cast
    fn affords(&self, own: &mut UnderWay, heard: &Heard<'_>) -> bool {
        let active = own.active + u32::from(responds(heard));
        let most = (self.share * f64::from(active)) as u32;
        own.retries < most.max(self.least)
    }

    fn debit(&self, own: &mut UnderWay, _heard: &Heard<'_>) -> u32 {
        own.retries += 1;
        0
    }

    fn lost(&self, own: &mut UnderWay, retry: bool, sent: bool) {
        own.active = own.active.saturating_sub(u32::from(sent));
        own.retries = own.retries.saturating_sub(u32::from(retry));
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{came, status};
    use super::*;
    use crate::http::Answer;

    const NOW: Instant = Instant(0);

    /// So many retries are allowed with `active` requests in flight, one of
    /// which has just been answered.
    fn allowed(rule: ActiveShare, active: u32, answered: &Heard<'_>) -> usize {
        let mut own = rule.fresh(NOW);
        (0..active).for_each(|_| rule.left(&mut own, NOW, true));
        rule.heard(&mut own, answered, None);
        (0..1_000).map_while(|_| rule.spend(&mut own, answered)).count()
    }

    #[test]
    fn a_fifth_of_what_is_active_but_at_least_three() {
        let rule = ActiveShare { share: 0.2, least: 3 };
        for (active, most) in [(1, 3), (15, 3), (19, 3), (20, 4), (24, 4), (25, 5), (500, 100)] {
            assert_eq!(allowed(rule, active, &status(503)), most, "{active} active");
        }
        let rule = ActiveShare { share: 0.2, least: 0 };
        assert_eq!(allowed(rule, 4, &status(503)), 0);
        assert_eq!(allowed(rule, 5, &status(503)), 1);
        assert_eq!(allowed(rule, 5, &came(Answer::TimedOut)), 0, "what was reset is not active");
    }

    #[test]
    fn retries_are_active_only_while_they_are_in_flight() {
        let rule = ActiveShare { share: 0.5, least: 0 };
        let mut own = rule.fresh(NOW);
        (0..4).for_each(|_| rule.left(&mut own, NOW, true));
        rule.heard(&mut own, &status(503), None);
        let paid = rule.spend(&mut own, &status(503));
        assert_eq!(own, UnderWay { active: 3, retries: 1 });
        rule.left(&mut own, NOW, false);
        assert_eq!(own, UnderWay { active: 4, retries: 1 });
        rule.heard(&mut own, &status(200), None);
        assert_eq!(own, UnderWay { active: 3, retries: 1 });
        rule.heard(&mut own, &status(200), paid);
        assert_eq!(own, UnderWay { active: 2, retries: 0 });
    }
}
