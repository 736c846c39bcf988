//! The crate desque: the population is its state, and each event is a type of its
//! own that schedules the next.

use desque::SimState;
use desque::serial::{OkEvent, Simulation};

use crate::workload::{Counts, Population, Step};

impl SimState<u64> for Population {
    fn is_complete(&self, _now: &u64) -> bool {
        self.is_done()
    }
}

/// A client asks.
#[derive(Debug)]
struct Ask(u32);

/// A client's call is served.
#[derive(Debug)]
struct Complete(u32);

impl OkEvent<Population, u64> for Ask {
    fn execute(&mut self, simulation: &mut Simulation<Population, u64>) {
        step(simulation, self.0, Step::Ask);
    }
}

impl OkEvent<Population, u64> for Complete {
    fn execute(&mut self, simulation: &mut Simulation<Population, u64>) {
        step(simulation, self.0, Step::Complete);
    }
}

fn step(simulation: &mut Simulation<Population, u64>, client: u32, step: Step) {
    let now = *simulation.current_time();
    let (after, next) = simulation.state_mut().happen(client, step, now);
    let scheduled = match next {
        Step::Ask => simulation.schedule(Ask(client), now + after),
        Step::Complete => simulation.schedule(Complete(client), now + after),
    };
    scheduled.expect("no time is in the past");
}

pub(crate) fn run(clients: u32, events: u64) -> Counts {
    let mut simulation = Simulation::new(Population::new(clients, events), 0);
    for client in 0..clients {
        let at = simulation.state().think(client);
        simulation.schedule(Ask(client), at).expect("no time is in the past");
    }
    simulation.run().expect("no event fails");
    simulation.state().counts()
}
