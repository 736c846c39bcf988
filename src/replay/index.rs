//! Where the separators of some CSV text are: the first of two looks at it.
//!
//! The text is compared sixteen bytes at a time, and what is found are places
//! in order, so that the second look goes from separator to separator and never
//! from byte to byte. Whoever skips a cell has paid for its bytes here.

use wide::{CmpEq, i8x16};

/// How many bytes are looked at together.
const BLOCK: usize = 64;
const STEP: u32 = 64;

/// The places of what cuts a text, in order.
#[derive(Default, Debug)]
pub(super) struct Index {
    /// Of every comma and line feed.
    pub(super) cuts: Vec<u32>,
    /// Of every line feed.
    pub(super) lines: Vec<u32>,
    /// Of what may need more than cutting: a quote, a carriage return that ends
    /// a line alone, and what is not ASCII.
    pub(super) odd: Vec<u32>,
}

impl Index {
    /// Finds the places in a text of less than 4 GiB, and forgets the old ones.
    pub(super) fn find(&mut self, text: &[u8]) {
        self.cuts.clear();
        self.lines.clear();
        self.odd.clear();
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let mut base = 0;
        for (number, block) in blocks.iter().enumerate() {
            let next = text.get((number + 1) * BLOCK).copied();
            self.block(block, base, next);
            base += STEP;
        }
        if !rest.is_empty() {
            // What is no part of the text cuts nothing.
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            self.block(&block, base, None);
        }
    }

    fn block(&mut self, block: &[u8; BLOCK], base: u32, next: Option<u8>) {
        let [mut commas, mut lines, mut returns, mut quotes, mut wide] = [0_u64; 5];
        let (parts, _) = block.as_chunks::<16>();
        for (shift, part) in (0..).step_by(16).zip(parts) {
            let part = i8x16::new(part.map(u8::cast_signed));
            let same = |byte: u8| bits(part.cmp_eq(i8x16::splat(byte.cast_signed()))) << shift;
            commas |= same(b',');
            lines |= same(b'\n');
            returns |= same(b'\r');
            quotes |= same(b'"');
            wide |= bits(part) << shift;
        }
        let line_feed_follows = (lines >> 1) | (u64::from(next == Some(b'\n')) << (BLOCK - 1));
        push(&mut self.cuts, base, commas | lines);
        push(&mut self.lines, base, lines);
        push(&mut self.odd, base, quotes | wide | (returns & !line_feed_follows));
    }
}

/// The highest bit of each byte.
fn bits(bytes: i8x16) -> u64 {
    u64::from(bytes.move_mask().cast_unsigned() & 0xffff)
}

/// Adds the place of each bit.
#[inline]
fn push(places: &mut Vec<u32>, base: u32, mut bits: u64) {
    while bits != 0 {
        places.push(base + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Byte by byte, it is the same.
        #[test]
        fn every_place_is_found(text in "[a,\n\r\"é]{0,300}") {
            let bytes = text.as_bytes();
            let mut index = Index::default();
            index.find(bytes);
            let places = |is: &dyn Fn(usize, u8) -> bool| -> Vec<u32> {
                (0..).zip(bytes).filter(|(at, byte)| is(*at as usize, **byte)).map(|p| p.0).collect()
            };
            prop_assert_eq!(&index.cuts, &places(&|_, byte| b",\n".contains(&byte)));
            prop_assert_eq!(&index.lines, &places(&|_, byte| byte == b'\n'));
            let alone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
            let odd = places(&|at, byte| byte == b'"' || byte >= 0x80 || byte == b'\r' && alone(at));
            prop_assert_eq!(&index.odd, &odd);
        }
    }
}
