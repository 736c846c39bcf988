//! The client's side of an answer: served, another attempt, or the end.

use super::call::{Attempt, Flight, NONE, Stage};
use super::event::{Event, What};
use super::lane::Lane;
use super::{AttemptRecord, End, Engine, Fact, Observer};
use crate::client::{Draw, Heard, Next, Who};
use crate::http::{Answer, Headers};
use crate::rng::Purpose;
use crate::time::Span;
use crate::workload::Work;

impl<O: Observer> Engine<'_, O> {
    /// The response reaches the client.
    pub(super) fn answer(&mut self, flight: &Flight) {
        let Flight { it, row } = flight;
        if it.call != NONE {
            if *row != NONE {
                self.unlink(it.call, *row);
            }
            if !self.has_headers || matches!(it.answer, Answer::Refused) {
                self.follow(it, it.answer, &Headers::NONE);
            } else {
                let headers = self.headers[*row as usize];
                self.follow(it, it.answer, &headers);
            }
        }
        if *row != NONE {
            self.attempts.remove(*row);
        }
    }

    /// What follows an answer: the policy says.
    pub(super) fn follow(&mut self, it: &Attempt, answer: Answer, headers: &Headers) {
        let call = it.call;
        let way = self.lane(call);
        let policy = way.policy;
        if !way.hedges {
            self.land(call, way);
        }
        let heard = self.heard(call, answer, headers);
        if way.has_memory {
            let who = self.who(call);
            self.memories[way.of].learn(policy, &who, &heard);
        }
        let draw = Draw::Of(self.draws_of(&self.calls[call], way), u64::from(it.number));
        let next = if way.has_budgets {
            let who = self.who(call);
            let payer = Who { principal: self.next_principal(call), ..who };
            let (account, progress) = self.account(call);
            policy.next(&heard, progress, draw, &mut account.paying(policy, &who, &payer))
        } else {
            policy.next(&heard, self.progress(call), draw, &mut ())
        };
        self.record(it, call, answer, next.wait());
        match next {
            Next::Served => self.end(call, End::ByAttempt),
            Next::GiveUp(cause) if way.hedges => self.give_up_copies(call, cause),
            Next::GiveUp(cause) => self.end(call, End::GivenUp(cause)),
            Next::Retry(wait) if way.hedges => self.copy_on(call, wait),
            Next::Retry(wait) => self.back_off(call, way, policy.timer.sleeps(wait)),
        }
    }

    /// What a call hears now of one of its attempts.
    pub(super) fn heard<'h>(&self, call: u32, answer: Answer, headers: &'h Headers) -> Heard<'h> {
        let (now, clock) = (self.now, self.population(call).clock(self.now));
        let method = self.model.api.endpoints[usize::from(self.asks(call))].method;
        Heard { now, clock, method, answer, headers }
    }

    fn back_off(&mut self, call: u32, way: &Lane<'_>, wait: Span) {
        self.calls[call].stage = Stage::Backoff;
        if way.has_levers {
            self.spread(call);
        }
        if !way.population.holds_worker {
            self.dismiss(call, way);
        }
        // A wait of no time goes through the queue too: others may come first.
        self.push_call(self.now.after(wait), What::Wake, call);
    }

    /// A call ends while attempts are in flight: the server goes on with them.
    fn abandon(&mut self, call: u32) {
        while self.calls[call].attempt != NONE {
            let attempt = self.calls[call].attempt;
            let Flight { it, .. } = self.take_up(attempt);
            self.record(&it, call, Answer::TimedOut, None);
            self.forsake(call, true);
            self.attempts[attempt].call = NONE;
            self.unlink(call, attempt);
        }
    }

    #[inline]
    fn record(&mut self, it: &Attempt, call: u32, answer: Answer, then: Option<Span>) {
        let record = AttemptRecord {
            number: it.number,
            call: self.calls[call].number,
            sent: it.sent,
            answer,
            rejected_by: it.rejected_by,
            then,
        };
        self.note_attempt(it, &Fact::Answered(record));
    }

    /// A call is over, and those who ride with it.
    pub(super) fn end(&mut self, call: u32, end: End) {
        let way = self.lane(call);
        self.abandon(call);
        if way.has_levers {
            self.end_riders(call, end);
            if matches!(end, End::ByAttempt | End::ByBatch) {
                self.remember(call);
            }
            self.end_in_session(call, end);
        }
        self.land(call, way);
        let row = &self.calls[call];
        let (meant, attempts, stage) = (row.meant, row.attempts, row.stage);
        let (index, client, number) = (usize::from(row.population), row.client, row.number);
        self.note(call, &Fact::Ended { end, meant, attempts });
        self.alive -= 1;
        self.dismiss(call, way);
        match stage {
            // Still linked somewhere: the row is given back when it comes up.
            Stage::Queued => {
                let line = self.line_of(index, client);
                self.workers[index][line].abandon();
                self.ties[call as usize].ended = true;
            }
            Stage::Held(part) => {
                let slot = way.policy.in_flight[usize::from(part)].of.slot(&self.who(call));
                let slot = slot.expect("who is in line has a slot");
                self.in_flight[way.of][usize::from(part)][slot].abandon();
                self.ties[call as usize].ended = true;
            }
            Stage::Riding => self.ties[call as usize].ended = true,
            _ => self.calls.remove(call),
        }
        self.think(way, index, client, number);
    }

    /// Those who ride with a call end as it does.
    fn end_riders(&mut self, call: u32, end: End) {
        if self.calls[call].stage == Stage::Gathering {
            self.close_batch(call);
        }
        let Some(ties) = self.ties.get_mut(call as usize) else { return };
        let mut rider = std::mem::replace(&mut ties.riders, NONE);
        let with_it = if end == End::ByAttempt { End::ByBatch } else { end };
        while rider != NONE {
            let next = self.ties[rider as usize].link;
            // One whose own patience ended before stays linked until now.
            if self.ties[rider as usize].ended {
                self.calls.remove(rider);
            } else {
                self.calls[rider].stage = Stage::Sent;
                self.end(rider, with_it);
            }
            rider = next;
        }
    }

    /// After the end of its call number `number`, a client of a closed loop
    /// thinks about the next.
    #[inline(always)]
    #[allow(clippy::inline_always)] // most calls end with it
    pub(super) fn think(&mut self, way: &Lane<'_>, index: usize, client: u32, number: u64) {
        let population = way.population;
        let Work::Closed { think } = &population.work else {
            return;
        };
        let source = &mut self.sources[index];
        let key = source.client_key(client - population.first_client);
        let at = self.now.after(think.sample(key.draw(Purpose::Think, number + 1)));
        if at == self.now && source.turns_too_often(self.now, super::LOOPS_MAX) {
            let population = population.name.clone();
            self.stopped = Some(super::RunError::Loop { population });
        }
        if at < self.model.horizon {
            self.queue.push(at, Event::new(What::Arrive, client));
        }
    }
}
