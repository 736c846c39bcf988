//! Levers take a call before any attempt is made for it: screens, webhooks,
//! caches, batches.

use super::call::{NONE, Stage};
use super::event::{Then, What};
use super::slab::{Birth, Row};
use super::{End, Engine, Observer};
use crate::api::EndpointId;
use crate::attribute::Principal;
use crate::client::{Cache, Cause};
use crate::rng::Purpose;

/// What the calls of one session share.
#[derive(Debug)]
pub(super) struct Session {
    birth: Birth,
    /// A bit for each endpoint that was asked and not in vain.
    asked: u64,
    calls: u32,
}

impl Row for Session {
    fn birth(&mut self) -> &mut Birth {
        &mut self.birth
    }

    fn born(&self) -> Birth {
        self.birth
    }
}

/// The bit of an endpoint; those beyond the 64th are never known.
fn bit(endpoint: EndpointId) -> u64 {
    1_u64.checked_shl(u32::from(endpoint)).unwrap_or(0)
}

impl<O: Observer> Engine<'_, O> {
    /// What a lever makes of a call before any attempt.
    pub(super) fn lever(&mut self, call: u32) -> Option<End> {
        let (row, levers) = (&self.calls[call], &self.population(call).levers);
        let bits = |n: usize| row.key.draw(Purpose::Lever, n as u64);
        let takes = |filter: &crate::client::Filter| filter.takes(row.population, row.endpoint);
        for (n, screen) in levers.screens.iter().enumerate() {
            if takes(&screen.filter) && screen.share.hits(bits(n)) {
                return Some(End::GivenUp(Cause::Shed));
            }
        }
        for (n, avoid) in levers.avoids.iter().enumerate() {
            if takes(&avoid.filter) && avoid.share.hits(bits(100 + n)) {
                return Some(End::Avoided);
            }
        }
        for (n, (cache, filter)) in levers.caches.iter().enumerate() {
            let hit = takes(filter)
                && match cache {
                    Cache::Share(share) => share.hits(bits(200 + n)),
                    Cache::Session => self.session_knows(call),
                    Cache::Ttl(_) => {
                        self.now
                            < self.sources[usize::from(row.population)].known[self.known_at(call)]
                    }
                };
            if hit {
                return Some(End::ByCache);
            }
        }
        self.session_asks(call);
        None
    }

    /// A session whose answers its calls share; `join` and `leave` count them.
    pub(super) fn open_session(&mut self) -> u32 {
        self.sessions.insert(Session { birth: Birth::NONE, asked: 0, calls: 1 }, 0)
    }

    /// One more call belongs to the session.
    pub(super) fn join_session(&mut self, session: u32) {
        if session != NONE {
            self.sessions[session].calls += 1;
        }
    }

    /// A call of the session is over, or its opening.
    pub(super) fn leave_session(&mut self, session: u32) {
        if session != NONE {
            self.sessions[session].calls -= 1;
            if self.sessions[session].calls == 0 {
                self.sessions.remove(session);
            }
        }
    }

    /// The session that a call shares its answers with, if any.
    fn session(&self, call: u32) -> u32 {
        self.ties.get(call as usize).map_or(NONE, |ties| ties.session)
    }

    /// Whether the session has the answer, or waits for it already.
    fn session_knows(&self, call: u32) -> bool {
        let session = self.session(call);
        session != NONE && self.sessions[session].asked & bit(self.calls[call].endpoint) != 0
    }

    fn session_asks(&mut self, call: u32) {
        let session = self.session(call);
        if session != NONE {
            self.sessions[session].asked |= bit(self.calls[call].endpoint);
        }
    }

    /// The call of a session is over; an answer that never came is not known.
    pub(super) fn end_in_session(&mut self, call: u32, end: End) {
        let (session, endpoint) = (self.session(call), self.calls[call].endpoint);
        if session != NONE && !end.is_served() {
            self.sessions[session].asked &= !bit(endpoint);
        }
        self.leave_session(session);
    }

    /// Those who spread their attempts take the next identity of the population.
    pub(super) fn spread(&mut self, call: u32) {
        let population = self.population(call);
        if population.levers.spreads {
            let principal = self.next_principal(call);
            let turn = &mut self.sources[usize::from(self.calls[call].population)].turn;
            *turn = principal - population.first_principal;
            self.ties[call as usize].principal = principal;
        }
    }

    /// Whom the call would take next.
    pub(super) fn next_principal(&self, call: u32) -> Principal {
        let (row, population) = (&self.calls[call], self.population(call));
        if !population.levers.spreads {
            return self.principal(call);
        }
        let turn = self.sources[usize::from(row.population)].turn;
        population.first_principal + (turn + 1) % population.clients
    }

    fn known_at(&self, call: u32) -> usize {
        let row = &self.calls[call];
        let local = row.client - self.population(call).first_client;
        local as usize * self.sources[usize::from(row.population)].contents + row.content as usize
    }

    /// The client's cache learns the answer to a call.
    pub(super) fn remember(&mut self, call: u32) {
        let (row, population) = (&self.calls[call], self.population(call));
        let ttl = population.levers.caches.iter().find_map(|(cache, filter)| match cache {
            Cache::Ttl(ttl) if filter.takes(row.population, row.endpoint) => Some(*ttl),
            _ => None,
        });
        if let Some(ttl) = ttl {
            let (index, at) = (usize::from(row.population), self.known_at(call));
            self.sources[index].known[at] = self.now.after(ttl);
        }
    }

    /// Whether the call goes into a batch: joins the client's open one, or opens one.
    pub(super) fn batch(&mut self, call: u32) -> bool {
        let row = &self.calls[call];
        let population = self.population(call);
        let Some(batch) = population
            .levers
            .batch
            .as_ref()
            .filter(|b| b.filter.takes(row.population, row.endpoint))
        else {
            return false;
        };
        let (index, local) =
            (usize::from(row.population), (row.client - population.first_client) as usize);
        let leader = self.sources[index].batches[local];
        if leader == NONE {
            self.sources[index].batches[local] = call;
            self.calls[call].stage = Stage::Gathering;
            self.push_call(self.now.after(batch.wait), What::Flush, call);
            return true;
        }
        self.calls[call].stage = Stage::Riding;
        self.ties[call as usize].link = self.ties[leader as usize].riders;
        let ties = &mut self.ties[leader as usize];
        ties.riders = call;
        ties.rider_count += 1;
        if ties.rider_count + 1 >= batch.calls {
            let then = self.flush(leader);
            self.launch_for(then);
        }
        true
    }

    /// A batch is full or has waited long enough.
    pub(super) fn flush(&mut self, leader: u32) -> Then {
        if self.calls[leader].stage != Stage::Gathering {
            return None;
        }
        self.close_batch(leader);
        if let Some(batch) = &self.population(leader).levers.batch
            && self.ties[leader as usize].rider_count > 0
        {
            self.ties[leader as usize].asks = batch.endpoint;
        }
        self.enroll(leader)
    }

    /// No more calls join this one.
    pub(super) fn close_batch(&mut self, leader: u32) {
        let row = &self.calls[leader];
        let local = (row.client - self.population(leader).first_client) as usize;
        let index = usize::from(row.population);
        self.sources[index].batches[local] = NONE;
    }
}
