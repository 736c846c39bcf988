//! Parts of a model that share nothing, so that they can run side by side.
//!
//! Two clients depend on each other when what one does can change what the
//! other meets; `ties` lists how. Those who are tied, directly or through
//! others, are a component. Consecutive components make a part, so that there
//! are few of them: each has memory of its own. The cut hangs on the model
//! alone, never on the threads, and a part has the clients, slots and draws that
//! it has in the whole run; so what comes of all parts is what comes of the whole.

mod forest;
mod ties;

use std::sync::Arc;

use super::model::Model;
use crate::workload::Population;
use forest::Forest;

/// A model of fewer clients stays whole: its runs are short, and go side by side.
const CLIENTS_LEAST: u32 = 1_000;

/// The most parts of a model.
pub const PARTS_MAX: u32 = 16;

/// How a model falls into parts.
#[derive(Clone, Debug)]
pub struct Parts {
    /// `None` for a model that is one part.
    cut: Option<Cut>,
}

#[derive(Clone, Debug)]
struct Cut {
    /// All clients, part by part, and in each in their order.
    clients: Vec<u32>,
    /// Where each part ends in them.
    ends: Vec<usize>,
    /// By client: how many of its part come before it.
    places: Arc<[u32]>,
}

/// The clients of one part.
#[derive(Clone, Copy, Debug)]
pub struct Part<'p> {
    /// `None` for everybody.
    own: Option<Own<'p>>,
}

#[derive(Clone, Copy, Debug)]
struct Own<'p> {
    clients: &'p [u32],
    places: &'p Arc<[u32]>,
}

impl Parts {
    /// One part, which everybody is in.
    #[must_use]
    pub const fn whole() -> Parts {
        Parts { cut: None }
    }

    /// The parts of a model that is large enough to be worth it.
    #[must_use]
    pub fn of(model: &Model) -> Parts {
        if model.clients() < CLIENTS_LEAST {
            Parts::whole()
        } else {
            Parts::at_most(PARTS_MAX, model)
        }
    }

    /// At most so many parts, of about as many clients each, of any model.
    #[must_use]
    pub fn at_most(parts: u32, model: &Model) -> Parts {
        // A run that ends after so many events hangs on the order of all of them.
        if model.events.is_some() || ties::ties_all(model) {
            return Parts::whole();
        }
        let mut forest = Forest::new(model.clients());
        ties::tie(model, &mut forest);
        Cut::of(&forest.groups(parts)).map_or(Parts::whole(), |cut| Parts { cut: Some(cut) })
    }

    /// How many there are: at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.cut.as_ref().map_or(1, |cut| cut.ends.len())
    }

    /// Part number `number`, counted from 0.
    #[must_use]
    pub fn part(&self, number: usize) -> Part<'_> {
        let own = self.cut.as_ref().map(|cut| {
            let from = if number == 0 { 0 } else { cut.ends[number - 1] };
            Own { clients: &cut.clients[from..cut.ends[number]], places: &cut.places }
        });
        Part { own }
    }
}

impl Cut {
    /// By the group of each client; `None` where there is but one.
    fn of(groups: &[u32]) -> Option<Cut> {
        let count = groups.iter().max().map_or(0, |last| *last as usize + 1);
        if count < 2 {
            return None;
        }
        let mut sizes = vec![0_u32; count];
        let count_in = |group: &u32| {
            let size = &mut sizes[*group as usize];
            *size += 1;
            *size - 1
        };
        let places: Arc<[u32]> = groups.iter().map(count_in).collect();
        let mut end = 0;
        let ends: Vec<usize> = sizes
            .iter()
            .map(|size| {
                end += *size as usize;
                end
            })
            .collect();
        let mut clients = vec![0; groups.len()];
        for (client, (group, place)) in (0..).zip(groups.iter().zip(&*places)) {
            let group = *group as usize;
            let from = ends[group] - sizes[group] as usize;
            clients[from + *place as usize] = client;
        }
        Some(Cut { clients, ends, places })
    }
}

impl<'p> Part<'p> {
    /// The part that everybody is in.
    pub const WHOLE: Part<'static> = Part { own: None };

    /// The clients of a population that are in this part, in their order.
    pub fn clients_of(self, population: &Population) -> impl Iterator<Item = u32> + use<'p> {
        let all = population.first_client..population.first_client + population.clients;
        let (range, some) = match self.own {
            None => (all, &[][..]),
            Some(Own { clients, .. }) => {
                let place = |bound| clients.partition_point(|client| *client < bound);
                (0..0, &clients[place(all.start)..place(all.end)])
            }
        };
        range.chain(some.iter().copied())
    }

    /// Its clients, if they are not all.
    #[must_use]
    pub fn some(self) -> Option<&'p [u32]> {
        self.own.map(|own| own.clients)
    }

    /// By client of the run, where it stands among those of its part, if they
    /// are not all.
    #[must_use]
    pub fn places(self) -> Option<&'p Arc<[u32]>> {
        self.own.map(|own| own.places)
    }
}
