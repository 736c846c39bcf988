//! From a call to an attempt: a worker, a place in flight, the policy's leave.

use super::call::{Attempt, Call, NONE, Phase, Stage};
use super::queue::What;
use super::{AT_ONCE_MAX, Caller, End, Engine, Fact, Observer, RunError};
use crate::api::Receipt;
use crate::client::{Cause, Deadline, Exceed, Permit, Policy, Progress, Who};
use crate::http::{Answer, Headers};
use crate::rng::Purpose;
use crate::time::Instant;
use crate::workload::Workers;

impl<O: Observer> Engine<'_, O> {
    /// Whose line of workers a client stands in.
    pub(super) fn line_of(&self, population: usize, client: u32) -> usize {
        let population = &self.model.populations[population];
        match population.workers {
            Workers::PerClient(_) => (client - population.first_client) as usize,
            Workers::Pool(_) | Workers::Unbounded => 0,
        }
    }

    /// The call looks for a worker.
    pub(super) fn enroll(&mut self, call: u32) {
        let row = &self.calls[call];
        let index = usize::from(row.population);
        if self.population(call).workers == Workers::Unbounded {
            return self.ready(call);
        }
        let line = self.line_of(index, row.client);
        let line = &mut self.workers[index][line];
        if line.take() {
            self.calls[call].has_worker = true;
            return self.ready(call);
        }
        if line.waiting() >= self.model.populations[index].queue {
            self.forsake(call, false);
            return self.end(call, End::GivenUp(Cause::Shed));
        }
        self.calls[call].stage = Stage::Queued;
        line.join(&mut self.calls, call);
    }

    /// The call's worker is free for another: the first in line, or the backlog.
    pub(super) fn dismiss(&mut self, call: u32) {
        if !std::mem::take(&mut self.calls[call].has_worker) {
            return;
        }
        let (index, client) = (usize::from(self.calls[call].population), self.calls[call].client);
        let line = self.line_of(index, client);
        if let Some(next) = self.workers[index][line].pop(&mut self.calls) {
            self.calls[next].has_worker = true;
            // Through the queue, so that a long line does not nest.
            self.calls[next].stage = Stage::Backoff;
            self.push_call(self.now, What::Wake, next);
        } else {
            self.workers[index][line].give();
            self.pull_later(index, client);
        }
    }

    /// The call has its worker: it takes the places in flight that it does not hold yet.
    pub(super) fn ready(&mut self, call: u32) {
        let (who, policy, number) =
            (self.who(call), self.policy(call), self.population(call).policy);
        for (n, part) in policy.in_flight.iter().enumerate() {
            if self.calls[call].held & (1 << n) != 0
                || !part.filter.takes(who.population, who.endpoint)
            {
                continue;
            }
            let Some(slot) = part.of.slot(&who) else {
                continue;
            };
            let line = &mut self.in_flight[usize::from(number)][n][slot];
            if !line.take() {
                self.calls[call].stage =
                    Stage::Held(u8::try_from(n).expect("a policy has few parts"));
                line.join(&mut self.calls, call);
                return;
            }
            self.calls[call].held |= 1 << n;
        }
        self.depart(call);
    }

    /// The call gives its places in flight back.
    pub(super) fn land(&mut self, call: u32) {
        self.give_places(call, u32::MAX);
    }

    /// The call gives back those of its places whose bits are in `of`.
    fn give_places(&mut self, call: u32, of: u32) {
        let held = self.calls[call].held & of;
        if held == 0 {
            return;
        }
        self.calls[call].held &= !of;
        let (who, policy, number) =
            (self.who(call), self.policy(call), self.population(call).policy);
        for (n, part) in policy.in_flight.iter().enumerate().filter(|(n, _)| held & (1 << n) != 0) {
            let slot = part.of.slot(&who).expect("what is held has a slot");
            let line = &mut self.in_flight[usize::from(number)][n][slot];
            if let Some(next) = line.pop(&mut self.calls) {
                self.calls[next].held |= 1 << n;
                self.calls[next].stage = Stage::Backoff;
                self.push_call(self.now, What::Wake, next);
            } else {
                line.give();
            }
        }
    }

    /// The call leaves when its policy lets it.
    fn depart(&mut self, call: u32) {
        let (who, policy) = (self.who(call), self.policy(call));
        let passed = std::mem::take(&mut self.calls[call].passed);
        let memory = &mut self.memories
            [usize::from(self.model.populations[usize::from(who.population)].policy)];
        let at = match memory.permit(policy, &who, self.now, passed) {
            Permit::Go => return self.send(call),
            Permit::Reserved(at, passed) => {
                self.calls[call].passed = passed;
                at
            }
            Permit::Closed(at) => at,
        };
        self.calls[call].stage = Stage::Pacing;
        self.push_call(at, What::Wake, call);
    }

    /// A wait is over: before a retry, for a worker, for a place, for leave.
    pub(super) fn wake(&mut self, call: u32) {
        match self.calls[call].stage {
            Stage::Pacing => self.depart(call),
            Stage::Backoff if self.calls[call].has_worker => self.ready(call),
            Stage::Backoff => self.enroll(call),
            _ => {}
        }
    }

    fn send(&mut self, call: u32) {
        let policy = self.policy(call);
        self.give_places(call, policy.doors());
        if self.calls[call].attempts == 0 {
            self.set_out(call, policy);
        }
        if !policy.budgets.is_empty() && !self.admits(call) {
            self.forsake(call, false);
            return self.end(call, End::GivenUp(Cause::Throttle));
        }
        self.launch(call);
    }

    /// An attempt leaves.
    pub(super) fn launch(&mut self, call: u32) {
        let (population, policy) = (self.population(call), self.policy(call));
        let row = &mut self.calls[call];
        row.attempts = row.attempts.saturating_add(1);
        row.at_once = if row.last_sent == self.now { row.at_once + 1 } else { 1 };
        row.last_sent = self.now;
        row.stage = Stage::Sent;
        if row.at_once >= AT_ONCE_MAX {
            let (population, policy) = (population.name.clone(), policy.name.clone());
            self.stopped = Some(RunError::Standstill { population, policy });
            return;
        }
        let attempt = attempt_of(row, call);
        let (key, number) = (attempt.key, attempt.number);
        let attempt = self.attempts.insert(attempt);
        self.calls[call].attempt = attempt;
        if let Some(after) = policy.hedge {
            self.copy_after(call, after);
        }
        self.undecided += 1;
        let rows = self.attempts.rows();
        self.receipts.resize(rows * self.receipts_max, Receipt::NONE);
        if !self.model.api.header_names.is_empty() {
            self.headers.resize(rows, Headers::NONE);
        }
        self.note_attempt(attempt, self.calls[call].client, &Fact::Sent);
        if let Some(timeout) = policy.timeout {
            self.push_attempt(self.now.after(timeout), What::Timeout, attempt);
        }
        let out = population.outward.sample(key.draw(Purpose::Outward, u64::from(number)));
        self.hop(out, What::Reach, attempt);
    }

    /// The first attempt of a call leaves: its retry loops begin.
    fn set_out(&mut self, call: u32, policy: &Policy) {
        self.progress.resize(self.calls.rows() * self.layers, Progress::NEW);
        let now = self.now;
        self.progress(call).fill(Progress::since(now));
        let outermost = policy.layers.last().and_then(|layer| layer.deadline);
        if let Some(Deadline { total, exceed: Exceed::Kill }) = outermost {
            self.push_call(now.after(total), What::Deadline, call);
        }
    }

    /// Whether the budgets let the call's next attempt leave.
    pub(super) fn admits(&mut self, call: u32) -> bool {
        let (who, policy, now) = (self.who(call), self.policy(call), self.now);
        let (account, progress) = self.account(call);
        account.admits(policy, &who, progress, now)
    }

    /// A call ends without an answer to its attempt, which is in flight (`sent`)
    /// or has not left: its budgets get back what it holds of them.
    pub(super) fn forsake(&mut self, call: u32, sent: bool) {
        let policy = self.policy(call);
        if !policy.budgets.is_empty() && self.calls[call].attempts > 0 {
            let who = self.who(call);
            let (account, progress) = self.account(call);
            account.lose(policy, &who, progress, sent);
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
            principal: row.principal,
            endpoint: row.asks,
            attempts: row.attempts,
            key: row.key,
        }
    }

    pub(super) fn note_attempt(&mut self, attempt: u32, client: u32, fact: &Fact) {
        let row = &self.attempts[attempt];
        let caller = Caller { population: row.population, client, endpoint: row.endpoint };
        self.observer.note(self.now, caller, fact);
    }

    /// Whoever made the call stops waiting for it.
    pub(super) fn deadline(&mut self, call: u32) {
        if self.calls[call].ended {
            return;
        }
        if self.calls[call].stage != Stage::Sent {
            self.forsake(call, false);
        }
        self.end(call, End::GivenUp(Cause::Deadline));
    }

    /// The client stops waiting for a response.
    pub(super) fn time_out(&mut self, attempt: u32) {
        let call = self.attempts[attempt].call;
        if call != NONE {
            let number = self.attempts[attempt].number;
            self.unlink(call, attempt);
            self.attempts[attempt].call = NONE;
            self.follow(call, number, attempt, Answer::TimedOut, &Headers::NONE);
        }
    }
}

/// An attempt for a call, on its way out.
fn attempt_of(row: &Call, call: u32) -> Attempt {
    Attempt {
        key: row.key,
        sent: row.last_sent,
        call,
        sibling: row.attempt,
        client: row.client,
        number: row.attempts,
        endpoint: row.asks,
        content: row.content,
        principal: row.principal,
        population: row.population,
        phase: Phase::Outward,
        stage: 0,
        tires: Instant::NEVER,
        answer: Answer::TimedOut,
        version: 0,
        rejected_by: None,
    }
}
