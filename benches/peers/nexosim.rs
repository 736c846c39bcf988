//! The crate nexosim: the whole population in one model that schedules events for
//! itself, on one thread, which is its fastest form.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use nexosim::model::{BuildContext, Context, Model, ProtoModel, schedulable};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use crate::workload::{Counts, Population, Step};

/// The model; all that it holds is beside it, because nothing here is saved.
#[derive(Serialize, Deserialize)]
struct Clients {}

/// What the model works on.
struct World {
    population: Population,
    /// The last event has happened.
    done: Arc<AtomicBool>,
    /// Where the counts go in the end.
    counts: Sender<Counts>,
}

// What the library wants of a model is its own.
#[allow(clippy::unused_async, clippy::unused_self)]
#[Model(type Env = World)]
impl Clients {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>, world: &mut World) {
        for client in 0..world.population.clients() {
            let after = later(world.population.think(client));
            cx.schedule_event(after, schedulable!(Self::ask), client).expect("it lies ahead");
        }
    }

    #[nexosim(schedulable)]
    fn ask(&mut self, client: u32, cx: &Context<Self>, world: &mut World) {
        Self::step(client, Step::Ask, cx, world);
    }

    #[nexosim(schedulable)]
    fn complete(&mut self, client: u32, cx: &Context<Self>, world: &mut World) {
        Self::step(client, Step::Complete, cx, world);
    }

    fn step(client: u32, step: Step, cx: &Context<Self>, world: &mut World) {
        // Whatever else falls on the last event's instant comes after the end.
        if world.population.is_done() {
            return;
        }
        let now = cx.time().duration_since(MonotonicTime::EPOCH);
        let now = now.as_secs() * 1_000_000_000 + u64::from(now.subsec_nanos());
        let (after, next) = world.population.happen(client, step, now);
        let scheduled = match next {
            Step::Ask => cx.schedule_event(later(after), schedulable!(Self::ask), client),
            Step::Complete => cx.schedule_event(later(after), schedulable!(Self::complete), client),
        };
        scheduled.expect("it lies ahead");
        if world.population.is_done() {
            world.done.store(true, Ordering::Relaxed);
            world.counts.send(world.population.counts()).expect("the end is waited for");
        }
    }
}

/// Events at this very instant are refused, so that they come one nanosecond later.
fn later(after: u64) -> Duration {
    Duration::from_nanos(after.max(1))
}

/// The model and its world, before they are part of a simulation.
struct Proto(World);

impl ProtoModel for Proto {
    type Model = Clients;

    fn build(self, _cx: &mut BuildContext<Self>) -> (Clients, World) {
        (Clients {}, self.0)
    }
}

pub(crate) fn run(clients: u32, events: u64) -> Counts {
    let done = Arc::new(AtomicBool::new(false));
    let (counts, counted) = channel();
    let population = Population::new(clients, events);
    let proto = Proto(World { population, done: done.clone(), counts });
    let simulation = SimInit::with_num_threads(1)
        .add_model(proto, Mailbox::new(), "clients")
        .init(MonotonicTime::EPOCH);
    let mut simulation = simulation.expect("the model is valid");
    while !done.load(Ordering::Relaxed) {
        simulation.step().expect("no event fails");
    }
    counted.recv().expect("the model has ended")
}
