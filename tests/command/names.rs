//! Clients by the names of libraries, with versions and parameters, as users of
//! the command meet them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A client that stands for a library.
const MINE: &str = "name = \"mine\"
library = \"retry-lib\"
version = \"1.26.20\"
attempts = 4
retries = [\"429\", \"5xx\"]
wait = { exponential = { base = \"1s\", cap = \"60s\" } }

[parameters]
backoff_factor = { sets = \"wait.exponential.base\", unit = \"s\" }
backoff_max = { sets = \"wait.exponential.cap\", unit = \"s\" }
status_forcelist = { sets = \"retries\" }
total = { sets = \"attempts\", plus = 1 }
";

fn tollgate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the binary starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("only text is printed")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("only text is printed")
}

fn with_mine() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    fs::write(folder.path().join("mine.toml"), MINE).unwrap();
    folder
}

#[test]
fn a_comparison_tells_the_library_of_each_client_and_its_parameters() {
    let folder = with_mine();
    let clients = "naive,mine.toml,./mine.toml(total=2, status_forcelist=[429,503])";
    let arguments = ["compare", "aiclicks", "--seeds", "2", "-o", "out", "--client", clients];
    let output = tollgate(folder.path(), &arguments);
    let screen = out(&output);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let told = "clients: mine is retry-lib 1.26.20,\n  \
        mine(total=2, status_forcelist=[429,503]) is retry-lib 1.26.20\n";
    assert!(screen.contains(told), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
    let record = fs::read_to_string(folder.path().join("out/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["clients"][2], "mine(total=2, status_forcelist=[429,503])");
    let libraries = record["libraries"].as_array().unwrap();
    assert_eq!(libraries.len(), 2);
    assert_eq!(libraries[1]["client"], record["clients"][2]);
    assert_eq!(
        (&libraries[1]["library"], &libraries[1]["version"]),
        (&"retry-lib".into(), &"1.26.20".into())
    );
    // What is recorded names no folder.
    let command = record["command"].as_str().unwrap();
    assert!(command.contains("'naive,mine.toml,mine.toml(total=2, "), "{command}");
}

#[test]
fn a_scenario_names_clients_with_parameters_too_and_so_do_the_files_of_init() {
    let folder = with_mine();
    let scenario = include_str!("../../models/scenarios/aiclicks.toml");
    let start = scenario.find("clients = [").unwrap();
    let end = start + scenario[start..].find(']').unwrap() + 1;
    let names = "clients = [\"./mine.toml\", \"./mine.toml(total=2)\"]";
    let scenario = scenario.replace(&scenario[start..end], names);
    fs::write(folder.path().join("s.toml"), &scenario).unwrap();
    assert_eq!(err(&tollgate(folder.path(), &["check", "s.toml"])), "");
    let wrong = scenario.replace("total=2", "totl=2");
    fs::write(folder.path().join("wrong.toml"), wrong).unwrap();
    let told = err(&tollgate(folder.path(), &["check", "wrong.toml"]));
    assert!(told.contains("mine.toml has no parameter `totl`"), "{told}");
    assert!(told.contains("did you mean `total`?") && told.contains("wrong.toml:"), "{told}");
    let init = tollgate(folder.path(), &["init", "--from", "s.toml", "new"]);
    assert!(init.status.success(), "{}", err(&init));
    assert_eq!(fs::read_to_string(folder.path().join("new/mine.toml")).unwrap(), MINE);
    let written = fs::read_to_string(folder.path().join("new/scenario.toml")).unwrap();
    assert!(written.contains("\"mine.toml\", \"mine.toml(total=2)\""), "{written}");
}

#[test]
fn parameters_are_shown_in_the_text_and_what_is_wrong_with_them_beside_it() {
    let folder = with_mine();
    let show = |name: &str| tollgate(folder.path(), &["show", name]);
    let shown = out(&show("mine.toml(backoff_factor=0.5, backoff_max=None, total=5)"));
    let wanted = MINE
        .replace("{ base = \"1s\", cap = \"60s\" }", "{ base = \"0.5s\" }")
        .replace("attempts = 4", "attempts = 6");
    assert_eq!(shown, wanted);
    for (name, hint) in [
        ("client/urlib3", "did you mean `urllib3`"),
        ("client/openai@2", "openai has versions "),
        ("client/naive@1", "naive has no versions: leave `@1` out"),
        ("client/naive(total=1)", "naive has no parameters: change its file"),
        ("mine.toml(max=1)", "has the parameters backoff_factor, backoff_max,"),
        ("mine.toml(total)", "write NAME(parameter=value, ...)"),
        ("mine.toml(total=1", "has no closing `)`"),
    ] {
        let output = show(name);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(err(&output).contains(hint), "{name}: {}", err(&output));
        assert!(err(&output).lines().all(|line| line.chars().count() <= 80), "{}", err(&output));
    }
    let run = ["run", "aiclicks", "--client", "mine.toml(total=0.5)"];
    let told = err(&tollgate(folder.path(), &run));
    assert!(told.contains("the parameters of mine.toml") && told.contains("total=0.5"), "{told}");
}

#[test]
fn clients_are_listed_in_full_with_each_part_of_their_policy() {
    let folder = with_mine();
    let all = out(&tollgate(folder.path(), &["list", "clients"]));
    assert!(all.lines().all(|line| line.chars().count() <= 80), "{all}");
    let entry = &all[all.find("\nheader-aware\n").expect("it is listed") + 1..];
    let entry = &entry[..entry.find("\n\n").expect("others follow")];
    for part in [
        "\n  ours\n",
        "\n    attempts     10\n",
        "\n    retries      429, 5xx, refused, timeout\n",
        "\n    wait         exponential: base 1s, cap 60s\n",
        "\n    jitter       full\n",
        "\n    hint         Retry-After; on 429, 503\n",
        "\n    header-pace  ",
    ] {
        assert!(entry.contains(part), "{part:?} in {entry}");
    }
}
