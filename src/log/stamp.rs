//! Time stamps, in the forms in which logs have them.
//!
//! A log has one form from its first line to its last, so the form is found once.
//! Most lines share their day and hour with the line before, so the calendar is
//! asked about those once, and again only where they change.

use std::fmt;

use crate::time::{Instant, SECOND};

/// A form of time stamps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stamp {
    /// `17/May/2015:10:05:03 +0000`, as Apache and nginx write it.
    Common,
    /// RFC 3339 and what is close to it: `2026-01-05T09:00:00.123Z`, with a blank
    /// for the `T`, or without a zone, which is UTC then.
    Iso,
    /// A number since the epoch, of which one is so many nanoseconds.
    Epoch(u64),
}

/// The units of numbers since the epoch, by how large the number is that they
/// make of a time between 2001 and 2286.
const UNITS: [(u64, u64); 4] = [
    (10_000_000_000, SECOND),
    (10_000_000_000_000, SECOND / 1_000),
    (10_000_000_000_000_000, SECOND / 1_000_000),
    (u64::MAX, 1),
];

/// Nanoseconds in a minute.
const MINUTE: u64 = 60 * SECOND;

impl Stamp {
    /// The form of a time stamp.
    #[must_use]
    pub fn of(text: &[u8]) -> Option<Stamp> {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let stamp = match text.get(digits) {
            Some(b'/') if digits == 2 => Stamp::Common,
            Some(b'-') if digits == 4 => Stamp::Iso,
            None | Some(b'.') if digits > 0 => {
                let whole: u64 = str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
                let (_, unit) = UNITS.iter().find(|(below, _)| whole < *below)?;
                Stamp::Epoch(*unit)
            }
            _ => return None,
        };
        Stamps::new(stamp).parse(text).map(|_| stamp)
    }
}

/// As it is told: `17/May/2015:10:05:03 +0000`.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stamp::Common => "DD/Mon/YYYY:HH:MM:SS ZONE",
            Stamp::Iso => "RFC 3339",
            Stamp::Epoch(SECOND) => "seconds since 1970",
            Stamp::Epoch(1_000_000) => "milliseconds since 1970",
            Stamp::Epoch(1_000) => "microseconds since 1970",
            Stamp::Epoch(_) => "nanoseconds since 1970",
        })
    }
}

/// Reads time stamps of one form.
#[derive(Clone, Debug)]
pub struct Stamps {
    form: Stamp,
    /// The part of the last stamp up to its minute, and of its zone, and when
    /// that minute began.
    minute: Vec<u8>,
    zone: Vec<u8>,
    began: u64,
    /// The shortest step that a stamp could have shown, in nanoseconds.
    finest: u64,
}

impl Stamps {
    /// Of that form.
    #[must_use]
    pub fn new(form: Stamp) -> Stamps {
        Stamps { form, minute: vec![], zone: vec![], began: 0, finest: u64::MAX }
    }

    /// How fine the stamps so far are, in nanoseconds: what the last digit of the
    /// finest of them stands for.
    #[must_use]
    pub fn finest(&self) -> Option<u64> {
        (self.finest != u64::MAX).then_some(self.finest)
    }

    /// The instant of a stamp. A leap second is the second before it.
    #[inline]
    pub fn read(&mut self, text: &[u8]) -> Result<Instant, String> {
        self.parse(text).map(Instant).ok_or_else(|| self.refused(text))
    }

    #[inline]
    fn parse(&mut self, text: &[u8]) -> Option<u64> {
        match self.form {
            Stamp::Common => self.calendar(text, 17, common),
            Stamp::Iso => self.calendar(text, 16, iso),
            Stamp::Epoch(unit) => self.number(text, unit),
        }
    }

    #[cold]
    fn refused(&self, text: &[u8]) -> String {
        let text = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
        let after = Stamp::of(text.as_bytes()).filter(|other| *other != self.form);
        match after {
            Some(other) => {
                format!("`{text}` is {other}, and the stamps before it are {}", self.form)
            }
            None => {
                format!("`{text}` is not a time between 1970 and 2554, written as {}", self.form)
            }
        }
    }

    /// A stamp whose first bytes are its date up to the minute, then `:SS`, then
    /// perhaps decimals and a zone.
    #[inline]
    fn calendar(
        &mut self,
        text: &[u8],
        upto_minute: usize,
        minute: fn(&[u8]) -> Option<jiff::civil::DateTime>,
    ) -> Option<u64> {
        let (date, rest) = text.split_at_checked(upto_minute)?;
        let (seconds, rest) = rest.split_first_chunk::<3>()?;
        let [b':', tens @ b'0'..=b'6', ones @ b'0'..=b'9'] = *seconds else { return None };
        let seconds = u64::from(tens - b'0') * 10 + u64::from(ones - b'0');
        let (ns, digits, zone) = decimals(rest)?;
        if date != self.minute || zone != self.zone {
            self.began = began(minute(date)?, zone)?;
            self.minute = date.to_vec();
            self.zone = zone.to_vec();
        }
        self.finest = self.finest.min(step(digits));
        match seconds {
            // No clock of ours has a 61st second: it is told as the 60th.
            60 => self.began.checked_add(59 * SECOND + ns),
            0..60 => self.began.checked_add(seconds * SECOND + ns),
            _ => None,
        }
        .filter(|ns| *ns < u64::MAX)
    }

    fn number(&mut self, text: &[u8], unit: u64) -> Option<u64> {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole: u64 = str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
        let (ns, decimals, rest) = decimals(&text[digits..])?;
        // Of a unit finer than a second the decimals stand for less.
        let part = ns / (SECOND / unit);
        self.finest = self.finest.min(step(decimals) / (SECOND / unit)).max(1);
        let whole = whole.checked_mul(unit)?;
        rest.is_empty().then(|| whole.checked_add(part)).flatten().filter(|ns| *ns < u64::MAX)
    }
}

/// The nanoseconds that decimals stand for, how many decimals there are, and
/// what follows them. What is finer than a nanosecond is cut off.
#[inline]
fn decimals(text: &[u8]) -> Option<(u64, usize, &[u8])> {
    let Some((b'.' | b',', rest)) = text.split_first() else { return Some((0, 0, text)) };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (mut ns, mut place) = (0, SECOND);
    for byte in &rest[..count] {
        place /= 10;
        ns += u64::from(byte - b'0') * place;
    }
    (count > 0).then(|| (ns, count, &rest[count..]))
}

/// What the last of so many decimals stands for, in nanoseconds.
fn step(decimals: usize) -> u64 {
    (0..decimals).fold(SECOND, |step, _| (step / 10).max(1))
}

/// The nanoseconds since the epoch at which a minute of a zone began.
#[cold]
fn began(minute: jiff::civil::DateTime, zone: &[u8]) -> Option<u64> {
    let utc = minute.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_nanosecond();
    let offset = i128::from(offset(zone)?) * i128::from(MINUTE);
    u64::try_from(utc - offset).ok()
}

/// How many minutes east of UTC a zone is: ` +0200`, `+02:00`, `Z`, or none.
fn offset(zone: &[u8]) -> Option<i64> {
    let zone = str::from_utf8(zone).ok()?.trim_start();
    if matches!(zone, "" | "Z" | "z" | "UTC") {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(both) => both,
        None => digits.split_at_checked(2)?,
    };
    let number = |text: &str| {
        let is_short = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|_| is_short)
    };
    let (hours, minutes) = (number(hours)?, if minutes.is_empty() { 0 } else { number(minutes)? });
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// `17/May/2015:10:05`
#[cold]
fn common(text: &[u8]) -> Option<jiff::civil::DateTime> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let parted = text[2] == b'/' && text[6] == b'/' && text[11] == b':' && text[14] == b':';
    let month = MONTHS.iter().position(|month| text[3..6].eq_ignore_ascii_case(month))?;
    let month = i8::try_from(month + 1).ok()?;
    let (day, year) =
        (two(&text[..2])?, i16::from(two(&text[7..9])?) * 100 + i16::from(two(&text[9..11])?));
    let (hour, minute) = (two(&text[12..14])?, two(&text[15..17])?);
    parted.then(|| jiff::civil::DateTime::new(year, month, day, hour, minute, 0, 0).ok()).flatten()
}

/// `2026-01-05T09:00`
#[cold]
fn iso(text: &[u8]) -> Option<jiff::civil::DateTime> {
    let parted = text[4] == b'-'
        && text[7] == b'-'
        && matches!(text[10], b'T' | b't' | b' ')
        && text[13] == b':';
    let year = i16::from(two(&text[..2])?) * 100 + i16::from(two(&text[2..4])?);
    let (month, day) = (two(&text[5..7])?, two(&text[8..10])?);
    let (hour, minute) = (two(&text[11..13])?, two(&text[14..16])?);
    parted.then(|| jiff::civil::DateTime::new(year, month, day, hour, minute, 0, 0).ok()).flatten()
}

/// Two digits.
fn two(text: &[u8]) -> Option<i8> {
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = *text else { return None };
    i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2015-05-17T10:05:03Z.
    const MAY: u64 = 1_431_857_103 * SECOND;

    #[test]
    fn each_form_is_found_and_read() {
        for (text, ns) in [
            ("17/May/2015:10:05:03 +0000", MAY),
            ("17/May/2015:12:05:03 +0200", MAY),
            ("17/May/2015:04:35:03 -0530", MAY),
            ("2015-05-17T10:05:03Z", MAY),
            ("2015-05-17 10:05:03", MAY),
            ("2015-05-17T12:05:03.25+02:00", MAY + SECOND / 4),
            ("2015-05-17T10:05:03,000000001Z", MAY + 1),
            ("1431857103", MAY),
            ("1431857103.123", MAY + 123_000_000),
            ("1431857103123", MAY + 123_000_000),
            ("1431857103123456.5", MAY + 123_456_500),
            ("1431857103123456789", MAY + 123_456_789),
        ] {
            let form = Stamp::of(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(Stamps::new(form).read(text.as_bytes()), Ok(Instant(ns)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "-",
            "yesterday",
            "31/Feb/2015:10:05:03 +0000",
            "17/Mai/2015:10:05:03 +0000",
            "17/May/2015:25:05:03 +0000",
            "17/May/2015:10:05:61 +0000",
            "17/May/2015:10:05:03 +2500",
            "1969-12-31T23:59:59Z",
            "9999-01-01T00:00:00Z",
            "2015-05-17",
            "2015-05-17T10:05:03.Z",
            "99999999999999999999",
        ] {
            assert_eq!(Stamp::of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_far_year_and_a_leap_second_are_times() {
        let mut stamps = Stamps::new(Stamp::Iso);
        assert_eq!(stamps.read(b"2262-04-12T00:00:00Z").unwrap().0, 9_223_372_800 * SECOND);
        let leap = stamps.read(b"2016-12-31T23:59:60Z").unwrap();
        assert_eq!(leap, stamps.read(b"2016-12-31T23:59:59Z").unwrap());
    }

    #[test]
    fn the_minute_before_is_not_taken_for_this_one() {
        let mut stamps = Stamps::new(Stamp::Common);
        let mut read = |text: &str| stamps.read(text.as_bytes()).unwrap().0;
        let first = read("17/May/2015:10:05:59 +0000");
        assert_eq!(read("17/May/2015:10:06:00 +0000"), first + SECOND);
        assert_eq!(read("17/May/2015:11:06:00 +0100"), first + SECOND);
        assert_eq!(read("17/May/2015:11:06:00 +0000"), first + 3_601 * SECOND);
    }

    #[test]
    fn how_fine_the_stamps_are_is_known() {
        for (text, finest) in [
            ("17/May/2015:10:05:59 +0000", SECOND),
            ("2015-05-17T10:05:03.250Z", SECOND / 1_000),
            ("1431857103", SECOND),
            ("1431857103.12", SECOND / 100),
            ("1431857103123", SECOND / 1_000),
            ("1431857103123456789", 1),
        ] {
            let mut stamps = Stamps::new(Stamp::of(text.as_bytes()).unwrap());
            stamps.read(text.as_bytes()).unwrap();
            assert_eq!(stamps.finest(), Some(finest), "{text}");
        }
    }

    #[test]
    fn another_form_is_told_as_such() {
        let mut stamps = Stamps::new(Stamp::Common);
        let told = stamps.read(b"2015-05-17T10:05:03Z").unwrap_err();
        assert!(told.contains("is RFC 3339, and the stamps before it are DD/Mon"), "{told}");
        let told = stamps.read(b"-").unwrap_err();
        assert!(told.contains("`-` is not a time"), "{told}");
    }
}
