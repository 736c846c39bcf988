//! The states of a pace, by slot: one typed array for the whole pace.

use super::machine::{Ask, Machine, Told, Turn};
use super::{AdaptiveSleep, Aimd, AwsCubic, Pace, Pacing, ReservingBucket, Reservoir, Spacing};

/// A pace's parameters and the states of all its slots.
#[derive(Clone, Debug)]
pub(in crate::client) enum Rows {
    Spacing(Table<Spacing>),
    TokenBucket(Table<ReservingBucket>),
    Reservoir(Table<Reservoir>),
    Aimd(Table<Aimd>),
    AwsCubic(Table<AwsCubic>),
    AdaptiveSleep(Table<AdaptiveSleep>),
}

#[derive(Clone, Debug)]
pub(in crate::client) struct Table<M: Machine> {
    machine: M,
    states: Vec<M::State>,
}

impl<M: Machine> Table<M> {
    fn new(machine: &M, slots: usize) -> Table<M>
    where
        M: Clone,
    {
        Table { states: vec![machine.fresh(); slots], machine: machine.clone() }
    }

    fn turn(&mut self, slot: usize, ask: &Ask) -> Turn {
        self.machine.turn(&mut self.states[slot], ask)
    }

    fn learn(&mut self, slot: usize, told: &Told<'_>) {
        self.machine.learn(&mut self.states[slot], told);
    }
}

impl Rows {
    /// Nothing remembered, for a run with so many clients.
    pub(in crate::client) fn new(pace: &Pace, clients: u32) -> Rows {
        let slots = pace.of.len(clients);
        match &pace.pacing {
            Pacing::Spacing(it) => Rows::Spacing(Table::new(it, slots)),
            Pacing::TokenBucket(it) => Rows::TokenBucket(Table::new(it, slots)),
            Pacing::Reservoir(it) => Rows::Reservoir(Table::new(it, slots)),
            Pacing::Aimd(it) => Rows::Aimd(Table::new(it, slots)),
            Pacing::AwsCubic(it) => Rows::AwsCubic(Table::new(it, slots)),
            Pacing::AdaptiveSleep(it) => Rows::AdaptiveSleep(Table::new(it, slots)),
        }
    }

    pub(in crate::client) fn turn(&mut self, slot: usize, ask: &Ask) -> Turn {
        match self {
            Rows::Spacing(table) => table.turn(slot, ask),
            Rows::TokenBucket(table) => table.turn(slot, ask),
            Rows::Reservoir(table) => table.turn(slot, ask),
            Rows::Aimd(table) => table.turn(slot, ask),
            Rows::AwsCubic(table) => table.turn(slot, ask),
            Rows::AdaptiveSleep(table) => table.turn(slot, ask),
        }
    }

    pub(in crate::client) fn learn(&mut self, slot: usize, told: &Told<'_>) {
        match self {
            // What answers tell changes nothing here.
            Rows::Spacing(_) | Rows::TokenBucket(_) | Rows::Reservoir(_) => {}
            Rows::Aimd(table) => table.learn(slot, told),
            Rows::AwsCubic(table) => table.learn(slot, told),
            Rows::AdaptiveSleep(table) => table.learn(slot, told),
        }
    }
}
