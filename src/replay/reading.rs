//! Access logs become the rows of a trace, in the order of time.

use std::io::BufRead;

use super::error::TraceError;
use super::keyed::Keyed;
use super::log_error::LogError;
use super::rows::{Row, Rows};
use super::seen::{Seen, Starts, Unreadable};
use super::trace::{ROWS_MAX, Trace};
use crate::http::Status;
use crate::log::{
    self, Cutter, Fields, Filter, LOOKED_AT, Layout, Line, Lines, Mask, Source, Stamp, Stamps,
};
use crate::time::{Instant, SECOND, Span};

/// How many unreadable lines are shown.
const SHOWN: usize = 3;

/// What is told of a line where keys are masked: it may hold one.
const HIDDEN: &str = "not shown, because keys are masked";

/// How logs are read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The layout, where it is not to be found: see [`Layout::named`].
    pub format: Option<String>,
    /// The field of the time, where it is not to be found.
    pub time: Option<String>,
    /// Only these requests.
    pub filter: Option<Filter>,
    /// How late a line may come after one of a later time.
    pub reorder: Span,
    /// Any line may come at any place.
    pub sort: bool,
    /// The largest share of lines that may be unreadable.
    pub unreadable: f64,
    /// The most keys; the requests of others are not decided on.
    pub keys_max: usize,
    /// Keys are told by their hashes under this secret only.
    pub mask: Option<Mask>,
}

impl Default for Asked {
    fn default() -> Self {
        Asked {
            format: None,
            time: None,
            filter: None,
            reorder: Span::seconds(60),
            sort: false,
            unreadable: 0.01,
            keys_max: 10_000_000,
            mask: None,
        }
    }
}

/// Requests of logs.
#[derive(Debug)]
pub struct Reading {
    /// In the order of time, those of one instant in the order of the files.
    pub trace: Trace,
    /// What was seen beside them.
    pub seen: Seen,
}

/// Reads logs one after the other.
#[derive(Debug)]
pub struct Reader<'a> {
    asked: &'a Asked,
    keyed: Keyed,
    rows: Rows,
    seen: Seen,
    has_durations: bool,
}

impl<'a> Reader<'a> {
    /// For limits over these attributes, each of which is read as a [`Key`](crate::log::Key).
    pub fn new(asked: &'a Asked, attributes: &'a [String]) -> Result<Reader<'a>, String> {
        Ok(Reader {
            asked,
            keyed: Keyed::new(attributes, asked.keys_max, asked.mask.clone())?,
            rows: Rows::new(),
            seen: Seen { starts: Starts::Stamped, minutes: vec![0; 60], ..Seen::default() },
            has_durations: true,
        })
    }

    /// Reads a file, unpacked.
    pub fn read(&mut self, name: &str, input: impl BufRead) -> Result<(), LogError> {
        let failed = |line, why| LogError::File { file: name.to_owned(), line, why };
        let mut lines = Lines::new(input);
        // The first lines say what the others are like.
        let mut first: Vec<(u64, Vec<u8>)> = vec![];
        while first.len() < LOOKED_AT {
            let line = lines.read().map_err(|why| failed(lines_so_far(&first), why))?;
            let Some(line) = line else { break };
            // One that is too long is like no other.
            let (bytes, is_whole) = match line {
                Line::Whole(bytes) => (bytes.to_vec(), true),
                Line::TooLong(_) => (vec![], false),
            };
            if !is_whole {
                self.seen.lines += 1;
                self.unreadable(name, lines.number(), too_long());
            }
            let number = lines.number();
            let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
                Some(rest) if number == 1 => rest.to_vec(),
                _ => bytes,
            };
            if !bytes.is_empty() {
                first.push((number, bytes));
            }
        }
        if first.is_empty() {
            self.seen.layouts.push("empty".to_owned());
            return Ok(());
        }
        let mut file = self.open(name, &first)?;
        let heads = usize::try_from(file.heads).unwrap_or(0);
        for (number, line) in first.iter().skip(heads) {
            self.line(&mut file, *number, Line::Whole(line))?;
        }
        loop {
            let number = lines.number() + 1;
            match lines.read().map_err(|why| failed(number, why))? {
                None => break,
                Some(Line::Whole(b"")) => {}
                Some(line) => self.line(&mut file, number, line)?,
            }
        }
        let tick = file.stamps.finest().map(Span);
        self.seen.tick = self.seen.tick.max(tick);
        Ok(())
    }

    /// Finds out how a file is to be read.
    fn open(&mut self, name: &str, first: &[(u64, Vec<u8>)]) -> Result<File, LogError> {
        let lines: Vec<&[u8]> = first.iter().map(|(_, line)| line.as_slice()).collect();
        let unlike = |why| LogError::Layout {
            file: name.to_owned(),
            why,
            first: match self.asked.mask {
                None => String::from_utf8_lossy(&lines[0][..lines[0].len().min(120)]).into_owned(),
                Some(_) => HIDDEN.to_owned(),
            },
        };
        let time = self.asked.time.as_deref().unwrap_or("time");
        let layout = match &self.asked.format {
            Some(format) => Layout::named(format, &lines).map_err(|why| unlike(Some(why)))?,
            None => Layout::of(&lines, time).ok_or_else(|| unlike(None))?,
        };
        let own = layout.own();
        let missing = |field: &str| LogError::Field {
            file: name.to_owned(),
            field: field.to_owned(),
            own: own.iter().map(|name| (*name).to_owned()).collect(),
        };
        let find = |field: &str| log::find(field, &own).ok_or_else(|| missing(field));
        let time = find(time)?;
        let stamped = own[time.place].to_owned();
        let took = log::took(&own);
        let status = log::find("status", &own);
        let mut sources = vec![time];
        sources.extend(took.map(|(place, _)| Source::whole(place)));
        sources.extend(status);
        let keys = sources.len();
        for field in self.keyed.fields() {
            sources.push(find(field)?);
        }
        let filter = sources.len();
        for field in self.asked.filter.iter().flat_map(Filter::fields) {
            sources.push(find(field)?);
        }
        let starts = match (log::begins(&stamped), took) {
            (true, _) => Starts::Stamped,
            (false, Some(_)) => Starts::Subtracted,
            (false, None) => Starts::Unknown,
        };
        self.seen.starts = self.seen.starts.worse(starts);
        self.has_durations &= took.is_some();
        let (told, heads) = (layout.to_string(), layout.heads());
        let mut cutter = Cutter::new(layout, sources);
        let stamps = stamp_of(&mut cutter, first, heads).ok_or_else(|| unlike(None))?;
        self.seen.layouts.push(told);
        self.seen.stamps = Some(stamps);
        Ok(File {
            name: name.to_owned(),
            cutter,
            stamps: Stamps::new(stamps),
            took: took.map(|(_, unit)| (1, unit)),
            status: status.map(|_| 1 + usize::from(took.is_some())),
            keys,
            filter,
            ends: starts == Starts::Subtracted,
            latest: Instant(0),
            heads,
        })
    }

    /// Reads a line.
    fn line(&mut self, file: &mut File, number: u64, line: Line<'_>) -> Result<(), LogError> {
        self.seen.lines += 1;
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::TooLong(_) => {
                self.unreadable(&file.name, number, too_long());
                return Ok(());
            }
        };
        match self.request(file, number, bytes) {
            Ok(()) => Ok(()),
            Err(Wrong::Line(why)) => {
                self.unreadable(&file.name, number, why);
                Ok(())
            }
            Err(Wrong::All(error)) => Err(error),
        }
    }

    #[cold]
    fn unreadable(&mut self, file: &str, line: u64, why: String) {
        self.seen.unreadable += 1;
        let why = if self.asked.mask.is_some() { HIDDEN.to_owned() } else { why };
        if self.seen.examples.len() < SHOWN {
            self.seen.examples.push(Unreadable { file: file.to_owned(), line, why });
        }
    }

    fn request(&mut self, file: &mut File, line: u64, bytes: &[u8]) -> Result<(), Wrong> {
        let Some(fields) = file.cutter.cut(bytes) else {
            return Err(Wrong::Line("it is not like the first lines".to_owned()));
        };
        let stamp = file.stamps.read(fields.get(0)).map_err(Wrong::Line)?;
        let took = match file.took {
            Some((place, unit)) => log::span(fields.get(place), unit).map_err(Wrong::Line)?,
            None => Span::ZERO,
        };
        if let Some(filter) = &self.asked.filter
            && !filter.takes(&|place| fields.get(file.filter + place))
        {
            self.seen.filtered += 1;
            return Ok(());
        }
        let late = file.latest.since(stamp);
        self.seen.late = self.seen.late.max(late);
        if late > self.asked.reorder && !self.asked.sort {
            return Err(Wrong::All(LogError::Late {
                file: file.name.clone(),
                line,
                by: late,
                most: self.asked.reorder,
            }));
        }
        file.latest = file.latest.max(stamp);
        let at = if file.ends { Instant(stamp.0.saturating_sub(took.0)) } else { stamp };
        let status = file.status.and_then(|place| status(fields.get(place))).unwrap_or(Status::OK);
        let Some(principal) = self.keyed.principal(&fields, file.keys) else {
            self.seen.undecided += 1;
            return Ok(());
        };
        #[allow(clippy::cast_possible_truncation)] // a minute of an hour
        let minute = (at.0 / (60 * SECOND) % 60) as usize;
        self.seen.minutes[minute] += 1;
        if self.rows.len() == ROWS_MAX {
            let why = format!("there are more than {ROWS_MAX} requests: split the logs");
            return Err(Wrong::All(LogError::Row(TraceError::Row { line, why })));
        }
        self.rows.push(Row {
            at,
            line,
            principal,
            endpoint: 0,
            cost: None,
            used: None,
            status,
            took,
        });
        Ok(())
    }

    /// All files are read: their requests in the order of time.
    pub fn done(self) -> Result<Reading, LogError> {
        let seen = self.seen;
        if seen.unreadable as f64 > self.asked.unreadable * seen.lines as f64 {
            return Err(LogError::Unreadable(Box::new(seen)));
        }
        let mut trace = Trace::of(self.rows.in_order(), self.keyed.done());
        trace.has_durations = self.has_durations;
        Ok(Reading { trace, seen })
    }
}

/// A file that is being read.
#[derive(Debug)]
struct File {
    name: String,
    cutter: Cutter,
    stamps: Stamps,
    /// The field of how long a request took, and its unit.
    took: Option<(usize, u64)>,
    status: Option<usize>,
    /// The first of the fields that keys are of, and of those of the filter.
    keys: usize,
    filter: usize,
    /// Whether stamps are of ends, and how long requests took is known.
    ends: bool,
    latest: Instant,
    /// How many lines at its beginning are no requests.
    heads: u64,
}

/// What is wrong with a line, or with all.
enum Wrong {
    Line(String),
    All(LogError),
}

/// The form of the first stamp that is one.
fn stamp_of(cutter: &mut Cutter, first: &[(u64, Vec<u8>)], heads: u64) -> Option<Stamp> {
    let heads = usize::try_from(heads).unwrap_or(0);
    let stamp = |(_, line): &(u64, Vec<u8>)| {
        cutter.cut(line).and_then(|fields: Fields<'_>| Stamp::of(fields.get(0)))
    };
    first.iter().skip(heads).find_map(stamp)
}

fn too_long() -> String {
    format!("it has more than {} bytes", log::LINE_MAX)
}

fn lines_so_far(first: &[(u64, Vec<u8>)]) -> u64 {
    first.last().map_or(1, |(number, _)| number + 1)
}

fn status(text: &[u8]) -> Option<Status> {
    let status = str::from_utf8(text).ok()?.parse().ok()?;
    (100..600).contains(&status).then_some(Status(status))
}

#[cfg(test)]
mod tests;
