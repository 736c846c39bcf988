//! A bucket is sorted by counting: its entries go into bins of time, about one
//! into each, and what is out of order then is a place or two away from where
//! it belongs.
//!
//! That is two steps an entry, of which nearly all are foreseen, where a sort
//! that compares takes a step for each doubling of their number, and half of
//! what it finds is a surprise.

use super::Entry;

/// There are at most two to this power of bins.
const MOST: u32 = 9;

/// With more entries in one bin they are compared: that has no bad case.
const CROWD: u16 = 8;

/// Sorts the entries of some blocks, which are in the order of their sequence:
/// the latest comes first, and of one instant the last.
pub(super) fn sort<'a>(blocks: impl Iterator<Item = &'a [Entry]> + Clone, sorted: &mut Vec<Entry>) {
    sorted.clear();
    let Some(&Entry { at: any, .. }) = blocks.clone().flatten().next() else { return };
    let (mut len, mut differ) = (0, 0);
    for block in blocks.clone() {
        len += block.len();
        differ = block.iter().fold(differ, |bits, entry| bits | (entry.at ^ any));
    }
    // The bins go by the highest bits in which the times differ.
    let bits = (len.ilog2() + 1).min(MOST);
    let shift = (u64::BITS - differ.leading_zeros()).saturating_sub(bits);
    #[allow(clippy::cast_possible_truncation)] // those bits are few
    let bin = |entry: &Entry| (entry.at >> shift) as usize & ((1 << bits) - 1);

    let mut counts = [0; 1 << MOST];
    let places = &mut counts[..1 << bits];
    for block in blocks.clone() {
        for entry in block {
            places[bin(entry)] += 1;
        }
    }
    let (mut end, mut most) = (0, 0);
    for place in places.iter_mut().rev() {
        most = most.max(*place);
        end += *place;
        *place = end;
    }
    if most > CROWD {
        blocks.for_each(|block| sorted.extend_from_slice(block));
        sorted.sort_by_key(|entry| entry.at);
        sorted.reverse();
        return;
    }
    sorted.resize(len, Entry::default());
    for block in blocks {
        for entry in block {
            let place = &mut places[bin(entry)];
            *place -= 1;
            sorted[usize::from(*place)] = *entry;
        }
    }
    settle(sorted);
}

/// Moves each entry to before those that are earlier: few, and by few places.
fn settle(entries: &mut [Entry]) {
    for start in 1..entries.len() {
        let entry = entries[start];
        let mut place = start;
        while place > 0 && entries[place - 1].at < entry.at {
            entries[place] = entries[place - 1];
            place -= 1;
        }
        entries[place] = entry;
    }
}
