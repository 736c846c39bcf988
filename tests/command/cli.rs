//! The command as its users run it: every test starts the built binary in a
//! folder of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs `tollgate` with these arguments in a folder.
fn tollgate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the binary starts")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("there is a folder for temporary files")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("only text is printed")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("only text is printed")
}

fn is_empty(folder: &TempDir) -> bool {
    fs::read_dir(folder.path()).unwrap().next().is_none()
}

/// The quickest real comparison: a few seconds of work for two seeds.
const QUICK: [&str; 4] = ["compare", "aiclicks", "--seeds", "2"];

#[test]
fn compare_prints_a_table_and_a_verdict_and_names_each_file() {
    let folder = folder();
    let output = tollgate(folder.path(), &QUICK);
    let (screen, talk) = (out(&output), err(&output));
    assert_eq!(output.status.code(), Some(0), "{talk}");
    for part in [
        "client ",
        "served",
        "99% done",
        "429s",
        "att/call",
        "-- did not finish the work --",
        "No client",
        "mean of 2 paired seeds",
        "Assumes ",
    ] {
        assert!(screen.contains(part), "no {part:?} in:\n{screen}");
    }
    let widest = screen.lines().chain(talk.lines()).map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{screen}{talk}");
    assert!(!screen.contains('\u{1b}') && !talk.contains('\u{1b}'), "no colour in a pipe");
    let said = talk.replace(" .png", "");
    let mut files: Vec<String> = fs::read_dir(folder.path().join("out/aiclicks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    for file in &files {
        assert!(said.contains(&file.replace(".png", ".svg")), "{file} is not named in {talk}");
    }
    let wanted = [
        "classes.csv",
        "clients.csv",
        "fairness.csv",
        "fairness.png",
        "fairness.svg",
        "limits.csv",
        "pairs.csv",
        "rate.png",
        "rate.svg",
        "run.json",
        "series.csv",
        "summary.csv",
        "throttled.png",
        "throttled.svg",
        "wait.png",
        "wait.svg",
        "waits.csv",
        "waves.csv",
        "waves.png",
        "waves.svg",
        "work-time.png",
        "work-time.svg",
    ];
    assert_eq!(files, wanted);
}

#[test]
fn the_files_are_the_same_bytes_on_one_thread_and_on_two() {
    let folder = folder();
    for threads in ["1", "2"] {
        let arguments = [&QUICK[..], &["--quiet", "--threads", threads, "-o", threads]].concat();
        assert_eq!(tollgate(folder.path(), &arguments).status.code(), Some(0));
    }
    let (one, two) = (folder.path().join("1"), folder.path().join("2"));
    for entry in fs::read_dir(&one).unwrap() {
        let name = entry.unwrap().file_name();
        let same = fs::read(one.join(&name)).unwrap() == fs::read(two.join(&name)).unwrap();
        assert!(same, "{name:?} differs");
    }
}

#[test]
fn quiet_says_nothing_but_what_is_asked_for() {
    let folder = folder();
    let quiet = tollgate(folder.path(), &[&QUICK[..], &["--quiet"]].concat());
    assert_eq!((out(&quiet).as_str(), err(&quiet).as_str()), ("", ""));
    let csv = tollgate(folder.path(), &[&QUICK[..], &["--quiet", "--format", "csv"]].concat());
    assert!(out(&csv).starts_with("client,finished,served-share,"), "{}", out(&csv));
    assert_eq!((out(&csv).lines().count(), err(&csv).as_str()), (6, ""));
}

#[test]
fn every_format_holds_every_client() {
    let folder = folder();
    for format in ["text", "markdown", "csv", "json"] {
        let output = tollgate(folder.path(), &[&QUICK[..], &["--format", format]].concat());
        for client in ["naive", "fixed-interval", "exponential-jitter", "header-aware"] {
            assert!(out(&output).contains(client), "{format}:\n{}", out(&output));
        }
        if format == "json" {
            let value: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
            assert_eq!(value["clients"].as_array().unwrap().len(), 5);
        }
    }
}

#[test]
fn unknown_names_are_answered_with_near_ones_and_nothing_is_written() {
    let folder = folder();
    for (arguments, hint) in [
        (vec!["compare", "clovr"], "did you mean `clover`?"),
        (vec!["compare", "naive"], "did you mean `client/naive`?"),
        (vec!["compare", "clover", "--clients", "niave"], "did you mean `naive`?"),
        (vec!["compare"], "name a scenario"),
        (vec!["compare", "clover", "--set", "horizn=5s"], "horizon"),
        (vec!["compare", "clover", "--limit", "5/s per app"], "cannot be used with"),
        (vec!["compare", "clover", "--until", "5"], "like 2%"),
        (vec!["compare", "clover", "--until", "5%", "--seeds", "9"], "cannot be used with"),
        (vec!["compare", "clover", "--seeds-max", "9"], "--until"),
        (vec!["run", "clover", "--client", "niave"], "did you mean `naive`?"),
        (vec!["show", "api/clover.toml"], "cannot read"),
    ] {
        let output = tollgate(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err(&output).contains(hint), "{arguments:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{arguments:?}");
    }
    assert!(is_empty(&folder));
}

#[test]
fn a_misspelt_setting_is_one_fault_with_the_name_that_is_meant() {
    let folder = folder();
    for (set, told) in [
        ("api.limit.app-rate.quoat=1", "did you mean `fixed-window.quota`?"),
        ("api.limit.app-rate.quota=x", "1 fault in the --set arguments"),
    ] {
        let output = tollgate(folder.path(), &["compare", "clover", "--set", set]);
        let talk = err(&output);
        assert_eq!(output.status.code(), Some(2), "{talk}");
        assert!(talk.contains(told) && talk.matches("error").count() == 1, "{talk}");
    }
    assert!(is_empty(&folder));
}

#[test]
fn all_faults_of_all_files_come_at_once() {
    let folder = folder();
    assert!(tollgate(folder.path(), &["init", "--from", "clover", "."]).status.success());
    let spoil = |name: &str, from: &str, to: &str| {
        let path = folder.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    spoil("scenario.toml", "horizon = ", "horizn = ");
    spoil("api.toml", "window = \"1s\"", "window = 1");
    spoil("naive.toml", "attempts = 10", "attempts = -1");
    let before = fs::read_dir(folder.path()).unwrap().count();
    for command in ["check", "compare"] {
        let output = tollgate(folder.path(), &[command, "./scenario.toml"]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        for part in ["scenario.toml:", "api.toml:", "naive.toml:", "did you mean `horizon`?"] {
            assert!(err(&output).contains(part), "{command}, no {part}:\n{}", err(&output));
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
}

#[test]
fn check_guesses_what_a_file_is() {
    let folder = folder();
    assert!(tollgate(folder.path(), &["init", "--from", "keymint", "."]).status.success());
    let files = ["check", "scenario.toml", "api.toml", "naive.toml", "api/clover"];
    let output = tollgate(folder.path(), &files);
    let wanted = "scenario.toml: no faults (scenario)\napi.toml: no faults (api)\n\
                  naive.toml: no faults (client)\napi/clover: no faults (api)\n";
    assert_eq!(
        (out(&output).as_str(), output.status.code()),
        (wanted, Some(0)),
        "{}",
        err(&output)
    );
    let wrong = tollgate(folder.path(), &["check", "--kind", "api", "naive.toml"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn output_that_cannot_be_written_is_a_failure_that_leaves_nothing() {
    let folder = folder();
    fs::write(folder.path().join("in-the-way"), "a file").unwrap();
    for arguments in [
        [&QUICK[..], &["-o", "in-the-way/out"]].concat(),
        vec!["run", "aiclicks", "--client", "naive", "--events", "in-the-way/events.csv"],
        vec!["init", "--from", "clover", "in-the-way"],
    ] {
        let output = tollgate(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains("in-the-way"), "{}", err(&output));
        assert_eq!(out(&output), "");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn init_writes_files_that_compare_to_the_same_table_and_overwrites_nothing() {
    let folder = folder();
    let init = ["init", "--from", "aiclicks", "mine"];
    assert_eq!(tollgate(folder.path(), &init).status.code(), Some(0));
    let again = tollgate(folder.path(), &init);
    assert_eq!(again.status.code(), Some(1));
    assert!(err(&again).contains("already there"), "{}", err(&again));
    let table = |name| {
        let arguments = ["compare", name, "--seeds", "2", "--quiet", "--format", "csv"];
        out(&tollgate(folder.path(), &arguments))
    };
    let (built_in, written) = (table("aiclicks"), table("mine/scenario.toml"));
    assert!(built_in.lines().count() > 4, "{built_in}");
    assert_eq!(built_in, written);
}

#[test]
fn a_limit_on_the_command_line_needs_no_file_and_is_echoed() {
    let folder = folder();
    let arguments = [
        "compare",
        "--limit",
        "50/s per app",
        "--limit",
        "token-bucket 4/s burst 8 per token",
        "--calls",
        "600",
        "--workers",
        "32",
        "--identities",
        "20",
        "--seeds",
        "2",
    ];
    let output = tollgate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for part in ["fixed-window 50 in 1s, aligned to the clock", "token-bucket 4/s, a burst of 8"] {
        assert!(err(&output).contains(part), "{}", err(&output));
    }
    assert!(out(&output).contains("600 calls of 20 clients"), "{}", out(&output));
    let record = fs::read_to_string(folder.path().join("out/quick/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let command = record["command"].as_str().unwrap();
    assert!(command.contains("--limit '50/s per app'"), "{command}");
    let wrong = tollgate(folder.path(), &["compare", "--limit", "50 per app", "--limit", "5/s"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("2 faults"), "{}", err(&wrong));
}

#[test]
fn the_command_in_the_record_makes_the_same_files() {
    let folder = folder();
    let asked = [
        "compare",
        "aiclicks",
        "--seeds",
        "2",
        "--seed",
        "7",
        "--clients",
        "naive,aiclicks-advice",
        "--set",
        "horizon=4min",
        "-q",
        "-o",
        "first",
    ];
    assert_eq!(tollgate(folder.path(), &asked).status.code(), Some(0));
    let record = fs::read_to_string(folder.path().join("first/run.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&record).unwrap();
    let command = value["command"].as_str().unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).chain(["-q", "-o", "again"]).collect();
    assert_eq!(tollgate(folder.path(), &words).status.code(), Some(0), "{command}");
    for name in ["run.json", "summary.csv", "work-time.svg"] {
        let of = |place: &str| fs::read(folder.path().join(place).join(name)).unwrap();
        assert_eq!(of("first"), of("again"), "{name}");
    }
}

/// How many seeds it takes is decided by the seeds, not by who ran them; and the
/// record's command decides the same.
#[test]
fn a_comparison_runs_until_its_numbers_are_known_and_says_how_long_that_took() {
    let folder = folder();
    let asked = ["compare", "aiclicks", "--until", "2%", "--seeds-max", "40"];
    let one = tollgate(folder.path(), &[&asked[..], &["--threads", "1", "-o", "1"]].concat());
    assert_eq!(one.status.code(), Some(0), "{}", err(&one));
    let said = out(&one).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("until all intervals were within 2 %, longest for the"), "{said}");
    assert!(said.contains("After sequential stopping, intervals are slightly optimistic."));
    let record = fs::read_to_string(folder.path().join("1/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let seeds = record["seeds"].as_u64().unwrap();
    assert!(seeds > 10 && seeds < 40 && seeds.is_multiple_of(10), "{seeds} seeds");
    assert_eq!(record["stopping"]["reached"], true);
    let command = record["command"].as_str().unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let again = [&words[..], &["-q", "--threads", "5", "-o", "5"]].concat();
    assert_eq!(tollgate(folder.path(), &again).status.code(), Some(0), "{command}");
    for entry in fs::read_dir(folder.path().join("1")).unwrap() {
        let name = entry.unwrap().file_name();
        let of = |place: &str| fs::read(folder.path().join(place).join(&name)).unwrap();
        assert!(of("1") == of("5"), "{name:?} differs");
    }
}

#[test]
fn a_threshold_that_is_crossed_is_exit_code_99_and_keeps_the_files() {
    let folder = folder();
    let fail_if = |conditions: &[&str]| {
        let flags = conditions.iter().flat_map(|condition| ["--fail-if", *condition]);
        tollgate(folder.path(), &QUICK.into_iter().chain(flags).collect::<Vec<_>>())
    };
    let crossed = fail_if(&["rejected_share > 90%", "429s > 0 of header-aware"]);
    let screen = out(&crossed);
    assert_eq!(crossed.status.code(), Some(99), "{}", err(&crossed));
    for line in
        ["fail if rejected_share > 90%", "  ✗  naive ", "  ✓  fixed-interval ", "\n  ✓  429s of"]
    {
        assert!(screen.contains(line), "no {line:?} in:\n{screen}");
    }
    assert!(err(&crossed).ends_with("1 of 6 thresholds was crossed\n"), "{}", err(&crossed));
    let record = fs::read_to_string(folder.path().join("out/aiclicks/run.json")).unwrap();
    assert!(record.contains("\"fail-if\": \"rejected_share > 90%\""), "{record}");

    let met = fail_if(&["rejected_share > 99% or jain > 1"]);
    assert_eq!(met.status.code(), Some(0), "{}", err(&met));
    for (wrong, told) in [
        ("rejected_shar > 1%", "did you mean rejected-share?"),
        ("p99_wait > 2", "write one like 2s"),
        ("jain < 1 of nobody", "there are naive, fixed-interval"),
    ] {
        let refused = fail_if(&[wrong]);
        let talk =
            err(&refused).replace("\n ", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(refused.status.code(), Some(2), "{talk}");
        assert!(talk.contains(told), "{talk}");
        assert!(err(&refused).lines().all(|line| line.chars().count() <= 80), "{talk}");
    }
}

#[test]
fn what_a_vendor_leaves_open_can_decide_the_order_and_is_said_to() {
    let folder = folder();
    let clients = "clover-sample,exponential-jitter";
    let output = tollgate(
        folder.path(),
        &["compare", "clover", "--seeds", "4", "--assumptions", "--clients", clients],
    );
    let screen = out(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    // Whom the penalty holds up, the app or the token, turns the order round.
    let turned = "✗ app concurrency, token concurrency: penalty.of = [\"app\"], not [\"token\"]: \
                  exponential-jitter is ahead of clover-sample, not behind";
    assert!(screen.contains(turned), "{screen}");
    assert!(
        screen.contains("✓ app rate, token rate: counts-rejects = true, not false:"),
        "{screen}"
    );
    assert!(screen.contains("The order holds under 12 of 13"), "{screen}");
    let record = fs::read_to_string(folder.path().join("out/clover/run.json")).unwrap();
    assert!(record.contains("\"what\": \"reversed\""), "{record}");
}

#[test]
fn a_scenario_may_say_what_must_not_be() {
    let folder = folder();
    let with = |condition: &str| {
        let set = format!("fail-if=[\"{condition}\"]");
        tollgate(folder.path(), &[&QUICK[..], &["--set", &set]].concat())
    };
    assert_eq!(with("served-share < 100% of header-aware").status.code(), Some(0));
    assert_eq!(with("served-share < 100% of naive").status.code(), Some(99));
    let wrong = with("served > 5%");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("is no value of served"), "{}", err(&wrong));
}

#[test]
fn run_writes_a_row_for_each_attempt() {
    let folder = folder();
    let file = ["run", "aiclicks", "--client", "naive", "--events", "all.csv", "--format", "json"];
    let output = tollgate(folder.path(), &file);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let told: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    let rows = fs::read_to_string(folder.path().join("all.csv")).unwrap();
    assert!(rows.starts_with("t_sent_s,t_done_s,population,client,call,attempt,"), "{rows:.80}");
    let number = |name: &str| told["metrics"][name].as_u64().unwrap();
    assert_eq!(rows.lines().count() as u64 - 1, number("attempts"));
    let refused = rows.lines().filter(|line| line.contains(",429,")).count();
    assert_eq!(refused as u64, number("429s"));
    let stream = ["run", "aiclicks", "--client", "naive", "--events", "-", "--quiet"];
    let stream = tollgate(folder.path(), &stream);
    assert!(out(&stream) == rows && err(&stream).is_empty());
}

#[test]
fn run_takes_the_first_client_of_the_scenario_and_says_so() {
    let folder = folder();
    let first = tollgate(folder.path(), &["run", "aiclicks"]);
    let naive = tollgate(folder.path(), &["run", "aiclicks", "--client", "naive"]);
    assert_eq!((out(&first), err(&naive).as_str()), (out(&naive), ""));
    let said = "client naive, the first of 5 of aiclicks: --client NAME runs another\n";
    assert_eq!(err(&first), said);
    assert_eq!(err(&tollgate(folder.path(), &["run", "aiclicks", "--quiet"])), "");
}

/// What a run costs is talk: the data beside it is the same bytes without it.
#[test]
fn stats_tell_what_a_run_costs_and_change_no_data() {
    let folder = folder();
    let small = ["run", "w1", "--set", "events=200000", "--set", "population.count=100"];
    let plain = tollgate(folder.path(), &small);
    for format in ["csv", "json"] {
        let ask = |more: &[&str]| {
            tollgate(folder.path(), &[&small[..], &["--format", format], more].concat())
        };
        let (with, without) = (ask(&["--stats"]), ask(&[]));
        assert_eq!((out(&with), err(&without).as_str()), (out(&without), ""), "{format}");
        assert!(err(&with).contains(" ns/event"), "{format}: {}", err(&with));
    }
    let table = out(&tollgate(folder.path(), &[&small[..], &["--stats"]].concat()));
    assert!(table.starts_with(&out(&plain)) && table.contains(" ns/event"), "{table}");
    assert!(out(&plain).contains("token-bucket 80/s burst 80"), "{}", out(&plain));
    let quiet = tollgate(folder.path(), &[&small[..], &["--stats", "--quiet"]].concat());
    assert_eq!((err(&quiet).as_str(), quiet.status.code()), ("", Some(0)));
    let said = out(&quiet);
    let value = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in:\n{said}")).trim().to_owned()
    };
    assert_eq!(value("events   "), "200,000");
    for name in ["events per second", "time per event", "set-up", "peak memory"] {
        let value = value(name);
        let number = value.split(' ').next().unwrap().replace(',', "").parse::<f64>();
        assert!(cfg!(not(unix)) && value == "-" || number.unwrap() > 0.0, "{said}");
    }
    assert!(cfg!(not(unix)) || value("time per event").ends_with(" ns/event"), "{said}");
    assert!(said.contains("\nbytes per client   ") && said.lines().all(|line| line.len() <= 80));
}

/// A trace has no clients, so what is written for one of them says nothing.
#[test]
fn a_replay_refuses_a_limit_that_is_written_for_one_client() {
    let folder = folder();
    fs::write(folder.path().join("t.csv"), "t_ms,app\n0,a\n").unwrap();
    let output = tollgate(folder.path(), &["replay", "t.csv", "--api", "api/w1"]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""));
    assert!(err(&output).contains("there are no clients here"), "{}", err(&output));
    assert!(err(&output).contains("times = \"clients\""), "{}", err(&output));
}

/// The examples that a help shows, without the words beside them.
#[cfg(unix)]
fn examples(help: &str) -> Vec<String> {
    let shown = help.split_once("Examples:\n").map_or("", |(_, rest)| rest);
    // A line that goes on has no words beside it, and its indent is none either.
    let joined = shown.replace("\\\n      ", "");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("  tollgate "));
    lines.map(|line| format!("tollgate {}", line.split("    ").next().unwrap())).collect()
}

/// In a folder that has the files that they name.
#[cfg(unix)]
#[test]
fn every_example_of_every_help_runs() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name);
    for name in ["my-client.toml", "fast.toml", "slow.toml"] {
        fs::copy("models/clients/naive.toml", place(name)).unwrap();
    }
    fs::copy("tests/models/gateway.toml", place("gateway.toml")).unwrap();
    let trace =
        "t_ms,key,ip,user,auth,endpoint,duration_ms\n0,a,b,c,user,get,5\n1,a,b,c,none,get,5\n";
    fs::write(place("trace.csv"), trace).unwrap();
    let log = "10.0.0.1 - - [05/Jan/2026:09:00:00 +0000] \"GET /api/a HTTP/1.1\" 200 9\n";
    for name in ["access.log", "access.log.1.gz"] {
        fs::write(place(name), log.repeat(3)).unwrap();
    }
    assert!(tollgate(folder.path(), &["init", "--from", "clover", "mine"]).status.success());
    for folder in [".local/share/bash-completion/completions", ".config/fish/completions"] {
        fs::create_dir_all(place(folder)).unwrap();
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_tollgate"));
    let path = format!("{}:/usr/bin:/bin", binary.parent().unwrap().display());
    let commands = [
        "compare",
        "sweep",
        "merge",
        "tune",
        "run",
        "replay",
        "schedule",
        "list",
        "show",
        "check",
        "init",
        "completions",
    ];
    let mut count = 0;
    for command in std::iter::once(None).chain(commands.map(Some)) {
        let asked: Vec<&str> = command.into_iter().chain(["--help"]).collect();
        let help = tollgate(folder.path(), &asked);
        let found = examples(&out(&help));
        assert!(!found.is_empty(), "{command:?}: {}", out(&help));
        for example in found {
            let shell = Command::new("sh")
                .args(["-c", &example])
                .current_dir(folder.path())
                .env("PATH", &path)
                .env("HOME", folder.path())
                .output()
                .unwrap();
            assert!(shell.status.success(), "{example}: {}", err(&shell));
            count += 1;
        }
        // What `init` wrote is in the way of the next that does.
        let _ = fs::remove_dir_all(place("clover"));
    }
    assert!(count > 25, "{count}");
}

#[test]
fn lists_and_models_are_printed() {
    let folder = folder();
    let all = out(&tollgate(folder.path(), &["list"]));
    for part in ["scenarios", "clover", "client", "header-aware", "metrics", "served-share"] {
        assert!(all.contains(part), "{all}");
    }
    let clients = out(&tollgate(folder.path(), &["list", "clients"]));
    assert!(clients.contains("naive") && !clients.contains("keymint  "), "{clients}");
    let shown = out(&tollgate(folder.path(), &["show", "api/clover"]));
    assert_eq!(shown, fs::read_to_string("models/apis/clover.toml").unwrap());
    let script = tollgate(folder.path(), &["completions", "bash"]);
    assert!(out(&script).contains("tollgate") && script.status.success());
    assert!(is_empty(&folder));
}

/// Runs `tollgate` with a text on its standard input.
fn fed(folder: &Path, arguments: &[&str], input: &str) -> Output {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // One that refuses its arguments may be gone before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

const RULE: [&str; 3] = ["replay", "-", "--limit=2/s per key"];

#[test]
fn a_replay_reads_stdin_and_writes_rows_to_stdout_or_a_file() {
    let folder = folder();
    let trace = "# a comment\nt_ms,key\n0,a\n1,a\n2,a\n3,b\n";
    let rows = fed(folder.path(), &[&RULE[..], &["--decisions", "-"]].concat(), trace);
    assert_eq!(rows.status.code(), Some(0), "{}", err(&rows));
    assert_eq!(
        out(&rows),
        "t_ns,key,cost,decision,delay_ns,remaining,retry_after_ns,reset_ns,limit\n\
         0,a,1,admit,,1,,1000000000,\n\
         1000000,a,1,admit,,0,,999000000,\n\
         2000000,a,1,reject,,0,998000000,998000000,2/s per key\n\
         3000000,b,1,admit,,1,,997000000,\n"
    );
    assert!(err(&rows).contains("4 requests: 3 admitted (75.00 %), 1 rejected (25.00 %)"));
    let named = [&RULE[..], &["--decisions", "out.csv", "--quiet"]].concat();
    let quiet = fed(folder.path(), &named, trace);
    assert!(out(&quiet).is_empty() && err(&quiet).is_empty());
    assert_eq!(fs::read_to_string(folder.path().join("out.csv")).unwrap(), out(&rows));
}

#[test]
fn a_replay_of_wrong_data_exits_with_3_and_leaves_nothing() {
    for (trace, part) in [
        ("t_ms,key\n5,a\n1,b\n4,a\n", "line 4: time runs backwards by 1ms"),
        ("t_ms\n5\n", "no column `key`"),
        ("t_ms,key\n5,a\nx,a\n", "line 3: `x` is not a time"),
        ("", "none of its columns"),
    ] {
        let folder = folder();
        let output = fed(folder.path(), &[&RULE[..], &["--decisions", "o.csv"]].concat(), trace);
        assert_eq!(output.status.code(), Some(3), "{trace}");
        let said = err(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(part), "{trace}: {said}");
        assert!(is_empty(&folder));
    }
    let folder = folder();
    let held =
        fed(folder.path(), &["replay", "-", "--limit", "2 at-once per key"], "t_ms,key\n1,a\n");
    assert!(held.status.code() == Some(3) && err(&held).contains("duration_ms"));
    let sorted = [&RULE[..], &["--decisions", "-", "--sort"]].concat();
    let sorted = fed(folder.path(), &sorted, "t_ms,key\n5,a\n1,a\n4,a\n");
    // In the order of the lines; the last to come is refused.
    let said: Vec<String> =
        out(&sorted).lines().skip(1).map(|l| l.split(',').nth(3).unwrap().to_owned()).collect();
    assert_eq!(said, ["reject", "admit", "admit"]);
}

/// Rows have the columns that are named, in that order; how many threads decide
/// never shows.
#[test]
fn a_replay_writes_the_columns_that_are_asked_for() {
    let folder = folder();
    let trace = "t_ms,key,note\n0,a,x\n1,a,x\n2,a,x\n3,b,x\n";
    let columns = |list: &str, threads: &str| {
        let more = ["--decisions", "-", "--columns", list, "--threads", threads];
        fed(folder.path(), &[&RULE[..], &more].concat(), trace)
    };
    let rows = "decision,key,t_ns\nadmit,a,0\nadmit,a,1000000\nreject,a,2000000\nadmit,b,3000000\n";
    let bare = "decision,limit\nadmit,\nadmit,\nreject,2/s per key\nadmit,\n";
    for threads in ["1", "2", "16"] {
        assert_eq!(out(&columns("decision, key,t_ns", threads)), rows);
        assert_eq!(out(&columns("decision,limit", threads)), bare);
        let told = out(&columns("remaining,retry_after_ns", threads));
        assert_eq!(told, "remaining,retry_after_ns\n1,\n0,\n0,998000000\n1,\n");
    }
    for (list, part) in
        [("t_ns,when", "no column `when`; there are: t_ns, key"), ("key,key", "twice")]
    {
        let output = columns(list, "1");
        let said = err(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.code() == Some(2) && said.contains(part), "{said}");
    }
}

#[test]
fn every_limiter_is_listed_with_its_parameters() {
    let folder = folder();
    let all = out(&tollgate(folder.path(), &["list", "limiters"]));
    for (key, card) in tollgate::limiter::CARDS {
        let key = key.replace('_', "-");
        assert!(all.contains(&format!("\n{key}\n")), "{key}");
        for (name, _) in card.parameters {
            let line = format!("\n    {name}");
            assert!(all.contains(&line), "{key}: {name}");
        }
    }
    let widest = all.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}");
}

/// What a link leads to is written, and the link stays.
#[cfg(unix)]
#[test]
fn rows_go_through_a_link_and_not_over_it() {
    let folder = folder();
    let (link, file) = (folder.path().join("link.csv"), folder.path().join("rows.csv"));
    fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let events = ["run", "aiclicks", "--client", "naive", "--events", "link.csv", "--quiet"];
    assert!(tollgate(folder.path(), &events).status.success());
    assert!(fs::read_to_string(&file).unwrap().starts_with("t_sent_s,"));
    let decisions = [&RULE[..], &["--decisions", "link.csv", "--quiet"]].concat();
    assert!(fed(folder.path(), &decisions, "t_ms,key\n0,a\n").status.success());
    assert!(fs::read_to_string(&file).unwrap().starts_with("t_ns,"));
    assert!(link.is_symlink());
}
