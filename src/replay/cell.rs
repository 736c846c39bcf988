//! What the cells of a trace say: times and amounts, exactly.

use super::scan::text;

/// A time in nanoseconds: digits, and perhaps decimals down to a nanosecond.
#[inline]
pub(super) fn time(cell: &[u8], unit: u64) -> Result<u64, String> {
    match digits(cell).and_then(|whole| whole.checked_mul(unit)) {
        Some(ns) if ns < u64::MAX => Ok(ns),
        _ => decimal_time(text(cell), unit),
    }
}

/// Whole numbers of up to nineteen digits, as times of today have in
/// nanoseconds; whatever else is in the cell is for others.
#[inline]
fn digits(cell: &[u8]) -> Option<u64> {
    if cell.is_empty() || cell.len() > 19 {
        return None;
    }
    let (mut number, mut rest) = (0_u64, cell);
    while let Some((eight, more)) = rest.split_first_chunk::<8>() {
        number = number * 100_000_000 + eight_digits(*eight)?;
        rest = more;
    }
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// Eight digits at once: neighbours are put together three times.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let text = u64::from_le_bytes(text);
    // A digit is 0x30 to 0x39, and stays below 0x40 when 6 is added.
    let high = 0xf0f0_f0f0_f0f0_f0f0;
    let above = text.wrapping_add(0x0606_0606_0606_0606) & high;
    if text & high != 0x3030_3030_3030_3030 || above != 0x3030_3030_3030_3030 {
        return None;
    }
    let ones = text & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[cold]
fn decimal_time(text: &str, unit: u64) -> Result<u64, String> {
    let wrong =
        || format!("`{text}` is not a time: write a number from 0, without sign or exponent");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return Err(wrong());
    }
    let too_late = || format!("`{text}` is later than the year 2554, where the clock ends");
    let whole: u64 = whole.parse().map_err(|_| too_late())?;
    let mut ns = whole.checked_mul(unit).filter(|ns| *ns < u64::MAX).ok_or_else(too_late)?;
    let mut place = unit;
    for digit in decimals.bytes() {
        if place == 1 && digit != b'0' {
            return Err(format!("`{text}` is finer than a nanosecond"));
        }
        place = (place / 10).max(1);
        ns = ns.checked_add(u64::from(digit - b'0') * place).ok_or_else(too_late)?;
    }
    if ns == u64::MAX { Err(too_late()) } else { Ok(ns) }
}

/// An amount; an empty cell says nothing.
#[inline]
pub(super) fn amount(cell: &[u8]) -> Result<Option<u32>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    // Signs and leading zeros are rare, and the parser of std knows their rules.
    if let Some(number) = digits(cell).and_then(|number| u32::try_from(number).ok()) {
        return Ok(Some(number));
    }
    let text = text(cell);
    let wrong = || format!("`{text}` is not a cost: write a whole number from 0 to {}", u32::MAX);
    text.parse().map(Some).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;
    use proptest::prelude::*;

    #[test]
    fn times_are_exact() {
        for (text, unit, ns) in [
            ("1800000000.000000001", SECOND, 1_800_000_000_000_000_001),
            ("1.5", 1_000_000, 1_500_000),
            ("7.000", 1, 7),
        ] {
            assert_eq!(time(text.as_bytes(), unit), Ok(ns), "{text}");
        }
        for text in ["", "-1", "1e9", "0.0000000001", "99999999999", "1.2.3"] {
            assert!(time(text.as_bytes(), SECOND).is_err(), "{text}");
        }
    }

    proptest! {
        /// The fast way and the exact rules are one.
        #[test]
        fn both_ways_read_the_same(
            text in "[0-9]{0,22}|[0-9]{0,18}[/:.+ -][0-9]{0,3}|[ -~é]{0,20}", unit in 0_usize..4,
        ) {
            let unit = [1, 1_000, 1_000_000, SECOND][unit];
            prop_assert_eq!(time(text.as_bytes(), unit), decimal_time(&text, unit));
            let parsed = if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
            prop_assert_eq!(amount(text.as_bytes()).ok(), parsed);
        }
    }
}
