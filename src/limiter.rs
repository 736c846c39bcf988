//! Limiters: one algorithm a file, each a state machine over (state, now, cost).
//!
//! A limiter is one enum around typed arrays: slot numbers are dense, given out
//! by `api`, and state lies in a `Vec` by slot. A decision has two steps.
//! `test` only reads; `admit` or `refuse` writes. An admission gives a mark that
//! stays with the attempt, with which `give_back` knows what it undoes.
//!
//! Those here are exact, in integers. The dialects are real programs, each
//! with its own arithmetic, floats, truncation and all.
//!
//! A new limiter is a file with its parameters, its state and its [`Algorithm`],
//! and a line in the list below: files, `list limiters` and the engine take it
//! from there.

mod algorithm;
mod table;
mod burst;
mod tat;
mod fixed_window;
mod sliding_log;
mod sliding_counter;
mod token_bucket;
mod stepped_bucket;
mod gcra;
mod leaky_queue;
mod pacer;
mod periodic_estimate;
mod concurrency;
mod dialects;

pub use algorithm::{
    Algorithm, Ask, Asked, Capacity, Card, Clock, Evidence, Kind, Mark, Queue, Verdict, View,
};
pub use burst::{Burst, Initial};
pub use concurrency::{Concurrency, InProgress};
pub use dialects::*;
pub use fixed_window::{Anchor, FixedWindow};
pub use gcra::Gcra;
pub use leaky_queue::LeakyQueue;
pub use pacer::Pacer;
pub use periodic_estimate::{PeriodicEstimate, Weight};
pub use sliding_counter::SlidingCounter;
pub use sliding_log::{Edge, SlidingLog};
pub use stepped_bucket::{Grid, SteppedBucket};
pub use table::{Slot, Table};
pub use token_bucket::TokenBucket;

use std::fmt;

use crate::time::{Instant, Span};

/// Hands the list of all limiters to a macro: the key that model files use
/// (with `-` for `_`), and the type of its parameters.
macro_rules! with_limiters {
    ($then:ident) => {
        $then! {
            fixed_window: FixedWindow,
            sliding_log: SlidingLog,
            sliding_counter: SlidingCounter,
            token_bucket: TokenBucket,
            stepped_bucket: SteppedBucket,
            gcra: Gcra,
            leaky_queue: LeakyQueue,
            pacer: Pacer,
            periodic_estimate: PeriodicEstimate,
            concurrency: Concurrency,
            nginx_limit_req: NginxLimitReq,
            nginx_limit_conn: NginxLimitConn,
            haproxy_http_req_rate: HaproxyHttpReqRate,
            envoy_local_rate_limit: EnvoyLocalRateLimit,
            envoy_rate_limit_service: EnvoyRateLimitService,
            kong_rate_limiting: KongRateLimiting,
            apisix_limit_count_fixed: ApisixLimitCountFixed,
            apisix_limit_count_sliding: ApisixLimitCountSliding,
            resty_limit_req: RestyLimitReq,
            cloudflare_rate_limiting: CloudflareRateLimiting,
            go_x_time_rate: GoXTimeRate,
            uber_go_ratelimit: UberGoRatelimit,
            throttled: Throttled,
            guava_smooth_bursty: GuavaSmoothBursty,
            guava_smooth_warming_up: GuavaSmoothWarmingUp,
            bucket4j: Bucket4j,
            resilience4j_rate_limiter: Resilience4jRateLimiter,
            spring_cloud_gateway: SpringCloudGateway,
            gubernator_token: GubernatorToken,
            gubernator_leaky: GubernatorLeaky,
            limits_fixed_window: LimitsFixedWindow,
            limits_moving_window: LimitsMovingWindow,
            limits_sliding_window_counter: LimitsSlidingWindowCounter,
            drf_simple_rate_throttle: DrfSimpleRateThrottle,
            rack_attack_throttle: RackAttackThrottle,
            governor: Governor,
            leaky_bucket_rs: LeakyBucketRs,
            tower_rate_limit: TowerRateLimit,
            redis_cell: RedisCell,
            upstash_fixed_window: UpstashFixedWindow,
            upstash_sliding_window: UpstashSlidingWindow,
            upstash_token_bucket: UpstashTokenBucket,
            express_rate_limit: ExpressRateLimit,
            rate_limiter_flexible: RateLimiterFlexible,
        }
    };
}
pub(crate) use with_limiters;

macro_rules! define {
    ($($key:ident: $name:ident,)*) => {
        /// One of the limiters, with the states of its keys.
        #[derive(Clone, Debug)]
        pub enum Limiter {
            $(#[doc = stringify!($key)] $name(Table<$name>),)*
        }

        $(impl From<$name> for Limiter {
            fn from(algorithm: $name) -> Self {
                Limiter::$name(Table::new(algorithm))
            }
        })*

        /// All limiters, for people: the key in a model's file, and the card.
        pub const CARDS: &[(&str, Card)] =
            &[$((stringify!($key), <$name as Algorithm>::CARD),)*];

        macro_rules! each {
            ($self:expr, $limiter:ident => $call:expr) => {
                match $self { $(Limiter::$name($limiter) => $call,)* }
            };
        }

        impl Limiter {
            /// The card of its algorithm.
            #[must_use]
            pub const fn card(&self) -> Card {
                match self { $(Limiter::$name(_) => <$name as Algorithm>::CARD,)* }
            }

            /// Whether an admitted request must be released when it is over.
            #[must_use]
            pub const fn holds(&self) -> bool {
                match self { $(Limiter::$name(_) => <$name as Algorithm>::HOLDS,)* }
            }

            /// Whether it may delay what it admits.
            #[must_use]
            pub const fn delays(&self) -> bool {
                match self { $(Limiter::$name(_) => <$name as Algorithm>::DELAYS,)* }
            }

            /// The same with every number so many times over; no key yet. `None`
            /// as [`Algorithm::times`] says.
            #[must_use]
            pub fn times(&self, factor: u64) -> Option<Limiter> {
                match self {
                    $(Limiter::$name(limiter) => limiter.algorithm().times(factor).map(Limiter::from),)*
                }
            }

            /// Puts the parameters of another of the same kind in place and
            /// keeps what is used; one of another kind begins anew.
            pub fn replace(&mut self, other: &Limiter, slots: usize, now: Instant) {
                match (&mut *self, other) {
                    $((Limiter::$name(old), Limiter::$name(new)) => {
                        old.replace(new.algorithm().clone(), now);
                    })*
                    _ => {
                        *self = other.clone();
                        self.grow(slots, now);
                    }
                }
            }
        }
    };
}
with_limiters!(define);

impl Limiter {
    /// Makes room for `slots` keys of a limiter made at `created`.
    pub fn grow(&mut self, slots: usize, created: Instant) {
        each!(self, limiter => limiter.grow(slots, created));
    }

    /// Decides on one request of `cost`: `test`, then `admit` or `refuse`.
    #[inline(always)]
    #[allow(clippy::inline_always)] // only a jump to the algorithm is left
    pub fn decide(&mut self, slot: Slot, now: Instant, cost: u32) -> Verdict {
        each!(self, limiter => limiter.decide(slot, now, cost))
    }

    /// Whether `cost` is admitted now; reads only.
    #[must_use]
    pub fn test(&self, slot: Slot, now: Instant, cost: u32) -> Verdict {
        each!(self, limiter => limiter.test(slot, now, cost))
    }

    /// Writes that `cost` was admitted.
    pub fn admit(&mut self, slot: Slot, now: Instant, cost: u32) -> Mark {
        each!(self, limiter => limiter.admit(slot, now, cost))
    }

    /// Writes what a refusal writes.
    pub fn refuse(&mut self, slot: Slot, now: Instant, cost: u32) {
        each!(self, limiter => limiter.refuse(slot, now, cost));
    }

    /// Decides on many requests against this limit alone, one after the other;
    /// `next` are those that will come then. Each is answered in its place.
    pub fn answer_all(&mut self, asks: &[Ask], next: &[Ask], answers: &mut [Kind]) {
        each!(self, limiter => limiter.answer_all(asks, next, answers));
    }

    /// What is told of a key after a decision.
    #[must_use]
    pub fn view(&self, slot: Slot, asked: &Asked) -> View {
        each!(self, limiter => limiter.view(slot, asked))
    }

    /// A request is over: what is held only while it runs becomes free.
    pub fn release(&mut self, slot: Slot, cost: u32) {
        each!(self, limiter => limiter.release(slot, cost));
    }

    /// A request must not have counted; says whether that could be undone.
    pub fn give_back(&mut self, slot: Slot, now: Instant, cost: u32, mark: Mark) -> bool {
        each!(self, limiter => limiter.give_back(slot, now, cost, mark))
    }

    /// Puts another quota, burst or number of slots in place.
    pub fn resize(&mut self, quota: u64, now: Instant) {
        each!(self, limiter => limiter.resize(quota, now));
    }

    /// The most that can be admitted in `span` from the run's start.
    #[must_use]
    pub fn admits_within(&self, start: Instant, span: Span) -> u64 {
        each!(self, limiter => limiter.admits_within(start, span))
    }

    /// How much one key lets through in the long run.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        each!(self, limiter => limiter.algorithm().capacity())
    }

    /// The rule without its algorithm: `50/s`.
    #[must_use]
    pub fn pace(&self) -> String {
        each!(self, limiter => limiter.algorithm().pace())
    }

    /// The line in which those wait for whom there is no place.
    #[must_use]
    pub fn queue(&self) -> Option<Queue> {
        each!(self, limiter => limiter.algorithm().queue())
    }

    /// Whether the program itself gives back what an error response counted.
    #[must_use]
    pub fn skips_failures(&self) -> bool {
        each!(self, limiter => limiter.algorithm().skips_failures())
    }
}

/// The rule in a few words, without its key: `fixed-window 50/s`, `5 at-once`.
impl fmt::Display for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&each!(self, limiter => limiter.algorithm().rule()))
    }
}
