//! curl and wget against a server that answers the same for ever:
//! `tests/oracles/clients/curl_wget.txt`, real requests in real time.

use std::path::Path;

use crate::schedule::against;

/// One line of the recording.
#[derive(Debug)]
struct Recorded {
    client: String,
    answer: String,
    /// Whether the wait is until a date, which holds whole seconds.
    dated: bool,
    requests: u64,
    waits: Vec<f64>,
}

/// `curl -sS --retry 3 409/none/x => rc=0 n= 1 gaps []`.
fn read(line: &str) -> Recorded {
    let (command, result) = line.split_once(" => ").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let url: Vec<&str> = words.last().unwrap().split('/').collect();
    let (answer, dated) = match url[1].split_once('=') {
        None => (url[0].to_owned(), false),
        Some(("ra", seconds)) => (format!("{} Retry-After: {seconds}", url[0]), false),
        Some(("date", seconds)) => (format!("{} Retry-After: date+{seconds}", url[0]), true),
        Some(other) => panic!("no header: {other:?}"),
    };
    let (before, gaps) = result.split_once(" gaps ").unwrap();
    let requests = before.rsplit(' ').next().unwrap().parse().unwrap();
    let waits = serde_json::from_str(gaps).unwrap();
    Recorded { client: client(&words), answer, dated, requests, waits }
}

/// What `tollgate` calls a command line.
fn client(words: &[&str]) -> String {
    let of = |option: &str| {
        let at = words.iter().position(|word| *word == option)?;
        Some(words[at + 1])
    };
    let lists = words.iter().find_map(|word| word.strip_prefix("--retry-on-http-error="));
    let mut parameters = vec![];
    let name = match (words[0], lists) {
        ("curl", _) => {
            parameters.push(format!("retry={}", of("--retry").unwrap_or("0")));
            for option in ["retry-delay", "retry-max-time"] {
                parameters.extend(of(&format!("--{option}")).map(|n| format!("{option}={n}")));
            }
            "curl"
        }
        ("wget", None) => "wget",
        ("wget", Some(statuses)) => {
            parameters.extend(of("-t").map(|tries| format!("tries={tries}")));
            parameters.push(format!("retry-on-http-error=[{statuses}]"));
            "wget-retry"
        }
        other => panic!("no client: {other:?}"),
    };
    if parameters.is_empty() {
        name.to_owned()
    } else {
        format!("{name}({})", parameters.join(","))
    }
}

#[test]
fn curl_and_wget_send_as_they_were_seen_to() {
    let path = "tests/oracles/clients/curl_wget.txt";
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let recorded: Vec<Recorded> = text.lines().filter(|l| l.contains(" => ")).map(read).collect();
    assert!(recorded.len() >= 12);
    for row in recorded {
        let (requests, waits) = against(&row.client, &row.answer);
        assert_eq!((requests, waits.len()), (row.requests, row.waits.len()), "{row:?}");
        // What was recorded is the gap between two requests, with a process between.
        // curl counts to a date from the whole second, we from the instant.
        let before = if row.dated { 1.1 } else { 0.2 };
        for (ours, theirs) in waits.iter().zip(&row.waits) {
            let agrees = theirs - before < *ours && *ours < theirs + 0.011;
            assert!(agrees, "{row:?}, ours {waits:?}");
        }
    }
}
