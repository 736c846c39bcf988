//! What `--set` finds, changes, refuses, and how its faults are shown.

use proptest::prelude::*;

use super::*;
use crate::scenario::document::sample::{Api, GOOD};

fn good() -> Document {
    Document::new("clover.toml", GOOD).unwrap()
}

fn set(path: &str, value: &str) -> Result<String, SetError> {
    let mut document = good();
    document.set::<Api>(path, value)?;
    Ok(document.text().to_owned())
}

/// The screen of the faults after some settings.
fn screen(text: &str, settings: &[(&str, &str)]) -> String {
    let mut document = Document::new("clover.toml", text).unwrap();
    for (path, value) in settings {
        document.set::<Api>(path, value).unwrap();
    }
    let faults = document.parse::<Api>().finish(&document).unwrap_err();
    faults.to_string()
}

#[test]
fn one_value_changes_and_every_other_byte_stays() {
    for (path, value, from, to) in [
        ("horizon", "1h", "\"10min\"", "\"1h\""),
        ("horizon", "\"1h\"", "\"10min\"", "\"1h\""),
        ("limit.token-rate.fixed-window.quota", "20", "quota = 16", "quota = 20"),
        ("limit.token-rate.quota", "160", "quota = 16", "quota = 160"),
        ("limit.0.quota", "6", "quota = 16", "quota = 6"),
        ("limit.quota", "6", "quota = 16", "quota = 6"),
        ("limit.app-rate.rate", "1500/min", "\"50/s\"", "\"1500/min\""),
        ("population.count", "7", "count = 20", "count = 7"),
        ("population.0.workload.open.weights", "[1,2]", "[0.5, 1.5]", "[1,2]"),
        (
            "population.workload",
            "{ idle = {} }",
            "{ open = { rate = \"3/s\", weights = [0.5, 1.5] } }",
            "{ idle = {} }",
        ),
        ("limit.1.per.0", "\"token\"", "\"app\"", "\"token\""),
        (
            "limit.token-rate.headers.x-ratelimit-tokenlimit",
            "remaining",
            "= \"quota\"",
            "= \"remaining\"",
        ),
        ("service.latency", "1s", "20ms", "1s"),
        ("name", "a \"b\"", "\"Clover\"", "'a \"b\"'"),
    ] {
        let wanted = GOOD.replace(from, to);
        assert_eq!(set(path, value).as_deref(), Ok(wanted.as_str()), "{path}={value}");
    }
}

#[test]
fn an_absent_field_is_created_where_the_model_knows_it() {
    for (path, value, from, to) in [
        ("seeds", "3", "# long enough\n", "# long enough\nseeds = 3\n"),
        ("service.loss", "0.1", "\"20ms\"\n", "\"20ms\"\nloss = 0.1\n"),
        ("limit.app-rate.burst", "9", "\"50/s\"\n", "\"50/s\"\ntoken-bucket.burst = 9\n"),
        ("limit.burst", "9", "\"50/s\"\n", "\"50/s\"\ntoken-bucket.burst = 9\n"),
        ("population.think", "1s", "1.5] } }\n", "1.5] } }\nthink = \"1s\"\n"),
        ("limit.token-rate.headers.x", "quota", "\"quota\" }", "\"quota\", x = \"quota\" }"),
    ] {
        let wanted = GOOD.replacen(from, to, 1);
        assert_eq!(set(path, value).as_deref(), Ok(wanted.as_str()), "{path}={value}");
        let mut document = good();
        document.set::<Api>(path, value).unwrap();
        assert!(document.parse::<Api>().finish(&document).is_ok(), "{path}");
    }
}

#[test]
fn what_fits_several_lists_them() {
    let error = set("limit.per", "[]").unwrap_err();
    let candidates = ["limit.token-rate.per", "limit.app-rate.per"].map(str::to_owned);
    let path = "limit.per".to_owned();
    assert_eq!(error, SetError::Ambiguous { path, candidates: candidates.to_vec() });
    assert!(error.to_string().contains("\n    limit.app-rate.per"));
    // Two of one name go by their index.
    let text = GOOD.replace("app rate", "token rate");
    let mut document = Document::new("clover.toml", text).unwrap();
    let error = document.set::<Api>("limit.name", "x").unwrap_err().to_string();
    assert!(error.contains("limit.0.name\n") && error.contains("limit.1.name"), "{error}");
}

#[test]
fn what_fits_nothing_names_the_nearest() {
    for (path, wanted) in [
        (
            "limit.token-rat.quota",
            "--set limit.token-rat.quota: there is no `token-rat` in `limit`\n  \
             help: did you mean `token-rate`? there is: app-rate, token-rate",
        ),
        (
            "servce.latency",
            "--set servce.latency: there is no `servce`\n  \
             help: did you mean `service`? there is: horizon, limit, name, population, service",
        ),
        (
            "limit.app-rate.brust",
            "--set limit.app-rate.brust: there is no `brust` in `limit.app-rate`\n  \
             help: did you mean `token-bucket.burst`? there is: fixed-window, headers, name, per, \
             token-bucket, token-bucket.burst, token-bucket.rate",
        ),
        (
            "horizn",
            "--set horizn: there is no `horizn`\n  \
             help: did you mean `horizon`? there is: horizon, limit, name, population, seeds, service",
        ),
    ] {
        assert_eq!(set(path, "5").unwrap_err().to_string(), wanted);
    }
    assert!(matches!(set("a..b", "5"), Err(SetError::Path { .. })));
    assert!(matches!(set("", "5"), Err(SetError::Path { .. })));
    assert!(matches!(set("service", "5"), Err(SetError::Refused { .. })));
}

#[test]
fn a_fault_of_a_setting_is_shown_in_its_argument() {
    let screen = screen(GOOD, &[("limit.token-rate.window", "5")]);
    let wanted = "\
error: `window` wants text in quotes, not the number `5`
 --> the --set arguments:1:31
  |
1 | --set limit.token-rate.window=5
  |                               ^
  |
  = help: write it with its unit in quotes, like \"5s\", \"5ms\" or \"5min\"

1 fault in the --set arguments";
    assert_eq!(screen, wanted);
}

#[test]
fn a_fault_of_the_file_keeps_its_line_after_a_setting_above_it() {
    let text = GOOD.replace("latency = \"20ms\"", "latency = 20");
    let settings = [("seeds", "-3"), ("name", "a much longer name"), ("service.loss", "\"x\"")];
    let screen = screen(&text, &settings);
    assert!(screen.contains("clover.toml:24:11\n"), "{screen}");
    assert!(screen.contains("24 | latency = 20\n"), "{screen}");
    assert!(screen.contains("1 | --set seeds=-3\n  |             ^^\n"), "{screen}");
    assert!(screen.contains("1 | --set service.loss=\"x\"\n"), "{screen}");
    let count = "3 faults: 1 in clover.toml, 2 in the --set arguments";
    assert!(screen.ends_with(count), "{screen}");
}

#[test]
fn a_file_with_faults_of_writing_is_told_before_any_setting() {
    let mut document = Document::new("clover.toml", "name = \n").unwrap();
    let error = document.set::<Api>("name", "x").unwrap_err();
    assert!(error.to_string().contains("clover.toml:1:8"), "{error}");
}

proptest! {
    #[test]
    fn any_setting_is_made_or_refused(
        path in "(limit|service|population|name|seeds)(\\.(token-rate|0|fixed-window|quota|x|\"a.b\"|latency)){0,3}",
        value in "[-0-9a-z\"'{}\\[\\], =#\n]{0,8}",
    ) {
        let mut document = good();
        if document.set::<Api>(&path, &value).is_err() {
            prop_assert_eq!(document.text(), GOOD);
        } else if let Err(faults) = document.parse::<Api>().finish(&document) {
            // The file is good, so only the command line can be wrong.
            prop_assert!(faults.to_string().contains("the --set arguments:"), "{}", faults);
        }
    }
}
