//! nginx's time as Lua sees it: `ngx.now`, a float of seconds with milliseconds.

use crate::time::Instant;

/// A time on nginx's cached clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct NgxTime(u64);

impl NgxTime {
    pub(super) const fn at(now: Instant) -> Self {
        NgxTime(now.epoch_millis())
    }

    /// What its shared memory compares expiry times with.
    pub(super) const fn millis(self) -> u64 {
        self.0
    }

    /// What `ngx.now()` returns: `sec + msec / 1000.0`.
    pub(super) const fn seconds(self) -> f64 {
        (self.0 / 1_000) as f64 + (self.0 % 1_000) as f64 / 1000.0
    }
}

/// As APISIX cuts what it tells to hundredths.
pub(super) fn hundredths_down(seconds: f64) -> f64 {
    libm::floor(seconds * 100.0) / 100.0
}
