//! The fields of a log by one set of names, whatever the log calls them.

use crate::time::{SECOND, Span};

/// A part of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// All of it.
    Whole,
    /// The method of a request line: `GET` of `GET /a?b HTTP/1.1`.
    Method,
    /// The path of a request line, without its query.
    RequestPath,
    /// The path of a target or a URL, without its query.
    Path,
    /// An address without its port.
    Address,
    /// The first of several, parted by commas: the client of `X-Forwarded-For`.
    First,
}

/// A name that programs give to a field.
#[derive(Clone, Copy, Debug)]
struct Alias {
    /// The field, as we call it.
    field: &'static str,
    /// What the program calls it; members of objects are parted by dots.
    name: &'static str,
    cut: Cut,
}

const fn alias(field: &'static str, name: &'static str) -> Alias {
    Alias { field, name, cut: Cut::Whole }
}

const fn part(field: &'static str, name: &'static str, cut: Cut) -> Alias {
    Alias { field, name, cut }
}

/// What nginx, Apache, Envoy, AWS's load balancers, `CloudFront`, Cloud Run and
/// those who copy them call their fields. Of several the first that a log has
/// counts.
const ALIASES: &[Alias] = &[
    alias("time", "time"),
    alias("time", "timestamp"),
    alias("time", "@timestamp"),
    alias("time", "msec"),
    alias("time", "time_iso8601"),
    alias("time", "time_local"),
    alias("time", "start_time"),
    alias("time", "ts"),
    alias("time", "datetime"),
    alias("time", "date"),
    alias("ip", "ip"),
    alias("ip", "remote_addr"),
    part("ip", "downstream_remote_address", Cut::Address),
    part("ip", "httpRequest.remoteIp", Cut::Address),
    part("ip", "client:port", Cut::Address),
    part("ip", "client_port", Cut::Address),
    alias("ip", "c-ip"),
    alias("ip", "client_ip"),
    alias("ip", "clientip"),
    alias("ip", "remote_ip"),
    part("ip", "x_forwarded_for", Cut::First),
    part("ip", "http_x_forwarded_for", Cut::First),
    alias("user", "user"),
    alias("user", "remote_user"),
    alias("user", "user_id"),
    alias("method", "method"),
    alias("method", "request_method"),
    alias("method", "httpRequest.requestMethod"),
    alias("method", "cs-method"),
    part("method", "request", Cut::Method),
    part("path", "path", Cut::Path),
    part("path", "uri", Cut::Path),
    part("path", "request_uri", Cut::Path),
    part("path", "httpRequest.requestUrl", Cut::Path),
    part("path", "cs-uri-stem", Cut::Path),
    part("path", "url", Cut::Path),
    part("path", "request", Cut::RequestPath),
    alias("status", "status"),
    alias("status", "response_code"),
    alias("status", "httpRequest.status"),
    alias("status", "elb_status_code"),
    alias("status", "sc-status"),
    alias("status", "status_code"),
    alias("status", "backend_status"),
    alias("host", "host"),
    alias("host", "http_host"),
    alias("host", "authority"),
    alias("agent", "http_user_agent"),
    alias("agent", "user_agent"),
    alias("agent", "httpRequest.userAgent"),
];

/// The names of how long a request took, with the unit of a bare number.
const TOOK: &[(&str, u64)] = &[
    ("request_time", SECOND),
    ("duration", SECOND / 1_000),
    ("httpRequest.latency", SECOND),
    ("time-taken", SECOND),
    ("request_processing_time", SECOND),
    ("duration_ns", 1),
    ("duration_us", 1_000),
    ("duration_ms", SECOND / 1_000),
    ("duration_s", SECOND),
    ("latency_ms", SECOND / 1_000),
];

/// The names of stamps that say when a request began; the others are written
/// when it ends.
const BEGINS: &[&str] = &["start_time", "timestamp"];

/// Where a field is in a layout, and which part of what stands there it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// Which of the layout's own fields.
    pub place: usize,
    /// Which part of it.
    pub cut: Cut,
}

/// Where `field` is among a layout's own fields: by what programs call it, or by
/// its own name.
#[must_use]
pub fn find(field: &str, own: &[&str]) -> Option<Source> {
    let place = |name: &str| own.iter().position(|own| own.eq_ignore_ascii_case(name));
    let known = ALIASES.iter().filter(|alias| alias.field == field);
    let mut known =
        known.filter_map(|alias| Some(Source { place: place(alias.name)?, cut: alias.cut }));
    known.next().or_else(|| Some(Source { place: place(field)?, cut: Cut::Whole }))
}

/// Where it is said how long a request took, and the nanoseconds of the unit.
#[must_use]
pub fn took(own: &[&str]) -> Option<(usize, u64)> {
    let place = |name: &str| own.iter().position(|own| own.eq_ignore_ascii_case(name));
    TOOK.iter().find_map(|(name, unit)| Some((place(name)?, *unit)))
}

/// How long a request took: a number of that unit, or one with a unit of its own
/// (`0.120s`). What is empty took no time that is known.
pub fn span(text: &[u8], unit: u64) -> Result<Span, String> {
    if text.is_empty() {
        return Ok(Span::ZERO);
    }
    let wrong = || format!("`{}` is not how long something took", String::from_utf8_lossy(text));
    let text = str::from_utf8(text).map_err(|_| wrong())?;
    // Of a request that went to several servers nginx tells all times.
    let last = text.rsplit([',', ':']).map(str::trim).find(|part| *part != "-" && !part.is_empty());
    let last = last.unwrap_or("0");
    match last.parse::<f64>() {
        Ok(number) if number >= 0.0 => Ok(Span::from_ns_f64(number * unit as f64)),
        Ok(_) => Err(wrong()),
        Err(_) => last.parse().map_err(|_| wrong()),
    }
}

/// Whether a stamp of that name is of the beginning of a request.
#[must_use]
pub fn begins(name: &str) -> bool {
    BEGINS.contains(&name)
}

impl Cut {
    /// The part of a text that it is; empty where there is no such part.
    #[must_use]
    pub fn of(self, text: &[u8]) -> &[u8] {
        match self {
            Cut::Whole => text,
            Cut::Method => word(text, 0),
            Cut::RequestPath => path(word(text, 1)),
            Cut::Path => path(text),
            Cut::First => text.split(|byte| *byte == b',').next().unwrap_or(text).trim_ascii(),
            Cut::Address => address(text),
        }
    }
}

/// A word of a request line.
fn word(text: &[u8], number: usize) -> &[u8] {
    text.split(|byte| *byte == b' ').nth(number).unwrap_or(b"")
}

/// The path of a target, `/a?b` or `https://host/a?b`.
fn path(text: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'?', b'#', text).unwrap_or(text.len());
    let text = &text[..end];
    match memchr::memmem::find(text, b"://") {
        Some(scheme) if !text.starts_with(b"/") => {
            let host = &text[scheme + 3..];
            memchr::memchr(b'/', host).map_or(b"/", |slash| &host[slash..])
        }
        _ => text,
    }
}

/// An address without its port: `1.2.3.4:5` and `[::1]:5`.
fn address(text: &[u8]) -> &[u8] {
    if let Some(rest) = text.strip_prefix(b"[") {
        return memchr::memchr(b']', rest).map_or(text, |end| &rest[..end]);
    }
    match memchr::memchr(b':', text) {
        // More than one colon is IPv6 without a port.
        Some(colon) if !text[colon + 1..].contains(&b':') => &text[..colon],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cut: Cut, text: &str) -> &str {
        str::from_utf8(cut.of(text.as_bytes())).unwrap()
    }

    #[test]
    fn parts_are_cut_from_what_logs_hold() {
        let line = "GET /a/b?c=d HTTP/1.1";
        assert_eq!((cut(Cut::Method, line), cut(Cut::RequestPath, line)), ("GET", "/a/b"));
        assert_eq!((cut(Cut::Method, "-"), cut(Cut::RequestPath, "-")), ("-", ""));
        assert_eq!(cut(Cut::Path, "https://x.org/a?b"), "/a");
        assert_eq!(cut(Cut::Path, "https://x.org"), "/");
        assert_eq!(cut(Cut::Path, "/redirect/http://x.org"), "/redirect/http://x.org");
        assert_eq!(cut(Cut::Address, "10.0.0.1:443"), "10.0.0.1");
        assert_eq!(cut(Cut::Address, "[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(cut(Cut::Address, "2001:db8::1"), "2001:db8::1");
        assert_eq!(cut(Cut::First, "10.0.0.1 , 10.0.0.2"), "10.0.0.1");
    }

    #[test]
    fn a_field_goes_by_what_its_program_calls_it() {
        let nginx =
            ["remote_addr", "time_local", "request", "status", "request_time", "http_x_api_key"];
        assert_eq!(find("ip", &nginx), Some(Source { place: 0, cut: Cut::Whole }));
        assert_eq!(find("path", &nginx), Some(Source { place: 2, cut: Cut::RequestPath }));
        assert_eq!(find("http_x_api_key", &nginx), Some(Source { place: 5, cut: Cut::Whole }));
        assert_eq!(find("token", &nginx), None);
        assert_eq!(took(&nginx), Some((4, SECOND)));
        let envoy = ["start_time", "downstream_remote_address", "duration"];
        assert_eq!(find("ip", &envoy), Some(Source { place: 1, cut: Cut::Address }));
        assert_eq!(took(&envoy), Some((2, 1_000_000)));
    }
}
