//! Budgets: what keeps retries, or calls, from making an overload worse.
//!
//! One budget a file, each a pure state machine over one scope's state, in the
//! arithmetic of the program that has it. A budget sees four moments of an
//! attempt: `admit` before it leaves, `left`, `heard` of its answer, and
//! `spend` when a retry is wanted; `lost` takes back what an attempt holds that
//! ends without an answer. A new budget is a file and a line in the list below.

mod active_share;
mod aws_quota;
mod breaker;
mod grpc_throttle;
mod parallel_retries;
mod rule;
mod sre_adaptive;
mod token_bucket;
mod window_ratio;

pub use active_share::ActiveShare;
pub use aws_quota::AwsQuota;
pub use breaker::Breaker;
pub use grpc_throttle::GrpcThrottle;
pub use parallel_retries::ParallelRetries;
pub use rule::{Deposit, Failures};
pub use sre_adaptive::SreAdaptive;
pub use token_bucket::TokenBucket;
pub use window_ratio::{Dialect, WindowRatio};

use rule::Rule;

use super::{Heard, Whose};
use crate::time::Instant;

/// A budget and whose it is.
#[derive(Clone, Debug)]
pub struct BudgetOf {
    /// What it allows.
    pub budget: Budget,
    /// The retry loop that it belongs to, counted from the innermost, 0.
    pub layer: u8,
    /// Who shares it.
    pub of: Whose,
}

macro_rules! define {
    ($($name:ident,)*) => {
        /// One kind of budget, as data.
        #[derive(Clone, Debug)]
        pub enum Budget {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
        }

        /// What a budget remembers: one state a scope, by slot.
        #[derive(Clone, Debug)]
        pub(super) struct BudgetState(Slots);

        #[derive(Clone, Debug)]
        enum Slots {
            $($name(Vec<<$name as Rule>::Slot>),)*
        }

        macro_rules! each {
            ($state:expr, $budget:expr, $slot:expr, |$rule:ident, $own:ident| $call:expr) => {
                match (&mut $state.0, $budget) {
                    $((Slots::$name(slots), Budget::$name($rule)) => {
                        let $own = &mut slots[$slot];
                        $call
                    })*
                    _ => unreachable!("a state belongs to the budget that it was made for"),
                }
            };
        }

        impl BudgetState {
            /// Nothing has happened, for so many scopes, in a run that begins at `start`.
            #[must_use]
            pub(super) fn new(budget: &Budget, slots: usize, start: Instant) -> BudgetState {
                BudgetState(match budget {
                    $(Budget::$name(rule) => Slots::$name(vec![rule.fresh(start); slots]),)*
                })
            }
        }

        impl Budget {
            /// How much memory a scope takes, in bytes.
            #[must_use]
            pub const fn bytes(&self) -> usize {
                match self { $(Budget::$name(_) => size_of::<<$name as Rule>::Slot>(),)* }
            }
        }
    };
}

define! {
    AwsQuota,
    GrpcThrottle,
    WindowRatio,
    ActiveShare,
    ParallelRetries,
    SreAdaptive,
    Breaker,
    TokenBucket,
}

impl BudgetState {
    /// Whether an attempt may leave at `now`; where not, it is dropped and the
    /// call ends. `first` says that it is the first of its call; `bits` are 64
    /// uniform bits. What may leave does leave: the budget counts it here.
    pub(super) fn admit(
        &mut self,
        budget: &Budget,
        slot: usize,
        now: Instant,
        first: bool,
        bits: u64,
    ) -> bool {
        each!(self, budget, slot, |rule, own| rule.admit(own, now, first, bits))
    }

    /// An attempt has left.
    pub(super) fn left(&mut self, budget: &Budget, slot: usize, now: Instant, first: bool) {
        each!(self, budget, slot, |rule, own| rule.left(own, now, first));
    }

    /// The answer to an attempt is there. `paid` is what the call's last retry
    /// cost, `None` where it made none.
    pub(super) fn heard(
        &mut self,
        budget: &Budget,
        slot: usize,
        heard: &Heard<'_>,
        paid: Option<u32>,
    ) {
        each!(self, budget, slot, |rule, own| rule.heard(own, heard, paid));
    }

    /// Whether a retry after this answer may be made; takes nothing yet. Asked
    /// of all budgets of a loop before any is debited.
    pub(super) fn affords(&mut self, budget: &Budget, slot: usize, heard: &Heard<'_>) -> bool {
        each!(self, budget, slot, |rule, own| rule.affords(own, heard))
    }

    /// A retry after this answer is wanted: debits, and tells what of it a
    /// success gives back; `None`, and nothing taken, where it may not be made.
    pub(super) fn spend(&mut self, budget: &Budget, slot: usize, heard: &Heard<'_>) -> Option<u32> {
        each!(self, budget, slot, |rule, own| rule.spend(own, heard))
    }

    /// An attempt that this budget admitted does not leave after all.
    pub(super) fn recalled(&mut self, budget: &Budget, slot: usize) {
        each!(self, budget, slot, |rule, own| rule.recalled(own));
    }

    /// An attempt ends without an answer: its call ended while it was in
    /// flight (`sent`), or before the retry that was paid for has left.
    pub(super) fn lost(&mut self, budget: &Budget, slot: usize, retry: bool, sent: bool) {
        each!(self, budget, slot, |rule, own| rule.lost(own, retry, sent));
    }
}
