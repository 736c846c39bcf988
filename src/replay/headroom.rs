//! How much keys use at their busiest, whatever the limits: for each window the
//! most requests of a key in one, and the curve of who would be hit by any limit.
//!
//! Windows are aligned to the clock, in UTC, as a fixed window is: a window that
//! slides may hold up to twice as many.

use std::collections::BTreeMap;

use super::trace::Trace;
use crate::time::Span;

/// The windows: a second, ten, a minute, an hour, a day.
pub const WINDOWS: [Span; 5] = [
    Span::seconds(1),
    Span::seconds(10),
    Span::seconds(60),
    Span::seconds(3_600),
    Span::seconds(86_400),
];

/// The busiest window of each length of one key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Busy {
    /// The window in hand, and how many requests came in it.
    window: u64,
    count: u32,
    most: u32,
}

/// Use by window.
#[derive(Clone, Debug)]
pub struct Headroom {
    window: Span,
    /// By slot: the most requests of a key in one window.
    of_slots: Vec<u32>,
    /// The same of those that had any, ascending.
    peaks: Vec<u32>,
    /// How many windows of how many keys had so many requests.
    counts: BTreeMap<u32, u64>,
    requests: u64,
}

/// What a limit on a window would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hits {
    /// Keys with a window of more requests.
    pub keys: u64,
    /// Requests beyond the limit in their windows.
    pub rejected: u64,
}

impl Headroom {
    /// The use of each window, by the keys of principals: `key_of` says which is
    /// whose; `None` for those who have none. Rows stand in the order of time.
    #[must_use]
    pub fn of(trace: &Trace, keys: usize, key_of: impl Fn(u32) -> Option<u32>) -> Vec<Headroom> {
        let rows = || trace.rows.times().iter().zip(trace.rows.principals());
        let of = |window: Span| {
            let mut busy = vec![Busy { window: u64::MAX, count: 0, most: 0 }; keys];
            let (mut counts, mut requests) = (BTreeMap::new(), 0);
            for (at, principal) in rows() {
                let Some(key) = key_of(*principal) else { continue };
                requests += 1;
                let busy = &mut busy[key as usize];
                let window = at.0 / window.0;
                if busy.window != window {
                    busy.close(&mut counts);
                    *busy = Busy { window, count: 0, most: busy.most };
                }
                busy.count += 1;
                busy.most = busy.most.max(busy.count);
            }
            for busy in &busy {
                busy.close(&mut counts);
            }
            let of_slots: Vec<u32> = busy.iter().map(|busy| busy.most).collect();
            let mut peaks: Vec<u32> = of_slots.iter().copied().filter(|most| *most > 0).collect();
            peaks.sort_unstable();
            Headroom { window, of_slots, peaks, counts, requests }
        };
        WINDOWS.into_iter().map(of).collect()
    }

    /// The length of the windows.
    #[must_use]
    pub fn window(&self) -> Span {
        self.window
    }

    /// The most requests of each key in one window, ascending.
    #[must_use]
    pub fn peaks(&self) -> &[u32] {
        &self.peaks
    }

    /// The most requests in one window of the key at this slot.
    #[must_use]
    pub fn peak(&self, slot: u32) -> u32 {
        self.of_slots.get(slot as usize).copied().unwrap_or(0)
    }

    /// The peak that a share of the keys does not exceed (nearest rank).
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a rank among keys
    pub fn quantile(&self, q: f64) -> Option<u32> {
        let rank = (q * self.peaks.len() as f64).ceil() as usize;
        self.peaks.get(rank.max(1) - 1).copied()
    }

    /// What a fixed window of so many requests would do.
    #[must_use]
    pub fn hits(&self, limit: u32) -> Hits {
        let keys = self.peaks.len() - self.peaks.partition_point(|peak| *peak <= limit);
        let beyond = self.counts.range(limit.saturating_add(1)..);
        let rejected = beyond.map(|(count, windows)| u64::from(count - limit) * windows).sum();
        Hits { keys: keys as u64, rejected }
    }

    /// How many requests there are.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }
}

impl Busy {
    /// The window in hand is over.
    fn close(&self, counts: &mut BTreeMap<u32, u64>) {
        if self.count > 0 {
            *counts.entry(self.count).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Columns, Trace};

    fn trace(seconds_and_keys: &[(u64, &str)]) -> Trace {
        let row = |(second, key): &(u64, &str)| format!("{second},{key}\n");
        let rows: String = seconds_and_keys.iter().map(row).collect();
        let text = format!("t_s,key\n{rows}");
        let attributes = ["key".to_owned()];
        Trace::read(text.as_bytes(), &Columns::default(), &attributes, &["request"]).unwrap()
    }

    #[test]
    fn peaks_and_hits_of_each_window() {
        let requests =
            [(0, "a"), (1, "a"), (59, "a"), (60, "a"), (60, "b"), (60, "b"), (3_600, "b")];
        let trace = trace(&requests);
        let all = Headroom::of(&trace, 2, Some);
        let peaks: Vec<&[u32]> = all.iter().map(Headroom::peaks).collect();
        assert_eq!(peaks, [&[1, 2][..], &[2, 2], &[2, 3], &[2, 4], &[3, 4]]);
        let minute = &all[2];
        // In the minutes there are 3 and 1 of a, and 2 and 1 of b.
        assert_eq!(minute.hits(1), Hits { keys: 2, rejected: 2 + 1 });
        assert_eq!(minute.hits(2), Hits { keys: 1, rejected: 1 });
        assert_eq!(minute.hits(3), Hits { keys: 0, rejected: 0 });
        assert_eq!(minute.hits(0).rejected, 7);
        assert_eq!((minute.quantile(0.5), minute.quantile(1.0)), (Some(2), Some(3)));
    }
}
