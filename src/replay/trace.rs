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

use std::io::{self, BufRead};

use super::building::Building;
use super::error::TraceError;
use super::places::{Columns, Places};
use super::rows::Rows;
use super::scan::{Scanner, text};
use crate::attribute::{AttributeValue, Principals};

/// The most requests of a trace: of twelve bytes each, and of more where the
/// file says more of them than when and for whom.
pub(super) const ROWS_MAX: usize = 100_000_000;

/// How many plain records are read together: their cells stay in the cache.
pub(super) const PLAIN: usize = 256;

/// The requests of a file, and whom they are for.
#[derive(Clone, Debug)]
pub struct Trace {
    /// In the order of the file.
    pub rows: Rows,
    /// Whom they are for: a row for each tuple of attributes.
    pub principals: Principals,
    /// Whether the trace says when responses come.
    pub has_durations: bool,
    /// Whether it says what requests turned out to cost.
    pub has_used: bool,
    /// The texts of the keys, by principal; empty where rows have their own.
    pub(super) keys: Vec<AttributeValue>,
}

impl Trace {
    /// Reads a trace for limits over these attributes and endpoints.
    pub fn read(
        input: impl BufRead,
        columns: &Columns,
        attributes: &[String],
        endpoints: &[&str],
    ) -> Result<Trace, TraceError> {
        Trace::read_for(input, columns, attributes, endpoints, true)
    }

    /// The same; without `keys` the `key` column is skipped where the limits do
    /// not look at it, and [`Trace::key`] tells the attributes.
    pub fn read_for(
        input: impl BufRead,
        columns: &Columns,
        attributes: &[String],
        endpoints: &[&str],
        keys: bool,
    ) -> Result<Trace, TraceError> {
        let (input, skipped) = without_comments(input)?;
        let mut scanner = Scanner::new(input, skipped);
        let header = match scanner.next()? {
            Some(header) => (0..header.len()).map(|n| text(header.cell(n)).to_owned()).collect(),
            None => vec![],
        };
        let mut places = Places::find(&header, columns, attributes, endpoints)?;
        places.key = places.key.filter(|_| keys);
        let mut building = Building::new(places, endpoints, attributes);
        loop {
            if building.takes_plain() {
                building.add_plain(&scanner.plain(PLAIN))?;
            }
            // What stopped the plain ones, or more of the file.
            let Some(record) = scanner.next()? else { return Ok(building.done()) };
            building.add(&record)?;
        }
    }

    /// A trace that is made, not read, of requests that tell nothing but what
    /// their rows say.
    #[must_use]
    pub fn of(rows: Rows, principals: Principals) -> Trace {
        Trace { rows, principals, has_durations: false, has_used: false, keys: vec![] }
    }

    /// Gives the rows of a log their keys: the attributes of their principals.
    pub fn name_keys(&mut self) {
        let texts = |principal| {
            let values = self.principals.row(principal).iter().flatten();
            let texts: Vec<&str> =
                values.filter_map(|value| self.principals.text(*value)).collect();
            texts.join(", ")
        };
        let names: Vec<String> = (0..self.principals.len()).map(texts).collect();
        self.keys = names.iter().map(|name| self.principals.value_of(name)).collect();
    }

    /// What the `key` column says of a request, or else the attributes that the
    /// limits look at.
    #[must_use]
    pub fn key(&self, row: usize) -> &str {
        let value = match self.rows.keys.get(row) {
            Some(value) => Some(value),
            None => self.keys.get(self.rows.principals()[row] as usize),
        };
        value.and_then(|value| self.principals.text(*value)).unwrap_or("")
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    fn read(text: &str) -> Result<Trace, TraceError> {
        let attributes = ["key".to_owned()];
        Trace::read(text.as_bytes(), &Columns::default(), &attributes, &["request"])
    }

    #[test]
    fn the_first_time_column_in_the_list_counts() {
        let trace = read("# nginx\n# 10r/s\nwall_ms,mono_ms,key,cost\n9,7,a,\n9,8,b,0\n").unwrap();
        assert_eq!(trace.rows.get(0).at, Instant(7_000_000));
        assert_eq!((trace.rows.get(0).line, trace.rows.get(0).cost), (4, None));
        assert_eq!((trace.rows.get(1).principal, trace.rows.get(1).cost), (1, Some(0)));
        assert!(!trace.has_durations);
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
