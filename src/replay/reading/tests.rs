use std::io::{self, BufReader, Read, Write};

use super::*;
use crate::log::unpacked;

fn read_all(asked: &Asked, key: &str, files: &[&[u8]]) -> Result<Reading, LogError> {
    let attributes = [key.to_owned()];
    let mut reader = Reader::new(asked, &attributes).unwrap();
    for (number, bytes) in files.iter().enumerate() {
        let (_, input) = unpacked(*bytes).unwrap();
        reader.read(&format!("{number}.log"), input)?;
    }
    reader.done()
}

fn read(asked: &Asked, text: &str) -> Result<Reading, LogError> {
    read_all(asked, "ip", &[text.as_bytes()])
}

/// A line of the combined format, so many seconds after ten.
fn line(ip: &str, second: u64, path: &str) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!(
        "{ip} - - [17/May/2015:10:{minute:02}:{second:02} +0000] \"GET {path} HTTP/1.1\" 200 5 \
         \"-\" \"curl\"\n"
    )
}

/// By request: its key and how many seconds after ten it came.
fn told(reading: &Reading) -> Vec<(String, u64)> {
    let principals = &reading.trace.principals;
    let row = |row: Row| {
        let value = principals.row(row.principal)[0];
        let key = value.and_then(|value| principals.text(value)).unwrap_or("");
        (key.to_owned(), row.at.0 / SECOND % 3_600)
    };
    reading.trace.rows.iter().map(row).collect()
}

fn own(wanted: &[(&str, u64)]) -> Vec<(String, u64)> {
    wanted.iter().map(|(key, second)| ((*key).to_owned(), *second)).collect()
}

#[test]
fn lines_become_requests_in_the_order_of_time() {
    let text = ["\u{feff}", &line("a", 9, "/"), &line("b", 5, "/"), "\n", &line("a", 9, "/x")];
    let reading = read(&Asked::default(), &text.concat().replace('\n', "\r\n")).unwrap();
    assert_eq!(told(&reading), own(&[("b", 5), ("a", 9), ("a", 9)]));
    let seen = &reading.seen;
    assert_eq!((seen.late, seen.tick), (Span::seconds(4), Some(Span::seconds(1))));
    assert_eq!((seen.lines, seen.unreadable, seen.layouts.len()), (3, 0, 1));
}

#[test]
fn files_are_merged_by_time_and_packed_ones_too() {
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    packed.write_all(line("a", 1, "/").as_bytes()).unwrap();
    packed.write_all(line("a", 9, "/").as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let plain = line("b", 5, "/");
    // Each file for itself is in order, so nothing is late.
    let files = [&packed[..], plain.as_bytes()];
    let reading = read_all(&Asked::default(), "ip", &files).unwrap();
    assert_eq!(told(&reading), own(&[("a", 1), ("b", 5), ("a", 9)]));
    assert_eq!(reading.seen.late, Span::ZERO);
    let cut = &packed[..packed.len() - 9];
    let error = read_all(&Asked::default(), "ip", &[cut]).unwrap_err();
    assert!(matches!(&error, LogError::File { file, .. } if file == "0.log"), "{error}");
}

#[test]
fn late_lines_are_bounded_unless_all_is_sorted() {
    let text = [line("a", 90, "/"), line("b", 5, "/")].concat();
    let late = read(&Asked::default(), &text).unwrap_err().to_string();
    assert!(late.contains("0.log: line 2 comes 85s after"), "{late}");
    assert!(late.contains("add --reorder 85s, or --sort"), "{late}");
    let more = Asked { reorder: Span::seconds(85), ..Asked::default() };
    let sort = Asked { sort: true, ..Asked::default() };
    for asked in [more, sort] {
        assert_eq!(told(&read(&asked, &text).unwrap()), own(&[("b", 5), ("a", 90)]));
    }
}

#[test]
fn unreadable_lines_are_shown_and_too_many_are_an_error() {
    let good = line("a", 1, "/").repeat(98);
    let bad = "what?\n\u{0}\u{1}\n";
    let text = [&good, bad].concat();
    let error = read(&Asked::default(), &text).unwrap_err().to_string();
    assert!(error.contains("2 of 100 lines are unreadable (2.0 %)"), "{error}");
    assert!(error.contains("0.log: line 99: it is not like the first lines"), "{error}");
    let asked = Asked { unreadable: 0.02, ..Asked::default() };
    let reading = read(&asked, &text).unwrap();
    assert_eq!((reading.trace.rows.len(), reading.seen.unreadable), (98, 2));
    assert_eq!(reading.seen.examples[1].line, 100);
}

#[test]
fn what_is_no_log_is_told_and_nothing_at_all_is_no_error() {
    for text in ["", "\n\n\r\n"] {
        assert!(read(&Asked::default(), text).unwrap().trace.rows.is_empty());
    }
    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for bytes in [&binary[..], b"nonsense\n", b"a,b\n1,2\n"] {
        let error = read_all(&Asked::default(), "ip", &[bytes]).unwrap_err();
        assert!(matches!(error, LogError::Layout { .. }), "{error}");
    }
    let error = read_all(&Asked::default(), "plan", &[line("a", 1, "/").as_bytes()]).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("there is no field `plan`") && error.contains("remote_addr"), "{error}");
}

/// Of a line without an end only its beginning is held.
#[test]
fn a_gibibyte_in_one_line_is_one_line_that_is_unreadable() {
    let (asked, attributes) = (Asked { unreadable: 0.6, ..Asked::default() }, ["ip".to_owned()]);
    let mut reader = Reader::new(&asked, &attributes).unwrap();
    let one = line("a", 1, "/").repeat(2);
    let long = io::repeat(b'x').take(1 << 30);
    let input = one.as_bytes().chain(long).chain(&b"\n"[..]);
    reader.read("long.log", BufReader::new(input)).unwrap();
    let reading = reader.done().unwrap();
    assert_eq!((reading.trace.rows.len(), reading.seen.unreadable), (2, 1));
    assert!(reading.seen.examples[0].why.contains("1048576 bytes"), "{:?}", reading.seen);
}

#[test]
fn addresses_zones_and_far_years_are_read() {
    let text = "time,ip\n\
                2016-12-31T23:59:60Z,2001:db8::1\n\
                2017-01-01T01:00:00+01:00,::ffff:10.0.0.7\n\
                2262-04-12T00:00:00Z,10.0.0.9\n";
    let reading = read_all(&Asked::default(), "ip/24", &[text.as_bytes()]).unwrap();
    let keys: Vec<String> = told(&reading).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["2001:db8::/56", "10.0.0.0/24", "10.0.0.0/24"]);
    let times = reading.trace.rows.times();
    // The leap second is told as the one before it.
    assert_eq!(times[1].since(times[0]), Span::seconds(1));
    assert_eq!(times[2].0, 9_223_372_800 * SECOND);
}

#[test]
fn starts_are_ends_less_what_requests_took() {
    let text =
        "{\"time_iso8601\":\"2015-05-17T10:00:09Z\",\"remote_addr\":\"a\",\"request_time\":4.5}\n";
    let reading = read(&Asked::default(), text).unwrap();
    assert_eq!(reading.seen.starts, Starts::Subtracted);
    assert_eq!(reading.trace.rows.get(0).took, Span::millis(4_500));
    assert_eq!(reading.trace.rows.times()[0].0 / 1_000_000 % 60_000, 4_500);
    assert!(reading.trace.has_durations);
}

#[test]
fn the_format_and_the_time_can_be_said() {
    let asked = Asked { format: Some("$msec|$remote_addr|$x".to_owned()), ..Asked::default() };
    assert_eq!(told(&read(&asked, "1431857109.5|a|1\n").unwrap()), own(&[("a", 309)]));
    let asked =
        Asked { time: Some("at".to_owned()), format: Some("csv".to_owned()), ..Asked::default() };
    let error = read(&asked, "at,ip\n1431857109,a\n").map(|reading| told(&reading));
    assert_eq!(error.unwrap(), own(&[("a", 309)]));
}

#[test]
fn filters_and_bounds_leave_requests_out_and_count_them() {
    let text: String = ["a", "b", "a", "c"]
        .iter()
        .map(|ip| line(ip, 1, if *ip == "c" { "/x" } else { "/" }))
        .collect();
    let asked = Asked { filter: Some("path != /x".parse().unwrap()), ..Asked::default() };
    let reading = read(&asked, &text).unwrap();
    assert_eq!((reading.trace.rows.len(), reading.seen.filtered), (3, 1));
    let asked = Asked { keys_max: 1, ..Asked::default() };
    let reading = read(&asked, &text).unwrap();
    assert_eq!((told(&reading), reading.seen.undecided), (own(&[("a", 1), ("a", 1)]), 2));
}

#[test]
fn a_key_is_missing_where_its_filter_takes_nothing() {
    let text = [line("a", 1, "/api/x"), line("a", 2, "/")].concat();
    let key = "ip where path ~ ^/api/ and status < 400";
    let reading = read_all(&Asked::default(), key, &[text.as_bytes()]).unwrap();
    assert_eq!(told(&reading), own(&[("a", 1), ("", 2)]));
}

#[test]
fn masked_keys_tell_nothing_and_neither_do_the_examples() {
    let asked = Asked { mask: Mask::new("secret"), unreadable: 1.0, ..Asked::default() };
    let text = [&line("10.9.8.7", 1, "/"), &line("10.9.8.7", 2, "/")[..], "10.9.8.7 what?\n"];
    let reading = read(&asked, &text.concat()).unwrap();
    let keys = told(&reading);
    assert_eq!((keys[0].0.len(), &keys[0].0), (16, &keys[1].0));
    assert!(!format!("{reading:?}").contains("10.9.8"), "{reading:?}");
    let error = read(&asked, "10.9.8.7 what?\n").unwrap_err().to_string();
    assert!(!error.contains("10.9.8") && error.contains("masked"), "{error}");
}
