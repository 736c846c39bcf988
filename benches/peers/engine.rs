//! The engines of the table, and one run of each in a process of its own.

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use crate::workload::Counts;
use crate::{desque, heap, machine, nexosim, tollgate, w1};

/// Who runs W1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Debug)]
pub(crate) enum Engine {
    Tollgate,
    Desque,
    Nexosim,
    Heap,
    Simpy,
}

/// What one run told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) counts: Counts,
    /// CPU time of the whole run, in nanoseconds.
    pub(crate) cpu: u64,
    /// The most memory of its process at once, in bytes.
    pub(crate) peak: u64,
}

impl Run {
    pub(crate) fn ns_per_event(&self) -> f64 {
        self.cpu as f64 / self.counts.events() as f64
    }
}

impl Engine {
    pub(crate) const ALL: &[Engine] =
        &[Engine::Tollgate, Engine::Desque, Engine::Nexosim, Engine::Heap, Engine::Simpy];

    /// As the table calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Engine::Tollgate => "tollgate, all measures on",
            Engine::Desque => "desque 0.4",
            Engine::Nexosim => "nexosim 1.0, one model",
            Engine::Heap => "std BinaryHeap, by hand",
            Engine::Simpy => "SimPy, a process a client",
        }
    }

    /// The most clients that it is asked to run without being named.
    pub(crate) fn clients_max(self) -> u32 {
        match self {
            Engine::Tollgate | Engine::Desque | Engine::Heap => u32::MAX,
            Engine::Nexosim => 1_000_000,
            Engine::Simpy => 10_000,
        }
    }

    /// How many of so many events it runs: enough of them for a steady figure.
    pub(crate) fn events(self, events: u64) -> u64 {
        if self == Engine::Simpy { (events / 10).max(100_000) } else { events }
    }

    /// Whether it draws as we do, so that its counts must be ours.
    pub(crate) fn walks_with_us(self) -> bool {
        self != Engine::Simpy
    }

    /// Why it cannot run here, if it cannot.
    pub(crate) fn missing(self) -> Option<&'static str> {
        if self != Engine::Simpy {
            return None;
        }
        let version = Command::new("python3").arg(script()).arg("--version").output();
        match version {
            Err(_) => Some("needs python3"),
            Ok(output) if !output.status.success() => Some("needs pip install simpy"),
            Ok(_) => None,
        }
    }

    /// One run in a process of its own, so that its peak of memory is its own.
    pub(crate) fn measure(self, clients: u32, events: u64) -> Run {
        let mut command = if self == Engine::Simpy {
            let mut python = Command::new("python3");
            python.arg(script()).args([clients.to_string(), self.events(events).to_string()]);
            python
        } else {
            let own = std::env::current_exe().expect("a running program has a file");
            let mut own = Command::new(own);
            let name = self.to_possible_value().expect("no engine is hidden");
            own.args(["--child", name.get_name(), "--clients", &clients.to_string()]);
            own.args(["--events", &events.to_string()]);
            own
        };
        let output = command.output().expect("the child starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<u64> = said.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        let [arrivals, retries, completions, rejects, cpu, peak] = numbers[..] else {
            let error = String::from_utf8_lossy(&output.stderr);
            panic!("{self:?} with {clients} clients said {said:?} and {error}");
        };
        Run { counts: Counts { arrivals, retries, completions, rejects }, cpu, peak }
    }

    /// The child's part: runs, and tells what [`Engine::measure`] reads.
    ///
    /// The clock runs from the first thing that a run of its own needs to its last
    /// event; a text that becomes a model does so before.
    pub(crate) fn tell(self, clients: u32, events: u64) {
        let model = (self == Engine::Tollgate).then(|| w1::model(clients, events));
        let started = machine::cpu();
        let counts = match (self, &model) {
            (Engine::Tollgate, Some(model)) => tollgate::run(model),
            (Engine::Desque, _) => desque::run(clients, events),
            (Engine::Nexosim, _) => nexosim::run(clients, events),
            (Engine::Heap, _) => heap::run(clients, events),
            _ => panic!("{self:?} does not run in here"),
        };
        let cpu = machine::cpu() - started;
        let Counts { arrivals, retries, completions, rejects } = counts;
        println!("{arrivals} {retries} {completions} {rejects} {cpu} {}", machine::peak());
    }
}

fn script() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/simpy_w1.py")
}
