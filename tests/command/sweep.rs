//! `sweep` and `merge`: what is finished is kept, and the same bytes come of it
//! however often it was interrupted and however it was cut.

#![expect(
    clippy::disallowed_types,
    reason = "how long a process lives is told by the clock of the wall"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use tempfile::TempDir;
use tollgate::metric::METRICS;

/// A scenario whose runs take a millisecond.
const SCENARIO: &str = r#"
name = "tiny"
title = "Four workers at one limit"
api = "api.toml"
clients = ["naive", "exponential-jitter"]
horizon = "20s"
drain = "10s"

[service]
time = "50ms"

[[population]]
name = "workers"
count = 4
identity = { app = "shared" }
backlog = { calls = 10 }
asks = { request = 1 }
"#;

const API: &str = r#"
name = "An API"
source = "ours"

[[endpoint]]
name = "request"

[[limit]]
name = "rate"
per = ["app"]
fixed-window = { quota = 4, window = "1s", anchor = "clock" }
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    fs::write(folder.path().join("tiny.toml"), SCENARIO).unwrap();
    fs::write(folder.path().join("api.toml"), API).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(arguments).current_dir(folder);
    command
}

fn tollgate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the binary starts")
}

fn err(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("only text is printed");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A sweep into a folder, with more arguments.
fn sweep<'a>(vary: &[&'a str], to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["sweep", "tiny.toml", "--seeds", "2", "-o", to];
    all.extend(vary.iter().flat_map(|vary| ["--vary", vary]));
    all.extend(more);
    all
}

fn done(folder: &Path, arguments: &[&str]) -> Output {
    let output = tollgate(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", err(&output));
    output
}

/// The files that a finished sweep is made of, without its parts.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    });
    named.filter(|(name, _)| !name.starts_with("part-")).collect()
}

/// How many lines are whole.
fn lines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

/// How many lines of a part's file are whole, its head left out.
fn finished(partial: &Path) -> usize {
    let bytes = fs::read(partial).unwrap_or_default();
    lines(&bytes).saturating_sub(1)
}

const GRID: [&str; 2] = ["api.limit.rate.quota=4..12:1", "population.count=1..8:1"];

/// Of three paths no chart is drawn, which would take longer than all runs.
const CUBE: [&str; 3] =
    ["api.limit.rate.quota=4..12:1", "population.count=1..4:1", "service.time=40ms,60ms"];

/// 200 times a process is killed while it works, at an instant that it does not
/// choose; what comes of it in the end is what comes of one that was left alone.
#[cfg(unix)]
#[test]
fn killed_at_any_instant_it_loses_nothing_and_comes_to_the_same_bytes() {
    let folder = folder();
    let place = folder.path();
    let begin = Instant::now();
    done(place, &sweep(&CUBE, "whole", &["--quiet"]));
    let whole_time = begin.elapsed();
    let whole = files(&place.join("whole"));
    let metrics = METRICS.iter().filter(|metric| !metric.follows_trigger()).count();
    assert_eq!(lines(&whole["sweep.csv"]), 1 + 72 * 2 * metrics);
    let (partial, part) = ("cut/part-00000-of-00001.partial", "cut/part-00000-of-00001.jsonl");
    let (partial, part) = (place.join(partial), place.join(part));
    let (mut kills, mut midway, mut late, mut draw) = (0, 0, 0, 0x9e37_79b9_7f4a_7c15_u64);
    while kills < 200 {
        let before = finished(&partial);
        let mut child = command(place, &sweep(&CUBE, "cut", &["--quiet", "--threads", "2"]))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Twice while it merges, and then it may come to its end.
        if late < 2 {
            std::thread::sleep(whole_time.mul_f64((draw >> 33) as f64 / (1_u64 << 31) as f64));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                kills += 1;
            }
        }
        if child.wait().unwrap().success() {
            let cut = files(&place.join("cut"));
            assert!(cut.keys().eq(whole.keys()), "{:?} after {kills} kills", cut.keys());
            assert!(cut == whole, "other bytes after {kills} kills");
            fs::remove_dir_all(place.join("cut")).unwrap();
            late = 0;
        } else if part.exists() {
            late += 1;
        } else {
            assert!(finished(&partial) >= before, "a finished point is gone");
            midway += usize::from(finished(&partial) > before);
        }
    }
    done(place, &sweep(&CUBE, "cut", &["--quiet"]));
    assert!(files(&place.join("cut")) == whole, "other bytes after {kills} kills");
    assert!(midway >= 20, "only {midway} of {kills} kills left more points behind");
}

#[test]
fn any_number_of_shards_and_threads_comes_to_the_same_bytes() {
    let folder = folder();
    let place = folder.path();
    done(place, &sweep(&GRID, "whole", &["--threads", "1"]));
    let whole = files(&place.join("whole"));
    let names: Vec<&String> = whole.keys().collect();
    assert_eq!(names, ["sweep.csv", "sweep.json", "sweep.png", "sweep.svg"]);
    for (shards, threads) in [(1_u32, "5"), (2, "2"), (7, "5"), (64, "1")] {
        let to = format!("parts-{shards}");
        // In an order that is not theirs.
        for shard in (0..shards).rev() {
            let shard = format!("{shard}/{shards}");
            let more = ["--shard", &shard, "--threads", threads, "--quiet"];
            done(place, &sweep(&GRID, &to, &more));
        }
        done(place, &["merge", &to]);
        assert_eq!(files(&place.join(&to)), whole, "{shards} shards");
    }
}

#[test]
fn a_scheduler_says_which_shard_it_is() {
    let folder = folder();
    let place = folder.path();
    let vary = ["population.count=1,2,3"];
    for task in ["1", "2"] {
        let output = command(place, &sweep(&vary, "slurm", &["--shard", "auto"]))
            .envs([("SLURM_ARRAY_TASK_ID", task), ("SLURM_ARRAY_TASK_COUNT", "2")])
            .env("SLURM_ARRAY_TASK_MIN", "1")
            .output()
            .unwrap();
        assert!(output.status.success() && err(&output).contains("tollgate merge slurm"));
    }
    done(place, &["merge", "slurm"]);
    let output = command(place, &sweep(&vary, "job", &["--shard", "auto"]))
        .env("JOB_COMPLETION_INDEX", "0")
        .output()
        .unwrap();
    assert!(output.status.code() == Some(2) && err(&output).contains("write --shards N"));
}

/// A point is what `compare` makes of its settings.
#[test]
fn a_point_is_a_comparison() {
    let folder = folder();
    let place = folder.path();
    let vary =
        ["api.limit.rate.quota=4,9", "service.time=50ms..100ms:25ms", "client=header-aware,naive"];
    done(place, &sweep(&vary, "out", &["--seed", "7"]));
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(place.join("out/sweep.json")).unwrap()).unwrap();
    let command =
        record["a-point"].as_str().unwrap().replace("tollgate", env!("CARGO_BIN_EXE_tollgate"));
    assert!(command.contains("quota=4 --set service.time=50ms --seeds 2 --seed 7"), "{command}");
    let command = command.replace("quota=4", "quota=9").replace("=50ms", "=75ms");
    let status = Command::new("sh")
        .args(["-c", &format!("{command} -o one --quiet")])
        .current_dir(place)
        .status();
    assert!(status.unwrap().success());
    let sheet = fs::read_to_string(place.join("out/sweep.csv")).unwrap();
    let own: Vec<&str> = sheet.lines().filter_map(|line| line.strip_prefix("4,9,75ms,")).collect();
    let summary = fs::read_to_string(place.join("one/summary.csv")).unwrap();
    // `summary.csv` says more of each metric.
    let ends = |line: &str| line.match_indices(',').nth(5).map_or(line.len(), |(end, _)| end);
    let whole: Vec<&str> = summary.lines().skip(1).map(|line| &line[..ends(line)]).collect();
    assert_eq!(own, whole);
}

#[test]
fn what_is_done_is_not_done_again_and_another_sweep_is_refused() {
    let folder = folder();
    let place = folder.path();
    let vary = ["population.count=1,2"];
    done(place, &sweep(&vary, "out", &[]));
    let again = done(place, &sweep(&vary, "out", &["--show", "wait-p99"]));
    assert!(err(&again).contains("all 2 points are there already"), "{}", err(&again));
    assert!(String::from_utf8(again.stdout).unwrap().contains("wait-p99"));
    for (vary, more, part) in [
        ("population.count=1,3", &[][..], "it varies population.count (2 from 1 to 2)"),
        ("population.count=1,2", &["--seed", "3"], "its root seed is 0 and not 3"),
        ("population.count=1,2", &["--set", "service.time=60ms"], "the digest of its models is"),
        ("population.count=1,2", &["--vary", "client=naive"], "its clients are naive, exponential"),
    ] {
        let output = tollgate(place, &sweep(&[vary], "out", more));
        let said = err(&output);
        assert!(output.status.code() == Some(2) && said.contains(part), "{said}");
        assert!(said.contains("--fresh"), "{said}");
    }
    let fresh = done(place, &sweep(&["population.count=1,3"], "out", &["--fresh"]));
    assert!(!err(&fresh).contains("already"));
    let sheet = fs::read_to_string(place.join("out/sweep.csv")).unwrap();
    assert!(sheet.lines().any(|line| line.starts_with("1,3,naive,")));
}

#[test]
fn merge_tells_all_that_is_wrong_with_the_parts() {
    let folder = folder();
    let place = folder.path();
    let vary = ["population.count=1..7:1"];
    let part = |to: &str, shard: &str, more: &[&str]| {
        done(place, &sweep(&vary, to, &[&["--shard", shard, "--quiet"], more].concat()));
    };
    (0..4).for_each(|shard| part("good", &format!("{shard}/4"), &[]));
    part("other", "2/4", &["--set", "service.time=60ms"]);
    part("other", "1/3", &[]);
    let file = |to: &str, index: u32, of: u32| {
        place.join(to).join(format!("part-{index:05}-of-{of:05}.jsonl"))
    };
    let refused = |parts: &[&str]| {
        let output = tollgate(place, &["merge", "good"]);
        let said = err(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        for part in parts {
            assert!(said.contains(part), "no {part:?} in {said}");
        }
        assert!(!place.join("good/sweep.csv").exists());
    };
    let kept = |index| fs::read(file("good", index, 4)).unwrap();
    let (first, second) = (kept(1), kept(2));
    // A gap, a mixture of models and one of numbers, a copy, all at once.
    fs::copy(file("other", 2, 4), file("good", 2, 4)).unwrap();
    fs::copy(file("other", 1, 3), file("good", 1, 3)).unwrap();
    fs::copy(file("good", 0, 4), file("good", 3, 4)).unwrap();
    fs::remove_file(file("good", 1, 4)).unwrap();
    refused(&[
        "part-00001-of-00004.jsonl is missing: run --shard 1/4",
        "part-00002-of-00004.jsonl: the digest of its models is",
        "part-00001-of-00003.jsonl is one of 3 parts",
        "part-00003-of-00004.jsonl is not what it is called: it is shard 0 of 4",
        "are the same part",
    ]);
    fs::remove_file(file("good", 1, 3)).unwrap();
    part("good", "3/4", &["--fresh"]);
    fs::write(file("good", 2, 4), &second).unwrap();
    // One byte is another, a line is missing, a part is not finished.
    let mut changed = first.clone();
    let at = changed.len() - 20;
    changed[at] ^= 1;
    fs::write(file("good", 1, 4), &changed).unwrap();
    let cut = second[..second.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(file("good", 2, 4), &second[..cut]).unwrap();
    fs::rename(file("good", 3, 4), file("good", 3, 4).with_extension("partial")).unwrap();
    refused(&[
        "part-00001-of-00004.jsonl is damaged in line 3, where point 5 should be",
        "part-00002-of-00004.jsonl is damaged in line 3, where point 6 should be",
        "part-00003-of-00004.partial is not finished",
    ]);
    // Another version.
    let old = String::from_utf8(first.clone()).unwrap();
    let old = old.replace(
        &format!("\"tollgate\":\"{}\"", env!("CARGO_PKG_VERSION")),
        "\"tollgate\":\"9.9.9\"",
    );
    fs::write(file("good", 1, 4), old).unwrap();
    refused(&["part-00001-of-00004.jsonl is damaged in line 1"]);
    // All is as it was.
    fs::write(file("good", 1, 4), &first).unwrap();
    fs::write(file("good", 2, 4), &second).unwrap();
    part("good", "3/4", &[]);
    done(place, &["merge", "good"]);
    for (to, part) in [("nowhere", "no folder nowhere"), (".", "no part of a sweep")] {
        let output = tollgate(place, &["merge", to]);
        assert!(output.status.code() == Some(3) && err(&output).contains(part), "{}", err(&output));
    }
}

/// A file may grow to some kilobytes here, as on a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_what_was_finished_stays() {
    let folder = folder();
    let place = folder.path();
    let vary = ["population.count=1..20:1"];
    done(place, &sweep(&vary, "whole", &["--quiet"]));
    let binary = env!("CARGO_BIN_EXE_tollgate");
    let arguments = sweep(&vary, "full", &["--quiet"]).join(" ");
    // Else the signal for a file that is too large ends it before it can tell.
    let limited = format!("trap '' XFSZ; ulimit -f 40; exec {binary} {arguments}");
    let output = Command::new("sh").args(["-c", &limited]).current_dir(place).output().unwrap();
    let said = err(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write full/part-00000-of-00001.partial: "), "{said}");
    let partial = place.join("full/part-00000-of-00001.partial");
    let there = finished(&partial);
    assert!((1..20).contains(&there), "{there}");
    assert!(fs::read(&partial).unwrap().ends_with(b"\n"), "no half line is left");
    let on = done(place, &sweep(&vary, "full", &[]));
    assert!(err(&on).contains(&format!("{there} of 20 points are there already")), "{}", err(&on));
    assert_eq!(files(&place.join("full")), files(&place.join("whole")));
}

/// Whatever stands behind the last whole line is cut off.
#[test]
fn a_torn_or_damaged_tail_is_run_again() {
    let folder = folder();
    let place = folder.path();
    let vary = ["population.count=1..6:1"];
    done(place, &sweep(&vary, "whole", &["--quiet"]));
    let whole = files(&place.join("whole"));
    let part = fs::read(place.join("whole/part-00000-of-00001.jsonl")).unwrap();
    let ends: Vec<usize> =
        part.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    fs::create_dir(place.join("torn")).unwrap();
    let partial = place.join("torn/part-00000-of-00001.partial");
    let mut damaged = part.clone();
    // A digit, so that the line is a point still.
    let digit = damaged[..ends[4]].iter().rposition(u8::is_ascii_digit).unwrap();
    damaged[digit] ^= 1;
    let repeated = [&part[..ends[2]], &part[ends[1]..ends[2]]].concat();
    for (bytes, there) in [
        (&part[..0], 0),
        (&part[..30], 0),
        (&part[..ends[0]], 0),
        (&part[..ends[2] + 11], 2),
        (&part[..ends[2] - 1], 1),
        (&damaged[..], 3),
        (&repeated[..], 2),
        (&[&part[..ends[4]], &[0; 4096][..]].concat()[..], 4),
    ] {
        fs::write(&partial, bytes).unwrap();
        let output = done(place, &sweep(&vary, "torn", &["--format", "csv"]));
        let said = format!("{there} of 6 points are there already");
        assert_eq!(err(&output).contains(&said), there > 0, "{there}: {}", err(&output));
        assert_eq!(files(&place.join("torn")), whole);
        fs::remove_file(place.join("torn/part-00000-of-00001.jsonl")).unwrap();
    }
    fs::write(&partial, "something else\n").unwrap();
    let output = tollgate(place, &sweep(&vary, "torn", &[]));
    assert!(output.status.code() == Some(2) && err(&output).contains("is no part of a sweep"));
    assert_eq!(fs::read(&partial).unwrap(), b"something else\n");
}

#[test]
fn two_processes_at_one_part_do_not_meet() {
    let folder = folder();
    let place = folder.path();
    let vary = ["population.count=1,2"];
    fs::create_dir(place.join("out")).unwrap();
    let held = fs::File::create(place.join("out/part-00000-of-00001.partial")).unwrap();
    held.lock().unwrap();
    let output = tollgate(place, &sweep(&vary, "out", &["--fresh"]));
    assert!(output.status.code() == Some(1), "{}", err(&output));
    assert!(err(&output).contains("another process is at work on out/part-00000-of-00001.partial"));
    drop(held);
    done(place, &sweep(&vary, "out", &[]));
}

/// Nothing runs, and nothing is written, while anything is wrong.
#[test]
fn all_that_is_wrong_is_told_before_anything_runs() {
    let folder = folder();
    let place = folder.path();
    for (vary, more, parts) in [
        (
            &["api.limit.rate.quoat=4,8", "servce.time=1s"][..],
            &[][..],
            &[
                "--vary api.limit.rate.quoat: there is no `quoat`",
                "did you mean `fixed-window.quota`?",
                "--vary servce.time: there is no `servce`",
            ][..],
        ),
        (
            &["api.limit.rate.quota=4,0,-3", "service.time=1s,fast"],
            &[],
            &["quota=0", "quota=-3", "time=fast"],
        ),
        (
            &["population.count=8..1:1", "service.time=1..2s:1s"],
            &[],
            &["write 1..8", "no unit, `s`"],
        ),
        (&["population.count=1..8"], &[], &["has no step", "--latin N"]),
        (&["population.count=1,2"], &["--latin", "3"], &["plain ranges, and there is none"]),
        (&["client=naive,none"], &[], &["nothing varies but the client"]),
        (&["population.count=1,2", "client=naive,nobody"], &[], &["no client `nobody`"]),
        (&["population.count=1,2", "client=naive,naive"], &[], &["`naive` stands twice"]),
        (&["population.count=1,2"], &["--set", "population.count=3"], &["set and varied at once"]),
        (
            &["population.count=1..2000:1", "api.limit.rate.quota=1..2000:1"],
            &[],
            &["these are 4000000 points"],
        ),
        (&["population.count=1,2"], &["--shard", "2/2"], &["the last is 1/2"]),
        (&["population.count=1,2"], &["--show", "wait-p9"], &["did you mean `wait-p90`?"]),
    ] {
        let output = tollgate(place, &sweep(vary, "out", more));
        let said = err(&output);
        assert_eq!(output.status.code(), Some(2), "{vary:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "no {part:?} in {said}");
        }
        assert!(!place.join("out").exists());
    }
}

#[test]
fn a_dry_run_counts_and_writes_nothing() {
    let folder = folder();
    let place = folder.path();
    let output = done(place, &sweep(&GRID, "out", &["--dry-run"]));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("72 points x 2 clients x 2 seeds = 288 runs\nabout "), "{said}");
    assert!(
        said.contains("point 9: api.limit.rate.quota=5 population.count=2\nand 62 more\n"),
        "{said}"
    );
    let output = done(place, &sweep(&GRID, "out", &["--dry-run", "--shard", "1/5"]));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("15 points") && said.contains("point 6: "), "{said}");
    assert!(!place.join("out").exists());
}

/// Samples come from the seed, and lie between the ends.
#[test]
fn a_latin_hypercube_is_the_same_again() {
    let folder = folder();
    let place = folder.path();
    let vary = ["api.limit.rate.quota=4..40", "service.time=10ms..90ms"];
    let sheet = |to: &str, seed: &str| {
        let output = done(place, &sweep(&vary, to, &["--latin", "8", "--seed", seed]));
        assert!(
            err(&output).contains("no chart: samples of a Latin hypercube"),
            "{}",
            err(&output)
        );
        fs::read_to_string(place.join(to).join("sweep.csv")).unwrap()
    };
    assert_eq!(sheet("a", "1"), sheet("b", "1"));
    assert_ne!(sheet("a", "1"), sheet("c", "2"));
}
