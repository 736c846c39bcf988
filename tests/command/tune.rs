//! `tune` as its users meet it: its answer, its files, and what it refuses.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn tollgate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("only text is printed")
}

/// The question of the help, over fewer values.
const BURST: [&str; 8] = [
    "tune",
    "burst",
    "--vary",
    "api.limit.burst=1..40",
    "--goal",
    "rejected_share <= 9.5%",
    "--minimise",
    "api.limit.burst",
];

#[test]
fn the_answer_is_a_sentence_and_its_files_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let output = tollgate(folder.path(), &BURST);
    let (screen, talk) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{talk}");
    assert!(
        screen.contains("Answer: 6 is the smallest burst that holds: 429-share 8."),
        "{screen}"
    );
    assert!(screen.contains("5 misses:") && screen.contains("429-share 10."), "{screen}");
    let widest = screen.lines().chain(talk.lines()).map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{screen}{talk}");

    let place = folder.path().join("out/burst");
    let mut names: Vec<String> = fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["patch.toml", "tune.csv", "tune.json", "tune.png", "tune.svg"]);

    let sheet = fs::read_to_string(place.join("tune.csv")).unwrap();
    let head = "api.limit.burst,429-share,429-share-low,429-share-high,seeds,verdict,standing\n";
    assert!(sheet.starts_with(head), "{sheet}");
    let row = |burst: &str| sheet.lines().find(|line| line.starts_with(burst)).unwrap();
    assert!(row("6,").ends_with(",meets,answer") && row("5,").ends_with(",misses,"), "{sheet}");

    let record: Value =
        serde_json::from_str(&fs::read_to_string(place.join("tune.json")).unwrap()).unwrap();
    assert_eq!(record["answer"]["set"], "--set api.limit.burst=6");
    assert_eq!(record["answer"]["misses"], "5");
    let command = record["command"].as_str().unwrap();
    assert!(command.ends_with("--seeds 10 --seeds-max 320 --seed 0"), "{command}");

    let patch = fs::read_to_string(place.join("patch.toml")).unwrap();
    let table = "[[limit]]\nname = \"rate\"\nper = [\"app\"]\n\
        token-bucket = { rate = \"40/s\", burst = 6 }\n";
    assert!(patch.ends_with(table), "{patch}");
    assert!(patch.contains("# To try it: tollgate compare burst --set api.limit.burst=6\n"));
    assert!(patch.contains("models/apis/plain-rate.toml"), "{patch}");
}

/// The patch is the file's own table, so it can take that one's place.
#[test]
fn a_patch_applies_to_the_file_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    assert!(tollgate(folder.path(), &["init", "--from", "burst", "mine"]).status.success());
    let mut arguments = BURST;
    let scenario = fs::read_dir(folder.path().join("mine"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("[[population]]")))
        .expect("init writes the scenario");
    arguments[1] = scenario.to_str().unwrap();
    let output = tollgate(folder.path(), &[&arguments[..], &["-o", "out"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let patch = fs::read_to_string(folder.path().join("out/patch.toml")).unwrap();
    let file = patch.lines().find_map(|line| line.strip_prefix("# In ")?.strip_suffix(':'));
    let file = folder.path().join("mine").join(file.expect("the file is named"));
    let api = fs::read_to_string(&file).unwrap();
    let (before, _) = api.split_once("[[limit]]").unwrap();
    let (_, table) = patch.split_once("[[limit]]").unwrap();
    fs::write(&file, format!("{before}[[limit]]{table}")).unwrap();
    // Applied, the smallest that holds is what stands there.
    let show = tollgate(folder.path(), &["check", scenario.to_str().unwrap()]);
    assert!(show.status.success(), "{}", text(&show.stderr));
    assert!(fs::read_to_string(&file).unwrap().contains("burst = 6"));
}

#[test]
fn the_files_are_the_same_bytes_on_one_thread_two_and_five() {
    let folder = tempfile::tempdir().unwrap();
    for threads in ["1", "2", "5"] {
        let more = ["--quiet", "--threads", threads, "-o", threads];
        let output = tollgate(folder.path(), &[&BURST[..], &more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty() && output.stderr.is_empty());
    }
    for entry in fs::read_dir(folder.path().join("1")).unwrap() {
        let name = entry.unwrap().file_name();
        let [one, two, five] = ["1", "2", "5"]
            .map(|threads| fs::read(folder.path().join(threads).join(&name)).unwrap());
        assert!(one == two && one == five, "{name:?} differs");
    }
}

#[test]
fn every_format_says_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = |format: &str| {
        let output = tollgate(folder.path(), &[&BURST[..], &["--format", format]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    };
    let (markdown, _) = run("markdown");
    assert!(markdown.contains("| 6 | 8.") && markdown.contains("| meets, the answer |"));
    let (csv, talk) = run("csv");
    let written = fs::read_to_string(folder.path().join("out/burst/tune.csv")).unwrap();
    assert_eq!(csv, written);
    assert!(talk.contains("Answer: 6 is"), "{talk}");
    let json: Value = serde_json::from_str(&run("json").0).unwrap();
    assert_eq!(json["answer"]["holds"], "6");
    let points = json["points"].as_array().unwrap();
    assert!(points.iter().any(|p| p["api.limit.burst"] == 6 && p["standing"] == "answer"));
}

/// What cannot be told apart is a range, with what would decide it.
#[test]
fn a_range_says_what_would_decide_it() {
    let folder = tempfile::tempdir().unwrap();
    let goal = "rejected_share <= 8.5%";
    let mut arguments = BURST.to_vec();
    arguments[5] = goal;
    arguments.extend(["--seeds", "4", "--seeds-max", "4"]);
    let output = tollgate(folder.path(), &arguments);
    let screen = text(&output.stdout);
    assert!(screen.contains("Answer: between ") && screen.contains("with 4 seeds."), "{screen}");
    assert!(screen.contains("not told apart"), "{screen}");
    let needed = screen.lines().find_map(|line| line.strip_prefix("To decide: --seeds-max "));
    let needed: u32 = needed.expect("it says what would").parse().unwrap();
    assert!(needed > 4, "{screen}");
    assert!(text(&output.stderr).contains("more runs, about "), "{}", text(&output.stderr));
}

#[test]
fn what_is_wrong_is_told_before_anything_runs_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let with = |place: usize, value: &'static str| {
        let mut arguments = BURST.to_vec();
        arguments[place] = value;
        arguments
    };
    let also = |more: &[&'static str]| [&BURST[..], more].concat();
    for (arguments, told) in [
        (with(1, "brst"), "did you mean `burst`?"),
        (with(3, "api.limit.brst=1..40"), "this is neither varied nor a metric"),
        (with(3, "api.limit.burst=5"), "there is one value alone"),
        (with(3, "api.limit.burst=40..1"), "write 1..40"),
        (with(3, "client=a,b"), "clients are no numbers"),
        (with(3, "api.limit.burst=0..40"), "the model is wrong at api.limit.burst=0:"),
        (with(5, "rejected_shar <= 1%"), "did you mean rejected-share?"),
        (with(5, "time_to_99 < 5s"), "there is no `time-to-99` here"),
        (with(5, "jain > 0.5 of naive"), "a goal is about `naive`"),
        (with(7, "burst"), "write `api.limit.burst` or a metric"),
        (also(&["--client", "nane"]), "did you mean `none`?"),
        (also(&["--minimise", "api.limit.burst"]), "wanted twice"),
        (also(&["--set", "horizn=5s"]), "horizon"),
        (also(&["--vary", "a=1..2", "--vary", "b=1..2"]), "more than two paths"),
        (also(&["--seeds", "1"]), "is not in 2.."),
        (BURST[..6].to_vec(), "like --minimise api.limit.burst"),
        ([&BURST[..4], &BURST[6..]].concat(), "there is no goal"),
        (
            vec!["tune", "burst", "--vary", "api.limit.brst=1..4", "--maximise", "goodput"],
            "--vary api.limit.brst: there is no `brst`",
        ),
    ] {
        let output = tollgate(folder.path(), &arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "{arguments:?}");
    }
}

/// Two knobs: what nobody beats, and no patch where there is a choice.
#[test]
fn two_knobs_give_a_front() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "tune",
        "burst",
        "--vary",
        "api.limit.burst=6..10:2",
        "--vary",
        "population.count=30..38:4",
        "--goal",
        "rejected_share <= 2%",
        "--minimise",
        "api.limit.burst",
        "--maximise",
        "population.count",
        "--set",
        "horizon=400s",
    ];
    let output = tollgate(folder.path(), &arguments);
    let screen = text(&output.stdout);
    assert!(screen.contains("2 of 9 points are the front"), "{screen}{}", text(&output.stderr));
    let sheet = fs::read_to_string(folder.path().join("out/burst/tune.csv")).unwrap();
    let front: Vec<&str> = sheet.lines().filter(|line| line.ends_with(",front")).collect();
    assert!(front[0].starts_with("6,30,") && front[1].starts_with("8,34,"), "{sheet}");
    let patch = fs::read_to_string(folder.path().join("out/burst/patch.toml")).unwrap();
    assert!(patch.contains("#   --set api.limit.burst=8 --set population.count=34\n"), "{patch}");
    assert!(patch.lines().all(|line| line.starts_with('#')), "{patch}");
}
