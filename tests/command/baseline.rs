//! Baselines as their users keep them and hold later numbers against them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn compare(folder: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(["compare", "aiclicks", "--seeds", "5"])
        .args(more)
        .current_dir(folder)
        .output()
        .expect("the binary starts")
}

fn screen(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_same_is_within_noise_and_what_changed_is_better_or_worse() {
    let folder = tempfile::tempdir().unwrap();
    let kept = compare(folder.path(), &["--save-baseline", "main"]);
    assert_eq!(kept.status.code(), Some(0), "{}", screen(&kept));
    assert!(screen(&kept).contains("baseline-main.json"), "{}", screen(&kept));

    let same = compare(folder.path(), &["--baseline", "main", "--threads", "1"]);
    assert!(screen(&same).contains("all 20 numbers within noise."), "{}", screen(&same));

    // Half the quota is worse for whoever goes as fast as it allows.
    let quota = ["--baseline", "main", "--set", "api.limit.default.fixed-window.quota=30"];
    let half = compare(folder.path(), &quota);
    let told = screen(&half);
    assert_eq!(half.status.code(), Some(0), "{told}");
    let line = told.split("aiclicks-advice time-to-99 ").nth(1).unwrap_or("");
    assert!(line.split(" aiclicks").next().unwrap().contains(" s worse"), "{told}");

    // Turned round, the same change is better.
    let mut keep = quota.to_vec();
    keep[0] = "--save-baseline";
    keep[1] = "./half.json";
    compare(folder.path(), &keep);
    let back = screen(&compare(folder.path(), &["--baseline", "half.json"]));
    let line = back.split("aiclicks-advice time-to-99 ").nth(1).unwrap_or("");
    assert!(line.split(" aiclicks").next().unwrap().contains(" s better"), "{back}");
}

#[test]
fn a_baseline_of_something_else_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    compare(folder.path(), &["--save-baseline", "main"]);
    let file = folder.path().join("out/aiclicks/baseline-main.json");
    let text = fs::read_to_string(&file).unwrap();
    let refused = |name: &str, more: &[&str], told: &str| {
        let output = compare(folder.path(), &[&["--baseline", name], more].concat());
        assert_eq!(output.status.code(), Some(3), "{}", screen(&output));
        assert!(screen(&output).contains(told), "{}", screen(&output));
    };
    refused("main", &["--seed", "7"], "= help: add --seed 0");
    refused("other", &[], "make one with --save-baseline other");
    let other = text.replace("\"scenario\":\"aiclicks\"", "\"scenario\":\"clover\"");
    fs::write(folder.path().join("other.json"), other).unwrap();
    refused("other.json", &[], "it is of the scenario `clover`");
    fs::write(folder.path().join("cut.json"), &text[..100]).unwrap();
    refused("cut.json", &[], "this is no baseline");
}
