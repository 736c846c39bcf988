//! What comes next is fetched from memory while others run.
//!
//! The rows of a million clients do not fit into a cache, and each event needs
//! one of them, anywhere. The queue shows the events that come after those at
//! hand; their rows are asked for then, and what those rows name, a little later,
//! when the rows are there. Of all that was tried this is what keeps the engine
//! flat: without it, an event among a million clients takes more than twice as
//! long.

use super::call::Stage;
use super::event::{Event, What, Whose};
use super::offer::population_of;
use super::{Engine, Observer, Soon};
use crate::prefetch::prefetch;

/// With fewer clients everything stays in the cache by itself.
const CLIENTS_MIN: u32 = 1 << 14;

/// Events whose rows were asked for.
#[derive(Debug)]
pub(super) struct Ahead {
    pays: bool,
    asked: Vec<Event>,
}

impl Ahead {
    pub(super) const fn new(clients: u32) -> Self {
        Ahead { pays: clients >= CLIENTS_MIN, asked: Vec::new() }
    }
}

impl<O: Observer> Engine<'_, O> {
    /// Looks at what the queue shows, once for each bucket that it opens.
    #[inline]
    pub(super) fn look_ahead(&mut self) {
        if self.ahead.pays
            && let Some(upcoming) = self.queue.take_upcoming()
        {
            // Those shown before are at hand now, and their rows are there.
            for event in self.ahead.asked.drain(..) {
                let row = &self.calls[event.index()];
                let ends = matches!(row.stage, Stage::There | Stage::Homeward);
                self.observer.expect(row.client, if ends { Soon::Ended } else { Soon::Sent });
            }
            for event in upcoming.map(|entry| entry.event()) {
                match event.what().whose() {
                    Whose::Call => {
                        prefetch(&self.calls[event.index()]);
                        self.ahead.asked.push(event);
                    }
                    Whose::Attempt => prefetch(&self.attempts[event.index()]),
                    Whose::Client if event.what() == What::Arrive => {
                        let client = event.index();
                        self.observer.expect(client, Soon::Sent);
                        let index = population_of(self.lanes, client);
                        self.sources[index]
                            .expect(client - self.lanes[index].population.first_client);
                    }
                    Whose::Client => {}
                }
            }
        }
    }
}
