//! From a call to an attempt: a worker, a place in flight, the policy's leave.

use super::call::{Attempt, Call, Flight, Hop, NONE, Phase, Stage};
use super::event::{Then, What};
use super::lane::Lane;
use super::slab::Birth;
use super::{Caller, End, Engine, Fact, Observer};
use crate::api::{EndpointId, Receipt};
use crate::attribute::Principal;
use crate::client::{Cause, Deadline, Exceed, Permit, Policy, Who};
use crate::http::{Answer, Headers};
use crate::rng::Purpose;
use crate::time::Instant;
use crate::workload::Workers;

impl<'m, O: Observer> Engine<'m, O> {
    /// Whose line of workers a client stands in.
    pub(super) fn line_of(&self, population: usize, client: u32) -> usize {
        let population = &self.model.populations[population];
        match population.workers {
            Workers::PerClient(_) => (client - population.first_client) as usize,
            Workers::Pool(_) | Workers::Unbounded => 0,
        }
    }

    /// The call looks for a worker.
    pub(super) fn enroll(&mut self, call: u32) -> Then {
        let way = self.lane(call);
        if !way.has_workers {
            return self.ready(call, way);
        }
        let row = &self.calls[call];
        let index = usize::from(row.population);
        let line = self.line_of(index, row.client);
        let line = &mut self.workers[index][line];
        if line.take() {
            self.ties[call as usize].has_worker = true;
            return self.ready(call, way);
        }
        if line.waiting() >= way.population.queue {
            self.forsake(call, false);
            self.end(call, End::GivenUp(Cause::Shed));
            return None;
        }
        self.calls[call].stage = Stage::Queued;
        line.join(&mut self.ties, call);
        None
    }

    /// The call's worker is free for another: the first in line, or the backlog.
    pub(super) fn dismiss(&mut self, call: u32, way: &Lane<'_>) {
        if !way.has_workers || !std::mem::take(&mut self.ties[call as usize].has_worker) {
            return;
        }
        let (index, client) = (usize::from(self.calls[call].population), self.calls[call].client);
        let line = self.line_of(index, client);
        if let Some(next) = self.workers[index][line].pop(&mut self.calls, &self.ties) {
            self.ties[next as usize].has_worker = true;
            // Through the queue, so that a long line does not nest.
            self.calls[next].stage = Stage::Backoff;
            self.push_call(self.now, What::Wake, next);
        } else {
            self.workers[index][line].give();
            self.pull_later(index, client);
        }
    }

    /// The call has its worker: it takes the places in flight that it does not hold yet.
    fn ready(&mut self, call: u32, way: &'m Lane<'m>) -> Then {
        if way.has_places && !self.takes_places(call, way) {
            return None;
        }
        self.depart(call, way, 0)
    }

    /// Takes the places in flight that the call does not hold yet; at the first
    /// that is not free it joins the line.
    fn takes_places(&mut self, call: u32, way: &Lane<'_>) -> bool {
        let who = self.who(call);
        for (n, part) in way.policy.in_flight.iter().enumerate() {
            if self.ties[call as usize].held & (1 << n) != 0
                || !part.filter.takes(who.population, who.endpoint)
            {
                continue;
            }
            let Some(slot) = part.of.slot(&who) else {
                continue;
            };
            let line = &mut self.in_flight[way.of][n][slot];
            if !line.take() {
                self.calls[call].stage =
                    Stage::Held(u8::try_from(n).expect("a policy has few parts"));
                line.join(&mut self.ties, call);
                return false;
            }
            self.ties[call as usize].held |= 1 << n;
        }
        true
    }

    /// The call gives its places in flight back.
    pub(super) fn land(&mut self, call: u32, way: &Lane<'_>) {
        if way.has_places {
            self.give_places(call, way, u32::MAX);
        }
    }

    /// The call gives back those of its places whose bits are in `of`.
    fn give_places(&mut self, call: u32, way: &Lane<'_>, of: u32) {
        let held = self.ties[call as usize].held & of;
        if held == 0 {
            return;
        }
        self.ties[call as usize].held &= !of;
        let (who, parts) = (self.who(call), way.policy.in_flight.iter().enumerate());
        for (n, part) in parts.filter(|(n, _)| held & (1 << n) != 0) {
            let slot = part.of.slot(&who).expect("what is held has a slot");
            let line = &mut self.in_flight[way.of][n][slot];
            if let Some(next) = line.pop(&mut self.calls, &self.ties) {
                self.ties[next as usize].held |= 1 << n;
                self.calls[next].stage = Stage::Backoff;
                self.push_call(self.now, What::Wake, next);
            } else {
                line.give();
            }
        }
    }

    /// The call leaves when its policy lets it.
    fn depart(&mut self, call: u32, way: &'m Lane<'m>, passed: u8) -> Then {
        if !way.has_memory {
            return self.send(call, way);
        }
        let who = self.who(call);
        let memory = &mut self.memories[way.of];
        let (at, passed) = match memory.permit(way.policy, &who, self.now, passed) {
            Permit::Go => return self.send(call, way),
            Permit::Reserved(at, passed) => (at, passed),
            Permit::Closed(at) => (at, 0),
        };
        self.calls[call].stage = Stage::Pacing(passed);
        self.push_call(at, What::Wake, call);
        None
    }

    /// A wait is over: before a retry, for a worker, for a place, for leave.
    pub(super) fn wake(&mut self, call: u32) -> Then {
        let way = self.lane(call);
        match self.calls[call].stage {
            Stage::Pacing(passed) => self.depart(call, way, passed),
            Stage::Backoff if way.has_workers && self.ties[call as usize].has_worker => {
                self.ready(call, way)
            }
            Stage::Backoff => self.enroll(call),
            _ => None,
        }
    }

    fn send(&mut self, call: u32, way: &'m Lane<'m>) -> Then {
        if way.doors != 0 {
            self.give_places(call, way, way.doors);
        }
        if self.calls[call].attempts == 0 {
            self.set_out(call, way.policy);
        }
        if way.has_budgets && !self.admits(call) {
            self.forsake(call, false);
            self.end(call, End::GivenUp(Cause::Throttle));
            return None;
        }
        Some(call)
    }

    /// An attempt leaves.
    #[inline(never)]
    pub(super) fn launch(&mut self, call: u32) {
        let way = self.lane(call);
        let (population, policy) = (way.population, way.policy);
        if self.stands_still(call, self.calls[call].attempts == 0, way) {
            return;
        }
        let (principal, asks) = (self.principal(call), self.asks(call));
        let row = &mut self.calls[call];
        row.attempts = row.attempts.saturating_add(1);
        row.stage = Stage::Sent;
        row.sent = self.now;
        let mut flight = Flight { it: attempt_of(row, call, principal, asks), row: NONE };
        if self.has_rows_beside || way.hedges || policy.timeout.is_some() {
            self.ground(&mut flight, policy);
        }
        self.undecided += 1;
        self.note_attempt(&flight.it, &Fact::Sent);
        let out =
            population.outward.draw(flight.it.key, Purpose::Outward, u64::from(flight.it.number));
        self.go_on(flight, Hop::After(out, What::Reach));
    }

    /// Somebody has to know from the start where the attempt is.
    fn ground(&mut self, flight: &mut Flight, policy: &Policy) {
        let call = flight.it.call;
        self.keep(flight);
        self.make_room(flight.row);
        if let Some(after) = policy.hedge {
            self.copy_after(call, after);
        }
        if let Some(timeout) = policy.timeout {
            self.push_attempt(self.now.after(timeout), What::Timeout, flight.row);
        }
    }

    /// What lies beside the attempts has a place for this one too.
    fn make_room(&mut self, attempt: u32) {
        if self.receipts_max > 0 && self.receipts.len() <= attempt as usize * self.receipts_max {
            self.receipts.resize(self.attempts.rows() * self.receipts_max, Receipt::NONE);
        }
        if self.has_headers && self.headers.len() <= attempt as usize {
            self.headers.resize(self.attempts.rows(), Headers::NONE);
        }
    }

    /// The first attempt of a call leaves: its retry loops begin.
    fn set_out(&mut self, call: u32, policy: &Policy) {
        let now = self.now;
        self.begin_progress(call, now);
        let outermost = policy.layers.last().and_then(|layer| layer.deadline);
        if let Some(Deadline { total, exceed: Exceed::Kill }) = outermost {
            self.push_call(now.after(total), What::Deadline, call);
        }
    }

    /// Whether the budgets let the call's next attempt leave.
    pub(super) fn admits(&mut self, call: u32) -> bool {
        let (who, policy, now) = (self.who(call), self.lane(call).policy, self.now);
        let (account, progress) = self.account(call);
        account.admits(policy, &who, progress, now)
    }

    /// A call ends without an answer to its attempt, which is in flight (`sent`)
    /// or has not left: its budgets get back what it holds of them.
    pub(super) fn forsake(&mut self, call: u32, sent: bool) {
        let way = self.lane(call);
        if way.has_budgets && self.calls[call].attempts > 0 {
            let who = self.who(call);
            let (account, progress) = self.account(call);
            account.lose(way.policy, &who, progress, sent);
        }
    }

    pub(super) fn who(&self, call: u32) -> Who {
        let (row, population) = (&self.calls[call], self.population(call));
        Who {
            client: row.client,
            population: row.population,
            deadline: population
                .patience
                .map_or(Instant::NEVER, |patience| row.meant.after(patience)),
            principal: self.principal(call),
            endpoint: self.asks(call),
            attempts: row.attempts,
            key: row.key,
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // a call would build the fact in memory
    pub(super) fn note_attempt(&mut self, it: &Attempt, fact: &Fact) {
        let caller = Caller { population: it.population, client: it.client, endpoint: it.endpoint };
        self.observer.note(self.now, caller, fact);
    }

    /// Whoever made the call stops waiting for it.
    pub(super) fn deadline(&mut self, call: u32) {
        if self.has_ended(call) {
            return;
        }
        if self.calls[call].stage != Stage::Sent {
            self.forsake(call, false);
        }
        self.end(call, End::GivenUp(Cause::Deadline));
    }

    /// The client stops waiting for a response.
    pub(super) fn time_out(&mut self, attempt: u32) {
        let flight = self.take_up(attempt);
        if flight.it.call != NONE {
            self.unlink(flight.it.call, attempt);
            self.attempts[attempt].call = NONE;
            self.follow(&flight.it, Answer::TimedOut, &Headers::NONE);
        }
    }
}

/// An attempt for a call, on its way out.
fn attempt_of(row: &Call, call: u32, principal: Principal, endpoint: EndpointId) -> Attempt {
    Attempt {
        key: row.key,
        birth: Birth::NONE,
        sent: row.sent,
        call,
        sibling: row.attempt,
        client: row.client,
        number: row.attempts,
        endpoint,
        content: row.content,
        principal,
        population: row.population,
        phase: Phase::Outward,
        stage: 0,
        tires: Instant::NEVER,
        answer: Answer::TimedOut,
        version: 0,
        rejected_by: None,
    }
}
