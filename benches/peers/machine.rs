//! The machine: what it is, and what a process has taken of it.

use std::fs;
use std::process::Command;

use cpu_time::ProcessTime;

/// The CPU time that this process has had, in nanoseconds.
pub(crate) fn cpu() -> u64 {
    let time = ProcessTime::now().as_duration().as_nanos();
    u64::try_from(time).expect("CPU time is shorter than centuries")
}

/// The most memory that this process has had at once, in bytes; 0 where the
/// platform does not tell.
pub(crate) fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    field(&status, "VmHWM").and_then(kilobytes).unwrap_or(0)
}

/// The value of `name: value` in a file of such lines.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches([' ', '\t', ':']).trim())
}

fn kilobytes(text: &str) -> Option<u64> {
    text.strip_suffix(" kB")?.parse::<u64>().ok().map(|kb| kb * 1024)
}

/// What a reader has to know of the machine and the compiler.
pub(crate) fn description() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpus, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = field(&cpus, "model name").unwrap_or("a CPU without a name");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let gigabytes = field(&memory, "MemTotal").and_then(kilobytes).unwrap_or(0) >> 30;
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let rustc = rustc.unwrap_or_else(|_| "rustc unknown".to_owned());
    format!("{model}, {cores} cores, {gigabytes} GiB, {rustc}")
}
