//! `--stats`: what a run cost the machine. It differs from run to run, so it
//! stands beside the data and in no file.

use std::time::Duration;

use super::machine::{cpu_time, peak_memory};
use crate::report::number::{count, decimal};

/// What the machine told as a run went on.
#[derive(Debug)]
pub(super) struct Stats {
    /// The memory of the program before it read a model.
    bare: Option<u64>,
    /// The CPU time of the process when the run began.
    set_up: Option<Duration>,
    /// That of the run alone.
    run: Option<Duration>,
}

impl Stats {
    /// Nothing is read yet.
    pub(super) fn begin() -> Self {
        Stats { bare: peak_memory(), set_up: None, run: None }
    }

    /// The run begins.
    pub(super) fn is_set_up(&mut self) {
        self.set_up = cpu_time();
    }

    /// The run is over.
    pub(super) fn has_run(&mut self) {
        self.run = cpu_time().zip(self.set_up).map(|(now, then)| now.saturating_sub(then));
    }

    /// A line a number, for so many events and clients.
    pub(super) fn lines(&self, events: u64, clients: u32) -> String {
        lines(self, peak_memory(), events, clients)
    }
}

fn lines(stats: &Stats, peak: Option<u64>, events: u64, clients: u32) -> String {
    let seconds = stats.run.map(|run| run.as_secs_f64());
    let ratio = |top: f64, bottom: f64| (bottom > 0.0).then(|| top / bottom);
    let each = seconds.and_then(|seconds| ratio(seconds * 1e9, events as f64));
    let pace = seconds.and_then(|seconds| ratio(events as f64, seconds));
    let grown = peak.zip(stats.bare).map(|(peak, bare)| peak.saturating_sub(bare));
    let share = grown.and_then(|grown| ratio(grown as f64, f64::from(clients)));
    let rows = [
        ("events", Some(count(events))),
        ("events per second", pace.map(|pace| decimal(pace, 0))),
        ("time per event", each.map(|each| format!("{each:.1} ns/event"))),
        ("run", seconds.map(|seconds| format!("{} s CPU", decimal(seconds, 3)))),
        ("set-up", stats.set_up.map(|time| format!("{} s CPU", decimal(time.as_secs_f64(), 3)))),
        ("peak memory", peak.map(|peak| format!("{} MB", decimal(peak as f64 / 1e6, 1)))),
        ("bytes per client", share.map(|share| decimal(share, 1))),
    ];
    let line = |(name, value): (&str, Option<String>)| {
        format!("{name:<17}  {}", value.unwrap_or_else(|| "-".to_owned()))
    };
    rows.map(line).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_number_and_a_dash_for_what_nobody_tells() {
        let run = Some(Duration::from_micros(303_600));
        let set_up = Some(Duration::from_millis(12));
        let stats = Stats { bare: Some(9_000_000), set_up, run };
        let wanted = "\
events             5,000,000
events per second  16,469,038
time per event     60.7 ns/event
run                0.304 s CPU
set-up             0.012 s CPU
peak memory        10.0 MB
bytes per client   100.0";
        assert_eq!(lines(&stats, Some(10_000_000), 5_000_000, 10_000), wanted);
        let nothing = lines(&Stats { bare: None, set_up: None, run: None }, None, 0, 0);
        let values: Vec<&str> = nothing.lines().map(|line| line[19..].trim()).collect();
        assert_eq!(values, ["0", "-", "-", "-", "-", "-", "-"]);
    }
}
