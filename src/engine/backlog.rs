//! Backlogs: calls that all are there at the start and wait for a free worker.

use super::event::{Event, What};
use super::offer::{index_u16, intent_of};
use super::{Caller, End, Engine, Fact, Observer};
use crate::workload::{Work, Workers};

impl<O: Observer> Engine<'_, O> {
    /// A worker that is free takes the next call of the backlog.
    pub(super) fn pull(&mut self, client: u32) {
        let index = self.population_of(client);
        let population = &self.model.populations[index];
        let line = self.line_of(index, client);
        while self.now < self.model.horizon && self.workers[index][line].take() {
            let Some((client, number)) = self.next_of_backlog(index, client) else {
                self.workers[index][line].give();
                return;
            };
            let key = self.sources[index].client_key(client - population.first_client);
            let intent = intent_of(population, client, key, number);
            self.workers[index][line].give();
            self.offer(index, intent);
        }
    }

    /// The client and number of the next call that waits in a backlog.
    fn next_of_backlog(&mut self, index: usize, client: u32) -> Option<(u32, u64)> {
        let population = &self.model.populations[index];
        let source = &mut self.sources[index];
        let pool = matches!(population.workers, Workers::Pool(_));
        let mut local = if pool { source.cursor } else { client - population.first_client };
        while local < population.clients {
            let number = source.begun[local as usize];
            let calls = population.calls_of(source.client_key(local));
            if number < calls.unwrap_or(0) {
                source.begin(local);
                return Some((population.first_client + local, number));
            }
            if !pool {
                return None;
            }
            local += 1;
            source.cursor = local;
        }
        None
    }

    /// What no worker has taken when the run ends was offered all the same: at
    /// the horizon, which nothing that others do can move.
    pub(super) fn drop_backlog(&mut self, index: usize) {
        let population = &self.model.populations[index];
        let meant = self.model.horizon;
        if !matches!(population.work, Work::Backlog { .. }) {
            return;
        }
        for client in self.part.clients_of(population) {
            let local = client - population.first_client;
            let source = &self.sources[index];
            let (key, begun) = (source.client_key(local), source.begun[local as usize]);
            for number in begun..population.calls_of(key).unwrap_or(0) {
                let intent = intent_of(population, client, key, number);
                let caller =
                    Caller { population: index_u16(index), client, endpoint: intent.endpoint };
                let (principal, content) = (population.first_principal + local, intent.content);
                let offered = Fact::Offered { principal, call: number, content };
                self.observer.note(meant, caller, &offered);
                let end = End::Unfinished;
                self.observer.note(meant, caller, &Fact::Ended { end, meant, attempts: 0 });
            }
        }
    }

    /// A worker of a backlog looks for its next call, through the queue.
    pub(super) fn pull_later(&mut self, index: usize, client: u32) {
        let population = &self.model.populations[index];
        if !matches!(population.work, Work::Backlog { .. }) {
            return;
        }
        let client = match population.workers {
            Workers::Pool(_) => population.first_client,
            _ => client,
        };
        self.queue.push(self.now, Event::new(What::Pull, client));
    }
}
