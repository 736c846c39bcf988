//! Records of CSV, one after the other, as cells that lie in a buffer.
//!
//! A record with as many separators as the header, none of them in quotes, is
//! cut at them. Everything else (quotes, carriage returns that end a line alone,
//! a number of cells that is not the header's) goes through the state machine
//! of the crate `csv`, whose rules hold for both: blank lines are no records.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use super::error::TraceError;
use super::index::Index;

/// How much of a file is looked at together: it stays in the cache.
const CHUNK: usize = 64 << 10;

/// The longest record, in bytes.
const RECORD_MAX: usize = 16 << 20;

/// One record: its cells lie in `text`.
#[derive(Debug)]
pub(super) struct Record<'s> {
    text: &'s [u8],
    start: u32,
    /// Where each cell ends.
    ends: &'s [u32],
    /// How many bytes lie between two cells.
    gap: u32,
    /// Its line in the file, from 1.
    pub(super) line: u64,
}

impl Record<'_> {
    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell without the blanks around it.
    #[inline]
    pub(super) fn cell(&self, place: usize) -> &[u8] {
        let start = if place == 0 { self.start } else { self.ends[place - 1] + self.gap };
        bare(&self.text[start as usize..self.ends[place] as usize])
    }
}

/// Records that follow each other and are cut at their separators.
#[derive(Debug)]
pub(super) struct Plain<'s> {
    text: &'s [u8],
    start: u32,
    /// Where each cell ends.
    ends: &'s [u32],
    cells: usize,
    /// The line of the first; each has one.
    pub(super) line: u64,
}

impl<'s> Plain<'s> {
    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len() / self.cells
    }

    /// The cells of one column without the blanks around them.
    #[inline]
    pub(super) fn column(&self, place: usize) -> impl Iterator<Item = &'s [u8]> + '_ {
        (place..self.ends.len()).step_by(self.cells).map(|cell| {
            // A cell starts behind the one before, also of the record before.
            let start = if cell == 0 { self.start } else { self.ends[cell - 1] + 1 };
            bare(&self.text[start as usize..self.ends[cell] as usize])
        })
    }

    /// One of the records.
    pub(super) fn record(&self, number: usize) -> Record<'s> {
        let first = number * self.cells;
        let start = if number == 0 { self.start } else { self.ends[first - 1] + 1 };
        let ends = &self.ends[first..first + self.cells];
        Record { text: self.text, start, ends, gap: 1, line: self.line + number as u64 }
    }
}

/// A cell without the blanks around it.
#[inline]
fn bare(cell: &[u8]) -> &[u8] {
    // Few cells have blanks, and few begin or end with what may be one.
    let plain = |byte: &u8| (b'!'..=b'~').contains(byte);
    if cell.first().is_none_or(plain) && cell.last().is_none_or(plain) {
        return cell;
    }
    text(cell).trim().as_bytes()
}

/// A cell as text: the scanner lets nothing through that is none.
pub(super) fn text(cell: &[u8]) -> &str {
    str::from_utf8(cell).expect("records are UTF-8")
}

/// Reads records.
#[derive(Debug)]
pub(super) struct Scanner<R> {
    input: R,
    ended: bool,
    buffer: Vec<u8>,
    /// How much of the buffer is filled.
    filled: usize,
    /// How much of it is behind us, and how many cuts, lines and odd places.
    at: usize,
    cut: usize,
    feed: usize,
    odd: usize,
    index: Index,
    /// How many lines of the file are behind us.
    lines: u64,
    /// How many cells a record must have; 0 before the header.
    cells: usize,
    machine: csv_core::Reader,
    /// The cells of a record that was not merely cut.
    unquoted: Vec<u8>,
    ends: Vec<u32>,
}

impl<R: Read> Scanner<R> {
    /// A scanner of an input of which so many lines are read already.
    pub(super) fn new(input: R, lines: u64) -> Scanner<R> {
        Scanner {
            input,
            ended: false,
            buffer: vec![0; CHUNK],
            filled: 0,
            at: 0,
            cut: 0,
            feed: 0,
            odd: 0,
            index: Index::default(),
            lines,
            cells: 0,
            machine: csv_core::Reader::new(),
            unquoted: vec![],
            ends: vec![],
        }
    }

    /// As many records as need nothing but cutting, at most so many; perhaps
    /// none. The header must have been read.
    pub(super) fn plain(&mut self, most: usize) -> Plain<'_> {
        let (cuts, lines) = (&self.index.cuts[self.cut..], &self.index.lines[self.feed..]);
        let odd = self.index.odd.get(self.odd).copied().unwrap_or(u32::MAX);
        // A blank line of one cell would look like a record.
        let cells = if self.cells > 1 { self.cells } else { usize::MAX };
        let last_cuts = cuts.chunks_exact(cells).map(|record| record[cells - 1]);
        let fits = |(cut, line): &(u32, &u32)| cut == *line && **line < odd;
        let count = last_cuts.zip(lines).take(most).take_while(fits).count();
        let (start, line) = (short(self.at), self.lines + 1);
        let ends = &cuts[..count * self.cells];
        self.at = ends.last().map_or(self.at, |end| *end as usize + 1);
        self.cut += ends.len();
        self.feed += count;
        self.lines += count as u64;
        Plain { text: &self.buffer, start, ends, cells: self.cells, line }
    }

    /// The record up to the next line feed.
    fn cut_off(&mut self, end: u32) -> Record<'_> {
        let (start, cut) = (short(self.at), self.cut);
        self.at = end as usize + 1;
        self.cut += self.cells;
        self.feed += 1;
        self.lines += 1;
        let ends = &self.index.cuts[cut..self.cut];
        Record { text: &self.buffer, start, ends, gap: 1, line: self.lines }
    }

    /// The next record, whatever it looks like; the first is the header, and
    /// the others must have as many cells.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, TraceError> {
        loop {
            self.skip_blank_lines();
            if self.feed == self.index.lines.len() {
                if !self.refill()? {
                    return Ok(None);
                }
                continue;
            }
            if let Some(end) = self.end_of_text()? {
                let passed = |odd: &&u32| **odd <= end;
                self.odd += self.index.odd[self.odd..].iter().take_while(passed).count();
                return Ok(Some(self.cut_off(end)));
            }
            if let Some(passed) = self.unquote()? {
                let line = self.lines + 1;
                self.pass(passed);
                let Scanner { unquoted, ends, .. } = self;
                return Ok(Some(Record { text: unquoted, start: 0, ends, gap: 0, line }));
            }
            // It goes on behind what is in the buffer.
            if !self.refill()? {
                return Ok(None);
            }
        }
    }

    /// Where the next record ends, if it is odd for nothing but its letters.
    fn end_of_text(&self) -> Result<Option<u32>, TraceError> {
        let end = self.index.lines[self.feed];
        let cuts = self.index.cuts.get(self.cut + self.cells.max(1) - 1);
        let record = &self.buffer[self.at..end as usize];
        let bare = record.strip_suffix(b"\r").unwrap_or(record);
        if self.cells == 0 || cuts != Some(&end) || bare.iter().any(|b| b"\"\r".contains(b)) {
            return Ok(None);
        }
        if str::from_utf8(record).is_err() {
            return Err(not_utf8(self.lines + 1));
        }
        Ok(Some(end))
    }

    /// Puts the next record's cells apart; how long it is, if all of it is in
    /// the buffer.
    fn unquote(&mut self) -> Result<Option<usize>, TraceError> {
        let input = &self.buffer[self.at..self.filled];
        let mut ends = vec![0; 16];
        self.unquoted.resize(self.unquoted.len().max(1 << 10), 0);
        let (mut read, mut written, mut cells) = (0, 0, 0);
        loop {
            let (result, took, wrote, ended) = self.machine.read_record(
                &input[read..],
                &mut self.unquoted[written..],
                &mut ends[cells..],
            );
            (read, written, cells) = (read + took, written + wrote, cells + ended);
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::OutputFull => self.unquoted.resize(2 * self.unquoted.len(), 0),
                ReadRecordResult::OutputEndsFull => ends.resize(2 * ends.len(), 0),
                ReadRecordResult::InputEmpty if !self.ended => {
                    self.machine.reset();
                    // A blank line is no record; only in a file's first bytes
                    // does the machine look for a byte order mark.
                    self.machine.read_record(b"\n", &mut [0], &mut [0]);
                    return Ok(None);
                }
                // An empty input tells the machine that there is no more.
                ReadRecordResult::InputEmpty => read = input.len(),
                ReadRecordResult::End => return Ok(None),
            }
        }
        let line = self.lines + 1;
        if self.cells == 0 {
            self.cells = cells;
        }
        if cells != self.cells {
            let why = format!("it has {cells} cells, and the header has {}", self.cells);
            return Err(TraceError::Row { line, why });
        }
        if str::from_utf8(&self.unquoted[..written]).is_err() {
            return Err(not_utf8(line));
        }
        self.ends.clear();
        self.ends.extend(ends[..cells].iter().map(|end| short(*end)));
        Ok(Some(read))
    }

    fn skip_blank_lines(&mut self) {
        let rest = &self.buffer[self.at..self.filled];
        let blank = rest.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        if blank > 0 {
            self.pass(blank);
        }
    }

    /// So many bytes are behind us.
    fn pass(&mut self, bytes: usize) {
        self.at += bytes;
        let before = self.feed;
        let next = |places: &[u32], mut from: usize| {
            while places.get(from).is_some_and(|place| (*place as usize) < self.at) {
                from += 1;
            }
            from
        };
        self.cut = next(&self.index.cuts, self.cut);
        self.feed = next(&self.index.lines, self.feed);
        self.odd = next(&self.index.odd, self.odd);
        self.lines += (self.feed - before) as u64;
    }

    /// Reads more behind what is left of the buffer; whether there is a line
    /// more to look at.
    fn refill(&mut self) -> Result<bool, TraceError> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        if self.filled > self.buffer.len() / 2 {
            if self.filled > RECORD_MAX {
                let why = format!("the row is longer than {} MiB", RECORD_MAX >> 20);
                return Err(TraceError::Row { line: self.lines + 1, why });
            }
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        // One byte is kept for the line feed that the last line may lack.
        while self.filled < self.buffer.len() - 1 {
            let room = self.buffer.len() - 1;
            match self.input.read(&mut self.buffer[self.filled..room]) {
                Ok(0) => {
                    self.ended = true;
                    self.buffer[self.filled] = b'\n';
                    self.filled += 1;
                    break;
                }
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(TraceError::Unreadable(error.to_string())),
            }
        }
        self.index.find(&self.buffer[..self.filled]);
        (self.cut, self.feed, self.odd) = (0, 0, 0);
        Ok(true)
    }
}

/// A place in the buffer, which is never longer than two records may be.
#[allow(clippy::cast_possible_truncation)] // that is far below 4 GiB
const fn short(place: usize) -> u32 {
    place as u32
}

fn not_utf8(line: u64) -> TraceError {
    TraceError::Row { line, why: "it is not UTF-8 text".to_owned() }
}
