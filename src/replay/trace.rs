//! A trace: requests as rows of CSV, of which only what the API looks at is read.
//!
//! - Lines that start with `#` before the header are comments.
//! - The time is the first of `t_ns`, `t_us`, `t_ms`, `mono_ms`, `now_ms`,
//!   `wall_ms` and `t_s` that there is, or the column that is named. Times are
//!   never shifted.
//! - The attributes that the limits name are columns of those names; an empty
//!   cell is an attribute that the request lacks. `endpoint` names the endpoint.
//! - `cost` replaces the model's cost, and `used_cost` what it turns out to be;
//!   0 is legal.
//! - The response comes `duration_ns`, `_us`, `_ms` or `_s` after the request
//!   was let through, or at once, with the status in `backend_status`; a column
//!   of 0 and 1 can say instead whether the backend failed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::error::{TraceError, wrong};
use crate::api::EndpointId;
use crate::attribute::{AttributeValue, Principal, Principals};
use crate::http::Status;
use crate::time::{Instant, SECOND, Span};

/// The time columns, in the order in which they are looked for.
const TIMES: [&str; 7] = ["t_ns", "t_us", "t_ms", "mono_ms", "now_ms", "wall_ms", "t_s"];

/// The most requests of a trace.
pub(super) const ROWS_MAX: usize = 20_000_000;

/// What of a trace is read, where its names do not say it.
#[derive(Clone, Default, Debug)]
pub struct Columns {
    /// The time; its name ends in its unit.
    pub time: Option<String>,
    /// A column of 0 and 1: whether the backend failed.
    pub failed: Option<String>,
}

/// One request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// When it came.
    pub at: Instant,
    /// Its line in the file, from 1.
    pub line: u64,
    /// For whom.
    pub principal: Principal,
    /// What the `key` column says, or else the attributes that the limits look
    /// at, by its place among the texts.
    pub key: u32,
    /// What it asks.
    pub endpoint: EndpointId,
    /// What it costs, where the trace says so.
    pub cost: Option<u32>,
    /// What it turned out to cost.
    pub used: Option<u32>,
    /// How the backend answers.
    pub status: Status,
    /// How long after it was let through.
    pub took: Span,
}

/// The requests of a file, and whom they are for.
#[derive(Clone, Debug)]
pub struct Trace {
    /// In the order of the file.
    pub rows: Vec<Row>,
    /// Whom they are for: a row for each tuple of attributes.
    pub principals: Principals,
    /// The texts of the keys.
    pub keys: Vec<String>,
    /// Whether the trace says when responses come.
    pub has_durations: bool,
    /// Whether it says what requests turned out to cost.
    pub has_used: bool,
}

/// The places of the columns that are read.
struct Places {
    time: usize,
    unit: u64,
    attributes: Vec<usize>,
    key: Option<usize>,
    endpoint: Option<usize>,
    cost: Option<usize>,
    used: Option<usize>,
    status: Option<usize>,
    failed: Option<usize>,
    took: Option<(usize, u64)>,
}

impl Trace {
    /// Reads a trace for limits over these attributes and endpoints.
    pub fn read(
        input: impl BufRead,
        columns: &Columns,
        attributes: &[String],
        endpoints: &[&str],
    ) -> Result<Trace, TraceError> {
        let (mut input, skipped) = without_comments(input)?;
        // The reader counts a line when it sees its \n, with CRLF one record later.
        let crlf = u64::from(ends_in_crlf(&mut input)?);
        let mut reader = csv::ReaderBuilder::new().from_reader(input);
        let header = reader.headers().map_err(|error| wrong(&error, skipped))?.clone();
        let places = Places::find(&header, columns, attributes, endpoints)?;
        let mut building = Building {
            places,
            endpoints,
            principals: Principals::new(attributes.to_vec()),
            known: BTreeMap::new(),
            texts: BTreeMap::new(),
            keys: vec![],
        };
        let mut rows = vec![];
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| wrong(&error, skipped + crlf))? {
            let began = record.position().map_or(0, csv::Position::line) + crlf;
            let within: usize =
                record.iter().map(|cell| cell.bytes().filter(|b| *b == b'\n').count()).sum();
            // Blank lines before a record are skipped after it began.
            let line = (reader.position().line() + crlf).saturating_sub(1 + within as u64);
            let line = line.max(began) + skipped;
            if rows.len() == ROWS_MAX {
                let why = format!("there are more than {ROWS_MAX} requests: split the trace");
                return Err(TraceError::Row { line, why });
            }
            rows.push(building.row(&record, line).map_err(|why| TraceError::Row { line, why })?);
        }
        let has_durations = building.places.took.is_some();
        let has_used = building.places.used.is_some();
        let Building { principals, keys, .. } = building;
        Ok(Trace { rows, principals, keys, has_durations, has_used })
    }
}

impl Places {
    fn find(
        header: &csv::StringRecord,
        columns: &Columns,
        attributes: &[String],
        endpoints: &[&str],
    ) -> Result<Places, TraceError> {
        let place = |name: &str| header.iter().position(|column| column.trim() == name);
        let all = || header.iter().collect::<Vec<_>>().join(", ");
        let needed = |name: &str, what: &str| {
            place(name).ok_or_else(|| {
                TraceError::Column(format!("there is no column `{name}`{what}; it has: {}", all()))
            })
        };
        let name = match &columns.time {
            Some(name) => name.as_str(),
            None => TIMES.into_iter().find(|name| place(name).is_some()).ok_or_else(|| {
                let wanted = TIMES.join(", ");
                let why = format!("it has no time: none of its columns ({}) is one of", all());
                TraceError::Column(format!("{why} {wanted}; name one with --time"))
            })?,
        };
        let unit = unit_of(name).ok_or_else(|| {
            let why = format!("the column `{name}` does not say its unit");
            TraceError::Column(format!("{why}: its name must end in _ns, _us, _ms or _s"))
        })?;
        let attribute = |name: &String| needed(name, ", which the limits look at");
        let durations = ["duration_ns", "duration_us", "duration_ms", "duration_s"];
        let took = durations.iter().find_map(|name| Some((place(name)?, unit_of(name)?)));
        let endpoint = place("endpoint").filter(|_| endpoints.len() > 1);
        if endpoints.len() > 1 && endpoint.is_none() {
            needed("endpoint", ", and the API has several endpoints")?;
        }
        Ok(Places {
            time: needed(name, "")?,
            unit,
            attributes: attributes.iter().map(attribute).collect::<Result<_, _>>()?,
            key: place("key"),
            endpoint,
            cost: place("cost"),
            used: place("used_cost"),
            status: place("backend_status"),
            failed: match &columns.failed {
                Some(name) => Some(needed(name, "")?),
                None => None,
            },
            took,
        })
    }
}

/// Nanoseconds in the unit at the end of a column's name.
fn unit_of(name: &str) -> Option<u64> {
    match name.rsplit_once('_')?.1 {
        "ns" => Some(1),
        "us" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(SECOND),
        _ => None,
    }
}

struct Building<'e> {
    places: Places,
    endpoints: &'e [&'e str],
    principals: Principals,
    known: BTreeMap<Vec<Option<AttributeValue>>, Principal>,
    texts: BTreeMap<String, u32>,
    keys: Vec<String>,
}

impl Building<'_> {
    fn row(&mut self, record: &csv::StringRecord, line: u64) -> Result<Row, String> {
        let places = &self.places;
        let cell = |place: usize| record.get(place).unwrap_or("").trim();
        let filled = |place: Option<usize>| place.map(cell).filter(|text| !text.is_empty());
        let at = time(cell(places.time), places.unit)?;
        let took = match places.took {
            Some((place, unit)) if !cell(place).is_empty() => time(cell(place), unit)?,
            _ => 0,
        };
        if at.checked_add(took).is_none_or(|end| end == u64::MAX) {
            return Err("its response is later than the year 2554, where the clock ends".to_owned());
        }
        let endpoint = match filled(places.endpoint) {
            None if places.endpoint.is_some() => return Err("it names no endpoint".to_owned()),
            None => 0,
            Some(name) => {
                let place = self.endpoints.iter().position(|known| *known == name);
                let known = || self.endpoints.join(", ");
                place.ok_or_else(|| {
                    format!("there is no endpoint `{name}`; the API has: {}", known())
                })?
            }
        };
        let mut status = match filled(places.status) {
            None => Status::OK,
            Some(text) => {
                let status = text.parse().ok().filter(|s| (100..600).contains(s));
                Status(status.ok_or_else(|| format!("`{text}` is no status: write 200"))?)
            }
        };
        match filled(places.failed) {
            None | Some("0") => {}
            Some("1") => status = Status(500),
            Some(text) => {
                return Err(format!("`{text}` does not say whether it failed: write 0 or 1"));
            }
        }
        let (cost, used) = (amount(filled(places.cost))?, amount(filled(places.used))?);
        let values: Vec<_> = places.attributes.iter().map(|place| filled(Some(*place))).collect();
        let key = match filled(places.key) {
            Some(key) => Cow::Borrowed(key),
            None if places.key.is_some() => Cow::Borrowed(""),
            None => Cow::Owned(values.iter().flatten().copied().collect::<Vec<_>>().join(",")),
        };
        let key = if let Some(known) = self.texts.get(key.as_ref()) {
            *known
        } else {
            let next = u32::try_from(self.keys.len()).map_err(|_| "there are too many keys")?;
            self.keys.push(key.clone().into_owned());
            self.texts.insert(key.into_owned(), next);
            next
        };
        let endpoint =
            EndpointId::try_from(endpoint).map_err(|_| "there are too many endpoints")?;
        Ok(Row {
            at: Instant(at),
            line,
            principal: self.principal(&values),
            key,
            endpoint,
            cost,
            used,
            status,
            took: Span(took),
        })
    }

    fn principal(&mut self, values: &[Option<&str>]) -> Principal {
        let principals = &mut self.principals;
        let row: Vec<_> = values.iter().map(|text| text.map(|t| principals.value_of(t))).collect();
        if let Some(known) = self.known.get(&row) {
            return *known;
        }
        let principal = principals.push(&row);
        self.known.insert(row, principal);
        principal
    }
}

/// A time exactly: digits, and perhaps decimals down to a nanosecond.
fn time(text: &str, unit: u64) -> Result<u64, String> {
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

fn amount(text: Option<&str>) -> Result<Option<u32>, String> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || format!("`{text}` is not a cost: write a whole number from 0 to {}", u32::MAX);
    text.parse().map(Some).map_err(|_| wrong())
}

/// The input after a byte order mark and its comments, and how many lines those are.
fn without_comments<R: BufRead>(mut input: R) -> Result<(R, u64), TraceError> {
    let unreadable = |error: io::Error| TraceError::Unreadable(error.to_string());
    if input.fill_buf().map_err(unreadable)?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    let mut lines = 0;
    while input.fill_buf().map_err(unreadable)?.first() == Some(&b'#') {
        input.skip_until(b'\n').map_err(unreadable)?;
        lines += 1;
    }
    Ok((input, lines))
}

/// Whether the header's line ends in CRLF, as far as it has been read.
fn ends_in_crlf(input: &mut impl BufRead) -> Result<bool, TraceError> {
    let seen = input.fill_buf().map_err(|error| TraceError::Unreadable(error.to_string()))?;
    let end = seen.iter().position(|byte| *byte == b'\n');
    Ok(end.is_some_and(|end| seen[..end].ends_with(b"\r")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Trace, TraceError> {
        let attributes = ["key".to_owned()];
        Trace::read(text.as_bytes(), &Columns::default(), &attributes, &["request"])
    }

    #[test]
    fn the_first_time_column_in_the_list_counts() {
        let trace = read("# nginx\n# 10r/s\nwall_ms,mono_ms,key,cost\n9,7,a,\n9,8,b,0\n").unwrap();
        assert_eq!(trace.rows[0].at, Instant(7_000_000));
        assert_eq!((trace.rows[0].line, trace.rows[0].cost), (4, None));
        assert_eq!((trace.rows[1].principal, trace.rows[1].cost), (1, Some(0)));
        assert!(!trace.has_durations);
    }

    #[test]
    fn times_are_exact() {
        for (text, unit, ns) in [
            ("1800000000.000000001", SECOND, 1_800_000_000_000_000_001),
            ("1.5", 1_000_000, 1_500_000),
            ("7.000", 1, 7),
        ] {
            assert_eq!(time(text, unit), Ok(ns), "{text}");
        }
        for text in ["", "-1", "1e9", "0.0000000001", "99999999999", "1.2.3"] {
            assert!(time(text, SECOND).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, part) in [
            ("time,key\n1,a\n", "none of its columns (time, key) is one of"),
            ("t_ns,k\n1,a\n", "no column `key`, which the limits look at"),
            ("t_ns,key\n1,a\nx,b\n", "line 3: `x` is not a time"),
            ("#\nt_ns,key\n1,a\n1\n", "line 4: it has 1 cells, and the header has 2"),
            ("t_ns,key,cost\n1,a,-1\n", "line 2: `-1` is not a cost"),
            ("t_ns,key,backend_status\n1,a,7\n", "line 2: `7` is no status"),
            ("t_ns,key\r\n1,a\r\nx,b\r\n", "line 3: `x` is not a time"),
            ("t_ns,key\n1,a\n\n\nx,b\n", "line 5: `x` is not a time"),
            ("t_ns,key,duration_s\n1,a,18446744073\n2,a,18446744073.709551614\n", "line 3: its"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
