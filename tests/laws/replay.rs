//! The short ways of a replay against the long ones: decisions in brief, on any
//! number of threads, and CSV that is cut at its separators.

use std::fmt::Write as _;
use std::num::NonZeroUsize;

use proptest::prelude::*;
use tollgate::api::ApiModel;
use tollgate::replay::{
    Columns, Decided, Decisions, Options, Outcome, Said, Trace, Wanted, decide, decisions,
};
use tollgate::scenario::Alone;
use tollgate::scenario::document::Document;
use tollgate::time::Span;

/// An API of one limit, and a trace read for it.
fn ready(limit: &str, trace: &str) -> (ApiModel, Trace) {
    let text = format!("name = \"a\"\n{limit}");
    let document = Document::new("api.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let api = Alone::of(document, &[]).unwrap_or_else(|error| panic!("{error}"));
    let endpoints = api.endpoints();
    let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    let trace = Trace::read(trace.as_bytes(), &Columns::default(), &api.attributes(), &endpoints);
    let mut trace = trace.unwrap_or_else(|error| panic!("{error}"));
    let model = api.model(&mut trace.principals, trace.has_used);
    (model, trace)
}

/// Limits that owe a request nothing once they have decided.
const RULES: [&str; 9] = [
    "gcra = { rate = \"3/s\", burst = 2 }",
    "gcra = { rate = \"1000/s\", burst = \"5/2\" }",
    "token-bucket = { rate = \"10/3s\", burst = 4, initial = \"empty\" }",
    "fixed-window = { quota = 3, window = \"1s\" }",
    "sliding-log = { quota = 3, window = \"1s\" }",
    "sliding-counter = { quota = 3, window = \"1s\" }",
    "nginx-limit-req = { rate = \"10r/s\", burst = 3 }",
    "go-x-time-rate = { limit = 5.0, burst = 3 }",
    "governor = { per-second = 3, burst = 2 }",
];

const SCOPES: [&str; 6] = [
    "per = [\"key\"]",
    "per = []",
    "per = [\"key\", \"token\"]",
    "per = [\"token\"]\nmissing = \"reject\"",
    "per = [\"token\"]\nmissing = \"shared\"",
    "per = [\"key\"]\nwhen = { token = \"t1\" }",
];

/// What can be seen of an outcome for which nothing was to be told.
fn bare(outcome: &Outcome) -> Outcome {
    let said = match outcome.said {
        Said::Delay(_) => Said::Delay(Span::ZERO),
        said => said,
    };
    let limit = outcome.limit;
    Outcome { said, limit, remaining: None, retry_after: None, reset: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// In brief or in full, told or not, on one thread or several: the same.
    #[test]
    fn the_brief_way_is_the_general_way(
        rule in 0_usize..9, scope in 0_usize..6, apart in any::<bool>(), costs in any::<bool>(),
        requests in prop::collection::vec((0_u64..200, 0_u8..12, 0_u8..4, 0_u32..4), 1..400),
    ) {
        let mut text = String::from(if costs { "t_ms,key,token,cost\n" } else { "t_ms,key,token\n" });
        let mut now = 1_000_000;
        for (gap, key, token, cost) in requests {
            now += gap;
            // One key may be behind the others, if only its own time goes on.
            let at = if apart && scope == 0 && key == 3 { now - 900_000 } else { now };
            let token = if token == 0 { String::new() } else { format!("t{token}") };
            write!(text, "{at},k{key},{token}").unwrap();
            if costs { write!(text, ",{cost}").unwrap(); }
            text.push('\n');
        }
        let limit = format!("[[limit]]\nname = \"l\"\n{}\n{}\n", SCOPES[scope], RULES[rule]);
        let (model, trace) = ready(&limit, &text);
        let full = decide(&model, &trace, Options::default()).unwrap().rows;
        for (told, threads) in [(true, 1), (true, 4), (false, 1), (false, 2), (false, 7)] {
            let threads = NonZeroUsize::new(threads);
            let decided =
                decisions(&model, &trace, Wanted { told, threads, ..Wanted::default() }).unwrap();
            prop_assert!(matches!(decided, Decisions::Brief(_)), "{}", limit);
            for (row, full) in full.iter().enumerate() {
                let expected = if told { *full } else { bare(full) };
                prop_assert_eq!(decided.outcome(row), expected, "row {} of {}", row, &text);
            }
        }
    }
}

/// What owes a request something, or was asked for more, goes the general way.
#[test]
fn what_is_not_brief_is_decided_in_full() {
    let window = "per = [\"key\"]\nfixed-window = { quota = 1, window = \"1s\" }\n";
    for more in ["counts-rejects = true", "shadow = true", "gives-back = [\"5xx\"]"] {
        let limit = format!("[[limit]]\nname = \"l\"\n{window}{more}\n");
        let (model, trace) = ready(&limit, "t_ms,key\n1,a\n2,a\n");
        let decided = decisions(&model, &trace, Wanted::default()).unwrap();
        assert!(matches!(decided, Decisions::Full(_)), "{more}");
    }
    let two = format!("[[limit]]\nname = \"l\"\n{window}[[limit]]\nname = \"m\"\n{window}");
    let (model, trace) = ready(&two, "t_ms,key\n1,a\n2,a\n");
    assert!(matches!(decisions(&model, &trace, Wanted::default()), Ok(Decisions::Full(_))));
    let one = format!("[[limit]]\nname = \"l\"\n{window}");
    let (model, trace) = ready(&one, "t_ms,key\n2,a\n1,a\n");
    let error = decisions(&model, &trace, Wanted::default()).unwrap_err().to_string();
    assert!(error.contains("line 3: time runs backwards"), "{error}");
    let options = Options { sort: true, headers: false };
    let sorted = Wanted { options, ..Wanted::default() };
    let decided = decisions(&model, &trace, sorted).unwrap();
    assert_eq!((decided.outcome(0).said, decided.outcome(1).said), (Said::Reject, Said::Admit));
}

/// A limit of every key, so that the trace's keys are read.
const ANY: &str =
    "[[limit]]\nname = \"l\"\nper = [\"key\"]\ngcra = { rate = \"1/s\", burst = 9 }\n";

/// A cell as it is written: bare, or in quotes if it has to be.
fn written(cell: &str, quoted: bool) -> String {
    let must = cell.contains([',', '"', '\n', '\r']);
    if quoted || must { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever a cell looks like and however lines end, the keys are those that
    /// the crate `csv` reads, and every row knows its line.
    #[test]
    fn records_are_those_of_the_crate_csv(
        rows in prop::collection::vec(
            ("[a-c]{1,9}|[ -~é\n]{0,12}", any::<bool>(), 0_u8..12, "[0-9]{0,9}"), 1..600,
        ),
        cost in any::<bool>(), crlf in any::<bool>(), last in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("more,t_ns,key{}{end}", if cost { ",cost" } else { "" });
        let mut lines = vec![];
        for (at, (key, quoted, what, amount)) in rows.iter().enumerate() {
            if *what == 0 { text.push_str(end); }
            lines.push(1 + text.bytes().filter(|byte| *byte == b'\n').count() as u64);
            let more = if *what == 1 { "\"x\"" } else { "" };
            write!(text, "{more},{at},{}", written(key, *quoted)).unwrap();
            if cost { write!(text, ",{amount}").unwrap(); }
            // Half of the lone carriage returns are ends of lines too.
            text.push_str(if *what == 2 && !crlf { "\r" } else { end });
        }
        if last { text.truncate(text.trim_end_matches(['\r', '\n']).len()); }
        let (_, trace) = ready(ANY, &text);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(|r| r.unwrap()).collect();
        prop_assert_eq!(trace.rows.len(), records.len());
        for (row, record) in records.iter().enumerate() {
            prop_assert_eq!(trace.key(row), record[2].trim(), "row {} of {:?}", row, &text);
            prop_assert_eq!(trace.rows.get(row).line, lines[row], "row {} of {:?}", row, &text);
            let amount = record.get(3).and_then(|cell| cell.trim().parse().ok());
            prop_assert_eq!(trace.rows.cost(row), amount);
        }
    }
}

/// A record that is longer than what is looked at together, and one behind it.
#[test]
fn a_long_record_is_read_whole() {
    for quote in ["", "\""] {
        let long = "x".repeat(300_000);
        let text = format!("t_ns,key\n1,{quote}{long}{quote}\n2,b\nc,d\n");
        let error = Trace::read(text.as_bytes(), &Columns::default(), &["key".into()], &["e"]);
        assert!(error.unwrap_err().to_string().starts_with("line 4: `c` is not a time"));
        let (_, trace) = ready(ANY, text.strip_suffix("c,d\n").unwrap());
        assert_eq!((trace.key(0).len(), trace.key(1)), (300_000, "b"));
    }
    let text = format!("t_ns,key\n1,{}\n", "x".repeat(40 << 20));
    let error = Trace::read(text.as_bytes(), &Columns::default(), &["key".into()], &["e"]);
    assert_eq!(error.unwrap_err().to_string(), "line 2: the row is longer than 16 MiB");
}

/// A fault among thousands of good rows is told with its own line, and the
/// first of two is the one that is told.
#[test]
fn a_fault_among_plain_rows_has_its_line() {
    for (fault, says) in [
        ("x,k,1", "`x` is not a time"),
        ("1,k,x", "`x` is not a cost"),
        ("1,k", "it has 2 cells, and the header has 3"),
        ("1,\u{fffd},", ""),
    ] {
        let mut text = String::from("t_ns,key,cost\n");
        (0..3_000).for_each(|at| writeln!(text, "{at},k{},1", at % 7).unwrap());
        writeln!(text, "{fault}").unwrap();
        writeln!(text, "{}", if says.is_empty() { "5000,k,1" } else { "y,k,y" }).unwrap();
        let mut bytes = text.into_bytes();
        let says = if says.is_empty() {
            // Half of a letter.
            let at = bytes.windows(3).position(|part| part == "\u{fffd}".as_bytes()).unwrap();
            bytes.remove(at);
            "it is not UTF-8 text"
        } else {
            says
        };
        let error = Trace::read(&bytes[..], &Columns::default(), &["key".into()], &["e"]);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(&format!("line 3002: {says}")), "{error}");
    }
}
