//! One call of a client against an answer for ever, as the command tells it.

use std::process::Command;

/// The requests that the server would see, and the waits between them, in seconds.
pub(crate) fn against(client: &str, answer: &str) -> (u64, Vec<f64>) {
    let output = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(["schedule", client, "--against", answer, "--format", "csv"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{client} against {answer}: {said}");
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let row = reader.records().next().expect("a row").unwrap();
    (row[4].parse().unwrap(), serde_json::from_str(&row[5]).unwrap())
}
