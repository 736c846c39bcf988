//! Receipts: what was charged for an attempt, and how to undo it.

use super::LimitId;
use crate::limiter::{Mark, Slot};

/// What was charged to a limit for an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    pub(super) limit: LimitId,
    pub(super) slot: Slot,
    /// What was taken so far.
    pub(super) taken: u32,
    pub(super) mark: Mark,
}

impl Receipt {
    /// Nothing was charged.
    pub const NONE: Receipt =
        Receipt { limit: LimitId(u16::MAX), slot: 0, taken: 0, mark: Mark::NONE };

    /// Whether something was charged.
    pub(super) fn is_some(&self) -> bool {
        self.limit != Receipt::NONE.limit
    }

    /// Puts a receipt into the first free place of an attempt's; there is one
    /// for each limit that keeps receipts.
    pub fn keep(self, receipts: &mut [Receipt]) {
        let free = receipts.iter_mut().find(|receipt| !receipt.is_some());
        *free.expect("an attempt has a place for every receipt") = self;
    }
}
