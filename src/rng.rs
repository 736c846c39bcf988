//! Random numbers as a function: (seed, replicate, entity, purpose, index) -> 64 bits.
//!
//! No generator has state, so a strategy that retries more shifts nobody
//! else's draws: two clients under comparison meet the same calls, the same
//! service times and the same network (common random numbers). The function
//! is `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014) read by index: its i-th
//! output depends on nothing but the seed and i.

use std::convert::Infallible;

use rand::TryRng;

/// What a draw is for; each purpose has draws of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Purpose {
    /// When a call or session begins.
    Arrival = 1,
    /// Which endpoint a call asks.
    Endpoint,
    /// What a call asks for: the key that caches know.
    Content,
    /// How long a client thinks between calls.
    Think,
    /// How many calls a client has to make.
    Work,
    /// The way of a request to the server.
    Outward,
    /// The way of a response to the client.
    Homeward,
    /// How long the service takes.
    Service,
    /// Whether the service fails.
    Fault,
    /// The jitter of a wait before a retry.
    Jitter,
    /// Whether a lever of the client (cache, screen, webhook) takes the call.
    Lever,
    /// What a schedule draws by itself, beside its jitter.
    Schedule,
    /// The jitter of a wait that the response asked for.
    Hint,
    /// Whether a client's own throttle drops an attempt.
    Throttle,
    /// The jitter of a sleep that a pace puts before an attempt.
    Pace,
    /// Which replicate a bootstrap takes next.
    Resample,
    /// Where a point of a Latin hypercube lies.
    Sample,
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of `SplitMix64`: a bijection that spreads every bit.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The i-th output of `SplitMix64` from `seed`, counted from 0.
const fn split_mix(seed: u64, index: u64) -> u64 {
    mix(seed.wrapping_add(GAMMA.wrapping_mul(index.wrapping_add(1))))
}

/// The identity of something that draws: a run, a population, a client, a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(u64);

impl Key {
    /// The key of one run: replicate number `replicate` of the seed `root`.
    #[must_use]
    pub const fn run(root: u64, replicate: u64) -> Key {
        Key(split_mix(mix(root), replicate))
    }

    /// The key of the entity `name` below this one. Names, not positions, so
    /// that adding a population leaves the draws of all others alone.
    #[must_use]
    pub fn named(self, name: &str) -> Key {
        // FNV-1a, because its value is specified for ever.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Key(mix(self.0 ^ mix(hash)))
    }

    /// The key of member number `index` below this one.
    #[must_use]
    #[inline]
    pub const fn member(self, index: u64) -> Key {
        self.members().key(index)
    }

    /// The keys of all members below this one, with what they share done once.
    #[must_use]
    #[inline]
    pub const fn members(self) -> Members {
        Members(mix(self.0))
    }

    /// 64 uniform bits: draw number `index` of this entity for `purpose`.
    #[must_use]
    #[inline]
    pub const fn draw(self, purpose: Purpose, index: u64) -> u64 {
        split_mix(mix(self.0 ^ (purpose as u64).wrapping_mul(GAMMA)), index)
    }

    /// A generator over the draws of `purpose` below `index`, for samplers of
    /// `rand` and `rand_distr` that take as many bits as they like.
    #[must_use]
    pub const fn draws(self, purpose: Purpose, index: u64) -> Draws {
        Draws { seed: self.draw(purpose, index), index: 0 }
    }
}

/// The keys of the members below a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Members(u64);

impl Members {
    /// The key of member number `index`.
    #[must_use]
    #[inline]
    pub const fn key(self, index: u64) -> Key {
        Key(split_mix(self.0, index))
    }
}

/// A generator for `rand`: `SplitMix64` from one draw.
#[derive(Clone, Debug)]
pub struct Draws {
    seed: u64,
    index: u64,
}

impl TryRng for Draws {
    type Error = Infallible;

    #[allow(clippy::cast_possible_truncation)] // the upper half is what is wanted
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| (bits >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let bits = split_mix(self.seed, self.index);
        self.index += 1;
        Ok(bits)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let bits = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bits[..chunk.len()]);
        }
        Ok(())
    }
}

/// The open unit interval: `bits` as a number in (0, 1), never an end of it.
#[must_use]
pub fn unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
}

/// A chance in exact integers: true for `bits` below the share `chance`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Chance(u64);

impl Chance {
    /// Never true.
    pub const NEVER: Chance = Chance(0);

    /// The chance nearest to `share`, which lies in 0 to 1.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates: 1 becomes u64::MAX
    pub fn new(share: f64) -> Chance {
        Chance((share * 18_446_744_073_709_551_616.0) as u64)
    }

    /// Whether the event happens for these uniform bits; certain when the chance is 1.
    #[must_use]
    pub const fn hits(self, bits: u64) -> bool {
        bits < self.0 || self.0 == u64::MAX
    }

    /// The chance as a share of 1.
    #[must_use]
    pub fn share(self) -> f64 {
        self.0 as f64 / 18_446_744_073_709_551_616.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vector of `SplitMix64` for the seed 1234567.
    #[test]
    fn outputs_are_those_of_split_mix() {
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for (index, value) in expected.into_iter().enumerate() {
            assert_eq!(split_mix(1_234_567, index as u64), value);
        }
    }

    /// Changing any of these values changes every result ever printed.
    #[test]
    fn draws_are_pinned() {
        let key = Key::run(0, 0).named("merchants").member(7);
        assert_eq!(key.draw(Purpose::Jitter, 3), PINNED);
        assert_ne!(key.draw(Purpose::Jitter, 4), PINNED);
        assert_ne!(key.draw(Purpose::Service, 3), PINNED);
    }
    const PINNED: u64 = 17_103_359_109_397_961_572;

    #[test]
    fn a_chance_is_its_share() {
        let key = Key::run(1, 0);
        for share in [0.0, 0.02, 0.5, 1.0] {
            let chance = Chance::new(share);
            let hits = (0..100_000).filter(|&i| chance.hits(key.draw(Purpose::Fault, i))).count();
            let sd = (share * (1.0 - share) * 100_000.0).sqrt();
            assert!((hits as f64 - share * 100_000.0).abs() <= 4.0 * sd, "{share}: {hits}");
        }
    }
}
