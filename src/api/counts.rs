//! What happened at a limit, in numbers.

/// What happened at one limit during a run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LimitCounts {
    /// Cost charged, less what was given back.
    pub charged: u64,
    /// Attempts that this limit refused, or would have as a shadow.
    pub rejected: u64,
    /// Windows in which somebody was told that the limit was reached.
    pub notices: u64,
}

impl LimitCounts {
    /// Adds what happened at other keys of the limit.
    pub fn add(&mut self, other: &LimitCounts) {
        self.charged += other.charged;
        self.rejected += other.rejected;
        self.notices += other.notices;
    }
}
