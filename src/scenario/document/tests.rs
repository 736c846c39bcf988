//! What is told of faulty documents, and that it is always told.

use proptest::prelude::*;

use super::sample::{Anchor, Api, GOOD, Workload};
use super::*;
use crate::scenario::fault::boundary;

fn parse(text: &str) -> (Option<Api>, Vec<Fault>) {
    let document = Document::new("clover.toml", text).unwrap();
    let parsed = document.parse::<Api>();
    (parsed.value, parsed.faults)
}

/// The messages of a text's faults, each with its line.
fn told(text: &str) -> Vec<String> {
    let at_line = |fault: Fault| {
        let line = text[..fault.at.start].matches('\n').count() + 1;
        format!("{line}: {}", fault.message)
    };
    parse(text).1.into_iter().map(at_line).collect()
}

/// The only fault of the good file with one part changed: what is marked, said and advised.
fn only(from: &str, to: &str) -> (String, String, String) {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    let text = GOOD.replace(from, to);
    let (_, faults) = parse(&text);
    let [fault] = faults.as_slice() else {
        panic!("{from} -> {to}: {faults:#?}");
    };
    let help = fault.help.clone().unwrap_or_default();
    (text[fault.at.clone()].to_owned(), fault.message.clone(), help)
}

const TWELVE: &str = r#"# twelve faults of twelve kinds, each with its number
name = "Clover"
horizon = 10               # 1 no unit
seeds = 5_000_000_000      # 2 out of range
name = "Clover again"      # 3 given twice

[[limit]]
nmae = "Token rate"        # 4 unknown field
per = "token"              # 5 wrong type
fixed-window = { quota = 16, anchor = "clok", window = "1s" } # 6 unknown choice

[[limit]]
name = "app rate"
fixed-window = { quota = 16 }                   # 7 missing field
token-bucket = { rate = "50 per s", burst = 1 } # 8 no rate

[[population]]
count = 20 users           # 9 not TOML
workload = { backlog = { calls = 5 }, open = { rate = "3/s" } } # 10 two of one

[servce]                   # 11 unknown table
latency = "20ms"

[service]
latency = "20ms"
shared = [                 # 12 never closed
"#;

#[test]
fn twelve_faults_of_twelve_kinds_are_twelve() {
    let mut told = told(TWELVE);
    told.sort_by_key(|line| line.split(':').next().unwrap().parse::<usize>().unwrap());
    assert_eq!(
        told,
        [
            "3: `horizon` wants text in quotes, not the number `10`",
            "4: the number `5_000_000_000` is out of range",
            "5: `name` is given twice",
            "8: unknown field `nmae`",
            "9: `per` wants a list in brackets, not the text \"token\"",
            "10: unknown choice `clok`",
            "14: missing field `window`",
            "15: `50 per s` is not a rate",
            "18: `20 users` is not a value",
            "19: `workload` has several: backlog, open",
            "21: unknown table `servce`",
            "26: this list is never closed",
        ]
    );
}

#[test]
fn a_good_file_is_read_as_serde_would() {
    let document = Document::new("clover.toml", GOOD).unwrap();
    let api = document.parse::<Api>().finish(&document).unwrap();
    let plain: Api = toml::from_str(GOOD).unwrap();
    assert_eq!(format!("{api:?}"), format!("{plain:?}"));
    assert_eq!(&GOOD[api.name.span()], "\"Clover\"");
    let window = api.limit[0].fixed_window.as_ref().unwrap();
    assert_eq!(window.anchor, Some(Anchor::Clock));
    assert!(matches!(api.population[0].workload, Workload::Open(_)));
}

#[test]
fn a_bom_and_crlf_change_nothing() {
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    let document = Document::from_bytes("clover.toml", text.clone().into_bytes()).unwrap();
    assert!(document.parse::<Api>().finish(&document).is_ok());
    let faulty = text.replace("quota = 16", "qutoa = 16");
    let document = Document::new("clover.toml", faulty).unwrap();
    let screen = document.parse::<Api>().finish(&document).unwrap_err().to_string();
    assert!(screen.contains("clover.toml:8:18"), "{screen}");
    assert!(!screen.contains('\r'), "{screen}");
    assert!(screen.ends_with("1 fault in clover.toml"), "{screen}");
}

#[test]
fn a_number_without_a_unit_learns_the_unit_of_its_field() {
    let (at, said, help) = only("horizon = \"10min\"", "horizon = 2.5");
    assert_eq!(at, "2.5");
    assert_eq!(said, "`horizon` wants text in quotes, not the number `2.5`");
    assert!(help.contains("like \"2.5s\""), "{help}");
    let (_, _, help) = only("token-bucket.rate = \"50/s\"", "token-bucket.rate = 50");
    assert!(help.contains("like \"50/s\" or \"50/min\""), "{help}");
    let (_, _, help) = only("name = \"Token rate\"", "name = 7");
    assert_eq!(help, "put it in quotes: \"7\"");
    let (_, _, help) = only("count = 20", "count = 20.0");
    assert_eq!(help, "write it without decimals: 20");
}

#[test]
fn an_unknown_key_is_marked_and_the_nearest_named() {
    let (at, said, help) = only("quota = 16", "quota = 16, brust = [1,\n 2]");
    assert_eq!((at.as_str(), said.as_str()), ("brust", "unknown field `brust`"));
    assert_eq!(help, "known here: quota, window, anchor");
    // The right field is missing then, which is the same fault and told once.
    let (at, _, help) = only("quota = 16", "qouta = 16");
    assert_eq!(at, "qouta");
    assert_eq!(help, "did you mean `quota`? known here: quota, window, anchor");
    let (at, said, _) = only("[service]", "[[service.latencies.of]]\na = 1\n[service]");
    assert_eq!((at.as_str(), said.as_str()), ("latencies", "unknown table `latencies`"));
}

#[test]
fn every_missing_field_of_a_table_is_told_with_an_example() {
    let text = GOOD.replace("quota = 16, window = \"1s\", anchor = \"clock\"", "");
    let (_, faults) = parse(&text);
    let help: Vec<_> = faults.iter().map(|fault| fault.help.as_deref().unwrap()).collect();
    let examples = ["add it, like `quota = 1`", "add it, like `window = \"1s\"`"];
    assert_eq!(help, examples);
    let workload = "workload = { open = { rate = \"3/s\", weights = [0.5, 1.5] } }\n";
    let (at, said, help) = only(workload, "");
    assert_eq!((at.as_str(), said.as_str()), ("[[population]]", "missing field `workload`"));
    assert_eq!(help, "add it, like `workload = { backlog = { calls = 1 } }`");
}

#[test]
fn a_wrong_value_is_not_missing_as_well() {
    for (from, to, at) in [
        ("count = 20", "count = -1", "-1"),
        ("\"20ms\"", "true", "true"),
        ("\"20ms\"", "2026-01-01", "2026-01-01"),
        ("\"20ms\"", "20ms", "20ms"),
        ("\"20ms\"", "", ""),
        ("latency = \"20ms\"", "latency", ""),
        ("latency = \"20ms\"", "latency = \"20ms", ""),
        ("\"50/s\"", "\"often\"", "\"often\""),
        ("open = {", "opne = {", "opne"),
        ("\"quota\" }", "\"qouta\" }", "\"qouta\""),
        ("weights = [0.5, 1.5]", "weights = [0.5]", "[0.5]"),
        ("weights = [0.5, 1.5]", "weights = [0.5, 1, 2]", "[0.5, 1, 2]"),
        ("weights = [0.5, 1.5]", "weights = [0.5, \"x\"]", "\"x\""),
        ("[[population]]", "[population]", "[population]"),
        ("[service]", "[[service]]", "[[service]]"),
        ("[service]", "[service", ""),
        ("[[population]]", "[[population]", ""),
        ("per = [\"token\"]", "per = [\"token\"", "[\"token\""),
        ("  \"ip\",\n]", "  \"ip\",", "["),
        ("  \"app\",", "  app,", "app"),
        ("quota = 16,", "quota = 16", "16 window"),
        ("quota = 16,", "quota 16,", ""),
        ("count = 20", "count = 1e999", "1e999"),
    ] {
        assert_eq!(only(from, to).0, at, "{from} -> {to}");
    }
}

#[test]
fn a_choice_of_one_says_which() {
    let (_, said, help) = only(
        "{ open = { rate = \"3/s\", weights = [0.5, 1.5] } }",
        "{ backlog = { calls = 5 }, open = { rate = \"3/s\" } }",
    );
    assert_eq!(said, "`workload` has several: backlog, open");
    assert_eq!(help, "give exactly one of: backlog, open, idle");
    let open = "{ open = { rate = \"3/s\", weights = [0.5, 1.5] } }";
    assert_eq!(only(open, "{}").1, "`workload` is empty");
    assert_eq!(only(open, "\"open\"").1, "`open` needs its settings");
    assert_eq!(only(open, "{ idle = 5 }").1, "`idle` has no settings");
    assert!(parse(&GOOD.replace(open, "\"idle\"")).1.is_empty());
}

#[test]
fn a_check_across_fields_is_silent_beside_a_fault() {
    let text = GOOD.replace("window = \"1s\"", "window = 1");
    let document = Document::new("clover.toml", text.as_str()).unwrap();
    let mut parsed = document.parse::<Api>();
    let api = parsed.value.take().expect("a stand-in serves for the window");
    let quota = text.find("16").unwrap();
    parsed.add(Fault::new(quota..quota + 2, "beside the fault"));
    assert_eq!(parsed.faults().len(), 1);
    parsed.add(Fault::new(api.limit[0].name.span(), "one table above it"));
    assert_eq!(parsed.faults().len(), 2);
}

#[test]
fn texts_too_long_or_not_utf_8_are_refused_with_the_number() {
    let error = Document::new("long.toml", " ".repeat(LONGEST + 1)).unwrap_err();
    assert!(error.to_string().contains("1048577 bytes, and the most is 1048576"));
    let bytes = b"name = \"a\"\nhorizon = \"\xff\"\n".to_vec();
    let error = Document::from_bytes("latin.toml", bytes).unwrap_err().to_string();
    assert!(error.contains("byte 22 of the file, 0xff, is not UTF-8"), "{error}");
    assert!(error.contains("latin.toml:2:12"), "{error}");
}

#[test]
fn deep_and_endless_texts_are_told_and_survived() {
    let inline = format!("{{{}a=", "a.".repeat(78)).repeat(78);
    for text in [
        "[".repeat(1_000_000),
        format!("seeds = {}", "[".repeat(1_000_000)),
        format!("seeds = {}", "{a=".repeat(300_000)),
        format!("{}a = 1", "a.".repeat(500_000)),
        format!("[{}a]", "a.".repeat(500_000)),
        format!("seeds = {inline}1"),
        "x".repeat(1_000_000),
        "a=[\n".repeat(200_000),
        "]\n".repeat(400_000),
    ] {
        let (_, faults) = parse(&text);
        assert!(!faults.is_empty() && faults.len() <= MOST, "{}", faults.len());
    }
}

#[test]
fn a_flood_of_faults_is_cut_and_counted() {
    let lines: Vec<String> = (0..120).map(|n| format!("x{n} = 1\n")).collect();
    let text = lines.concat();
    let document = Document::new("flood.toml", text).unwrap();
    let faults = document.parse::<Api>().finish(&document).unwrap_err();
    let screen = faults.to_string();
    assert_eq!(screen.matches("error: ").count(), super::super::fault::SHOWN);
    assert!(screen.ends_with("... and 72 more\n122 faults in flood.toml"), "{screen}");
}

/// A text with some bytes deleted, replaced or inserted.
fn mutated() -> impl Strategy<Value = String> {
    let place = 0..GOOD.len();
    let piece = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}\"'=.,#\n a-z0-9-]",
        any::<char>().prop_map(String::from),
    ];
    (place, 0..4usize, piece).prop_map(|(at, out, piece)| {
        let mut text = GOOD.to_owned();
        let (start, end) = (boundary(&text, at), boundary(&text, at + out));
        text.replace_range(start..end.max(start), &piece);
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_mutation_is_read_or_told(text in mutated()) {
        let document = Document::new("clover.toml", text.as_str()).unwrap();
        let parsed = document.parse::<Api>();
        let plain = toml::from_str::<Api>(&text);
        // serde takes a list of three for a pair and drops one; that is refused here.
        let dropped = |fault: &Fault| fault.message.contains(" items");
        let agreed = plain.is_ok() == parsed.faults().iter().all(dropped);
        prop_assert!(agreed, "{:?} {:?}", plain, parsed.faults());
        // One slip is one fault, but a lost header gives all its fields to the table above.
        prop_assert!(parsed.faults().len() <= 6, "{:#?}", parsed.faults());
        if let Err(faults) = parsed.finish(&document) {
            prop_assert!(faults.to_string().contains("clover.toml:"));
        }
    }
}
