//! Parts that no run of this version writes, and what a screen shows.

use super::part::PartHead;
use super::*;
use crate::metric::{METRICS, Metric};
use crate::report::output::Folder;
use crate::report::table::Format;
use crate::scenario::vary::Vary;

fn head(values: &str) -> Head {
    let vary = Vary::read(&[format!("api.limit.rate.quota={values}")]).unwrap();
    Head {
        tollgate: env!("CARGO_PKG_VERSION").to_owned(),
        command: "tollgate sweep x".to_owned(),
        compare: "tollgate compare x".to_owned(),
        scenario: "x".to_owned(),
        title: "A sweep".to_owned(),
        api: "An API".to_owned(),
        clients: vec!["=naive".to_owned(), "paced".to_owned()],
        digest: "0123456789abcdef".to_owned(),
        axes: Design::new(&vary.axes, None, 0).unwrap(),
        root_seed: 0,
        seeds: 2,
    }
}

/// A point with a number of its own for each metric.
fn point(number: u64) -> Point {
    let row = |(place, name): (usize, &String)| {
        let metric = |metric: usize| format!("0.{number}{place}{metric},0.1,0.9");
        Row { name: name.clone(), metrics: (0..METRICS.len()).map(metric).collect() }
    };
    Point { point: number, clients: head("1").clients.iter().enumerate().map(row).collect() }
}

fn write(folder: &std::path::Path, shard: Shard, head: &Head) {
    let first = line::write(&PartHead { shard, sweep: head.clone() }, "");
    let seal = line::seal(&first);
    let points = shard.points(head.axes.points());
    let lines =
        (0..points.count).map(|i| line::write(&point(points.first + points.step * i), &seal));
    std::fs::write(folder.join(shard.file()), first + &lines.collect::<String>()).unwrap();
}

fn merged(folder: &std::path::Path) -> Result<Merged, String> {
    let mut folder = Folder::open(folder).unwrap();
    let merged = merge(&mut folder, |_, _| {}).map_err(|error| error.to_string())?;
    folder.keep().unwrap();
    Ok(merged)
}

#[test]
fn parts_of_other_versions_values_and_seeds_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let of = 2;
    write(folder.path(), Shard { index: 0, of }, &head("1,2,3"));
    for (other, part) in [
        (
            Head { tollgate: "9.9.9".to_owned(), ..head("1,2,3") },
            "was written by tollgate 9.9.9, and this is",
        ),
        (Head { tollgate: "9.9.9".to_owned(), ..head("1,2,3") }, "it is of tollgate 9.9.9 and not"),
        (head("1,2,4"), "it varies api.limit.rate.quota (3 from 1 to 4) and not"),
        (Head { seeds: 3, ..head("1,2,3") }, "its seeds are 3 and not 2"),
        (Head { root_seed: 5, ..head("1,2,3") }, "its root seed is 5 and not 0"),
        (
            Head { digest: "f".repeat(64), ..head("1,2,3") },
            "the digest of its models is ffffffffffff…",
        ),
        (head("1,5,3"), "it was asked for"),
    ] {
        // Values between the ends are seen by the command that wrote them.
        let other = if part == "it was asked for" {
            Head { command: "tollgate sweep y".to_owned(), ..other }
        } else {
            other
        };
        write(folder.path(), Shard { index: 1, of }, &other);
        let why = merged(folder.path()).unwrap_err();
        assert!(why.contains(part), "no {part:?} in {why}");
        assert!(!folder.path().join("sweep.csv").exists());
    }
    write(folder.path(), Shard { index: 1, of }, &head("1,2,3"));
    assert_eq!(merged(folder.path()).unwrap().parts, 2);
}

#[test]
fn a_name_that_is_a_formula_is_text_in_every_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let head = head("-1,2");
    write(folder.path(), Shard::WHOLE, &head);
    merged(folder.path()).unwrap();
    let sheet = std::fs::read_to_string(folder.path().join("sweep.csv")).unwrap();
    let second = sheet.lines().nth(1).unwrap();
    assert_eq!(second, "0,-1,'=naive,calls,count,0.000,0.1,0.9");
    let mut shown = Shown::new(Metric::named("429-share").unwrap());
    (0..2).for_each(|number| shown.add(&head, &point(number)));
    assert!(shown.write(&head, Format::Csv).starts_with(
        "point,api.limit.rate.quota,'=naive,'=naive-low,'=naive-high,paced,paced-low,paced-high\n0,-1,"
    ));
    let text = shown.write(&head, Format::Text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let again = "tollgate compare x --set api.limit.rate.quota=-1 --seeds 2 --seed 0";
    assert!(words.contains(again), "{text}");
    assert!(
        shown.write(&head, Format::Markdown).contains("| api.limit.rate.quota | =naive | paced |")
    );
    let json: serde_json::Value = serde_json::from_str(&shown.write(&head, Format::Json)).unwrap();
    assert_eq!(json["points"][1]["values"][0], "2");
    assert_eq!(json["points"][1]["clients"][1]["low"], 0.1);
}

/// The columns of many clients do not fit: each has a line of its own.
#[test]
fn a_wide_table_becomes_a_list() {
    let clients: Vec<String> = (0..9).map(|n| format!("a-client-with-a-name-{n}")).collect();
    let head = Head { clients: clients.clone(), ..head("1..40:1") };
    let mut shown = Shown::new(Metric::named("wait-p99").unwrap());
    for number in 0..40 {
        let row = |name: &String| Row {
            name: name.clone(),
            metrics: vec![",,".to_owned(); METRICS.len()],
        };
        shown.add(&head, &Point { point: number, clients: clients.iter().map(row).collect() });
    }
    let text = shown.write(&head, Format::Text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("\n  a-client-with-a-name-8  -\n"), "{text}");
    assert!(text.contains("and 16 more points in sweep.csv"), "{text}");
}
