//! The client's side of an answer: served, another attempt, or the end.

use super::call::{NONE, Stage};
use super::queue::{Event, What};
use super::{AttemptRecord, End, Engine, Fact, Observer};
use crate::client::{Draw, Heard, Next, Who};
use crate::http::{Answer, Headers};
use crate::rng::{Key, Purpose};
use crate::time::Span;
use crate::workload::Work;

impl<O: Observer> Engine<'_, O> {
    /// The response reaches the client.
    pub(super) fn answer(&mut self, attempt: u32) {
        let row = &self.attempts[attempt];
        let (call, number, answer) = (row.call, row.number, row.answer);
        if call != NONE {
            let heard = !matches!(answer, Answer::Refused) && !self.headers.is_empty();
            let headers = if heard { self.headers[attempt as usize] } else { Headers::NONE };
            self.unlink(call, attempt);
            self.follow(call, number, attempt, answer, &headers);
        }
        self.attempts.remove(attempt);
    }

    /// What follows an answer: the policy says.
    pub(super) fn follow(
        &mut self,
        call: u32,
        number: u32,
        attempt: u32,
        answer: Answer,
        headers: &Headers,
    ) {
        if self.policy(call).hedge.is_none() {
            self.land(call);
        }
        let (who, policy) = (self.who(call), self.policy(call));
        let heard = self.heard(call, answer, headers);
        let memory = usize::from(self.population(call).policy);
        self.memories[memory].learn(policy, &who, &heard);
        let key = if policy.replays { self.client_key(call) } else { self.calls[call].key };
        let draw = Draw::Of(key, u64::from(number));
        let next = if policy.budgets.is_empty() {
            policy.next(&heard, self.progress(call), draw, &mut ())
        } else {
            let payer = Who { principal: self.next_principal(call), ..who };
            let (account, progress) = self.account(call);
            policy.next(&heard, progress, draw, &mut account.paying(policy, &who, &payer))
        };
        let then = if let Next::Retry(wait) = next { Some(wait) } else { None };
        self.record(attempt, call, answer, then);
        match next {
            Next::Served => self.end(call, End::ByAttempt),
            Next::GiveUp(cause) if policy.hedge.is_some() => self.give_up_copies(call, cause),
            Next::GiveUp(cause) => self.end(call, End::GivenUp(cause)),
            Next::Retry(wait) if policy.hedge.is_some() => self.copy_on(call, wait),
            Next::Retry(wait) => self.back_off(call, policy.timer.sleeps(wait)),
        }
    }

    /// What a call hears now of one of its attempts.
    pub(super) fn heard<'h>(&self, call: u32, answer: Answer, headers: &'h Headers) -> Heard<'h> {
        let (now, clock) = (self.now, self.population(call).clock(self.now));
        let method = self.model.api.endpoints[self.calls[call].asks as usize].method;
        Heard { now, clock, method, answer, headers }
    }

    /// The key of all draws of the client that makes a call.
    fn client_key(&self, call: u32) -> Key {
        let row = &self.calls[call];
        let local = row.client - self.population(call).first_client;
        self.sources[usize::from(row.population)].client_key(local)
    }

    fn back_off(&mut self, call: u32, wait: Span) {
        self.calls[call].stage = Stage::Backoff;
        self.spread(call);
        if !self.population(call).holds_worker {
            self.dismiss(call);
        }
        // A wait of no time goes through the queue too: others may come first.
        self.push_call(self.now.after(wait), What::Wake, call);
    }

    /// A call ends while attempts are in flight: the server goes on with them.
    fn abandon(&mut self, call: u32) {
        while self.calls[call].attempt != NONE {
            let attempt = self.calls[call].attempt;
            self.record(attempt, call, Answer::TimedOut, None);
            self.forsake(call, true);
            self.attempts[attempt].call = NONE;
            self.unlink(call, attempt);
        }
    }

    fn record(&mut self, attempt: u32, call: u32, answer: Answer, then: Option<Span>) {
        let row = &self.attempts[attempt];
        let record = AttemptRecord {
            number: row.number,
            call: self.calls[call].number,
            sent: row.sent,
            answer,
            rejected_by: row.rejected_by,
            then,
        };
        let client = row.client;
        self.note_attempt(attempt, client, &Fact::Answered(record));
    }

    /// A call is over, and those who ride with it.
    pub(super) fn end(&mut self, call: u32, end: End) {
        self.abandon(call);
        let mut rider = std::mem::replace(&mut self.calls[call].riders, NONE);
        if self.calls[call].stage == Stage::Gathering {
            self.close_batch(call);
        }
        let with_it = if end == End::ByAttempt { End::ByBatch } else { end };
        while rider != NONE {
            let next = self.calls[rider].link;
            // One whose own patience ended before stays linked until now.
            if self.calls[rider].ended {
                self.calls.remove(rider);
            } else {
                self.calls[rider].stage = Stage::Sent;
                self.end(rider, with_it);
            }
            rider = next;
        }
        if matches!(end, End::ByAttempt | End::ByBatch) {
            self.remember(call);
        }
        self.end_in_session(call, end);
        self.land(call);
        let row = &self.calls[call];
        let (meant, attempts, stage) = (row.meant, row.attempts, row.stage);
        let (index, client) = (usize::from(row.population), row.client);
        self.note(call, &Fact::Ended { end, meant, attempts });
        self.sources[index].alive -= 1;
        self.dismiss(call);
        match stage {
            // Still linked somewhere: the row is given back when it comes up.
            Stage::Queued => {
                let line = self.line_of(index, client);
                self.workers[index][line].abandon();
                self.calls[call].ended = true;
            }
            Stage::Held(part) => {
                let slot = self.policy(call).in_flight[usize::from(part)].of.slot(&self.who(call));
                let slot = slot.expect("who is in line has a slot");
                let policy = usize::from(self.population(call).policy);
                self.in_flight[policy][usize::from(part)][slot].abandon();
                self.calls[call].ended = true;
            }
            Stage::Riding => self.calls[call].ended = true,
            _ => self.calls.remove(call),
        }
        self.think(index, client);
    }

    /// After the end of a call, a client of a closed loop thinks.
    fn think(&mut self, index: usize, client: u32) {
        let population = &self.model.populations[index];
        let Work::Closed { think } = population.work else {
            return;
        };
        if self.sources[index].ended_at_once(self.now) >= u64::from(super::LOOPS_MAX) {
            let population = population.name.clone();
            self.stopped = Some(super::RunError::Loop { population });
        }
        let local = client - population.first_client;
        let (key, number) = self.sources[index].thought(local);
        let at = self.now.after(think.sample(key.draw(Purpose::Think, number)));
        if at < self.model.horizon {
            self.queue.push(at, Event { what: What::Arrive, index: client, generation: 0 });
        }
    }
}
