//! `replay` of access logs as its users meet it: what it takes for a log, its
//! screen, its files, and its gates.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn tollgate(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // One that refuses its arguments may be gone before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("only text is printed")
}

/// The same without the ends of lines, which hang on the width of the screen.
fn said(output: &Output) -> String {
    text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Twelve requests of a in one minute, three of b in two, one of c; b's first
/// stands after a's.
fn log() -> String {
    let mut log = String::new();
    let mut line = |ip: &str, second: u32, path: &str, status: u16| {
        let (minute, second) = (second / 60, second % 60);
        writeln!(
            log,
            "10.0.{ip} - - [05/Jan/2026:09:{minute:02}:{second:02} +0000] \
             \"GET {path} HTTP/1.1\" {status} 99 \"-\" \"curl/8\""
        )
        .unwrap();
    };
    for second in 0..12 {
        line("0.1", second, "/api/v1/users?x=1", 200);
    }
    line("0.2", 5, "/", 404);
    line("1.2", 59, "/api/v1/orders", 200);
    line("0.2", 60, "/", 200);
    line("0.2", 61, "/api/v2/users", 200);
    log
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    fs::write(folder.path().join("a.log"), log()).unwrap();
    folder
}

fn replay(folder: &TempDir, arguments: &[&str]) -> Output {
    tollgate(folder.path(), &[&["replay", "a.log"], arguments].concat(), b"")
}

const TEN: [&str; 2] = ["--limit", "10/min per ip"];

#[test]
fn the_screen_says_who_would_have_been_throttled() {
    let folder = folder();
    let output = replay(&folder, &TEN);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let screen = text(&output.stdout);
    for line in [
        "rejected                             2  of 16 requests  12.5 %",
        "keys hit                             1  of 3 keys       33.3 %",
        "  10 times or more                   0  of 3 keys          0 %",
        "requests of keys hit                12  of 16 requests  75.0 %",
        "1min                2   12   12   12",
        "10.0.0.1        12         2  16.7 %      1.00 s   1.00 s  01-05 09:00",
    ] {
        assert!(screen.contains(line), "no {line:?} in:\n{screen}");
    }
    for part in [
        "fixed-window 10 in 1min, aligned to the clock (UTC), per ip",
        "a.log: combined, 16 requests, 2026-01-05 to 2026-01-05 (UTC)",
        "! not in the order of time (up to 6s late): sorted",
        "! stamps resolve 1s, most likely of ends of requests",
    ] {
        assert!(said(&output).contains(part), "no {part:?} in {}", said(&output));
    }
    let widest = screen.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{screen}");
}

/// The same comes from a file, a packed one, parts of it, and standard input.
#[test]
fn a_log_is_a_log_wherever_it_comes_from() {
    let folder = folder();
    let screen = text(&replay(&folder, &TEN).stdout);
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    packed.write_all(log().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for input in [log().as_bytes(), &packed] {
        let output = tollgate(folder.path(), &["replay", "-", TEN[0], TEN[1]], input);
        assert_eq!(text(&output.stdout), screen, "{}", said(&output));
        assert!(said(&output).contains("stdin: combined"), "{}", said(&output));
    }
    let log = log();
    let (older, newer) = log.split_at(log.len() / 16 * 4);
    let (older_end, newer) = newer.split_at(newer.find('\n').unwrap() + 1);
    fs::write(folder.path().join("old.log"), [older, older_end].concat()).unwrap();
    let both = ["replay", "-", "old.log", TEN[0], TEN[1]];
    let output = tollgate(folder.path(), &both, newer.as_bytes());
    assert_eq!(text(&output.stdout), screen, "{}", said(&output));
}

/// Packed or not, a header with a column of times is a trace, and what is for
/// logs alone is refused.
#[test]
fn a_trace_is_a_trace_wherever_it_comes_from() {
    let folder = folder();
    let trace = "# a comment\nt_ms,key\n0,a\n1,a\n2,a\n";
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    packed.write_all(trace.as_bytes()).unwrap();
    let rule = ["replay", "-", "--limit", "2/s per key"];
    for input in [trace.as_bytes(), &packed.finish().unwrap()] {
        let output = tollgate(folder.path(), &rule, input);
        let screen = text(&output.stdout);
        assert!(screen.starts_with("3 requests: 2 admitted (66.67 %), 1 rejected"), "{screen}");
    }
    for more in [&["--where", "key == a"][..], &["--fail-if", "keys_hit > 0"], &["-o", "out"]] {
        let output = tollgate(folder.path(), &[&rule[..], more].concat(), trace.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("stdin is a trace"), "{}", said(&output));
    }
    let failed = replay(&folder, &[&TEN[..], &["--failed", "x"]].concat());
    assert_eq!(failed.status.code(), Some(2), "{}", said(&failed));
}

#[test]
fn the_smallest_limit_is_found_and_so_is_that_there_is_none() {
    let folder = folder();
    let found = |limit: &str, find: &str| {
        let output = replay(&folder, &["--limit", limit, "--find", find]);
        (output.status.code(), text(&output.stdout), said(&output))
    };
    let (code, screen, _) = found("5/min per ip", "keys_hit <= 0");
    let wanted = "12/min is the smallest limit that holds: 0 of 3 hit (11/min: 1).\n";
    assert_eq!((code, screen.as_str()), (Some(0), wanted));
    let (_, screen, _) = found("5/min per ip", "rejected_share <= 20%");
    assert!(
        screen.contains(
            "9/min is the smallest limit that holds: rejected-share 18.8 % (8/min: 25.0 %)"
        ),
        "{screen}"
    );
    let (_, screen, _) = found("1/s per ip", "keys_hit <= 0");
    assert_eq!(screen, "1/s is the smallest limit that holds: 0 of 3 hit.\n");
    for (limit, find, code, told) in [
        ("5 at-once per ip", "keys_hit < 1", 2, "one --limit with a rate"),
        ("5/min per ip", "keys_hit > 1", 2, "write keys-hit <="),
        ("5/min per ip", "longest_lock_out < 5s", 2, "need not fall"),
        ("5/min per ip", "jain < 1", 2, "no metric `jain`"),
        ("nginx 5/min burst 1 per method", "rejected < 1", 0, "limit"),
    ] {
        let (found, _, said) = found(limit, find);
        assert_eq!(found, Some(code), "{limit} {find}: {said}");
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn a_gate_exits_with_99_and_says_what_it_saw() {
    let folder = folder();
    for (condition, code) in [
        ("keys_hit > 0", 99),
        ("keys_hit > 1", 0),
        ("keys_hit > 33%", 99),
        ("rejected_share > 20% or traffic_hit_share > 70%", 99),
        ("undecided > 0", 0),
    ] {
        let output = replay(&folder, &[&TEN[..], &["--fail-if", condition]].concat());
        assert_eq!(output.status.code(), Some(code), "{condition}: {}", said(&output));
        let is_said = said(&output).contains(&format!("✗ {condition}: "));
        assert_eq!(is_said, code == 99, "{}", said(&output));
    }
    let unknown = replay(&folder, &[&TEN[..], &["--fail-if", "keys_hit > 0 of x"]].concat());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("no `keys-hit` here of `x`"), "{}", said(&unknown));
}

/// Twelve requests a second apart come within any second to a bucket of one by
/// the stamps, and so do two of one stamp.
#[test]
fn limits_finer_than_the_stamps_have_two_readings_and_gates_take_the_worse() {
    let folder = tempfile::tempdir().unwrap();
    let line = "10.0.0.1 - - [05/Jan/2026:09:00:00 +0000] \"GET / HTTP/1.1\" 200 9\n";
    fs::write(folder.path().join("a.log"), line.repeat(4)).unwrap();
    let bucket = ["--limit", "bucket 10/s burst 1 per ip"];
    let output = replay(&folder, &[&bucket[..], &["--fail-if", "rejected > 2"]].concat());
    let screen = text(&output.stdout);
    assert!(screen.contains("all at once          spread"), "{screen}");
    let rejected = screen.lines().find(|line| line.starts_with("rejected")).unwrap();
    let numbers: Vec<&str> = rejected.split_whitespace().skip(4).collect();
    assert_eq!(numbers, ["3", "75.0", "%", "0", "0", "%"], "{screen}");
    assert_eq!(output.status.code(), Some(99));
    assert!(said(&output).contains("✗ rejected > 2: rejected 3 or 0"), "{}", said(&output));
    // Of a second's window a second's stamps tell all.
    let coarse = text(&replay(&folder, &["--limit", "3/s per ip"]).stdout);
    assert!(!coarse.contains("spread") && coarse.contains("1  of 4 requests"), "{coarse}");
}

#[test]
fn files_hold_a_row_for_each_key_and_masked_keys_only_their_hashes() {
    let folder = folder();
    let files = |more: &[&str]| {
        let output = replay(&folder, &[&TEN[..], &["-o", "out"], more].concat());
        assert!(said(&output).contains("wrote out/: impact.csv headroom.csv curve.csv"));
        let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
        (output, ["impact.csv", "headroom.csv", "curve.csv"].map(read))
    };
    let (_, [impact, headroom, curve]) = files(&[]);
    assert!(
        impact.contains("\n10/min per ip,10.0.0.1,12,2,0.166666667,,,0,1,1,2026-01-05T09:00:10Z\n"),
        "{impact}"
    );
    assert_eq!(impact.lines().count(), 4);
    assert!(headroom.contains("\n10/min per ip,10.0.0.2,3,1,2,2,3,3\n"), "{headroom}");
    assert!(curve.contains("\n10/min per ip,60,10,1,0.333333333,2,0.125\n"), "{curve}");
    let (output, masked) = files(&["--mask", "secret"]);
    let all = [text(&output.stdout), text(&output.stderr), masked.concat()].concat();
    assert!(!all.contains("10.0."), "{all}");
    assert_eq!(masked[0].lines().count(), 4);
}

#[test]
fn rows_of_decisions_stand_in_the_order_of_time() {
    let folder = folder();
    let columns = ["--decisions", "-", "--columns", "key,decision", "--where", "path !~ ^/api/v1"];
    let output = replay(&folder, &[&["--limit", "1/min per ip"][..], &columns].concat());
    let rows = "key,decision\n10.0.0.2,admit\n10.0.0.2,admit\n10.0.0.2,reject\n";
    assert_eq!(text(&output.stdout), rows);
    assert!(said(&output).contains("13 requests left out by --where"), "{}", said(&output));
}

#[test]
fn keys_are_fields_and_parts_of_them() {
    let folder = folder();
    let rejected = |limit: &str| {
        let screen = text(&replay(&folder, &["--limit", limit]).stdout);
        let line = screen.lines().find(|line| line.starts_with("rejected")).map(str::to_owned);
        line.unwrap_or_default().split_whitespace().take(4).collect::<Vec<_>>().join(" ")
    };
    for (limit, wanted) in [
        ("12/min per ip/24", "rejected 1 of 16"),
        ("1/h per path~^/api/([^/]+)", "rejected 12 of 14"),
        ("1/h per method,status", "rejected 14 of 16"),
        ("10/min per ip where path ~ users$ and status < 400", "rejected 2 of 13"),
        ("sliding 2/min per ip where status == 200", "rejected 10 of 15"),
        ("first-request 3/h per host", ""),
    ] {
        assert_eq!(rejected(limit), wanted, "{limit}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_what_to_write() {
    let folder = folder();
    fs::write(folder.path().join("bad.log"), [log().as_str(), "what?\n"].concat()).unwrap();
    fs::write(folder.path().join("none.log"), "").unwrap();
    fs::write(folder.path().join("odd.log"), "09:00 10.0.0.1\n").unwrap();
    for (arguments, code, told) in [
        (&["bad.log"][..], 3, "1 of 17 lines are unreadable (5.9 %)"),
        (&["bad.log", "--unreadable", "6%"], 0, "1 lines unreadable"),
        (&["bad.log", "--unreadable", "x"], 2, "write a share like 5%"),
        (&["none.log"], 3, "no request to decide on"),
        (&["odd.log"], 3, "say what they are with --format"),
        (&["odd.log", "--format", "other"], 3, "no format is called `other`"),
        (&["a.log", "--format", "json"], 3, "its first lines are no json"),
        (&["a.log", "--reorder", "2s"], 3, "add --reorder 6s, or --sort"),
        (&["a.log", "--sort"], 0, "not in the order of time"),
        (&["a.log", "--keys-max", "1"], 0, "keys beyond --keys-max not decided on"),
        (&["a.log", "--time", "when"], 3, "there is no field `when`"),
        (&["a.log", "--where", "path"], 2, "compared with nothing"),
        (&["a.log", "gone.log"], 3, "gone.log: cannot read it"),
        (&["-", "-"], 2, "can be read once"),
    ] {
        let all = [&["replay"], arguments, &TEN].concat();
        let output = tollgate(folder.path(), &all, b"");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(told), "{arguments:?}: {}", said(&output));
    }
}
