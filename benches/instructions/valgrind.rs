//! Counts the instructions of a case by running this program under valgrind.

use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::cases::Case;

/// Whether valgrind is there.
pub(crate) fn look() -> Result<(), std::io::Error> {
    Command::new("valgrind").arg("--version").output().map(|_| ())
}

/// The instructions of each case's events, several cases at once: nothing else on
/// the machine moves a count.
pub(crate) fn measure<'c>(cases: &[&'c Case]) -> Vec<(&'c str, f64)> {
    let rows = Mutex::new(vec![None; cases.len()]);
    let next = Mutex::new(0..cases.len());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.lock().expect("no thread fails").next();
                    let Some(at) = at else { break };
                    let row = (cases[at].name, instructions(cases[at]));
                    rows.lock().expect("no thread fails")[at] = Some(row);
                }
            });
        }
    });
    rows.into_inner().expect("no thread fails").into_iter().flatten().collect()
}

/// The instructions of one event: what twice the work takes more.
fn instructions(case: &Case) -> f64 {
    let (once, events) = count(case, case.work);
    let (twice, more_events) = count(case, 2 * case.work);
    (twice - once) as f64 / (more_events - events) as f64
}

/// The instructions of a run, and its events.
fn count(case: &Case, work: u64) -> (u64, u64) {
    let own = std::env::current_exe().expect("a running program has a file");
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(own)
        .args(["--child", case.name, "--work", &work.to_string()])
        // What stands in the environment moves the stack, and so a few instructions.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("valgrind was there");
    let told = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout);
    let refs = told.lines().find_map(|line| line.split_once("I   refs:"));
    let refs = refs.and_then(|(_, number)| number.trim().replace(',', "").parse().ok());
    match (refs, said.trim().parse()) {
        (Some(refs), Ok(events)) if output.status.success() => (refs, events),
        _ => panic!("{} under valgrind: {said}\n{told}", case.name),
    }
}
