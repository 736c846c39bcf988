//! Who would have been throttled: what decisions come to, key by key.

use super::decide::Said;
use super::parts::Decided;
use super::trace::Trace;
use crate::api::{ApiModel, LimitId};
use crate::attribute::{Place, Principal};
use crate::time::{Instant, Span};

/// What one key of a limit met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyImpact {
    /// The first who came with this key.
    pub principal: Principal,
    /// Requests that the limit was asked about.
    pub requests: u64,
    /// Requests that it refused.
    pub rejected: u64,
    /// Requests that it held back.
    pub delayed: u64,
    /// When it refused the first.
    pub first_hit: Instant,
    /// How long the key was locked out in all, at least: each time from the first
    /// refusal to the last before a request went through.
    pub throttled: Span,
    /// The longest of those times.
    pub longest: Span,
    /// Since when it is locked out, and the last refusal since.
    since: Option<(Instant, Instant)>,
}

/// What a limit does to the requests of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitImpact {
    /// Which limit.
    pub limit: LimitId,
    /// Its keys, in the order in which they came.
    pub keys: Vec<KeyImpact>,
}

/// What the limits of an API do to the requests of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Impact {
    /// How many requests there are.
    pub requests: u64,
    /// How many some limit refused.
    pub rejected: u64,
    /// By limit.
    pub limits: Vec<LimitImpact>,
}

impl KeyImpact {
    pub(super) const fn new(principal: Principal) -> KeyImpact {
        KeyImpact {
            principal,
            requests: 0,
            rejected: 0,
            delayed: 0,
            first_hit: Instant::NEVER,
            throttled: Span::ZERO,
            longest: Span::ZERO,
            since: None,
        }
    }

    /// The share of its requests that was refused.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.rejected as f64 / self.requests.max(1) as f64
    }

    fn refused(&mut self, now: Instant) {
        self.rejected += 1;
        self.first_hit = self.first_hit.min(now);
        self.since = Some(self.since.map_or((now, now), |(first, _)| (first, now)));
    }

    /// It is not locked out any more, if it was.
    fn freed(&mut self) {
        if let Some((first, last)) = self.since.take() {
            let time = last.since(first);
            self.throttled = self.throttled.plus(time);
            self.longest = self.longest.max(time);
        }
    }
}

impl LimitImpact {
    /// How many keys met a refusal that fulfils this.
    pub fn hit(&self, enough: impl Fn(&KeyImpact) -> bool) -> usize {
        self.keys.iter().filter(|key| key.rejected > 0 && enough(key)).count()
    }

    /// All requests that it was asked about, and refused.
    #[must_use]
    pub fn requests(&self) -> (u64, u64) {
        let sum = |of: fn(&KeyImpact) -> u64| self.keys.iter().map(of).sum();
        (sum(|key| key.requests), sum(|key| key.rejected))
    }

    /// The keys that were refused most, the most first; of those alike the one
    /// that came first.
    #[must_use]
    pub fn most_hit(&self, most: usize) -> Vec<&KeyImpact> {
        let mut hit: Vec<&KeyImpact> = self.keys.iter().filter(|key| key.rejected > 0).collect();
        hit.sort_by_key(|key| std::cmp::Reverse(key.rejected));
        hit.truncate(most);
        hit
    }
}

impl Impact {
    /// Adds up the decisions on a trace, whose rows stand in the order of time.
    #[must_use]
    pub fn of(model: &ApiModel, trace: &Trace, decided: &impl Decided) -> Impact {
        let mut numbers: Vec<Vec<u32>> =
            model.slots.iter().map(|slots| vec![NONE; slots.len()]).collect();
        let limits = (0..).map(LimitId).take(model.limits.len());
        let limits = limits.map(|limit| LimitImpact { limit, keys: vec![] });
        let mut impact =
            Impact { requests: trace.rows.len() as u64, rejected: 0, limits: limits.collect() };
        let (times, principals) = (trace.rows.times(), trace.rows.principals());
        for row in 0..trace.rows.len() {
            let (now, principal) = (times[row], principals[row]);
            let outcome = decided.outcome(row);
            impact.rejected += u64::from(outcome.said == Said::Reject);
            for (id, place) in model.places(trace.rows.endpoint(row), principal) {
                let Place::At(slot) = place else { continue };
                let limit = usize::from(id.0);
                let keys = &mut impact.limits[limit].keys;
                let number = &mut numbers[limit][slot as usize];
                if *number == NONE {
                    *number = u32::try_from(keys.len()).unwrap_or(NONE);
                    keys.push(KeyImpact::new(principal));
                }
                let key = &mut keys[*number as usize];
                key.requests += 1;
                match outcome.said {
                    Said::Reject if outcome.limit == Some(id) => key.refused(now),
                    // Another limit refused it: of this one nothing is known.
                    Said::Reject => {}
                    Said::Delay(_) | Said::Queue(_) => {
                        key.delayed += u64::from(outcome.limit == Some(id));
                        key.freed();
                    }
                    Said::Admit => key.freed(),
                }
            }
        }
        impact.limits.iter_mut().flat_map(|limit| &mut limit.keys).for_each(KeyImpact::freed);
        impact
    }
}

/// No key has this number.
const NONE: u32 = u32::MAX;
