//! What the machine tells of this process. A platform that does not tell
//! something gives `None`.

use std::time::Duration;

/// The CPU time that the process took so far, in the system and by itself.
#[cfg(unix)]
pub(super) fn cpu_time() -> Option<Duration> {
    use nix::sys::time::TimeValLike;
    let usage = usage()?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    u64::try_from(micros).ok().map(Duration::from_micros)
}

/// The CPU time that the process took so far: std has no clock for it.
#[cfg(not(unix))]
pub(super) fn cpu_time() -> Option<Duration> {
    None
}

/// The most memory that the process ever had, in bytes.
///
/// Linux keeps what `getrusage` tells of memory when a process becomes another
/// program: it would be the shell's, or the script's, where that is larger.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The most memory that the process ever had, in bytes.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(super) fn peak_memory() -> Option<u64> {
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    u64::try_from(usage()?.max_rss()).ok().map(|size| size * unit)
}

/// The most memory that the process ever had: std does not know.
#[cfg(not(unix))]
pub(super) fn peak_memory() -> Option<u64> {
    None
}

#[cfg(unix)]
fn usage() -> Option<nix::sys::resource::Usage> {
    nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).ok()
}
