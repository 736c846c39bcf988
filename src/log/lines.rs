//! Lines of a file, none of them longer than a bound: a file without line ends
//! must not fill the memory.

use std::io::{self, BufRead};

use memchr::memchr;

/// The longest line, in bytes.
pub const LINE_MAX: usize = 1 << 20;

/// A line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'b> {
    /// Its bytes, without what ends it.
    Whole(&'b [u8]),
    /// It has more than [`LINE_MAX`] bytes; these are the first.
    TooLong(&'b [u8]),
}

/// Reads a file line by line.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    /// The line in hand, where it does not lie whole in the reader's buffer.
    pieces: Vec<u8>,
    /// How much of the reader's buffer the line in hand takes.
    taken: usize,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Of this input.
    pub fn new(input: R) -> Lines<R> {
        Lines { input, pieces: vec![], taken: 0, number: 0 }
    }

    /// The number of the line that was read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line; `None` at the end.
    #[inline]
    pub fn read(&mut self) -> io::Result<Option<Line<'_>>> {
        self.input.consume(self.taken);
        self.taken = 0;
        // Most lines lie in the buffer as they are.
        let buffer = self.input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if let Some(end) = memchr(b'\n', buffer)
            && end <= LINE_MAX
        {
            self.taken = end + 1;
            let buffer = self.input.fill_buf()?;
            return Ok(Some(Line::Whole(bare(&buffer[..end]))));
        }
        self.read_pieces()
    }

    /// A line that goes on behind the buffer.
    #[cold]
    fn read_pieces(&mut self) -> io::Result<Option<Line<'_>>> {
        self.pieces.clear();
        let mut is_long = false;
        loop {
            let buffer = self.input.fill_buf()?;
            let (piece, ends) = match memchr(b'\n', buffer) {
                Some(end) => (&buffer[..end], true),
                None => (buffer, buffer.is_empty()),
            };
            let room = LINE_MAX - self.pieces.len();
            is_long |= piece.len() > room;
            self.pieces.extend_from_slice(&piece[..piece.len().min(room)]);
            let read = piece.len() + usize::from(ends && !buffer.is_empty());
            self.input.consume(read);
            if ends {
                break;
            }
        }
        let line = bare(&self.pieces);
        Ok(Some(if is_long { Line::TooLong(line) } else { Line::Whole(line) }))
    }
}

/// A line without the carriage return before its end.
fn bare(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Read};

    fn all(input: impl Read, buffer: usize) -> Vec<(u64, bool, Vec<u8>)> {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, input));
        let mut all = vec![];
        while let Some(line) = lines.read().unwrap() {
            let (is_whole, bytes) = match line {
                Line::Whole(bytes) => (true, bytes.to_vec()),
                Line::TooLong(bytes) => (false, bytes.to_vec()),
            };
            all.push((lines.number(), is_whole, bytes));
        }
        all
    }

    #[test]
    fn lines_are_the_same_whatever_the_buffer() {
        let text: &[u8] = b"one\r\n\ntwo and more\nend";
        let wanted: Vec<(u64, bool, Vec<u8>)> = vec![
            (1, true, b"one".to_vec()),
            (2, true, b"".to_vec()),
            (3, true, b"two and more".to_vec()),
            (4, true, b"end".to_vec()),
        ];
        for buffer in [1, 2, 3, 5, 8, 1_024] {
            assert_eq!(all(text, buffer), wanted, "{buffer}");
        }
        assert_eq!(all(&b""[..], 8), []);
        assert_eq!(all(&b"\n"[..], 8), [(1, true, vec![])]);
    }

    #[test]
    fn a_gibibyte_without_an_end_is_one_line_too_long() {
        let long = io::repeat(b'x').take(1 << 30).chain(&b"\nnext\n"[..]);
        let lines = all(long, 1 << 18);
        assert_eq!((lines[0].1, lines[0].2.len()), (false, LINE_MAX));
        assert_eq!(lines[1], (2, true, b"next".to_vec()));
        assert_eq!(lines.len(), 2);
    }
}
