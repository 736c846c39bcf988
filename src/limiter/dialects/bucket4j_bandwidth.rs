//! One bandwidth of a Bucket4j bucket: how much it holds and how that comes back.
//!
//! The arithmetic is `BucketState64BitsInteger`'s, in int64, and in doubles
//! where that overflows.

use serde::Deserialize;

use crate::time::{Instant, Length};

/// What `nanosToWaitForRefill` is where no wait is long enough.
pub(super) const INFINITY_DURATION: i64 = i64::MAX;

/// How much there can be, and how it comes back.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "BandwidthParameters")]
pub(super) struct Bandwidth {
    pub(super) capacity: i64,
    /// As many as the capacity where it is not written.
    initial_tokens: Option<i64>,
    pub(super) tokens: i64,
    pub(super) period: i64,
    refill: Refill,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refill {
    Greedy,
    Intervally,
    /// First at this time; `adaptive` where it begins with fewer tokens, the
    /// sooner that time comes.
    Aligned {
        first: i64,
        adaptive: bool,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct BandwidthParameters {
    capacity: u64,
    initial_tokens: Option<u64>,
    refill_greedy: Option<Plain>,
    refill_intervally: Option<Plain>,
    refill_intervally_aligned: Option<Aligned>,
    refill_intervally_aligned_with_adaptive_initial_tokens: Option<Aligned>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Plain {
    tokens: u64,
    period: Length,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Aligned {
    tokens: u64,
    period: Length,
    time_of_first_refill: String,
}

impl Aligned {
    fn read(self, adaptive: bool) -> Result<(Refill, u64, Length), String> {
        let first: Instant = self.time_of_first_refill.parse()?;
        // The library keeps it in milliseconds.
        let first = int64(first.0 / 1_000_000 * 1_000_000)?;
        Ok((Refill::Aligned { first, adaptive }, self.tokens, self.period))
    }
}

fn int64(number: u64) -> Result<i64, String> {
    i64::try_from(number).map_err(|_| "it does not fit in 63 bits: write less".to_owned())
}

impl TryFrom<BandwidthParameters> for Bandwidth {
    type Error = String;

    fn try_from(written: BandwidthParameters) -> Result<Self, String> {
        let plain = |refill: Refill, plain: Plain| (refill, plain.tokens, plain.period);
        let (refill, tokens, period) = match (
            written.refill_greedy,
            written.refill_intervally,
            written.refill_intervally_aligned,
            written.refill_intervally_aligned_with_adaptive_initial_tokens,
        ) {
            (Some(greedy), None, None, None) => plain(Refill::Greedy, greedy),
            (None, Some(intervally), None, None) => plain(Refill::Intervally, intervally),
            (None, None, Some(aligned), None) => aligned.read(false)?,
            (None, None, None, Some(adaptive)) => adaptive.read(true)?,
            _ => {
                return Err("a bandwidth has one refill: write refill-greedy = { tokens = 10, \
                            period = \"1s\" }, or refill-intervally"
                    .to_owned());
            }
        };
        let adaptive = matches!(refill, Refill::Aligned { adaptive: true, .. });
        if written.capacity == 0 || tokens == 0 {
            return Err("the capacity and the refill hold a token: write at least 1".to_owned());
        }
        if tokens > period.ns() {
            return Err(
                "more than a token a nanosecond: write fewer tokens or a longer period".to_owned()
            );
        }
        if adaptive && written.initial_tokens.is_some() {
            return Err("adaptive initial tokens are computed: leave initial-tokens out".to_owned());
        }
        Ok(Bandwidth {
            capacity: int64(written.capacity)?,
            initial_tokens: written.initial_tokens.map(int64).transpose()?,
            tokens: int64(tokens)?,
            period: int64(period.ns())?,
            refill,
        })
    }
}

/// What one bandwidth of a key's bucket holds.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Level {
    last_refill: i64,
    pub(super) size: i64,
    /// The part of a token that is left over, in tokens times nanoseconds.
    rounding_error: i64,
}

/// The product, where it fits; the largest int64 counts as too large.
fn product(a: i64, b: i64) -> Option<i64> {
    a.checked_mul(b).filter(|product| *product != i64::MAX)
}

/// Java's cast of a double.
#[allow(clippy::cast_possible_truncation)] // Java cuts off and saturates as well
const fn to_long(x: f64) -> i64 {
    x as i64
}

impl Bandwidth {
    pub(super) fn with_capacity(&self, capacity: i64) -> Self {
        Bandwidth { capacity, ..self.clone() }
    }

    fn is_intervally(&self) -> bool {
        self.refill != Refill::Greedy
    }

    pub(super) fn made_at(&self, now: i64) -> Level {
        let last_refill = match self.refill {
            Refill::Aligned { first, .. } => first.wrapping_sub(self.period),
            _ => now,
        };
        Level { last_refill, size: self.size_at_first(now), rounding_error: 0 }
    }

    fn size_at_first(&self, now: i64) -> i64 {
        let written = self.initial_tokens.unwrap_or(self.capacity);
        match self.refill {
            Refill::Aligned { first, adaptive: true } if now < first => {
                let guaranteed = (self.capacity - self.tokens).max(0);
                let before = first - now;
                let earned = match product(before, self.tokens) {
                    Some(units) => units / self.period,
                    None => to_long(before as f64 * self.tokens as f64 / self.period as f64),
                };
                guaranteed.wrapping_add(earned).min(self.capacity)
            }
            _ => written,
        }
    }

    pub(super) fn refill(&self, level: &mut Level, mut now: i64) {
        let before = level.last_refill;
        if now <= before {
            return;
        }
        if self.is_intervally() {
            now -= now.wrapping_sub(before) % self.period;
        }
        level.last_refill = now;
        // Initial tokens can be more than the capacity; they are not cut off.
        if level.size >= self.capacity {
            return;
        }
        let had = level.size;
        let mut duration = now.wrapping_sub(before);
        if duration > self.period {
            level.size = had.wrapping_add(duration / self.period * self.tokens);
            if level.size > self.capacity || level.size < had {
                return self.fill(level);
            }
            duration %= self.period;
        }
        let units =
            product(self.tokens, duration).and_then(|p| p.checked_add(level.rounding_error));
        let (gained, error) = match units {
            Some(units) => (units / self.period, units % self.period),
            None => (to_long(duration as f64 / self.period as f64 * self.tokens as f64), 0),
        };
        level.size = level.size.wrapping_add(gained);
        level.rounding_error = error;
        if level.size >= self.capacity || level.size < had {
            self.fill(level);
        }
    }

    fn fill(&self, level: &mut Level) {
        level.size = self.capacity;
        level.rounding_error = 0;
    }

    /// How long until as many as are missing have come.
    pub(super) fn wait_for(&self, level: &Level, missing: i64, now: i64) -> i64 {
        if missing <= 0 {
            0
        } else if self.is_intervally() {
            let next = level.last_refill.wrapping_add(self.period) - now;
            let more = (missing - 1) / self.tokens;
            product(more, self.period)
                .and_then(|wait| wait.checked_add(next))
                .unwrap_or(INFINITY_DURATION)
        } else {
            match product(self.period, missing) {
                Some(units) => (units - level.rounding_error) / self.tokens,
                None => to_long(missing as f64 / self.tokens as f64 * self.period as f64),
            }
        }
    }

    /// `AS_IS`: the tokens and when they last came stay.
    pub(super) fn inherit(&self, old: &Bandwidth, level: Level) -> Level {
        if level.size >= self.capacity {
            return Level { size: self.capacity, rounding_error: 0, ..level };
        }
        if self.is_intervally() || old.is_intervally() {
            return Level { rounding_error: 0, ..level };
        }
        // The library cuts off the ratio of the periods, not what it scales.
        let scale = to_long(self.period as f64 / old.period as f64);
        let scaled = scale.wrapping_mul(level.rounding_error);
        Level { rounding_error: scaled.min(self.period - 1), ..level }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Table, Verdict};
    use super::super::Bucket4j;
    use super::*;
    use crate::time::{SECOND, Span};

    fn bucket(bandwidths: &str) -> Table<Bucket4j> {
        Table::read(&format!("bandwidths = [{bandwidths}]")).unwrap()
    }

    fn wait(ns: u64) -> Verdict {
        Verdict::Reject { wait: Span(ns) }
    }

    #[test]
    fn a_full_bucket_forgets_the_part_and_a_whole_period_does_not() {
        let mut bucket = bucket("{ capacity = 9, refill-greedy = { tokens = 2, period = '3ns' } }");
        bucket.ask(0, 9);
        // 2 periods and 2 ns bring 5 1/3 tokens; the third stays.
        assert_eq!(bucket.ask(8, 5).1.remaining, Some(0));
        assert_eq!(bucket.ask(9, 1).0, Verdict::Admit);
        assert_eq!(bucket.ask(100, 9).0, Verdict::Admit);
        assert_eq!(bucket.ask(101, 1).0, wait(0));
        assert_eq!(bucket.ask(102, 1).0, Verdict::Admit);
    }

    #[test]
    fn initial_tokens_can_be_more_than_the_capacity() {
        let mut bucket = bucket(
            "{ capacity = 2, initial-tokens = 5, refill-greedy = { tokens = 1, period = '1s' } }",
        );
        assert_eq!(bucket.ask(0, 1).1.remaining, Some(4));
        assert_eq!(bucket.ask(9 * SECOND, 3).1.remaining, Some(1));
        assert_eq!(bucket.ask(9 * SECOND, 3).0, wait(INFINITY_DURATION.unsigned_abs()));
    }

    #[test]
    fn an_aligned_one_refills_at_its_time_and_an_adaptive_one_begins_with_a_part() {
        let time = "time-of-first-refill = '1970-01-01T01:00:00.0009Z'";
        let refill = format!("{{ tokens = 400, period = '1h', {time} }}");
        let hour = 3_600 * SECOND;
        let mut aligned =
            bucket(&format!("{{ capacity = 400, refill-intervally-aligned = {refill} }}"));
        assert_eq!(aligned.ask(hour / 3, 400).0, Verdict::Admit);
        // Its milliseconds are whole.
        assert_eq!(aligned.ask(hour - 1, 1).0, wait(1));
        assert_eq!(aligned.ask(hour, 400).0, Verdict::Admit);
        let adaptive = "refill-intervally-aligned-with-adaptive-initial-tokens";
        let left = |capacity: u32, at| {
            let bandwidth = format!("{{ capacity = {capacity}, {adaptive} = {refill} }}");
            bucket(&bandwidth).ask(at, 0).1.remaining
        };
        // 40 of 60 minutes are left: two thirds of 400, and what no period brings.
        assert_eq!(left(400, hour / 3), Some(266));
        assert_eq!(left(500, hour / 3), Some(366));
        assert_eq!(left(400, hour), Some(400));
    }

    #[test]
    fn what_does_not_fit_in_64_bits_is_computed_in_doubles() {
        let big = 4_000_000_000_u64;
        let mut bucket = bucket(&format!(
            "{{ capacity = {big}, refill-greedy = {{ tokens = {big}, period = '{big}ns' }} }}"
        ));
        bucket.ask(0, 4_000_000_000);
        assert_eq!(bucket.ask(0, 4_000_000_000).0, wait(big));
        assert_eq!(bucket.ask(big - 1, 4_000_000_000).0, wait(1));
        assert_eq!(bucket.ask(big, 4_000_000_000).0, Verdict::Admit);
        assert_eq!(product(i64::MAX, 1), None);
    }

    #[test]
    fn the_order_of_the_doubles_is_the_library_s() {
        let hourly = |tokens: u64| {
            let refill = format!("refill-greedy = {{ tokens = {tokens}, period = '1h' }}");
            let mut bucket = bucket(&format!("{{ capacity = 4000000000, {refill} }}"));
            bucket.ask(0, 4_000_000_000);
            bucket
        };
        // Multiplied first and then divided, either would be one less.
        assert_eq!(hourly(900_000_000).ask(0, 3_999_999_998).0, wait(15_999_999_992_000));
        let (_, view) = hourly(3_000_000_000).ask(3_598_799_996_400, 1);
        assert_eq!(view.remaining, Some(2_998_999_996));
    }

    #[test]
    fn exactly_one_period_is_not_taken_as_a_whole_one() {
        let mut bucket = bucket(
            "{ capacity = 4000000000, refill-greedy = { tokens = 3999999999, period = '4s' } }",
        );
        bucket.ask(0, 4_000_000_000);
        assert_eq!(bucket.ask(2, 1).0, Verdict::Admit);
        // The product is too large, and with doubles the part of a token is lost.
        assert_eq!(bucket.ask(4 * SECOND + 2, 3_999_999_999).0, Verdict::Admit);
        assert_eq!(bucket.ask(4 * SECOND + 3, 1).0, wait(0));
    }

    #[test]
    fn what_the_library_does_not_build_is_refused() {
        let greedy = "refill-greedy = { tokens = 1, period = '1s' }";
        let first = "time-of-first-refill = '2026-01-05T09:00:00Z'";
        let nine = vec![format!("{{ capacity = 1, {greedy} }}"); 9].join(", ");
        for (bandwidths, why) in [
            ("", "there is no bandwidth"),
            (nine.as_str(), "write at most 8"),
            ("{ capacity = 1 }", "one refill"),
            (&format!("{{ capacity = 0, {greedy} }}"), "at least 1"),
            ("{ capacity = 1, refill-greedy = { tokens = 0, period = '1s' } }", "at least 1"),
            ("{ capacity = 1, refill-greedy = { tokens = 2, period = '1ns' } }", "fewer tokens"),
            (
                &format!(
                    "{{ capacity = 1, {greedy}, refill-intervally = {{ tokens = 1, period = '1s' }} }}"
                ),
                "one refill",
            ),
            (
                &format!(
                    "{{ capacity = 1, initial-tokens = 1, refill-intervally-aligned-with-adaptive-initial-tokens = {{ tokens = 1, period = '1s', {first} }} }}"
                ),
                "leave initial-tokens out",
            ),
            (
                "{ capacity = 1, refill-intervally-aligned = { tokens = 1, period = '1s', time-of-first-refill = 'noon' } }",
                "write it like",
            ),
        ] {
            let read = Table::<Bucket4j>::read(&format!("bandwidths = [{bandwidths}]"));
            let error = read.unwrap_err();
            assert!(error.contains(why), "{bandwidths}: {error}");
        }
    }
}
