//! The exponential distribution, whose samples are most of what a run draws.
//!
//! A sample is `-ln(u) * mean` with the logarithm of `libm`, rounded to the
//! nanosecond. That logarithm divides and takes a long chain of steps, and the
//! rounding throws most of its digits away. So a shorter one comes first, whose
//! error is known; where that error could round to another nanosecond, which is
//! once in thousands of samples, `libm` decides. The samples are those of `libm`
//! to the last bit, whichever way they took.

use crate::rng;
use crate::time::Span;

/// What `-ln(u)` may be off at most, with all that is rounded on both ways: each
/// is a few roundings of numbers below 64, of half a bit of 2^-47 each, and what
/// the series leaves out is a twelfth of a bit more. In nanoseconds it is as
/// many times the mean.
const ERROR: f64 = 1.0 / (1_u64 << 44) as f64;

/// A double of this size has no fraction, and its bits count in whole numbers.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// The span at these 64 uniform bits.
#[inline(always)]
#[allow(clippy::inline_always)] // a call would cost much of what it saves
pub(super) fn sample(mean: Span, bits: u64) -> Span {
    let u = rng::unit(bits);
    let mean = mean.0 as f64;
    let ns = -near_ln(u) * mean;
    let whole = ns + WHOLE;
    let rest = ns - (whole - WHOLE);
    // Means beyond two hours always come here, and so does what is too large
    // for `WHOLE`.
    if rest.abs() >= 0.5 - mean * ERROR {
        return exact(mean, u);
    }
    Span(whole.to_bits() - WHOLE.to_bits())
}

/// The definition.
#[cold]
#[inline(never)]
fn exact(mean: f64, u: f64) -> Span {
    Span::from_ns_f64(-libm::log(u) * mean)
}

/// The numbers from 1 to 2 are cut into so many pieces of equal width.
const PIECES: usize = 1 << PIECE_BITS;
const PIECE_BITS: u32 = 7;

/// The bits of the fraction of a double.
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const ONE: u64 = 1.0_f64.to_bits();

/// Of the middle of each piece, what 1 is over it, and its logarithm.
static MIDDLES: [(f64, f64); PIECES] = middles();

/// The logarithm of `u` in (0, 1), which is no subnormal: that of the power of
/// two below it, of the middle of a piece, and of `1 + r`, how far it is from
/// there. What the series leaves out is below `2^-48 / 6`.
#[inline(always)]
#[allow(clippy::inline_always, clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
fn near_ln(u: f64) -> f64 {
    let bits = u.to_bits();
    let power = (bits >> FRACTION_BITS) as i32 - f64::MAX_EXP + 1;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let piece = (fraction >> (FRACTION_BITS - PIECE_BITS)) as usize;
    let (inverse, ln) = MIDDLES[piece % PIECES];
    let r = (f64::from_bits(fraction | ONE) - middle(piece as u64)) * inverse;
    let square = r * r;
    let series = (r * (1.0 / 3.0) - 0.5) + square * (r * 0.2 - 0.25);
    (f64::from(power) * std::f64::consts::LN_2 + ln) + (r + square * series)
}

/// The middle of a piece.
const fn middle(piece: u64) -> f64 {
    f64::from_bits(ONE | (2 * piece + 1) << (FRACTION_BITS - PIECE_BITS - 1))
}

const fn middles() -> [(f64, f64); PIECES] {
    let mut all = [(0.0, 0.0); PIECES];
    let mut piece = 0;
    while piece < PIECES {
        let middle = middle(piece as u64);
        all[piece] = (1.0 / middle, ln(middle));
        piece += 1;
    }
    all
}

/// The logarithm of a number from 1 to 2, when the program is compiled: twice
/// the series of the inverse hyperbolic tangent, smallest terms first.
const fn ln(x: f64) -> f64 {
    let s = (x - 1.0) / (x + 1.0);
    let mut sum = 0.0;
    let mut odd = 41;
    while odd > 0 {
        sum = sum * s * s + 1.0 / odd as f64;
        odd -= 2;
    }
    2.0 * s * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};

    fn of_libm(mean: Span, bits: u64) -> Span {
        exact(mean.0 as f64, rng::unit(bits))
    }

    /// Bits that lie evenly, at both ends, and at the edges of all pieces.
    fn all_bits() -> impl Iterator<Item = u64> {
        let key = Key::run(11, 0);
        let even = (0..200_000).map(move |i| key.draw(Purpose::Think, i));
        let ends = (0..5_000_u64).flat_map(|i| [i << 12, !(i << 12)]);
        let edges = (0..64).flat_map(|power| {
            (0..PIECES as u64).flat_map(move |piece| {
                let edge = (PIECES as u64 + piece) << (64 - PIECE_BITS - 1) >> power;
                [edge.wrapping_sub(1 << 12), edge, edge.wrapping_add(1 << 12)]
            })
        });
        even.chain(ends).chain(edges)
    }

    #[test]
    fn the_short_way_comes_to_what_the_long_one_does() {
        let means = [0, 1, 3, 999, 50_000_000, 1_000_000_000, 77_777_777_777, 1 << 42, 1 << 43];
        for mean in means.into_iter().chain([u64::from(u32::MAX) << 20, u64::MAX / 3, u64::MAX]) {
            for bits in all_bits() {
                let (short, long) = (sample(Span(mean), bits), of_libm(Span(mean), bits));
                assert_eq!(short, long, "mean {mean}, bits {bits:#x}");
            }
        }
    }

    /// The promise that the way back to `libm` hangs on, with room to spare.
    #[test]
    fn the_short_logarithm_is_as_near_as_promised() {
        let off = |bits| (near_ln(rng::unit(bits)) - libm::log(rng::unit(bits))).abs();
        let most = all_bits().map(off).fold(0.0, f64::max);
        assert!(most < ERROR / 4.0, "{most:e}");
    }

    /// A bound that is too careful would make the short way a detour.
    #[test]
    fn libm_is_asked_only_where_it_matters() {
        let mean = 1e9;
        let asked = |bits| {
            let ns = -near_ln(rng::unit(bits)) * mean;
            (ns - libm::floor(ns) - 0.5).abs() <= mean * ERROR
        };
        let share =
            all_bits().filter(|bits| asked(*bits)).count() as f64 / all_bits().count() as f64;
        assert!(share < 1e-3, "{share}");
    }
}
