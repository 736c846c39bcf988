//! The APIs of vendors, held to their pages: traces with what the page says of
//! each request, worked out by hand.
//!
//! Each `tests/vendors/NAME.csv` is asked of `models/apis/NAME.toml`. Its columns
//! are those of a replay (`t_ms`, attributes, `endpoint`, `cost`, ...), and:
//!
//! - `group`: the paragraph of its comments that says which sentence is checked;
//! - `repeat` and `every_us`: the row stands for so many requests, so far apart;
//! - `expect_admitted`: how many of them were let through;
//! - `expect_NAME`: what the decision's column or the header `NAME` says of the
//!   last of them. An empty cell is not compared; `-` is one that tells nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tollgate::replay::{Columns, Options, Said, Trace, decide};
use tollgate::report::decisions;
use tollgate::scenario::Alone;

type Cells = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors")
}

/// The rows of a CSV text after its comments, the names of its columns in lower case.
fn rows(text: &str) -> Vec<Cells> {
    let lines = text.lines().skip_while(|line| line.starts_with('#'));
    let body: String = lines.flat_map(|line| [line, "\n"]).collect();
    let mut reader = csv::Reader::from_reader(body.as_bytes());
    let header = reader.headers().unwrap().clone();
    let names: Vec<String> = header.iter().map(str::to_lowercase).collect();
    let cells =
        |row: csv::StringRecord| names.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
    reader.records().map(|row| cells(row.unwrap())).collect()
}

fn number(row: &Cells, name: &str, missing: u64) -> u64 {
    row.get(name).filter(|cell| !cell.is_empty()).map_or(missing, |cell| cell.parse().unwrap())
}

/// Each row's requests as the trace of a replay.
fn requests(rows: &[Cells]) -> String {
    let skipped = |name: &&String| {
        !name.starts_with("expect_")
            && !["group", "t_ms", "repeat", "every_us"].contains(&name.as_str())
    };
    let names: Vec<&String> = rows[0].keys().filter(skipped).collect();
    let mut writer = csv::Writer::from_writer(vec![]);
    writer
        .write_record(["t_ns"].into_iter().chain(names.iter().map(|name| name.as_str())))
        .unwrap();
    for row in rows {
        let (start, step) =
            (number(row, "t_ms", 0) * 1_000_000, number(row, "every_us", 0) * 1_000);
        for k in 0..number(row, "repeat", 1) {
            let at = (start + k * step).to_string();
            let cells = names.iter().map(|name| row[*name].as_str());
            writer.write_record([at.as_str()].into_iter().chain(cells)).unwrap();
        }
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// The cells that are not what the trace expects.
fn differences(vendor: &str, settings: &[(String, String)]) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(format!("{vendor}.csv"))).unwrap();
    let rows_expected = rows(&text);
    let no_files = |path: &str| Err(format!("{path} is not built in"));
    let api = Alone::load(&format!("api/{vendor}"), settings, &no_files).unwrap();
    let (attributes, endpoints) = (api.attributes(), api.endpoints());
    let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    let input = requests(&rows_expected);
    let mut trace =
        Trace::read(input.as_bytes(), &Columns::default(), &attributes, &endpoints).unwrap();
    let model = api.model(&mut trace.principals, trace.has_used);
    let outcomes = decide(&model, &trace, Options { sort: true, headers: true }).unwrap();
    let mut written = vec![];
    decisions::write(&model, &trace, &outcomes, &mut written).unwrap();
    let said = rows(&String::from_utf8(written).unwrap());
    let (mut wrong, mut place, mut compared) = (vec![], 0, 0);
    for (index, row) in rows_expected.iter().enumerate() {
        let group = place..place + usize::try_from(number(row, "repeat", 1)).unwrap();
        place = group.end;
        for (name, expected) in row.iter().filter(|(_, expected)| !expected.is_empty()) {
            let Some(name) = name.strip_prefix("expect_") else { continue };
            let found = if name == "admitted" {
                let admitted =
                    outcomes.rows[group.clone()].iter().filter(|o| o.said != Said::Reject);
                admitted.count().to_string()
            } else {
                let told = said[group.end - 1].get(name);
                told.unwrap_or_else(|| panic!("{vendor}: nothing tells {name}")).clone()
            };
            compared += 1;
            if found != if expected == "-" { "" } else { expected.as_str() } {
                wrong.push(format!(
                    "{vendor} row {}: {name} is {found:?}, not {expected}",
                    index + 1
                ));
            }
        }
    }
    assert!(compared > 30, "{vendor}: only {compared} cells are compared");
    wrong
}

macro_rules! vendors {
    ($($test:ident: $vendor:literal, $path:literal = $value:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let found = differences($vendor, &[]);
                assert!(found.is_empty(), "{}", found.join("\n"));
                let wrong = [($path.to_owned(), $value.to_owned())];
                assert!(!differences($vendor, &wrong).is_empty(), "{} is not seen", $path);
            }
        )*

        const VENDORS: &[&str] = &[$($vendor),*];
    };
}

vendors! {
    // A vendor, and a wrong number that its trace must see.
    anthropic: "anthropic", "limit.output-tokens.token-bucket.burst" = "399999";
    atlassian: "atlassian", "limit.global-pool.fixed-window.quota" = "64999";
    aws_api_gateway: "aws-api-gateway", "limit.account.token-bucket.burst" = "4999";
    discord: "discord", "limit.global.fixed-window.quota" = "51";
    github: "github", "limit.core.fixed-window.quota" = "4999";
    openai: "openai", "limit.tokens.token-bucket.burst" = "159999";
    salesforce: "salesforce", "limit.24-hours.sliding-log.quota" = "110001";
    shopify_graphql: "shopify-graphql", "limit.standard.token-bucket.burst" = "1999";
    shopify_rest: "shopify-rest", "limit.standard.token-bucket.burst" = "39";
    slack: "slack", "limit.tier-1.token-bucket.burst" = "1";
    stripe: "stripe", "limit.live.token-bucket.burst" = "99";
    x: "x", "limit.post-lookup-of-a-user.fixed-window.quota" = "899";
}

#[test]
fn no_trace_is_left_out() {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    let mut known: Vec<&str> = VENDORS.to_vec();
    known.sort_unstable();
    assert_eq!(names, known);
}
