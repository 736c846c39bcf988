//! Where the columns that are read stand in a trace.

use super::error::TraceError;
use crate::time::SECOND;

/// The time columns, in the order in which they are looked for.
const TIMES: [&str; 7] = ["t_ns", "t_us", "t_ms", "mono_ms", "now_ms", "wall_ms", "t_s"];

/// What of a trace is read, where its names do not say it.
#[derive(Clone, Default, Debug)]
pub struct Columns {
    /// The time; its name ends in its unit.
    pub time: Option<String>,
    /// A column of 0 and 1: whether the backend failed.
    pub failed: Option<String>,
}

impl Columns {
    /// Whether the first line of a file is the header of a trace: CSV with a
    /// column of times, of which the name says the unit.
    #[must_use]
    pub fn are_in(&self, header: &[u8]) -> bool {
        let Ok(header) = str::from_utf8(header) else { return false };
        let mut cells = header.split(',').map(|cell| cell.trim().trim_matches('"'));
        match &self.time {
            Some(name) => unit_of(name).is_some() && cells.any(|cell| cell == name),
            None => cells.any(|cell| TIMES.contains(&cell)),
        }
    }
}

/// The places of the columns that are read.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) time: usize,
    pub(super) unit: u64,
    pub(super) attributes: Vec<usize>,
    pub(super) key: Option<usize>,
    pub(super) endpoint: Option<usize>,
    pub(super) cost: Option<usize>,
    pub(super) used: Option<usize>,
    pub(super) status: Option<usize>,
    pub(super) failed: Option<usize>,
    pub(super) took: Option<(usize, u64)>,
}

impl Places {
    pub(super) fn find(
        header: &[String],
        columns: &Columns,
        attributes: &[String],
        endpoints: &[&str],
    ) -> Result<Places, TraceError> {
        let place = |name: &str| header.iter().position(|column| column.trim() == name);
        let all = || header.join(", ");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_told_from_a_log_by_its_header() {
        let is_trace = |header: &str, time: Option<&str>| {
            let columns = Columns { time: time.map(str::to_owned), failed: None };
            columns.are_in(header.as_bytes())
        };
        for (header, time, wanted) in [
            ("t_ns,key", None, true),
            ("key, \"wall_ms\" ,x", None, true),
            ("sent_us,key", Some("sent_us"), true),
            ("sent_us,key", None, false),
            ("time,ip", Some("time"), false),
            ("{\"t_ms\": 5}", None, false),
            ("10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET /?t_ms\"", None, false),
            ("", None, false),
        ] {
            assert_eq!(is_trace(header, time), wanted, "{header}");
        }
    }
}
