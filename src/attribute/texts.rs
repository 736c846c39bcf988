//! Texts that go by a number: each is kept once, in the order in which it came.
//!
//! There may be ten million, met in any order, and then nothing costs but the
//! memory that is touched: a place in the table, and the record to which it
//! leads, with the number and the text side by side. The hash is the same on
//! every run, and nobody walks through the table, so its order never shows.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::prefetch::prefetch;

/// Some seed, and always the same.
const HASH: FixedState = FixedState::with_seed(0);

/// The hash of some numbers.
pub(crate) fn hash_of(numbers: impl Iterator<Item = Option<u32>>) -> u64 {
    let mut hasher = HASH.build_hasher();
    numbers.for_each(|number| hasher.write_u64(number.map_or(u64::MAX, u64::from)));
    hasher.finish()
}

/// Different texts, numbered from 0; at most 4 GiB of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// By the lower bits of the hash, or the next free place after; a power of
    /// two, at most half of them taken.
    table: Vec<Entry>,
    /// The records, one after the other: number, length, text.
    records: Vec<u8>,
    /// Where the record of each number starts.
    starts: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The upper half of the hash.
    tag: u32,
    start: u32,
}

/// A place of the table that leads nowhere.
const FREE: Entry = Entry { tag: 0, start: u32::MAX };

/// What stands for the number of a text that has none.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// How many texts are looked up together.
const TOGETHER: usize = 64;

/// The bytes of a record before its text.
const HEAD: usize = 8;

impl Texts {
    /// The number of a text that is known.
    #[inline]
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        let hash = hash(text);
        let mut place = low(hash);
        loop {
            let entry = self.table.get(place & self.table.len().wrapping_sub(1))?;
            if entry.start == FREE.start {
                return None;
            }
            if u64::from(entry.tag) == hash >> 32 {
                let (number, known) = self.record(entry.start);
                if same(known, text) {
                    return Some(number);
                }
            }
            place += 1;
        }
    }

    /// The numbers of many texts, [`UNKNOWN`] where one has none. The memory
    /// of all of them is on its way together, so they wait for it once.
    pub(super) fn find_all(&self, texts: &[&[u8]], numbers: &mut Vec<u32>) {
        numbers.clear();
        let mask = self.table.len().wrapping_sub(1);
        for some in texts.chunks(TOGETHER) {
            let (mut hashes, mut entries) = ([0; TOGETHER], [FREE; TOGETHER]);
            for (hash, text) in hashes.iter_mut().zip(some) {
                *hash = self::hash(text);
                if let Some(entry) = self.table.get(low(*hash) & mask) {
                    prefetch(entry);
                }
            }
            for (entry, hash) in entries.iter_mut().zip(hashes).take(some.len()) {
                *entry = self.tagged(hash);
                if let Some(record) = self.records.get(entry.start as usize) {
                    prefetch(record);
                }
            }
            for ((text, hash), entry) in some.iter().zip(hashes).zip(entries) {
                let same = entry.start != FREE.start && u64::from(entry.tag) == hash >> 32;
                let record = same.then(|| self.record(entry.start));
                numbers.push(match record {
                    Some((number, known)) if self::same(known, text) => number,
                    None => UNKNOWN,
                    // Another text has the same tag, which hardly ever happens.
                    Some(_) => self.find(text).unwrap_or(UNKNOWN),
                });
            }
        }
    }

    /// The first entry with the tag of a hash, or a free one.
    #[inline]
    fn tagged(&self, hash: u64) -> Entry {
        let mask = self.table.len().wrapping_sub(1);
        let mut place = low(hash);
        loop {
            let Some(entry) = self.table.get(place & mask) else { return FREE };
            if entry.start == FREE.start || u64::from(entry.tag) == hash >> 32 {
                return *entry;
            }
            place += 1;
        }
    }

    /// The number of a text, a new one where it is new; `None` where there is
    /// no more room.
    pub(super) fn number(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.find(text.as_bytes()) {
            return Some(number);
        }
        let start = u32::try_from(self.records.len()).ok()?;
        let number = u32::try_from(self.starts.len()).ok()?;
        let length = u32::try_from(text.len()).ok()?;
        // The end has to be below that of 4 GiB too.
        u32::try_from(self.records.len() + HEAD + text.len()).ok()?;
        self.records.extend_from_slice(&number.to_le_bytes());
        self.records.extend_from_slice(&length.to_le_bytes());
        self.records.extend_from_slice(text.as_bytes());
        self.starts.push(start);
        if self.table.len() < 2 * self.starts.len() {
            self.table = vec![FREE; (2 * self.table.len()).max(64)];
            (0..number).for_each(|number| self.enter(self.starts[number as usize]));
        }
        self.enter(start);
        Some(number)
    }

    /// The text with a number.
    pub(super) fn text(&self, number: u32) -> Option<&str> {
        let (_, text) = self.record(*self.starts.get(number as usize)?);
        Some(str::from_utf8(text).expect("a text is kept whole"))
    }

    /// The number and the text of the record that starts there.
    #[inline]
    fn record(&self, start: u32) -> (u32, &[u8]) {
        let (head, rest) = self.records[start as usize..].split_at(HEAD);
        let half =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        (half(0), &rest[..half(4) as usize])
    }

    /// Lets the table lead to a record.
    fn enter(&mut self, start: u32) {
        let hash = hash(self.record(start).1);
        let mask = self.table.len() - 1;
        let mut place = low(hash) & mask;
        while self.table[place].start != FREE.start {
            place = (place + 1) & mask;
        }
        self.table[place] = Entry { tag: (hash >> 32) as u32, start };
    }
}

/// The bits of a hash by which a place is found, as many as there are.
#[inline]
#[allow(clippy::cast_possible_truncation)] // the others are in the tag
fn low(hash: u64) -> usize {
    hash as usize
}

#[inline]
fn hash(text: &[u8]) -> u64 {
    let mut hasher = HASH.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// Whether two texts are the same; most are a few bytes long, and the way to
/// the comparison of the platform would be the longest part.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if let (Some((_, last)), Some((_, other_last))) =
        (one.split_last_chunk::<8>(), other.split_last_chunk::<8>())
    {
        let (eights, other_eights) = (one.as_chunks::<8>().0, other.as_chunks::<8>().0);
        return last == other_last && eights.iter().zip(other_eights).all(|(a, b)| a == b);
    }
    one.iter().zip(other).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_has_one_number_and_keeps_it() {
        let mut texts = Texts::default();
        assert_eq!((texts.find(b""), texts.text(0)), (None, None));
        let names: Vec<String> = (0..5_000).map(|n| format!("k{}", n * 7)).collect();
        for (number, name) in (0..).zip(&names) {
            assert_eq!(texts.number(name), Some(number));
            assert_eq!(texts.number(&names[0]), Some(0));
        }
        assert_eq!(texts.number(""), Some(5_000));
        for (number, name) in (0..).zip(&names) {
            assert_eq!(texts.find(name.as_bytes()), Some(number), "{name}");
            assert_eq!(texts.text(number), Some(name.as_str()));
        }
        assert_eq!((texts.text(5_000), texts.text(5_001)), (Some(""), None));
        assert_eq!(texts.find(b"k1"), None);
    }

    proptest! {
        #[test]
        fn what_is_the_same_is_seen(one in "[ab]{0,20}", other in "[ab]{0,20}") {
            prop_assert_eq!(same(one.as_bytes(), other.as_bytes()), one == other);
            let mut turned = one.clone().into_bytes();
            prop_assert!(same(one.as_bytes(), &turned));
            for at in 0..turned.len() {
                turned[at] ^= 1;
                prop_assert!(!same(one.as_bytes(), &turned));
                turned[at] ^= 1;
            }
        }
    }
}
